use super::*;
use crate::finding::Outcome::{self, Failed, NotDone, Passed};
use crate::mrz::Mrz;
use crate::seal::test_signer::{BARCODES, SERIAL, certificate, list, public, sign};
use crate::seal::{
    SealCheck, SealInspection, SignerList, inspect, sign as signatures, vds, vds_nc,
};
use crate::test_issuer::{CSCA, Terms, ZONE, authority, p256};
use jiff::civil::{Date, date};
use openssl::pkey::{PKey, Private};

const CREW: &str = include_str!("../../../permits/crew-shore-leave.toml");
const BOARDING: &str = include_str!("../../../permits/ship-boarding.toml");
const RESIDENT: &str = include_str!("../../../permits/border-resident.toml");
const GROUP: &str = include_str!("../../../permits/group-list.toml");
const PORT: &str = include_str!("../../../permits/port-pass.toml");

const TODAY: Date = date(2026, 11, 22);

fn profile(text: &str) -> PermitProfile {
    // Utopia issues the permits of the tests.
    let text = text.replacen("issuers = [\"VNM\"", "issuers = [\"UTO\"", 1);
    PermitProfile::parse("permit.toml", &text).unwrap()
}

struct Issuer {
    key: PKey<Private>,
    signers: SignerList,
    certificate: Vec<u8>,
}

fn issuer() -> Issuer {
    let csca = authority(p256(), CSCA, None);
    let key = p256();
    let terms = Terms {
        for_signatures: true,
        ..CSCA
    };
    let signer = certificate(&public(&key), "TS", terms, Some(BARCODES), &csca);
    Issuer {
        key,
        signers: list(&[&signer], &csca),
        certificate: signer.to_der().unwrap(),
    }
}

impl Issuer {
    fn vds(&self, document: u16, features: Vec<(Tag, Vec<u8>)>) -> Vec<u8> {
        let header = vds::VdsHeader {
            format: SealFormat::Vds4,
            issuer: "UTO".to_owned(),
            signer: "UTTS".to_owned(),
            reference: SERIAL.to_owned(),
            issued: date(2026, 11, 20),
            signed_on: date(2026, 11, 20),
            document,
        };
        let features: Vec<(u8, Vec<u8>)> = features
            .into_iter()
            .map(|(tag, value)| match tag {
                Tag::Number(tag) => (tag, value),
                Tag::Path(_) => panic!("a number"),
            })
            .collect();
        let unsigned = vds::unsigned(&header, &features).unwrap();
        let signature = sign(&self.key, signatures::digest_for(256), &unsigned);
        vds::seal(unsigned, &signature).unwrap()
    }
}

fn outcome(inspection: &SealInspection, check: SealCheck) -> (Outcome, &str) {
    let finding = inspection.finding(check).unwrap();
    (finding.outcome, finding.reason.as_str())
}

const SHORE_LEAVE: &str = "document-number = \"L898902C3\"\nship = \"IMO9074729\"\n\
                           ports = \"VNHPH VNCMT\"\nlast-day = 2026-11-30\nentries = 4\n";

#[test]
fn the_committed_profiles_are_read() {
    for (text, title, features) in [
        (CREW, "Crew shore leave permit", 5),
        (BOARDING, "Ship boarding permit for workers", 6),
        (RESIDENT, "Border resident pass", 2),
        (GROUP, "Group list", 5),
        (PORT, "Port pass", 4),
    ] {
        let profile = PermitProfile::parse("permit.toml", text).unwrap();
        assert_eq!(
            (profile.title.as_str(), profile.features.len()),
            (title, features)
        );
    }
}

