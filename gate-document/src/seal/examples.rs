//! Published examples, replayed byte for byte, and what must not pass.
//!
//! The binary seals are the documents of BSI TR-03137-1 (visa, residence permit, emergency travel
//! document and so on, of Utopia) as open implementations of Doc 9303-13 publish them with the public
//! key of their signer, `UTTS 5B`. The seals as text are published without a certificate, so they are
//! read and not verified. The VDS-NC is the worked example of ICAO's technical report.

use super::test_signer::{
    BARCODES, LONG, LONG_SIGNER, certificate, list, public, sign as sign_with,
};
use super::*;
use crate::finding::Outcome::{self, Failed, NotDone, Passed};
use crate::test_issuer::{Authority, CSCA, Terms, authority, ec_key, p256, rsa_key};
use crate::trust::crl::Status;
use hex_literal::hex;
use jiff::civil::{Date, date};
use openssl::bn::BigNumContext;
use openssl::ec::{Asn1Flag, EcGroup, EcKey, EcPoint};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};
use openssl::x509::X509;
use proptest::prelude::*;

const RESIDENCE_PERMIT: &[u8] = &hex!(
    "dc03d9c5d9cac8a73a990f7134b83459fb0602305cba135875976ec066d417b59e8c6abc133c133c133c133c3fef3a29"
    "38ee43f1593d1ae52dbb26751fe64b7c133c136b0306d79519a65306ff40a1f621437b25e0dc6177182297c475448901"
    "77ebd0e89b1d1ec9f994ed6fe60e5561fac9bc9e723ff8f60c679f6a23b938ee6584f852476f8c72a05e3f9eb87e"
);
const ARRIVAL_ATTESTATION: &[u8] = &hex!(
    "dc02d9c5d9cac8a51a780f7134b83459fd020230a56213535bd4caecc87ca4ccaeb4133c133c133c133c133c3fef3a29"
    "38ee43f1593d1ae52dbb26751fe64b7c133c136b030859e9203833736d24ff40a353a998b785470536187860093d5532"
    "5a06e66fe917bfa1f6fb62c5016c66a481ec6f2c7c18da9682f0c2e0b592f6eeb11ca6c6994b37ca2950d6fadd63264d"
);
pub(super) const VISA: &[u8] = &hex!(
    "dc03d9c5d9cac8a73a990f7134b834595d01022cdd52134a74da1347c6fed95cb89f9fce133c133c133c133c20383373"
    "4aaf47f0c32f1a1e20eb2625393afe310403a00000050633be1fed20c603010c0601aa0701bbff400b276b4522526b72"
    "3e2140f14bef1c25048cfed9223268c24337e7a6b5b9f02b1e15c86734ef7101d983869278ce1066694dd80e8b842b82"
    "b592db6fd56c10ae"
);
const ADDRESS_STICKER_CARD: &[u8] = &hex!(
    "dc03d9c5d9cac8a73a990f7134b83459f9080106cf3519af974c02061a70208519a1030e395e463e740c749fad19d31e"
    "fe32ff40a31bf6877ef4b1a9c49b80aa52dddad07e70f55fd5f0cead9d46aaf2abde5a5661ae81ae9fea2b99a1066294"
    "d7b758074b286e0c99b198a6b48f299d07d55443"
);
const ADDRESS_STICKER_PASSPORT: &[u8] = &hex!(
    "dc03d9c5d9cac8a73a990f7134b83459f80a0106b77a38e596ce02061a203a4d1fe1030426532081ff409238e9e0323b"
    "a470be32f6d2ece1d12ee34ccc69f13efeb206d729369ae70b2a2965694e5c88c46e2bf9e8b6b28197c4e1f807af8262"
    "95f1e571159e64b8bf2b"
);
const SOCIAL_INSURANCE: &[u8] = &hex!(
    "dc02d9c5d9cac8a51a780f7134b83459fc0401083fee456d2de019a8020b506572736368776569c39f03054f73636172"
    "04134ac3a2636f62c3a96e69646963747572697573ff40350f4b68832a812cb9afdd2eec0b1c6c8a5fabba3f48d4a550"
    "af0305a2d23807a9c16d0e49b65a61e294521a30b0b14a68d13b8b981667d200e9036da4e93f75"
);
const EMERGENCY_TRAVEL_DOCUMENT: &[u8] = &hex!(
    "dc03d9c5d9cac8a73a990f7134b834595e0302308a0d62b9d917a4cca93ca4d0edfc133c133c133c133c133c3fef3a29"
    "38ee43f1593d1ae52dbb26751fe64b7c133c136bff403644690e5f2dd4e39b8bf10b4db669a38e60c8e6a46b3da0d7ad"
    "0f6aaf59af2326e924e4f96033ea096e89b8a5265aa9f2a39435f17120febf9334af51618d94"
);
const SUPPLEMENTARY_SHEET: &[u8] = &hex!(
    "dc03d9c5d9cac8a73a990f7134b83459fa0604305cba135875976ec066d417b59e8c6abc133c133c133c133c3fef3a29"
    "38ee43f1593d1ae52dbb26751fe64b7c133c136b0506b77519a519aaff4013f779663cacb50187b262e8a57053c7ac4d"
    "5003c9dee6c84c96b6609e69f5e476dc69a7736725acd6a5c96e508f10fa992bb4d5f78ddff1ac405488dd7f784f"
);
/// The public key of the signer `UTTS`, certificate 5B, on brainpoolP256r1.
const UTTS_5B: [u8; 65] = hex!(
    "0408132A7243B3CCC29C271097081C96A729EEFB8EB93630E536498E9B7CE1CED25D68A789D93BEF39C04715C5AD3915"
    "D281C0754ECC08508BF66687EFC630DF88"
);
const TODAY: Option<Date> = Some(date(2026, 11, 22));

