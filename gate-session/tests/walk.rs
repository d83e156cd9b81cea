//! Journeys told as a list of events, with what the gate does after each.

mod common;

use common::{Lane, PASSAGE, genuine, seconds, visa};
use gate_document::policy::Policy;
use gate_document::{Check, Mrz};
use gate_protocol::{Door, Event as LaneEvent, Refusal, State};
use gate_session::{
    ChipFailure, Device, DocumentHint, Event, FaceHint, FaceVerdict, ListsAnswer, OfficerDecision,
    PermitRule, Screen, Stage,
};

#[test]
fn a_genuine_traveller_is_recorded_and_then_let_out() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.show_document();
    lane.chip_and_portrait(genuine());
    lane.lists(ListsAnswer::Clear);
    lane.face(FaceVerdict::Match);
    assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)");
    assert!(
        !lane.did("ReleaseExit"),
        "nothing moves before the journal has the decision"
    );
    lane.recorded(true);
    assert!(lane.did("ReleaseExit(7"));
    lane.tell(Event::DoorOpen(Door::Exit, true));
    lane.after(2.0)
        .tell(Event::Lane(LaneEvent::Passed(PASSAGE)));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
    assert!(lane.did("Forget"));
}

#[test]
fn the_order_in_which_answers_come_does_not_matter() {
    let steps: [Story; 4] = [
        |lane| lane.chip_and_portrait(genuine()),
        |lane| lane.lists(ListsAnswer::Clear),
        |lane| lane.face(FaceVerdict::Match),
        |lane| lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE))),
    ];
    for first in 0..4 {
        for second in (0..4).filter(|&at| at != first) {
            let rest = (0..4).filter(|&at| at != first && at != second);
            let mut lane = Lane::open();
            lane.step_in();
            lane.show_document();
            for at in [first, second].into_iter().chain(rest) {
                assert_eq!(lane.stage(), Stage::Examine, "{first} {second} {at}");
                steps[at](&mut lane);
            }
            assert_eq!(
                lane.stage_word(),
                "AwaitRecord(Cleared)",
                "{first} {second}"
            );
        }
    }
}

/// What happens in a lane.
type Story = fn(&mut Lane);

/// One journey for each reason, from the moment the entry has closed.
const REFERRALS: [(&str, Story); 13] = [
    ("document-expired", Lane::show_expired_document),
    ("date-unknown", |lane| lane.show_document_on(None)),
    ("listed", |lane| {
        lane.show_document();
        lane.lists(ListsAnswer::Hit);
    }),
    ("lists-unavailable", |lane| {
        lane.show_document();
        lane.lists(ListsAnswer::Unavailable);
    }),
    ("document-not-genuine", |lane| {
        lane.show_document();
        lane.chip_and_portrait(common::with_failed(Check::DataGroupDigests));
    }),
    ("document-inconsistent", |lane| {
        lane.show_document();
        lane.chip_and_portrait(common::with_failed(Check::PrintedAgainstChip));
    }),
    ("portrait-unusable", |lane| {
        lane.show_document();
        lane.portrait(Err("no face"));
        lane.chip(genuine());
    }),
    ("face-mismatch", |lane| {
        lane.examine_document();
        lane.face(FaceVerdict::NoMatch);
    }),
    ("presentation-attack", |lane| {
        lane.examine_document();
        lane.face(FaceVerdict::Attack);
    }),
    ("several-persons", |lane| {
        lane.tell(Event::Lane(LaneEvent::SeveralEntered(PASSAGE)))
    }),
    ("lane-disturbed", |lane| {
        lane.tell(Event::Lane(LaneEvent::WrongWay))
    }),
    ("document-unreadable", |lane| {
        for _ in 0..3 {
            lane.tell(Event::MrzUnreadable);
        }
    }),
    ("chip-unreadable", |lane| {
        lane.show_document();
        lane.chip_fails(ChipFailure::Faulty);
        lane.chip_fails(ChipFailure::Faulty);
    }),
];