#[test]
fn a_permit_lets_its_holder_through_where_and_when_it_is_for() {
    use SealCheck::{
        PermitArea, PermitHolder, PermitKind, PermitMandatory, PermitValidity, PermitValues,
    };
    let crew = profile(CREW);
    let issuer = issuer();
    let printed = Mrz::parse(ZONE).unwrap();
    let profiles = [profile(RESIDENT), crew.clone()];
    let good = issuer.vds(0xF101, crew.encode("data.toml", SHORE_LEAVE).unwrap());
    let here = Gate {
        places: &["VNHPH", "HAI-PHONG"],
        today: Some(TODAY),
        printed: Some(&printed),
        symbology: Some(Symbology::Qr),
    };
    let inspection = inspect(&good, &profiles, &issuer.signers, &here);
    assert!(inspection.accepted(), "{inspection:?}");
    assert_eq!(
        inspection.permit.as_deref(),
        Some("Crew shore leave permit")
    );
    assert_eq!(inspection.entries, Some(4));
    assert_eq!(inspection.findings.len(), SealCheck::ALL.len());
    let again = inspect(&good, &profiles, &issuer.signers, &here);
    assert_eq!(
        inspection.register_key, again.register_key,
        "a copy counts as the same permit"
    );

    let day = |day| Gate {
        today: Some(day),
        ..here
    };
    for (gate, check, expected) in [
        (day(date(2026, 11, 20)), PermitValidity, (Passed, "")),
        (day(date(2026, 11, 30)), PermitValidity, (Passed, "")),
        (
            day(date(2026, 11, 19)),
            PermitValidity,
            (Failed, "the permit is not valid yet"),
        ),
        (
            day(date(2026, 12, 1)),
            PermitValidity,
            (Failed, "the permit has expired"),
        ),
        (
            Gate {
                today: None,
                ..here
            },
            PermitValidity,
            (NotDone, "the gate does not know the date"),
        ),
        (
            Gate {
                places: &["VNSGN"],
                ..here
            },
            PermitArea,
            (Failed, "the permit is for another place"),
        ),
        (
            Gate {
                places: &["VNHP"],
                ..here
            },
            PermitArea,
            (Failed, "the permit is for another place"),
        ),
        (
            Gate {
                places: &[],
                ..here
            },
            PermitArea,
            (NotDone, "the gate does not know where it is"),
        ),
        (
            Gate {
                printed: None,
                ..here
            },
            PermitHolder,
            (NotDone, "the traveller's document was not read"),
        ),
        (
            Gate {
                symbology: Some(Symbology::Pdf417),
                ..here
            },
            PermitKind,
            (Failed, "the permit is never printed as pdf417"),
        ),
    ] {
        let inspection = inspect(&good, &profiles, &issuer.signers, &gate);
        assert_eq!(outcome(&inspection, check), expected);
        assert_eq!(inspection.accepted(), expected.0 == Passed);
    }

    let features = || crew.encode("data.toml", SHORE_LEAVE).unwrap();
    let with = |tag: u8, value: &[u8]| {
        let mut features = features();
        features.push((Tag::Number(tag), value.to_vec()));
        features
    };
    let without = |tag: u8| {
        let mut features = features();
        features.retain(|(other, _)| *other != Tag::Number(tag));
        features
    };
    let changed =
        |tag: u8, value: &[u8]| [without(tag), vec![(Tag::Number(tag), value.to_vec())]].concat();
    for (document, features, check, expected) in [
        (
            0xF101,
            with(0x77, b"unknown"),
            PermitMandatory,
            (Passed, ""),
        ),
        (0xF101, without(0x05), PermitMandatory, (Passed, "")),
        (
            0xF101,
            without(0x02),
            PermitMandatory,
            (Failed, "missing: ship"),
        ),
        (
            0xF101,
            changed(0x02, b"x"),
            PermitValues,
            (Failed, "not of their type or length: ship"),
        ),
        (
            0xF101,
            with(0x04, &[0x0B, 0x5A, 0x22]),
            PermitValues,
            (Failed, "not of their type or length: last-day"),
        ),
        (
            0xF101,
            changed(0x01, &crate::seal::c40::encode("X1234567").unwrap()),
            PermitHolder,
            (
                Failed,
                "the traveller's document is not named in the permit",
            ),
        ),
        (
            0xF999,
            features(),
            PermitKind,
            (Failed, "no profile describes this kind of seal"),
        ),
    ] {
        let seal = issuer.vds(document, features);
        let inspection = inspect(&seal, &profiles, &issuer.signers, &here);
        assert_eq!(outcome(&inspection, check), expected);
        assert_eq!(
            inspection.accepted(),
            expected.0 == Passed,
            "{inspection:?}"
        );
    }

    let foreign = PermitProfile {
        issuers: vec!["VNM".to_owned()],
        ..crew.clone()
    };
    let inspection = inspect(&good, &[foreign], &issuer.signers, &here);
    let expected = (Failed, "the issuing State does not issue this permit");
    assert_eq!(outcome(&inspection, PermitKind), expected);

    let forged = self::issuer().vds(0xF101, features());
    let inspection = inspect(&forged, &profiles, &issuer.signers, &here);
    assert_eq!(outcome(&inspection, SealCheck::SealSignature).0, Failed);
    assert!(!inspection.accepted());
    let inspection = inspect(b"no seal", &profiles, &issuer.signers, &here);
    assert_eq!(outcome(&inspection, SealCheck::SealStructure).0, Failed);
    assert_eq!(
        outcome(&inspection, PermitHolder),
        (NotDone, "the barcode is no seal")
    );
}

