//! What is tolerated, and told.

use super::*;

#[test]
fn oddities_of_the_field_are_tolerated_and_recorded() {
    let csca = authority(p256(), CSCA, None);
    let plain_data = &hex!("0609 2A864886F70D010701");
    // A number of some vendor's.
    let vendor = &hex!("0607 2A868D1F030102");
    type Key = fn() -> PKey<Private>;
    let cases: [(Key, Scheme, &'static [u8], &str); 7] = [
        (
            rsa_key,
            Scheme::RsaPssMisnamed,
            &LDS,
            "RSASSA-PSS parameters name another digest",
        ),
        (
            rsa_key,
            Scheme::RsaKeyName,
            &LDS,
            "a key algorithm in place of the signature algorithm",
        ),
        (
            p256,
            Scheme::EcdsaPadded,
            &LDS,
            "superfluous zeros in the signature",
        ),
        (p256, Scheme::EcdsaPlain, &LDS, ""),
        (
            p256,
            Scheme::Ecdsa,
            plain_data,
            "other content type of the security object",
        ),
        (
            p256,
            Scheme::Ecdsa,
            vendor,
            "other content type of the security object",
        ),
        (p256, Scheme::Ecdsa, &LDS, ""),
    ];
    for (key, scheme, content_type, deviation) in cases {
        let signer = authority(key(), SIGNER, Some(&csca));
        let issuer = SodIssuer {
            scheme,
            content_type,
            ..SodIssuer::new(&signer)
        };
        let sod = issuer.sod(&GROUPS);
        let result = authenticate(&Sod::parse(&sod).unwrap(), &store(&[&csca]), TODAY);
        assert_eq!(result.signature.outcome, Passed, "{scheme:?}");
        assert_eq!(result.trust.outcome, Passed, "{scheme:?}");
        assert_eq!(joined(&result.deviations), deviation, "{scheme:?}");
        // What is tolerated is the form: a changed content is noticed all the same.
        let altered = SodIssuer {
            alter_content: true,
            ..issuer
        };
        let (signature, _) = outcome(&altered.sod(&GROUPS), &store(&[&csca]), TODAY);
        assert_eq!(signature.outcome, Failed, "{scheme:?}");
    }
}

#[test]
fn bytes_behind_a_sod_are_no_part_of_it_and_are_told() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let sod = SodIssuer::new(&signer).sod(&GROUPS);
    let parsed = Sod::parse(&sod).unwrap();
    for behind in [&[0][..], &[0; 64], &[0x77, 0x80], &[0xFF, 0xFF, 0xFF]] {
        let padded = Sod::parse(&[&sod, behind].concat()).unwrap();
        assert_eq!(padded.data, parsed.data);
        let told = [Deviation::BytesBehind(crate::ElementaryFile::Sod)];
        assert_eq!(padded.deviations, told, "{behind:?}");
    }
}

#[test]
fn a_sod_in_pieces_of_indefinite_length_is_the_same_sod() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let definite = SodIssuer::new(&signer).sod(&GROUPS);
    let parsed = Sod::parse(&definite).unwrap();
    // The same file with its outer layers indefinite and the content as an octet string in pieces.
    let octets = |bytes: &[u8]| crate::test_issuer::object(0x04, &[bytes]);
    let (one, two) = parsed.data.content.split_at(20);
    let whole = crate::test_issuer::object(0xA0, &[&octets(&parsed.data.content)]);
    let pieces = [
        &hex!("A080 2480")[..],
        &octets(one),
        &octets(two),
        &hex!("0000 0000"),
    ]
    .concat();
    let at = definite
        .windows(whole.len())
        .position(|window| window == whole)
        .unwrap();
    let mut reader = crate::tlv::Reader::new(&definite);
    for tag in [0x77, 0x30] {
        reader = reader.expect(tag, "layer").unwrap().reader();
    }
    let kind = reader.expect(0x06, "type").unwrap();
    let data = reader
        .expect(0xA0, "data")
        .unwrap()
        .reader()
        .expect(0x30, "data")
        .unwrap();
    let mut inside = data.reader();
    let version = inside.any("version").unwrap().raw;
    let digests = inside.any("digests").unwrap().raw;
    let content_type = inside
        .expect(0x30, "content")
        .unwrap()
        .reader()
        .any("type")
        .unwrap()
        .raw;
    let rest = &definite[at + whole.len()..];
    let inner = [
        &hex!("3080")[..],
        kind.raw,
        &hex!("A080 3080"),
        version,
        digests,
        &hex!("3080"),
        content_type,
        &pieces,
        &hex!("0000"),
        rest,
        &hex!("0000 0000 0000"),
    ]
    .concat();
    let indefinite = crate::test_issuer::object(0x77, &[&inner]);
    let read = Sod::parse(&indefinite).unwrap();
    assert_eq!(read.data, parsed.data);
    assert_eq!(read.digests, parsed.digests);
    assert_eq!(read.deviations, [Deviation::IndefiniteLength]);
    let (signature, trust) = outcome(&indefinite, &store(&[&csca]), TODAY);
    assert_eq!((signature.outcome, trust.outcome), (Passed, Passed));
}
