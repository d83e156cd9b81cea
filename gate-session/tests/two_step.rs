//! Journeys in a lane whose reader stands before the entry.

mod common;

use common::{Lane, PASSAGE, genuine, seconds};
use gate_protocol::{Door, Event as LaneEvent, Mode, Refusal, State};
use gate_session::{Device, Event, FaceVerdict, ListsAnswer, OfficerDecision, SpanKind, Stage};

fn approach() -> Lane {
    let mut lane = Lane::open_in_two_steps();
    lane.tell(Event::Lane(LaneEvent::Approached));
    lane
}

/// The document is in order, and the entry has been released.
fn admitted() -> Lane {
    let mut lane = approach();
    lane.examine_document();
    assert_eq!(lane.stage(), Stage::AwaitEntry);
    lane
}

fn step_in(lane: &mut Lane) {
    lane.tell(Event::LaneState(State::EntryOpen, 0));
    lane.after(0.8).tell(Event::DoorOpen(Door::Entry, true));
    lane.after(1.8).step_in();
}

#[test]
fn the_entry_opens_when_the_document_is_in_order_and_the_exit_when_the_face_is() {
    let mut lane = approach();
    assert!(!lane.did("ReleaseEntry") && !lane.did("CaptureFace"));
    lane.show_document();
    lane.chip_and_portrait(genuine());
    assert!(!lane.did("ReleaseEntry"), "the lists have not answered");
    lane.lists(ListsAnswer::Clear);
    assert!(lane.did("ReleaseEntry"));
    assert!(!lane.did("PreparePortrait"), "there is no face yet");
    step_in(&mut lane);
    assert!(lane.did("CaptureFace"));
    lane.after(0.9)
        .tell(Event::Lane(LaneEvent::Entered(PASSAGE)));
    lane.portrait_is_ready();
    lane.face(FaceVerdict::Match);
    lane.recorded(true);
    assert!(lane.did("ReleaseExit(7"));
    lane.tell(Event::DoorOpen(Door::Exit, true));
    lane.after(2.0)
        .tell(Event::Lane(LaneEvent::Passed(PASSAGE)));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
    let timeline = lane.completion();
    let took = |name: &str| {
        let span = timeline.spans.iter().find(|span| span.name == name);
        span.map(|span| (span.kind, span.duration()))
    };
    assert_eq!(
        took("entry door opens"),
        Some((SpanKind::Device, seconds(0.8)))
    );
    assert_eq!(took("walk in"), Some((SpanKind::Human, seconds(1.8))));
    assert_eq!(
        took("entry door closes"),
        Some((SpanKind::Device, seconds(0.9)))
    );
}

#[test]
fn the_lane_is_offered_by_permit_only() {
    let mut lane = Lane::open_in_two_steps();
    lane.tell(Event::DeviceLost(Device::Camera));
    lane.tell(Event::DeviceReady(Device::Camera));
    assert!(lane.did(&format!("SetMode({:?})", Mode::OnPermit)));
    assert!(!lane.did("SetMode(WalkIn"));
}

#[test]
fn whoever_would_be_referred_for_the_document_never_comes_in() {
    type Story = fn(&mut Lane);
    let stories: [(&str, Story); 3] = [
        ("document-expired", Lane::show_expired_document),
        ("listed", |lane| {
            lane.show_document();
            lane.lists(ListsAnswer::Hit);
        }),
        ("no-document", |lane| {
            lane.after(21.0).wake();
        }),
    ];
    for (reason, story) in stories {
        let mut lane = approach();
        story(&mut lane);
        assert_eq!(lane.last_reason(), Some(reason));
        lane.recorded(true);
        lane.after(61.0).wake();
        assert_eq!(lane.stage(), Stage::AwaitTraveller, "{reason}");
        assert!(!lane.did("ReleaseEntry"), "{reason}");
        assert!(lane.left_by("NeverEntered"), "{reason}");
    }
}

#[test]
fn nobody_is_let_in_while_somebody_is_on_the_way_out() {
    let mut lane = approach();
    lane.tell(Event::LaneState(State::ExitClosing, 0));
    lane.examine_document();
    assert!(!lane.did("ReleaseEntry"));
    lane.tell(Event::LaneState(State::Idle, 0));
    assert!(lane.did("ReleaseEntry"));
}

#[test]
fn a_document_laid_down_behind_the_traveller_changes_nothing() {
    let mut lane = admitted();
    lane.show_other_document();
    assert_eq!(lane.count("ReadChip"), 1);
    step_in(&mut lane);
    lane.show_other_document();
    assert_eq!(lane.count("ReadChip"), 1);
    assert_eq!(lane.stage(), Stage::Examine);
}

#[test]
fn whoever_goes_away_or_does_not_step_in_leaves_no_open_permit_behind() {
    let mut lane = approach();
    lane.tell(Event::Lane(LaneEvent::WentAway));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
    assert_eq!(lane.last_reason(), Some("not-entered"));

    let mut lane = admitted();
    lane.after(15.1).wake();
    assert_eq!(
        lane.stage(),
        Stage::AwaitEntry,
        "the permit may just be used"
    );
    lane.after(10.0).wake();
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
    assert!(lane.left_by("NeverEntered"));
}

#[test]
fn an_entry_that_the_controller_refuses_calls_the_officer() {
    let mut lane = admitted();
    lane.tell(Event::ExitRefused(0, Refusal::NoSession));
    assert_eq!(lane.last_reason(), Some("device-failed"));
}

#[test]
fn somebody_inside_who_was_not_let_in_is_sent_back() {
    let mut lane = approach();
    lane.tell(Event::LaneState(State::Occupied, PASSAGE));
    lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE)));
    assert_eq!(lane.last_reason(), Some("lane-disturbed"));
    lane.recorded(true);
    lane.after(61.0).wake();
    assert!(lane.did("SendBack(7"));
}

#[test]
fn an_officers_word_about_somebody_before_the_entry_lets_nobody_out_who_is_inside() {
    let mut lane = approach();
    lane.show_expired_document();
    lane.recorded(true);
    assert_eq!(lane.stage(), Stage::AwaitOfficer);
    lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE)));
    lane.tell(Event::OfficerDecided(1, OfficerDecision::Clear));
    lane.recorded(true);
    assert_eq!(lane.last_reason(), Some("another-person"));
    assert!(lane.did("SendBack(7)") && !lane.did("ReleaseExit"));
}

#[test]
fn two_people_on_one_permit_are_seen_as_in_any_lane() {
    let mut lane = admitted();
    step_in(&mut lane);
    lane.tell(Event::Lane(LaneEvent::SeveralEntered(PASSAGE)));
    assert_eq!(lane.last_reason(), Some("several-persons"));
}
