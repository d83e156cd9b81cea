//! LDIF files of the ICAO PKD (RFC 2849): collection 001 holds signers and revocation lists,
//! collection 002 master lists.
//!
//! Nothing of it is trusted by standing there: master lists go through
//! [`super::master_list::MasterList::import`], revocation lists and signers count where an authority
//! of the trust store signed them.

use core::fmt;
use std::collections::BTreeMap;

/// Longest file that is read. Collection 001 has 79 MB.
pub const LDIF_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Longest value. Master lists have up to 1.2 MB.
const VALUE_BYTES_MAX: usize = 24 * 1024 * 1024;

/// Why a file cannot be read. Fetch it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LdifError {
    /// Longer than the whole directory.
    #[error("LDIF of {length} bytes, at most {LDIF_BYTES_MAX} expected")]
    TooLong {
        /// Bytes found.
        length: usize,
    },
    /// Not what RFC 2849 describes.
    #[error("LDIF line {line}: {expected} expected")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
}

/// What a file holds, as it stands in it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// Certificates of document signers and seal signers.
    pub signers: Vec<Vec<u8>>,
    /// Certificates of authorities.
    pub authorities: Vec<Vec<u8>>,
    /// Revocation lists.
    pub crls: Vec<Vec<u8>>,
    /// Master lists.
    pub master_lists: Vec<Vec<u8>>,
    /// Other attributes with binary values, by name in lower case: how many were passed over.
    pub passed_over: BTreeMap<String, usize>,
}

/// Different names that are counted; more are counted together.
const NAMES_MAX: usize = 64;

impl Directory {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`LdifError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, LdifError> {
        if bytes.len() > LDIF_BYTES_MAX {
            return Err(LdifError::TooLong {
                length: bytes.len(),
            });
        }
        let mut directory = Self::default();
        // A line that begins with a space goes on where the one before it ended.
        let mut line: Vec<u8> = Vec::new();
        let mut began = 1;
        for (index, next) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let next = next.strip_suffix(b"\r").unwrap_or(next);
            if let Some(more) = next.strip_prefix(b" ") {
                if index == 0 {
                    return Err(LdifError::Line {
                        line: 1,
                        expected: "start of a line",
                    });
                }
                if line.len() + more.len() > VALUE_BYTES_MAX {
                    return Err(LdifError::Line {
                        line: began,
                        expected: "a value of at most 24 MB",
                    });
                }
                line.extend_from_slice(more);
                continue;
            }
            directory.take(&line, began)?;
            line.clear();
            line.extend_from_slice(next);
            began = index + 1;
        }
        directory.take(&line, began)?;
        Ok(directory)
    }

    fn take(&mut self, line: &[u8], number: usize) -> Result<(), LdifError> {
        let wrong = |expected| LdifError::Line {
            line: number,
            expected,
        };
        // Comments, ends of records, and the dash between changes.
        if line.is_empty() || line[0] == b'#' || line == b"-" {
            return Ok(());
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let colon = colon.ok_or_else(|| wrong("`name: value`"))?;
        let name = core::str::from_utf8(&line[..colon]).map_err(|_| wrong("a name in ASCII"))?;
        // Text values decide nothing; only base64 has a second colon.
        let Some(value) = line[colon + 1..].strip_prefix(b":") else {
            return Ok(());
        };
        // Options such as `;binary` belong to the name and change nothing here.
        let kind = name
            .split(';')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let list = match kind.as_str() {
            "usercertificate" => &mut self.signers,
            "cacertificate" => &mut self.authorities,
            "certificaterevocationlist" => &mut self.crls,
            "pkdmasterlistcontent" | "cscamasterlistdata" => &mut self.master_lists,
            _ => {
                let known = self.passed_over.contains_key(&kind);
                let kind = if known || self.passed_over.len() < NAMES_MAX && kind.len() <= 64 {
                    kind
                } else {
                    String::from("other")
                };
                *self.passed_over.entry(kind).or_default() += 1;
                return Ok(());
            }
        };
        let text = core::str::from_utf8(value).map_err(|_| wrong("base64"))?;
        let text = text.trim_matches(' ');
        if text.is_empty() || text.len() % 4 != 0 {
            return Err(wrong("base64"));
        }
        let decoded = openssl::base64::decode_block(text).map_err(|_| wrong("base64"))?;
        list.push(decoded);
        Ok(())
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory")
            .field("signers", &self.signers.len())
            .field("authorities", &self.authorities.len())
            .field("crls", &self.crls.len())
            .field("master_lists", &self.master_lists.len())
            .field("passed_over", &self.passed_over)
            .finish()
    }
}