fn utts() -> PKey<Public> {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1).unwrap();
    let mut context = BigNumContext::new().unwrap();
    let point = EcPoint::from_bytes(&group, &UTTS_5B, &mut context).unwrap();
    PKey::from_ec_key(EcKey::from_public_key(&group, &point).unwrap()).unwrap()
}

fn number(tag: u8) -> Tag {
    Tag::Number(tag)
}

fn c40_of(seal: &Seal, tag: u8) -> String {
    let feature = seal.feature(&number(tag)).unwrap();
    c40::decode(feature.value.expose())
        .unwrap()
        .replace(' ', "<")
}

fn outcome(verification: &Verification, check: SealCheck) -> (Outcome, &str) {
    let finding = verification.finding(check).unwrap();
    (finding.outcome, finding.reason.as_str())
}

#[test]
fn the_binary_seals_of_the_guideline_are_read_and_verify() {
    const HOLDER: &str = "6525845096USA7008038M2201018<<<<<<06";
    let csca = authority(p256(), LONG, None);
    let signer = certificate(&utts(), "TS", LONG_SIGNER, Some(BARCODES), &csca);
    let signers = list(&[&signer], &csca);
    for (bytes, version, document, tag, text) in [
        (
            RESIDENCE_PERMIT,
            SealFormat::Vds4,
            0xFB06,
            2,
            format!("ATD<<RESIDORCE<<ROLAND<<<<<<<<<<<<<<{HOLDER}"),
        ),
        (
            ARRIVAL_ATTESTATION,
            SealFormat::Vds3,
            0xFD02,
            2,
            format!("MED<<MANNSENS<<MANNY<<<<<<<<<<<<<<<<{HOLDER}"),
        ),
        (
            VISA,
            SealFormat::Vds4,
            0x5D01,
            2,
            "VCD<<DENT<<ARTHUR<PHILIP<<<<<<<<<<<<1234567XY7GBR5203116M2005250".to_owned(),
        ),
        (VISA, SealFormat::Vds4, 0x5D01, 5, "47110815P".to_owned()),
        (
            ADDRESS_STICKER_CARD,
            SealFormat::Vds4,
            0xF908,
            1,
            "T2000AK47".to_owned(),
        ),
        (
            ADDRESS_STICKER_CARD,
            SealFormat::Vds4,
            0xF908,
            3,
            "53175HEINEMANNSTR11".to_owned(),
        ),
        (
            ADDRESS_STICKER_PASSPORT,
            SealFormat::Vds4,
            0xF80A,
            1,
            "PA5500K11".to_owned(),
        ),
        (
            SOCIAL_INSURANCE,
            SealFormat::Vds3,
            0xFC04,
            1,
            "65170839J003".to_owned(),
        ),
        (
            EMERGENCY_TRAVEL_DOCUMENT,
            SealFormat::Vds4,
            0x5E03,
            2,
            format!("I<GBRSUPAMANN<<MARY<<<<<<<<<<<<<<<<<{HOLDER}"),
        ),
        (
            SUPPLEMENTARY_SHEET,
            SealFormat::Vds4,
            0xFA06,
            5,
            "PA0000005".to_owned(),
        ),
    ] {
        let seal = read(bytes).unwrap();
        assert_eq!(seal.format, version, "{text}");
        assert_eq!(seal.issuer, "UTO");
        assert_eq!(seal.document, Some(DocumentType::Number(document)));
        assert_eq!(c40_of(&seal, tag), text);
        let verification = verify(&seal, &signers, TODAY);
        assert!(verification.genuine(), "{text}: {verification:?}");
        let evidence = &verification
            .finding(SealCheck::SealSignature)
            .unwrap()
            .evidence;
        assert_eq!(evidence, "ECDSA, brainpoolP256r1, SHA-256");

        // Made again from what was read, it is the same to the last byte.
        let Some(SignerReference::Name { signer, reference }) = seal.signer.clone() else {
            panic!("a name");
        };
        let header = vds::VdsHeader {
            format: seal.format,
            issuer: seal.issuer.clone(),
            signer,
            reference,
            issued: seal.issued.expose().0.unwrap(),
            signed_on: seal.signed_on.expose().0.unwrap(),
            document,
        };
        let features: Vec<(u8, Vec<u8>)> = seal
            .features
            .iter()
            .map(|feature| match feature.tag {
                Tag::Number(tag) => (tag, feature.value.expose().clone()),
                Tag::Path(_) => panic!("a number"),
            })
            .collect();
        let unsigned = vds::unsigned(&header, &features).unwrap();
        assert_eq!(unsigned, seal.signed());
        let again = vds::seal(unsigned, &seal.signature().unwrap().bytes).unwrap();
        assert_eq!(again, bytes);
    }
    let seal = read(RESIDENCE_PERMIT).unwrap();
    assert_eq!(seal.issued.expose().0, Some(date(2020, 1, 1)));
    assert_eq!(seal.signed_on.expose().0.map(|day| day.year()), Some(2025));
    assert_eq!(seal.signer.unwrap().to_string(), "UTTS 5B");
}

