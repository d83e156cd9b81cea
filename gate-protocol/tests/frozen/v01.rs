//! The bytes of wire version 1.
//!
//! If a test here fails, do not change the test: a controller in the field speaks these bytes.
//! Undo the change to the message, or append a new variant and leave this file alone. A new wire
//! version gets a file of its own beside this one.

use core::fmt::Debug;

use gate_protocol::frame::{Body, Kind};
use gate_protocol::{
    Answer, Board, Decoder, Door, Event, Fault, Frame, Mode, Refusal, ResetCause, Sign, State,
    ToController, ToHost, body,
};
use hex_literal::hex;

/// A command goes under number 9, everything else under 0.
fn check_to_controller(message: ToController, bytes: &[u8]) {
    let number = if message.is_command() { 9 } else { 0 };
    let kind = kind(matches!(message, ToController::Hello { .. }));
    let body = body::to_controller(number, &message);
    assert_eq!(body.as_slice(), bytes, "{message:?}");
    assert_eq!(body::read_to_controller(kind, bytes), Ok((number, message)));
}

fn check_to_host(message: ToHost, bytes: &[u8]) {
    let kind = kind(matches!(message, ToHost::Hello { .. }));
    assert_eq!(body::to_host(&message).as_slice(), bytes, "{message:?}");
    assert_eq!(body::read_to_host(kind, bytes), Ok(message));
}

fn kind(is_hello: bool) -> Kind {
    if is_hello { Kind::Hello } else { Kind::Plain }
}

fn done(answer: Answer) -> ToHost {
    ToHost::Done {
        command: 300,
        answer,
    }
}

fn event(event: Event) -> ToHost {
    ToHost::Event {
        number: 4,
        uptime_ms: 70_000,
        event,
    }
}

fn status(state: State) -> ToHost {
    ToHost::Status {
        uptime_ms: 70_000,
        state,
        inputs: 0x00cf_ffff,
        outputs: 0x0001_6082,
        passage: 7,
        newest_event: 4,
    }
}

fn check_event(inner: Event, tail: &[u8]) {
    let mut bytes = hex!("03 04 f0a204").to_vec();
    bytes.extend_from_slice(tail);
    check_to_host(event(inner), &bytes);
}

#[test]
fn hello_to_the_controller() {
    check_to_controller(
        ToController::Hello {
            wire_min: 1,
            wire_max: 1,
        },
        &hex!("00 00 01 01"),
    );
}

#[test]
fn heartbeat() {
    check_to_controller(
        ToController::Heartbeat { lease_ms: 1_000 },
        &hex!("00 01 e807"),
    );
}

#[test]
fn event_seen() {
    check_to_controller(ToController::EventSeen { number: 4 }, &hex!("00 02 04"));
}

#[test]
fn permit_entry() {
    let message = ToController::Permit {
        door: Door::Entry,
        for_ms: 8_000,
        passage: 7,
    };
    check_to_controller(message, &hex!("09 03 00 c03e 07"));
}

#[test]
fn permit_exit() {
    let message = ToController::Permit {
        door: Door::Exit,
        for_ms: 30_000,
        passage: u32::MAX,
    };
    check_to_controller(message, &hex!("09 03 01 b0ea01 ffffffff0f"));
}

#[test]
fn withdraw() {
    check_to_controller(ToController::Withdraw, &hex!("09 04"));
}

#[test]
fn send_back() {
    check_to_controller(ToController::SendBack { passage: 7 }, &hex!("09 05 07"));
}

#[test]
fn set_mode() {
    for (mode, bytes) in [
        (Mode::Closed, hex!("09 06 00")),
        (Mode::WalkIn, hex!("09 06 01")),
        (Mode::OnPermit, hex!("09 06 02")),
    ] {
        check_to_controller(ToController::SetMode { mode }, &bytes);
    }
}

#[test]
fn show() {
    for (sign, bytes) in [
        (Sign::Dark, hex!("09 07 00")),
        (Sign::Closed, hex!("09 07 01")),
        (Sign::Welcome, hex!("09 07 02")),
        (Sign::Busy, hex!("09 07 03")),
        (Sign::Go, hex!("09 07 04")),
        (Sign::Help, hex!("09 07 05")),
    ] {
        check_to_controller(ToController::Show { sign }, &bytes);
    }
}

#[test]
fn clear_alarm() {
    check_to_controller(ToController::ClearAlarm, &hex!("09 08"));
}

#[test]
fn hello_to_the_host() {
    for (board, reset, bytes) in [
        (
            Board::NucleoL476rg,
            ResetCause::PowerOn,
            hex!("00 01 01 000102 00 00 f0a204"),
        ),
        (
            Board::Simulated,
            ResetCause::Pin,
            hex!("00 01 01 000102 01 01 f0a204"),
        ),
        (
            Board::Simulated,
            ResetCause::Software,
            hex!("00 01 01 000102 01 02 f0a204"),
        ),
        (
            Board::Simulated,
            ResetCause::Watchdog,
            hex!("00 01 01 000102 01 03 f0a204"),
        ),
        (
            Board::Simulated,
            ResetCause::Unknown,
            hex!("00 01 01 000102 01 04 f0a204"),
        ),
    ] {
        let firmware = [0, 1, 2];
        let (wire_min, wire_max, uptime_ms) = (1, 1, 70_000);
        let message = ToHost::Hello {
            wire_min,
            wire_max,
            firmware,
            board,
            reset,
            uptime_ms,
        };
        check_to_host(message, &bytes);
    }
}

