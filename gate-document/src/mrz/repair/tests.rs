use super::super::{Expiry, Sex, consistency};
use super::*;
use proptest::prelude::*;

const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                   L898902C36UTO7408122F1204159ZE184226B<<<<<10";
const TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n\
                   7408122F1204159UTO<<<<<<<<<<<6\n\
                   ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
const TD1_LONG: &str = "I<UTOD23145890<7349<<<<<<<<<<<\n\
                        3407127M9507122UTO<<<<<<<<<<<2\n\
                        STEVENSON<<PETER<JOHN<<<<<<<<<";
const CCCD: &str = "IDVNM1641234564001164123456<<5\n\
                    6401159F9912315VNM<<<<<<<<<<<0\n\
                    TRAN<<THI<THU<HUONG<<<<<<<<<<<";
/// Doc 9303-7, 4.2: the specimen of a full-page visa.
const MRV_A: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                     L8988901C4XXX4009078F96121096ZE184226B<<<<<<";

/// Every reading of `text`, by the characters that differ from `original`.
fn readings(text: &str) -> Vec<String> {
    let Ok(first) = Mrz::read(text) else {
        return Vec::new();
    };
    core::iter::once(&first)
        .chain(first.alternatives())
        .map(|mrz| mrz.lines().collect::<Vec<_>>().join("\n"))
        .collect()
}

#[test]
fn a_letter_where_only_digits_stand_is_the_digit_that_it_looks_like() {
    for (original, from, to, place) in [
        (TD3, "7408122F", "74O8122F", "line 2, position 16"),
        (TD3, "7408122F", "740B122F", "line 2, position 17"),
        (TD3, "7408122F", "740812ZF", "line 2, position 20"),
        (TD3, "1204159", "I204159", "line 2, position 22"),
        (TD3, "1204159", "12041S9", "line 2, position 27"),
        (TD3, "C36UTO", "C3GUTO", "line 2, position 10"),
        (TD3, "<<<<<10", "<<<<<1O", "line 2, position 44"),
        (TD3, "<<<<<10", "<<<<<I0", "line 2, position 43"),
        (
            TD1,
            "UTO<<<<<<<<<<<6",
            "UTO<<<<<<<<<<<G",
            "line 2, position 30",
        ),
        (CCCD, "001164", "O01164", "line 1, position 16"),
        (CCCD, "M1641", "MI641", "line 1, position 6"),
        (CCCD, "<<5\n", "<<S\n", "line 1, position 30"),
    ] {
        let mrz = Mrz::read(&original.replacen(from, to, 1)).unwrap();
        assert_eq!(mrz.lines().collect::<Vec<_>>().join("\n"), original, "{to}");
        let repairs: Vec<String> = mrz.repairs().iter().map(ToString::to_string).collect();
        assert_eq!(repairs, [place], "{to}");
        let finding = consistency(&mrz);
        assert_eq!(
            finding.reason,
            format!("corrected under a check digit: {place}")
        );
    }
}

#[test]
fn look_alikes_in_a_number_are_exchanged_where_its_check_digit_proves_it() {
    for (original, from, to) in [
        (TD3, "L898902C3", "L8989O2C3"),
        (TD3, "L898902C3", "LB98902C3"),
        (TD3, "L898902C3", "L89B9O2C3"),
        (TD3, "ZE184226B", "2E184226B"),
        (TD3, "ZE184226B", "ZE1842268"),
        (TD1, "D23145890", "D2314S890"),
        (TD1_LONG, "D23145890<7349", "D2314589O<7349"),
        (TD1_LONG, "D23145890<7349", "DZ3145890<7349"),
        (MRV_A, "L8988901C", "L89889O1C"),
    ] {
        let wrong = original.replacen(from, to, 1);
        assert!(Mrz::parse(&wrong).is_err(), "{to}");
        let found = readings(&wrong);
        assert!(found.iter().any(|zone| zone == original), "{to}: {found:?}");
        assert!(found.len() <= READINGS_MAX);
    }
    // A reader that takes every zero for a letter.
    let zeros = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                 A0000001<0UTO7408122F1204159<<<<<<<<<<<<<<<0";
    let zeros = with_digits(zeros);
    let wrong = zeros.replace("A0000001", "AOOOOOO1");
    assert_eq!(readings(&wrong).first(), Some(&zeros));
}

