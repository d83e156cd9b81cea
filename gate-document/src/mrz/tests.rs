use super::*;
use crate::policy::{Policy, Verdict};
use jiff::civil::date;
use proptest::prelude::*;

const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                   L898902C36UTO7408122F1204159ZE184226B<<<<<10";
const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\n\
                   D231458907UTO7408122F1204159<<<<<<<6";
const TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n\
                   7408122F1204159UTO<<<<<<<<<<<6\n\
                   ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
/// Doc 9303-11, Appendix D.2: document numbers that do not fit their field.
const TD2_LONG: &str = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\n\
                        D23145890<UTO3407127M95071227349<<<8";
const TD1_LONG: &str = "I<UTOD23145890<7349<<<<<<<<<<<\n\
                        3407127M9507122UTO<<<<<<<<<<<2\n\
                        STEVENSON<<PETER<JOHN<<<<<<<<<";
/// An invented Vietnamese identity card of a holder above sixty.
const CCCD: &str = "IDVNM1641234564001164123456<<5\n\
                    6401159F9912315VNM<<<<<<<<<<<0\n\
                    TRAN<<THI<THU<HUONG<<<<<<<<<<<";

#[test]
fn the_specimens_of_the_standard_are_read() {
    // Code, State, number, surname, given names, optional data.
    for (zone, format, fields) in [
        (
            TD3,
            Format::Td3,
            [
                "P",
                "UTO",
                "L898902C3",
                "ERIKSSON",
                "ANNA MARIA",
                "ZE184226B",
            ],
        ),
        (
            TD2,
            Format::Td2,
            ["I", "UTO", "D23145890", "ERIKSSON", "ANNA MARIA", ""],
        ),
        (
            TD1,
            Format::Td1,
            ["I", "UTO", "D23145890", "ERIKSSON", "ANNA MARIA", ""],
        ),
        (
            TD2_LONG,
            Format::Td2,
            ["I", "UTO", "D23145890734", "STEVENSON", "PETER JOHN", ""],
        ),
        (
            TD1_LONG,
            Format::Td1,
            ["I", "UTO", "D23145890734", "STEVENSON", "PETER JOHN", ""],
        ),
        (
            CCCD,
            Format::Td1,
            [
                "ID",
                "VNM",
                "164123456",
                "TRAN",
                "THI THU HUONG",
                "001164123456<<5",
            ],
        ),
    ] {
        let mrz = Mrz::parse(zone).unwrap();
        assert_eq!(mrz.format, format);
        assert_eq!(
            fields,
            [
                &mrz.document_code,
                &mrz.issuing_state,
                mrz.document_number.expose(),
                mrz.surname.expose(),
                mrz.given_names.expose(),
                mrz.optional_data.expose(),
            ]
        );
        assert_eq!(
            mrz.lines().collect::<Vec<_>>(),
            zone.split('\n').collect::<Vec<_>>()
        );
        assert_eq!(mrz.truncation, Truncation::None);
    }
}

#[test]
fn persons_and_dates_are_read() {
    let today = date(2026, 11, 22);
    for (zone, birth, sex, nationality, expiry) in [
        (
            TD3,
            date(1974, 8, 12),
            Sex::Female,
            "UTO",
            Expiry::On(date(2012, 4, 15)),
        ),
        (
            TD1_LONG,
            date(1934, 7, 12),
            Sex::Male,
            "UTO",
            Expiry::On(date(1995, 7, 12)),
        ),
        (
            CCCD,
            date(1964, 1, 15),
            Sex::Female,
            "VNM",
            Expiry::Unlimited,
        ),
    ] {
        let mrz = Mrz::parse(zone).unwrap();
        assert_eq!(mrz.birth.expose().date(today), Some(birth));
        assert_eq!(*mrz.sex.expose(), sex);
        assert_eq!(mrz.nationality.expose(), nationality);
        assert_eq!(mrz.expiry, expiry);
    }
    let unknown = TD3.replace(
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
        "L898902C36UTO74<<<<1F<<<<<<0<<<<<<<<<<<<<<06",
    );
    let mrz = Mrz::parse(&unknown).unwrap();
    assert_eq!(
        *mrz.birth.expose(),
        Birth {
            year_of_century: Some(74),
            month: None,
            day: None
        }
    );
    assert_eq!(mrz.expiry, Expiry::Unknown);
}

