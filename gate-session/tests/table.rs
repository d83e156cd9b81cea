//! Every stage and every event, refusals included: the whole behaviour of the journey in one table.
//!
//! `GATE_ACCEPT=1 cargo test -p gate-session --test table` writes the table anew; its difference
//! is what a reviewer reads.

mod common;

use common::{Lane, PASSAGE, genuine};
use gate_protocol::{Door, Event as LaneEvent, Fault, Refusal, State};
use gate_session::{ChipFailure, Device, Event, FaceVerdict, ListsAnswer, OfficerDecision};
use std::fmt::Write as _;

type Step = fn(&mut Lane);

/// A way to each stage.
const STAGES: [(&str, Step); 12] = [
    ("closed", |_| ()),
    ("await traveller", open),
    ("await entry", |lane| {
        open(lane);
        lane.tell(Event::Lane(LaneEvent::Approached));
    }),
    ("examine, entry closing", |lane| {
        open(lane);
        lane.step_in();
    }),
    ("examine, no document", walk_in),
    ("examine, chip being read", |lane| {
        walk_in(lane);
        lane.show_document();
    }),
    ("examine, only the face is open", |lane| {
        walk_in(lane);
        lane.examine_document();
    }),
    ("await record of clearance", |lane| {
        walk_in(lane);
        lane.examine_document();
        lane.face(FaceVerdict::Match);
    }),
    ("await exit", |lane| {
        walk_in(lane);
        lane.examine_document();
        lane.face(FaceVerdict::Match);
        lane.recorded(true);
    }),
    ("await officer", |lane| {
        walk_in(lane);
        lane.examine_document();
        lane.face(FaceVerdict::NoMatch);
        lane.recorded(true);
    }),
    ("await return", |lane| {
        walk_in(lane);
        lane.tell(Event::Lane(LaneEvent::SeveralEntered(PASSAGE)));
        lane.recorded(true);
    }),
    ("await emergency end", |lane| {
        open(lane);
        lane.tell(Event::Lane(LaneEvent::EmergencyBegan));
    }),
];