/// BSI TR-03137-1: certificate of permanent residence, SHA-256, reference a57a790577.
const PERMANENT_RESIDENCE: &str = "NDB1BNK6ADJL2PECXOABAHIMWCFMCAYQDQM3TI2XIGCCZ5EQDQM3TNUSIMAIQP5AIZJ6II7FQTQ2UNWUMTMXIXETVCSSXKBK7RFWGXX3JBLHXTPV26M2GBN42UWTEQB45P4C4X7JK5WI2VQW5IBV3YNDPHELTYIU54PQ4P4";
const IDB_VISA: &str = "RDB1BNK6ADJL2PECXOABRPAVGCUABJYBQCAIEAGIAKCDEUUM2KGWA7Y3QCPFVZIJU2XDJRO2BLNDUR6UTYEZ4CM6BGPATHQJTYEZ4CM6BGSCMXWOYMQDNNK6EXTKLZVHAAOHMDJWRGPATHQJTYEZ4CM674OL7IBATGH4ZSW2BRZTFRK2VXMR2ZQIVRLQFFTISFO3R2EDJWBYZDWO5VJWGKKNFKSB7MN3ODVWCKNZVUSZURL3MJA2W2ONDQVQPQPEICUJB";

#[test]
fn the_text_seals_of_the_guideline_are_read() {
    let seal = read(PERMANENT_RESIDENCE.as_bytes()).unwrap();
    assert_eq!((seal.format, seal.issuer.as_str()), (SealFormat::Idb, "D"));
    assert_eq!(seal.signed_on.expose().0, Some(date(2025, 2, 11)));
    assert_eq!(seal.signer.as_ref().unwrap().to_string(), "a57a790577");
    let signature = seal.signature().unwrap();
    assert_eq!(signature.digest, Some(Digest::Sha256));
    assert_eq!(
        signature.bytes,
        hex!(
            "8ca7c847cb09c3546da8c9b2e8b927514a575055f896c6bdf690acf79bebaf33"
            "460b79aa5a648079d7f05cbfd2aed91aac2dd406bbc346f39173c229de3e1c7f"
        )
    );
    assert!(seal.feature(&number(0x86)).is_some());

    let visa = read(IDB_VISA.as_bytes()).unwrap();
    let tags: Vec<String> = visa
        .features
        .iter()
        .map(|feature| feature.tag.to_string())
        .collect();
    assert_eq!(tags, ["0x01"]);
}

