//! Where the texts of manifest and calibrations come from: a folder, or the program itself.

use std::fs;
use std::io;
use std::path::Path;

use super::error::ManifestError;
use super::files::check_path;

/// The manifest as it was when this program was built.
pub(super) const BUILT_IN: &str = include_str!("../../../models/manifest.toml");

/// Its calibrations.
const BUILT_IN_CALIBRATIONS: [(&str, &str); 3] = [
    (
        "calibration/detector.toml",
        include_str!("../../../models/calibration/detector.toml"),
    ),
    (
        "calibration/matcher.toml",
        include_str!("../../../models/calibration/matcher.toml"),
    ),
    (
        "calibration/attack.toml",
        include_str!("../../../models/calibration/attack.toml"),
    ),
];

/// Longest manifest or calibration file, in bytes: the built-in ones have a tenth of it.
const TEXT_MAX: u64 = 200_000;

pub(super) fn read(path: &Path) -> Result<String, ManifestError> {
    let read = || {
        let mut text = String::new();
        io::Read::read_to_string(
            &mut io::Read::take(fs::File::open(path)?, TEXT_MAX),
            &mut text,
        )?;
        Ok(text)
    };
    read().map_err(|source| ManifestError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

pub(super) fn read_beside(manifest: &Path, file: &str) -> Result<String, ManifestError> {
    check_path(file)?;
    read(&manifest.with_file_name(file))
}

pub(super) fn built_in_calibration(file: &str) -> Result<String, ManifestError> {
    BUILT_IN_CALIBRATIONS
        .iter()
        .find(|(name, _)| *name == file)
        .map(|(_, text)| (*text).to_owned())
        .ok_or_else(|| ManifestError::Calibration {
            file: file.to_owned(),
            problem: "not built in".to_owned(),
        })
}
