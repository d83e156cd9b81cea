//! What issuers write otherwise than the standard says, in documents that are valid all the same. Each
//! was met by somebody.

use super::certificate;
use super::der::{oid, sequence, tlv};
use super::{Authority, IssuerError};
use gate_document::tlv::{Reader, Tlv};

/// An oddity of a document's files; a document may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// EF.SOD has indefinite lengths, and its content in pieces (NZ, 2013).
    IndefiniteLengths,
    /// The security object is signed as content of this type: plain data (CN), or a vendor's own
    /// (BE, FR, NL).
    ContentType(&'static [u32]),
    /// The signature names another certificate than the one whose key made it (MY, UA).
    OtherSigner,
    /// The key's algorithm stands where the signature's belongs.
    KeyAlgorithm,
    /// RSASSA-PSS states no digest, which means SHA-1, and SHA-256 is used. RSA only.
    PssParameters,
    /// The numbers of an ECDSA signature have superfluous zeros.
    PaddedSignature,
    /// The lengths in the face record are too small by so many bytes (GB 1, NZ 8).
    ShortRecord(u8),
    /// So many zeros stand behind the image, inside the face record.
    PaddedImage(u8),
    /// DG11 has another name outside its list, as 5F0F (CN).
    NameOutsideList,
    /// The list of other names in DG11 states no number (BY).
    ListWithoutNumber,
    /// The last object of DG13 announces more bytes than there are (SG).
    BrokenDg13,
    /// DG13 announces more bytes than the file has (SG).
    OverlongDg13,
    /// Dates in DG11 and DG12 are four bytes of two digits each.
    ShortDates,
    /// DG14 names the static key on a curve as one in a prime field (RU).
    KeyMisnamed,
    /// The static key in DG14 is one of GOST R 34.10-2012 (RU).
    KeyOfGost,
}

impl Oddity {
    /// The content type that is signed in place of `usual`.
    pub(super) fn content_type<'a>(odd: &[Self], usual: &'a [u32]) -> &'a [u32]
    where
        'static: 'a,
    {
        odd.iter()
            .find_map(|odd| match odd {
                Self::ContentType(arcs) => Some(*arcs),
                _ => None,
            })
            .unwrap_or(usual)
    }

    /// How many bytes the lengths of the face record are short of, and zeros behind the image.
    pub(super) fn of_record(odd: &[Self]) -> (usize, usize) {
        odd.iter().fold((0, 0), |(short, padding), odd| match odd {
            Self::ShortRecord(bytes) => (usize::from(*bytes), padding),
            Self::PaddedImage(bytes) => (short, usize::from(*bytes)),
            _ => (short, padding),
        })
    }
}

/// `file` with indefinite lengths from its content on: of every object around the content and the
/// signer, never of what is signed.
pub(super) fn with_indefinite_lengths(file: &[u8]) -> Vec<u8> {
    let Ok(outer) = Reader::new(file).any("file") else {
        return file.to_vec();
    };
    tlv(outer.tag, &children(&outer, |info| indefinite(&info, 0)))
}

/// ContentInfo, its explicit content, SignedData, then each of its sets and the content.
fn indefinite(object: &Tlv<'_>, depth: usize) -> Vec<u8> {
    const CONTENT: usize = 4;
    let inside = match (depth, object.tag) {
        (0..=2, 0x30 | 0xA0) => children(object, |child| indefinite(&child, depth + 1)),
        (3, 0x31 | 0xA0) => object.value.to_vec(),
        (3, 0x30) | (CONTENT, 0xA0) => children(object, |child| indefinite(&child, depth + 1)),
        (5, 0x04) => return pieces(object.value),
        _ => return object.raw.to_vec(),
    };
    let tag = object.tag.to_be_bytes()[3];
    [&[tag, 0x80][..], &inside, &[0, 0]].concat()
}

/// An octet string in two pieces.
fn pieces(value: &[u8]) -> Vec<u8> {
    let (first, second) = value.split_at(value.len() / 2);
    let (first, second) = (tlv(0x04, first), tlv(0x04, second));
    [&[0x24, 0x80][..], &first, &second, &[0, 0]].concat()
}

