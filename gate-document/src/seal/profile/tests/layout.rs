//! Permits in a State's own layout.

use super::*;

const PORT_DATA: &str = "document-number = \"L898902C3\"\nfirst-day = 2026-11-20\n\
                         last-day = 2026-11-30\nareas = \"VNHPH,VNCMT\"\n";

/// The profile of signed text with this layout, signed by `issuer` alone.
fn port(issuer: &Issuer, layout: &str) -> PermitProfile {
    let pin = data_encoding::HEXLOWER.encode(&openssl::sha::sha256(&issuer.certificate));
    profile(
        &PORT
            .replace(&"0".repeat(64), &pin)
            .replace("separator = \"|\"", layout),
    )
}

#[test]
fn a_permit_of_a_states_own_layout_is_read_by_its_profile_alone() {
    use SealCheck::{PermitArea, PermitHolder, PermitValidity, SealSignature, SealSigner};
    let issuer = issuer();
    let printed = Mrz::parse(ZONE).unwrap();
    for (layout, length) in [("separator = \"|\"", 50), ("widths = [20, 10, 10, 40]", 88)] {
        let profile = port(&issuer, layout);
        let text = profile.text.clone().unwrap();
        let features: Vec<(u8, Vec<u8>)> = profile
            .encode("data.toml", PORT_DATA)
            .unwrap()
            .into_iter()
            .map(|(tag, value)| match tag {
                Tag::Number(number) => (number, value),
                Tag::Path(_) => panic!("a number"),
            })
            .collect();
        let unsigned = text.unsigned(&features).unwrap();
        assert!(unsigned.starts_with("PORTPASS") && unsigned.len() >= length);
        let signature = sign(
            &issuer.key,
            signatures::digest_for(256),
            unsigned.as_bytes(),
        );
        let permit = text.seal(unsigned.clone(), &signature);
        let here = Gate {
            places: &["VNHPH"],
            today: Some(TODAY),
            printed: Some(&printed),
            symbology: Some(Symbology::Qr),
        };
        let profiles = [profile.clone()];
        let judged = |permit: &str, gate: &Gate<'_>| {
            inspect(permit.as_bytes(), &profiles, &issuer.signers, gate)
        };
        let good = judged(&permit, &here);
        assert!(good.accepted(), "{good:?}");
        assert_eq!(good.permit.as_deref(), Some("Port pass"));
        // Each of the rules still holds.
        let late = Gate {
            today: Some(date(2026, 12, 1)),
            ..here
        };
        let away = Gate {
            places: &["KHPNH"],
            ..here
        };
        let other = Mrz::parse(
            &ZONE
                .replace("L898902C3", "L898902C4")
                .replace("C46U", "C43U"),
        );
        assert!(other.is_err(), "the specimen has one number");
        for (gate, check) in [(late, PermitValidity), (away, PermitArea)] {
            assert_eq!(outcome(&judged(&permit, &gate), check).0, Failed);
        }
        let forged = permit.replace("VNCMT", "VNSGN");
        assert_eq!(outcome(&judged(&forged, &here), SealSignature).0, Failed);
        let moved = permit.replace("L898902C3", "L898902C9");
        assert_eq!(outcome(&judged(&moved, &here), PermitHolder).0, Failed);
        // A signer whom the profile does not name signs nothing.
        let strange = PermitProfile {
            text: Some(TextLayout {
                signers: vec![[7; 32]],
                ..text
            }),
            ..profile.clone()
        };
        let refused = inspect(permit.as_bytes(), &[strange], &issuer.signers, &here);
        assert_eq!(outcome(&refused, SealSigner).0, Failed);
        // What is left out of base64 at its end says nothing.
        for end in 0..permit.trim_end_matches('=').len() {
            assert!(!judged(&permit[..end], &here).accepted(), "{end}");
        }
    }
}

#[test]
fn a_layout_that_cannot_be_read_again_is_refused_with_its_line() {
    for (from, to, expected) in [
        (
            "separator = \"|\"",
            "separator = \"+\"",
            "one character that is no letter",
        ),
        ("separator = \"|\"", "", "one character, or widths"),
        (
            "separator = \"|\"",
            "widths = []",
            "a list of 1 to 255 numbers",
        ),
        (
            "separator = \"|\"",
            "separator = \"|\"\nwidths = [3]",
            "either separator or widths",
        ),
        ("\"PORTPASS\"", "\"RDB1X\"", "no other format's mark"),
        ("\"PORTPASS\"", "\"RDB\"", "no other format's mark"),
        ("\"PORTPASS\"", "\"NDB\"", "no other format's mark"),
        ("\"PORTPASS\"", "\"123456\"", "a letter first"),
        ("[\"VNM\"]", "[\"VNM\", \"LAO\"]", "one State in issuers"),
        ("tag = 1", "tag = 0", "the number of a field, from 1"),
        ("signature = \"base64\"", "signature = \"cms\"", "base64"),
        ("0000\"]", "00\"]", "64 hexadecimal digits"),
    ] {
        let text = PORT.replacen(from, to, 1);
        let error = PermitProfile::parse("permit.toml", &text)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.starts_with("permit.toml:"), "{error}");
    }
    let layout = port(&issuer(), "separator = \"|\"").text.unwrap();
    let error = layout.unsigned(&[(1, b"A|B".to_vec())]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "field 1 holds a character that separates fields"
    );
}

#[test]
fn a_mark_that_is_the_beginning_of_anothers_is_refused() {
    let marked = |mark: &str| profile(&PORT.replace("PORTPASS", mark));
    let crew = profile(CREW);
    let together = |marks: &[&str]| {
        let mut profiles = vec![crew.clone(), crew.clone()];
        profiles.extend(marks.iter().map(|mark| marked(mark)));
        check_marks(&profiles).is_ok()
    };
    assert!(together(&["PORTPASS", "PORTFIXED", "HARBOUR"]));
    assert!(!together(&["PORTPASS", "HARBOUR", "PORTPASS2"]));
    assert!(!together(&["PORTPASS2", "PORTPASS"]));
    assert!(!together(&["PORTPASS", "PORTPASS"]));
}
