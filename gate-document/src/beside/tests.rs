use super::*;
use crate::mrz::check_digit;
use Outcome::{Failed, NotDone, NotSupported, Passed};
use jiff::civil::date;

/// The day of these tests.
const TODAY: Option<Date> = Some(date(2026, 11, 22));

fn with_digit(field: &str) -> String {
    format!("{field}{}", check_digit(field.as_bytes()).unwrap())
}

/// A passport of Utopia.
fn passport(name: &str, number: &str) -> Mrz {
    let (number, birth) = (with_digit(&format!("{number:<<9}")), with_digit("740812"));
    let (expiry, optional) = (with_digit("330101"), with_digit(&"<".repeat(14)));
    let all = with_digit(&format!("{number}{birth}{expiry}{optional}"));
    let composite = all.chars().last().unwrap();
    let text = format!("P<UTO{name:<<39}\n{number}UTO{birth}F{expiry}{optional}{composite}");
    Mrz::parse(&text).unwrap()
}

/// A visa of format A (Doc 9303-7, 4.2).
fn visa(
    name: &str,
    number: &str,
    nationality: &str,
    sex: char,
    expiry: &str,
    optional: &str,
) -> Mrz {
    let (number, birth) = (with_digit(&format!("{number:<<9}")), with_digit("740812"));
    let expiry = with_digit(expiry);
    let text =
        format!("V<VNM{name:<<39}\n{number}{nationality}{birth}{sex}{expiry}{optional:<<16}");
    Mrz::parse(&text).unwrap()
}

const NAME: &str = "ERIKSSON<<ANNA<MARIA";

fn judged(document: &Mrz, visa: Mrz) -> (Outcome, String) {
    let beside = Beside {
        visa: Some(Box::new(visa)),
        ..Beside::default()
    };
    let [_, _, finding, _] = findings(document, &beside, TODAY);
    assert_eq!(finding.check, Check::VisaAgainstDocument);
    (finding.outcome, finding.reason)
}

#[test]
fn a_visa_is_the_holders_by_name_nationality_birth_and_sex_and_by_the_number_it_names() {
    let document = passport(NAME, "L898902C3");
    let good = |number, optional| visa(NAME, number, "UTO", 'F', "270101", optional);
    assert_eq!(judged(&document, good("L898902C3", "")).0, Passed);
    assert_eq!(judged(&document, good("V1234567", "L898902C3")).0, Passed);
    assert_eq!(
        judged(&document, good("V1234567", "")),
        (NotDone, "the visa has a number of its own".to_owned())
    );
    for (other, different) in [
        (
            visa("ERIKSSON<<EVA", "L898902C3", "UTO", 'F', "270101", ""),
            "name",
        ),
        (
            visa(NAME, "L898902C3", "D<<", 'F', "270101", ""),
            "nationality",
        ),
        (visa(NAME, "L898902C3", "UTO", 'M', "270101", ""), "sex"),
    ] {
        let expected = (Failed, format!("different: {different}"));
        assert_eq!(judged(&document, other), expected);
    }
    // Nobody states a sex: nothing to compare.
    let unspecified = visa(NAME, "L898902C3", "UTO", '<', "270101", "");
    assert_eq!(judged(&document, unspecified).0, Passed);
    assert_eq!(
        judged(&document, document.clone()).0,
        Failed,
        "no visa at all"
    );
}

#[test]
fn a_name_that_ran_out_of_room_is_compared_as_far_as_it_goes() {
    // 39 characters in both: the passport has room for more letters of each word.
    let document = passport("PAPANDROPOULOUS<<JONATHON<ALEXANDER", "L898902C3");
    let cut = "PAPANDROPOULOUS<<JONATHON<ALEXANDER<TRIS";
    let longer = visa(&cut[..39], "L898902C3", "UTO", 'F', "270101", "");
    assert_eq!(judged(&document, longer).0, Failed, "a name more");
    let whole = passport(
        &"NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<KR"[..39],
        "L898902C3",
    );
    let short = visa(
        &"NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<KRA"[..39],
        "L898902C3",
        "UTO",
        'F',
        "270101",
        "",
    );
    assert_eq!(judged(&whole, short).0, Passed);
}

