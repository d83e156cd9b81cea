//! A new firmware image on its way to the controller.
//!
//! The host asks for the slot ([`UpdateRequest::Ask`]), begins with the header of the image that is
//! linked for it, sends the body in chunks, and has it checked and tried. Each request is a command
//! with an answer. A [`UpdateReport`] comes before the answer of `Ask` and `Begin`, and before each
//! refusal, which it explains.

use core::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Bytes of an image's header.
pub const HEADER_LEN: usize = 152;
/// Bytes of a chunk. Every body is a whole number of chunks.
pub const CHUNK_LEN: usize = 128;

/// The two places for an image. The controller runs one and writes the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ImageSlot {
    /// In the flash's first bank.
    A,
    /// In the second.
    B,
}

/// What the host wants of an update. Taken while the lane is closed, idle and empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateRequest {
    /// For which slot must the image be, and how far has it come?
    Ask,
    /// Begins an update, or goes on with the one that has this header.
    Begin {
        /// The header, 8 bytes at a time.
        header: [[u8; 8]; HEADER_LEN / 8],
    },
    /// A part of the body.
    Chunk {
        /// Which byte of the body it begins with.
        from: u32,
        /// The bytes, 32 at a time.
        bytes: [[u8; 32]; CHUNK_LEN / 32],
    },
    /// That was all: check it.
    Finish,
    /// Start it, for a trial: the controller restarts at once. An image that does not get a
    /// session within a minute is given up, and the one before comes back.
    Activate,
}

/// How the controller stands with an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateReport {
    /// The slot that does not run: an image must be linked for it.
    pub slot: ImageSlot,
    /// The byte of the body that is wanted next.
    pub next: u32,
    /// Why the request was refused, if it was.
    pub refusal: Option<UpdateRefusal>,
}

/// Why the controller does not take an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UpdateRefusal {
    /// Close the lane and wait until it is empty.
    LaneBusy,
    /// The running image has yet to prove itself; ask again in a minute.
    OnTrial,
    /// The controller was started without a boot loader: program it anew.
    NoBootLoader,
    /// What came is no image at all.
    NotAnImage,
    /// Not signed with the key that the controller knows.
    Signature,
    /// For another product.
    Product,
    /// For another board.
    Board,
    /// Linked for the slot that runs.
    Slot,
    /// Older than what has run on this controller, and known to be weak.
    SecurityVersion {
        /// Security version of the image.
        found: u32,
        /// Lowest that the controller takes.
        floor: u32,
    },
    /// Too large for a slot.
    Length,
    /// Something else comes first, or something is missing.
    OutOfOrder,
    /// What was written is not what the header signs for.
    Damaged,
    /// The controller's flash does not do what it is told.
    Flash,
}

impl Display for UpdateRequest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask => f.write_str("ask"),
            Self::Begin { .. } => f.write_str("begin"),
            Self::Chunk { from, .. } => write!(f, "chunk from {from}"),
            Self::Finish => f.write_str("finish"),
            Self::Activate => f.write_str("activate"),
        }
    }
}

impl Display for UpdateReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "slot {:?}, next {}", self.slot, self.next)?;
        match &self.refusal {
            Some(refusal) => write!(f, ", refused: {refusal}"),
            None => Ok(()),
        }
    }
}

impl Display for UpdateRefusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::LaneBusy => "the lane is not closed, idle and empty",
            Self::OnTrial => "the running firmware has yet to prove itself",
            Self::NoBootLoader => "the controller has no boot loader",
            Self::NotAnImage => "this is no firmware image",
            Self::Signature => "not signed with the key that the controller knows",
            Self::Product => "the image is for another product",
            Self::Board => "the image is for another board",
            Self::Slot => "the image is linked for the slot that runs",
            Self::SecurityVersion { found, floor } => {
                return write!(
                    f,
                    "security version {found} is too old, the controller takes {floor} or newer"
                );
            }
            Self::Length => "the image is too large",
            Self::OutOfOrder => "something else comes first",
            Self::Damaged => "what arrived is not what the header signs for",
            Self::Flash => "the controller's flash fails",
        };
        f.write_str(text)
    }
}

/// An image as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'i> {
    /// Its header.
    pub header: &'i [u8; HEADER_LEN],
    /// Its body, a whole number of chunks.
    pub body: &'i [u8],
}

