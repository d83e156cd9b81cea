use super::*;
use crate::Outcome::{self, Failed, NotSupported, Passed};
use crate::mrz::check_digit;
use jiff::civil::date;

/// A card of an invented person: personal number, check digit over it, birth, sex, expiry.
fn card(issuer: &str, personal: &str, birth: &str, sex: char, expiry: &str) -> Mrz {
    let digit = |text: &str| check_digit(text.as_bytes()).unwrap().to_string();
    let number = &personal[3..];
    let own = digit(personal);
    let first = format!("ID{issuer}{number}{}{personal}<<{own}", digit(number));
    let mut second = format!(
        "{birth}{}{sex}{expiry}{}{issuer}<<<<<<<<<<<",
        digit(birth),
        digit(expiry)
    );
    let over = format!(
        "{}{}{}{}",
        &first[5..],
        &second[..7],
        &second[8..15],
        &second[18..29]
    );
    second.push_str(&digit(&over));
    let third = format!("{:<<30}", "TRAN<<THI<THU<HUONG");
    Mrz::parse(&format!("{first}\n{second}\n{third}")).unwrap()
}

#[test]
fn a_card_follows_the_rules_of_its_personal_number() {
    let old = date(2024, 2, 20);
    for (name, zone, issued, expected, reason) in [
        (
            "no expiry at sixty",
            card("VNM", "001164123456", "640115", 'F', "991231"),
            Some(old),
            Passed,
            "",
        ),
        (
            "no expiry, day of issue unknown",
            card("VNM", "001164123456", "640115", 'F', "991231"),
            None,
            Passed,
            "",
        ),
        (
            "no expiry at fifty",
            card("VNM", "001174123456", "740115", 'F', "991231"),
            Some(old),
            Failed,
            "no expiry for a holder below sixty",
        ),
        (
            "until forty",
            card("VNM", "001190123456", "900115", 'F', "300115"),
            Some(old),
            Passed,
            "",
        ),
        (
            "until forty-one",
            card("VNM", "001190123456", "900115", 'F', "310115"),
            Some(old),
            Failed,
            "the card does not end on one of the birthdays",
        ),
        (
            "another day",
            card("VNM", "001190123456", "900115", 'F', "300116"),
            Some(old),
            Failed,
            "the card does not end on one of the birthdays",
        ),
        (
            "born in this century",
            card("VNM", "001203123456", "030704", 'M', "280704"),
            Some(old),
            Passed,
            "",
        ),
        (
            "born on a leap day",
            card("VNM", "001204123456", "040229", 'M', "290228"),
            Some(old),
            Passed,
            "",
        ),
        (
            "another State",
            card("UTO", "001190123456", "900115", 'F', "300115"),
            None,
            NotSupported,
            "no rules are known for this kind of document",
        ),
    ] {
        let found = finding(&zone, issued);
        let expected: (Outcome, &str) = (expected, reason);
        assert_eq!((found.outcome, found.reason.as_str()), expected, "{name}");
    }
}