fn children(object: &Tlv<'_>, each: impl Fn(Tlv<'_>) -> Vec<u8>) -> Vec<u8> {
    let mut reader = object.reader();
    let mut out = Vec::new();
    while let Ok(child) = reader.any("part") {
        out.extend(each(child));
    }
    out
}

/// An ECDSA signature with a zero more before each of its numbers.
pub(super) fn padded(signature: &[u8]) -> Vec<u8> {
    let Ok(sequence_of_two) = Reader::new(signature).any("signature") else {
        return signature.to_vec();
    };
    tlv(
        0x30,
        &children(&sequence_of_two, |number| {
            tlv(0x02, &[&[0], number.value].concat())
        }),
    )
}

/// A public key of GOST R 34.10-2012 with 256 bits: identifiers as registered, the point invented.
fn gost_key() -> Vec<u8> {
    let parameters = sequence(&[
        &oid(&[1, 2, 643, 2, 2, 35, 1]),
        &oid(&[1, 2, 643, 7, 1, 1, 2, 2]),
    ]);
    let algorithm = sequence(&[&oid(&[1, 2, 643, 7, 1, 1, 1, 1]), &parameters]);
    let point = tlv(0x04, &[0x5A; 64]);
    sequence(&[&algorithm, &tlv(0x03, &[&[0], &point[..]].concat())])
}

/// A key's entry in DG14 as this issuer writes it.
pub(super) fn key_info(odd: &[Oddity], info: &[u8]) -> Vec<u8> {
    let Ok(entry) = Reader::new(info).any("entry") else {
        return info.to_vec();
    };
    let part = |part: Tlv<'_>| match part.tag {
        // id-PK-ECDH becomes id-PK-DH.
        0x06 if odd.contains(&Oddity::KeyMisnamed) => tlv(0x06, &[4, 0, 0x7F, 0, 7, 2, 2, 1, 1]),
        0x30 if odd.contains(&Oddity::KeyOfGost) => gost_key(),
        _ => part.raw.to_vec(),
    };
    tlv(0x30, &children(&entry, part))
}

/// How the document signer's certificate misstates its elliptic key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddKey {
    /// The generator of the written-out parameters has a zero in front.
    PaddedGenerator,
    /// The curve's name is that of secp256r1; the key is on brainpoolP256r1.
    WrongCurve,
}

impl OddKey {
    /// `info`, a SubjectPublicKeyInfo with parameters written out, as this issuer writes it.
    pub(super) fn misstate(self, info: &[u8]) -> Vec<u8> {
        let parameters = |object: &Tlv<'_>| match (self, object.tag) {
            (Self::WrongCurve, 0x30) => oid(&[1, 2, 840, 10_045, 3, 1, 7]),
            (Self::PaddedGenerator, 0x30) => tlv(
                0x30,
                &children(object, |part| match part.tag {
                    0x04 => tlv(0x04, &[&[0], part.value].concat()),
                    _ => part.raw.to_vec(),
                }),
            ),
            _ => object.raw.to_vec(),
        };
        let Ok(whole) = Reader::new(info).any("key") else {
            return info.to_vec();
        };
        tlv(
            0x30,
            &children(&whole, |part| match part.tag {
                0x30 => tlv(0x30, &children(&part, |object| parameters(&object))),
                _ => part.raw.to_vec(),
            }),
        )
    }
}

impl Authority {
    /// The same authority, whose document signer's certificate misstates its key. For
    /// [`Scheme::Elliptic`](super::Scheme::Elliptic).
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`] if OpenSSL does not take the certificate.
    pub fn with_odd_key(mut self, odd: OddKey) -> Result<Self, IssuerError> {
        let der = self.signer.certificate.to_der()?;
        let der = certificate::signed_anew(&self.csca, &der, |index, part| match index {
            6 => odd.misstate(part),
            _ => part.to_vec(),
        })?;
        self.signer.certificate = openssl::x509::X509::from_der(&der)?;
        Ok(self)
    }
}
