//! What the firmware keeps over power cuts.
//!
//! A map from [`Item`] to a value in postcard's bytes, in the pages that [`gate_boot::map::STORAGE`]
//! names. `sequential-storage` keeps it: a value is written anew behind all others and counts once
//! it is whole, so a power cut leaves the old value or the new one.
//!
//! Only tasks may call this, never the scan. A store halts the processor for up to 25 ms if the
//! firmware runs from slot B, whose bank is also the storage's: so nothing is stored but at the
//! start, or while the lane is closed, idle and empty.

use embassy_futures::block_on;
use gate_boot::factory::{FactoryError, FactoryPage};
use gate_boot::map;
use gate_protocol::{CheckedSite, NoSite, Site, SiteRecord};
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::board::nucleo_l476rg::flash::{self, Flash, FlashError};

/// Most bytes of one value.
const VALUE_MAX: usize = 256;
/// A value, its key, and the rest of the last double word.
const BUFFER: usize = VALUE_MAX + 16;

/// What is kept. The numbers stand in the flash: they never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Item {
    /// How often the controller has started: `u32`.
    Boots = 0,
    /// The paired host's key and what belongs to it.
    Pairing = 1,
    /// The gate's site: a [`SiteRecord`].
    Site = 2,
}

/// Why something was not stored. What was stored before is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StorageError {
    /// The value needs more bytes than a value may have: a mistake in the firmware.
    TooBig,
    /// The flash does not do what it is told: it is worn out or broken.
    Flash(FlashError),
    /// The pages cannot be made sense of, or are full of other items.
    Unusable,
    /// What was read back is not what was written.
    Differs,
}

type Map = MapStorage<u8, Flash, Cache<Uncached, Uncached, Uncached, u8>>;

/// Nothing is remembered between two calls, so that there is nothing that could be wrong.
fn map() -> Map {
    let config = const { MapConfig::new(map::STORAGE) };
    MapStorage::new(Flash::region(map::STORAGE), config, Cache::new_uncached())
}

/// What was last stored; `None` if nothing was, or nothing that this firmware can read.
pub(crate) fn load<T: DeserializeOwned>(item: Item) -> Option<T> {
    let mut buffer = [0; BUFFER];
    postcard::from_bytes(fetch(item, &mut buffer)?).ok()
}

/// Keeps `value` from now on. Does nothing if it is kept already.
pub(crate) fn store<T: Serialize>(item: Item, value: &T) -> Result<(), StorageError> {
    let mut bytes = [0; VALUE_MAX];
    let bytes: &[u8] = postcard::to_slice(value, &mut bytes).map_err(|_| StorageError::TooBig)?;
    let mut buffer = [0; BUFFER];
    if fetch(item, &mut buffer) == Some(bytes) {
        return Ok(());
    }
    block_on(map().store_item(&mut buffer, &(item as u8), &bytes)).map_err(StorageError::from)?;
    match fetch(item, &mut buffer) {
        Some(found) if found == bytes => Ok(()),
        _ => Err(StorageError::Differs),
    }
}

fn fetch(item: Item, buffer: &mut [u8; BUFFER]) -> Option<&[u8]> {
    try_fetch(item, buffer).ok()?
}

fn try_fetch(item: Item, buffer: &mut [u8; BUFFER]) -> Result<Option<&[u8]>, StorageError> {
    Ok(block_on(map().fetch_item::<&[u8]>(buffer, &(item as u8)))?)
}

/// The site that the host last told; why there is none that this firmware can obey.
pub(crate) fn site() -> Result<CheckedSite, NoSite> {
    let mut buffer = [0; BUFFER];
    match try_fetch(Item::Site, &mut buffer) {
        Ok(Some(record)) => SiteRecord::read(record),
        Ok(None) => Err(NoSite::Missing),
        Err(_) => Err(NoSite::Unreadable),
    }
}

/// Keeps a site over power cuts.
pub(crate) fn store_site(site: Site) -> Result<(), StorageError> {
    store(Item::Site, &SiteRecord::of(site))
}

impl From<sequential_storage::Error<FlashError>> for StorageError {
    fn from(error: sequential_storage::Error<FlashError>) -> Self {
        use sequential_storage::Error;
        match error {
            Error::Storage { value } => Self::Flash(value),
            Error::ItemTooBig | Error::BufferTooSmall(_) => Self::TooBig,
            _ => Self::Unusable,
        }
    }
}

/// Counts this start; gives its number, from 1, which never comes twice.
///
/// # Errors
///
/// [`StorageError`] if it could not be kept: then it will come again.
pub(crate) fn count_start() -> Result<u32, StorageError> {
    let number = load::<u32>(Item::Boots).unwrap_or(0).saturating_add(1);
    store(Item::Boots, &number)?;
    Ok(number)
}

/// Whether the storage can be read: this start has been counted.
pub(crate) fn is_sound() -> bool {
    load::<u32>(Item::Boots).is_some()
}

/// What the factory gave this controller.
pub(crate) fn factory_page() -> Result<FactoryPage, FactoryError> {
    FactoryPage::from_bytes(flash::bytes(map::FACTORY))
}
