use crate::algorithm::Digest;
use crate::certificate::Certificate;
use crate::finding::Outcome::{self, Failed, NotDone, Passed};
use crate::seal::test_signer::{BARCODES, SERIAL, certificate, public};
use crate::seal::{Seal, SealCheck, SealFormat, idb, read, sign, vds, verify};
use crate::test_issuer::{Authority, CSCA, Terms, authority, crl, p256};
use crate::trust::crl::Crl;
use crate::trust::{Anchor, Source, TrustStore};
use jiff::civil::{Date, date};
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

const TODAY: Date = date(2026, 11, 22);
const SIGNED: Date = date(2026, 11, 20);
/// 2026-11-01 and 2026-11-30.
const NOVEMBER: (i64, i64) = (1_793_491_200, 1_795_996_800);

struct Issuer {
    csca: Authority,
    key: PKey<Private>,
    signer: X509,
}

fn issuer(csca: Authority, from: i64, until: i64) -> Issuer {
    let key = p256();
    let terms = Terms {
        from,
        until,
        for_certificates: false,
        for_signatures: true,
        ..CSCA
    };
    let signer = certificate(&public(&key), "TS", terms, Some(BARCODES), &csca);
    Issuer { csca, key, signer }
}

fn read_certificate(of: &X509) -> Certificate {
    Certificate::parse(&of.to_der().unwrap()).unwrap()
}

fn trusting(anchors: &[&X509], signers: &[&X509]) -> TrustStore {
    let anchors = anchors.iter().map(|of| Anchor {
        certificate: read_certificate(of),
        source: Source::unstated(),
    });
    let signers = signers.iter().map(|of| read_certificate(of)).collect();
    TrustStore::of(anchors.collect()).with_seal_signers(signers)
}

fn binary(issuer: &Issuer, signed_on: Date) -> Seal {
    let header = vds::VdsHeader {
        format: SealFormat::Vds4,
        issuer: "UTO".to_owned(),
        signer: "UTTS".to_owned(),
        reference: format!("0{SERIAL}"),
        issued: signed_on,
        signed_on,
        document: 0xF101,
    };
    let unsigned = vds::unsigned(&header, &[(1, vec![1, 2, 3])]).unwrap();
    let signature = sign::sign(&issuer.key, Digest::Sha256, &unsigned).unwrap();
    read(&vds::seal(unsigned, &signature).unwrap()).unwrap()
}

fn outcome(seal: &Seal, store: &TrustStore, check: SealCheck) -> (Outcome, String) {
    let verification = verify(seal, store, Some(TODAY));
    let finding = verification.finding(check).unwrap();
    (finding.outcome, finding.reason.clone())
}

#[test]
fn a_seal_is_verified_with_the_signer_of_the_bundle() {
    use SealCheck::{SealRevocation, SealSigner, SealSignerTrust};
    let issuer = issuer(authority(p256(), CSCA, None), NOVEMBER.0, NOVEMBER.1);
    let seal = binary(&issuer, SIGNED);
    let csca = &issuer.csca.certificate;
    let store = trusting(&[csca], &[&issuer.signer]);
    assert!(verify(&seal, &store, Some(TODAY)).genuine());

    let unknown = (Failed, "no certificate of this signer is known".to_owned());
    assert_eq!(outcome(&seal, &trusting(&[csca], &[]), SealSigner), unknown);
    let nobody = trusting(&[], &[&issuer.signer]);
    let untrusted = (Failed, "no CSCA of UT in the trust store".to_owned());
    assert_eq!(outcome(&seal, &nobody, SealSignerTrust), untrusted);
    let namesake = authority(p256(), CSCA, None).certificate;
    let forged = (
        Failed,
        "signed by none of 1 CSCA certificates of UT".to_owned(),
    );
    let other = trusting(&[&namesake], &[&issuer.signer]);
    assert_eq!(outcome(&seal, &other, SealSignerTrust), forged);
    // Valid at signing decides, not today.
    let early = binary(&issuer, date(2026, 10, 20));
    let invalid = (
        Failed,
        "the signer certificate was not valid when the seal was signed".to_owned(),
    );
    assert_eq!(outcome(&early, &store, SealSignerTrust), invalid);

    for (revoked, made, expected) in [
        (&[][..], "261120000000Z", (Passed, "")),
        (
            &[(&[0x5B_u8][..], Some(1))][..],
            "261120000000Z",
            (Failed, "the signer's certificate has been revoked"),
        ),
        // The number of the authority itself.
        (
            &[(&[1_u8][..], None)][..],
            "261120000000Z",
            (Failed, "the signer's certificate has been revoked"),
        ),
        (
            &[],
            "260701000000Z",
            (NotDone, "the revocation list of UT is 144 days old"),
        ),
    ] {
        let list = Crl::parse(&crl(&issuer.csca, revoked, made, None)).unwrap();
        let store = trusting(&[csca], &[&issuer.signer]).with_crls(vec![list]);
        let found = outcome(&seal, &store, SealRevocation);
        assert_eq!((found.0, found.1.as_str()), expected);
    }
}

