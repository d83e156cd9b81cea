//! Files that hold what they should in a form of their own.

use super::*;

fn holder() -> Details {
    Details {
        name: "Eriksson<<Anna Maria".into(),
        personal_number: "19740812".into(),
        birth: date(1974, 8, 12),
        sex: Sex::Female,
        issued: None,
        valid: Valid::Unstated,
    }
}

fn making(issued: Date) -> Making {
    Making {
        authority: "Passport Office of Zenith".into(),
        issued,
        others: vec!["Eriksson<<Emma".into()],
        observations: "None".into(),
    }
}

#[test]
fn a_portrait_is_found_whatever_the_record_says_of_its_length() {
    // Quirk 24.
    for encoding in [Encoding::Jpeg, Encoding::Jpeg2000] {
        let picture = RgbImage::from_fn(120, 160, |x, y| Rgb([x as u8, y as u8, 90]));
        let portrait = Portrait::encode(&picture, encoding, 4_000).unwrap();
        for odd in [
            vec![Oddity::ShortRecord(1)],
            vec![Oddity::ShortRecord(8)],
            vec![Oddity::PaddedImage(1)],
            vec![Oddity::PaddedImage(37)],
            vec![Oddity::ShortRecord(8), Oddity::PaddedImage(5)],
        ] {
            let what = Electronics {
                odd: odd.clone(),
                ..modern()
            };
            let request = DocumentRequest {
                portrait: portrait.clone(),
                ..request()
            };
            let document = authority().issue_with(&request, &what).unwrap();
            let inspection = inspected(&authority(), &document);
            assert!(inspection.genuine(), "{odd:?} {encoding:?}");
            let portrait = inspection.portrait.unwrap();
            assert_eq!(portrait.dimensions(), (120, 160), "{odd:?} {encoding:?}");
        }
    }
}

#[test]
fn a_portrait_without_the_marker_of_its_end_is_taken_and_told() {
    // Quirk 24.
    for padding in [0, 2, 37] {
        let mut request = request();
        let whole = request.portrait.bytes.len();
        let end = request.portrait.bytes.split_off(whole - 2);
        assert_eq!(end, [0xFF, 0xD9]);
        let what = Electronics {
            odd: vec![Oddity::PaddedImage(padding)],
            ..modern()
        };
        let document = authority().issue_with(&request, &what).unwrap();
        let inspection = inspected(&authority(), &document);
        assert!(inspection.genuine(), "{padding}");
        assert!(inspection.portrait.is_some(), "{padding}");
        let conformance = inspection.finding(Check::Conformance).unwrap();
        assert_eq!(
            conformance.reason,
            "the portrait lacks the marker of its end"
        );
        let evidence = inspection.evidence.of(Check::Conformance);
        assert_eq!(evidence["deviations"], "portrait-end-missing");
    }
}

#[test]
fn details_in_a_form_of_their_own_end_nothing_and_are_compared_where_they_can_be() {
    // Quirk 26.
    use Outcome::{NotDone, NotSupported, Passed};
    let dg11 = |odd| Electronics {
        dg11: Some(holder()),
        odd: vec![odd],
        ..modern()
    };
    let dg13 = |odd| Electronics {
        dg13: Some(holder()),
        odd: vec![odd],
        ..modern()
    };
    let vietnam = Authority::new(State::VIETNAM, Scheme::Elliptic, 1).unwrap();
    let utopia = authority();
    for (authority, what, outcome, reason) in [
        (&utopia, dg11(Oddity::NameOutsideList), Passed, ""),
        (&utopia, dg11(Oddity::ListWithoutNumber), Passed, ""),
        (
            &utopia,
            dg11(Oddity::ShortDates),
            Passed,
            "DG11: date of birth in four bytes",
        ),
        (
            &vietnam,
            dg13(Oddity::BrokenDg13),
            NotDone,
            "DG13 cannot be read",
        ),
        (
            &vietnam,
            dg13(Oddity::OverlongDg13),
            NotDone,
            "DG13 was not read",
        ),
        // Everybody else's DG13 is nobody's business.
        (
            &utopia,
            dg13(Oddity::BrokenDg13),
            NotSupported,
            "the chip holds no further details",
        ),
    ] {
        let document = authority.issue_with(&request(), &what).unwrap();
        let inspection = inspected(authority, &document);
        let details = told(&inspection, Check::PersonalDetails);
        assert_eq!(details, (outcome, reason), "{:?}", what.odd);
        assert!(inspection.genuine(), "{:?}", what.odd);
        assert_eq!(failed(&inspection), [], "{:?}", what.odd);
    }
}

#[test]
fn the_signed_day_of_issue_is_judged_in_either_form_and_nobody_is_named() {
    // Quirk 26: dates in four bytes.
    let inspected_with = |issued: Date, odd: &[Oddity]| {
        let what = Electronics {
            dg12: Some(making(issued)),
            dg16: vec![Notified {
                name: "Eriksson<<Erik".into(),
                telephone: "+000 1234".into(),
            }],
            odd: odd.to_vec(),
            ..Electronics::default()
        };
        inspected(&authority(), &document(&what))
    };
    for odd in [vec![], vec![Oddity::ShortDates]] {
        let good = inspected_with(date(2022, 4, 16), &odd);
        assert!(good.genuine(), "{odd:?}");
        let evidence = good.evidence.of(Check::DatesPlausible);
        assert_eq!(evidence["year-of-issue"], "2022");
        for (issued, reason) in [
            (
                date(2032, 4, 16),
                "had expired when it was issued, issued after the day of inspection",
            ),
            (date(2016, 4, 15), "valid for more than 15 years"),
            (
                date(1974, 8, 11),
                "valid for more than 15 years, issued before the holder was born",
            ),
        ] {
            let bad = inspected_with(issued, &odd);
            let found = told(&bad, Check::DatesPlausible);
            assert_eq!(found, (Outcome::Failed, reason), "{odd:?}");
        }
        let printed = format!("{:?} {:?}", good, good.evidence);
        for personal in ["Erik", "Emma", "1234", "Zenith"] {
            assert!(!printed.contains(personal), "{printed}");
        }
    }
}
