//! What happens at the pins and must not, edge by edge.

use super::*;
use gate_sim::emulator::Sabotage;

/// The outputs that hold and move the doors.
const DOORS: [Output; 6] = [
    Output::EntryHold,
    Output::ExitHold,
    Output::EntryDrive,
    Output::ExitDrive,
    Output::EntryRelease,
    Output::ExitRelease,
];

/// The outputs that rose, in their order.
fn risen(changes: &Receiver<Change>) -> Vec<Output> {
    let mut before = Bits(0);
    let mut risen = Vec::new();
    for Change { outputs, .. } in changes.try_iter() {
        risen.extend(
            DOORS
                .into_iter()
                .filter(|output| outputs.output(*output) && !before.output(*output)),
        );
        before = outputs;
    }
    risen
}

#[test]
fn no_output_twitches_when_power_comes_or_a_reset_is_over() {
    let Some(mut bench) = Bench::offered() else {
        return;
    };
    for by_power in [true, false] {
        let sessions = bench.sessions.len();
        // The doors have fallen shut when the board starts: nobody pushes them.
        bench.talks = false;
        let changes;
        if by_power {
            bench.board.power_cut();
            bench.move_doors();
            changes = bench.board.changes();
            bench.board.power_back().unwrap();
        } else {
            changes = bench.board.changes();
            bench.board.reset().unwrap();
            // The first change is the reset itself.
            changes.recv().unwrap();
        }
        bench.until("locked doors", |bench| {
            bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
        });
        bench.talks = true;
        bench.until("a new session", |bench| bench.sessions.len() > sessions);
        // Each lock once, and nothing else ever.
        let mut risen = risen(&changes);
        risen.sort_by_key(|output| *output as u8);
        assert_eq!(
            risen,
            [Output::EntryHold, Output::ExitHold],
            "by power: {by_power}"
        );
    }
}

#[test]
fn a_reset_during_a_fire_locks_no_door_even_for_a_moment() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("locked doors", |bench| bench.on(Output::EntryHold));
    bench.board.set_input(Input::FireOk, false).unwrap();
    bench.until("the way out", |bench| bench.on(Output::ExitRelease));
    let changes = bench.board.changes();
    bench.board.reset().unwrap();
    changes.recv().unwrap();
    bench.until("the way out again", |bench| {
        bench.on(Output::EntryRelease) && bench.on(Output::ExitRelease)
    });
    let rose = risen(&changes);
    assert!(!rose.contains(&Output::EntryHold) && !rose.contains(&Output::ExitHold));
}

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
