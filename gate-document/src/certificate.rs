//! Certificates of the signing PKI (Doc 9303-12, 7.1), read without OpenSSL and verified with it.
//!
//! OpenSSL 3 takes three quarters of a millisecond to decode one certificate, because it decodes the
//! key with it; a trust store has hundreds and needs one or two of them. So the structure is read by
//! the bounded reader of [`crate::tlv`] in microseconds, and a key is decoded when somebody asks for
//! it. What OpenSSL would refuse although it is signed, such as a serial number with leading zeros,
//! is read as well.

mod key;

pub(crate) use key::Key;

use crate::algorithm::{AlgorithmError, Digest, Oid, SignatureAlgorithm};
use crate::deviation::Deviation;
use crate::tlv::{Reader, Tlv, TlvError};
use core::fmt;
use core::ops::Range;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use openssl::sha::sha256;
use std::sync::OnceLock;

/// Longest certificate that is read. The longest of a country signing authority has 3 kB.
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// What a key may be used for (RFC 5280, 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Signatures over documents, lists and seals.
    DigitalSignature = 0x80,
    /// Signatures over certificates.
    CertificateSign = 0x04,
    /// Signatures over revocation lists.
    CrlSign = 0x02,
}

/// SHA-256 over a whole certificate: what people compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whoever typed the fingerprint writes 64 hexadecimal digits; colons and spaces may separate them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 hexadecimal digits, {digits} found")]
pub struct NoFingerprint {
    /// Hexadecimal digits found.
    pub digits: usize,
}

impl core::str::FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let nibbles: Option<Vec<u8>> = text
            .chars()
            .filter(|letter| !matches!(letter, ':' | ' '))
            .map(|letter| u8::try_from(letter.to_digit(16)?).ok())
            .collect();
        let nibbles = nibbles.unwrap_or_default();
        let bytes: Vec<u8> = nibbles
            .chunks_exact(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect();
        <[u8; 32]>::try_from(bytes)
            .ok()
            .filter(|_| nibbles.len() == 64)
            .map(Self)
            .ok_or(NoFingerprint {
                digits: nibbles.len(),
            })
    }
}

/// A certificate whose structure is right. Nothing is verified by having one.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Range<usize>,
    issuer: Range<usize>,
    subject: Range<usize>,
    key_info: Range<usize>,
    signature: Range<usize>,
    serial: Vec<u8>,
    algorithm: Result<SignatureAlgorithm, Oid>,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    pub(crate) extensions: Extensions,
    key: OnceLock<Option<Key>>,
}

/// The extensions that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    pub(crate) subject_key: Option<Vec<u8>>,
    pub(crate) authority_key: Option<Vec<u8>>,
    /// First byte of the bits.
    pub(crate) usage: Option<u8>,
    /// Basic constraints say that it is a certification authority.
    pub(crate) authority: bool,
    /// Extended key usage.
    pub(crate) purposes: Vec<Oid>,
    /// When the private key may be used (RFC 3280, 4.2.1.4).
    pub(crate) key_period: Option<(Option<Timestamp>, Option<Timestamp>)>,
    /// Documents that the key signs, as in the zone (Doc 9303-12, 7.1.1.6).
    pub(crate) document_types: Vec<String>,
    /// A critical extension that is unknown here.
    pub(crate) unknown_critical: Option<Oid>,
}

/// Reads what stands before the extension's own value (RFC 5280, 4.2).
const ARC: [u8; 2] = [0x55, 0x1D];
const DOCUMENT_TYPES: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x06, 0x02];
const NAME_CHANGE: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x06, 0x01];