#[test]
fn each_reason_for_a_referral_keeps_the_exit_shut_and_the_way_back_open() {
    for (reason, story) in REFERRALS {
        let mut lane = Lane::open();
        lane.walk_in();
        story(&mut lane);
        assert!(
            matches!(lane.stage(), Stage::AwaitRecord(_)),
            "{reason}: {:?}",
            lane.stage()
        );
        assert_eq!(lane.last_reason(), Some(reason));
        lane.recorded(true);
        lane.face(FaceVerdict::Match); // too late: nobody asks any more
        lane.after(100.0).wake();
        assert!(lane.did("SendBack(7)"), "{reason}: nobody is trapped");
        lane.tell(Event::Lane(LaneEvent::WentBack(PASSAGE)));
        assert_eq!(lane.stage(), Stage::AwaitTraveller, "{reason}");
        assert!(!lane.did("ReleaseExit"), "{reason}");
    }
}

#[test]
fn what_is_missing_when_time_is_up_is_the_reason() {
    let cases: [(&str, f64, Story); 3] = [
        ("no-document", 20.0, |_| ()),
        ("face-not-captured", 8.0, |lane| {
            lane.examine_document();
            lane.face(FaceVerdict::Undecided(FaceHint::Closer));
        }),
        ("device-failed", 8.0, |lane| {
            lane.examine_document();
            lane.tell(Event::DeviceLost(Device::Camera));
        }),
    ];
    for (reason, wait, story) in cases {
        let mut lane = Lane::open();
        lane.walk_in();
        story(&mut lane);
        lane.after(wait - 0.1).wake();
        assert_eq!(lane.stage(), Stage::Examine, "{reason}: too early");
        lane.after(0.2).wake();
        assert_eq!(lane.last_reason(), Some(reason));
    }
}

#[test]
fn a_chip_without_a_portrait_is_not_waited_for() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.show_document();
    lane.lists(ListsAnswer::Clear);
    lane.chip(genuine());
    assert_eq!(lane.last_reason(), Some("portrait-unusable"));
}

#[test]
fn lists_that_do_not_answer_are_unavailable() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.show_document();
    lane.after(2.1).wake();
    assert_eq!(lane.last_reason(), Some("lists-unavailable"));
}

#[test]
fn a_chip_that_fails_once_is_read_again() {
    for failure in [
        ChipFailure::Removed,
        ChipFailure::Faulty,
        ChipFailure::WrongZone,
        ChipFailure::ReaderFault,
        ChipFailure::Absent,
    ] {
        let mut lane = Lane::open();
        lane.walk_in();
        lane.show_document();
        lane.lists(ListsAnswer::Clear);
        lane.chip_fails(failure);
        if failure != ChipFailure::Faulty {
            lane.after(1.0).tell(Event::DocumentPresented);
        }
        if failure == ChipFailure::WrongZone {
            assert_eq!(lane.count("ReadChip"), 1, "the zone is wrong, too");
            lane.show_document();
            lane.lists(ListsAnswer::Clear);
        }
        assert_eq!(lane.count("ReadChip"), 2, "{failure:?}");
        lane.chip_and_portrait(genuine());
        lane.face(FaceVerdict::Match);
        assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)", "{failure:?}");
    }
}

#[test]
fn each_cause_of_a_chip_that_fails_has_its_own_words_for_the_traveller_and_the_officer() {
    use DocumentHint::{LeaveIt, LiftAndPlace, ReadAgain, ReaderFault};
    for (failure, hint, reason) in [
        (ChipFailure::Absent, Some(LiftAndPlace), "chip-unreadable"),
        (ChipFailure::Removed, Some(LeaveIt), "chip-unreadable"),
        (ChipFailure::WrongZone, Some(ReadAgain), "chip-unreadable"),
        (ChipFailure::ReaderFault, Some(ReaderFault), "device-failed"),
        // No second try can help: the officer comes at once.
        (ChipFailure::NoAccess, None, "chip-unreadable"),
        (ChipFailure::Distrust, None, "document-not-genuine"),
    ] {
        let mut lane = Lane::open();
        lane.walk_in();
        lane.show_document();
        lane.lists(ListsAnswer::Clear);
        lane.chip_fails(failure);
        if let Some(hint) = hint {
            let wanted = format!("{:?}", Screen::PlaceDocument { hint });
            let shown = lane.words().iter().any(|word| word.contains(&wanted));
            assert!(shown, "{failure:?}: {:?}", lane.words());
            lane.after(1.0).tell(Event::DocumentPresented);
            lane.show_document();
            lane.chip_fails(failure);
        }
        assert_eq!(lane.last_reason(), Some(reason), "{failure:?}");
        assert_eq!(lane.count("ReadChip"), 1 + usize::from(hint.is_some()));
        assert!(
            lane.words()
                .iter()
                .any(|word| word.contains("OfficerComing"))
        );
    }
}