#[test]
fn a_pass_bound_to_a_face_says_whose() {
    let resident = profile(&RESIDENT.replace("\"VNM\", ", "\"UTO\", "));
    let issuer = issuer();
    let data = "record = \"LC00012345\"\ndistricts = \"VN10 CN53\"\n";
    let seal = issuer.vds(0xF103, resident.encode("data.toml", data).unwrap());
    let gate = Gate {
        places: &["VN10"],
        today: Some(TODAY),
        ..Gate::default()
    };
    let inspection = inspect(&seal, &[resident], &issuer.signers, &gate);
    assert!(inspection.accepted(), "{inspection:?}");
    assert_eq!(inspection.face_of.as_ref().unwrap().expose(), "LC00012345");
    assert_eq!(outcome(&inspection, SealCheck::PermitHolder).0, NotDone);
    assert!(!format!("{inspection:?}").contains("LC0001"));
}

#[test]
fn a_zone_in_a_permit_is_checked_and_compared() {
    let boarding = profile(BOARDING);
    let seal = |zone: &str| {
        let mut features = boarding
            .encode(
                "data.toml",
                &format!(
                    "document-identifier = 0x21\nzone = \"\"\"\n{ZONE}\"\"\"\nemployer = \"Cảng\"\n\
                     first-day = 2026-11-01\nlast-day = 2026-12-31\narea = \"A;B\"\n"
                ),
            )
            .unwrap();
        for (tag, value) in &mut features {
            if *tag == Tag::Number(0x81) {
                *value = crate::seal::c40::encode(&zone.replace('\n', "")).unwrap();
            }
        }
        crate::seal::Seal {
            format: SealFormat::Idb,
            issuer: "UTO".to_owned(),
            signer: None,
            issued: crate::seal::DayOf::default().into(),
            signed_on: crate::seal::DayOf::default().into(),
            document: Some(DocumentType::Number(0x21)),
            features: features
                .into_iter()
                .map(|(tag, value)| crate::seal::Feature {
                    tag,
                    value: value.into(),
                })
                .collect(),
            signed: vec![].into(),
            signature: None,
            certificate: None,
        }
    };
    let printed = Mrz::parse(ZONE).unwrap();
    let gate = Gate {
        places: &["B"],
        today: Some(TODAY),
        printed: Some(&printed),
        symbology: None,
    };
    let judge = |zone: &str| {
        let findings = boarding.judge(&seal(zone), &gate).findings;
        let of = |check| {
            let finding = findings
                .iter()
                .find(|finding| finding.check == check)
                .unwrap();
            (finding.outcome, finding.reason.clone())
        };
        (of(SealCheck::PermitZone), of(SealCheck::PermitHolder))
    };
    let passed = (Passed, String::new());
    assert_eq!(judge(ZONE), (passed.clone(), passed.clone()));
    let (zone, _) = judge(&ZONE.replace("7408122", "7408123"));
    assert_eq!(
        zone,
        (
            Failed,
            "a check digit of the zone in the seal is wrong".to_owned()
        )
    );
    let other = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
    let (zone, holder) = judge(other);
    assert_eq!(zone, passed);
    assert_eq!(
        holder,
        (
            Failed,
            "the zone in the permit is of another format".to_owned()
        )
    );
}

