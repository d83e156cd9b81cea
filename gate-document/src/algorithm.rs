//! The algorithms that documents are signed with, by their object identifiers.

use crate::deviation::Deviation;
use crate::tlv::{Reader, Tlv, TlvError};
use core::fmt;
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::{DigestBytes, MessageDigest, hash};
use openssl::pkey::{Id, PKeyRef, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};

/// An object identifier, as the bytes of its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Oid(Vec<u8>);

impl Oid {
    pub(crate) fn new(content: &[u8]) -> Self {
        Self(content.to_vec())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = 0_u64;
        let mut first = true;
        for byte in &self.0 {
            number = number << 7 | u64::from(byte & 0x7F);
            if byte & 0x80 != 0 {
                continue;
            }
            if first {
                let root = (number / 40).min(2);
                write!(f, "{root}.{}", number - root * 40)?;
                first = false;
            } else {
                write!(f, ".{number}")?;
            }
            number = 0;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An algorithm that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlgorithmError {
    /// The identifier is malformed.
    #[error(transparent)]
    Structure(#[from] TlvError),
    /// The identifier is unknown here.
    #[error("algorithm {0} is not supported")]
    Unknown(Oid),
}

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-1. Weak, and still in documents that are valid.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// Reads an AlgorithmIdentifier.
    pub(crate) fn read(algorithm: &Tlv<'_>) -> Result<Self, AlgorithmError> {
        let oid = algorithm.reader().expect(0x06, "digest algorithm")?.value;
        match oid {
            [0x2B, 0x0E, 0x03, 0x02, 0x1A] => Ok(Self::Sha1),
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last] => match last {
                1 => Ok(Self::Sha256),
                2 => Ok(Self::Sha384),
                3 => Ok(Self::Sha512),
                4 => Ok(Self::Sha224),
                _ => Err(AlgorithmError::Unknown(Oid::new(oid))),
            },
            _ => Err(AlgorithmError::Unknown(Oid::new(oid))),
        }
    }

    /// Name as the registers write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Digest of `data`.
    pub(crate) fn of(self, data: &[u8]) -> Result<DigestBytes, ErrorStack> {
        hash(self.openssl(), data)
    }

    /// Bytes of a digest.
    const fn length(self) -> u8 {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn openssl(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha224 => MessageDigest::sha224(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }
}

/// A signature algorithm with its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(Digest),
    /// RSASSA-PSS.
    RsaPss {
        /// Digest of the message.
        digest: Digest,
        /// Digest of the mask generation function.
        mask: Digest,
        /// Bytes of salt.
        salt: u8,
    },
    /// ECDSA, signature as SEQUENCE of r and s.
    Ecdsa(Digest),
    /// ECDSA, signature as r and s one after the other (BSI TR-03111, 5.2.1).
    EcdsaPlain(Digest),
}

impl SignatureAlgorithm {
    /// Reads an AlgorithmIdentifier; `digest` is what it means where it names none.
    pub(crate) fn read(algorithm: &Tlv<'_>, digest: Digest) -> Result<Self, AlgorithmError> {
        let mut reader = algorithm.reader();
        let oid = reader.expect(0x06, "signature algorithm")?.value;
        let unknown = || AlgorithmError::Unknown(Oid::new(oid));
        match oid {
            // PKCS #1.
            [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, last] => match last {
                // The key's identifier in place of the signature's: the digest is named elsewhere.
                1 => Ok(Self::RsaPkcs1(digest)),
                5 => Ok(Self::RsaPkcs1(Digest::Sha1)),
                10 => Self::read_pss(reader.optional(0x30)?),
                11 => Ok(Self::RsaPkcs1(Digest::Sha256)),
                12 => Ok(Self::RsaPkcs1(Digest::Sha384)),
                13 => Ok(Self::RsaPkcs1(Digest::Sha512)),
                14 => Ok(Self::RsaPkcs1(Digest::Sha224)),
                _ => Err(unknown()),
            },
            // ANSI X9.62; the first is again the key's identifier.
            [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01] => Ok(Self::Ecdsa(digest)),
            [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01] => Ok(Self::Ecdsa(Digest::Sha1)),
            [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, last] => match last {
                1 => Ok(Self::Ecdsa(Digest::Sha224)),
                2 => Ok(Self::Ecdsa(Digest::Sha256)),
                3 => Ok(Self::Ecdsa(Digest::Sha384)),
                4 => Ok(Self::Ecdsa(Digest::Sha512)),
                _ => Err(unknown()),
            },
            // ecdsa-plain of BSI TR-03111.
            [0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x01, 0x04, 0x01, last] => match last {
                1 => Ok(Self::EcdsaPlain(Digest::Sha1)),
                2 => Ok(Self::EcdsaPlain(Digest::Sha224)),
                3 => Ok(Self::EcdsaPlain(Digest::Sha256)),
                4 => Ok(Self::EcdsaPlain(Digest::Sha384)),
                5 => Ok(Self::EcdsaPlain(Digest::Sha512)),
                _ => Err(unknown()),
            },
            // sha1WithRSASignature of the OIW, which predates PKCS #1's.
            [0x2B, 0x0E, 0x03, 0x02, 0x1D] => Ok(Self::RsaPkcs1(Digest::Sha1)),
            _ => Err(unknown()),
        }
    }

    /// Parameters of RSASSA-PSS, each with its default (RFC 4055, 3.1).
    fn read_pss(parameters: Option<Tlv<'_>>) -> Result<Self, AlgorithmError> {
        let (mut digest, mut mask, mut salt) = (Digest::Sha1, Digest::Sha1, 20);
        if let Some(parameters) = parameters {
            let mut reader = parameters.reader();
            if let Some(explicit) = reader.optional(0xA0)? {
                digest = Digest::read(&explicit.reader().expect(0x30, "digest algorithm")?)?;
            }
            if let Some(explicit) = reader.optional(0xA1)? {
                let function = explicit.reader().expect(0x30, "mask generation function")?;
                let mut reader = function.reader();
                reader.expect(0x06, "mask generation function")?;
                mask = Digest::read(&reader.expect(0x30, "digest algorithm")?)?;
            }
            if let Some(explicit) = reader.optional(0xA2)? {
                let number = explicit.reader().expect(0x02, "salt length")?;
                salt = match number.value {
                    [salt] | [0, salt] => *salt,
                    _ => return Err(number.wrong("salt of at most 255 bytes").into()),
                };
            }
        }
        Ok(Self::RsaPss { digest, mask, salt })
    }

    /// The digest over the signed data.
    #[must_use]
    pub const fn digest(self) -> Digest {
        match self {
            Self::RsaPkcs1(digest)
            | Self::Ecdsa(digest)
            | Self::EcdsaPlain(digest)
            | Self::RsaPss { digest, .. } => digest,
        }
    }

    /// Whether `signature` over `data` is one of `key`, with what had to be tolerated. A key of
    /// another kind has made none.
    pub(crate) fn verify(
        self,
        key: &PKeyRef<Public>,
        data: &[u8],
        signature: &[u8],
    ) -> Result<Option<Vec<Deviation>>, ErrorStack> {
        let fits = match self {
            Self::RsaPkcs1(_) => key.id() == Id::RSA,
            Self::RsaPss { .. } => matches!(key.id(), Id::RSA | Id::RSA_PSS),
            Self::Ecdsa(_) | Self::EcdsaPlain(_) => key.id() == Id::EC,
        };
        if !fits {
            return Ok(None);
        }
        let mut deviations = Vec::new();
        let signature = match self {
            Self::RsaPkcs1(_) | Self::RsaPss { .. } => signature.to_vec(),
            Self::EcdsaPlain(_) => match in_sequence(signature.split_at(signature.len() / 2)) {
                Some(sequence) => sequence,
                None => return Ok(None),
            },
            Self::Ecdsa(_) => match r_and_s(signature).ok().and_then(in_sequence) {
                Some(sequence) => {
                    if sequence != signature {
                        deviations.push(Deviation::IntegerPadding);
                    }
                    sequence
                }
                None => return Ok(None),
            },
        };
        let mut verifier = Verifier::new(self.digest().openssl(), key)?;
        if let Self::RsaPss { mask, salt, .. } = self {
            verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
            verifier.set_rsa_mgf1_md(mask.openssl())?;
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::custom(i32::from(salt)))?;
        }
        // OpenSSL reports a malformed signature as an error; it is a wrong one all the same.
        let right = verifier.verify_oneshot(&signature, data).unwrap_or(false);
        Ok(right.then_some(deviations))
    }

    /// As [`Self::verify`]; for RSASSA-PSS whose parameters name another digest than the signer
    /// does, with the signer's as well.
    pub(crate) fn verify_tolerantly(
        self,
        key: &PKeyRef<Public>,
        signer: Digest,
        data: &[u8],
        signature: &[u8],
    ) -> Result<Option<Vec<Deviation>>, ErrorStack> {
        if let Some(deviations) = self.verify(key, data, signature)? {
            return Ok(Some(deviations));
        }
        match self {
            Self::RsaPss { digest, .. } if digest != signer => {
                let meant = Self::RsaPss {
                    digest: signer,
                    mask: signer,
                    salt: signer.length(),
                };
                let verified = meant.verify(key, data, signature)?;
                Ok(verified.map(|_| vec![Deviation::PssParameters]))
            }
            _ => Ok(None),
        }
    }
}

/// The two numbers of an ECDSA signature, whatever zeros stand before them.
fn r_and_s(signature: &[u8]) -> Result<(&[u8], &[u8]), TlvError> {
    let mut numbers = Reader::new(signature).expect(0x30, "signature")?.reader();
    let r = numbers.expect(0x02, "number r")?.value;
    let s = numbers.expect(0x02, "number s")?.value;
    Ok((r, s))
}

/// The signature as OpenSSL wants it.
fn in_sequence((r, s): (&[u8], &[u8])) -> Option<Vec<u8>> {
    // Longer than the longest curve's numbers: no signature.
    if r.len() > 80 || s.len() > 80 {
        return None;
    }
    let (r, s) = (BigNum::from_slice(r).ok()?, BigNum::from_slice(s).ok()?);
    EcdsaSig::from_private_components(r, s).ok()?.to_der().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::Reader;
    use hex_literal::hex;

    #[test]
    fn identifiers_print_as_the_registers_write_them() {
        for (content, text) in [
            (&hex!("2A864886F70D01010A")[..], "1.2.840.113549.1.1.10"),
            (&hex!("678108010101"), "2.23.136.1.1.1"),
            (&hex!("2B0E03021A"), "1.3.14.3.2.26"),
            (&[], ""),
        ] {
            assert_eq!(Oid::new(content).to_string(), text);
        }
        // Whatever the bytes, it prints.
        let _ = Oid::new(&[0xFF; 40]).to_string();
    }

    fn read(algorithm: &[u8]) -> Result<SignatureAlgorithm, AlgorithmError> {
        let sequence = Reader::new(algorithm).expect(0x30, "algorithm").unwrap();
        SignatureAlgorithm::read(&sequence, Digest::Sha384)
    }

    #[test]
    fn signature_algorithms_are_known_by_their_identifiers() {
        use SignatureAlgorithm::{Ecdsa, RsaPkcs1, RsaPss};
        for (bytes, expected) in [
            (
                &hex!("300D 06092A864886F70D010101 0500")[..],
                RsaPkcs1(Digest::Sha384),
            ),
            (
                &hex!("300D 06092A864886F70D01010B 0500"),
                RsaPkcs1(Digest::Sha256),
            ),
            (&hex!("300A 06082A8648CE3D040302"), Ecdsa(Digest::Sha256)),
            (&hex!("3009 06072A8648CE3D0201"), Ecdsa(Digest::Sha384)),
            (
                &hex!("300B 06092A864886F70D01010A"),
                RsaPss {
                    digest: Digest::Sha1,
                    mask: Digest::Sha1,
                    salt: 20,
                },
            ),
            (
                &hex!(
                    "3041 06092A864886F70D01010A 3034 A00F300D06096086480165030402010500"
                    "A11C301A06092A864886F70D010108300D06096086480165030402010500 A203020120"
                ),
                RsaPss {
                    digest: Digest::Sha256,
                    mask: Digest::Sha256,
                    salt: 32,
                },
            ),
        ] {
            assert_eq!(read(bytes), Ok(expected));
        }
        assert_eq!(
            read(&hex!("3008 06062A8503020203"))
                .unwrap_err()
                .to_string(),
            "algorithm 1.2.643.2.2.3 is not supported"
        );
    }
}
