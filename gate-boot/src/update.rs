//! Writes a new image into the slot that does not run.
//!
//! [`Writer::begin`] takes the header and refuses there and then what must not run. The body comes
//! in chunks, in order; whoever asks again after a break is told how far it has come. The header
//! is written last, so a slot without a whole image is a slot without an image. A power cut ends
//! the update, and it begins anew: the running image was not touched.

use salty::Sha512;

use crate::flash::{Flash, program_all};
use crate::image::{CHUNK, HEADER_LEN, Header, ImageError, Wanted};
use crate::map::PAGE;
use crate::records::{Records, RecordsError, Trial};
use crate::slot::Slot;

/// Why an update does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError<E> {
    /// The image must not run here.
    #[error("update refused: {0}")]
    Image(ImageError),
    /// The running image is on trial itself: the other slot holds the way back.
    #[error("update refused: the running image has yet to prove itself")]
    OnTrial,
    /// Something else comes first: `begin` before chunks, all chunks before `finish`.
    #[error("update: out of order, next is byte {next}")]
    OutOfOrder {
        /// The byte of the body that is wanted next.
        next: u32,
    },
    /// The flash failed; what was written is thrown away.
    #[error("update: the flash failed")]
    Flash(E),
    /// What was read back is not what came: the flash is worn out, or the image was changed on its
    /// way. What was written is thrown away.
    #[error("update: what was written is not what the header signs for")]
    Damaged,
}

impl<E> From<RecordsError<E>> for UpdateError<E> {
    fn from(error: RecordsError<E>) -> Self {
        match error {
            RecordsError::Flash(error) => Self::Flash(error),
            RecordsError::Differs => Self::Damaged,
        }
    }
}

/// How far an update has come.
#[derive(Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of these, and no heap to put a part of it on"
)]
enum Progress {
    #[default]
    Idle,
    Receiving(Receiving),
    /// The whole image is in its slot, header and all.
    Written(Slot),
}

struct Receiving {
    bytes: [u8; HEADER_LEN],
    header: Header,
    next: u32,
    /// Of what the flash reads, not of what came.
    digest: Sha512,
}

/// An update, from its header to the trial.
pub struct Writer {
    wanted: Wanted,
    running: Slot,
    progress: Progress,
}

impl Writer {
    /// No update yet. `wanted` says what may run at all, `running` which slot may not be written.
    #[must_use]
    pub const fn new(wanted: Wanted, running: Slot) -> Self {
        Self {
            wanted,
            running,
            progress: Progress::Idle,
        }
    }