#[test]
fn a_visa_is_valid_to_its_last_day() {
    let document = passport(NAME, "L898902C3");
    let validity = |expiry, today| {
        let beside = Beside {
            visa: Some(Box::new(visa(NAME, "L898902C3", "UTO", 'F', expiry, ""))),
            ..Beside::default()
        };
        findings(&document, &beside, today)[3].outcome
    };
    assert_eq!(validity("261122", TODAY), Passed);
    assert_eq!(validity("261121", TODAY), Failed);
    assert_eq!(validity("270101", None), NotDone);
    let none = findings(&document, &Beside::default(), TODAY);
    assert_eq!(none[2].outcome, NotDone);
    assert_eq!(none[3].outcome, NotDone);
}

fn page() -> PageText {
    PageText {
        name: Some("Eriksson Anna Maria".to_owned().into()),
        number: Some("L 898902 C3".to_owned().into()),
        nationality: Some("UTO".to_owned().into()),
        birth: Some(Sensitive::new(Birth {
            year_of_century: Some(74),
            month: Some(8),
            day: Some(12),
        })),
        sex: Some(Sensitive::new(Sex::Female)),
        expiry: Some(date(2033, 1, 1)),
    }
}

#[test]
fn the_text_of_a_page_is_compared_field_by_field_as_far_as_it_was_read() {
    let document = passport(NAME, "L898902C3");
    let against = |front: Option<PageText>| {
        let beside = Beside {
            front,
            ..Beside::default()
        };
        let [front, page, ..] = findings(&document, &beside, TODAY);
        assert_eq!(front.outcome, NotSupported, "a passport has one such page");
        (page.outcome, page.reason)
    };
    assert_eq!(against(Some(page())).0, Passed);
    assert_eq!(against(None).0, NotDone);
    assert_eq!(against(Some(PageText::default())).0, NotDone);
    let only_number = PageText {
        number: page().number,
        ..PageText::default()
    };
    assert_eq!(against(Some(only_number)).0, Passed);
    for (other, different) in [
        (
            PageText {
                name: Some("Eriksson Eva".to_owned().into()),
                ..page()
            },
            "name",
        ),
        (
            PageText {
                number: Some("L898902C4".to_owned().into()),
                ..page()
            },
            "document number",
        ),
        (
            PageText {
                expiry: Some(date(2034, 1, 1)),
                ..page()
            },
            "date of expiry",
        ),
        (
            PageText {
                sex: Some(Sensitive::new(Sex::Male)),
                birth: Some(Sensitive::new(Birth {
                    year_of_century: Some(75),
                    ..Birth::default()
                })),
                ..page()
            },
            "date of birth, sex",
        ),
    ] {
        assert_eq!(
            against(Some(other)),
            (Failed, format!("different: {different}"))
        );
    }
}

#[test]
fn the_front_of_a_card_is_compared_with_the_zone_on_its_back() {
    // Doc 9303-5, appendix B.
    let card = Mrz::parse(
        "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    )
    .unwrap();
    let front = |number: &str| PageText {
        number: Some(number.to_owned().into()),
        expiry: Some(date(2012, 4, 15)),
        ..page()
    };
    for (front, back, expected) in [
        (Some(front("D23145890")), None, [Passed, NotDone]),
        (Some(front("D23145891")), None, [Failed, NotDone]),
        (None, Some(front("D23145890")), [NotDone, Passed]),
        (None, Some(front("D23145891")), [NotDone, Failed]),
        (None, None, [NotDone, NotDone]),
    ] {
        let beside = Beside {
            front,
            back,
            visa: None,
        };
        let [front, page, ..] = findings(&card, &beside, TODAY);
        assert_eq!([front.outcome, page.outcome], expected);
    }
}

#[test]
fn no_finding_repeats_what_it_compared() {
    let document = passport(NAME, "L898902C3");
    let beside = Beside {
        front: Some(PageText {
            name: Some("Somebody Else".to_owned().into()),
            number: Some("X1234567".to_owned().into()),
            ..page()
        }),
        back: None,
        visa: Some(Box::new(visa(
            "ELSE<<SOMEBODY",
            "X1234567",
            "UTO",
            'M',
            "261121",
            "",
        ))),
    };
    let said = format!("{:?} {beside:?}", findings(&document, &beside, TODAY)).to_uppercase();
    for word in ["ERIKSSON", "L898902C3", "SOMEBODY", "X1234567"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
}
