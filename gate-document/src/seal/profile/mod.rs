//! What a permit looks like, and whether one lets this traveller through.
//!
//! A profile is a file: which seal it is, what its tags mean, which of them must be there, how long it
//! is valid, for which ports or areas, and what binds it to its holder. `permits/README.md` documents
//! every key; the profiles beside it are examples, and tests.

mod file;
mod judge;
mod table;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use file::DataError;
pub use judge::{Gate, Judgement};
pub use table::{FileError, Problem};
pub use value::FeatureType;

use super::imager::Symbology;
use super::text::TextLayout;
use super::{DocumentType, SealFormat, Tag};
use jiff::civil::Date;

/// How the seals of a profile are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProfileFormat {
    /// Binary seals with a header of version 3 or 4.
    Vds,
    /// ICAO Datastructure for Barcode.
    Idb,
    /// JSON.
    VdsNc,
    /// Text, laid out by the profile itself.
    Text,
}

impl ProfileFormat {
    const fn includes(self, format: SealFormat) -> bool {
        matches!(
            (self, format),
            (Self::Vds, SealFormat::Vds3 | SealFormat::Vds4)
                | (Self::Idb, SealFormat::Idb)
                | (Self::VdsNc, SealFormat::VdsNc)
                | (Self::Text, SealFormat::Text)
        )
    }

    /// Whether values are written as text.
    const fn is_text(self) -> bool {
        matches!(self, Self::VdsNc | Self::Text)
    }
}

/// One feature of a permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureRule {
    /// Where it stands in the seal.
    pub tag: Tag,
    /// Its name in this file, in findings and in data to issue from.
    pub name: String,
    /// How its bytes are read.
    pub kind: FeatureType,
    /// A permit without it is none.
    pub mandatory: bool,
    /// Fewest characters, or bytes where the type has none.
    pub min: usize,
    /// Most of them.
    pub max: usize,
}

/// How long a permit is valid.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ValidityRule {
    /// The feature with the first day. `None`: the day of issue in the seal's header.
    pub from: Option<String>,
    /// The feature with the last day.
    pub until: Option<String>,
    /// Days from the first to the last, both counted, where no feature states the last.
    pub days: Option<u16>,
    /// The feature with the number of entries, for the register of used permits.
    pub entries: Option<String>,
    /// How often each permit may be used, where no feature states it.
    pub uses: Option<u16>,
}

/// Where a permit is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaRule {
    /// The feature with the code of the place.
    pub feature: String,
    /// What stands between several codes.
    pub separator: Option<String>,
}

/// What binds a permit to its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// The printed zone is the zone in the permit.
    Zone,
    /// The document number of the printed zone is in the permit.
    DocumentNumber,
    /// The live face is that of the record whose number is in the permit. The gate compares; the
    /// permit alone does not pass.
    Face,
    /// Nothing: whoever shows it.
    None,
}

/// Whose a permit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderRule {
    /// What binds it.
    pub binding: Binding,
    /// The feature that names the holder. `None` only where nothing binds.
    pub feature: Option<String>,
    /// What stands between several holders: a permit of a group.
    pub separator: Option<String>,
    /// The permit clears without the traveller's document, where a gate's policy allows it: only
    /// where nothing binds.
    pub alone: bool,
}

/// What a permit looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitProfile {
    /// What officers call it.
    pub title: String,
    /// How it is written.
    pub format: ProfileFormat,
    /// Which kind of document it is.
    pub document: Option<DocumentType>,
    /// States that issue it.
    pub issuers: Vec<String>,
    /// Kinds of barcode that it may be printed as; empty for any.
    pub symbologies: Vec<Symbology>,
    /// Its features.
    pub features: Vec<FeatureRule>,
    /// How long it is valid.
    pub validity: ValidityRule,
    /// Where it is valid; `None` for everywhere.
    pub area: Option<AreaRule>,
    /// Whose it is.
    pub holder: HolderRule,
    /// Where a text has what; `None` in every other format.
    pub text: Option<TextLayout>,
}

/// Two profiles that cannot be used together: which of them a text follows, nothing could tell. Give
/// one of them another mark, or a gate of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("permit profiles {first:?} and {second:?}: the mark of one begins with that of the other")]
pub struct MarkError {
    /// Title of the first.
    pub first: String,
    /// Title of the second.
    pub second: String,
}

/// Holds the marks of the profiles that are used together against each other: none is the beginning of
/// another's. Only signed texts have one.
///
/// # Errors
///
/// [`MarkError`] for the first two that collide.
pub fn check_marks(profiles: &[PermitProfile]) -> Result<(), MarkError> {
    for (index, first) in profiles.iter().enumerate() {
        let collides = |second: &&PermitProfile| match (&first.text, &second.text) {
            (Some(first), Some(second)) => text::collide(&first.mark, &second.mark),
            _ => false,
        };
        if let Some(second) = profiles[index + 1..].iter().find(collides) {
            return Err(MarkError {
                first: first.title.clone(),
                second: second.title.clone(),
            });
        }
    }
    Ok(())
}

impl PermitProfile {
    /// Reads a profile. `name` is the file's, for errors.
    ///
    /// # Errors
    ///
    /// [`FileError`] with file, line, key, what is expected and what was found, for the first rule
    /// that the text breaks.
    pub fn parse(name: &str, text: &str) -> Result<Self, FileError> {
        file::profile(table::File { name, text })
    }

    /// Values for the features of a permit, from a file of data: tag and bytes, in the order of the
    /// profile. `name` is the file's, for errors, which never hold a value.
    ///
    /// # Errors
    ///
    /// [`DataError`] for the first value that does not fit, or is absent and mandatory.
    pub fn encode(&self, name: &str, text: &str) -> Result<Vec<(Tag, Vec<u8>)>, DataError> {
        file::data(self, table::File { name, text }, None)
    }

    /// The same of a permit that is issued on the day `issued`, and must not end before it begins.
    ///
    /// # Errors
    ///
    /// [`DataError`], as [`PermitProfile::encode`], and for the last day of such a permit.
    pub fn encode_on(
        &self,
        issued: Date,
        name: &str,
        text: &str,
    ) -> Result<Vec<(Tag, Vec<u8>)>, DataError> {
        file::data(self, table::File { name, text }, Some(issued))
    }
}
