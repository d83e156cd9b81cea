//! From bytes to findings: everything that can be said about a document once it has been read.

use crate::chip::ReadError;
use crate::file::ChipFiles;
use crate::finding::{Check, Finding};
use crate::mrz::Mrz;
use crate::portrait::PortraitError;
use crate::trust::TrustStore;
use image::RgbImage;
use jiff::civil::Date;

/// What an inspection has found.
#[derive(Clone)]
pub struct Inspection {
    /// One finding for each check of this crate, in the order of [`Check`].
    pub findings: Vec<Finding>,
    /// The zone in the chip.
    pub dg1: Option<Mrz>,
    /// The decoded portrait of DG2.
    pub portrait: Option<RgbImage>,
}

impl Inspection {
    /// Whether every check of this crate passed: the rule for letting a document through.
    #[must_use]
    pub fn genuine(&self) -> bool {
        false
    }

    /// The finding for `check`, if it is one of this crate's.
    #[must_use]
    pub fn finding(&self, check: Check) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.check == check)
    }
}

/// Inspects a document whose chip was read, portrait included.
#[must_use]
pub fn inspect(
    printed: &Mrz,
    chip: &ChipFiles,
    trust: &TrustStore,
    today: Option<Date>,
) -> Inspection {
    let _ = (printed, chip, trust, today);
    unimplemented!()
}

/// The same for a caller that decoded the portrait while the rest was read.
#[must_use]
pub fn inspect_decoded(
    printed: &Mrz,
    chip: &ChipFiles,
    portrait: Result<RgbImage, PortraitError>,
    trust: &TrustStore,
    today: Option<Date>,
) -> Inspection {
    let _ = (printed, chip, portrait, trust, today);
    unimplemented!()
}

/// Inspects a document whose chip could not be read.
#[must_use]
pub fn chip_not_read(printed: &Mrz, error: &ReadError, today: Option<Date>) -> Inspection {
    let _ = (printed, error, today);
    unimplemented!()
}
