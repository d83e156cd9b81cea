//! Opening a chip: PACE, BAC, and what stands in their way.

use super::*;

#[test]
fn every_way_of_pace_opens_a_chip_with_either_password() {
    let ciphers = [
        Cipher::TripleDes,
        Cipher::Aes128,
        Cipher::Aes192,
        Cipher::Aes256,
    ];
    let mut ways = Vec::new();
    for cipher in ciphers {
        ways.extend([
            pace(Mapping::Generic, cipher, 13),
            pace(Mapping::Integrated, cipher, 12),
            pace(Mapping::Generic, cipher, 0),
            pace(Mapping::Integrated, cipher, 0),
        ]);
    }
    for parameters in (8..=18).chain([1, 2]) {
        ways.push(pace(Mapping::Generic, Cipher::Aes256, parameters));
        if parameters != 10 {
            ways.push(pace(Mapping::Integrated, Cipher::Aes128, parameters));
        }
    }
    for way in ways {
        let document = document(&Electronics {
            pace: vec![way],
            number: Some(NUMBER.into()),
            ..Electronics::default()
        });
        let number = CardAccessNumber::new(NUMBER).unwrap();
        for (passwords, kind) in [
            (mrz(&document), PasswordKind::Mrz),
            (number.into(), PasswordKind::Can),
        ] {
            let card = InField::new(Chip::new(&document, 4));
            let seen = see(card, &passwords.into(), ApduLength::Extended.into());
            let files = seen
                .result
                .unwrap_or_else(|error| panic!("{way:?}: {error}"));
            let access = &files.conversation().unwrap().access;
            assert!(
                matches!(access.protocol, Protocol::Pace(_)),
                "{way:?}: {access}"
            );
            assert_eq!(access.password, kind, "{way:?}");
            assert_eq!(
                files.get(ElementaryFile::DG2),
                document.file(0x0102),
                "{way:?}"
            );
        }
    }
}

#[test]
fn integrated_mapping_is_right_for_points_of_both_kinds_and_many_nonces() {
    for (seed, parameters) in (0..40).zip([8, 9, 12, 13, 14, 15, 18].into_iter().cycle()) {
        let document = document(&Electronics {
            pace: vec![pace(Mapping::Integrated, Cipher::Aes128, parameters)],
            ..Electronics::default()
        });
        let seen = read_chip(&document, Chip::new(&document, seed));
        assert!(seen.result.is_ok(), "{parameters}, seed {seed}");
    }
}

#[test]
fn a_refused_master_file_stops_nobody() {
    // Quirk 1.
    for status in [0x6982, 0x6A81, 0x6A86, 0x6A87, 0x6D00] {
        for quirks in [
            vec![Quirk::MasterFile(status)],
            vec![Quirk::MasterFile(status), Quirk::NoShortIdentifiers],
        ] {
            let (files, _) = check(&modern(), &quirks);
            assert!(opened(&files).starts_with("PACE"), "{quirks:?}");
        }
    }
}

#[test]
fn a_warning_about_card_access_is_noted_and_no_more() {
    // Quirk 2.
    let quirks = [Quirk::NoShortIdentifiers, Quirk::CardAccessWarning(0x6283)];
    let (files, _) = check(&modern(), &quirks);
    assert!(opened(&files).starts_with("PACE"));
    let warning = Notice::Warning {
        step: Step::CardAccess,
        status: Status(0x6283),
    };
    assert!(notices(&files).contains(&warning));
}

#[test]
fn lengths_are_asked_for_as_each_chip_wants_them() {
    // Quirks 4, 5, 13.
    let old = Electronics::default();
    for quirks in [
        vec![Quirk::NoLengthField],
        vec![Quirk::AnyLength],
        vec![Quirk::Pieces(100)],
        vec![Quirk::Block(200), Quirk::NamesLength],
    ] {
        check(&old, &quirks);
        check(&modern(), &quirks);
    }
}

