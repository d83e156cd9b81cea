//! Travellers with permits: what a barcode does to the walk.

mod common;

use common::{Lane, genuine, matched, permit};
use gate_document::Outcome::{Failed, NotDone};
use gate_document::policy::Policy;
use gate_document::seal::{SealCheck, SealInspection};
use gate_session::{Device, Effect, Event, FaceVerdict, ListsAnswer, PermitHint, PermitRule};
use gate_session::{Record, Screen, Stage};

fn lane(rule: PermitRule) -> Lane {
    Lane::open_for_permits(rule, Policy::default())
}

fn screen(lane: &Lane) -> Option<Screen> {
    lane.done.iter().rev().find_map(|effect| match effect {
        Effect::Show(_, screen) => Some(*screen),
        _ => None,
    })
}

/// The document is in order and the face is that of its portrait.
fn all_but_the_permit(lane: &mut Lane) {
    lane.chip_and_portrait(genuine());
    lane.lists(ListsAnswer::Clear);
    lane.face(matched());
}

#[test]
fn whoever_needs_a_permit_is_asked_for_one_and_not_cleared_without() {
    let mut lane = lane(PermitRule::Required);
    lane.walk_in();
    lane.show_document();
    let hint = PermitHint::None;
    assert_eq!(screen(&lane), Some(Screen::ShowPermit { hint }));
    all_but_the_permit(&mut lane);
    assert_eq!(lane.stage(), Stage::Examine);
    lane.tell(Event::BarcodeUnreadable);
    let hint = PermitHint::NotRead;
    assert_eq!(screen(&lane), Some(Screen::ShowPermit { hint }));
    lane.after(60.0).wake();
    assert_eq!(lane.last_reason(), Some("no-permit"));
}

#[test]
fn a_good_permit_beside_a_good_document_clears_and_stands_in_the_journal_by_its_digest() {
    for rule in [PermitRule::Required, PermitRule::Optional] {
        let mut lane = lane(rule);
        lane.walk_in();
        lane.show_document();
        lane.show_barcode("A");
        all_but_the_permit(&mut lane);
        assert_eq!(lane.stage(), Stage::Examine, "the permit is still judged");
        lane.judge_permit(permit(&[]));
        assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)");
        let kept = lane.done.iter().find_map(|effect| match effect {
            Effect::Record(_, record) => match &**record {
                Record::Decision { permit, .. } => permit.clone(),
                Record::Completion { .. } => None,
            },
            _ => None,
        });
        let kept = kept.expect("the permit is written down");
        assert_eq!(kept.seal, Some("a5".repeat(32)));
        assert_eq!(kept.findings.len(), SealCheck::ALL.len());
    }
}

#[test]
fn a_permit_shown_first_waits_for_the_document_and_is_judged_again_with_it() {
    let mut lane = lane(PermitRule::Optional);
    lane.walk_in();
    lane.show_barcode("A");
    lane.judge_permit(permit(&[(SealCheck::PermitHolder, NotDone)]));
    assert_eq!(lane.stage(), Stage::Examine);
    lane.show_document();
    assert_eq!(lane.count("JudgePermit"), 2);
    all_but_the_permit(&mut lane);
    assert_eq!(lane.stage(), Stage::Examine);
    lane.judge_permit(permit(&[]));
    assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)");
}

#[test]
fn the_same_barcode_again_is_one_showing_and_another_one_counts_instead() {
    let mut lane = lane(PermitRule::Optional);
    lane.walk_in();
    lane.show_document();
    lane.show_barcode("A");
    lane.show_barcode("A");
    assert_eq!(lane.count("JudgePermit"), 1);
    lane.show_barcode("B");
    assert_eq!(lane.count("JudgePermit"), 2);
}

#[test]
fn what_speaks_against_a_permit_calls_the_officer_with_its_own_reason() {
    for (check, reason) in [
        (SealCheck::SealSigner, "permit-not-genuine"),
        (SealCheck::SealSignature, "permit-not-genuine"),
        (SealCheck::PermitKind, "permit-not-genuine"),
        (SealCheck::PermitValidity, "permit-not-valid"),
        (SealCheck::PermitArea, "permit-not-valid"),
        (SealCheck::PermitUses, "permit-used-up"),
        (SealCheck::PermitHolder, "permit-not-theirs"),
    ] {
        let mut lane = lane(PermitRule::Optional);
        lane.walk_in();
        lane.show_document();
        lane.show_barcode("A");
        lane.judge_permit(permit(&[(check, Failed)]));
        all_but_the_permit(&mut lane);
        assert_eq!(lane.last_reason(), Some(reason), "{check:?}");
        assert!(!lane.did("ReleaseExit"));
    }
}

#[test]
fn a_register_that_cannot_be_asked_clears_nobody() {
    let mut lane = lane(PermitRule::Optional);
    lane.walk_in();
    lane.show_document();
    lane.show_barcode("A");
    all_but_the_permit(&mut lane);
    lane.judge_permit(permit(&[(SealCheck::PermitUses, NotDone)]).with_uses(None));
    assert_eq!(lane.last_reason(), Some("permit-used-up"));
}