#[test]
fn a_signer_of_seals_below_a_link_certificate_is_trusted_over_the_older_key() {
    let older = authority(p256(), CSCA, None);
    let issuer = issuer(authority(p256(), CSCA, None), NOVEMBER.0, NOVEMBER.1);
    let seal = binary(&issuer, SIGNED);
    let link = authority(issuer.csca.key.clone(), CSCA, Some(&older));
    let stranger = authority(issuer.csca.key.clone(), CSCA, Some(&issuer.csca));
    for (link, genuine) in [(&link, true), (&stranger, false)] {
        let links = vec![read_certificate(&link.certificate)];
        let store = trusting(&[&older.certificate], &[&issuer.signer]).with_links(links);
        assert_eq!(verify(&seal, &store, Some(TODAY)).genuine(), genuine);
    }
}

#[test]
fn a_datastructure_finds_its_signer_by_the_digest_of_the_certificate() {
    let issuer = issuer(authority(p256(), CSCA, None), NOVEMBER.0, NOVEMBER.1);
    let header = idb::IdbHeader {
        issuer: "UTO".to_owned(),
        digest: Digest::Sha256,
        reference: verify::reference_of(&issuer.signer).unwrap(),
        signed_on: SIGNED,
    };
    let unsigned = idb::unsigned(&header, &[(0x86, vec![9])]).unwrap();
    let signature = sign::sign(&issuer.key, Digest::Sha256, &unsigned).unwrap();
    let seal = read(idb::seal(unsigned, None, &signature).unwrap().as_bytes()).unwrap();
    let store = trusting(&[&issuer.csca.certificate], &[&issuer.signer]);
    assert!(verify(&seal, &store, Some(TODAY)).genuine());
    let without = trusting(&[&issuer.csca.certificate], &[]);
    assert!(!verify(&seal, &without, Some(TODAY)).genuine());
}

#[test]
fn an_authority_signs_no_seals_of_another_country() {
    let laos = Terms {
        country: "LA",
        ..CSCA
    };
    // Laos writes a signer of Utopia, below its own name and below that of Utopia.
    let rogue = authority(p256(), laos, None);
    let key = rogue.key.clone();
    let namesake = authority(key, CSCA, None);
    let store_of = |issuer: &Issuer| {
        let utopia = authority(p256(), CSCA, None).certificate;
        trusting(&[&utopia, &rogue.certificate], &[&issuer.signer])
    };
    let reason = "a signer of UT is signed by a CSCA of LA".to_owned();
    let below_utopia = issuer(namesake, NOVEMBER.0, NOVEMBER.1);
    let below_laos = Authority {
        key: rogue.key.clone(),
        certificate: rogue.certificate.clone(),
    };
    for issuer in [below_utopia, issuer(below_laos, NOVEMBER.0, NOVEMBER.1)] {
        let seal = binary(&issuer, SIGNED);
        let found = outcome(&seal, &store_of(&issuer), SealCheck::SealSignerTrust);
        assert_eq!(found, (Failed, reason.clone()));
        // Its list says nothing about a signer of Utopia either.
        let list = Crl::parse(&crl(&issuer.csca, &[], "261120000000Z", None)).unwrap();
        let store = store_of(&issuer).with_crls(vec![list]);
        let found = outcome(&seal, &store, SealCheck::SealRevocation);
        assert_eq!(found.0, NotDone);
    }
}

#[test]
fn an_authority_signs_no_seal_itself() {
    let csca = authority(p256(), CSCA, None);
    for (for_certificates, expected) in [
        (false, (Passed, "")),
        (true, (Failed, "the signer is an authority")),
    ] {
        let terms = Terms {
            for_certificates,
            for_signatures: true,
            purpose: Some(BARCODES),
            ..CSCA
        };
        let signer = authority(p256(), terms, Some(&csca));
        let header = idb::IdbHeader {
            issuer: "UTO".to_owned(),
            digest: Digest::Sha256,
            reference: verify::reference_of(&signer.certificate).unwrap(),
            signed_on: SIGNED,
        };
        let unsigned = idb::unsigned(&header, &[(0x86, vec![9])]).unwrap();
        let signature = sign::sign(&signer.key, Digest::Sha256, &unsigned).unwrap();
        let seal = read(idb::seal(unsigned, None, &signature).unwrap().as_bytes()).unwrap();
        let store = trusting(&[&csca.certificate], &[&signer.certificate]);
        let found = outcome(&seal, &store, SealCheck::SealSignerTrust);
        assert_eq!((found.0, found.1.as_str()), expected);
    }
}