    /// Slot that an image must be linked for to be taken.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.running.other()
    }

    /// Begins with this header, or goes on with it; gives the byte of the body that is wanted next.
    ///
    /// # Errors
    ///
    /// [`UpdateError::Image`], [`UpdateError::OnTrial`], or what the flash says.
    pub fn begin<F: Flash>(
        &mut self,
        flash: &mut F,
        bytes: &[u8; HEADER_LEN],
    ) -> Result<u32, UpdateError<F::Error>> {
        if let Progress::Receiving(receiving) = &self.progress
            && receiving.bytes == *bytes
        {
            return Ok(receiving.next);
        }
        let records = Records::load(flash);
        if records.awaits_proof(self.running) {
            return Err(UpdateError::OnTrial);
        }
        let wanted = Wanted {
            security_floor: self.wanted.security_floor.max(records.security_floor),
            ..self.wanted.clone()
        };
        let header = wanted
            .check_header(bytes, self.slot())
            .map_err(UpdateError::Image)?;
        self.progress = Progress::Idle;
        Records {
            trial: None,
            ..records
        }
        .store(flash)?;
        flash
            .erase_page(self.slot().region().start)
            .map_err(UpdateError::Flash)?;
        self.progress = Progress::Receiving(Receiving {
            bytes: *bytes,
            header,
            next: 0,
            digest: Sha512::new(),
        });
        Ok(0)
    }

    /// Writes the chunk that begins with byte `from` of the body; gives the byte that is wanted
    /// next. A chunk that came before is taken for a repetition.
    ///
    /// # Errors
    ///
    /// [`UpdateError::OutOfOrder`] without an update or with a hole, or what the flash says.
    pub fn chunk<F: Flash>(
        &mut self,
        flash: &mut F,
        from: u32,
        bytes: &[u8; CHUNK as usize],
    ) -> Result<u32, UpdateError<F::Error>> {
        let vectors = self.slot().vectors();
        let Progress::Receiving(receiving) = &mut self.progress else {
            return Err(UpdateError::OutOfOrder { next: 0 });
        };
        if from.saturating_add(CHUNK) <= receiving.next {
            return Ok(receiving.next);
        }
        if from != receiving.next || from >= receiving.header.length {
            return Err(UpdateError::OutOfOrder {
                next: receiving.next,
            });
        }
        let written = write(flash, vectors + from, bytes);
        if written.is_ok() {
            let read_back = flash.read(vectors + from..vectors + from + CHUNK);
            receiving.digest.update(read_back);
            receiving.next += CHUNK;
        }
        let next = receiving.next;
        self.or_give_up(written.map(|()| next))
    }

    /// Checks the whole image and gives it its header.
    ///
    /// # Errors
    ///
    /// [`UpdateError::OutOfOrder`] if chunks are missing, [`UpdateError::Damaged`] if the image is
    /// not the one that the header signs for, or what the flash says.
    pub fn finish<F: Flash>(&mut self, flash: &mut F) -> Result<(), UpdateError<F::Error>> {
        let slot = self.slot();
        let receiving = match core::mem::take(&mut self.progress) {
            Progress::Receiving(receiving) if receiving.next == receiving.header.length => {
                receiving
            }
            unfinished => {
                let next = match &unfinished {
                    Progress::Receiving(receiving) => receiving.next,
                    Progress::Idle => 0,
                    // Asked again: it is finished.
                    Progress::Written(_) => {
                        self.progress = unfinished;
                        return Ok(());
                    }
                };
                self.progress = unfinished;
                return Err(UpdateError::OutOfOrder { next });
            }
        };
        if receiving.digest.finalize() != receiving.header.digest {
            return Err(UpdateError::Damaged);
        }
        let start = slot.region().start;
        program_all(flash, start, &receiving.bytes).map_err(UpdateError::Flash)?;
        if flash.read(start..start + HEADER_LEN as u32) != receiving.bytes {
            return Err(UpdateError::Damaged);
        }
        self.progress = Progress::Written(slot);
        Ok(())
    }

    /// Has the new image tried at the next start.
    ///
    /// # Errors
    ///
    /// [`UpdateError::OutOfOrder`] if the image is not finished, or what the flash says.
    pub fn activate<F: Flash>(&mut self, flash: &mut F) -> Result<(), UpdateError<F::Error>> {
        let next = match &self.progress {
            Progress::Written(slot) => {
                let trial = Some(Trial::Ahead(*slot));
                let records = Records::load(flash);
                return Ok(Records { trial, ..records }.store(flash)?);
            }
            Progress::Receiving(receiving) => receiving.next,
            Progress::Idle => 0,
        };
        Err(UpdateError::OutOfOrder { next })
    }

    /// What failed once is not gone on with.
    fn or_give_up<T, E>(&mut self, result: Result<T, UpdateError<E>>) -> Result<T, UpdateError<E>> {
        if result.is_err() {
            self.progress = Progress::Idle;
        }
        result
    }
}

/// Writes a chunk, erasing each page before its first byte.
fn write<F: Flash>(
    flash: &mut F,
    address: u32,
    bytes: &[u8; CHUNK as usize],
) -> Result<(), UpdateError<F::Error>> {
    if address.is_multiple_of(PAGE) {
        flash.erase_page(address).map_err(UpdateError::Flash)?;
    }
    program_all(flash, address, bytes).map_err(UpdateError::Flash)?;
    let end = address + CHUNK;
    if flash.read(address..end) == bytes {
        Ok(())
    } else {
        Err(UpdateError::Damaged)
    }
}
