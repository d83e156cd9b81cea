//! What a board keeps, before it was ever switched on.

use embassy_futures::block_on;
use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use gate_boot::map::{DOUBLE_WORD, ERASED, PAGE, STORAGE};
use gate_protocol::keys::Pairing;
use gate_protocol::{Site, SiteRecord};
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};
use serde::Serialize;

/// Under which the firmware keeps its pairing, and its site.
const PAIRING: u8 = 1;
const SITE: u8 = 2;

/// Where the storage lies, and its bytes if nothing but this pairing was ever stored: for
/// [`super::Config::preload`].
///
/// # Panics
///
/// Never: a pairing has room in an empty storage.
#[must_use]
pub fn with_pairing(pairing: &Pairing) -> (u32, Vec<u8>) {
    kept(&[(PAIRING, &bytes(pairing))])
}

/// The same with the record of a site, which may be anything.
///
/// # Panics
///
/// If the record has more than some hundred bytes.
#[must_use]
pub fn with_pairing_and_site(pairing: &Pairing, record: &[u8]) -> (u32, Vec<u8>) {
    kept(&[(PAIRING, &bytes(pairing)), (SITE, record)])
}

/// The record that the firmware keeps of a site.
///
/// # Panics
///
/// Never: a site has room in a record.
#[must_use]
pub fn site_record(site: Site) -> Vec<u8> {
    bytes(&SiteRecord::of(site))
}

const ROOM: &str = "a pairing and a site have room in an empty storage";

fn bytes(value: &impl Serialize) -> Vec<u8> {
    let mut room = [0; 128];
    postcard::to_slice(value, &mut room).expect(ROOM).to_vec()
}

fn kept(items: &[(u8, &[u8])]) -> (u32, Vec<u8>) {
    let config = const { MapConfig::new(STORAGE) };
    let mut map = MapStorage::<u8, _, _>::new(Pages::erased(), config, Cache::new_uncached());
    for (item, value) in items {
        block_on(map.store_item(&mut [0; 256], item, value)).expect(ROOM);
    }
    let (pages, _) = map.destroy();
    (STORAGE.start, pages.0)
}

/// The storage's pages; their addresses are the chip's.
struct Pages(Vec<u8>);

impl Pages {
    fn erased() -> Self {
        Self(vec![ERASED; STORAGE.len()])
    }

    fn part(&mut self, from: u32, length: usize) -> Result<&mut [u8], OutOfBounds> {
        let from = from.checked_sub(STORAGE.start).ok_or(OutOfBounds)? as usize;
        self.0.get_mut(from..from + length).ok_or(OutOfBounds)
    }
}

#[derive(Debug)]
struct OutOfBounds;

impl NorFlashError for OutOfBounds {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::OutOfBounds
    }
}

impl ErrorType for Pages {
    type Error = OutOfBounds;
}

impl ReadNorFlash for Pages {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), OutOfBounds> {
        bytes.copy_from_slice(self.part(offset, bytes.len())?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        STORAGE.end as usize
    }
}

impl NorFlash for Pages {
    const WRITE_SIZE: usize = DOUBLE_WORD as usize;
    const ERASE_SIZE: usize = PAGE as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), OutOfBounds> {
        self.part(from, (to - from) as usize)?.fill(ERASED);
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        self.part(offset, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }
}