#[test]
fn the_key_is_that_of_the_worked_examples() {
    // Doc 9303-11, Appendix D.2.
    for (zone, key) in [
        (TD3, "L898902C3674081221204159"),
        (TD2_LONG, "D23145890734934071279507122"),
        (TD1_LONG, "D23145890734934071279507122"),
        (CCCD, "164123456464011599912315"),
    ] {
        assert_eq!(
            Mrz::parse(zone).unwrap().access_key().mrz_information(),
            key
        );
    }
    // The example of D.2 itself: a number of eight characters keeps its filler.
    let short = TD3.replace(
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
        "L898902C<3UTO6908061F9406236ZE184226B<<<<<14",
    );
    let key = Mrz::parse(&short).unwrap().access_key();
    assert_eq!(key.mrz_information(), "L898902C<369080619406236");
}

#[test]
fn whatever_a_reader_puts_between_lines_is_taken() {
    let expected = Mrz::parse(TD3).unwrap();
    for text in [
        TD3.replace('\n', "\r"),
        TD3.replace('\n', "\r\n"),
        TD3.replace('\n', ""),
        TD3.replace('<', "_"),
        TD3.replace('<', " "),
        TD3.to_lowercase(),
        format!("\r\n{TD3}\r\n\r\n"),
    ] {
        assert_eq!(Mrz::parse(&text).as_ref(), Ok(&expected));
    }
}

#[test]
fn errors_name_the_place_and_never_the_person() {
    let line2 = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    for (text, expected) in [
        (
            String::new(),
            "zone of 0 lines, the longest of 0 characters; 3 of 30, 2 of 36 or 2 of 44 expected",
        ),
        (
            TD3.split('\n').next().unwrap().to_owned(),
            "zone of 1 lines, the longest of 44 characters; 3 of 30, 2 of 36 or 2 of 44 expected",
        ),
        (
            TD3.replace('\n', "") + &"<".repeat(400),
            "zone of 1 lines, the longest of 488 characters; 3 of 30, 2 of 36 or 2 of 44 expected",
        ),
        // 90 characters, and yet not three lines of 30.
        (
            format!("{}\n{}", "P".repeat(44), "P".repeat(46)),
            "zone of 2 lines, the longest of 46 characters; 3 of 30, 2 of 36 or 2 of 44 expected",
        ),
        (
            TD3.replace("ANNA", "ANN?"),
            "zone line 1, position 19: character not allowed in name",
        ),
        (
            TD3.replace("ANNA", "ANNÄ"),
            "zone line 1, position 19: character not allowed in name",
        ),
        (
            TD3.replace("ANNA", "4NNA"),
            "zone line 1, position 16: character not allowed in name",
        ),
        (
            TD3.replace("P<UTO", "<PUTO"),
            "zone line 1, position 1: character not allowed in document code",
        ),
        (
            TD3.replace("L898902C36", "<<<<<<<<<0"),
            "zone line 2, position 1: character not allowed in document number",
        ),
        (
            TD3.replace("2F1", "2A1"),
            "zone line 2, position 21: character not allowed in sex",
        ),
        (
            TD3.replace("L898902C3", "L898902C4"),
            "zone line 2, position 10: check digit over document number is wrong",
        ),
        (
            TD3.replace("740812", "740813"),
            "zone line 2, position 20: check digit over date of birth is wrong",
        ),
        (
            TD3.replace("120415", "120416"),
            "zone line 2, position 28: check digit over date of expiry is wrong",
        ),
        (
            TD3.replace("ZE184226B", "ZE184226C"),
            "zone line 2, position 43: check digit over optional data is wrong",
        ),
        (
            TD3.replace("<10", "<11"),
            "zone line 2, position 44: check digit over composite is wrong",
        ),
        (
            TD3.replace(line2, "L898902C36UTO7413405F1204159<<<<<<<<<<<<<<08"),
            "zone line 2, position 14: date of birth is no day of the calendar",
        ),
        (
            TD1_LONG.replace("7349<", "7348<"),
            "zone line 1, position 19: check digit over document number is wrong",
        ),
        (
            TD1_LONG.replace("<7349<", "<<<<<<"),
            "zone line 1, position 15: check digit over document number is wrong",
        ),
        (
            TD2_LONG.replace("7349<<<", "7340<<<"),
            "zone line 2, position 32: check digit over document number is wrong",
        ),
    ] {
        let result = Mrz::parse(&text);
        let finding = printed_zone(&result);
        assert_eq!(result.unwrap_err().to_string(), expected);
        assert_eq!(finding, Finding::failed(Check::PrintedZone, expected));
    }
}