/// Elements of a list inside an extension that are looked at.
const LISTED_MAX: usize = 32;

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    ///
    /// [`TlvError`] for the first thing that is not as RFC 5280, 4.1 says.
    pub fn parse(der: &[u8]) -> Result<Self, TlvError> {
        let whole = Reader::new(der).expect(0x30, "certificate")?;
        if whole.raw.len() != der.len() || der.len() > CERTIFICATE_BYTES_MAX {
            return Err(whole.wrong("one certificate"));
        }
        let mut reader = whole.reader();
        let signed = reader.expect(0x30, "signed part of the certificate")?;
        let algorithm = reader.expect(0x30, "signature algorithm")?;
        let signature = reader.expect(0x03, "signature")?;
        let mut inside = signed.reader();
        inside.optional(0xA0)?;
        let serial = inside.expect(0x02, "serial number")?.value;
        inside.expect(0x30, "signature algorithm")?;
        let issuer = inside.expect(0x30, "issuer")?;
        let mut validity = inside.expect(0x30, "validity")?.reader();
        let not_before = time(&validity.any("start of validity")?);
        let not_after = time(&validity.any("end of validity")?);
        let subject = inside.expect(0x30, "subject")?;
        let key_info = inside.expect(0x30, "public key")?;
        inside.optional(0x81)?;
        inside.optional(0xA1)?;
        inside.optional(0x82)?;
        inside.optional(0xA2)?;
        let extensions = match inside.optional(0xA3)? {
            Some(list) => extensions(&list)?,
            None => Extensions::default(),
        };
        let bits = range(&signature);
        let algorithm = match SignatureAlgorithm::read(&algorithm, Digest::Sha1) {
            Ok(algorithm) => Ok(algorithm),
            Err(AlgorithmError::Unknown(oid)) => Err(oid),
            Err(AlgorithmError::Structure(problem)) => return Err(problem),
        };
        Ok(Self {
            signed: range(&signed),
            issuer: range(&issuer),
            subject: range(&subject),
            key_info: range(&key_info),
            // The first byte counts unused bits.
            signature: (signature.offset + 1).min(bits.end)..bits.end,
            serial: significant(serial).to_vec(),
            algorithm,
            not_before,
            not_after,
            extensions,
            key: OnceLock::new(),
            der: der.to_vec(),
        })
    }

    /// The certificate as it stands.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 over the whole certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(sha256(&self.der))
    }

    /// Serial number without leading zeros.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The subject's country in upper case, of two letters (some issuers write three).
    #[must_use]
    pub fn country(&self) -> Option<String> {
        country(self.subject()).or_else(|| country(self.issuer()))
    }

    /// The subject's common name, where it is readable.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
        entry(self.subject(), COMMON_NAME)
    }

    /// First moment of validity.
    #[must_use]
    pub const fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// Last moment of validity.
    #[must_use]
    pub const fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    /// Issuer and subject are the same.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        canonical(self.issuer()) == canonical(self.subject())
    }

    /// The public key as SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn public_key_info(&self) -> &[u8] {
        &self.der[self.key_info.clone()]
    }

    /// Whether the key usage, where there is one, allows `usage`.
    #[must_use]
    pub fn allows(&self, usage: Usage) -> bool {
        self.extensions
            .usage
            .is_none_or(|bits| bits & usage as u8 != 0)
    }

    /// Whether the certificate was valid at `moment`; `None` where its validity cannot be read.
    #[must_use]
    pub fn was_valid(&self, moment: Timestamp) -> Option<bool> {
        Some(self.not_before? <= moment && moment <= self.not_after?)
    }

    /// Whether `issuer`'s key made this certificate's signature.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        let (Ok(algorithm), Some(key)) = (&self.algorithm, issuer.key()) else {
            return false;
        };
        algorithm
            .verify(
                &key.key,
                &self.der[self.signed.clone()],
                &self.der[self.signature.clone()],
            )
            .is_ok_and(|verified| verified.is_some())
    }

    pub(crate) fn issuer(&self) -> &[u8] {
        &self.der[self.issuer.clone()]
    }

    pub(crate) fn subject(&self) -> &[u8] {
        &self.der[self.subject.clone()]
    }

    pub(crate) fn algorithm(&self) -> Option<SignatureAlgorithm> {
        self.algorithm.as_ref().ok().copied()
    }

    /// The key, decoded when first asked for.
    pub(crate) fn key(&self) -> Option<&Key> {
        self.key
            .get_or_init(|| key::read(self.public_key_info()))
            .as_ref()
    }

    /// What had to be tolerated to read the key.
    pub(crate) fn deviation(&self) -> Option<Deviation> {
        self.key().and_then(|key| key.deviation)
    }

    /// Whether `self` may be the issuer of something with this authority key identifier and issuer
    /// name: by the identifier where both have one, else by the name.
    pub(crate) fn is_named_as_issuer(&self, authority_key: Option<&[u8]>, issuer: &[u8]) -> bool {
        let by_key =
            authority_key.is_some() && self.extensions.subject_key.as_deref() == authority_key;
        by_key || canonical(self.subject()) == canonical(issuer)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let country = self.country();
        write!(
            f,
            "Certificate({}, {})",
            country.as_deref().unwrap_or("no country"),
            self.fingerprint()
        )
    }
}