#[test]
fn a_chip_that_never_answers_is_unreadable_after_two_waits() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.show_document();
    lane.lists(ListsAnswer::Clear);
    lane.after(12.1).wake();
    assert_eq!(lane.stage(), Stage::Examine);
    lane.tell(Event::DocumentPresented);
    lane.after(12.1).wake();
    assert_eq!(lane.last_reason(), Some("chip-unreadable"));
}

#[test]
fn another_document_voids_what_was_learnt_from_the_first() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.show_document();
    lane.portrait(Ok(()));
    let of_the_first = lane.chip_ticket().expect("the chip was asked");
    let face_of_the_first = lane.face_asked();
    lane.lists(ListsAnswer::Clear);
    lane.face(FaceVerdict::Match);
    lane.show_other_document();
    lane.tell(Event::ChipRead(of_the_first, Ok(genuine())));
    lane.chip_and_portrait(genuine());
    lane.lists(ListsAnswer::Clear);
    lane.tell(Event::FaceJudged(
        face_of_the_first,
        common::report(FaceVerdict::Match),
    ));
    assert_eq!(
        lane.stage(),
        Stage::Examine,
        "the match was with the first portrait"
    );
    lane.face(FaceVerdict::Match);
    assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)");
}

#[test]
fn a_photograph_that_was_seen_before_the_document_is_not_forgotten() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.face(FaceVerdict::Attack);
    lane.examine_document();
    assert_eq!(lane.last_reason(), Some("presentation-attack"));
}

#[test]
fn a_match_with_the_portrait_of_a_chip_that_vanished_clears_nobody() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.show_document();
    lane.lists(ListsAnswer::Clear);
    lane.portrait(Ok(())); // the attacker's own face, signed by nobody
    lane.face(FaceVerdict::Match);
    lane.chip_fails(ChipFailure::Removed);
    lane.after(1.0).tell(Event::DocumentPresented); // somebody else's genuine document
    lane.chip_and_portrait(genuine());
    assert_eq!(
        lane.stage(),
        Stage::Examine,
        "nobody has been compared with this portrait"
    );
    lane.face(FaceVerdict::NoMatch);
    assert_eq!(lane.last_reason(), Some("face-mismatch"));
}

#[test]
fn a_late_answer_of_the_journal_about_the_one_before_releases_nobody() {
    for written in [true, false] {
        let mut lane = Lane::open();
        lane.walk_in();
        lane.tell(Event::Lane(LaneEvent::WentBack(PASSAGE)));
        let old = lane
            .completion_ticket()
            .expect("a completion is being written");
        lane.walk_in_again();
        lane.examine_document();
        lane.face(FaceVerdict::Match);
        lane.tell(Event::Recorded(old, written));
        assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)", "{written}");
        assert!(!lane.did("ReleaseExit"));
        lane.recorded(true);
        assert!(lane.did("ReleaseExit"));
    }
}

#[test]
fn whoever_gets_a_new_number_is_sent_back_under_it_and_not_let_out() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.tell(Event::Lane(LaneEvent::SeveralEntered(PASSAGE)));
    lane.recorded(true);
    lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE + 1)));
    assert!(lane.did("SendBack(8)"));

    let mut lane = Lane::open();
    lane.walk_in();
    lane.examine_document();
    lane.face(FaceVerdict::Match);
    lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE + 1)));
    lane.recorded(true);
    assert_eq!(lane.last_reason(), Some("another-person"));
    assert!(lane.did("SendBack(8)") && !lane.did("ReleaseExit"));
}

