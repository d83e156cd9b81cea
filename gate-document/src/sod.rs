//! EF.SOD: the signed digests of the data groups (Doc 9303-10, 4.6.2), which is a CMS SignedData
//! (RFC 5652).
//!
//! This file only reads. What the signature is worth is said in [`crate::passive`].

use crate::algorithm::{AlgorithmError, Digest, Oid};
use crate::cms::{CmsError, SignedData};
use crate::deviation::Deviation;
use crate::file::ElementaryFile;
use crate::tlv::{Reader, TlvError, first_length, to_definite};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Why EF.SOD cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SodError {
    /// The data objects are not those of the standard.
    #[error("EF.SOD {0}")]
    Structure(#[from] TlvError),
    /// It uses an algorithm that is unknown here.
    #[error("EF.SOD: algorithm {0} is not supported")]
    Algorithm(Oid),
    /// It signs something else than digests of data groups.
    #[error("EF.SOD signs content of type {found}, security object of a document expected")]
    Content {
        /// Type of the content.
        found: Oid,
    },
}

impl From<CmsError> for SodError {
    fn from(error: CmsError) -> Self {
        match error {
            CmsError::Structure(problem) => Self::Structure(problem),
            CmsError::Algorithm(oid) => Self::Algorithm(oid),
        }
    }
}

impl From<AlgorithmError> for SodError {
    fn from(error: AlgorithmError) -> Self {
        CmsError::from(error).into()
    }
}

/// What EF.SOD says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sod {
    /// Digest algorithm of the data groups.
    pub digest: Digest,
    /// Digests of the data groups, by number.
    pub digests: BTreeMap<u8, Vec<u8>>,
    /// Version of the logical data structure, as `0107`: in security objects of version 1 only.
    pub lds_version: Option<String>,
    /// What is not as the standard says.
    pub deviations: Vec<Deviation>,
    pub(crate) data: SignedData,
}

/// id-icao-mrtd-security-ldsSecurityObject (Doc 9303-10, 4.6.2).
const SECURITY_OBJECT: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x01];

/// What the same key, or one of the same State, signs for other purposes. A security object under any
/// other type is tolerated: that of the first edition, plain data (China), and those of vendors
/// (Belgium, France, the Netherlands).
const OTHERS: [&[u8]; 4] = [
    // Master list and deviation list of ICAO.
    &[0x67, 0x81, 0x08, 0x01, 0x01, 0x02],
    &[0x67, 0x81, 0x08, 0x01, 0x01, 0x07],
    // Defect list of BSI TR-03129-2; EF.CardSecurity.
    &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x05],
    &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x02, 0x01],
];

impl Sod {
    /// Reads the file, outer tag included.
    ///
    /// # Errors
    ///
    /// [`SodError`] for the first thing that is not as the standard says.
    pub fn parse(bytes: &[u8]) -> Result<Self, SodError> {
        let mut deviations = Vec::new();
        let (bytes, behind) = bytes.split_at(first_length(bytes).unwrap_or(bytes.len()));
        if !behind.is_empty() {
            deviations.push(Deviation::BytesBehind(ElementaryFile::Sod));
        }
        // New Zealand's documents of 2013 use indefinite lengths.
        let definite = to_definite(bytes)?;
        if definite != bytes {
            deviations.push(Deviation::IndefiniteLength);
        }
        let file = Reader::new(&definite).expect(0x77, "EF.SOD (77)")?;
        let info = file.reader().expect(0x30, "content information")?;
        let data = SignedData::read(&info)?;
        let kind = data.content_type.as_bytes();
        if OTHERS.contains(&kind) {
            return Err(SodError::Content {
                found: data.content_type,
            });
        }
        if kind != SECURITY_OBJECT {
            deviations.push(Deviation::ContentType);
        }
        let (digest, digests, lds_version) = security_object(&data.content)?;
        Ok(Self {
            digest,
            digests,
            lds_version,
            deviations,
            data,
        })
    }

    /// When the signer says it signed.
    #[must_use]
    pub fn signing_time(&self) -> Option<Timestamp> {
        self.data.signer.attributes.as_ref()?.signing_time
    }
}

/// What a security object holds: digest algorithm, digests, version of the data structure.
type SecurityObject = (Digest, BTreeMap<u8, Vec<u8>>, Option<String>);

/// The LDS security object, version 0 or 1 (Doc 9303-10, 4.6.2.3).
fn security_object(content: &[u8]) -> Result<SecurityObject, SodError> {
    let mut reader = Reader::new(content)
        .expect(0x30, "security object")?
        .reader();
    reader.expect(0x02, "version")?;
    let digest = Digest::read(&reader.expect(0x30, "digest algorithm")?)?;
    let list = reader.expect(0x30, "digests of data groups")?;
    let version = match reader.optional(0x30)? {
        Some(info) => info.reader().any("LDS version").ok().and_then(|version| {
            let digits = core::str::from_utf8(version.value).ok()?;
            (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| digits.to_owned())
        }),
        None => None,
    };
    let mut digests = BTreeMap::new();
    let mut entries = list.reader();
    while !entries.is_empty() {
        let mut entry = entries.expect(0x30, "digest of a data group")?.reader();
        let number = entry.expect(0x02, "number of a data group")?;
        let value = entry.expect(0x04, "digest")?;
        let group = match number.value {
            [group @ 1..=16] | [0, group @ 1..=16] => *group,
            _ => return Err(number.wrong("number 1 to 16").into()),
        };
        if digests.insert(group, value.value.to_vec()).is_some() {
            return Err(number.wrong("each data group once").into());
        }
    }
    Ok((digest, digests, version))
}