/// Where an object stands in its file.
pub(crate) fn range(object: &Tlv<'_>) -> Range<usize> {
    let end = object.offset + object.value.len();
    end - object.raw.len()..end
}

/// A number without leading zeros.
pub(crate) fn significant(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0);
    &number[first.unwrap_or(number.len())..]
}

/// An extension of a certificate, of a revocation list, or of an entry in one (RFC 5280, 4.1).
pub(crate) struct Extension<'a> {
    /// Content of its object identifier.
    pub(crate) kind: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: Tlv<'a>,
}

/// Calls `note` with each extension of the sequence that `list` reads.
pub(crate) fn each_extension<'a>(
    mut list: Reader<'a>,
    mut note: impl FnMut(Extension<'a>) -> Result<(), TlvError>,
) -> Result<(), TlvError> {
    while !list.is_empty() {
        let mut extension = list.expect(0x30, "extension")?.reader();
        note(Extension {
            kind: extension.expect(0x06, "kind of extension")?.value,
            critical: extension
                .optional(0x01)?
                .is_some_and(|flag| flag.value != [0]),
            value: extension.expect(0x04, "value of the extension")?,
        })?;
    }
    Ok(())
}

fn extensions(list: &Tlv<'_>) -> Result<Extensions, TlvError> {
    let mut found = Extensions::default();
    let list = list.reader().expect(0x30, "extensions")?.reader();
    each_extension(list, |extension| {
        // An extension that nobody can read says nothing; one that is critical then speaks against
        // the certificate.
        let kind = extension.kind;
        let read = read_extension(kind, &extension.value, &mut found).unwrap_or(false);
        if extension.critical && !read {
            found.unknown_critical = Some(Oid::new(kind));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Notes an extension; whether it is known.
fn read_extension(kind: &[u8], value: &Tlv<'_>, found: &mut Extensions) -> Result<bool, TlvError> {
    let mut reader = value.reader();
    match kind {
        [a, b, last] if [*a, *b] == ARC => match last {
            14 => found.subject_key = Some(reader.expect(0x04, "key identifier")?.value.to_vec()),
            15 => found.usage = reader.expect(0x03, "key usage")?.value.get(1).copied(),
            16 => {
                let mut period = reader.expect(0x30, "key period")?.reader();
                let from = period.optional(0x80)?.and_then(|at| generalized(at.value));
                let until = period.optional(0x81)?.and_then(|at| generalized(at.value));
                found.key_period = Some((from, until));
            }
            19 => {
                let mut constraints = reader.expect(0x30, "basic constraints")?.reader();
                found.authority = constraints
                    .optional(0x01)?
                    .is_some_and(|ca| ca.value != [0]);
            }
            35 => {
                let mut names = reader.expect(0x30, "authority key identifier")?.reader();
                found.authority_key = names.optional(0x80)?.map(|key| key.value.to_vec());
            }
            37 => {
                let mut purposes = reader.expect(0x30, "purposes")?.reader();
                while !purposes.is_empty() && found.purposes.len() < LISTED_MAX {
                    let purpose = purposes.expect(0x06, "purpose")?;
                    found.purposes.push(Oid::new(purpose.value));
                }
            }
            // Alternative names, policies, distribution points: they decide nothing here.
            9 | 17 | 18 | 31 | 32 => {}
            _ => return Ok(false),
        },
        DOCUMENT_TYPES => {
            let mut list = reader.expect(0x30, "document types")?.reader();
            list.expect(0x02, "version")?;
            let mut types = list.expect(0x31, "document types")?.reader();
            while !types.is_empty() && found.document_types.len() < LISTED_MAX {
                let code = types.any("document type")?.value;
                if let Some(code) = document_code(code) {
                    found.document_types.push(code);
                }
            }
        }
        NAME_CHANGE => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// A document code as in the zone, without fillers.
fn document_code(code: &[u8]) -> Option<String> {
    let text = core::str::from_utf8(code).ok()?.trim_end_matches('<');
    let plain = !text.is_empty()
        && text.len() <= 2
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| text.to_ascii_uppercase())
}

/// The country in a name, in upper case.
pub(crate) fn country(name: &[u8]) -> Option<String> {
    const COUNTRY: &[u8] = &[0x55, 0x04, 0x06];
    let text = entry(name, COUNTRY)?;
    // What is printed in a finding must be a country, not whatever a certificate says.
    let plain = matches!(text.len(), 2 | 3) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    plain.then(|| text.to_ascii_uppercase())
}

/// The first entry of a kind in a name.
fn entry(name: &[u8], wanted: &[u8]) -> Option<String> {
    let mut found = None;
    entries(name, &mut |kind, text| {
        if kind == wanted && found.is_none() {
            found = Some(text.trim().to_owned());
        }
    })
    .ok()?;
    found
}

/// A name so that equal names have equal bytes: letters folded, spaces collapsed (RFC 5280, 7.1).
/// A name that cannot be read is itself.
pub(crate) fn canonical(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let read = entries(name, &mut |kind, text| {
        out.extend_from_slice(kind);
        out.push(0);
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        out.extend_from_slice(words.join(" ").as_bytes());
        out.push(0);
    });
    if read.is_err() {
        return name.to_vec();
    }
    out
}

/// Tells kind and text of every entry of a name.
fn entries(name: &[u8], tell: &mut dyn FnMut(&[u8], &str)) -> Result<(), TlvError> {
    let mut parts = Reader::new(name).expect(0x30, "name")?.reader();
    while !parts.is_empty() {
        let mut set = parts.expect(0x31, "part of the name")?.reader();
        while !set.is_empty() {
            let mut pair = set.expect(0x30, "part of the name")?.reader();
            let kind = pair.expect(0x06, "kind of part")?.value;
            let text = pair.any("text")?;
            // BMPString has two bytes a character.
            if text.tag == 0x1E {
                let units = text.value.chunks_exact(2);
                let units: Vec<u16> = units
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect();
                tell(kind, &String::from_utf16_lossy(&units));
            } else {
                tell(kind, &String::from_utf8_lossy(text.value));
            }
        }
    }
    Ok(())
}

/// UTCTime or GeneralizedTime in UTC; seconds may be missing. `None` for other forms.
pub(crate) fn time(object: &Tlv<'_>) -> Option<Timestamp> {
    match object.tag {
        0x17 => {
            let text = core::str::from_utf8(object.value).ok()?;
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            // RFC 5280, 4.1.2.5.1.
            moment(if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        0x18 => generalized(object.value),
        _ => None,
    }
}

fn generalized(value: &[u8]) -> Option<Timestamp> {
    let (year, rest) = core::str::from_utf8(value).ok()?.split_at_checked(4)?;
    moment(year.parse().ok()?, rest)
}

fn moment(year: i16, rest: &str) -> Option<Timestamp> {
    let digits = rest.strip_suffix('Z')?;
    if !matches!(digits.len(), 8 | 10) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| digits.get(at..at + 2).map_or(Ok(0), str::parse::<i8>).ok();
    let moment = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(moment).ok()
}

#[cfg(test)]
mod tests;