#[test]
fn two_at_the_open_exit_are_decided_about_once() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.examine_document();
    lane.face(FaceVerdict::Match);
    lane.recorded(true);
    lane.tell(Event::DoorOpen(Door::Exit, true));
    lane.begin_listening();
    lane.tell(Event::Lane(LaneEvent::SeveralEntered(PASSAGE)));
    assert_eq!(lane.count("Record"), 1, "{:?}", lane.words());
    assert_eq!(lane.last_reason(), Some("several-persons"));
}

#[test]
fn how_somebody_left_whom_no_event_saw_is_known_only_if_the_exit_never_opened() {
    for (opened, way) in [(false, "ThroughEntry"), (true, "Unknown")] {
        let mut lane = Lane::open();
        lane.walk_in();
        lane.examine_document();
        lane.face(FaceVerdict::Match);
        lane.recorded(true);
        if opened {
            lane.tell(Event::DoorOpen(Door::Exit, true));
        }
        lane.tell(Event::Lane(LaneEvent::DidNotLeave(PASSAGE)));
        lane.recorded(true);
        lane.tell(Event::LaneState(State::Service, 0));
        lane.tell(Event::LaneState(State::Idle, 0));
        assert!(lane.left_by(way), "{way}: {:?}", lane.words());
    }
}

#[test]
fn a_referral_before_the_entry_has_closed_learns_the_number_later() {
    let mut lane = Lane::open();
    lane.step_in();
    lane.show_expired_document();
    lane.recorded(true);
    lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE)));
    lane.after(61.0).wake();
    assert!(lane.did("SendBack(7)"), "nobody is trapped");
}

#[test]
fn an_officers_word_about_one_lets_nobody_out_who_came_in_afterwards() {
    let number_before_the_referral_is_written = [false, true];
    for early in number_before_the_referral_is_written {
        let mut lane = Lane::open();
        lane.walk_in();
        lane.examine_document();
        lane.face(FaceVerdict::NoMatch);
        if early {
            lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE + 1)));
            lane.recorded(true);
        } else {
            lane.recorded(true);
            lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE + 1)));
        }
        lane.tell(Event::OfficerDecided(1, OfficerDecision::Clear));
        lane.recorded(true);
        assert_eq!(lane.last_reason(), Some("another-person"), "{early}");
        assert!(lane.did("SendBack(8)"), "{early}: nobody is trapped");
        assert!(!lane.did("ReleaseExit"), "{early}");
    }
}

#[test]
fn an_officers_word_lets_nobody_out_who_came_in_by_an_entry_that_stood_open() {
    let in_between: [(&str, Story); 4] = [
        ("referred before the entry closed", |lane| {
            lane.show_expired_document();
            lane.recorded(true);
            lane.step_in();
        }),
        ("it opened again before the referral was written", |lane| {
            lane.step_in();
            lane.show_expired_document();
            lane.tell(Event::LaneState(State::EntryOpen, 0));
            lane.recorded(true);
            lane.tell(Event::LaneState(State::EntryClosing, 0));
        }),
        ("nobody knows whether it opened", |lane| {
            lane.step_in();
            lane.show_expired_document();
            lane.recorded(true);
            lane.tell(Event::DeviceLost(Device::Controller));
            lane.tell(Event::DeviceReady(Device::Controller));
        }),
        ("it opened again before the clearance was written", |lane| {
            lane.step_in();
            lane.show_expired_document();
            lane.recorded(true);
            lane.tell(Event::OfficerDecided(1, OfficerDecision::Clear));
            lane.tell(Event::LaneState(State::EntryOpen, 0));
            lane.tell(Event::LaneState(State::EntryClosing, 0));
        }),
    ];
    for (name, story) in in_between {
        let mut lane = Lane::open();
        story(&mut lane);
        lane.tell(Event::OfficerDecided(1, OfficerDecision::Clear));
        lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE)));
        lane.recorded(true);
        assert_eq!(lane.last_reason(), Some("another-person"), "{name}");
        assert!(lane.did("SendBack(7)"), "{name}: nobody is trapped");
        assert!(!lane.did("ReleaseExit"), "{name}");
    }
}