#[test]
fn an_empty_personal_number_may_have_a_filler_as_check_digit() {
    let zone = TD3.replace(
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
        "AB12345671UTO7408122<3204153<<<<<<<<<<<<<<<4",
    );
    let mrz = Mrz::parse(&zone).unwrap();
    assert_eq!(*mrz.sex.expose(), Sex::Unspecified);
    assert_eq!(mrz.optional_data.expose(), "");
}

#[test]
fn names_are_read_as_far_as_the_zone_has_them() {
    // Doc 9303-3, 4.6 and 9303-4, 4.2.3; and what issuers do beside it.
    for (field, surname, given, truncation) in [
        (
            "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K",
            "NILAVADHANANANDA",
            "CHAYAPA DEJTHAMRONG K",
            Truncation::Possible,
        ),
        (
            "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<W<<DI",
            "BENNELONG WOOLOOMOOLOO WARRANDYTE W",
            "DI",
            Truncation::Possible,
        ),
        (
            "PAPANDROPOULOUSPAPANDROPOULOUSPAPANDROP",
            "PAPANDROPOULOUSPAPANDROPOULOUSPAPANDROP",
            "",
            Truncation::Surname,
        ),
        (
            "ARKFREITH<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
            "ARKFREITH",
            "",
            Truncation::None,
        ),
        // O'CONNOR loses the apostrophe, SMITH-JONES the hyphen; MUELLER stays what it is.
        (
            "OCONNOR<<ENYA<SIOBHAN<<<<<<<<<<<<<<<<<<",
            "OCONNOR",
            "ENYA SIOBHAN",
            Truncation::None,
        ),
        (
            "MUELLER<SMITH<JONES<<SUSIE<MARGARET<<<<",
            "MUELLER SMITH JONES",
            "SUSIE MARGARET",
            Truncation::None,
        ),
        // More than two parts.
        (
            "DE<LA<CRUZ<<MARIA<<LUISA<<ANA<<<<<<<<<<",
            "DE LA CRUZ",
            "MARIA LUISA ANA",
            Truncation::None,
        ),
    ] {
        let mrz =
            Mrz::parse(&TD3.replace("ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", field)).unwrap();
        assert_eq!(mrz.surname.expose(), surname);
        assert_eq!(mrz.given_names.expose(), given);
        assert_eq!(mrz.truncation, truncation, "{field}");
    }
}

#[test]
fn validity_ends_after_the_last_day() {
    use crate::finding::Outcome::{Failed, NotDone, Passed};
    for (zone, today, expected) in [
        (TD3, Some(date(2012, 4, 15)), Passed),
        (TD3, Some(date(2012, 4, 16)), Failed),
        (TD3, None, NotDone),
        (CCCD, Some(date(2060, 1, 1)), Passed),
        (CCCD, None, Passed),
    ] {
        assert_eq!(
            validity(&Mrz::parse(zone).unwrap(), today).outcome,
            expected
        );
    }
}

