//! Permits as a gate judges them.

use super::*;

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
