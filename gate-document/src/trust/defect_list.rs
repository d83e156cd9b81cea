//! Lists of known defects as States publish them, in signed data: the deviation list of ICAO (Doc
//! 9303-12, 10) and the defect list of BSI TR-03129-2. They become entries of [`Defects`].
//!
//! ```text
//! DeviationList ::= SEQUENCE { version INTEGER, digestAlgorithm OPTIONAL, deviations SET OF SEQUENCE {
//!     documents    SEQUENCE { documentType [0], dscIdentifier [1..3], issuingDate [4], documentNumbers [5] },
//!     descriptions SET OF SEQUENCE { description, deviationType, parameters [0], nationalUse [1] } } }
//!
//! DefectList    ::= SEQUENCE { version INTEGER, hashAlg, defects SET OF SEQUENCE {
//!     signerIdentifier, certificateHash OCTET STRING OPTIONAL,
//!     knownDefects SET OF SEQUENCE { defectType, parameters } } }
//! ```
//!
//! The standards say what is wrong, and leave it to the receiving State what follows. Here, only what
//! is a matter of consistency is waived; a key that was compromised proves nothing any more; a
//! revoked signer refers; all else is said and changes nothing.
//!
//! [`Defects`]: super::defects::Defects

use super::defects::{Days, Defect, Effect, Listed};
use super::pinned::{self, Refused};
use crate::algorithm::Digest;
use crate::certificate::{Certificate, Fingerprint, significant};
use crate::cms::{CmsError, SignedData, SignerIdentifier};
use crate::finding::Check;
use crate::tlv::{Reader, Tlv, TlvError, to_definite};
use jiff::Timestamp;
use jiff::civil::Date;

/// Longest list that is read. Italy's has 346 275 document numbers in 3.1 MB.
pub const DEFECT_LIST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Defects in a list, and document numbers of a defect, at most.
const DEFECTS_MAX: usize = 10_000;
const NUMBERS_MAX: usize = 1_000_000;

/// id-icao-DeviationList and id-icao-DeviationListSigningKey.
const DEVIATION_LIST: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x07];
const DEVIATION_LIST_SIGNING: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x08];
/// id-DefectList: bsi-de applications(3) mrtd(1) 5.
const DEFECT_LIST: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x05];

/// Why a list is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefectListError {
    /// Fetch the list again.
    #[error("list of defects {0}")]
    Structure(#[from] TlvError),
    /// Fetch the list again, or a newer version of this software.
    #[error("list of defects: {0}")]
    Cms(#[from] CmsError),
    /// This is something else.
    #[error("signed content is no list of defects")]
    Content,
    /// Longer than any list.
    #[error("list of defects of {length} bytes, at most {DEFECT_LIST_BYTES_MAX} expected")]
    TooLong {
        /// Bytes found.
        length: usize,
    },
    /// Damaged or forged: fetch the list again, from where it is published.
    #[error("list of defects: {0}")]
    Signature(String),
    /// Compare the signer's certificate with the publisher's, then pin it.
    #[error(
        "list of defects signed by {signer}, which is not pinned and not certified by a pinned one"
    )]
    NotPinned {
        /// The signer's certificate.
        signer: Fingerprint,
    },
    /// The signer's certificate is not for such lists, or was not valid: do not use the list.
    #[error("signer of the list of defects {0}")]
    Signer(&'static str),
}

/// Whose form a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// ICAO's: about documents of the State that publishes it.
    Deviations,
    /// The BSI's: about document signers of any State.
    Defects,
}

/// A list, with the bytes that were signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefectList {
    der: Vec<u8>,
    /// Whose form it has.
    pub form: Form,
    /// Country of the signer, two letters.
    pub country: String,
    /// When it was signed, if it says so.
    pub signed: Option<Timestamp>,
    /// What it says.
    pub entries: Vec<Defect>,
}