#[test]
fn a_group_list_names_everybody_in_it() {
    let group = profile(GROUP);
    let issuer = issuer();
    let data = "organiser = \"Du lịch\"\ndocuments = \"X1234567 L898902C3\"\n\
                first-day = 2026-11-22\nlast-day = 2026-11-22\n";
    let mut message = serde_json::Map::new();
    for (tag, value) in group.encode("data.toml", data).unwrap() {
        message.insert(tag.to_string(), String::from_utf8(value).unwrap().into());
    }
    let data = serde_json::json!({"hdr": {"t": "vn.group", "v": 1, "is": "UTO"}, "msg": message});
    let unsigned = vds_nc::unsigned(&data).unwrap();
    let digest = signatures::digest_for(256);
    let signature = sign(&issuer.key, digest, &unsigned);
    let seal = vds_nc::seal(&data, digest, &issuer.certificate, &signature);
    let printed = Mrz::parse(ZONE).unwrap();
    let gate = Gate {
        today: Some(TODAY),
        printed: Some(&printed),
        ..Gate::default()
    };
    let inspection = inspect(seal.as_bytes(), &[group], &issuer.signers, &gate);
    assert!(inspection.accepted(), "{inspection:?}");
}

#[test]
fn what_is_wrong_with_a_profile_is_said_with_its_line() {
    for (from, to, error) in [
        (
            "title",
            "titel",
            "1: key title is missing: what officers call it expected",
        ),
        (
            "symbologies",
            "symbolgies",
            "6: key symbolgies is unknown; the nearest known one is symbologies",
        ),
        (
            "\"vds\"",
            "\"vdf\"",
            "3: key format: one of \"vds\", \"idb\", \"vds-nc\", \"text\" (nearest: \"vds\") expected, \"vdf\" found",
        ),
        (
            "0xF101",
            "0x1F101",
            "4: key document: a number from 0 to 65535 expected, 0x1F101 found",
        ),
        (
            "\"VNM\"",
            "\"vnm\"",
            "5: key issuers[0]: a State as zones write it, for example \"VNM\" or \"D\" expected, \"vnm\" found",
        ),
        (
            "\"qr\"",
            "\"qrr\"",
            "6: key symbologies[1]: one of \"data-matrix\", \"qr\", \"aztec\", \"pdf417\" (nearest: \"qr\") expected, \"qrr\" found",
        ),
        (
            "min = 5",
            "minimum = 5",
            "12: key feature[0].minimum is unknown; the nearest known one is feature[0].min",
        ),
        (
            "max = 20",
            "max = 4",
            "13: key feature[0].max: no less than min, 5 expected, 4 found",
        ),
        (
            "tag = 0x02",
            "tag = 0x01",
            "16: key feature[1].tag: a tag that no other feature has expected, 0x01 found",
        ),
        (
            "tag = 0x02",
            "tag = 0xFF",
            "16: key feature[1].tag: a number from 0 to 254 expected, 0xFF found",
        ),
        (
            "name = \"ship\"",
            "name = \"Ship\"",
            "17: key feature[1].name: a name of up to 40 small letters, digits and hyphens expected, \"Ship\" found",
        ),
        (
            "mandatory = false",
            "mandatory = 0",
            "38: key feature[4].mandatory: true or false expected, 0 found",
        ),
        (
            "until = \"last-day\"",
            "until = \"last-dya\"",
            "42: key validity.until: the name of a feature (nearest: \"last-day\") expected, \"last-dya\" found",
        ),
        (
            "until = \"last-day\"",
            "until = \"ship\"",
            "42: key validity.until: a feature of type date expected, \"ship\" found",
        ),
        (
            "until = \"last-day\"",
            "",
            "41: key validity.until is missing: the name of a feature, or days, expected",
        ),
        (
            "[area]",
            "[areas]",
            "45: key areas is unknown; the nearest known one is area",
        ),
        (
            "\"document-number\"\nfeature",
            "\"number\"\nfeature",
            "50: key holder.binding: one of \"zone\", \"document-number\", \"face\", \"none\" (nearest: \"none\") expected, \"number\" found",
        ),
        ("title =", "title", "2: no TOML: "),
    ] {
        assert!(CREW.contains(from), "{from}");
        let found = PermitProfile::parse("crew.toml", &CREW.replacen(from, to, 1)).unwrap_err();
        let found = found.to_string();
        let expected = format!("crew.toml:{error}");
        assert!(
            found == expected || (error.ends_with(": ") && found.starts_with(&expected)),
            "{found}\n{expected}"
        );
    }
}