#[test]
fn all_four_flags_of_the_datastructure_are_read() {
    const SIGNED: [u8; 90] = hex!(
        "6abc010504030201009b5d8861120410b0b1b2b3b4b5b6b7b8b9babbbcbdbebf7f3824bbbb332f562a94f487db623b8d"
        "b55c4a65b9cf532a959843a6a34e117f56343a94d5e187f28262943d84579af46d44804cf6328fa523c7"
    );
    for (text, is_signed) in [
        ("NDB1ANK6GCEQFCCYLDMVTWS23NN5YXG5LXPF5X27Q", false),
        (
            "NDB1BNK6ACBIEAMBACAE3LWEGCEQECCYLDMVTWS23NN5YXG5LXPF5X27X6OBEXO5TGL2WFKKPJB63MI5Y3NK4JJS3TT2TFKKZQQ5GUNHBC72WGQ5JJVPBQ7ZIEYUUHWCFPGXUNVCIATHWGKH2KI6H",
            true,
        ),
        (
            "NDB1CPDNACFQA5H7WVPDBCICRBMFRWKZ3JNNWW64LTOV3XS635P4DDIGSO",
            false,
        ),
        (
            "NDB1DPDNACWQAUX7WVPABAUCAGAQBACNV3CDBCICBBMFRWKZ3JNNWW64LTOV3XS635P37HASLXOZTF5LCVFHUQ7NWEO4NWVOEUZNZZ5JSVFMYIOTKGTQRP5LDIOUU2XQYP4UCMKKD3BCXTL2G2REAJT3DFD5FEPDSP7ZKYE",
            true,
        ),
    ] {
        let seal = read(text.as_bytes()).unwrap();
        assert_eq!(seal.signature().is_some(), is_signed, "{text}");
        let tag = if is_signed { 4 } else { 5 };
        let value = seal.feature(&number(tag)).unwrap().value.expose().clone();
        assert_eq!(value, hex!("b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"));
        if is_signed {
            assert_eq!(seal.signed(), &SIGNED[..32]);
            assert_eq!(seal.signature().unwrap().bytes, &SIGNED[34..]);
            assert_eq!(seal.signed_on.expose().0, Some(date(2024, 10, 18)));
        }
        let csca = authority(p256(), LONG, None);
        let verification = verify(&seal, &list(&[], &csca), TODAY);
        let expected = match is_signed {
            true => (NotDone, "no certificate of this signer is known"),
            false => (Failed, "the seal is not signed"),
        };
        assert_eq!(outcome(&verification, SealCheck::SealSignature), expected);
        assert!(!verification.genuine());
    }
}

