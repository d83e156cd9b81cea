//! What has been appended to its first messages: the turnstile, sites, service by hand, health, and all that
//! came with them.

use super::*;
use gate_protocol::{
    Failure, FailureKind, Health, Lock, NoSite, Shape, Site, Task, Text, Warning, WaysOut,
};

/// The timings of [`Site::DEFAULT`].
const TIMINGS: [u8; 29] =
    hex!("9875 c0cf24 8827 8827 d00f 904e f403 b817 c0a907 904e a09c01 8827 b817");

/// "gate" as a text: 24 bytes, filled up with zeros.
const GATE: [u8; 24] = hex!("67617465 0000000000 0000000000 0000000000 0000000000");

fn with_timings(head: &[u8]) -> Vec<u8> {
    [head, &TIMINGS].concat()
}

/// A site in which every field differs from the default.
const OTHER: Site = Site {
    shape: Shape::Turnstile,
    on_fire: WaysOut::ExitOnly,
    on_emergency_stop: WaysOut::EntryOnly,
    on_power_loss: WaysOut::Both,
    exit_lock: Lock::FailSecure,
    ..Site::DEFAULT
};

#[test]
fn configure() {
    for (site, head) in [
        (Site::DEFAULT, hex!("09 09 00 00 00 01 00")),
        (OTHER, hex!("09 09 01 02 01 00 01")),
    ] {
        check_to_controller(ToController::Configure { site }, &with_timings(&head));
    }
}

#[test]
fn a_site_whose_timings_all_differ() {
    let mut site = OTHER;
    let timings = &mut site.timings;
    for (n, timing) in [
        &mut timings.enter,
        &mut timings.stand_open,
        &mut timings.opening,
        &mut timings.closing,
        &mut timings.reopened,
        &mut timings.held_open,
        &mut timings.single,
        &mut timings.left_object,
        &mut timings.decide,
        &mut timings.trap,
        &mut timings.clear,
        &mut timings.armed,
        &mut timings.turning,
    ]
    .into_iter()
    .enumerate()
    {
        *timing = u32::try_from(n).unwrap() + 1;
    }
    check_to_host(
        ToHost::Site { site },
        &hex!("04 01 02 01 00 01 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d"),
    );
}

#[test]
fn site() {
    for (site, head) in [
        (Site::DEFAULT, hex!("04 00 00 00 01 00")),
        (OTHER, hex!("04 01 02 01 00 01")),
    ] {
        check_to_host(ToHost::Site { site }, &with_timings(&head));
    }
}

#[test]
fn read_site() {
    check_to_controller(ToController::ReadSite, &hex!("09 0a"));
}

#[test]
fn force() {
    for (output, on, for_ms, bytes) in [
        (0, false, 1, hex!("09 0b 00 00 01").to_vec()),
        (19, true, 1_000, hex!("09 0b 13 01 e807").to_vec()),
    ] {
        check_to_controller(ToController::Force { output, on, for_ms }, &bytes);
    }
}

#[test]
fn read_health() {
    check_to_controller(ToController::ReadHealth, &hex!("09 0c"));
}

#[test]
fn modes_of_a_turnstile() {
    for (mode, bytes) in [
        (Mode::Free(Door::Entry), &hex!("09 06 03 00")[..]),
        (Mode::Free(Door::Exit), &hex!("09 06 03 01")),
        (Mode::Blocked, &hex!("09 06 04")),
    ] {
        check_to_controller(ToController::SetMode { mode }, bytes);
    }
}

#[test]
fn health() {
    let health = Health {
        uptime_ms: 70_000,
        build: Text::tail_of("gate"),
        scan_worst_ns: 1,
        scan_latest_ns: 300,
        scans_late: 2,
        stack_free: 3,
        failures: 4,
        frames_received: 5,
        frames_sent: 6,
        bad_frames: 7,
        duplicates: 8,
        events_lost: 9,
        answer_worst_ns: 10,
        late_frames: 11,
    };
    let numbers = hex!("01 ac02 02 03 04 05 06 07 08 09 0a 0b");
    let bytes = [&hex!("05 f0a204")[..], &GATE, &numbers].concat();
    check_to_host(ToHost::Health { health }, &bytes);
}

#[test]
fn last_failure_of_every_kind() {
    for (kind, number) in [
        (FailureKind::Panic, &hex!("00")[..]),
        (FailureKind::Fault, &hex!("01")),
        (FailureKind::StackOverflow, &hex!("02")),
        (FailureKind::StrayInterrupt, &hex!("03")),
        (FailureKind::Stuck(Task::Link), &hex!("04 00")),
        (FailureKind::Stopped, &hex!("05")),
    ] {
        let failure = Failure {
            kind,
            firmware: [0, 1, 2],
            build: Text::tail_of("gate"),
            uptime_ms: 70_000,
            pc: 300,
            lr: 0x0800_0000,
            file: Text::tail_of("gate"),
            line: 5,
            in_a_row: 200,
        };
        let bytes = [
            &hex!("06")[..],
            number,
            &hex!("00 01 02"),
            &GATE,
            &hex!("f0a204 ac02 80808040"),
            &GATE,
            &hex!("05 c8"),
        ]
        .concat();
        check_to_host(ToHost::LastFailure { failure }, &bytes);
    }
}

#[test]
fn the_other_slot_of_an_update() {
    let report = UpdateReport {
        slot: ImageSlot::A,
        next: 0,
        refusal: None,
    };
    check_to_host(ToHost::Update(report), &hex!("07 00 00 00"));
}

