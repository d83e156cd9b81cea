//! What happens at the pins and must not, edge by edge.

use super::*;
use gate_sim::emulator::Sabotage;

#[test]
fn a_fire_opens_both_ways_while_the_link_hangs_and_after_the_reset_that_ends_it() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("locked doors", |bench| bench.on(Output::EntryHold));
    let resets = bench.board.resets();
    bench.board.sabotage(Sabotage::TaskHangs).unwrap();
    bench.board.set_input(Input::FireOk, false).unwrap();
    let both_open = |bench: &Bench| bench.on(Output::EntryRelease) && bench.on(Output::ExitRelease);
    bench.until("both ways open", both_open);
    bench.until("the reset", |bench| bench.board.resets() > resets);
    bench.until("both ways open again", both_open);
}

#[test]
fn each_emergency_input_is_scanned_at_once_and_not_at_the_next_tick() {
    for input in [
        Input::FireOk,
        Input::EstopOk1,
        Input::EstopOk2,
        Input::BreakglassOk,
    ] {
        let Some(mut bench) = Bench::connected() else {
            return;
        };
        bench.until("locked doors", |bench| bench.on(Output::EntryHold));
        // No tick will ever come again.
        bench.board.hang().unwrap();
        bench.board.set_input(input, false).unwrap();
        bench.until("the way out", |bench| {
            bench.on(Output::EntryRelease) && bench.on(Output::ExitRelease)
        });
    }
}

#[test]
fn a_closing_door_opens_at_once_and_not_at_the_next_tick() {
    for (drive, curtain) in [
        (Output::EntryDrive, Input::EntrySafe),
        (Output::ExitDrive, Input::ExitSafe),
    ] {
        let Some(mut bench) = Bench::offered() else {
            return;
        };
        if drive == Output::ExitDrive {
            bench.until_exit_open();
        }
        let changes = bench.board.changes();
        bench.inside(drive == Output::EntryDrive);
        // The leaf has not moved yet when its drive is told to close it.
        let closes = |change: &Change| !change.outputs.output(drive);
        assert!(changes.iter().any(|change| closes(&change)));
        // No tick will ever come again.
        bench.board.hang().unwrap();
        bench.board.set_input(curtain, false).unwrap();
        assert!(changes.iter().any(|change| !closes(&change)));
    }
}

#[test]
fn an_input_that_chatters_neither_hides_a_fire_nor_silences_the_link() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("locked doors", |bench| bench.on(Output::EntryHold));
    for _ in 0..2_000 {
        bench.board.set_input(Input::ExitSafe, false).unwrap();
        bench.board.set_input(Input::ExitSafe, true).unwrap();
    }
    bench.send(ToController::Show { sign: Sign::Help });
    assert_eq!(bench.sessions.len(), 1, "the session lives");
    bench.board.set_input(Input::FireOk, false).unwrap();
    bench.until("the way out", |bench| bench.on(Output::ExitRelease));
}

/// What each input reads with its wire torn off, and with its wire at ground.
///
/// A wire at ground hides a low battery, and presses the pairing button, which does nothing alone.
const WIRES: [(Input, bool, bool); Input::ALL.len()] = [
    (Input::EntryClosed, false, false),
    (Input::EntryLocked, false, false),
    (Input::EntryOpen, false, false),
    (Input::ExitClosed, false, false),
    (Input::ExitLocked, false, false),
    (Input::ExitOpen, false, false),
    (Input::EntrySafe, false, false),
    (Input::ExitSafe, false, false),
    (Input::ZoneInFree, false, false),
    (Input::Chamber1Free, false, false),
    (Input::Chamber2Free, false, false),
    (Input::SingleOk, false, false),
    (Input::EmptyOk, false, false),
    (Input::ZoneOutFree, false, false),
    (Input::TamperOk, false, false),
    (Input::MainsOk, false, false),
    (Input::BatteryLow, true, false),
    (Input::KeyService, false, false),
    (Input::Pair, false, true),
    (Input::DrivesOk, false, false),
    (Input::FireOk, false, false),
    (Input::EstopOk1, false, false),
    (Input::EstopOk2, false, false),
    (Input::BreakglassOk, false, false),
];

#[test]
fn a_torn_wire_and_a_wire_at_ground_read_as_the_table_says_for_every_input() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    for (input, torn, at_ground) in WIRES {
        // From the other side, so that the reading has to change.
        bench.put(input, !torn);
        bench.board.tear_wire(input).unwrap();
        bench.until_reads(input, torn);
        bench.put(input, !at_ground);
        bench.board.set_input(input, input == Input::Pair).unwrap();
        bench.until_reads(input, at_ground);
        bench.put(input, ALL_CALM.input(input));
    }
}

impl Bench {
    /// Somebody comes in and may leave.
    fn until_exit_open(&mut self) {
        self.inside(true);
        self.until("the traveller", |bench| {
            bench.events.contains(&Event::Entered(1))
        });
        self.send(ToController::Permit {
            door: Door::Exit,
            for_ms: 30_000,
            passage: 1,
        });
        self.until("the exit's drive", |bench| bench.on(Output::ExitDrive));
        self.until("an open exit", |bench| bench.doors.input(Input::ExitOpen));
    }

    fn put(&mut self, input: Input, on: bool) {
        self.board.set_input(input, on).expect("a pin");
        self.until_reads(input, on);
    }

    pub(super) fn until_reads(&mut self, input: Input, on: bool) {
        self.until(&format!("{input:?} to read {on}"), |bench| {
            bench
                .status
                .is_some_and(|status| Bits(status.inputs).input(input) == on)
        });
    }
}
