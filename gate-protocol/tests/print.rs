//! What a technician reads.

use gate_protocol::body;
use gate_protocol::frame::{Body, Kind};
use gate_protocol::print::{ForController, ForHost};
use gate_protocol::{
    Answer, Board, Door, Event, Fault, Frame, Lock, Refusal, ResetCause, Site, State, ToController,
    ToHost, WaysOut,
};

fn frame(kind: Kind, body: Body) -> Frame {
    Frame {
        kind,
        version: 1,
        session: 5,
        counter: 12,
        body,
    }
}

fn check_to_controller(number: u32, message: ToController, line: &str) {
    let frame = frame(Kind::Plain, body::to_controller(number, &message));
    let head = "plain v1 session 5 counter 12: ";
    assert_eq!(ForController(&frame).to_string(), format!("{head}{line}"));
}

fn check_to_host(kind: Kind, message: ToHost, line: &str) {
    let printed = ForHost(&frame(kind, body::to_host(&message))).to_string();
    assert_eq!(printed.split_once(": ").map(|(_, text)| text), Some(line));
}

#[test]
fn frames_to_the_controller() {
    let permit = |door, passage| ToController::Permit {
        door,
        for_ms: 8_000,
        passage,
    };
    check_to_controller(9, permit(Door::Entry, 0), "#9 permit entry for 8000 ms");
    check_to_controller(
        9,
        permit(Door::Exit, 7),
        "#9 permit exit for 8000 ms, passage 7",
    );
    check_to_controller(0, ToController::EventSeen { number: 4 }, "event 4 seen");
    check_to_controller(
        0,
        ToController::Withdraw,
        "command number 0 does not go with the message",
    );
}

#[test]
fn frames_to_the_host() {
    let hello = ToHost::Hello {
        wire_min: 1,
        wire_max: 1,
        firmware: [0, 1, 2],
        board: Board::NucleoL476rg,
        reset: ResetCause::Watchdog,
        uptime_ms: 1_050,
    };
    check_to_host(
        Kind::Hello,
        hello,
        "hello, wire 1 to 1, firmware 0.1.2 on nucleo-l476rg, started by watchdog 1.050 s ago",
    );
    let status = ToHost::Status {
        uptime_ms: 70_000,
        state: State::Occupied,
        inputs: 0x00cf_ffff,
        outputs: 0x6082,
        passage: 7,
        newest_event: 4,
    };
    check_to_host(
        Kind::Plain,
        status,
        "status at 70.000 s: occupied, passage 7, inputs cfffff, outputs 06082, newest event 4",
    );
    let event = Event::Trouble(Fault::DoorContacts(Door::Exit));
    check_to_host(
        Kind::Plain,
        ToHost::Event {
            number: 4,
            uptime_ms: 5,
            event,
        },
        "event 4 at 0.005 s: trouble: contacts of exit contradict each other",
    );
    let answer = Answer::Refused(Refusal::NotSingle);
    check_to_host(
        Kind::Plain,
        ToHost::Done { command: 9, answer },
        "command #9 refused: not exactly one person",
    );
}

#[test]
fn a_site_and_a_forced_output() {
    let site = Site {
        on_power_loss: WaysOut::ExitOnly,
        exit_lock: Lock::FailSecure,
        ..Site::DEFAULT
    };
    let line = "two doors, ways out: fire both, emergency stop both, power loss exit, \
                exit fail-secure";
    let asked = ToController::Configure { site };
    assert_eq!(asked.to_string(), format!("configure {line}"));
    assert_eq!(ToHost::Site { site }.to_string(), format!("site {line}"));
    let force = ToController::Force {
        output: 2,
        on: true,
        for_ms: 500,
    };
    assert_eq!(force.to_string(), "force output 2 on for 500 ms");
    let mut site = Site::DEFAULT;
    site.timings.decide = 19_999;
    let error = site.check().expect_err("too short");
    assert_eq!(
        error.to_string(),
        "site timing decide: 19999 ms is not within 20000 to 180000 ms"
    );
}