#[test]
fn domain_parameters_are_named_or_not_as_each_chip_wants_it() {
    // Quirk 6.
    let one = modern();
    let two = Electronics {
        pace: vec![GENERIC, pace(Mapping::Generic, Cipher::Aes256, 12)],
        ..modern()
    };
    for (what, quirk) in [
        (&one, Quirk::WantsParameters),
        (&two, Quirk::RefusesParameters(0x6A87)),
        (&two, Quirk::RefusesParameters(0x6A80)),
        (&two, Quirk::WantsParameters),
    ] {
        let (files, _) = check(what, &[quirk]);
        assert!(
            opened(&files).starts_with("PACE"),
            "{quirk:?}: {}",
            opened(&files)
        );
    }
}

#[test]
fn bac_is_used_where_pace_cannot_be_and_the_result_says_why() {
    // Quirk 7 and the fallback.
    let unknown = Electronics {
        pace: vec![pace(Mapping::Generic, Cipher::Aes128, 31)],
        ..Electronics::default()
    };
    for (what, quirks, expected) in [
        (
            Electronics::default(),
            vec![],
            "BAC, key from the printed zone; PACE not used: EF.CardAccess refused with status 6A82",
        ),
        (
            unknown,
            vec![],
            "BAC, key from the printed zone; PACE not used: none of 1 ways offered is supported",
        ),
        (
            modern(),
            vec![Quirk::WantsParameters, Quirk::RefusesParameters(0x6A87)],
            "BAC, key from the printed zone; \
             PACE not used: PACE, choice of the way refused with status 6A80",
        ),
    ] {
        let (files, _) = check(&what, &quirks);
        assert_eq!(opened(&files), expected);
    }
}

#[test]
fn wrong_passwords_refusals_removals_and_faults_are_told_apart() {
    // Quirk 8 among them: BAC switched off is no wrong zone.
    let wrong = || Passwords::from(AccessKey::from_mrz_information("L898902C3674081221204150"));
    let number = |text| Passwords::from(CardAccessNumber::new(text).unwrap());
    let old = Electronics::default();
    type Case = (Electronics, Vec<Quirk>, Option<Passwords>, Cause, Step);
    let cases: Vec<Case> = vec![
        (
            modern(),
            vec![],
            Some(wrong()),
            Cause::WrongZone,
            Step::PaceTokens,
        ),
        (
            old.clone(),
            vec![],
            Some(wrong()),
            Cause::WrongZone,
            Step::MutualAuthentication,
        ),
        (
            modern(),
            vec![],
            Some(number("654321")),
            Cause::WrongNumber,
            Step::PaceTokens,
        ),
        (
            old.clone(),
            vec![],
            Some(number(NUMBER)),
            Cause::NoAccess,
            Step::CardAccess,
        ),
        (
            old.clone(),
            vec![Quirk::NoBac(0x6982)],
            None,
            Cause::NoAccess,
            Step::Challenge,
        ),
        (
            old.clone(),
            vec![Quirk::NoBac(0x6985)],
            None,
            Cause::NoAccess,
            Step::Challenge,
        ),
        (
            old,
            vec![Quirk::NakedData],
            None,
            Cause::Distrust,
            Step::File(ElementaryFile::Sod),
        ),
    ];
    for (what, quirks, passwords, cause, step) in cases {
        let document = document(&what);
        let chip = Chip::new(&document, 4).with_quirks(quirks.iter().copied());
        let passwords = passwords.unwrap_or_else(|| mrz(&document));
        let seen = see(
            InField::new(chip),
            &passwords.into(),
            ApduLength::Extended.into(),
        );
        let error = seen.result.unwrap_err();
        assert_eq!(
            (error.cause(), error.step()),
            (cause, Some(step)),
            "{error}"
        );
        assert!(error.clause().unwrap().starts_with("Doc 9303-1"), "{error}");
    }
    let document = document(&modern());
    let faulty = Chip::new(&document, 4).with_faults([Fault::Vanishes { after: 12 }]);
    let error = read_chip(&document, faulty).result.unwrap_err();
    assert_eq!(error.cause(), Cause::Removed);
    let reader = ReadError::Card {
        step: Step::Application,
        error: CardError::Reader {
            reader: "r".into(),
            problem: "p".into(),
        },
    };
    assert_eq!(reader.cause(), Cause::Reader);
}

