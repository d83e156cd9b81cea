use super::*;
use crate::Outcome::{self, Failed, NotDone, NotSupported, Passed};
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
        let found = finding(&zone, issued, None);
        let expected: (Outcome, &str) = (expected, reason);
        assert_eq!((found.outcome, found.reason.as_str()), expected, "{name}");
    }
}

#[test]
fn dg13_and_the_zone_say_the_same_of_issue_and_expiry() {
    let young = || card("VNM", "001190123456", "900115", 'F', "300115");
    let old = || card("VNM", "001164123456", "640115", 'F', "991231");
    let last = Some(Expiry::On(date(2030, 1, 15)));
    for (name, zone, issued, expiry, expected, reason) in [
        ("the same day", young(), None, last, Passed, ""),
        (
            "no end in both",
            old(),
            Some(date(2024, 2, 20)),
            Some(Expiry::Unlimited),
            Passed,
            "",
        ),
        (
            "another day",
            young(),
            None,
            Some(Expiry::On(date(2035, 1, 15))),
            Failed,
            "DG13 has another date of expiry",
        ),
        (
            "no end in DG13 alone",
            young(),
            None,
            Some(Expiry::Unlimited),
            Failed,
            "DG13 says that the card does not expire, and the zone does not",
        ),
        (
            "no end in the zone alone",
            old(),
            None,
            Some(Expiry::On(date(2030, 1, 15))),
            Failed,
            "the zone says that the card does not expire, and DG13 does not",
        ),
        (
            "no day in DG13",
            young(),
            None,
            Some(Expiry::Unknown),
            NotDone,
            "DG13: a date of expiry that is no day",
        ),
        // Issued at thirty-four until forty; at thirty-eight it would be until sixty, or forty.
        (
            "in turn",
            young(),
            Some(date(2024, 2, 20)),
            last,
            Passed,
            "",
        ),
        ("early", young(), Some(date(2028, 2, 20)), last, Passed, ""),
        (
            "one birthday left out",
            card("VNM", "001190123456", "900115", 'F', "500115"),
            Some(date(2024, 2, 20)),
            None,
            Failed,
            "the card does not end on the birthday that follows its issue",
        ),
        (
            "one birthday left out, early",
            card("VNM", "001190123456", "900115", 'F', "500115"),
            Some(date(2028, 2, 20)),
            None,
            Passed,
            "",
        ),
        (
            "issued after its end",
            young(),
            Some(date(2031, 2, 20)),
            last,
            Failed,
            "the card does not end on the birthday that follows its issue",
        ),
        (
            "issued to somebody of fifty",
            card("VNM", "001174123456", "740115", 'F', "991231"),
            Some(date(2024, 2, 20)),
            Some(Expiry::Unlimited),
            Failed,
            "no expiry for a holder below sixty",
        ),
    ] {
        let card = Details {
            issued,
            expiry,
            ..Details::default()
        };
        // The day of the signature counts only where DG13 states none.
        let found = finding(&zone, Some(date(2024, 2, 20)), Some(&card));
        let expected: (Outcome, &str) = (expected, reason);
        assert_eq!((found.outcome, found.reason.as_str()), expected, "{name}");
    }
}

#[test]
fn a_card_may_last_from_an_early_renewal_at_forty_to_sixty() {
    let card = card("VNM", "001188123456", "880115", 'F', "480115");
    assert_eq!(finding(&card, None, None).outcome, Passed);
    assert_eq!(longest_validity(&card), 22);
    let passport = Mrz::parse(crate::test_issuer::ZONE).unwrap();
    assert_eq!(longest_validity(&passport), 15);
}
