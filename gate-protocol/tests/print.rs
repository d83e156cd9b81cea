//! What a technician reads.

use gate_protocol::frame::{Content, Kind};
use gate_protocol::hello::{self, Proposal, Reply};
use gate_protocol::print::{ForController, ForHost};
use gate_protocol::{
    Answer, Board, Door, Event, Fault, Frame, Lock, NoSite, Refusal, ResetCause, Site, State,
    ToController, ToHost, Warning, WaysOut,
};

fn frame(kind: Kind, content: &[u8]) -> Frame {
    Frame {
        kind,
        version: 3,
        session: 5,
        counter: 12,
        content: Content::from_slice(content).expect("short enough"),
    }
}

fn check_to_controller(message: ToController, line: &str) {
    assert_eq!(message.to_string(), line);
}

fn check_to_host(message: ToHost, line: &str) {
    assert_eq!(message.to_string(), line);
}

const HELLO: ToHost = ToHost::Hello {
    wire_min: 3,
    wire_max: 3,
    firmware: [0, 1, 2],
    board: Board::NucleoL476rg,
    reset: ResetCause::Watchdog,
    uptime_ms: 1_050,
};

#[test]
fn the_cable_shows_greetings_and_how_long_the_rest_is() {
    let sealed = frame(Kind::Sealed, &[0x5e; 23]);
    let line = "sealed v3 session 5 counter 12: 7 bytes";
    assert_eq!(ForController(&sealed).to_string(), line);
    assert_eq!(ForHost(&sealed).to_string(), line);

    let call = frame(Kind::Hello, &hello::call(&Proposal::Session(&[1; 48])));
    assert_eq!(
        ForController(&call).to_string(),
        "hello v3 session 5 counter 12: hello, wire 3 to 3, wants a session"
    );
    let answer = frame(Kind::Hello, &hello::reply(&HELLO, &Reply::Unpaired));
    assert_eq!(
        ForHost(&answer).to_string(),
        "hello v3 session 5 counter 12: hello, wire 3 to 3, firmware 0.1.2 on nucleo-l476rg, \
         started by watchdog 1.050 s ago, paired with nobody"
    );
    let nonsense = frame(Kind::Hello, &[9, 4]);
    assert_eq!(
        ForController(&nonsense).to_string(),
        "hello v3 session 5 counter 12: body is not a message of this wire version"
    );
}

#[test]
fn messages_to_the_controller() {
    let permit = |door, passage| ToController::Permit {
        door,
        for_ms: 8_000,
        passage,
    };
    check_to_controller(permit(Door::Entry, 0), "permit entry for 8000 ms");
    check_to_controller(permit(Door::Exit, 7), "permit exit for 8000 ms, passage 7");
    check_to_controller(ToController::EventSeen { number: 4 }, "event 4 seen");
}

#[test]
fn messages_to_the_host() {
    let status = ToHost::Status {
        uptime_ms: 70_000,
        state: State::Occupied,
        inputs: 0x00cf_ffff,
        outputs: 0x6082,
        passage: 7,
        newest_event: 4,
        heartbeat_ms: 300,
    };
    check_to_host(
        status,
        "status at 70.000 s: occupied, passage 7, inputs cfffff, outputs 06082, newest event 4",
    );
    let event = Event::Trouble(Fault::DoorContacts(Door::Exit));
    check_to_host(
        ToHost::Event {
            number: 4,
            uptime_ms: 5,
            event,
        },
        "event 4 at 0.005 s: trouble: contacts of exit contradict each other",
    );
    let answer = Answer::Refused(Refusal::NotSingle);
    check_to_host(
        ToHost::Done { command: 9, answer },
        "command #9 refused: not exactly one person",
    );
}

#[test]
fn a_controller_that_is_not_fit_for_people() {
    for (why, text) in [
        (NoSite::Missing, "no site yet"),
        (NoSite::Unreadable, "stored site unreadable"),
        (
            NoSite::Version(1),
            "stored site in layout 1, this firmware reads 2",
        ),
    ] {
        assert_eq!(State::NoSite(why).to_string(), text);
    }
    assert_eq!(Refusal::NoSite.to_string(), "controller has no site");
    check_to_host(
        ToHost::Warning(Warning::PublishedUpdateKey),
        "warning: takes updates from anybody: built with the published test key",
    );
    check_to_host(
        ToHost::Warning(Warning::SlowClock),
        "warning: runs on its slow clock: the board is broken, replace it",
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
