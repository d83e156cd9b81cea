//! What a chip announces about its protocols: SecurityInfos (Doc 9303-11, 9.2), in EF.CardAccess,
//! EF.CardSecurity and DG14.
//!
//! The set is read as it stands, in whatever order (some issuers do not sort it), and entries that
//! are unknown here are passed over, as the standard allows.

use crate::algorithm::Digest;
use crate::cipher::Suite;
use crate::domain;
use crate::tlv::{Reader, Tlv, TlvError};
use core::fmt;

/// Entries looked at. Chips have up to ten; more only cost time.
const ENTRIES_MAX: usize = 64;

/// bsi-de protocols smartcard: 0.4.0.127.0.7.2.2.
const PROTOCOLS: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02];
/// id-icao-mrtd-security-aaProtocolObject.
const ACTIVE_AUTHENTICATION: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x05];
/// ecdsa-plain-signatures of BSI TR-03111.
const PLAIN_SIGNATURES: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01];
/// ecdsa-with-SHA1 and ecdsa-with-SHA2 of RFC 5758.
const X962_SHA1: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01];
const X962_SHA2: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03];

/// How the nonce of PACE becomes a generator (Doc 9303-11, 4.4.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mapping {
    /// Integrated mapping.
    Integrated,
    /// Generic mapping.
    Generic,
    /// Chip authentication mapping: generic, and the chip proves in it that it is no copy.
    ChipAuthentication,
}

/// Whether keys are agreed on in a prime field or on a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agreement {
    /// Diffie-Hellman in a prime field.
    Dh,
    /// Diffie-Hellman on an elliptic curve.
    Ecdh,
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dh => "DH",
            Self::Ecdh => "ECDH",
        })
    }
}

/// A way of PACE that the chip offers (PACEInfo, Doc 9303-11, 9.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceInfo {
    /// Prime field or curve.
    pub agreement: Agreement,
    /// How the nonce is mapped.
    pub mapping: Mapping,
    /// Cipher of the session.
    pub suite: Suite,
    /// Standardised domain parameters (Doc 9303-11, 9.5.1). `None` where the chip names none, as
    /// with parameters of its own.
    pub parameters: Option<i64>,
}

impl PaceInfo {
    /// Content of the object identifier of this way.
    #[must_use]
    pub fn identifier(&self) -> [u8; 10] {
        let way = match (self.agreement, self.mapping) {
            (Agreement::Dh, Mapping::Generic) => 1,
            (Agreement::Ecdh, Mapping::Generic) => 2,
            (Agreement::Dh, Mapping::Integrated) => 3,
            (Agreement::Ecdh, Mapping::Integrated) => 4,
            (_, Mapping::ChipAuthentication) => 6,
        };
        let suite = match self.suite {
            Suite::TripleDes => 1,
            Suite::Aes128 => 2,
            Suite::Aes192 => 3,
            Suite::Aes256 => 4,
        };
        let mut identifier = [0; 10];
        identifier[..7].copy_from_slice(PROTOCOLS);
        identifier[7..].copy_from_slice(&[4, way, suite]);
        identifier
    }

    /// Whether this version can do it: standardised parameters of the right kind. Integrated mapping
    /// needs a prime of the form 4n + 3, which secp224r1 has not (Doc 9303-11, 9.5.1).
    #[must_use]
    pub fn is_supported(&self) -> bool {
        match (self.agreement, self.parameters) {
            (Agreement::Dh, Some(0..=2)) => true,
            (Agreement::Ecdh, Some(10)) => self.mapping != Mapping::Integrated,
            (Agreement::Ecdh, Some(8..=18)) => true,
            _ => false,
        }
    }

    fn read(way: u8, suite: u8, reader: &mut Reader<'_>) -> Result<Option<Self>, TlvError> {
        let (agreement, mapping) = match way {
            1 => (Agreement::Dh, Mapping::Generic),
            2 => (Agreement::Ecdh, Mapping::Generic),
            3 => (Agreement::Dh, Mapping::Integrated),
            4 => (Agreement::Ecdh, Mapping::Integrated),
            6 => (Agreement::Ecdh, Mapping::ChipAuthentication),
            _ => return Ok(None),
        };
        let Some(suite) = Suite::from_identifier(suite) else {
            return Ok(None);
        };
        if (mapping, suite) == (Mapping::ChipAuthentication, Suite::TripleDes) {
            return Ok(None);
        }
        domain::integer(reader)?;
        let parameters = match reader.is_empty() {
            true => None,
            false => Some(domain::integer(reader)?),
        };
        Ok(Some(Self {
            agreement,
            mapping,
            suite,
            parameters,
        }))
    }
}