/// ICAO TR "VDS-NC", worked example of a proof of vaccination.
const VACCINATION: &str = concat!(
    r#"{"data":{"hdr":{"t":"icao.vacc","v":1,"is":"UTO"},"msg":{"uvci":"U32870","pid":{"n":"Smith Bill","#,
    r#""dob":"1990-01-02","sex":"M","i":"A1234567Z","ai":"L4567890Z"},"ve":[{"des":"XM68M6","nam":"#,
    r#""Comirnaty","dis":"RA01.0","vd":[{"dvc":"2021-03-03","seq":1,"ctr":"UTO","adm":"RIVM","lot":"#,
    r#""VC35679","dvn":"2021-03-24"},{"dvc":"2021-03-24","seq":2,"ctr":"UTO","adm":"RIVM","lot":"#,
    r#""VC87540"}]}]}},"sig":{"alg":"ES256","cer":""#,
    "MIIBeTCCAR2gAwIBAgIBaDAMBggqhkjOPQQDAgUAMB0xCzAJBgNVBAYTAlVUMQ4wDAYDVQQDDAVVVCBDQTAeFw0yMTA0MDcw",
    "NDMwMjZaFw0yNjEwMDcwNDMwMjZaMBoxCzAJBgNVBAYTAlVUMQswCQYDVQQDEwIwNjBZMBMGByqGSM49AgEGCCqGSM49AwEH",
    "A0IABI5bRQ3-vabXhHAs2IPi-k9rP_TS2J8aq5fTtUG1iOwXdBxx2n6c38TJ2MzBWT5PHCKVlq5JOCyJ1nDlCPd1S2yjTzBN",
    "MBIGA1UdJQQLMAkGB2eBCAEBDgIwHwYDVR0jBBgwFoAUymyksnX8rywn0RH7nDq-Bs2QOqowFgYHZ4EIAQEGAgQLMAkCAQAx",
    "BBMCTlYwDAYIKoZIzj0EAwIFAANIADBFAiBVaaJVHvWLX756yAGt04C89ZEWGr-BsHDgaRb0EH3d9gIhAO2UNvLNhEoUWT1I",
    "_zj_cG5mh2U-lWCMBUQ3zSQqWUcs",
    r#"","sigvl":"cxfyi2vq2XJfZF7ksEkIZJtKbGrRE570UZc_rNAlpfRHD_Xjq57r2h-QLvd_tCQGitsZevFmB0iXzEFdeeZ4zA=="}}"#
);

#[test]
fn the_vds_nc_of_the_report_verifies_under_the_certificate_inside() {
    let seal = read(VACCINATION.as_bytes()).unwrap();
    assert_eq!(seal.format, SealFormat::VdsNc);
    assert_eq!(
        seal.document,
        Some(DocumentType::Name("icao.vacc".to_owned()))
    );
    let text = |path: &str| {
        let feature = seal.feature(&Tag::Path(path.to_owned())).unwrap();
        String::from_utf8(feature.value.expose().clone()).unwrap()
    };
    assert_eq!(text("pid.n"), "Smith Bill");
    assert_eq!(text("ve.0.vd.1.seq"), "2");
    let nobody = SignerList::default();
    let verification = verify(&seal, &nobody, Some(date(2022, 1, 1)));
    assert_eq!(
        outcome(&verification, SealCheck::SealSignature),
        (Passed, "")
    );
    assert_eq!(
        outcome(&verification, SealCheck::SealCountries),
        (Passed, "")
    );
    assert_eq!(
        outcome(&verification, SealCheck::SealSignerTrust),
        (Failed, "no CSCA of UT in the trust store")
    );
    // Its members in another order are the same document.
    let order = VACCINATION.replacen(
        r#""t":"icao.vacc","v":1"#,
        r#""v": 1, "t" : "icao.vacc""#,
        1,
    );
    assert_eq!(read(order.as_bytes()).unwrap().signed(), seal.signed());
    let other = VACCINATION.replacen("Smith Bill", "Smith Will", 1);
    let verification = verify(&read(other.as_bytes()).unwrap(), &nobody, TODAY);
    assert_eq!(outcome(&verification, SealCheck::SealSignature).0, Failed);
}

fn permit(signed_on: Date) -> Vec<u8> {
    let header = vds::VdsHeader {
        format: SealFormat::Vds4,
        issuer: "UTO".to_owned(),
        signer: "UTTS".to_owned(),
        reference: "5B".to_owned(),
        issued: signed_on,
        signed_on,
        document: 0xF101,
    };
    vds::unsigned(&header, &[(1, c40::encode("P1234567").unwrap())]).unwrap()
}

