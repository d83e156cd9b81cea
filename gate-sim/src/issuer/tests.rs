//! The documents are what OpenSSL, an implementation by others, takes them for.

use image::{Rgb, RgbImage};
use jiff::civil::date;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::pkcs7::Pkcs7;
use openssl::sha::sha256;
use openssl::x509::{X509, X509VerifyResult};

use super::*;

/// A picture that compresses like a photograph: slopes and some grain.
pub(crate) fn picture(seed: u64) -> RgbImage {
    let mut state = seed | 1;
    RgbImage::from_fn(360, 480, |x, y| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let grain = (state >> 60) as u8;
        Rgb([
            (x / 2) as u8 + grain,
            (y / 3) as u8 + grain,
            ((x + y) / 5) as u8 + grain,
        ])
    })
}

/// The holder of Doc 9303's specimen passport.
pub(crate) fn specimen() -> DocumentRequest {
    DocumentRequest {
        format: Format::Td3,
        surname: "Eriksson".into(),
        given_names: "Anna Maria".into(),
        number: "L898902C3".into(),
        nationality: "UTO",
        birth: date(1974, 8, 12),
        sex: Sex::Female,
        expiry: date(2012, 4, 15),
        optional: "ZE184226B".into(),
        portrait: Portrait {
            encoding: Encoding::Jpeg,
            width: 2,
            height: 2,
            bytes: vec![0xFF, 0xD8],
        },
    }
}

/// Verifies EF.SOD and its signer under `csca`; returns the signed digests.
///
/// OpenSSL builds no chain through keys with written-out parameters, therefore signature and signer
/// are verified apart.
fn verify(document: &TestDocument, csca: &[u8]) -> Option<Vec<u8>> {
    let file = document.file(lds::EF_SOD).unwrap();
    assert_eq!(file[..2], [0x77, 0x82]);
    let mut content = Vec::new();
    CmsContentInfo::from_der(&file[4..])
        .unwrap()
        .verify(
            None,
            None,
            None,
            Some(&mut content),
            CMSOptions::NO_SIGNER_CERT_VERIFY,
        )
        .unwrap();
    let csca = X509::from_pem(csca).unwrap();
    let signers = Pkcs7::from_der(&file[4..]).unwrap();
    let signer = signers.signed()?.certificates()?.get(0)?;
    let is_issuer = csca.issued(signer) == X509VerifyResult::OK
        && signer.verify(&csca.public_key().unwrap()).unwrap();
    is_issuer.then_some(content)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[test]
fn openssl_verifies_every_scheme_and_finds_both_digests() {
    for scheme in [Scheme::Elliptic, Scheme::Rsa] {
        for state in [State::UTOPIA, State::VIETNAM] {
            let authority = Authority::new(state, scheme, 1).unwrap();
            let document = authority.issue(&specimen()).unwrap();
            let content = verify(&document, &authority.csca_pem().unwrap()).unwrap();
            for id in [0x0101, lds::EF_DG2] {
                assert!(
                    contains(&content, &sha256(document.file(id).unwrap())),
                    "{scheme:?}"
                );
            }
        }
    }
}

#[test]
fn the_certificates_are_those_of_a_country() {
    let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let (csca, signer) = (&authority.csca.certificate, &authority.signer.certificate);
    assert!(csca.verify(&authority.csca.key).unwrap());
    assert!(signer.verify(&authority.csca.key).unwrap());
    assert_eq!(
        signer.authority_key_id().unwrap().as_slice(),
        csca.subject_key_id().unwrap().as_slice()
    );
    for certificate in [csca, signer] {
        let text = String::from_utf8(certificate.to_text().unwrap()).unwrap();
        assert!(text.contains("C=UT"), "{text}");
        assert!(text.contains("X509v3 Key Usage: critical"), "{text}");
        assert!(
            text.contains("Field Type: prime-field"),
            "explicit parameters: {text}"
        );
    }
    let text = String::from_utf8(csca.to_text().unwrap()).unwrap();
    assert!(text.contains("CA:TRUE, pathlen:0"));
}

#[test]
fn the_same_seed_is_the_same_authority_and_an_impostor_is_another() {
    let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let again = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    assert!(authority.csca.key.public_eq(&again.csca.key));
    let document = authority.issue(&specimen()).unwrap();
    verify(&document, &again.csca_pem().unwrap()).unwrap();

    let impostor = authority.impostor().unwrap();
    assert_eq!(
        impostor.csca.certificate.subject_name().to_der().unwrap(),
        authority.csca.certificate.subject_name().to_der().unwrap(),
    );
    let forged = impostor.issue(&specimen()).unwrap();
    assert!(verify(&forged, &authority.csca_pem().unwrap()).is_none());
}

#[test]
fn a_forger_changes_what_he_says_and_nothing_else() {
    let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let genuine = authority.issue(&specimen()).unwrap();
    let other = Portrait {
        encoding: Encoding::Jpeg,
        width: 2,
        height: 2,
        bytes: vec![0xFF, 0xD8, 0xFF],
    };
    let exchanged = genuine.clone().exchange_portrait(&other);
    for (id, bytes) in genuine.files() {
        assert_eq!(exchanged.file(id) == Some(bytes), id != lds::EF_DG2);
    }
    let content = verify(&exchanged, &authority.csca_pem().unwrap()).unwrap();
    assert!(!contains(
        &content,
        &sha256(exchanged.file(lds::EF_DG2).unwrap())
    ));

    let reprinted = genuine.clone().reprint_name("Smith", "John").unwrap();
    assert!(genuine.files().eq(reprinted.files()));
    assert_eq!(genuine.lines()[1], reprinted.lines()[1]);
    assert_eq!(genuine.key_information(), reprinted.key_information());
    assert!(reprinted.lines()[0].starts_with("P<UTOSMITH<<JOHN<"));
}

#[test]
fn nothing_of_the_holder_is_printed() {
    let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let document = authority.issue(&specimen()).unwrap();
    let text = format!("{document:?} {authority:?}").to_uppercase();
    for personal in ["ERIKSSON", "ANNA", "L898902C3", "740812"] {
        assert!(!text.contains(personal), "{text}");
    }
}