#[test]
fn refusals() {
    for (refusal, bytes) in [
        (Refusal::NotThisShape, hex!("01 ac02 01 09")),
        (Refusal::NotKept, hex!("01 ac02 01 0a")),
        (Refusal::NoSite, hex!("01 ac02 01 0b")),
        (Refusal::Wiring, hex!("01 ac02 01 0c")),
        (Refusal::TooOften, hex!("01 ac02 01 0d")),
    ] {
        check_to_host(done(Answer::Refused(refusal)), &bytes);
    }
}

#[test]
fn states() {
    for (number, state) in [
        (0x0c, State::PowerFail),
        (0x0d, State::Tamper),
        (0x0e, State::Service),
        (0x0f, State::Blocked),
        (0x10, State::Free),
        (0x11, State::Armed),
        (0x12, State::Turning),
        (0x13, State::Obstructed),
    ] {
        let mut bytes = hex!("02 f0a204 00 ffffbf06 82c105 07 04 ac02");
        bytes[4] = number;
        check_to_host(status(state), &bytes);
    }
}

#[test]
fn a_controller_without_a_site() {
    for (why, bytes) in [
        (NoSite::Missing, &hex!("00")[..]),
        (NoSite::Unreadable, &hex!("01")),
        (NoSite::Version(200), &hex!("02 c8")),
    ] {
        let bytes = [
            &hex!("02 f0a204 14")[..],
            bytes,
            &hex!("ffffbf06 82c105 07 04 ac02"),
        ]
        .concat();
        check_to_host(status(State::NoSite(why)), &bytes);
    }
}

#[test]
fn warning() {
    check_to_host(ToHost::Warning(Warning::PublishedUpdateKey), &hex!("08 00"));
    check_to_host(ToHost::Warning(Warning::SlowClock), &hex!("08 01"));
}

#[test]
fn reply_without_entropy() {
    let content = hello::reply(&INTRODUCTION.in_clear(), &Reply::NoEntropy);
    assert_eq!(hex(&content[11..]), hex(&hex!("07")));
}

#[test]
fn events() {
    check_event(Event::Abandoned(7), &hex!("15 07"));
    check_event(Event::MainsLost, &hex!("16"));
    check_event(Event::MainsReturned, &hex!("17"));
    check_event(Event::BatteryLow, &hex!("18"));
    check_event(Event::TamperBegan, &hex!("19"));
    check_event(Event::TamperEnded, &hex!("1a"));
    check_event(Event::ServiceBegan, &hex!("1b"));
    check_event(Event::ServiceEnded, &hex!("1c"));
    check_event(Event::Tailgated(7), &hex!("1d 07"));
    for (fault, bytes) in [
        (Fault::EmergencyStopChannels, hex!("12 05")),
        (Fault::Drive, hex!("12 06")),
        (Fault::ArmSensors, hex!("12 07")),
    ] {
        check_event(Event::Trouble(fault), &bytes);
    }
}

/// Whoever appends a variant finds this test failing until its bytes are frozen above, and then
/// raises the number here: the only change to this file that is no breach of a promise.
#[test]
fn the_next_number_of_every_enumeration_is_nobodys_yet() {
    let zeros = [0; 200];
    let reads = |head: &[u8]| {
        let bytes = [head, &zeros].concat();
        // Without its superfluous end, whatever its length.
        (head.len()..bytes.len()).any(|end| body::read_to_host(&bytes[..end]).is_ok())
    };
    let status = hex!("02 f0a204 13 ffffbf06 82c105 07 04 ac02");
    assert!(body::read_to_host(&status).is_ok());
    for (what, last, next) in [
        ("message", &hex!("08")[..], &hex!("09")[..]),
        ("warning", &hex!("08 01"), &hex!("08 02")),
        ("refusal", &hex!("01 01 01 0d"), &hex!("01 01 01 0e")),
        ("state", &hex!("02 01 14"), &hex!("02 01 15")),
        ("why no site", &hex!("02 01 14 02"), &hex!("02 01 14 03")),
        ("event", &hex!("03 01 01 21"), &hex!("03 01 01 22")),
        ("fault", &hex!("03 01 01 12 07"), &hex!("03 01 01 12 08")),
        ("failure", &hex!("06 05"), &hex!("06 06")),
        ("task", &hex!("06 04 00"), &hex!("06 04 01")),
        ("update", &hex!("07 00 00 01 0c"), &hex!("07 00 00 01 0d")),
    ] {
        assert!(reads(last), "the last {what}");
        assert!(!reads(next), "the next {what}");
    }
    let asks = |head: &[u8]| {
        let bytes = [&[0; 4], head, &zeros].concat();
        (4 + head.len()..bytes.len()).any(|end| body::read_to_controller(&bytes[..end]).is_ok())
    };
    for (what, last, next) in [
        ("command", &hex!("09 0d")[..], &hex!("09 0e")[..]),
        ("mode", &hex!("09 06 04"), &hex!("09 06 05")),
        ("door", &hex!("09 03 01"), &hex!("09 03 02")),
        ("sign", &hex!("09 07 05"), &hex!("09 07 06")),
        ("shape", &hex!("09 09 01"), &hex!("09 09 02")),
        ("ways out", &hex!("09 09 00 02"), &hex!("09 09 00 03")),
        (
            "lock",
            &hex!("09 09 00 00 00 00 01"),
            &hex!("09 09 00 00 00 00 02"),
        ),
        ("step of an update", &hex!("09 0d 04"), &hex!("09 0d 05")),
    ] {
        assert!(asks(last), "the last {what}");
        assert!(!asks(next), "the next {what}");
    }
}
