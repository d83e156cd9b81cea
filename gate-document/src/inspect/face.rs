//! The portrait as an inspection sees it: found, decoded, or why not.

use crate::file::{ChipFiles, ElementaryFile};
use crate::finding::{Check, Finding};
use crate::lds::{self, LdsError};
use crate::portrait::{self, Portrait, PortraitError};
use crate::report::Evidence;
use image::RgbImage;

/// Why there is no picture of the holder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortraitFailure {
    /// The chip gave no DG2.
    #[error("DG2 was not read")]
    NotRead,
    /// DG2 is not the file that a trusted signer signed: it is not decoded.
    #[error("DG2 was not decoded: no trusted signature vouches for it")]
    NotVouchedFor,
    /// DG2 holds no portrait that can be found.
    #[error(transparent)]
    Record(#[from] LdsError),
    /// The portrait does not decode.
    #[error(transparent)]
    Image(#[from] PortraitError),
}

/// Finds and decodes the portrait in DG2.
///
/// # Errors
///
/// [`PortraitFailure`] for each step that it needs.
pub fn decode_portrait(chip: &ChipFiles) -> Result<RgbImage, PortraitFailure> {
    let dg2 = chip
        .get(ElementaryFile::DG2)
        .ok_or(PortraitFailure::NotRead)?;
    let found: Portrait = lds::portrait(dg2)?;
    Ok(portrait::decode(&found)?)
}

/// The finding for [`Check::Portrait`].
pub(super) fn finding(chip: &ChipFiles, portrait: &Result<RgbImage, PortraitFailure>) -> Finding {
    let check = Check::Portrait;
    match portrait {
        Ok(_) => Finding::passed(check),
        Err(PortraitFailure::NotRead) => {
            Finding::not_done(check, chip.why_missing(ElementaryFile::DG2))
        }
        Err(error @ PortraitFailure::NotVouchedFor) => Finding::not_done(check, error.to_string()),
        Err(error) => Finding::failed(check, error.to_string()),
    }
}

/// Which file was decoded, and the size of the picture.
pub(super) fn note(
    chip: &ChipFiles,
    portrait: &Result<RgbImage, PortraitFailure>,
    evidence: &mut Evidence,
) {
    let check = Check::Portrait;
    if let Some(dg2) = chip.get(ElementaryFile::DG2) {
        evidence.note(check, "file", format!("DG2 {} bytes", dg2.len()));
    }
    if let Ok(picture) = portrait {
        let (width, height) = picture.dimensions();
        evidence.note(check, "pixels", format!("{width} x {height}"));
    }
}