#[test]
fn who_goes_out_after_all_has_gone_out() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.examine_document();
    lane.face(FaceVerdict::Match);
    lane.recorded(true);
    lane.after(23.0).wake();
    assert_eq!(lane.last_reason(), Some("did-not-leave"));
    lane.tell(Event::Lane(LaneEvent::Passed(PASSAGE)));
    assert!(lane.did("Record") && lane.left_by("ThroughExit"));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
}

#[test]
fn a_thing_left_behind_closes_the_lane_until_it_is_fetched() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.examine_document();
    lane.face(FaceVerdict::Match);
    lane.recorded(true);
    lane.tell(Event::Lane(LaneEvent::ObjectLeft(PASSAGE)));
    assert!(lane.left_by("ThroughExit"));
    assert!(
        lane.did("SendBack(7)"),
        "the entry opens for whoever fetches it"
    );
    assert_eq!(lane.stage(), Stage::AwaitClear);
    lane.tell(Event::LaneState(State::Idle, 0));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
}

#[test]
fn an_answer_for_the_traveller_before_moves_nothing() {
    let mut lane = Lane::open();
    lane.walk_in();
    let old = lane.face_asked();
    lane.tell(Event::Lane(LaneEvent::WentBack(PASSAGE)));
    lane.walk_in_again();
    lane.examine_document();
    lane.tell(Event::FaceJudged(old, common::report(FaceVerdict::Match)));
    assert_eq!(lane.stage(), Stage::Examine);
    lane.face(FaceVerdict::Match);
    assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)");
}

#[test]
fn nobody_leaves_on_a_decision_that_is_not_on_disk() {
    for answer in [Some(false), None] {
        let mut lane = Lane::open();
        lane.walk_in();
        lane.examine_document();
        lane.face(FaceVerdict::Match);
        match answer {
            Some(written) => lane.recorded(written),
            None => lane.after(2.1).wake(),
        }
        assert_eq!(lane.last_reason(), Some("device-failed"));
        lane.recorded(false);
        assert_eq!(lane.stage(), Stage::AwaitOfficer);
        lane.recorded(true); // too late
        assert!(!lane.did("ReleaseExit"));
    }
}

#[test]
fn an_entry_that_closes_on_nobody_is_no_traveller() {
    let mut lane = Lane::open();
    lane.tell(Event::LaneState(State::EntryClosing, 0));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
    lane.tell(Event::LaneState(State::Idle, 0));
    lane.tell(Event::LaneState(State::EntryOpen, 0));
    assert_eq!(lane.last_reason(), None, "nothing is written down");
}

#[test]
fn somebody_who_does_not_step_in_is_noted_and_forgotten() {
    for goes_away in [true, false] {
        let mut lane = Lane::open();
        lane.tell(Event::Lane(LaneEvent::Approached));
        assert_eq!(lane.stage(), Stage::AwaitEntry);
        if goes_away {
            lane.after(3.0).tell(Event::Lane(LaneEvent::WentAway));
        } else {
            lane.after(15.1).wake();
        }
        assert_eq!(lane.last_reason(), Some("not-entered"));
        assert_eq!(lane.stage(), Stage::AwaitTraveller);
    }
}

#[test]
fn who_stays_in_spite_of_an_open_exit_gets_an_officer() {
    for refused in [false, true] {
        let mut lane = Lane::open();
        lane.walk_in();
        lane.examine_document();
        lane.face(FaceVerdict::Match);
        lane.recorded(true);
        if refused {
            lane.tell(Event::ExitRefused(PASSAGE, Refusal::NotSingle));
            assert_eq!(lane.last_reason(), Some("several-persons"));
        } else {
            lane.after(15.0)
                .tell(Event::Lane(LaneEvent::DidNotLeave(PASSAGE)));
            assert_eq!(lane.last_reason(), Some("did-not-leave"));
        }
    }
}

#[test]
fn somebody_elses_passage_does_not_end_the_journey() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.examine_document();
    lane.face(FaceVerdict::Match);
    lane.recorded(true);
    lane.tell(Event::Lane(LaneEvent::Passed(PASSAGE - 1)));
    assert_eq!(lane.stage(), Stage::AwaitExit);
}