#[test]
fn seals_verify_on_every_curve_and_with_its_digest() {
    for (curve, made_with) in [
        (Nid::BRAINPOOL_P224R1, "ECDSA, brainpoolP224r1, SHA-224"),
        (Nid::X9_62_PRIME256V1, "ECDSA, prime256v1, SHA-256"),
        (Nid::BRAINPOOL_P384R1, "ECDSA, brainpoolP384r1, SHA-384"),
        (Nid::SECP521R1, "ECDSA, secp521r1, SHA-512"),
    ] {
        let csca = authority(p256(), CSCA, None);
        let key = ec_key(curve, Asn1Flag::NAMED_CURVE);
        let signer = certificate(
            &public(&key),
            "TS",
            Terms {
                for_signatures: true,
                ..CSCA
            },
            Some(BARCODES),
            &csca,
        );
        let unsigned = permit(date(2026, 11, 1));
        let signature = sign_with(&key, sign::digest_for(key.bits()), &unsigned);
        let seal = read(&vds::seal(unsigned, &signature).unwrap()).unwrap();
        let verification = verify(&seal, &list(&[&signer], &csca), TODAY);
        assert!(verification.genuine(), "{verification:?}");
        let finding = verification.finding(SealCheck::SealSignature).unwrap();
        assert_eq!(finding.evidence, made_with);
        assert_eq!(
            outcome(&verification, SealCheck::SealSignerTrust),
            (Passed, "")
        );
    }
}

#[test]
fn a_signer_without_a_purpose_passes_only_where_it_is_older_than_the_purpose() {
    const NEW_YEAR_2022: i64 = 1_640_995_200;
    let key = p256();
    let csca = authority(p256(), LONG, None);
    let unsigned = permit(date(2026, 11, 1));
    let signature = sign_with(&key, Digest::Sha256, &unsigned);
    let seal = read(&vds::seal(unsigned, &signature).unwrap()).unwrap();
    for (from, purpose, expected) in [
        (NEW_YEAR_2022 - 1, None, Passed),
        (NEW_YEAR_2022, None, NotDone),
        (NEW_YEAR_2022, Some(BARCODES), Passed),
    ] {
        let terms = Terms {
            from,
            ..LONG_SIGNER
        };
        let signer = certificate(&public(&key), "TS", terms, purpose, &csca);
        let verification = verify(&seal, &list(&[&signer], &csca), TODAY);
        let reason = purpose.map_or("the signer's certificate names no purpose", |_| "");
        let found = outcome(&verification, SealCheck::SealSignerTrust);
        assert_eq!(found, (expected, reason));
        assert_eq!(verification.genuine(), expected == Passed);
    }
}