/// Everything that can happen. Answers use the ticket that is out, if there is one.
const EVENTS: [(&str, Step); 47] = [
    ("an hour passes", |lane| lane.after(3_600.0).wake()),
    ("device ready", |lane| {
        lane.tell(Event::DeviceReady(Device::Camera))
    }),
    ("device lost", |lane| {
        lane.tell(Event::DeviceLost(Device::Camera))
    }),
    ("controller lost", |lane| {
        lane.tell(Event::DeviceLost(Device::Controller))
    }),
    ("approached", |lane| {
        lane.tell(Event::Lane(LaneEvent::Approached))
    }),
    ("went away", |lane| {
        lane.tell(Event::Lane(LaneEvent::WentAway))
    }),
    ("entered", |lane| {
        lane.tell(Event::Lane(LaneEvent::Entered(PASSAGE)))
    }),
    ("several entered", |lane| {
        lane.tell(Event::Lane(LaneEvent::SeveralEntered(PASSAGE)))
    }),
    ("exit released", |lane| {
        lane.tell(Event::Lane(LaneEvent::ExitReleased(PASSAGE)))
    }),
    ("passed", |lane| {
        lane.tell(Event::Lane(LaneEvent::Passed(PASSAGE)))
    }),
    ("somebody else passed", |lane| {
        lane.tell(Event::Lane(LaneEvent::Passed(PASSAGE + 1)))
    }),
    ("did not leave", |lane| {
        lane.tell(Event::Lane(LaneEvent::DidNotLeave(PASSAGE)))
    }),
    ("went back", |lane| {
        lane.tell(Event::Lane(LaneEvent::WentBack(PASSAGE)))
    }),
    ("object left", |lane| {
        lane.tell(Event::Lane(LaneEvent::ObjectLeft(PASSAGE)))
    }),
    ("wrong way", |lane| {
        lane.tell(Event::Lane(LaneEvent::WrongWay))
    }),
    ("door forced", |lane| {
        lane.tell(Event::Lane(LaneEvent::Forced(Door::Exit)))
    }),
    ("trouble", |lane| {
        lane.tell(Event::Lane(LaneEvent::Trouble(Fault::UnicitySensor)))
    }),
    ("emergency begins", |lane| {
        lane.tell(Event::Lane(LaneEvent::EmergencyBegan))
    }),
    ("emergency ends", |lane| {
        lane.tell(Event::Lane(LaneEvent::EmergencyEnded))
    }),
    ("lease lapsed", |lane| {
        lane.tell(Event::Lane(LaneEvent::LeaseLapsed))
    }),
    ("controller idle", |lane| {
        lane.tell(Event::LaneState(State::Idle, 0))
    }),
    ("controller: entry open", |lane| {
        lane.tell(Event::LaneState(State::EntryOpen, 0))
    }),
    ("controller: entry closing", Lane::step_in),
    ("controller: occupied", |lane| {
        lane.tell(Event::LaneState(State::Occupied, PASSAGE))
    }),
    ("exit door open", |lane| {
        lane.tell(Event::DoorOpen(Door::Exit, true))
    }),
    ("clear of the exit", |lane| {
        lane.tell(Event::ClearOfExit);
    }),
    ("exit refused", |lane| {
        lane.tell(Event::ExitRefused(PASSAGE, Refusal::WrongPassage))
    }),
    ("document presented", |lane| {
        lane.tell(Event::DocumentPresented)
    }),
    ("zone read", Lane::show_document),
    ("zone unreadable", |lane| lane.tell(Event::MrzUnreadable)),
    ("portrait read", |lane| lane.portrait(Ok(()))),
    ("portrait unusable", |lane| lane.portrait(Err("no face"))),
    ("chip read", |lane| lane.chip(genuine())),
    ("chip faulty", |lane| lane.chip_fails(ChipFailure::Faulty)),
    ("chip removed", |lane| lane.chip_fails(ChipFailure::Removed)),
    ("lists clear", |lane| lane.lists(ListsAnswer::Clear)),
    ("face matches", |lane| lane.face(FaceVerdict::Match)),
    ("face does not match", |lane| {
        lane.face(FaceVerdict::NoMatch)
    }),
    ("decision on disk", |lane| lane.recorded(true)),
    ("decision not on disk", |lane| lane.recorded(false)),
    ("officer clears", |lane| {
        lane.tell(Event::OfficerDecided(1, OfficerDecision::Clear))
    }),
    ("officer sends back", |lane| {
        lane.tell(Event::OfficerDecided(1, OfficerDecision::SendBack))
    }),
    ("zone partial", |lane| lane.tell(Event::MrzPartial)),
    ("zone proved by the chip", Lane::prove_zone),
    ("barcode read", |lane| lane.show_barcode("A")),
    ("barcode unreadable", |lane| {
        lane.tell(Event::BarcodeUnreadable)
    }),
    ("chip refuses access", |lane| {
        lane.chip_fails(ChipFailure::NoAccess)
    }),
];

fn open(lane: &mut Lane) {
    for device in Device::ALL {
        lane.tell(Event::DeviceReady(device));
    }
    lane.tell(Event::LaneState(State::EntryOpen, 0));
}

fn walk_in(lane: &mut Lane) {
    open(lane);
    lane.walk_in();
}

#[test]
fn every_stage_and_every_event_as_written() {
    let mut table = String::new();
    for (stage, way) in STAGES {
        let _ = writeln!(table, "# {stage}");
        for (event, happen) in EVENTS {
            let mut lane = Lane::closed();
            way(&mut lane);
            let before = lane.stage_word();
            lane.begin_listening();
            happen(&mut lane);
            let after = lane.stage_word();
            let arrow = if before == after {
                "stays".to_owned()
            } else {
                format!("→ {after}")
            };
            let done = lane.words().join("; ");
            let _ = writeln!(
                table,
                "{event:26} {arrow}{}{done}",
                if done.is_empty() { "" } else { ": " }
            );
        }
        table.push('\n');
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/table.golden");
    if std::env::var_os("GATE_ACCEPT").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    for (line, (expected, found)) in golden.lines().zip(table.lines()).enumerate() {
        assert_eq!(expected, found, "table.golden, line {}", line + 1);
    }
    assert_eq!(
        golden.len(),
        table.len(),
        "table.golden is shorter or longer"
    );
}

#[test]
fn the_exit_is_released_in_one_row_of_the_table_only() {
    let golden = include_str!("table.golden");
    let releases: Vec<&str> = golden
        .lines()
        .filter(|line| line.contains("ReleaseExit"))
        .collect();
    assert_eq!(releases.len(), 1, "{releases:#?}");
    assert!(releases[0].starts_with("decision on disk"));
}