#[test]
fn whose_permit_it_is_is_decided_when_the_chip_has_proved_the_zone() {
    let mut lane = lane(PermitRule::Optional);
    lane.walk_in();
    lane.show_document();
    lane.show_barcode("A");
    lane.judge_permit(permit(&[(SealCheck::PermitHolder, Failed)]));
    assert_eq!(lane.stage(), Stage::Examine, "the zone may be misread");
    lane.prove_zone();
    assert_eq!(lane.count("JudgePermit"), 2);
    lane.judge_permit(permit(&[]));
    all_but_the_permit(&mut lane);
    lane.lists(ListsAnswer::Clear);
    assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)");
}

#[test]
fn a_barcode_that_is_no_seal_is_nobodys_permit() {
    let no_seal = || permit(&[(SealCheck::SealStructure, Failed)]);
    let mut optional = lane(PermitRule::Optional);
    optional.walk_in();
    optional.show_document();
    optional.show_barcode("https://example.org");
    optional.judge_permit(no_seal());
    all_but_the_permit(&mut optional);
    assert_eq!(optional.stage_word(), "AwaitRecord(Cleared)");

    let mut required = lane(PermitRule::Required);
    required.walk_in();
    required.show_document();
    required.show_barcode("https://example.org");
    required.judge_permit(no_seal());
    let hint = PermitHint::NotRead;
    assert_eq!(screen(&required), Some(Screen::ShowPermit { hint }));
}

/// A permit that binds nobody and clears by itself, if the policy agrees.
fn alone() -> SealInspection {
    SealInspection {
        alone: true,
        ..permit(&[])
    }
}

#[test]
fn a_permit_alone_clears_only_where_profile_and_policy_say_so_and_a_live_face_is_there() {
    let allowed = || Policy::parse("[permits]\nalone = \"allowed\"").unwrap();
    for (policy, inspection, clears) in [
        (allowed(), alone(), true),
        (Policy::default(), alone(), false),
        (allowed(), permit(&[]), false),
    ] {
        let mut lane = Lane::open_for_permits(PermitRule::Optional, policy);
        lane.walk_in();
        lane.show_barcode("A");
        lane.judge_permit(inspection);
        assert_eq!(lane.stage(), Stage::Examine, "no face yet");
        lane.face(FaceVerdict::Captured);
        assert_eq!(lane.stage_word() == "AwaitRecord(Cleared)", clears);
        if !clears {
            lane.after(60.0).wake();
            assert_eq!(lane.last_reason(), Some("no-document"));
        }
    }
    let mut lane = Lane::open_for_permits(PermitRule::Optional, allowed());
    lane.walk_in();
    lane.show_barcode("A");
    lane.judge_permit(alone());
    lane.face(FaceVerdict::Attack);
    assert_eq!(lane.last_reason(), Some("presentation-attack"));
}

#[test]
fn the_next_traveller_has_no_permit_of_the_one_before() {
    let mut lane = lane(PermitRule::Required);
    lane.walk_in();
    lane.show_document();
    lane.show_barcode("A");
    lane.judge_permit(permit(&[]));
    lane.tell(Event::Lane(gate_protocol::Event::WentBack(common::PASSAGE)));
    lane.walk_in_again();
    lane.show_document();
    all_but_the_permit(&mut lane);
    assert_eq!(lane.stage(), Stage::Examine);
}

#[test]
fn a_lost_imager_closes_only_a_lane_where_everybody_needs_a_permit() {
    for (rule, stage) in [
        (PermitRule::Required, Stage::Closed),
        (PermitRule::Optional, Stage::AwaitTraveller),
    ] {
        let mut lane = lane(rule);
        lane.tell(Event::DeviceLost(Device::Imager));
        assert_eq!(lane.stage(), stage, "{rule:?}");
        lane.tell(Event::DeviceReady(Device::Imager));
        assert_eq!(lane.stage(), Stage::AwaitTraveller);
    }
}

#[test]
fn a_permit_that_nobody_judges_calls_the_officer_and_a_late_answer_is_nobodys() {
    let mut lane = lane(PermitRule::Optional);
    lane.walk_in();
    lane.show_document();
    lane.lists(ListsAnswer::Clear);
    lane.show_barcode("A");
    lane.after(2.5).wake();
    assert_eq!(lane.last_reason(), Some("device-failed"));
    lane.judge_permit(permit(&[]));
    assert_eq!(lane.last_reason(), Some("device-failed"));
}

#[test]
fn whose_permit_suffices_and_whose_face_is_not_seen_is_not_told_to_want_a_document() {
    let policy = Policy::parse("[permits]\nalone = \"allowed\"").unwrap();
    let mut lane = Lane::open_for_permits(PermitRule::Optional, policy);
    lane.walk_in();
    lane.show_barcode("permit");
    lane.judge_permit(alone());
    lane.after(9.0).wake();
    assert_eq!(lane.last_reason(), Some("face-not-captured"));
}
