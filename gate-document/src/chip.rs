//! Reading a chip: open it, let it prove that it is no copy, and read its files in the order in which
//! they are needed.

mod error;
mod file;
mod habits;
mod session;
mod terminal;

pub use error::{Cause, ReadError};
pub use habits::{ApduLength, ChipHabits, ChipKind, Extended, Habits, Memory};
pub use terminal::Terminal;

use crate::access::{Access, Passwords};
use crate::active_authentication;
use crate::apdu::Status;
use crate::card::Card;
use crate::channel::Notice;
use crate::chip_authentication;
use crate::conversation::{ChallengeProof, ChipProof, Conversation};
use crate::file::{ChipFiles, ElementaryFile};
use crate::security_info::SecurityInfos;
use crate::sod::Sod;
use core::fmt;
use file::{FileAnswer, Partial};
use rand::CryptoRng;
use session::Session;

/// How far reading has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The chip accepted the password; how it was opened.
    Opened(&'a Access),
    /// The length of a file is known, its first bytes are read.
    Begun {
        /// Which file.
        file: ElementaryFile,
        /// Its length in bytes.
        length: usize,
    },
    /// More bytes of it are read.
    Advanced {
        /// Which file.
        file: ElementaryFile,
        /// Bytes read so far.
        read: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// A file is complete. Nothing is verified yet.
    Done {
        /// Which file.
        file: ElementaryFile,
        /// The whole file, for work that need not wait for the rest.
        bytes: &'a [u8],
    },
    /// Something unusual, of a conversation that then failed: one that ends well has its notices in
    /// [`Conversation::notices`].
    Noticed(Notice),
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(access) => write!(f, "Opened({access})"),
            Self::Begun { file, length } => write!(f, "Begun({file}, {length} bytes)"),
            Self::Advanced { file, read, length } => {
                write!(f, "Advanced({file}, {read} of {length} bytes)")
            }
            Self::Done { file, bytes } => write!(f, "Done({file}, {} bytes)", bytes.len()),
            Self::Noticed(notice) => write!(f, "Noticed({notice})"),
        }
    }
}

/// What is wanted of a chip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// What opens it.
    pub passwords: Passwords,
    /// Data groups to be read beside those that every inspection needs, if EF.SOD lists them; they
    /// come after the portrait. DG11 and DG13, unless it is said otherwise: what they say of the holder
    /// is held against DG1. Fingerprints and irises (3 and 4) are refused to this gate.
    pub also: Vec<u8>,
}

impl<P: Into<Passwords>> From<P> for Request {
    fn from(passwords: P) -> Self {
        Self {
            passwords: passwords.into(),
            also: vec![11, 13],
        }
    }
}