/// Why an update has ended without the new image on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The controller says why.
    #[error("the controller refuses the update: {0}")]
    Refused(UpdateRefusal),
    /// The link or the lane is not as it must be, and the controller says no more.
    #[error("the controller refuses the update")]
    RefusedForNoReason,
    /// Take the file of the whole release.
    #[error("the file has no image for slot {0:?}")]
    NoImageFor(ImageSlot),
}

/// The host's end of an update: what to ask next. It sends nothing by itself.
#[derive(Clone, Debug)]
pub struct Upload<'i> {
    images: [Option<Image<'i>>; 2],
    image: Option<Image<'i>>,
    step: Step,
    reported: Option<UpdateReport>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Ask,
    Begin,
    Send { from: usize },
    Finish,
    Activate,
    Done,
}

impl<'i> Upload<'i> {
    /// An update with one of these images: for slot A, for slot B.
    #[must_use]
    pub const fn new(images: [Option<Image<'i>>; 2]) -> Self {
        Self {
            images,
            image: None,
            step: Step::Ask,
            reported: None,
        }
    }

    /// The next request; `None` when the new image is on trial.
    #[must_use]
    pub fn request(&self) -> Option<UpdateRequest> {
        match (self.step, self.image) {
            (Step::Begin, Some(image)) => {
                let (header, _) = image.header.as_chunks();
                let header = *header.first_chunk()?;
                Some(UpdateRequest::Begin { header })
            }
            (Step::Send { from }, Some(image)) => {
                let (bytes, _) = image.body.get(from..from + CHUNK_LEN)?.as_chunks();
                let bytes = *bytes.first_chunk()?;
                let from = u32::try_from(from).ok()?;
                Some(UpdateRequest::Chunk { from, bytes })
            }
            (Step::Finish, _) => Some(UpdateRequest::Finish),
            (Step::Activate, _) => Some(UpdateRequest::Activate),
            (Step::Done, _) => None,
            (Step::Ask | Step::Begin | Step::Send { .. }, _) => Some(UpdateRequest::Ask),
        }
    }

    /// Bytes of the body that have arrived, and bytes in all.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let length = self.length();
        match self.step {
            Step::Ask | Step::Begin => (0, length),
            Step::Send { from } => (from, length),
            Step::Finish | Step::Activate | Step::Done => (length, length),
        }
    }

    /// Takes a report, which comes before the answer that it belongs to.
    pub const fn report(&mut self, report: UpdateReport) {
        self.reported = Some(report);
    }

    /// The request was taken.
    ///
    /// # Errors
    ///
    /// [`UploadError::NoImageFor`] the slot that the controller writes.
    pub fn accepted(&mut self) -> Result<(), UploadError> {
        self.step = match (self.step, self.reported.take()) {
            (Step::Ask, Some(report)) => {
                let [a, b] = self.images;
                self.image = match report.slot {
                    ImageSlot::A => a,
                    ImageSlot::B => b,
                };
                self.image.ok_or(UploadError::NoImageFor(report.slot))?;
                Step::Begin
            }
            (Step::Begin, Some(report)) => self.send_from(report.next as usize),
            // The report was lost on the line.
            (Step::Ask | Step::Begin, None) => Step::Ask,
            (Step::Send { from }, _) => self.send_from(from + CHUNK_LEN),
            (Step::Finish, _) => Step::Activate,
            (Step::Activate | Step::Done, _) => Step::Done,
        };
        Ok(())
    }

    /// The request was refused: gives the reason that was reported. The update has ended.
    pub fn refused(&mut self) -> UploadError {
        match self.reported.take().and_then(|report| report.refusal) {
            Some(refusal) => UploadError::Refused(refusal),
            None => UploadError::RefusedForNoReason,
        }
    }

    /// The session ended before the answer came. The update goes on where the controller has come
    /// to; one that was to be tried is on trial, or the next `Ask` shows that it is not.
    pub fn lost(&mut self) {
        self.reported = None;
        self.step = match self.step {
            Step::Activate | Step::Done => Step::Done,
            _ => Step::Ask,
        };
    }

    fn send_from(&self, from: usize) -> Step {
        if from < self.length() {
            Step::Send { from }
        } else {
            Step::Finish
        }
    }