#[test]
fn differences_are_named_field_by_field() {
    let one = Mrz::parse(TD3).unwrap();
    for (from, to, expected) in [
        ("<", "<", &[][..]),
        ("ANNA", "ANNE", &[Field::Name]),
        ("UTOERIKSSON", "XXXERIKSSON", &[Field::IssuingState]),
        (
            "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
            "L898902C36UTO7408122F1204159<<<<<<<<<<<<<<08",
            &[Field::OptionalData],
        ),
        (
            "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
            "AB12345671UTO7408122<3204153<<<<<<<<<<<<<<<4",
            &[
                Field::DocumentNumber,
                Field::Sex,
                Field::Expiry,
                Field::OptionalData,
            ],
        ),
    ] {
        let other = Mrz::parse(&TD3.replace(from, to)).unwrap();
        assert_eq!(one.differences(&other), expected);
    }
}

#[test]
fn a_zone_does_not_print_its_holder() {
    let printed = format!(
        "{:?} {:?}",
        Mrz::parse(TD3).unwrap(),
        Mrz::parse(TD3).unwrap().access_key()
    );
    for personal in [
        "ERIKSSON",
        "ANNA",
        "L898902C",
        "740812",
        "74",
        "Female",
        "ZE184226B",
    ] {
        assert!(!printed.contains(personal), "{personal} in {printed}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_zone_or_none(text in "\\PC{0,100}") {
        let _ = Mrz::parse(&text);
    }

    #[test]
    fn one_wrong_character_under_a_check_digit_is_noticed(
        position in 0..44_usize, character in "[A-Z0-9<]",
    ) {
        // Weights 7, 3 and 1 see every change but those of a value by a multiple of ten.
        let (first, second) = TD3.split_once('\n').unwrap();
        let mut line: Vec<u8> = second.bytes().collect();
        let value = |character: u8| match character {
            b'0'..=b'9' => character - b'0',
            b'A'..=b'Z' => character - b'A' + 10,
            _ => 0,
        };
        let new = character.as_bytes()[0];
        let unseen = value(line[position]) % 10 == value(new) % 10;
        let uncovered = (10..13).contains(&position) || position == 20;
        line[position] = new;
        let text = format!("{first}\n{}", String::from_utf8(line).unwrap());
        if let Ok(mrz) = Mrz::parse(&text) {
            prop_assert!(unseen || uncovered);
            prop_assert_eq!(mrz.lines().count(), 2);
        }
    }

    #[test]
    fn zones_of_any_characters_are_read_or_refused(text in "[A-Z0-9<]{72}|[A-Z0-9<]{88}|[A-Z0-9<]{90}") {
        if let Ok(mrz) = Mrz::parse(&text) {
            let _ = mrz.access_key();
        }
    }
}

#[test]
fn a_zone_issued_with_wrong_check_digits_is_taken_and_names_them() {
    let wrong = TD3.replace("7408122F", "7408123F");
    let refused = Mrz::read(&wrong).unwrap_err();
    let zone = Mrz::read_tolerant(&wrong).unwrap();
    let fields: Vec<Field> = zone.wrong_digits().iter().map(|it| it.field).collect();
    assert_eq!(fields, [Field::Birth, Field::Composite]);
    assert_eq!(MrzError::from(zone.wrong_digits()[0]), refused);
    let finding = check_digits(&zone);
    assert_eq!(
        finding,
        Finding::failed(
            Check::ZoneCheckDigits,
            "check digit over date of birth is wrong (line 2, position 20); \
             check digit over composite is wrong (line 2, position 44)"
        )
    );
    assert_eq!(consistency(&zone), Finding::passed(Check::PrintedZone));
    // The chip is asked with the key as printed, then as it should have been printed.
    assert_eq!(
        zone.access_key().mrz_information(),
        "L898902C3674081231204159"
    );
    let [computed] = zone.alternatives() else {
        panic!("one other key");
    };
    assert_eq!(
        computed.access_key().mrz_information(),
        "L898902C3674081221204159"
    );
    assert_eq!(computed.wrong_digits(), zone.wrong_digits());
    // The composite digit is in no key.
    let composite = Mrz::read_tolerant(&TD3.replace("<<10", "<<11")).unwrap();
    assert!(composite.alternatives().is_empty());
}

#[test]
fn where_a_confusion_explains_a_wrong_digit_the_zone_as_printed_is_tried_as_well() {
    let confused = TD3.replace("L898902C3", "L8989O2C3");
    let strict = Mrz::read(&confused).unwrap();
    let tolerant = Mrz::read_tolerant(&confused).unwrap();
    assert_eq!(tolerant.lines().nth(1), strict.lines().nth(1));
    let printed = tolerant.alternatives().iter().take(2);
    let printed: Vec<&Mrz> = printed.filter(|it| !it.wrong_digits().is_empty()).collect();
    assert_eq!(printed.len(), 1);
    assert_eq!(printed[0].document_number.expose(), "L8989O2C3");
    // A right zone is read as it always was, and what is no zone stays none.
    assert_eq!(Mrz::read_tolerant(TD1), Mrz::read(TD1));
    for broken in ["", "P<UTO", &TD3.replace("740812", "741312")] {
        assert_eq!(Mrz::read_tolerant(broken), Mrz::read(broken));
    }
}

#[test]
fn what_no_check_digit_covers_is_not_proved() {
    let unproved = |format: Format| -> Vec<(usize, usize)> {
        let places = (1..=format.lines())
            .flat_map(|line| (1..=format.line_length()).map(move |position| (line, position)));
        places
            .filter(|&(line, position)| !format.is_proved(Position { line, position }))
            .collect()
    };
    let line = |line: usize, positions: core::ops::RangeInclusive<usize>| {
        positions.map(move |position| (line, position))
    };
    let passport: Vec<_> = line(1, 1..=44)
        .chain(line(2, 11..=13))
        .chain(line(2, 21..=21))
        .collect();
    assert_eq!(unproved(Format::Td3), passport);
    let card: Vec<_> = line(1, 1..=5)
        .chain(line(2, 8..=8))
        .chain(line(2, 16..=18))
        .chain(line(3, 1..=30))
        .collect();
    assert_eq!(unproved(Format::Td1), card);
    // A visa's optional data: no composite digit covers it.
    assert_eq!(unproved(Format::MrvA).len(), passport.len() + 16);
    assert!(!Format::Td3.is_proved(Position {
        line: 0,
        position: 0
    }));
}

#[test]
fn a_nationality_that_nobody_has_fails_and_one_of_people_without_any_does_not() {
    let passed = || Finding::passed(Check::PrintedZone);
    let failed = || {
        let reason = "the nationality is no code of Doc 9303-3, 5";
        Finding::failed(Check::PrintedZone, reason)
    };
    // Fillers are no code that would be wrong.
    let undetermined = || Finding::not_done(Check::PrintedZone, "no nationality is printed");
    for (nationality, expected) in [
        ("VNM", passed()),
        ("D<<", passed()),
        ("GBN", passed()),
        ("UNA", passed()),
        ("XOM", passed()),
        ("XXA", passed()),
        ("XXX", passed()),
        ("ZZZ", failed()),
        ("IAO", failed()),
        ("<<<", undetermined()),
    ] {
        let zone = Mrz::parse(&TD3.replace("UTO7408", &format!("{nationality}7408"))).unwrap();
        let found = consistency(&zone);
        assert_eq!(found, expected, "{nationality}");
        // What is undetermined refers like what is wrong.
        let verdict = Policy::default().verdict(&[Check::PrintedZone], &[found]);
        let accepts = verdict == Verdict::Accept;
        assert_eq!(accepts, expected == passed(), "{nationality}");
    }
}