#[test]
fn an_officer_can_clear_and_that_is_written_down_first() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.examine_document();
    lane.face(FaceVerdict::NoMatch);
    lane.recorded(true);
    lane.tell(Event::OfficerDecided(99, OfficerDecision::Clear)); // somebody else's case
    assert_eq!(lane.stage(), Stage::AwaitOfficer);
    lane.tell(Event::OfficerDecided(1, OfficerDecision::Clear));
    assert!(!lane.did("ReleaseExit"));
    lane.recorded(true);
    assert!(lane.did("ReleaseExit(7"));
}

#[test]
fn an_emergency_ends_every_journey_and_the_lane_returns_when_it_is_over() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.examine_document();
    lane.tell(Event::LaneState(State::Emergency, PASSAGE));
    lane.tell(Event::Lane(LaneEvent::EmergencyBegan));
    assert_eq!(lane.stage(), Stage::AwaitEmergencyEnd);
    assert_eq!(lane.last_reason(), Some("lane-disturbed"));
    assert!(lane.did("Forget"));
    lane.tell(Event::Lane(LaneEvent::EmergencyEnded));
    lane.tell(Event::LaneState(State::Trouble, 0));
    assert_eq!(lane.stage(), Stage::AwaitClear);
    assert!(lane.did("SetMode(Closed)"), "nobody is invited meanwhile");
    lane.tell(Event::LaneState(State::Idle, 0));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
}

#[test]
fn a_lane_on_battery_tampered_with_or_in_service_invites_nobody_until_that_is_over() {
    for state in [State::PowerFail, State::Tamper, State::Service] {
        let mut lane = Lane::open();
        lane.tell(Event::LaneState(state, 0));
        assert_eq!(lane.stage(), Stage::AwaitClear, "{state:?}");
        assert!(lane.did("SetMode(Closed)"), "{state:?}");
        lane.tell(Event::LaneState(State::Idle, 0));
        assert_eq!(lane.stage(), Stage::AwaitTraveller, "{state:?}");
    }
    for event in [LaneEvent::TamperBegan, LaneEvent::ServiceBegan] {
        let mut lane = Lane::open();
        lane.walk_in();
        lane.tell(Event::Lane(event));
        assert_eq!(lane.last_reason(), Some("lane-disturbed"), "{event:?}");
        assert!(!lane.did("ReleaseExit(7"));
    }
}

#[test]
fn a_controller_that_was_reset_ends_an_emergency_too() {
    let mut lane = Lane::open();
    lane.tell(Event::LaneState(State::Emergency, 0));
    lane.tell(Event::Lane(LaneEvent::EmergencyBegan));
    lane.tell(Event::DeviceLost(Device::Controller));
    assert_eq!(lane.stage(), Stage::Closed);
    lane.tell(Event::DeviceReady(Device::Controller));
    lane.tell(Event::LaneState(State::Secure, 0));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
}

#[test]
fn a_lane_without_one_of_its_devices_lets_nobody_in_until_it_returns() {
    // The imager is needed where everybody needs a permit: see `permit.rs`.
    let needed = Device::ALL.into_iter().filter(|it| *it != Device::Imager);
    for device in needed {
        let mut lane = Lane::open();
        lane.tell(Event::DeviceLost(device));
        assert_eq!(lane.stage(), Stage::Closed, "{device:?}");
        assert!(lane.did("SetMode(Closed)"), "{device:?}");
        lane.tell(Event::DeviceReady(device));
        lane.tell(Event::LaneState(State::EntryOpen, 0));
        assert_eq!(lane.stage(), Stage::AwaitTraveller, "{device:?}");
    }
}

#[test]
fn a_lane_that_lost_its_controller_beside_a_traveller_says_so_and_asks_who_is_inside() {
    let mut lane = Lane::open();
    lane.walk_in();
    lane.tell(Event::DeviceLost(Device::Controller));
    assert_eq!(lane.stage(), Stage::Examine, "served as far as possible");
    for _ in 0..2 {
        lane.after(3_600.0).wake(); // nobody shows a document, and no officer comes
        lane.recorded(true);
    }
    assert_eq!(lane.stage(), Stage::AwaitReturn);
    lane.after(3_600.0).wake();
    assert_eq!(lane.stage(), Stage::Closed, "it is no use to ask again");
    lane.tell(Event::DeviceReady(Device::Controller));
    assert_eq!(lane.stage(), Stage::Closed);
    lane.tell(Event::LaneState(State::Occupied, 8));
    assert!(lane.did("SendBack(8)"));
    assert_eq!(lane.stage(), Stage::AwaitClear);
}