#[test]
fn what_is_wrong_with_a_signer_is_said() {
    use SealCheck::{SealCountries, SealRevocation, SealSignature, SealSigner, SealSignerTrust};
    const DAY: i64 = 86_400;
    let terms = Terms {
        for_signatures: true,
        ..CSCA
    };
    let signed = 1_793_491_200; // 2026-11-01
    let key = p256();
    let csca = authority(p256(), CSCA, None);
    let other = authority(p256(), CSCA, None);
    let elsewhere = authority(
        p256(),
        Terms {
            country: "XX",
            ..CSCA
        },
        None,
    );
    let short = authority(
        csca.key.clone(),
        Terms {
            until: signed - 2 * DAY,
            ..CSCA
        },
        None,
    );
    let plain = authority(
        csca.key.clone(),
        Terms {
            for_certificates: false,
            for_signatures: true,
            ..CSCA
        },
        None,
    );
    let make =
        |terms, purpose, csca: &Authority| certificate(&public(&key), "TS", terms, purpose, csca);
    let genuine = make(terms, Some(BARCODES), &csca);
    let rsa = certificate(&public(&rsa_key()), "TS", terms, None, &csca);
    let another = certificate(&public(&p256()), "TS", terms, None, &csca);
    let day = date(2026, 11, 1);
    for (name, signer, anchor, today, day, check, expected, reason) in [
        (
            "genuine",
            &genuine,
            &csca,
            TODAY,
            day,
            SealSignerTrust,
            Passed,
            "",
        ),
        (
            "genuine",
            &genuine,
            &csca,
            TODAY,
            day,
            SealRevocation,
            NotDone,
            "no revocation list of the signer's country",
        ),
        (
            "no date",
            &genuine,
            &csca,
            None,
            day,
            SealSignerTrust,
            Passed,
            "",
        ),
        (
            "future",
            &genuine,
            &csca,
            TODAY,
            date(2026, 11, 24),
            SealSignerTrust,
            Failed,
            "the seal was signed in the future",
        ),
        (
            "date line",
            &genuine,
            &csca,
            TODAY,
            date(2026, 11, 23),
            SealSignerTrust,
            Passed,
            "",
        ),
        (
            "impostor",
            &genuine,
            &other,
            TODAY,
            day,
            SealSignerTrust,
            Failed,
            "signed by none of 1 CSCA certificates of UT",
        ),
        (
            "nobody",
            &genuine,
            &elsewhere,
            TODAY,
            day,
            SealSignerTrust,
            Failed,
            "no CSCA of UT in the trust store",
        ),
        (
            "short CSCA",
            &genuine,
            &short,
            TODAY,
            day,
            SealSignerTrust,
            Failed,
            "the CSCA certificate was not valid when the seal was signed",
        ),
        (
            "no CSCA",
            &genuine,
            &plain,
            TODAY,
            day,
            SealSignerTrust,
            Failed,
            "the CSCA's key is not for this kind of signature",
        ),
        (
            "late",
            &make(
                Terms {
                    from: signed + 3 * DAY,
                    ..terms
                },
                None,
                &csca,
            ),
            &csca,
            TODAY,
            day,
            SealSignerTrust,
            Failed,
            "the signer certificate was not valid when the seal was signed",
        ),
        (
            "expired",
            &make(
                Terms {
                    until: signed + 3 * DAY,
                    ..terms
                },
                Some(BARCODES),
                &csca,
            ),
            &csca,
            TODAY,
            day,
            SealSignerTrust,
            Passed,
            "",
        ),
        (
            "encryption",
            &make(
                Terms {
                    for_signatures: false,
                    ..terms
                },
                None,
                &csca,
            ),
            &csca,
            TODAY,
            day,
            SealSignerTrust,
            Failed,
            "the signer's key is not for this kind of signature",
        ),
        (
            "web server",
            &make(terms, Some("1.3.6.1.5.5.7.3.1"), &csca),
            &csca,
            TODAY,
            day,
            SealSignerTrust,
            Failed,
            "the signer's key is for another purpose than barcodes",
        ),
        (
            "master list",
            &make(terms, Some("2.23.136.1.1.3"), &csca),
            &csca,
            TODAY,
            day,
            SealSignerTrust,
            Failed,
            "the signer's key is for another purpose than barcodes",
        ),
        (
            "another key",
            &another,
            &csca,
            TODAY,
            day,
            SealSignature,
            Failed,
            "the signature is not one of the signer over these bytes",
        ),
        (
            "RSA",
            &rsa,
            &csca,
            TODAY,
            day,
            SealSignature,
            Failed,
            "the signer's key is none of an elliptic curve",
        ),
        (
            "another name",
            &certificate(&public(&key), "XX", terms, None, &csca),
            &csca,
            TODAY,
            day,
            SealSigner,
            Failed,
            "no certificate of this signer is known",
        ),
        (
            "another country's CSCA",
            &make(terms, None, &elsewhere),
            &elsewhere,
            TODAY,
            day,
            SealCountries,
            Failed,
            "signer and CSCA are of different countries",
        ),
    ] {
        let unsigned = permit(day);
        let signature = sign_with(&key, Digest::Sha256, &unsigned);
        let seal = read(&vds::seal(unsigned, &signature).unwrap()).unwrap();
        let verification = verify(&seal, &list(&[signer], anchor), today);
        assert_eq!(outcome(&verification, check), (expected, reason), "{name}");
        let good = ["genuine", "no date", "date line", "expired"].contains(&name);
        assert_eq!(verification.genuine(), good, "{name}");
    }
}

