//! Reading files from chips that want it their way, and from fields that flicker.

use super::*;

#[test]
fn blocks_become_as_short_as_the_chip_wants_them() {
    // Quirks 9 and 11; the unprotected status is an event, and the counter stays.
    for what in [Electronics::default(), modern()] {
        for limit in [2048, 1024, 231, 223, 192, 160, 128, 100, 96, 64] {
            check(&what, &[Quirk::Block(limit)]);
            let (files, seen) = check(&what, &[Quirk::Block(limit), Quirk::NakedRefusal]);
            let unprotected = |notice: &Notice| matches!(notice, Notice::Unprotected { .. });
            assert!(notices(&files).iter().any(unprotected), "{limit}");
            assert!(
                seen.habits.chip.block.is_some_and(|block| block <= limit),
                "{limit}"
            );
            let lost = [
                Quirk::Block(limit),
                Quirk::NakedRefusal,
                Quirk::ForgetsSession,
            ];
            check(&what, &lost);
        }
    }
}

#[test]
fn nothing_is_read_past_the_end_where_the_chip_minds() {
    // Quirk 12: 6B00, and the session is gone; 6282 is what the chip says otherwise.
    for what in [Electronics::default(), modern()] {
        let (_, seen) = check(&what, &[Quirk::MindsTheEnd]);
        assert!(seen.habits.chip.exact);
        let (_, seen) = check(&what, &[]);
        assert!(!seen.habits.chip.exact);
    }
}

#[test]
fn what_was_learnt_saves_the_next_chip_of_its_kind_the_detours() {
    let document = document(&modern());
    for quirks in [
        vec![Quirk::MindsTheEnd],
        vec![Quirk::NoShortIdentifiers],
        vec![Quirk::Block(160), Quirk::NakedRefusal],
    ] {
        let chip = || Chip::new(&document, 4).with_quirks(quirks.iter().copied());
        let first = read_chip(&document, chip());
        assert!(first.result.is_ok());
        let request = mrz(&document).into();
        let second = see(InField::new(chip()), &request, first.habits);
        assert!(second.result.is_ok());
        assert!(second.commands < first.commands, "{quirks:?}");
        // On a chip without the quirk nothing breaks.
        let third = see(
            InField::new(Chip::new(&document, 4)),
            &request,
            first.habits,
        );
        assert!(third.result.is_ok());
    }
}

#[test]
fn groups_that_are_refused_or_broken_end_nothing() {
    // Quirks 26 and 28.
    let what = Electronics {
        groups: vec![(3, 2_000), (11, 80), (13, 300)],
        ..modern()
    };
    let document = document(&what);
    let quirks = [Quirk::RefusesGroup(3), Quirk::RefusesGroup(13)];
    let chip = Chip::new(&document, 4).with_quirks(quirks);
    let request = Request {
        also: vec![3, 11, 13, 12, 0, 99],
        ..mrz(&document).into()
    };
    let seen = see(InField::new(chip), &request, ApduLength::Extended.into());
    let files = seen.result.unwrap();
    let group = ElementaryFile::DataGroup;
    assert_eq!(files.get(group(11)), document.file(0x010B));
    assert_eq!(files.refusal(group(3)), Some(Status(0x6982)));
    assert_eq!(files.refusal(group(13)), Some(Status(0x6982)));
    assert_eq!(files.refusal(group(12)), None, "EF.SOD does not list it");
    assert!(files.get(ElementaryFile::Com).is_some());
}

#[test]
fn files_beyond_the_reach_of_short_offsets_are_read() {
    for length in [32_760, 32_767, 32_768, 40_000, 65_532, 65_536, 100_000] {
        let what = Electronics {
            groups: vec![(13, length)],
            ..modern()
        };
        let document = document(&what);
        let request = Request {
            also: vec![13],
            ..mrz(&document).into()
        };
        for apdus in [ApduLength::Short, ApduLength::Extended] {
            let card = InField::new(Chip::new(&document, 4));
            let seen = see(card, &request, apdus.into());
            let files = seen.result.unwrap();
            let group = files.get(ElementaryFile::DataGroup(13));
            assert_eq!(group, document.file(0x010D), "{length} {apdus:?}");
        }
    }
}

#[test]
fn a_reader_that_cannot_carry_long_commands_is_remembered() {
    // Quirk 29.
    let document = document(&modern());
    let request = mrz(&document).into();
    let card = || InField::new(Chip::new(&document, 4)).in_short_reader();
    let first = see(card(), &request, ApduLength::Extended.into());
    assert!(first.result.is_ok());
    assert_eq!(first.habits.extended, Extended::Fails);
    assert_eq!(first.habits.chip, ChipHabits::default());
    let second = see(card(), &request, first.habits);
    assert!(second.result.is_ok());
    assert!(second.commands < first.commands);
}

#[test]
fn a_reader_that_calls_long_commands_a_removal_is_found_out_by_a_second_one() {
    let document = document(&modern());
    let request = mrz(&document).into();
    let card = InField::new(Chip::new(&document, 4)).in_short_reader_that_says_removed();
    let seen = see(card, &request, ApduLength::Extended.into());
    assert!(seen.result.is_ok(), "{:?}", seen.result.err());
    assert_eq!(seen.habits.extended, Extended::Fails);
    // A document that moved once says nothing about its reader.
    for after in 0..60 {
        let chip = Chip::new(&document, 4).with_faults([Fault::DropsOut { after }]);
        let seen = read_chip(&document, chip);
        assert_eq!(seen.habits.extended, Extended::Works, "{after}");
    }
}

#[test]
fn a_chip_that_gives_byte_by_byte_is_not_listened_to() {
    let document = document(&modern());
    for bytes in [1, 15] {
        let chip = Chip::new(&document, 4).with_quirks([Quirk::Drips(bytes)]);
        let seen = read_chip(&document, chip);
        let error = seen.result.unwrap_err();
        assert_eq!(error.cause(), Cause::Chip, "{error}");
        assert!(seen.commands < 40, "{}", seen.commands);
    }
    check(&modern(), &[Quirk::Drips(32)]);
}

#[test]
fn a_document_that_flickers_is_read_on_where_it_stopped() {
    // Quirk 30.
    for what in [Electronics::default(), modern()] {
        let document = document(&what);
        let untouched = read_chip(&document, Chip::new(&document, 4));
        let whole = untouched.result.unwrap();
        for after in 0..untouched.commands {
            let chip = Chip::new(&document, 4).with_faults([Fault::DropsOut { after }]);
            let seen = read_chip(&document, chip);
            let files = seen
                .result
                .unwrap_or_else(|error| panic!("{after}: {error}"));
            for (file, bytes) in whole.iter() {
                assert_eq!(files.get(file), Some(bytes), "{after}: {file}");
            }
            let came_back = |notice: &Notice| matches!(notice, Notice::CameBack { .. });
            assert!(notices(&files).iter().any(came_back), "{after}");
            let findings = findings(&document, &files);
            let failed = |finding: &&Finding| finding.outcome == Outcome::Failed;
            assert_eq!(findings.iter().find(failed), None, "{after}");
        }
    }
}

#[test]
fn a_card_that_nobody_can_bring_back_is_gone() {
    struct Gone;
    impl Card for Gone {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, CardError> {
            Err(CardError::Removed)
        }
    }
    assert_eq!(Gone.reconnect(), Err(CardError::Removed));
}