/// As the standard names it: `PACE-ECDH-GM-AES-CBC-CMAC-128, brainpoolP256r1`.
impl fmt::Display for PaceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mapping = match self.mapping {
            Mapping::Generic => "GM",
            Mapping::Integrated => "IM",
            Mapping::ChipAuthentication => "CAM",
        };
        write!(f, "PACE-{}-{mapping}-{}, ", self.agreement, self.suite)?;
        match (self.parameters, self.parameters.and_then(domain::name)) {
            (_, Some(name)) => f.write_str(name),
            (Some(number), None) => write!(f, "parameters {number}"),
            (None, None) => f.write_str("parameters not named"),
        }
    }
}

/// A way of Chip Authentication that the chip offers (ChipAuthenticationInfo, Doc 9303-11, 9.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipAuthenticationInfo {
    /// Prime field or curve.
    pub agreement: Agreement,
    /// Cipher of the new session.
    pub suite: Suite,
    /// Which of several keys, as it stands in the INTEGER.
    pub key: Option<Vec<u8>>,
}

impl ChipAuthenticationInfo {
    /// Content of the object identifier of this way.
    #[must_use]
    pub fn identifier(&self) -> [u8; 10] {
        let agreement = match self.agreement {
            Agreement::Dh => 1,
            Agreement::Ecdh => 2,
        };
        let suite = match self.suite {
            Suite::TripleDes => 1,
            Suite::Aes128 => 2,
            Suite::Aes192 => 3,
            Suite::Aes256 => 4,
        };
        let mut identifier = [0; 10];
        identifier[..7].copy_from_slice(PROTOCOLS);
        identifier[7..].copy_from_slice(&[3, agreement, suite]);
        identifier
    }
}

impl fmt::Display for ChipAuthenticationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CA-{}-{}", self.agreement, self.suite)
    }
}

/// A static public key of the chip (ChipAuthenticationPublicKeyInfo, Doc 9303-11, 9.2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipAuthenticationKey {
    /// Prime field or curve.
    pub agreement: Agreement,
    /// SubjectPublicKeyInfo, as it stands.
    pub public_key: Vec<u8>,
    /// Its number, where there are several, as it stands in the INTEGER.
    pub key: Option<Vec<u8>>,
}

/// Everything of a SecurityInfos set that this version knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityInfos {
    /// Ways of PACE.
    pub pace: Vec<PaceInfo>,
    /// Ways of Chip Authentication, version 1.
    pub chip_authentication: Vec<ChipAuthenticationInfo>,
    /// Static keys of the chip.
    pub keys: Vec<ChipAuthenticationKey>,
    /// Active Authentication with ECDSA: with which digest. Its inner value is `None` for an
    /// algorithm that is unknown here.
    pub active_authentication: Option<Option<Digest>>,
    /// Entries of other kinds, or of kinds that this version does not know.
    pub others: usize,
}

impl SecurityInfos {
    /// Reads a SecurityInfos set, such as EF.CardAccess.
    ///
    /// # Errors
    ///
    /// [`TlvError`] when the set or an entry that is known is not as the standard says.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlvError> {
        let set = Reader::new(bytes).expect(0x31, "security information (31)")?;
        Self::of_set(&set)
    }

    /// Reads DG14 (Doc 9303-10, 4.7.14).
    ///
    /// # Errors
    ///
    /// As [`SecurityInfos::parse`].
    pub fn of_dg14(bytes: &[u8]) -> Result<Self, TlvError> {
        let mut file = Reader::new(bytes).expect(0x6E, "DG14 (6E)")?.reader();
        Self::of_set(&file.expect(0x31, "security information (31)")?)
    }

    fn of_set(set: &Tlv<'_>) -> Result<Self, TlvError> {
        let mut infos = Self::default();
        let mut reader = set.reader();
        for _ in 0..ENTRIES_MAX {
            if reader.is_empty() {
                break;
            }
            infos.add(&reader.expect(0x30, "security information")?)?;
        }
        Ok(infos)
    }

    fn add(&mut self, entry: &Tlv<'_>) -> Result<(), TlvError> {
        let mut reader = entry.reader();
        let protocol = reader.expect(0x06, "protocol")?.value;
        match protocol.strip_prefix(PROTOCOLS) {
            Some([4, way, suite]) => match PaceInfo::read(*way, *suite, &mut reader)? {
                Some(info) => self.pace.push(info),
                None => self.others += 1,
            },
            Some([3, agreement @ (1 | 2), suite]) => match Suite::from_identifier(*suite) {
                Some(suite) => {
                    domain::integer(&mut reader)?;
                    self.chip_authentication.push(ChipAuthenticationInfo {
                        agreement: agreement_of(*agreement),
                        suite,
                        key: key_number(&mut reader)?,
                    });
                }
                None => self.others += 1,
            },
            Some([1, agreement @ (1 | 2)]) => {
                let public_key = reader.expect(0x30, "public key")?;
                let stated = agreement_of(*agreement);
                self.keys.push(ChipAuthenticationKey {
                    agreement: agreement_with(&public_key).unwrap_or(stated),
                    public_key: public_key.raw.to_vec(),
                    key: key_number(&mut reader)?,
                });
            }
            _ if protocol == ACTIVE_AUTHENTICATION => {
                domain::integer(&mut reader)?;
                let algorithm = reader.expect(0x06, "signature algorithm")?.value;
                self.active_authentication = Some(signature_digest(algorithm));
            }
            _ => self.others += 1,
        }
        Ok(())
    }
}