    fn length(&self) -> usize {
        self.image.map_or(0, |image| image.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;
    use crate::message::{ToController, ToHost};

    const LENGTH: usize = 5 * CHUNK_LEN;

    /// A controller that writes slot B, and forgets nothing while its power stays on.
    #[derive(Default)]
    struct Controller {
        written: heapless::Vec<u8, LENGTH>,
        begun: bool,
        finished: bool,
        activated: bool,
    }

    impl Controller {
        fn answer(&mut self, upload: &mut Upload<'_>, request: UpdateRequest) -> bool {
            let in_order = match request {
                UpdateRequest::Ask => true,
                UpdateRequest::Begin { header } => {
                    self.begun = header.as_flattened() == [7; HEADER_LEN];
                    self.begun
                }
                UpdateRequest::Chunk { from, bytes } => {
                    let next = self.begun && from as usize == self.written.len();
                    next && self.written.extend_from_slice(bytes.as_flattened()).is_ok()
                }
                UpdateRequest::Finish => {
                    self.finished = self.written.is_full();
                    self.finished
                }
                UpdateRequest::Activate => {
                    self.activated = self.finished;
                    self.activated
                }
            };
            upload.report(UpdateReport {
                slot: ImageSlot::B,
                next: self.written.len() as u32,
                refusal: (!in_order).then_some(UpdateRefusal::OutOfOrder),
            });
            in_order
        }
    }

    fn body() -> [u8; LENGTH] {
        core::array::from_fn(|at| (at / 3) as u8)
    }

    fn image(body: &[u8]) -> Image<'_> {
        Image {
            header: &[7; HEADER_LEN],
            body,
        }
    }

    #[test]
    fn wherever_answers_are_lost_the_whole_image_arrives_once() {
        let body = body();
        for lost_at in 0..12 {
            for arrived in [false, true] {
                let mut controller = Controller::default();
                let mut upload = Upload::new([None, Some(image(&body))]);
                let mut step = 0;
                while let Some(request) = upload.request() {
                    if step != lost_at {
                        assert!(
                            controller.answer(&mut upload, request),
                            "{lost_at}: {request}"
                        );
                        upload.accepted().expect("an image");
                    } else if arrived {
                        controller.answer(&mut upload, request);
                        upload.lost();
                    } else {
                        upload.lost();
                    }
                    step += 1;
                    assert!(step < 30, "lost at {lost_at}: no end");
                }
                assert_eq!(controller.written, body, "lost at {lost_at}");
                assert_eq!(upload.progress(), (LENGTH, LENGTH));
            }
        }
    }

    #[test]
    fn a_refusal_is_told_with_its_reason_and_an_image_for_the_running_slot_is_none() {
        let body = body();
        let mut upload = Upload::new([Some(image(&body)), None]);
        assert_eq!(upload.refused(), UploadError::RefusedForNoReason);
        let mut report = UpdateReport {
            slot: ImageSlot::B,
            next: 0,
            refusal: Some(UpdateRefusal::OnTrial),
        };
        upload.report(report);
        assert_eq!(
            upload.refused(),
            UploadError::Refused(UpdateRefusal::OnTrial)
        );
        report.refusal = None;
        upload.report(report);
        let none = UploadError::NoImageFor(ImageSlot::B);
        assert_eq!(upload.accepted(), Err(none));
    }

    #[test]
    fn the_longest_request_and_report_fit_a_frame() {
        let longest = [
            UpdateRequest::Begin {
                header: [[0xFF; 8]; HEADER_LEN / 8],
            },
            UpdateRequest::Chunk {
                from: u32::MAX,
                bytes: [[0xFF; 32]; CHUNK_LEN / 32],
            },
        ];
        for (request, length) in longest.into_iter().zip([163, 144]) {
            let said = body::FromHost {
                knows_ms: u32::MAX,
                number: u32::MAX,
                message: ToController::Update(request),
            };
            let bytes = body::to_controller(&said);
            assert_eq!(bytes.len(), length);
            assert_eq!(body::read_to_controller(&bytes), Ok(said));
        }
        let report = ToHost::Update(UpdateReport {
            slot: ImageSlot::B,
            next: u32::MAX,
            refusal: Some(UpdateRefusal::SecurityVersion {
                found: u32::MAX,
                floor: u32::MAX,
            }),
        });
        assert_eq!(body::to_host(&report).len(), 19);
    }
}
