//! Profiles and data as they are written.

use super::*;

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