#[test]
fn a_switched_off_bac_says_that_pace_was_not_there_either() {
    let document = document(&Electronics::default());
    let chip = Chip::new(&document, 4).with_quirks([Quirk::NoBac(0x6985)]);
    let error = read_chip(&document, chip).result.unwrap_err();
    let expected = AccessError::Refused {
        step: Step::Challenge,
        status: Status(0x6985),
        without_pace: Some(WithoutPace::NoCardAccess {
            status: Status(0x6A82),
        }),
    };
    assert_eq!(error, ReadError::Access(expected));
}

#[test]
fn a_chip_that_does_not_take_the_number_is_opened_with_the_zone() {
    let document = document(&modern());
    let chip = Chip::new(&document, 4).with_quirks([Quirk::RefusesNumber(0x6A88)]);
    let passwords = Passwords {
        can: CardAccessNumber::new(NUMBER),
        ..mrz(&document)
    };
    let seen = see(
        InField::new(chip),
        &passwords.into(),
        ApduLength::Extended.into(),
    );
    let files = seen.result.unwrap();
    assert_eq!(
        files.conversation().unwrap().access.password,
        PasswordKind::Mrz
    );
}

#[test]
fn pace_is_resumed_where_the_application_hides_the_master_file() {
    let lost = [
        Quirk::ApplicationHidesMaster,
        Quirk::Block(200),
        Quirk::NakedRefusal,
        Quirk::ForgetsSession,
    ];
    let refusals = [0x6982, 0x6A81, 0x6A82, 0x6A86, 0x6D00].map(Quirk::MasterFile);
    for refusal in [None].into_iter().chain(refusals.map(Some)) {
        for short in [None, Some(Quirk::NoShortIdentifiers)] {
            let quirks: Vec<Quirk> = lost.into_iter().chain(refusal).chain(short).collect();
            let (files, _) = check(&modern(), &quirks);
            assert!(opened(&files).starts_with("PACE"), "{quirks:?}");
            let reopened = |notice: &Notice| matches!(notice, Notice::Reopened { .. });
            assert!(notices(&files).iter().any(reopened), "{quirks:?}");
            let conversation = files.conversation().unwrap();
            assert!(conversation.card_access.is_some(), "{quirks:?}");
        }
    }
}

/// A chip whose commands are overheard, as far as they are not protected.
struct Overheard {
    card: InField,
    plain: Vec<Vec<u8>>,
}

impl Card for Overheard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        if command.first() == Some(&0) {
            self.plain.push(command.to_vec());
        }
        self.card.transmit(command)
    }

    fn reconnect(&mut self) -> Result<(), CardError> {
        self.card.reconnect()
    }
}

#[test]
fn a_guarded_directory_is_never_asked_for() {
    // Quirk 3: EF.DIR is refused before access.
    for what in [Electronics::default(), modern()] {
        for more in [None, Some(Quirk::NoShortIdentifiers)] {
            let document = document(&what);
            let quirks = [Quirk::GuardsDirectory].into_iter().chain(more);
            let card = InField::new(Chip::new(&document, 4).with_quirks(quirks));
            let mut card = Overheard {
                card,
                plain: Vec::new(),
            };
            // It is there, and does say 6982.
            let select = [0x00, 0xA4, 0x02, 0x0C, 0x02, 0x2F, 0x00];
            assert_eq!(card.transmit(&select).unwrap(), [0x69, 0x82]);
            let by_short_identifier = [0x00, 0xB0, 0x9E, 0x00, 0x00];
            let refused = card.transmit(&by_short_identifier).unwrap();
            assert_eq!(refused == [0x69, 0x82], more.is_none());
            card.plain.clear();
            let mut habits = ApduLength::Extended.into();
            let mut rng = ChaCha20Rng::seed_from_u64(3);
            let request = mrz(&document).into();
            let files = read(&mut card, &request, &mut habits, &mut rng, &mut |_| {}).unwrap();
            assert_eq!(files.get(ElementaryFile::DG2), document.file(0x0102));
            assert!(!card.plain.is_empty());
            for command in &card.plain {
                assert!(!command.ends_with(&[0x2F, 0x00]), "{command:02X?}");
                assert_ne!(command[1..3], [0xB0, 0x9E], "{command:02X?}");
            }
        }
    }
}
