//! Which image starts, and the lowest security version that may: kept over power cuts.
//!
//! The two pages of [`crate::map::RECORDS`] are a log of 16-byte records: sequence number, security
//! floor, confirmed slot, trial, CRC-32. The newest whole record counts. A page that is full is left
//! for the other, which is erased first; so the newest record is never in a page that is being
//! erased, and a power cut leaves the record before or the new one.

use crc::{CRC_32_ISO_HDLC, Crc};

use crate::flash::{Flash, program_all};
use crate::image::Header;
use crate::map::{ERASED, PAGE, RECORDS};
use crate::slot::Slot;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const LEN: u32 = 16;
const NOBODY: u8 = 0xFF;

/// An image that has not proved itself yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It starts next, once.
    Ahead(Slot),
    /// It has been started. Found at a start, it means that the image did not prove itself.
    Begun(Slot),
}

/// What the boot loader goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Lowest security version that may run. Never falls.
    pub security_floor: u32,
    /// The image that last proved itself; none in a new controller.
    pub confirmed: Option<Slot>,
    /// The image that is on trial.
    pub trial: Option<Trial>,
}

/// Why records could not be kept. What was kept before still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError<E> {
    /// The flash failed.
    #[error("boot records: the flash failed")]
    Flash(E),
    /// What was read back is not what was written: the page is worn out.
    #[error("boot records: read back wrong")]
    Differs,
}

impl Records {
    /// The newest records; those of a new controller if there are none.
    pub fn load(flash: &impl Flash) -> Self {
        newest(flash).map_or_else(Self::default, |found| found.records)
    }

    /// Keeps these from now on, if they are not what is kept already.
    ///
    /// # Errors
    ///
    /// [`RecordsError`] if the flash does not do what it is told.
    pub fn store<F: Flash>(&self, flash: &mut F) -> Result<(), RecordsError<F::Error>> {
        let newest = newest(flash);
        if newest.as_ref().is_some_and(|found| found.records == *self) {
            return Ok(());
        }
        let sequence = newest
            .as_ref()
            .map_or(1, |found| found.sequence.saturating_add(1));
        let free = newest.and_then(|found| next_free(flash, page_of(found.address)));
        let address = match (free, newest) {
            (Some(address), _) => address,
            (None, found) => {
                let page = found.map_or(RECORDS.start, |found| other_page(found.address));
                flash.erase_page(page).map_err(RecordsError::Flash)?;
                page
            }
        };
        let bytes = self.to_bytes(sequence);
        program_all(flash, address, &bytes).map_err(RecordsError::Flash)?;
        if flash.read(address..address + LEN) == bytes {
            Ok(())
        } else {
            Err(RecordsError::Differs)
        }
    }

    /// SAF-085: the image in `running` has proved itself: it is the one to start from now on, and
    /// nothing with a lower security version is. An image that waits for its trial goes on waiting.
    #[must_use]
    pub fn confirm(self, running: Slot, header: &Header) -> Self {
        Self {
            security_floor: self.security_floor.max(header.security_version),
            confirmed: Some(running),
            trial: self
                .trial
                .filter(|trial| *trial == Trial::Ahead(running.other())),
        }
    }

    /// Whether the image in `running` has yet to prove itself.
    #[must_use]
    pub fn awaits_proof(&self, running: Slot) -> bool {
        self.confirmed != Some(running) || self.trial == Some(Trial::Begun(running))
    }

    fn to_bytes(self, sequence: u32) -> [u8; LEN as usize] {
        let number = |slot: Option<Slot>| slot.map_or(NOBODY, Slot::number);
        let (ahead, begun) = match self.trial {
            None => (None, None),
            Some(Trial::Ahead(slot)) => (Some(slot), None),
            Some(Trial::Begun(slot)) => (None, Some(slot)),
        };
        let mut bytes = [0; LEN as usize];
        bytes[..4].copy_from_slice(&sequence.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.security_floor.to_le_bytes());
        bytes[8..11].copy_from_slice(&[number(self.confirmed), number(ahead), number(begun)]);
        let crc = CRC.checksum(&bytes[..12]);
        bytes[12..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The records and their sequence number; `None` if they are torn or never were.
    fn from_bytes(bytes: &[u8]) -> Option<(u32, Self)> {
        let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        if word(12)? != CRC.checksum(bytes.get(..12)?) {
            return None;
        }
        let slot = |at: usize| Slot::from_number(bytes[at]);
        let records = Self {
            security_floor: word(4)?,
            confirmed: slot(8),
            trial: slot(9).map(Trial::Ahead).or(slot(10).map(Trial::Begun)),
        };
        Some((word(0)?, records))
    }
}

/// The newest whole record.
#[derive(Clone, Copy)]
struct Found {
    address: u32,
    sequence: u32,
    records: Records,
}

fn newest(flash: &impl Flash) -> Option<Found> {
    let found = |address: u32| {
        let (sequence, records) = Records::from_bytes(flash.read(address..address + LEN))?;
        Some(Found {
            address,
            sequence,
            records,
        })
    };
    RECORDS
        .step_by(LEN as usize)
        .filter_map(found)
        .max_by_key(|found| found.sequence)
}

/// The first place behind everything that was ever begun in this page.
fn next_free(flash: &impl Flash, page: u32) -> Option<u32> {
    let is_blank = |at: &u32| {
        let bytes = flash.read(*at..*at + LEN);
        bytes.iter().all(|byte| *byte == ERASED)
    };
    let records = (page..page + PAGE).step_by(LEN as usize);
    records.rev().take_while(is_blank).last()
}

const fn page_of(address: u32) -> u32 {
    address / PAGE * PAGE
}

const fn other_page(address: u32) -> u32 {
    RECORDS.start + RECORDS.end - PAGE - page_of(address)
}
