//! Zones that were misread, and zones that were printed wrong, before chips that know better.

use super::*;
use gate_document::trust::defects::Defects;

/// Readings of one zone that a lane asks a chip with, at most.
const ASKED: usize = 3;

/// Opens a chip with the first readings of a zone in their order: which of them opened it.
fn opened_by(document: &TestDocument, zone: &str, asked: usize) -> Option<usize> {
    let read = Mrz::read(zone).ok()?;
    let readings = std::iter::once(&read).chain(read.alternatives());
    let mut keys = readings.map(Mrz::access_key).take(asked);
    keys.position(|key| {
        let card = InField::new(Chip::new(document, 4));
        let passwords = Passwords::from(key);
        let seen = see(card, &passwords.into(), ApduLength::Extended.into());
        match seen.result {
            Ok(files) => files.get(ElementaryFile::DG1) == document.file(0x0101),
            Err(error) => {
                assert_eq!(error.cause(), Cause::WrongZone, "{error}");
                false
            }
        }
    })
}

#[test]
fn a_misread_zone_is_repaired_and_the_chip_decides_between_the_readings() {
    // Quirk 31.
    let with_number = |number: &str| {
        let request = DocumentRequest {
            number: number.into(),
            ..request()
        };
        authority().issue(&request).unwrap()
    };
    let mistakes = [
        ('0', 'O'),
        ('O', '0'),
        ('1', 'I'),
        ('I', '1'),
        ('5', 'S'),
        ('S', '5'),
        ('8', 'B'),
        ('B', '8'),
        ('2', 'Z'),
        ('Z', '2'),
    ];
    let (mut opened, mut by_another) = (0, 0);
    // Numbers of nothing but look-alikes have more readings than a lane asks for; a desk asks for all.
    for (number, asked) in [
        ("L0O8902C3", ASKED),
        ("C01X06T47", ASKED),
        ("K58B01Z2R", ASKED),
        ("1O0IS5B8Z", usize::MAX),
        ("Z2O0SB185", usize::MAX),
    ] {
        let document = with_number(number);
        let lines = document.lines();
        let key_fields = (0..10).chain(13..20).chain(21..28);
        for at in key_fields {
            let printed: Vec<char> = lines[1].chars().collect();
            for (_, misread) in mistakes.iter().filter(|(right, _)| *right == printed[at]) {
                let mut characters = printed.clone();
                characters[at] = *misread;
                let zone = format!("{}\n{}", lines[0], characters.iter().collect::<String>());
                assert_ne!(zone, lines.join("\n"));
                let reading = opened_by(&document, &zone, asked);
                let reading = reading.unwrap_or_else(|| panic!("{number}, place {at}"));
                opened += 1;
                by_another += usize::from(reading > 0);
            }
        }
    }
    assert!(opened > 30, "{opened}");
    assert!(by_another > 0, "the chip never had to decide");
}

#[test]
fn a_zone_that_no_light_shows_is_replaced_by_the_card_access_number() {
    // Quirk 32: printed in ink that infrared light does not show.
    let document = document(&modern());
    let number = CardAccessNumber::new(NUMBER).unwrap();
    let card = InField::new(Chip::new(&document, 4));
    let request = Passwords::from(number).into();
    let files = see(card, &request, ApduLength::Extended.into()).result;
    let files = files.unwrap();
    let zone = gate_document::lds::dg1(files.get(ElementaryFile::DG1).unwrap()).unwrap();
    let trust = authority().trust_store().unwrap();
    let inspection = inspect(&zone, &files, &trust, Some(TODAY));
    assert_eq!(failed(&inspection), []);
    let access = inspection.finding(Check::ChipAccess).unwrap();
    assert!(access.reason.contains("card access number"), "{access:?}");
}

#[test]
fn a_wrong_country_code_counts_until_a_known_defect_waives_just_that() {
    // Quirk 32: the zone names Austria, the signer is Utopia's.
    let state = State {
        code: "AUT",
        country: "UT",
    };
    let authority = Authority::new(state, Scheme::Elliptic, 1).unwrap();
    let document = authority.issue_with(&request(), &modern()).unwrap();
    let inspection = inspected(&authority, &document);
    let (outcome, _) = told(&inspection, Check::IssuerAgainstSigner);
    assert_eq!(outcome, Outcome::Failed);
    assert!(!inspection.genuine());

    let waived = |issuer: &str| {
        let defect = format!(
            "[[defect]]\nid = \"code\"\nissuer = \"{issuer}\"\ncheck = \"issuer-against-signer\"\n\
             effect = \"waive\"\nsource = \"circular\""
        );
        let trust = authority.trust_store().unwrap();
        let trust = trust.with_defects(Defects::parse(&defect).unwrap());
        let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
        let chip = Chip::new(&document, 4);
        let files = read_chip(&document, chip).result.unwrap();
        inspect(&printed, &files, &trust, Some(TODAY))
    };
    let known = waived("AUT");
    assert!(!waived("UTO").genuine());
    let (outcome, reason) = told(&known, Check::IssuerAgainstSigner);
    assert_eq!(outcome, Outcome::Passed);
    assert!(reason.starts_with("waived by defect code"), "{reason}");
    let defects = told(&known, Check::KnownDefects);
    assert_eq!(defects, (Outcome::NotDone, "code"));
}
