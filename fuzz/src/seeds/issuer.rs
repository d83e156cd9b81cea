//! Documents of the test authority, which the other seeds are taken from.

use gate_document::ElementaryFile;
use gate_sim::chip::Cipher;
use gate_sim::issuer::State as Issuing;
use gate_sim::issuer::electronics::{ChipOffer, Mapping, PaceOffer, SignatureOffer};
use gate_sim::issuer::{
    Authority, DocumentRequest, Electronics, Encoding, Format, IssuerError, Portrait, Scheme,
    TestDocument,
};
use image::{Rgb, RgbImage};
use std::sync::OnceLock;

/// A genuine document of the test authority.
pub fn document() -> &'static TestDocument {
    static DOCUMENT: OnceLock<TestDocument> = OnceLock::new();
    DOCUMENT.get_or_init(|| issue(Encoding::Jpeg2000, Format::Td3).expect("a test document"))
}

/// The same of these days: PACE, Chip Authentication, Active Authentication.
pub fn modern_document() -> &'static TestDocument {
    static DOCUMENT: OnceLock<TestDocument> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let elliptic = SignatureOffer::Elliptic { announced: true };
        issue_with(Encoding::Jpeg2000, Format::Td3, &electronics(elliptic))
            .expect("a test document")
    })
}

pub(super) fn electronics(signature: SignatureOffer) -> Electronics {
    Electronics {
        pace: vec![PaceOffer {
            mapping: Mapping::Generic,
            cipher: Cipher::Aes128,
            parameters: 12,
        }],
        chip: vec![ChipOffer {
            cipher: Cipher::Aes128,
            parameters: 12,
            number: None,
            announced: true,
        }],
        signature: Some(signature),
        ..Electronics::default()
    }
}

/// One for all: its signatures are random, and two would not have the same certificate.
pub(super) fn authority() -> Result<&'static Authority, IssuerError> {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    if let Some(authority) = AUTHORITY.get() {
        return Ok(authority);
    }
    let authority = Authority::new(Issuing::UTOPIA, Scheme::Elliptic, 1)?;
    Ok(AUTHORITY.get_or_init(|| authority))
}

pub(super) fn issue(encoding: Encoding, format: Format) -> Result<TestDocument, IssuerError> {
    issue_with(encoding, format, &Electronics::default())
}

pub(super) fn issue_with(
    encoding: Encoding,
    format: Format,
    electronics: &Electronics,
) -> Result<TestDocument, IssuerError> {
    let picture = RgbImage::from_fn(64, 80, |x, y| Rgb([(x * 4) as u8, (y * 3) as u8, 90]));
    let portrait = Portrait::encode(&picture, encoding, 2_000)?;
    let request = DocumentRequest {
        format,
        ..DocumentRequest::specimen(portrait)
    };
    authority()?.issue_with(&request, electronics)
}

/// One file of a genuine document.
pub(super) fn file(encoding: Encoding, format: Format, file: ElementaryFile) -> Vec<u8> {
    let document = issue(encoding, format).expect("a test document");
    let bytes = document.file(file.identifier()).expect("every file");
    bytes.to_vec()
}