#[test]
fn a_revoked_signer_is_believed_no_more() {
    struct Revoked(SignerList);
    impl SealSigners for Revoked {
        fn signers(&self, reference: &SignerReference) -> Vec<X509> {
            self.0.signers(reference)
        }
        fn anchors(&self, signer: &openssl::x509::X509Ref) -> Vec<X509> {
            self.0.anchors(signer)
        }
        fn revocation(&self, _: &openssl::x509::X509Ref, _: Option<Date>) -> Status {
            let list = Some(jiff::Timestamp::UNIX_EPOCH);
            Status::Revoked { reason: 0, list }
        }
    }
    let csca = authority(p256(), LONG, None);
    let signer = certificate(&utts(), "TS", LONG_SIGNER, Some(BARCODES), &csca);
    let signers = Revoked(list(&[&signer], &csca));
    let verification = verify(&read(RESIDENCE_PERMIT).unwrap(), &signers, TODAY);
    assert!(!verification.genuine());
    assert_eq!(
        outcome(&verification, SealCheck::SealRevocation),
        (Failed, "the signer's certificate has been revoked")
    );
}

#[test]
fn a_datastructure_is_signed_with_a_reference_or_with_the_certificate_inside() {
    use Digest::{Sha256, Sha384};
    let csca = authority(p256(), CSCA, None);
    for (digest, key, inside) in [
        (Sha256, p256(), false),
        (Sha256, p256(), true),
        (
            Sha384,
            ec_key(Nid::BRAINPOOL_P384R1, Asn1Flag::NAMED_CURVE),
            true,
        ),
    ] {
        let terms = Terms {
            for_signatures: true,
            ..CSCA
        };
        let signer = certificate(&public(&key), "TS", terms, Some(BARCODES), &csca);
        let der = signer.to_der().unwrap();
        let header = idb::IdbHeader {
            issuer: "UTO".to_owned(),
            digest,
            reference: x509::reference(&signer).unwrap(),
            signed_on: date(2026, 11, 1),
        };
        let unsigned = idb::unsigned(&header, &[(0x86, vec![9]), (0x84, vec![1; 200])]).unwrap();
        let signature = sign_with(&key, digest, &unsigned);
        let text = idb::seal(unsigned, inside.then_some(&der[..]), &signature).unwrap();
        let seal = read(text.as_bytes()).unwrap();
        assert_eq!(seal.document, Some(DocumentType::Number(9)));
        let known = if inside { vec![] } else { vec![&signer] };
        let verification = verify(&seal, &list(&known, &csca), TODAY);
        assert!(verification.genuine(), "{verification:?}");
    }
}

#[test]
fn a_seal_does_not_print_what_is_in_it() {
    let text = format!("{:?}", read(RESIDENCE_PERMIT).unwrap());
    assert!(
        !text.contains("92, 186") && !text.contains("2020"),
        "{text}"
    );
    let text = format!("{:?}", read(VACCINATION.as_bytes()).unwrap());
    assert!(!text.contains("Smith"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damaged_seal_is_believed(at in any::<prop::sample::Index>(), bits in 1..=255_u8) {
        let csca = authority(p256(), LONG, None);
        let signer = certificate(&utts(), "TS", LONG_SIGNER, Some(BARCODES), &csca);
        let mut bytes = RESIDENCE_PERMIT.to_vec();
        bytes[at.index(RESIDENCE_PERMIT.len())] ^= bits;
        if let Ok(seal) = read(&bytes) {
            prop_assert!(!verify(&seal, &list(&[&signer], &csca), TODAY).genuine());
        }
    }

    #[test]
    fn any_bytes_are_a_seal_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
        let _ = read(&[&[0xDC, 3][..], &bytes].concat());
        let _ = idb::payload_of(&bytes, true);
    }
}
