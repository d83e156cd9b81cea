//! The bytes of wire version 3.
//!
//! If a test here fails, do not change the test: a controller in the field speaks these bytes.
//! Undo the change to the message, or append a new variant and leave this file alone. A new wire
//! version gets a file of its own beside this one.

#[path = "v03/appended.rs"]
mod appended;

use core::fmt::Debug;

use gate_protocol::body::FromHost;
use gate_protocol::frame::{Content, Kind};
use gate_protocol::hello::{self, Entropy, Introduction, Proposal, Reply};
use gate_protocol::keys::{Pairing, PublicKey, Secret};
use gate_protocol::link::{controller, host};
use gate_protocol::pairing::LabelCode;
use gate_protocol::update::ImageSlot;
use gate_protocol::{
    Answer, Board, ControllerLink, Decoder, Door, Event, Fault, Frame, HostLink, Instant, Mode,
    Next, Refusal, ResetCause, Sign, State, ToController, ToHost, UpdateRefusal, UpdateReport,
    UpdateRequest, body,
};
use hex_literal::hex;

/// A command goes under number 9, everything else under 0, and behind what the host knows.
fn check_to_controller(message: ToController, bytes: &[u8]) {
    let said = FromHost {
        knows_ms: 70_000,
        number: if message.is_command() { 9 } else { 0 },
        message,
    };
    let bytes = [&hex!("70110100"), bytes].concat();
    let body = body::to_controller(&said);
    assert_eq!(hex(&body), hex(&bytes), "{message:?}");
    assert_eq!(body::read_to_controller(&bytes), Ok(said));
}

fn check_to_host(message: ToHost, bytes: &[u8]) {
    let body = body::to_host(&message);
    assert_eq!(hex(&body), hex(bytes), "{message:?}");
    if !matches!(message, ToHost::Hello { .. }) {
        assert_eq!(body::read_to_host(bytes), Ok(message));
    }
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
        heartbeat_ms: 300,
    }
}

fn check_event(inner: Event, tail: &[u8]) {
    let mut bytes = hex!("03 04 f0a204").to_vec();
    bytes.extend_from_slice(tail);
    check_to_host(event(inner), &bytes);
}

#[test]
fn hello_to_the_controller() {
    assert_eq!(hello::clear_call()[..], hex!("00 00 03 03"));
}