#[test]
fn done_accepted() {
    check_to_host(done(Answer::Accepted), &hex!("01 ac02 00"));
}

#[test]
fn done_refused() {
    for (refusal, bytes) in [
        (Refusal::NoSession, hex!("01 ac02 01 00")),
        (Refusal::NoLease, hex!("01 ac02 01 01")),
        (Refusal::WrongPassage, hex!("01 ac02 01 02")),
        (Refusal::WrongState, hex!("01 ac02 01 03")),
        (Refusal::OtherDoorOpen, hex!("01 ac02 01 04")),
        (Refusal::NotSingle, hex!("01 ac02 01 05")),
        (Refusal::NotEmpty, hex!("01 ac02 01 06")),
        (Refusal::Alarm, hex!("01 ac02 01 07")),
        (Refusal::OutOfRange, hex!("01 ac02 01 08")),
    ] {
        check_to_host(done(Answer::Refused(refusal)), &bytes);
    }
}

#[test]
fn status_of_every_state() {
    for (number, state) in [
        State::Secure,
        State::Idle,
        State::EntryOpen,
        State::EntryClosing,
        State::Occupied,
        State::Several,
        State::ExitOpen,
        State::ExitClosing,
        State::Returning,
        State::LeftObject,
        State::Emergency,
        State::Trouble,
    ]
    .into_iter()
    .enumerate()
    {
        let mut bytes = hex!("02 f0a204 00 ffffbf06 82c105 07 04");
        bytes[4] = u8::try_from(number).unwrap();
        check_to_host(status(state), &bytes);
    }
}

#[test]
fn event_of_every_sort() {
    check_event(Event::Started, &hex!("00"));
    check_event(Event::Approached, &hex!("01"));
    check_event(Event::WentAway, &hex!("02"));
    check_event(Event::Entered(7), &hex!("03 07"));
    check_event(Event::SeveralEntered(7), &hex!("04 07"));
    check_event(Event::ExitReleased(7), &hex!("05 07"));
    check_event(Event::Passed(7), &hex!("06 07"));
    check_event(Event::DidNotLeave(7), &hex!("07 07"));
    check_event(Event::ReturnReleased(7), &hex!("08 07"));
    check_event(Event::WentBack(7), &hex!("09 07"));
    check_event(Event::ObjectLeft(7), &hex!("0a 07"));
    check_event(Event::ObjectRemoved(7), &hex!("0b 07"));
    check_event(Event::WrongWay, &hex!("0c"));
    check_event(Event::Forced(Door::Entry), &hex!("0d 00"));
    check_event(Event::HeldOpen(Door::Exit), &hex!("0e 01"));
    check_event(Event::Obstructed(Door::Entry), &hex!("0f 00"));
    check_event(Event::EmergencyBegan, &hex!("10"));
    check_event(Event::EmergencyEnded, &hex!("11"));
    check_event(
        Event::Trouble(Fault::DoorContacts(Door::Exit)),
        &hex!("12 00 01"),
    );
    check_event(Event::Trouble(Fault::UnicitySensor), &hex!("12 01"));
    check_event(
        Event::Trouble(Fault::DoorStuck(Door::Entry)),
        &hex!("12 02 00"),
    );
    check_event(
        Event::Trouble(Fault::DoorForced(Door::Exit)),
        &hex!("12 03 01"),
    );
    check_event(Event::Trouble(Fault::Output), &hex!("12 04"));
    check_event(Event::TroubleCleared, &hex!("13"));
    check_event(Event::LeaseLapsed, &hex!("14"));
}

/// The bytes as they are on the line: header, session, counter, body, CRC, all through COBS.
#[test]
fn whole_frames() {
    check_frame(
        Frame {
            kind: Kind::Hello,
            version: 1,
            session: 5,
            counter: 0,
            body: Body::from_slice(&hex!("00 00 01 01")).unwrap(),
        },
        &hex!("0301050101010101050101a0da00"),
    );
    check_frame(
        Frame {
            kind: Kind::Plain,
            version: 1,
            session: 5,
            counter: 0x0102_0304,
            body: Body::from_slice(&hex!("09 03 00 c03e 07")).unwrap(),
        },
        &hex!("09c10504030201090306c03e076f1800"),
    );
}

fn check_frame(frame: Frame, bytes: &[u8]) {
    assert_eq!(hex(&frame.encode()), hex(bytes));
    let mut decoder = Decoder::new();
    let decoded: Vec<_> = bytes
        .iter()
        .filter_map(|byte| decoder.push(*byte))
        .collect();
    assert_eq!(decoded, [Ok(frame)]);
}

fn hex(bytes: &[u8]) -> impl Debug + PartialEq {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
}