#[test]
fn whoever_is_found_in_the_lane_at_the_start_is_sent_back() {
    for controller_last in [false, true] {
        let mut lane = Lane::closed();
        let devices = Device::ALL.into_iter();
        let (first, rest): (Vec<_>, Vec<_>) =
            devices.partition(|&device| (device == Device::Controller) != controller_last);
        for device in first.into_iter().chain(rest) {
            lane.tell(Event::DeviceReady(device));
        }
        assert_eq!(
            lane.stage(),
            Stage::Closed,
            "the controller has not said who is inside"
        );
        lane.tell(Event::LaneState(State::Occupied, 3));
        assert!(lane.did("SendBack(3)"));
        assert_eq!(lane.stage(), Stage::AwaitClear);
        lane.tell(Event::LaneState(State::Idle, 0));
        assert_eq!(lane.stage(), Stage::AwaitTraveller);
    }
}

#[test]
fn danger_that_a_controller_without_a_site_tells_ends_with_its_word() {
    let mut lane = Lane::closed();
    for device in Device::ALL {
        if device != Device::Controller {
            lane.tell(Event::DeviceReady(device));
        }
    }
    lane.tell(Event::Lane(LaneEvent::EmergencyBegan));
    assert_eq!(lane.stage(), Stage::AwaitEmergencyEnd);
    lane.tell(Event::Lane(LaneEvent::EmergencyEnded));
    assert_eq!(lane.stage(), Stage::Closed);
    lane.tell(Event::DeviceReady(Device::Controller));
    lane.tell(Event::LaneState(State::Idle, 0));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
}

#[test]
fn a_lane_that_lets_somebody_back_is_not_offered_when_its_last_device_comes() {
    let mut lane = Lane::closed();
    lane.tell(Event::DeviceReady(Device::Controller));
    lane.tell(Event::LaneState(State::Returning, 3));
    for device in Device::ALL {
        lane.tell(Event::DeviceReady(device));
    }
    assert_eq!(lane.stage(), Stage::AwaitClear);
    assert!(!lane.did("SetMode(WalkIn)"));
    lane.tell(Event::LaneState(State::EntryClosing, 0));
    assert_eq!(lane.stage(), Stage::AwaitTraveller);
}

#[test]
fn a_visa_with_a_wrong_check_digit_is_read_again_and_never_taken() {
    let mut lane = Lane::open();
    lane.walk_in();
    let wrong = visa("ERIKSSON<<ANNA<MARIA", "150415").replace("740812", "740813");
    let zone = Mrz::read_tolerant(&wrong).unwrap();
    assert!(!zone.wrong_digits().is_empty());
    for _ in 0..2 {
        lane.tell(Event::MrzRead(Box::new(zone.clone()), None));
        assert_eq!(lane.stage(), Stage::Examine);
    }
    assert!(lane.words().iter().any(|word| word.contains("ReadAgain")));
}

#[test]
fn whoever_the_controller_lets_back_while_the_host_was_away_is_told_to_go() {
    let mut lane = Lane::closed();
    for device in Device::ALL {
        lane.tell(Event::DeviceReady(device));
    }
    lane.tell(Event::LaneState(State::Returning, 3));
    assert_eq!(lane.stage(), Stage::AwaitClear);
    let shown = lane
        .words()
        .into_iter()
        .rfind(|word| word.contains("Show("));
    assert!(shown.is_some_and(|word| word.contains("StepBack")));
    lane.tell(Event::LaneState(State::EntryClosing, 0));
    let shown = lane
        .words()
        .into_iter()
        .rfind(|word| word.contains("Show("));
    assert!(shown.is_some_and(|word| word.contains("Welcome")));
}