impl DefectList {
    /// Reads a list and verifies its signer on the day `today`. `pinned` holds certificates of the
    /// signers of lists. For ICAO's form it may hold the authority that certifies the signer; the
    /// signer of the other form has to be in it itself.
    ///
    /// # Errors
    ///
    /// [`DefectListError`].
    pub fn import(
        bytes: &[u8],
        pinned: &[Certificate],
        today: Date,
    ) -> Result<Self, DefectListError> {
        let (list, signer) = Self::verified(bytes)?;
        let purpose = match list.form {
            Form::Deviations => Some(DEVIATION_LIST_SIGNING),
            Form::Defects => None,
        };
        match pinned::check(&signer, pinned, purpose, today) {
            Ok(()) => Ok(list),
            Err(Refused::NotPinned(signer)) => Err(DefectListError::NotPinned { signer }),
            Err(Refused::Signer(problem)) => Err(DefectListError::Signer(problem)),
        }
    }

    /// Reads a list that was believed when it was put into a bundle, whose signature covers it.
    pub(super) fn from_bundle(bytes: &[u8]) -> Result<Self, DefectListError> {
        Self::verified(bytes).map(|(list, _)| list)
    }

    /// The signer's certificate is enclosed (Doc 9303-12, 10.1).
    fn verified(bytes: &[u8]) -> Result<(Self, Certificate), DefectListError> {
        if bytes.len() > DEFECT_LIST_BYTES_MAX {
            let length = bytes.len();
            return Err(DefectListError::TooLong { length });
        }
        let definite = to_definite(bytes)?;
        let data = SignedData::read(&Reader::new(&definite).expect(0x30, "signed data")?)?;
        let form = match data.content_type.as_bytes() {
            DEVIATION_LIST => Form::Deviations,
            DEFECT_LIST => Form::Defects,
            _ => return Err(DefectListError::Content),
        };
        let (signer, _) = data
            .verify(&[], "list signer")
            .map_err(|problem| DefectListError::Signature(problem.to_string()))?;
        let country = signer.country().unwrap_or_default();
        let signed = data.signer.attributes.as_ref();
        let signed = signed.and_then(|attributes| attributes.signing_time);
        let content = Reader::new(&data.content).expect(0x30, "list of defects")?;
        let entries = match form {
            Form::Deviations => deviations(&content, &country)?,
            Form::Defects => defects(&content, &country)?,
        };
        let list = Self {
            der: definite,
            form,
            country,
            signed,
            entries,
        };
        Ok((list, signer))
    }