#[test]
fn optional_data_is_repaired_under_the_composite_digit() {
    let zone = with_digits(
        "I<UTOD231458907AB1234560<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    );
    let found = readings(&zone.replace("AB123456", "AB1234S6"));
    assert!(found.contains(&zone), "{found:?}");
}

#[test]
fn an_unreadable_character_is_whatever_its_check_digit_allows() {
    for (original, from, to, first) in [
        (TD3, "740812", "74?812", true),
        (TD3, "120415", "1204*5", true),
        (TD3, "L898902C3", "L89#902C3", true),
        (TD3, "C36UTO", "C3?UTO", true),
        (TD1, "D23145890", "D2314589?", true),
        (CCCD, "001164123456", "00116?123456", true),
        // A letter among digits is not the likeliest, but it is among the readings.
        (TD3, "L898902C3", "L898902?3", false),
    ] {
        let found = readings(&original.replacen(from, to, 1));
        if first {
            assert_eq!(found.first().map(String::as_str), Some(original), "{to}");
        } else {
            assert!(found.iter().any(|zone| zone == original), "{to}");
        }
    }
}

#[test]
fn nothing_is_changed_that_no_check_digit_proves() {
    for (original, from, to) in [
        // Names, nationality, sex, document code and issuer have no check digit.
        (TD3, "ERIKSSON", "ERIK5SON"),
        (TD3, "ANNA", "ANN?"),
        (TD3, "36UTO", "36UT0"),
        (TD3, "2F1204", "2?1204"),
        (TD3, "P<UTO", "P<UT0"),
        // Two unknown characters under one digit.
        (TD3, "740812", "74??12"),
        // The last digit would confirm itself.
        (TD3, "<<<<<10", "<<<<<1?"),
        // A visa has no digit over the whole that could prove one of its own.
        (MRV_A, "1C4XXX", "1C?XXX"),
        // Three of a date wrong, and no look-alike among them.
        (TD3, "740812", "953612"),
        (TD3, "L898902C3", "X777777X7"),
    ] {
        let wrong = original.replacen(from, to, 1);
        assert_eq!(readings(&wrong), Vec::<String>::new(), "{to}");
        assert_eq!(Mrz::read(&wrong).err(), Mrz::parse(&wrong).err(), "{to}");
    }
}

#[test]
fn six_and_g_have_the_same_check_value_so_both_are_offered() {
    let zone = with_digits(
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nAB6123457<UTO7408122F1204159<<<<<<<<<<<<<<<0",
    );
    let mrz = Mrz::read(&zone).unwrap();
    assert!(mrz.repairs().is_empty());
    let numbers: Vec<&str> = mrz
        .alternatives()
        .iter()
        .map(|mrz| mrz.document_number.expose().as_str())
        .collect();
    assert!(numbers.contains(&"ABG123457"), "{numbers:?}");
    assert!(
        mrz.alternatives()
            .iter()
            .all(|twin| !twin.repairs().is_empty())
    );
    // A Vietnamese number is made of digits: there is nothing to confuse.
    assert!(Mrz::read(CCCD).unwrap().alternatives().is_empty());
}

#[test]
fn visas_are_read_and_have_no_composite_digit() {
    let mrz = Mrz::read(MRV_A).unwrap();
    assert_eq!(mrz.format, super::super::Format::MrvA);
    assert_eq!(mrz.document_number.expose(), "L8988901C");
    assert_eq!(mrz.optional_data.expose(), "6ZE184226B");
    assert_eq!(*mrz.sex.expose(), Sex::Female);
    assert!(matches!(mrz.expiry, Expiry::On(_)));
    let small = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<";
    let mrz = Mrz::read(small).unwrap();
    assert_eq!(mrz.format, super::super::Format::MrvB);
    assert_eq!(mrz.nationality.expose(), "XXX");
    assert_eq!(mrz.optional_data.expose(), "");
}

/// `zone` with every check digit made right.
fn with_digits(zone: &str) -> String {
    let mut zone = normalise(zone).unwrap();
    let layout = zone.format.layout();
    let set = |zone: &mut Zone, covered: &[Place], (line, position): (usize, usize)| {
        let text: Vec<u8> = covered
            .iter()
            .flat_map(|place| zone.at(place).to_vec())
            .collect();
        let at = line * zone.format.line_length() + position;
        *zone = zone.with(&[(at, check_digit(&text).unwrap() + b'0')]);
    };
    for place in [&layout.number, &layout.birth, &layout.expiry] {
        set(
            &mut zone,
            core::slice::from_ref(place),
            (place.0, place.1.end),
        );
    }
    if layout.optional_has_check_digit {
        let place = layout.optional.last().unwrap();
        set(
            &mut zone,
            core::slice::from_ref(place),
            (place.0, place.1.end),
        );
    }
    if let Some(digit) = layout.composite_digit {
        set(&mut zone, layout.composite, digit);
    }
    let length = zone.format.line_length();
    let lines: Vec<&str> = (0..zone.format.lines())
        .map(|line| &zone.text[line * length..(line + 1) * length])
        .collect();
    lines.join("\n")
}

proptest! {
    #[test]
    fn whatever_is_read_holds_together_and_differs_only_where_it_says(
        changes in proptest::collection::vec((0..88_usize, "[A-Z0-9<?]"), 0..6),
    ) {
        let zone = TD3.replace('\n', "");
        let mut text: Vec<u8> = zone.bytes().collect();
        for (at, character) in changes {
            text[at] = character.as_bytes()[0];
        }
        let text = String::from_utf8(text).unwrap();
        if let Ok(first) = Mrz::read(&text) {
            prop_assert!(first.alternatives().len() < READINGS_MAX);
            for mrz in core::iter::once(&first).chain(first.alternatives()) {
                let lines: String = mrz.lines().collect();
                prop_assert!(Mrz::parse(&lines).is_ok());
                let different: Vec<Position> = (0..88)
                    .filter(|at| lines.as_bytes()[*at] != text.as_bytes()[*at])
                    .map(|at| Position { line: at / 44 + 1, position: at % 44 + 1 })
                    .collect();
                let mut repairs = mrz.repairs().to_vec();
                repairs.sort_by_key(|place| (place.line, place.position));
                prop_assert_eq!(repairs, different);
            }
        }
    }
}

/// Of 2,000 invented passports whose number was misread by one look-alike: at which key the chip opens.
#[test]
fn a_misread_number_opens_the_chip_with_one_of_the_readings() {
    use rand::{RngExt as _, SeedableRng as _};
    let mut rng = rand::rngs::StdRng::seed_from_u64(31);
    let mut keys = [0; READINGS_MAX];
    let (mut lost, mut refused) = (0, 0);
    for _ in 0..2_000 {
        let characters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut number: Vec<u8> = (0..9)
            .map(|_| characters[rng.random_range(0..characters.len())])
            .collect();
        let alike = |found: u8| {
            let pair = move |pair: &&(u8, u8, Cost)| pair.0 == found || pair.1 == found;
            LOOK_ALIKES.iter().find(pair)
        };
        let places: Vec<usize> = (0..9).filter(|at| alike(number[*at]).is_some()).collect();
        if places.is_empty() {
            continue;
        }
        let digit = |text: &[u8]| char::from(check_digit(text).unwrap() + b'0');
        let right = String::from_utf8(number.clone()).unwrap();
        let lower = format!("{right}{}7408122{{}}3204153<<<<<<<<<<<<<<0", digit(&number));
        let all = digit(lower.replace("{}", "").as_bytes());
        let lower = lower.replace("7408122{}", "UTO7408122F") + &all.to_string();
        let upper = TD3.lines().next().unwrap();
        let at = places[rng.random_range(0..places.len())];
        let (one, other, _) = alike(number[at]).unwrap();
        number[at] = if number[at] == *one { *other } else { *one };
        let misread = String::from_utf8(number).unwrap();
        assert!(Mrz::parse(&format!("{upper}\n{lower}")).is_ok(), "{lower}");
        let text = format!("{upper}\n{}", lower.replacen(&right, &misread, 1));
        let found = readings(&text);
        match found.iter().position(|zone| zone.contains(&right)) {
            Some(at) => keys[at] += 1,
            None if found.is_empty() => refused += 1,
            None => lost += 1,
        }
    }
    assert_eq!((keys, lost, refused), ([1378, 499, 101, 16, 4], 1, 0));
}