#[test]
fn the_timeline_tells_human_device_and_software_apart() {
    let mut lane = Lane::open();
    lane.step_in();
    lane.after(0.9)
        .tell(Event::Lane(LaneEvent::Entered(PASSAGE)));
    lane.after(1.6).tell(Event::DocumentPresented); // placed 2.5 s after stepping in
    lane.after(0.6).show_document();
    lane.face(FaceVerdict::Captured);
    let read = common::device("read chip", lane.now(), lane.now() + seconds(2.0));
    let asked = lane.chip_asked();
    lane.after(2.0).tell(Event::Spent(asked, vec![read]));
    lane.lists(ListsAnswer::Clear); // in time, but late on purpose
    lane.after(0.05).chip_and_portrait(genuine());
    lane.after(0.03).face(FaceVerdict::Match);
    lane.after(0.005).recorded(true);
    lane.after(0.8).tell(Event::DoorOpen(Door::Exit, true));
    lane.after(2.0).tell(Event::ClearOfExit);
    lane.after(0.9) // the door's time, not the traveller's
        .tell(Event::Lane(LaneEvent::Passed(PASSAGE)));
    let timeline = lane.completion();
    assert_eq!(timeline.total().as_millis(), 7_985);
    assert_eq!(timeline.software().as_millis(), 85);
}

#[test]
fn a_visa_stands_beside_the_document_and_speaks_for_its_holder_or_against() {
    for (visa, reason) in [
        (visa("ERIKSSON<<ANNA<MARIA", "130101"), None),
        (
            visa("ERIKSSON<<ANNA<MARIA", "120331"),
            Some("document-expired"),
        ),
        (
            visa("ELSE<<SOMEBODY", "130101"),
            Some("document-inconsistent"),
        ),
    ] {
        for visa_first in [true, false] {
            let mut lane = Lane::open();
            lane.walk_in();
            if visa_first {
                lane.show_visa(&visa);
                assert!(!lane.did("ReadChip"), "a visa opens no chip");
                let asked = Screen::PlaceDocument {
                    hint: DocumentHint::None,
                };
                let asked = format!("{asked:?}");
                assert!(lane.words().iter().any(|word| word.contains(&asked)));
            }
            lane.examine_document();
            if !visa_first {
                lane.show_visa(&visa);
            }
            lane.face(FaceVerdict::Match);
            match reason {
                None => assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)"),
                Some(_) => assert_eq!(lane.last_reason(), reason, "first: {visa_first}"),
            }
            assert_eq!(lane.count("ReadChip"), 1);
        }
    }
}

/// The specimen with a wrong check digit over the date of birth, and over what that is part of.
const MISPRINTED: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                          L898902C36UTO7408123F1204159ZE184226B<<<<<10";

#[test]
fn a_wrong_check_digit_is_read_again_and_only_then_believed_of_the_issuer() {
    let zone = Box::new(Mrz::read_tolerant(MISPRINTED).expect("a zone"));
    let day = Some(jiff::civil::date(2012, 4, 1));
    let mut lane = Lane::open();
    lane.walk_in();
    lane.tell(Event::MrzRead(zone.clone(), day));
    assert_eq!(lane.count("ReadChip"), 0, "the reader may have erred");
    lane.tell(Event::MrzUnreadable);
    lane.tell(Event::MrzRead(zone.clone(), day));
    assert_eq!(lane.count("ReadChip"), 1);
    lane.chip_and_portrait(common::with_failed(Check::ZoneCheckDigits));
    lane.lists(ListsAnswer::Clear);
    lane.face(FaceVerdict::Match);
    assert_eq!(
        lane.stage_word(),
        "AwaitRecord(Referred(DocumentInconsistent))"
    );

    // A gate that knows the model waives the digit, and nothing else.
    let policy = Policy::parse("[checks]\nzone-check-digits = \"recorded\"").expect("a policy");
    let mut lane = Lane::open_for_permits(PermitRule::default(), policy);
    lane.walk_in();
    lane.tell(Event::MrzRead(zone.clone(), day));
    lane.tell(Event::MrzRead(zone, day));
    lane.chip_and_portrait(common::with_failed(Check::ZoneCheckDigits));
    lane.lists(ListsAnswer::Clear);
    lane.face(FaceVerdict::Match);
    assert_eq!(lane.stage_word(), "AwaitRecord(Cleared)");
}