    /// The signed data.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

fn deviations(content: &Tlv<'_>, country: &str) -> Result<Vec<Defect>, TlvError> {
    let mut reader = content.reader();
    reader.expect(0x02, "version")?;
    reader.optional(0x30)?;
    let mut found = Vec::new();
    each(
        &reader.expect(0x31, "deviations")?,
        DEFECTS_MAX,
        |deviation| {
            let mut parts = deviation.reader();
            let (mut listed, document, issued) = documents(&parts.expect(0x30, "documents")?)?;
            listed.country = Some(country.to_owned());
            each(
                &parts.expect(0x31, "descriptions")?,
                DEFECTS_MAX,
                |description| {
                    let mut parts = description.reader();
                    parts.optional(0x13)?;
                    let kind = parts.expect(0x06, "type of deviation")?;
                    let detail = match parts.optional(0xA0)? {
                        Some(detail) => small(&detail.reader().any("parameter")?),
                        None => None,
                    };
                    let kind = kind.value.strip_prefix(DEVIATION_LIST);
                    let consequence = deviation_of(kind.unwrap_or_default(), detail);
                    found.push(entry("deviation", country, consequence, |defect| {
                        defect.document.clone_from(&document);
                        defect.issued = issued;
                        defect.listed = Some(listed.clone());
                    }));
                    Ok(())
                },
            )
        },
    )?;
    Ok(found)
}

/// What documents a deviation is about: all that is stated has to fit (Doc 9303-12, 10).
type Documents = (Listed, Option<String>, Option<Days>);

fn documents(of: &Tlv<'_>) -> Result<Documents, TlvError> {
    let (mut listed, mut document, mut issued) = (Listed::default(), None, None);
    let mut reader = of.reader();
    while !reader.is_empty() {
        let part = reader.any("documents")?;
        match part.tag {
            0x80 => document = Some(text(&part).trim_end_matches(['<', ' ']).to_owned()),
            0xA1 => listed.signer = Some(issuer_and_serial(&part)?),
            0x82 => listed.signer = Some(SignerIdentifier::KeyIdentifier(part.value.to_vec())),
            0x83 => listed.digest = Some(part.value.to_vec()),
            0xA4 => {
                let mut period = part.reader();
                let (from, to) = (period.any("first day")?, period.any("last day")?);
                let days = (day(&from), day(&to));
                let (Some(from), Some(to)) = days else {
                    return Err(part.wrong("period of issue"));
                };
                issued = Some(Days { from, to });
            }
            0xA5 => {
                let mut numbers = Vec::new();
                each(&part, NUMBERS_MAX, |number| {
                    numbers.push(number.value.into());
                    Ok(())
                })?;
                numbers.sort_unstable();
                listed.numbers = Some(numbers);
            }
            // What narrows the documents in a way that is unknown here must not be widened.
            _ => return Err(part.wrong("documents of a deviation")),
        }
    }
    Ok((listed, document, issued))
}

fn defects(content: &Tlv<'_>, country: &str) -> Result<Vec<Defect>, TlvError> {
    let mut reader = content.reader();
    reader.expect(0x02, "version")?;
    reader.any("digest algorithm")?;
    let mut found = Vec::new();
    each(&reader.expect(0x31, "defects")?, DEFECTS_MAX, |defect| {
        let mut parts = defect.reader();
        let name = parts.any("signer identifier")?;
        let listed = Listed {
            signer: Some(match name.tag {
                0x30 => issuer_and_serial(&name)?,
                0x80 => SignerIdentifier::KeyIdentifier(name.value.to_vec()),
                _ => return Err(name.wrong("signer identifier")),
            }),
            digest: parts.optional(0x04)?.map(|digest| digest.value.to_vec()),
            ..Listed::default()
        };
        each(
            &parts.expect(0x31, "known defects")?,
            DEFECTS_MAX,
            |known| {
                let mut parts = known.reader();
                let kind = parts.expect(0x06, "type of defect")?;
                let kind = kind.value.strip_prefix(DEFECT_LIST).unwrap_or_default();
                let mut add = |consequence| {
                    found.push(entry("defect", country, consequence, |defect| {
                        defect.listed = Some(listed.clone());
                    }));
                };
                // Data groups that are malformed, in a set.
                if kind == [2, 1] {
                    let groups = parts.expect(0x31, "data groups")?;
                    return each(&groups, DEFECTS_MAX, |group| {
                        add(malformed(small(group)));
                        Ok(())
                    });
                }
                add(defect_of(kind));
                Ok(())
            },
        )
    })?;
    Ok(found)
}

/// Name of a defect, the check that it touches, and what follows.
type Consequence = (&'static str, Check, Effect);

/// Doc 9303-12, 10.2.
fn deviation_of(kind: &[u8], detail: Option<u8>) -> Consequence {
    use Effect::{Distrust, Note, Waive};
    match (kind, detail) {
        ([1, 1], _) => ("signer-signature", Check::SignerTrust, Note),
        ([1, 2], _) => ("signer-encoding", Check::SignerTrust, Note),
        ([1, 3], _) => ("authority-encoding", Check::SignerTrust, Note),
        ([1, 4], _) => (
            "active-authentication-key",
            Check::ActiveAuthentication,
            Distrust,
        ),
        ([2, 1], group) => malformed(group),
        ([2, 2], _) => ("data-group-digest", Check::DataGroupDigests, Note),
        ([2, 3], _) => ("sod-signature", Check::SodSignature, Note),
        ([2, 4], _) => ("com-inconsistent", Check::ComAgainstSod, Waive),
        ([3, 1], _) => ("zone-data", Check::PrintedAgainstChip, Note),
        ([3, 2], _) => ("zone-check-digit", Check::ZoneCheckDigits, Waive),
        ([4, ..], _) => ("chip", Check::ChipReading, Note),
        _ => ("other", Check::Conformance, Note),
    }
}

/// BSI TR-03129-2, defect types.
fn defect_of(kind: &[u8]) -> Consequence {
    use Effect::{Distrust, Fail, Note, Waive};
    match kind {
        [1, 1] => ("signer-revoked", Check::Revocation, Fail),
        [1, 2] => ("signer-replaced", Check::SignerTrust, Note),
        [1, 3] => (
            "chip-authentication-key",
            Check::ChipAuthentication,
            Distrust,
        ),
        [1, 4] => (
            "active-authentication-key",
            Check::ActiveAuthentication,
            Distrust,
        ),
        [2, 2] => ("sod-invalid", Check::SodSignature, Note),
        [2, 3] => ("com-inconsistent", Check::ComAgainstSod, Waive),
        [4, 1] => ("card-security", Check::CardSecurity, Note),
        [4, 3] => ("power-down", Check::ChipReading, Note),
        [4, 4] => ("signer-encoding", Check::SignerTrust, Note),
        _ => ("other", Check::Conformance, Note),
    }
}

/// A malformed data group: what is beside DG1 is waived, what proves something is not.
fn malformed(group: Option<u8>) -> Consequence {
    match group {
        Some(2) => ("dg2-malformed", Check::Portrait, Effect::Note),
        Some(11) => ("dg11-malformed", Check::PersonalDetails, Effect::Waive),
        Some(13) => ("dg13-malformed", Check::PersonalDetails, Effect::Waive),
        Some(14) => ("dg14-malformed", Check::ChipAuthentication, Effect::Note),
        Some(15) => ("dg15-malformed", Check::ActiveAuthentication, Effect::Note),
        Some(20) => ("sod-malformed", Check::SodSignature, Effect::Note),
        Some(21) => ("com-malformed", Check::ComAgainstSod, Effect::Waive),
        _ => ("data-group-malformed", Check::Conformance, Effect::Note),
    }
}

fn entry(
    form: &str,
    country: &str,
    (name, check, effect): Consequence,
    narrow: impl FnOnce(&mut Defect),
) -> Defect {
    let mut defect = Defect {
        id: format!("{form}-list-{country}-{name}"),
        issuer: String::new(),
        document: None,
        numbers: None,
        signer: None,
        issued: None,
        check,
        effect,
        source: format!("{form} list of {country}"),
        until: None,
        listed: None,
    };
    narrow(&mut defect);
    defect
}

fn each(
    set: &Tlv<'_>,
    most: usize,
    mut read: impl FnMut(&Tlv<'_>) -> Result<(), TlvError>,
) -> Result<(), TlvError> {
    let mut reader = set.reader();
    let mut count = 0;
    while !reader.is_empty() {
        if count == most {
            return Err(set.wrong("fewer elements"));
        }
        count += 1;
        read(&reader.any("element")?)?;
    }
    Ok(())
}

fn issuer_and_serial(object: &Tlv<'_>) -> Result<SignerIdentifier, TlvError> {
    let mut reader = object.reader();
    let issuer = reader.expect(0x30, "issuer")?.raw.to_vec();
    let serial = reader.expect(0x02, "serial number")?.value;
    let serial = significant(serial).to_vec();
    Ok(SignerIdentifier::IssuerAndSerial { issuer, serial })
}

/// A number below 128.
fn small(object: &Tlv<'_>) -> Option<u8> {
    match (object.tag, object.value) {
        (0x02, [number @ 0..0x80]) => Some(*number),
        _ => None,
    }
}

fn text<'a>(object: &Tlv<'a>) -> &'a str {
    core::str::from_utf8(object.value).unwrap_or_default()
}

/// The day of a GeneralizedTime, whatever stands behind it.
fn day(object: &Tlv<'_>) -> Option<Date> {
    let (year, rest) = text(object).split_at_checked(4)?;
    let (month, rest) = rest.split_at_checked(2)?;
    let (day, _) = rest.split_at_checked(2)?;
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// The digest of `certificate` that has the length of `digest`.
pub(super) fn has_digest(certificate: &Certificate, digest: &[u8]) -> bool {
    let kind = match digest.len() {
        20 => Digest::Sha1,
        28 => Digest::Sha224,
        32 => Digest::Sha256,
        48 => Digest::Sha384,
        64 => Digest::Sha512,
        _ => return false,
    };
    kind.of(certificate.der()).is_ok_and(|own| *own == *digest)
}

#[cfg(test)]
mod tests;
