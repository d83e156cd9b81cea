//! A chip in a reader's field without any reader: for tests and for virtual time.

use std::time::Duration;

use gate_document::{
    AccessKey, ApduLength, Card, CardError, ChipFiles, Habits, ReadError, Request, read,
};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use super::Chip;
use crate::issuer::TestDocument;

/// Reads `chip` as a gate does that has read the zone printed on `document`.
///
/// # Errors
///
/// [`ReadError`], as a gate would have it.
pub fn read_placed(document: &TestDocument, chip: Chip) -> Result<ChipFiles, ReadError> {
    let key = AccessKey::from_mrz_information(document.key_information());
    let mut habits: Habits = ApduLength::Extended.into();
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let request = Request::from(key);
    read(
        &mut InField::new(chip),
        &request,
        &mut habits,
        &mut rng,
        &mut |_| {},
    )
}

/// A placed chip that answers in process.
#[derive(Debug)]
pub struct InField {
    chip: Chip,
    commands: u32,
    elapsed: Duration,
    short_only: bool,
    calls_it_removal: bool,
}

impl InField {
    /// Places `chip`.
    #[must_use]
    pub fn new(mut chip: Chip) -> Self {
        chip.place();
        Self {
            chip,
            commands: 0,
            elapsed: Duration::ZERO,
            short_only: false,
            calls_it_removal: false,
        }
    }

    /// The same in a reader that fails on commands and answers of extended length, as some models do.
    #[must_use]
    pub fn in_short_reader(mut self) -> Self {
        self.short_only = true;
        self
    }

    /// The same, and the reader says that the document went away.
    #[must_use]
    pub fn in_short_reader_that_says_removed(mut self) -> Self {
        self.calls_it_removal = true;
        self.in_short_reader()
    }

    /// Takes the document away again.
    #[must_use]
    pub fn remove(self) -> Chip {
        self.chip
    }

    /// Commands exchanged since the placement.
    #[must_use]
    pub fn commands(&self) -> u32 {
        self.commands
    }

    /// Time that the chip's profile says these exchanges would have taken.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

impl Card for InField {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        if self.short_only && command.get(4) == Some(&0) && command.len() > 5 {
            if self.calls_it_removal {
                return Err(CardError::Removed);
            }
            return Err(CardError::Reader {
                reader: "short".into(),
                problem: "not transacted".into(),
            });
        }
        let response = self.chip.answer(command).ok_or(CardError::Removed)?;
        self.commands += 1;
        self.elapsed += self.chip.duration(command.len(), response.len());
        match response.len() {
            found @ 0..2 => Err(CardError::TooShort { found }),
            _ => Ok(response),
        }
    }

    fn reconnect(&mut self) -> Result<(), CardError> {
        if self.chip.comes_back() {
            Ok(())
        } else {
            Err(CardError::Removed)
        }
    }
}