const fn agreement_of(number: u8) -> Agreement {
    match number {
        1 => Agreement::Dh,
        _ => Agreement::Ecdh,
    }
}

/// What a key says itself, by its algorithm (RFC 5480, 2.1.1; PKCS #3, 9; RFC 3279, 2.3.3): some issuers
/// enter it under the identifier of the other kind (Russia).
fn agreement_with(public_key: &Tlv<'_>) -> Option<Agreement> {
    let algorithm = public_key.reader().expect(0x30, "key algorithm").ok()?;
    match algorithm.reader().expect(0x06, "key algorithm").ok()?.value {
        [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01] => Some(Agreement::Ecdh),
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x03, 0x01]
        | [0x2A, 0x86, 0x48, 0xCE, 0x3E, 0x02, 0x01] => Some(Agreement::Dh),
        _ => None,
    }
}

fn key_number(reader: &mut Reader<'_>) -> Result<Option<Vec<u8>>, TlvError> {
    Ok(reader.optional(0x02)?.map(|number| number.value.to_vec()))
}

fn signature_digest(algorithm: &[u8]) -> Option<Digest> {
    if algorithm == X962_SHA1 {
        return Some(Digest::Sha1);
    }
    let (plain, number) = match algorithm.split_last()? {
        (number, prefix) if prefix == PLAIN_SIGNATURES => (true, *number),
        (number, prefix) if prefix == X962_SHA2 => (false, *number),
        _ => return None,
    };
    Some(match (plain, number) {
        (true, 1) => Digest::Sha1,
        (true, 2) | (false, 1) => Digest::Sha224,
        (true, 3) | (false, 2) => Digest::Sha256,
        (true, 4) | (false, 3) => Digest::Sha384,
        (true, 5) | (false, 4) => Digest::Sha512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn a_chips_announcements_are_read_in_any_order() {
        // Entries of Doc 9303-11, Appendices G, H and I, and one of an unknown protocol first.
        let set = hex!(
            "31 61"
            "300D 0608 04007F0007020202 020101"
            "3012 060A 04007F00070202040602 020102 02010D"
            "3012 060A 04007F00070202040102 020102 020100"
            "3012 060A 04007F00070202030202 020101 020148"
            "3014 0606 678108010105 020101 0607 04007F00070101"
        );
        let infos = SecurityInfos::parse(&set).unwrap();
        let pace = |agreement, mapping, parameters| PaceInfo {
            agreement,
            mapping,
            suite: Suite::Aes128,
            parameters: Some(parameters),
        };
        assert_eq!(
            infos,
            SecurityInfos {
                pace: vec![
                    pace(Agreement::Ecdh, Mapping::ChipAuthentication, 13),
                    pace(Agreement::Dh, Mapping::Generic, 0),
                ],
                chip_authentication: vec![ChipAuthenticationInfo {
                    agreement: Agreement::Ecdh,
                    suite: Suite::Aes128,
                    key: Some(vec![0x48]),
                }],
                keys: vec![],
                active_authentication: Some(None),
                others: 1,
            }
        );
        assert_eq!(
            infos.pace[0].identifier(),
            hex!("04007F00070202040602"),
            "as it was read"
        );
        assert_eq!(
            infos.pace[0].to_string(),
            "PACE-ECDH-CAM-AES-CBC-CMAC-128, brainpoolP256r1"
        );
    }

    #[test]
    fn ways_that_nobody_can_go_are_not_supported() {
        let info = |agreement, mapping, parameters| PaceInfo {
            agreement,
            mapping,
            suite: Suite::Aes256,
            parameters,
        };
        use Agreement::{Dh, Ecdh};
        use Mapping::{Generic, Integrated};
        for (info, supported) in [
            (info(Ecdh, Integrated, Some(18)), true),
            (info(Ecdh, Integrated, Some(10)), false),
            (info(Ecdh, Generic, Some(10)), true),
            (info(Ecdh, Generic, Some(2)), false),
            (info(Dh, Generic, Some(2)), true),
            (info(Dh, Generic, Some(13)), false),
            (info(Dh, Generic, None), false),
            (info(Ecdh, Generic, Some(32)), false),
        ] {
            assert_eq!(info.is_supported(), supported, "{info}");
        }
    }
}