#[test]
fn data_that_do_not_fit_are_refused_without_being_repeated() {
    let crew = profile(CREW);
    for (from, to, error) in [
        (
            "ship = \"IMO9074729\"",
            "ship = \"SECRET-SHIP\"",
            "data.toml:2: key ship: 7 to 10 capital letters, digits or spaces expected, another string found",
        ),
        (
            "last-day = 2026-11-30",
            "last-day = \"SECRET\"",
            "data.toml:4: key last-day: a day expected, another string found",
        ),
        (
            "entries = 4",
            "entries = 70000",
            "data.toml:5: key entries: a number expected, another integer found",
        ),
        (
            "entries",
            "entry",
            "data.toml:5: key entry is unknown; the nearest known one is entries",
        ),
        (
            "ship",
            "shop",
            "data.toml:1: key ship is missing: 7 to 10 capital letters, digits or spaces expected",
        ),
    ] {
        let found = crew
            .encode("data.toml", &SHORE_LEAVE.replacen(from, to, 1))
            .unwrap_err();
        assert_eq!(found.to_string(), error);
        assert!(!found.to_string().contains("SECRET"));
    }
}

#[test]
fn a_gate_needs_whatever_a_desk_may_leave_open() {
    use crate::seal::PermitVerdict::{Accepted, NeedsDocument, NeedsFace, Refused};
    let issuer = issuer();
    let printed = Mrz::parse(ZONE).unwrap();
    let crew = profile(CREW);
    let leave = issuer.vds(0xF101, crew.encode("data.toml", SHORE_LEAVE).unwrap());
    let here = Gate {
        places: &["VNHPH"],
        today: Some(TODAY),
        printed: Some(&printed),
        symbology: None,
    };
    let judged = |gate: &Gate<'_>| inspect(&leave, &[profile(CREW)], &issuer.signers, gate);
    let desk = judged(&here);
    assert!(desk.accepted());
    assert_eq!(
        desk.verdict(),
        Refused(SealCheck::PermitUses),
        "not counted"
    );
    for (used, expected) in [
        (Some(0), Accepted),
        (Some(3), Accepted),
        (Some(4), Refused(SealCheck::PermitUses)),
        (None, Refused(SealCheck::PermitUses)),
    ] {
        assert_eq!(
            judged(&here).with_uses(used).verdict(),
            expected,
            "{used:?}"
        );
    }
    let unread = Gate {
        printed: None,
        ..here
    };
    assert_eq!(judged(&unread).with_uses(Some(0)).verdict(), NeedsDocument);
    let resident = profile(RESIDENT);
    let data = "record = \"LC00012345\"\ndistricts = \"VNHPH\"\n";
    let pass = issuer.vds(0xF103, resident.encode("data.toml", data).unwrap());
    let pass = inspect(&pass, &[resident], &issuer.signers, &here).with_uses(None);
    assert_eq!(pass.verdict(), NeedsFace);
    assert_eq!(pass.entries, None);
}

#[test]
fn a_profile_says_how_often_and_whether_alone() {
    let uses = CREW.replace("entries = \"entries\"", "uses = 1");
    let issuer = issuer();
    let crew = profile(&uses);
    let data = SHORE_LEAVE.replace("entries = 4\n", "");
    let leave = issuer.vds(0xF101, crew.encode("data.toml", &data).unwrap());
    let inspection = inspect(&leave, &[crew], &issuer.signers, &Gate::default());
    assert_eq!(inspection.entries, Some(1));

    let free = RESIDENT.replace(
        "binding = \"face\"\nfeature = \"record\"",
        "binding = \"none\"\nalone = true",
    );
    assert!(PermitProfile::parse("a.toml", &free).unwrap().holder.alone);
    for (text, word) in [
        (
            RESIDENT.replace("binding = \"face\"", "binding = \"face\"\nalone = true"),
            "alone",
        ),
        (
            CREW.replace("entries = \"entries\"", "entries = \"entries\"\nuses = 1"),
            "uses",
        ),
    ] {
        let error = PermitProfile::parse("a.toml", &text)
            .unwrap_err()
            .to_string();
        assert!(error.contains(word), "{error}");
    }
}

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
