use super::*;
use crate::Outcome::{Failed, NotDone, NotSupported, Passed};
use crate::test_issuer::{CSCA, SIGNER, SodIssuer, ZONE, authority, object, p256};

#[test]
fn spelling_is_folded_to_the_letters_of_the_zone() {
    for (text, expected) in [
        ("Trần Thị Thu Hương", Some("TRAN THI THU HUONG")),
        ("NGUYỄN VĂN ĐỨC", Some("NGUYEN VAN DUC")),
        // The same in letters with marks of their own.
        ("Tra\u{302}\u{300}n Thi\u{323}", Some("TRAN THI")),
        ("O'Brien-Müller", Some("OBRIEN MUELLER")),
        ("Łukasz Groß", Some("LUKASZ GROSS")),
        ("Иванов", None),
        ("", Some("")),
    ] {
        assert_eq!(fold(text).as_deref(), expected);
    }
}

/// ITU-T X.690 of DG13, as a Vietnamese card has it.
fn vietnamese(fields: &[(u8, &str)]) -> Vec<u8> {
    let fields: Vec<Vec<u8>> = fields
        .iter()
        .map(|(number, text)| {
            let number = object(0x02, &[&[*number]]);
            object(0x30, &[&number, &object(0x0C, &[text.as_bytes()])])
        })
        .collect();
    object(0x6D, &[&fields.concat()])
}

const NAME_LINE: &str = "TRAN<<THI<THU<HUONG<<<<<<<<<<<";

/// The card's zone with every check digit right.
fn card() -> Mrz {
    let digit = |text: &str| {
        crate::mrz::check_digit(text.as_bytes())
            .unwrap()
            .to_string()
    };
    let personal = "001164123456";
    let first = format!(
        "IDVNM{}{}{personal}<<{}",
        &personal[3..],
        digit(&personal[3..]),
        digit(personal)
    );
    let mut second = format!(
        "640115{}F991231{}VNM<<<<<<<<<<<",
        digit("640115"),
        digit("991231")
    );
    let over = format!(
        "{}{}{}{}",
        &first[5..],
        &second[..7],
        &second[8..15],
        &second[18..29]
    );
    second.push_str(&digit(&over));
    let third = NAME_LINE;
    Mrz::parse(&format!("{first}\n{second}\n{third}")).unwrap()
}

fn found(zone: &Mrz, groups: &[(u8, Vec<u8>)], given: &[u8]) -> Finding {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let listed: Vec<(u8, &[u8])> = groups
        .iter()
        .map(|(number, bytes)| (*number, &bytes[..]))
        .collect();
    let sod = Sod::parse(&SodIssuer::new(&signer).sod(&listed)).unwrap();
    let mut chip = ChipFiles::new();
    for (number, bytes) in groups.iter().filter(|(number, _)| given.contains(number)) {
        chip.insert(ElementaryFile::DataGroup(*number), bytes.clone());
    }
    finding(&chip, &sod, Ok(zone))
}

#[test]
fn a_vietnamese_card_says_the_same_in_both_spellings() {
    let right = [
        (1, "001164123456"),
        (2, "Trần Thị Thu Hương"),
        (3, "15/01/1964"),
        (4, "Nữ"),
        (6, "…"),
        (12, "Không thời hạn"),
    ];
    let with = |number: u8, text: &'static str| {
        let mut fields = right;
        if let Some(field) = fields.iter_mut().find(|(own, _)| *own == number) {
            field.1 = text;
        }
        vietnamese(&fields)
    };
    for (name, dg13, expected, reason) in [
        ("right", with(0, ""), Passed, ""),
        (
            "another name",
            with(2, "Trần Thị Thu Hà"),
            Failed,
            "DG13: another name",
        ),
        (
            "one name more",
            with(2, "Trần Thị Thu Hương Lan"),
            Failed,
            "DG13: another name",
        ),
        (
            "another day",
            with(3, "16/01/1964"),
            Failed,
            "DG13: another day of birth",
        ),
        ("another sex", with(4, "Nam"), Failed, "DG13: another sex"),
        (
            "another number",
            with(1, "001164123457"),
            Failed,
            "DG13: another personal number",
        ),
        (
            "other letters",
            with(2, "Чан"),
            NotDone,
            "DG13: a name in letters that are not known here",
        ),
        (
            "damaged",
            object(0x6D, &[&[0x30, 5]]),
            NotDone,
            "DG13 cannot be read",
        ),
    ] {
        let finding = found(&card(), &[(13, dg13)], &[13]);
        assert_eq!(
            (finding.outcome, finding.reason.as_str()),
            (expected, reason),
            "{name}"
        );
    }
    let unread = found(&card(), &[(13, with(0, ""))], &[]);
    assert_eq!(
        (unread.outcome, unread.reason.as_str()),
        (NotDone, "DG13 was not read")
    );
    let around = vietnamese(&right);
    let inside = Reader::new(&around)
        .expect(0x6D, "DG13")
        .unwrap()
        .value
        .to_vec();
    let around = object(0x6D, &[&object(0x30, &[&inside])]);
    assert_eq!(dg13(&around), dg13(&vietnamese(&right)));
    let details = dg13(&vietnamese(&right)).unwrap();
    assert_eq!(details.expiry, Some(Expiry::Unlimited));
    let printed = format!("{details:?}");
    assert!(
        !printed.contains("Hương") && !printed.contains("1964"),
        "{printed}"
    );
}

#[test]
fn further_details_in_dg11_are_those_of_the_zone() {
    let zone = Mrz::parse(ZONE).unwrap();
    let dg11 = |name: &str, birth: &[u8]| {
        let tags = object(0x5C, &[&[0x5F, 0x0E, 0x5F, 0x2B]]);
        object(
            0x6B,
            &[
                &tags,
                &object(0x5F0E, &[name.as_bytes()]),
                &object(0x5F2B, &[birth]),
            ],
        )
    };
    for (name, bytes, expected) in [
        ("right", dg11("ERIKSSON<<ANNA<MARIA", b"19740812"), Passed),
        (
            "in four bytes",
            dg11("Eriksson, Anna-Maria", &[0x19, 0x74, 0x08, 0x12]),
            Passed,
        ),
        (
            "given names first",
            dg11("Anna Maria Eriksson", b"19740000"),
            Passed,
        ),
        (
            "another name",
            dg11("ERIKSSON<<ANNE<MARIA", b"19740812"),
            Failed,
        ),
        (
            "another year",
            dg11("ERIKSSON<<ANNA<MARIA", b"19750812"),
            Failed,
        ),
    ] {
        let finding = found(&zone, &[(11, bytes)], &[11]);
        assert_eq!(finding.outcome, expected, "{name}: {}", finding.reason);
        assert!(!finding.reason.contains("ANN"), "{name}");
        let tolerated = finding.reason == "DG11: date of birth in four bytes";
        assert_eq!(tolerated, name == "in four bytes");
    }
    // DG13 is every issuer's own: it says nothing about other documents.
    let other = found(&zone, &[(13, vietnamese(&[(2, "Trần")]))], &[13]);
    assert_eq!(other.outcome, NotSupported);
}
