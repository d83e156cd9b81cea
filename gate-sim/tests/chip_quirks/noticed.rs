//! What is unusual in a conversation, and how it is told.

use super::*;

#[test]
fn what_was_noticed_in_the_conversation_is_found_and_told_with_its_evidence() {
    let what = modern();
    let document = document(&what);
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let trust = authority().trust_store().unwrap();
    let inspected = |chip: Chip| {
        let files = read_chip(&document, chip).result.unwrap();
        inspect(&printed, &files, &trust, Some(date(2026, 11, 22)))
    };
    let chip = |quirks: &[Quirk]| Chip::new(&document, 4).with_quirks(quirks.iter().copied());
    for (chip, outcome, word) in [
        (chip(&[]), Outcome::Passed, ""),
        (
            chip(&[Quirk::Block(200), Quirk::NakedRefusal]),
            Outcome::Failed,
            "unprotected status 6700 inside a session",
        ),
        (
            chip(&[Quirk::NoShortIdentifiers, Quirk::CardAccessWarning(0x6283)]),
            Outcome::NotDone,
            "done with warning 6283",
        ),
        (
            chip(&[Quirk::MindsTheEnd]),
            Outcome::NotDone,
            "session lost, chip opened anew",
        ),
        (
            chip(&[]).with_faults([Fault::DropsOut { after: 10 }]),
            Outcome::NotDone,
            "the document left and came back",
        ),
    ] {
        let inspection = inspected(chip);
        let check = Check::ChipConversation;
        let finding = inspection.finding(check).unwrap();
        assert_eq!(finding.outcome, outcome, "{word}: {}", finding.reason);
        assert!(finding.reason.contains(word), "{}", finding.reason);
        let evidence = inspection.evidence.of(check);
        let told = evidence.get("notices").copied().unwrap_or_default();
        assert!(told.contains(word), "{told}");
        // Recorded: none of it refers by itself, unless a gate's own policy says so.
        assert!(inspection.genuine(), "{word}");
        let strict = Policy::parse("[checks]\nchip-conversation = \"optional\"").unwrap();
        assert_eq!(strict.objects_to(finding), outcome == Outcome::Failed);
    }
}

#[test]
fn data_without_protection_end_the_conversation() {
    // Quirk 10.
    let document = document(&modern());
    let chip = Chip::new(&document, 4).with_quirks([Quirk::NakedData]);
    let error = read_chip(&document, chip).result.unwrap_err();
    assert_eq!(error.cause(), Cause::Distrust, "{error}");
}

#[test]
fn a_document_without_readable_com_is_not_referred_for_that() {
    let document = document(&modern());
    let files = read_chip(&document, Chip::new(&document, 4))
        .result
        .unwrap();
    let mut without = ChipFiles::new();
    for (file, bytes) in files.iter() {
        if file != ElementaryFile::Com {
            without.insert(file, bytes.to_vec());
        }
    }
    without.refuse(ElementaryFile::Com, Status(0x6982));
    without.set_conversation(files.conversation().unwrap().clone());
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let trust = authority().trust_store().unwrap();
    let inspection = inspect(&printed, &without, &trust, Some(date(2026, 11, 22)));
    let outcome = |check| inspection.finding(check).unwrap().outcome;
    assert_eq!(outcome(Check::ChipReading), Outcome::Passed);
    assert_eq!(outcome(Check::ComAgainstSod), Outcome::NotDone);
    assert!(inspection.genuine());
}

#[test]
fn what_was_noticed_before_a_chip_failed_is_told_and_stands_in_the_findings() {
    let document = document(&modern());
    let chip = Chip::new(&document, 4)
        .with_quirks([Quirk::NoShortIdentifiers, Quirk::CardAccessWarning(0x6283)])
        .with_faults([Fault::Vanishes { after: 14 }]);
    let mut card = InField::new(chip);
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut habits = ApduLength::Extended.into();
    let mut notices = Vec::new();
    let mut note = |progress: Progress<'_>| {
        if let Progress::Noticed(notice) = progress {
            notices.push(notice);
        }
    };
    let request = mrz(&document).into();
    let error = read(&mut card, &request, &mut habits, &mut rng, &mut note).unwrap_err();
    assert_eq!(error.cause(), Cause::Removed);
    assert!(
        matches!(notices[..], [Notice::Warning { .. }]),
        "{notices:?}"
    );
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let known = chip_not_read(&printed, &error, &notices, Some(date(2026, 11, 22)));
    let finding = known.finding(Check::ChipConversation).unwrap();
    assert_eq!(finding.outcome, Outcome::NotDone);
    assert!(
        finding.reason.ends_with("done with warning 6283"),
        "{}",
        finding.reason
    );
}