/// Opens the chip and reads EF.SOD, DG14, DG1, DG15, DG2, the groups that are also wanted, and EF.COM,
/// in this order. DG14 and DG15 are read where EF.SOD lists them, and the chip has to prove that it
/// has the keys that they announce (Doc 9303-11, 6).
///
/// The signature comes first, because work on it needs no other file; then what gives new session
/// keys; the long portrait before EF.COM, because the traveller waits for the comparison of faces.
///
/// A file that the chip refuses is noted in the result. Files and proofs that an inspection can do
/// without end nothing, whatever is wrong with them: their checks say so. A chip that loses the
/// session, or leaves the field for a moment, is opened again and read on where it stopped. `habits`
/// says how to begin, and holds what was learnt at the end, also when reading fails.
///
/// # Errors
///
/// [`ReadError`] when EF.SOD, DG1 and DG2 cannot be read any more; what was noticed until then goes to
/// `progress`.
pub fn read(
    card: &mut dyn Card,
    request: &Request,
    habits: &mut Habits,
    rng: &mut impl CryptoRng,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<ChipFiles, ReadError> {
    let session = Session::open(card, &request.passwords, habits, rng, progress)?;
    session.opened(progress);
    let mut reading = Reading {
        session,
        files: ChipFiles::new(),
        progress,
    };
    match reading.everything(&request.also) {
        Ok(answer) => Ok(reading.finish(answer)),
        Err(error) => {
            let notices = reading.session.channel.take_notices();
            tell(notices, reading.progress);
            Err(error)
        }
    }
}

/// What was noticed in a conversation that failed.
fn tell(notices: Vec<Notice>, progress: &mut dyn FnMut(Progress<'_>)) {
    for notice in notices {
        progress(Progress::Noticed(notice));
    }
}

/// A chip that is being read.
struct Reading<'a, 'p, R> {
    session: Session<'a, R>,
    files: ChipFiles,
    progress: &'p mut dyn FnMut(Progress<'_>),
}

impl<R: CryptoRng> Reading<'_, '_, R> {
    /// Every file in its order, and the answer to the challenge on the way.
    fn everything(&mut self, also: &[u8]) -> Result<ChallengeProof, ReadError> {
        self.file(ElementaryFile::Sod)?;
        let listed = self.listed();
        let has = |group| listed.as_ref().is_none_or(|listed| listed.contains(&group));
        let infos = if has(14) {
            self.security_options()?
        } else {
            None
        };
        if let Some(way) = infos.as_ref().and_then(chip_authentication::choose) {
            self.chip_authentication(&way)?;
        }
        self.file(ElementaryFile::DG1)?;
        let answer = if has(15) {
            self.active_authentication()?
        } else {
            ChallengeProof::NotAsked
        };
        self.file(ElementaryFile::DG2)?;
        let also = also.iter().filter(|group| {
            let known = !matches!(group, 1 | 2 | 14 | 15) && (1..=16).contains(*group);
            // What nothing signs is worth nothing.
            known && listed.as_ref().is_some_and(|listed| listed.contains(group))
        });
        let also = also.map(|group| ElementaryFile::DataGroup(*group));
        for file in also.chain([ElementaryFile::Com]) {
            // A chip that is gone for good has given what every inspection needs.
            if let Err(error) = self.optional(file) {
                self.session.note_given_up(&error);
                break;
            }
        }
        Ok(answer)
    }

    fn file(&mut self, file: ElementaryFile) -> Result<(), ReadError> {
        let mut partial = Partial::default();
        let answer = loop {
            match self.session.read_on(file, &mut partial, self.progress) {
                Ok(answer) => break answer,
                Err(error) => self.session.recover(error)?,
            }
        };
        match answer {
            FileAnswer::Bytes(bytes) => {
                (self.progress)(Progress::Done {
                    file,
                    bytes: &bytes,
                });
                self.files.insert(file, bytes);
            }
            FileAnswer::Refused(status) => self.files.refuse(file, status),
        }
        Ok(())
    }

    /// A file that an inspection can do without. The error comes back only where the chip is gone.
    fn optional(&mut self, file: ElementaryFile) -> Result<(), ReadError> {
        match self.file(file) {
            Err(ReadError::Refused { status, .. }) => self.files.refuse(file, status),
            // The chip gave something that is no such file: as good as none.
            Err(
                ReadError::Malformed { .. } | ReadError::TooLong { .. } | ReadError::Block { .. },
            ) => self.files.refuse(file, Status::SUCCESS),
            Err(error) => self.session.give_up(error)?,
            Ok(()) => {}
        }
        Ok(())
    }

    /// The data groups that EF.SOD lists. `None` where it cannot be read: then all may be there.
    fn listed(&self) -> Option<Vec<u8>> {
        let sod = Sod::parse(self.files.get(ElementaryFile::Sod)?).ok()?;
        Some(sod.digests.keys().copied().collect())
    }

    fn security_options(&mut self) -> Result<Option<SecurityInfos>, ReadError> {
        let file = ElementaryFile::DataGroup(14);
        self.optional(file)?;
        Ok(self
            .files
            .get(file)
            .and_then(|bytes| SecurityInfos::of_dg14(bytes).ok()))
    }

    /// Tries twice; then the chip is read on without the proof.
    fn chip_authentication(&mut self, way: &chip_authentication::Way) -> Result<(), ReadError> {
        let Err(first) = self.session.authenticate_chip(way) else {
            return Ok(());
        };
        let again = self.session.recover(first);
        match again.and_then(|()| self.session.authenticate_chip(way)) {
            Ok(()) => Ok(()),
            Err(error) => self.session.give_up(error),
        }
    }

    /// Asks twice at most; then the chip is read on without the proof.
    fn active_authentication(&mut self) -> Result<ChallengeProof, ReadError> {
        let file = ElementaryFile::DataGroup(15);
        self.optional(file)?;
        let Some(dg15) = self.files.get(file).map(<[u8]>::to_vec) else {
            return Ok(ChallengeProof::NotAsked);
        };
        let mut challenge = [0; active_authentication::CHALLENGE];
        self.session.rng.fill_bytes(&mut challenge);
        let long = self.session.carries_long();
        let ask = |session: &mut Session<'_, R>| {
            active_authentication::ask(&mut session.channel, &dg15, &challenge, long)
        };
        let asked = match ask(&mut self.session) {
            // A reader that stumbles over the length gets another try; a chip that loses the session
            // over the question has not answered it.
            Err(error @ ReadError::Card { .. }) => {
                let again = self.session.recover(error);
                again.and_then(|()| ask(&mut self.session))
            }
            asked => asked,
        };
        Ok(match asked {
            Ok(response) if response.status == Status::SUCCESS => ChallengeProof::Answered {
                challenge,
                signature: response.data.to_vec(),
            },
            Ok(response) => ChallengeProof::Refused(response.status),
            Err(error) => {
                let reason = error.to_string();
                self.session.give_up(error)?;
                ChallengeProof::Broken(reason)
            }
        })
    }

    fn finish(mut self, active_authentication: ChallengeProof) -> ChipFiles {
        let chip_authentication: ChipProof = self.session.chip_proof();
        self.files.set_conversation(Conversation {
            access: self.session.access.clone(),
            chip_authentication,
            mapping: self.session.mapping.clone(),
            card_access: self.session.announced.access.take(),
            card_security: self.session.announced.security.take(),
            active_authentication,
            notices: self.session.channel.take_notices(),
        });
        self.files
    }
}

#[cfg(test)]
mod test_chip;
#[cfg(test)]
mod tests;