#[test]
fn heartbeat() {
    check_to_controller(
        ToController::Heartbeat {
            lease_ms: 1_000,
            at_ms: 70_000,
        },
        &hex!("00 01 e807 f0a204"),
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
fn update_steps() {
    check_to_controller(ToController::Update(UpdateRequest::Ask), &hex!("09 0d 00"));
    let mut begin = vec![0x09, 0x0d, 0x01];
    begin.extend([0xA5; 152]);
    let header = [[0xA5; 8]; 19];
    check_to_controller(
        ToController::Update(UpdateRequest::Begin { header }),
        &begin,
    );
    let mut chunk = vec![0x09, 0x0d, 0x02, 0x80, 0x08];
    chunk.extend([0x5A; 128]);
    let bytes = [[0x5A; 32]; 4];
    let from = 1_024;
    check_to_controller(
        ToController::Update(UpdateRequest::Chunk { from, bytes }),
        &chunk,
    );
    check_to_controller(
        ToController::Update(UpdateRequest::Finish),
        &hex!("09 0d 03"),
    );
    check_to_controller(
        ToController::Update(UpdateRequest::Activate),
        &hex!("09 0d 04"),
    );
}

#[test]
fn update_reports() {
    let report = |refusal| {
        ToHost::Update(UpdateReport {
            slot: ImageSlot::B,
            next: 1_024,
            refusal,
        })
    };
    check_to_host(report(None), &hex!("07 01 8008 00"));
    for (number, refusal) in [
        (0, UpdateRefusal::LaneBusy),
        (1, UpdateRefusal::OnTrial),
        (2, UpdateRefusal::NoBootLoader),
        (3, UpdateRefusal::NotAnImage),
        (4, UpdateRefusal::Signature),
        (5, UpdateRefusal::Product),
        (6, UpdateRefusal::Board),
        (7, UpdateRefusal::Slot),
        (9, UpdateRefusal::Length),
        (10, UpdateRefusal::OutOfOrder),
        (11, UpdateRefusal::Damaged),
        (12, UpdateRefusal::Flash),
    ] {
        check_to_host(
            report(Some(refusal)),
            &[0x07, 0x01, 0x80, 0x08, 0x01, number],
        );
    }
    let too_old = UpdateRefusal::SecurityVersion {
        found: 1,
        floor: 300,
    };
    check_to_host(report(Some(too_old)), &hex!("07 01 8008 01 08 01 ac02"));
}

#[test]
fn hello_to_the_host() {
    for (board, reset, bytes) in [
        (
            Board::NucleoL476rg,
            ResetCause::PowerOn,
            hex!("00 03 03 000102 00 00 f0a204"),
        ),
        (
            Board::Simulated,
            ResetCause::Pin,
            hex!("00 03 03 000102 01 01 f0a204"),
        ),
        (
            Board::Simulated,
            ResetCause::Software,
            hex!("00 03 03 000102 01 02 f0a204"),
        ),
        (
            Board::Simulated,
            ResetCause::Watchdog,
            hex!("00 03 03 000102 01 03 f0a204"),
        ),
        (
            Board::Simulated,
            ResetCause::Unknown,
            hex!("00 03 03 000102 01 04 f0a204"),
        ),
    ] {
        let firmware = [0, 1, 2];
        let (wire_min, wire_max, uptime_ms) = (3, 3, 70_000);
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
        let mut bytes = hex!("02 f0a204 00 ffffbf06 82c105 07 04 ac02");
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
    check_event(Event::Tampering(300), &hex!("1e ac02"));
    check_event(Event::PairingOpened, &hex!("1f"));
    check_event(Event::PairingClosed, &hex!("20"));
    check_event(Event::Paired, &hex!("21"));
}

#[test]
fn calls_and_replies() {
    for (proposal, tail) in [
        (Proposal::Session(&[7, 8]), &hex!("00 02 0708")[..]),
        (Proposal::Pair(&[7, 8]), &hex!("01 02 0708")),
        (Proposal::PairLast(&[7, 8]), &hex!("02 02 0708")),
    ] {
        let content = hello::call(&proposal);
        assert_eq!(hex(&content), hex(&[&hex!("00 00 03 03"), tail].concat()));
    }
    for (reply, tail) in [
        (Reply::Nothing, &hex!("00")[..]),
        (Reply::Session(&[7, 8]), &hex!("01 02 0708")),
        (Reply::Unpaired, &hex!("02")),
        (Reply::Stranger, &hex!("03")),
        (Reply::Pair(&[7, 8]), &hex!("04 02 0708")),
        (Reply::PairingClosed, &hex!("05")),
        (Reply::Paired(&[7, 8]), &hex!("06 02 0708")),
    ] {
        let content = hello::reply(&INTRODUCTION.in_clear(), &reply);
        let clear = hex!("00 03 03 000102 01 03 f0a204");
        assert_eq!(hex(&content), hex(&[&clear, tail].concat()));
    }
}

const INTRODUCTION: Introduction = Introduction {
    wire_min: 3,
    wire_max: 3,
    firmware: [0, 1, 2],
    board: Board::Simulated,
    reset: ResetCause::Watchdog,
    uptime_ms: 70_000,
    boot: 300,
    entropy: Entropy::Weak,
};

#[test]
fn introduction() {
    let bytes = hex!("03 03 000102 01 03 f0a204 ac02 01");
    assert_eq!(hex(&INTRODUCTION.encode()), hex(&bytes));
    let strong = Introduction {
        entropy: Entropy::Strong,
        ..INTRODUCTION
    };
    assert_eq!(hex(&strong.encode()[12..]), hex(&hex!("00")));
}

#[test]
fn label_code() {
    let code = LabelCode(hex!("00112233445566778899aabbccddeeff"));
    assert_eq!(code.to_string(), "008J-4CT4-ANK7-F24S-NAXW-SQFE-ZWDT");
    assert_eq!(
        hex(code.secret().bytes()),
        hex(&hex!(
            "691757e950be231901c31f7d28ff671e1a64064d54523b34f6fdd3c815f23e09"
        ))
    );
}

fn secret(number: u8) -> Secret {
    Secret::new([number; 32])
}

/// The same seeds give the same keys, and so the same bytes: the host's half is `snow`, the
/// controller's half is `noise-protocol`.
#[test]
fn whole_frames_of_a_session() {
    let now = Instant::from_millis(1_000);
    let host_keys = host::Keys {
        own: secret(1),
        pairing: Pairing {
            peer: PublicKey(hex!(
                "ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d59"
            )),
            shared: secret(3),
        },
        weak_entropy_will_do: false,
    };
    let controller_keys = controller::Keys {
        own: secret(2),
        label: None,
        pairing: Some(Pairing {
            peer: PublicKey(hex!(
                "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209"
            )),
            shared: secret(3),
        }),
    };
    let identity = controller::Identity {
        firmware: [0, 1, 2],
        board: Board::Simulated,
        reset: ResetCause::PowerOn,
        boot: 1,
        entropy: Entropy::Strong,
    };
    let mut host = HostLink::new(now, host_keys, secret(4));
    let mut controller = ControllerLink::new(now, identity, controller_keys, secret(5));

    let call = host_says(&mut host, now);
    check_frame(
        &call,
        &hex!(
            "03037801010101010303033430231ce339b4a4055e8f5b1a6ea109355998491f4b2879f3"
            "5c47f712069499e935ddc3612e3ca097b8aa8ec97cddb4c31cd0c500"
        ),
    );
    controller.receive(now, &call);
    let answer = controller_says(&mut controller, now);
    check_frame(
        &answer,
        &hex!(
            "0303780101010103030304010201013a013a72059c9ca5fc1030e0c93ed3e1b057b7b5a2"
            "b4b5910e3653b0e00c91c60a7f1b4a4023b3fb86cf61e05c580463394ffccef0c6648b74"
            "340566220e1200"
        ),
    );
    host.receive(now, &answer);
    let heartbeat = host_says(&mut host, now);
    check_frame(
        &heartbeat,
        &hex!("0343780101011d87b498fa282175341a72c50cec04c5ee6fc4cc54c5ecc8e9b00718e800"),
    );
    controller.receive(now, &heartbeat);
    check_frame(
        &controller_says(&mut controller, now),
        &hex!("0343780101011c632a5702e9f50826f89a5fb31a68d16bcdd683f2967e85eaf288fe00"),
    );
    host.send(ToController::Withdraw).unwrap();
    let command = host_says(&mut host, now);
    check_frame(
        &command,
        &hex!("04437801010119f2d1e55a58f5c395ccea581b93a23083a63e6c81f3d81c0d00"),
    );
    controller.receive(now, &command);
    assert!(matches!(
        controller.next(now),
        Next::Deliver(controller::Delivery::Request {
            number: 1,
            message: ToController::Withdraw,
        })
    ));
}

fn host_says(host: &mut HostLink, now: Instant) -> Vec<u8> {
    loop {
        match host.next(now) {
            Next::Transmit(wire) => return wire.to_vec(),
            Next::Deliver(_) => {}
            Next::Wait(_) => unreachable!("the host has nothing to say"),
        }
    }
}

fn controller_says(controller: &mut ControllerLink, now: Instant) -> Vec<u8> {
    loop {
        match controller.next(now) {
            Next::Transmit(wire) => return wire.to_vec(),
            Next::Deliver(_) => {}
            Next::Wait(_) => unreachable!("the controller has nothing to say"),
        }
    }
}

/// The bytes as they are on the line: header, session, counter, content, CRC, all through COBS.
fn check_frame(wire: &[u8], bytes: &[u8]) {
    assert_eq!(hex(wire), hex(bytes));
    let mut decoder = Decoder::new();
    let decoded = bytes.iter().find_map(|byte| decoder.push(*byte));
    let frame = decoded.expect("a whole frame").expect("a good one");
    assert_eq!(hex(&frame.encode()), hex(bytes));
}

#[test]
fn a_frame_without_a_session() {
    let frame = Frame {
        kind: Kind::Sealed,
        version: 3,
        session: 5,
        counter: 0x0102_0304,
        content: Content::from_slice(&hex!("11 00 22 000000000000000000000000000033")).unwrap(),
    };
    check_frame(
        &frame.encode(),
        &hex!("08430504030201110222010101010101010101010101010433643800"),
    );
}

fn hex(bytes: &[u8]) -> impl Debug + PartialEq + use<> {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
}
