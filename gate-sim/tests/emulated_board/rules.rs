//! The rules of `docs/hazards.md` at the pins of the real image, several on each walk.
//!
//! An analyser at the outputs judges every edge, whatever a walk is about; what a rule says of one
//! moment stands in the walk.

use super::*;
use gate_protocol::{Fault, Timings};

/// Short times, so that a walk can wait for each.
pub(super) const SITE: Site = Site {
    timings: Timings {
        opening: 1_000,
        closing: 1_000,
        held_open: 2_000,
        trap: 3_000,
        clear: 60_000,
        ..Timings::DEFAULT
    },
    ..Site::DEFAULT
};

/// Leave to open the exit for `passage`.
pub(super) const fn permit(passage: u32) -> ToController {
    ToController::Permit {
        door: Door::Exit,
        for_ms: 30_000,
        passage,
    }
}

/// Sees every edge of the outputs.
pub(super) struct Analyser {
    changes: Receiver<Change>,
    before: Bits,
    /// How often each door's lock was let go.
    pub(super) entry_unlocked: u32,
    pub(super) exit_unlocked: u32,
}

impl Analyser {
    /// At a board whose doors are locked.
    pub(super) fn at(bench: &Bench) -> Self {
        let changes = bench.board.changes();
        let before = bench.board.outputs();
        assert!(!is_free(before, Door::Entry) && !is_free(before, Door::Exit));
        Self {
            changes,
            before,
            entry_unlocked: 0,
            exit_unlocked: 0,
        }
    }

    /// S3 for every edge since the last call.
    pub(super) fn judge(&mut self) {
        for Change { outputs, .. } in self.changes.try_iter() {
            let free = |door| is_free(outputs, door);
            assert!(
                !(free(Door::Entry) && free(Door::Exit)),
                "S3: both doors are released: {outputs:?}"
            );
            let let_go = |door| free(door) && !is_free(self.before, door);
            self.entry_unlocked += u32::from(let_go(Door::Entry));
            self.exit_unlocked += u32::from(let_go(Door::Exit));
            self.before = outputs;
        }
    }
}

/// Whether anything at the pins lets go of the door, or moves it.
fn is_free(outputs: Bits, door: Door) -> bool {
    let (hold, drive, release) = match door {
        Door::Entry => (Output::EntryHold, Output::EntryDrive, Output::EntryRelease),
        Door::Exit => (Output::ExitHold, Output::ExitDrive, Output::ExitRelease),
    };
    !outputs.output(hold) || outputs.output(drive) || outputs.output(release)
}

impl Bench {
    /// A closed lane with the short times of [`SITE`].
    pub(super) fn at_rest_with_short_times() -> Option<Self> {
        let mut bench = Self::connected()?;
        bench.until("rest", |bench| bench.is(State::Idle));
        bench.send(ToController::Configure { site: SITE });
        bench.until("locked doors", |bench| {
            bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
        });
        Some(bench)
    }

    /// Asks for what must be refused; again in the next session if this one is lost.
    pub(super) fn refused(&mut self, message: ToController) {
        let (accepted, refused) = (self.accepted, self.refused);
        let mut sent_in = 0;
        while self.refused == refused {
            if self.link.is_connected() && self.sessions.len() > sent_in {
                sent_in = self.sessions.len();
                self.link.send(message).expect("a session");
            }
            self.until("an answer", |bench| {
                let anew = bench.link.is_connected() && bench.sessions.len() > sent_in;
                bench.accepted > accepted || bench.refused > refused || anew
            });
            assert_eq!(self.accepted, accepted, "{message:?} was taken");
        }
    }

    /// Offers the lane until its entry stands open; each new session wants that anew.
    pub(super) fn until_offered(&mut self) {
        let mut offered_in = 0;
        while !(self.is(State::EntryOpen) && self.on(Output::EntryDrive)) {
            if self.sessions.len() > offered_in {
                self.send(ToController::SetMode { mode: Mode::WalkIn });
                offered_in = self.sessions.len();
            }
            self.until("an open entry", |bench| {
                let open = bench.is(State::EntryOpen) && bench.on(Output::EntryDrive);
                open || bench.sessions.len() > offered_in
            });
        }
    }

    /// So long by the controller's own clock.
    pub(super) fn for_a_while(&mut self, ms: u32) {
        let uptime = |bench: &Self| bench.status.map_or(0, |status| status.uptime_ms);
        let begun = uptime(self);
        self.until("time to pass", |bench| {
            uptime(bench).wrapping_sub(begun) >= ms
        });
    }

    fn until_closed(&mut self) {
        self.send(ToController::SetMode { mode: Mode::Closed });
        self.until("rest", |bench| bench.is(State::Idle));
    }

    fn two_inside(&self) {
        for input in [Input::Chamber1Free, Input::SingleOk, Input::EmptyOk] {
            self.board.set_input(input, false).expect("a pin");
        }
    }

    pub(super) fn told(&self, event: Event) -> usize {
        self.events.iter().filter(|told| **told == event).count()
    }

    pub(super) fn until_told(&mut self, event: Event) {
        self.until(&format!("{event:?}"), |bench| bench.told(event) > 0);
    }

    /// The cause is gone: trouble stands until somebody has looked.
    fn until_trouble_is_cleared(&mut self) {
        self.for_a_while(700);
        let state = self.status.map(|status| status.state);
        assert_eq!(state, Some(State::Trouble), "S16: {:?}", self.events);
        assert!(!self.on(Output::EntryDrive) && !self.on(Output::ExitDrive));
        self.send(ToController::ClearAlarm);
        self.until("rest", |bench| bench.is(State::Idle));
    }

    pub(super) fn set(&self, input: Input, on: bool) {
        self.board.set_input(input, on).expect("a pin");
    }
}

/// S3 to S6, S17, S20.
#[test]
fn the_exit_is_for_one_person_behind_a_shut_entry_once_and_its_end_is_told() {
    let Some(mut bench) = Bench::at_rest_with_short_times() else {
        return;
    };
    let mut analyser = Analyser::at(&bench);
    // Two who come in on one invitation.
    bench.until_offered();
    bench.refused(permit(0));
    bench.refused(permit(1));
    bench.two_inside();
    bench.until_told(Event::SeveralEntered(1));
    bench.refused(permit(1));
    bench.for_a_while(1_000);
    bench.refused(permit(1));
    bench.inside(false);
    bench.until_told(Event::WentBack(1));
    // One, with permits for everybody else, and with an entry whose bolt is not home.
    bench.until_offered();
    bench.inside(true);
    bench.until_told(Event::Entered(2));
    bench.refused(permit(0));
    bench.refused(permit(1));
    bench.refused(permit(3));
    bench.set(Input::EntryLocked, false);
    bench.until_reads(Input::EntryLocked, false);
    bench.refused(permit(2));
    bench.set(Input::EntryLocked, true);
    bench.until_reads(Input::EntryLocked, true);
    analyser.judge();
    assert_eq!(analyser.exit_unlocked, 0, "S4, S5, S20");
    // The right one, once.
    bench.send(permit(2));
    bench.until("the exit's drive", |bench| bench.on(Output::ExitDrive));
    bench.refused(permit(2));
    bench.refused(ToController::Permit {
        door: Door::Entry,
        for_ms: 5_000,
        passage: 0,
    });
    bench.inside(false);
    bench.until_told(Event::Passed(2));
    bench.refused(permit(2));
    analyser.judge();
    assert_eq!(analyser.exit_unlocked, 1, "S4, S17");
    let released = |event: &&Event| matches!(event, Event::ExitReleased(_) | Event::Passed(_));
    let ends: Vec<_> = bench.events.iter().filter(released).collect();
    assert_eq!(ends, [&Event::ExitReleased(2), &Event::Passed(2)], "S17");
    // A lane that is not empty is offered to nobody.
    bench.until_closed();
    bench.set(Input::Chamber1Free, false);
    bench.until_reads(Input::Chamber1Free, false);
    analyser.judge();
    let before = analyser.entry_unlocked;
    bench.send(ToController::SetMode {
        mode: Mode::OnPermit,
    });
    bench.refused(ToController::Permit {
        door: Door::Entry,
        for_ms: 5_000,
        passage: 0,
    });
    bench.send(ToController::SetMode { mode: Mode::WalkIn });
    bench.for_a_while(500);
    analyser.judge();
    assert_eq!(analyser.entry_unlocked, before, "S6");
}

/// S20: somebody beside the traveller when the exit is unlocked already, and when it is open.
#[test]
fn a_second_person_at_the_exit_finds_it_locked_again_or_is_told_at_once() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("rest", |bench| bench.is(State::Idle));
    let mut analyser = Analyser::at(&bench);
    bench.until_offered();
    bench.inside(true);
    bench.until_told(Event::Entered(1));
    bench.send(ToController::SetMode {
        mode: Mode::OnPermit,
    });
    // Nobody opens the leaf.
    bench.until_reads(Input::EntryLocked, true);
    bench.arm = true;
    bench.send(permit(1));
    bench.until("an unlocked exit", |bench| !bench.on(Output::ExitHold));
    // "Not one, and not empty" is enough, whatever the zones see.
    bench.set(Input::SingleOk, false);
    bench.set(Input::Chamber1Free, true);
    bench.until("an exit that is locked again", |bench| {
        bench.on(Output::ExitHold) && !bench.on(Output::ExitDrive)
    });
    bench.two_inside();
    bench.arm = false;
    bench.until_told(Event::SeveralEntered(2));
    bench.until("the way back", |bench| bench.on(Output::EntryDrive));
    bench.inside(false);
    bench.until_told(Event::WentBack(2));
    analyser.judge();
    assert_eq!(analyser.exit_unlocked, 1, "S20");
    let told: Vec<_> = bench.events.iter().skip_while(is_before_the_exit).collect();
    assert_eq!(
        told,
        [
            &Event::ExitReleased(1),
            &Event::SeveralEntered(1),
            &Event::DidNotLeave(1),
            &Event::SeveralEntered(2),
            &Event::WentBack(2)
        ]
    );
    // Somebody comes in by the open exit.
    bench.until_offered();
    bench.inside(true);
    bench.until_told(Event::Entered(3));
    bench.send(permit(3));
    bench.until_reads(Input::ExitOpen, true);
    bench.set(Input::ZoneOutFree, false);
    bench.until_reads(Input::ZoneOutFree, false);
    bench.set(Input::ZoneOutFree, true);
    bench.two_inside();
    bench.until_told(Event::WrongWay);
    bench.until("a locked exit and the way back", |bench| {
        bench.on(Output::ExitHold) && bench.on(Output::EntryDrive)
    });
    bench.until_told(Event::SeveralEntered(4));
    bench.inside(false);
    bench.until_told(Event::WentBack(4));
    analyser.judge();
    assert_eq!(analyser.exit_unlocked, 2, "S20");
}

fn is_before_the_exit(event: &&Event) -> bool {
    !matches!(event, Event::ExitReleased(_))
}

/// S14, S15, S16.
#[test]
fn contradictions_and_force_end_all_motion_and_no_alarm_ends_by_itself() {
    let Some(mut bench) = Bench::at_rest_with_short_times() else {
        return;
    };
    let mut analyser = Analyser::at(&bench);
    // A door that is open and closed at once (S14).
    bench.set(Input::ExitOpen, true);
    bench.until_told(Event::Trouble(Fault::DoorContacts(Door::Exit)));
    bench.until("the alarm", |bench| !bench.on(Output::NoAlarm));
    bench.refused(ToController::ClearAlarm);
    bench.refused(permit(1));
    bench.set(Input::ExitOpen, false);
    bench.until_trouble_is_cleared();
    // A door that opens unasked (S15).
    bench.set(Input::ExitClosed, false);
    bench.set(Input::ExitLocked, false);
    bench.until_told(Event::Forced(Door::Exit));
    bench.until("the alarm", |bench| !bench.on(Output::NoAlarm));
    bench.set(Input::ExitClosed, true);
    bench.set(Input::ExitLocked, true);
    bench.until_trouble_is_cleared();
    // Nothing of this has moved a door.
    analyser.judge();
    assert_eq!((analyser.entry_unlocked, analyser.exit_unlocked), (0, 0));
    // A door that somebody holds open (S15).
    bench.send(ToController::SetMode { mode: Mode::WalkIn });
    // The controller has to have seen it: one that is told to close before is shut to it, and what
    // opens afterwards is only held open.
    bench.until_reads(Input::EntryOpen, true);
    bench.arm = true;
    bench.send(ToController::SetMode { mode: Mode::Closed });
    bench.until_told(Event::Trouble(Fault::DoorStuck(Door::Entry)));
    bench.until_told(Event::HeldOpen(Door::Entry));
    bench.until("the alarm", |bench| !bench.on(Output::NoAlarm));
    assert!(!bench.on(Output::EntryDrive) && !bench.on(Output::ExitDrive));
    bench.arm = false;
    bench.until_reads(Input::EntryClosed, true);
    // Given up as stuck before it was shut, it stands until somebody has looked.
    bench.until_trouble_is_cleared();
    analyser.judge();
    // An opened cabinet (S16).
    let sessions = bench.sessions.len();
    bench.set(Input::TamperOk, false);
    bench.until("tamper", |bench| bench.is(State::Tamper));
    // It has ended the session.
    bench.until("a new session", |bench| bench.sessions.len() > sessions);
    bench.refused(ToController::ClearAlarm);
    bench.set(Input::TamperOk, true);
    bench.until_reads(Input::TamperOk, true);
    bench.for_a_while(500);
    assert!(bench.is(State::Tamper), "S16: tamper ended by itself");
    analyser.judge();
    bench.send(ToController::ClearAlarm);
    bench.until("rest", |bench| bench.is(State::Idle));
    // One channel of the emergency stop (S14), and an emergency that is over (S16).
    bench.set(Input::EstopOk2, false);
    bench.until_told(Event::Trouble(Fault::EmergencyStopChannels));
    let both_open = |bench: &Bench| bench.on(Output::EntryRelease) && bench.on(Output::ExitRelease);
    bench.until("both ways open", both_open);
    bench.refused(ToController::ClearAlarm);
    bench.set(Input::EstopOk2, true);
    bench.until_reads(Input::EstopOk2, true);
    bench.refused(ToController::ClearAlarm);
    bench.for_a_while(5_500);
    assert!(both_open(&bench), "S16: an emergency ended by itself");
    bench.send(ToController::ClearAlarm);
    bench.until("locked doors", |bench| {
        bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
    });
    // A door whose bolt has been out since the reset is forced all the same (S15), and a hand in its
    // curtain opens it no further.
    bench.until_reads(Input::ExitLocked, true);
    bench.arm = true;
    bench.set(Input::ExitLocked, false);
    let sessions = bench.sessions.len();
    bench.board.reset().expect("a board");
    bench.until("a new session", |bench| bench.sessions.len() > sessions);
    bench.status = None;
    bench.until("a status of this life", |bench| bench.status.is_some());
    bench.for_a_while(600);
    bench.events.clear();
    bench.set(Input::ExitClosed, false);
    bench.until_told(Event::Forced(Door::Exit));
    bench.set(Input::ExitSafe, false);
    bench.until_reads(Input::ExitSafe, false);
    assert!(bench.on(Output::ExitHold) && !bench.on(Output::ExitDrive));
}

/// S8, S9, S10.
#[test]
fn whoever_no_host_cares_for_gets_the_entry_and_no_drive_pushes_for_ever() {
    let Some(mut bench) = Bench::at_rest_with_short_times() else {
        return;
    };
    let mut analyser = Analyser::at(&bench);
    bench.until_offered();
    bench.inside(true);
    bench.until_told(Event::Entered(1));
    bench.until("locked doors", |bench| {
        bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
    });
    analyser.judge();
    // The host falls silent, and the entry's leaf sticks.
    bench.talks = false;
    bench.arm = true;
    bench.until("the entry released", |bench| bench.on(Output::EntryDrive));
    // It pushes, is found to be stuck, and pushes again as trouble lets people back.
    bench.until("a drive that rests beside a free lock", |bench| {
        !bench.on(Output::EntryDrive) && !bench.on(Output::EntryHold)
    });
    assert!(!bench.on(Output::NoAlarm), "S8: an officer is called");
    bench.until("a drive that tries again", |bench| {
        bench.on(Output::EntryDrive)
    });
    analyser.judge();
    assert_eq!(analyser.exit_unlocked, 0, "S9");
    bench.arm = false;
    bench.talks = true;
    let lapsed = |bench: &Bench| bench.told(Event::LeaseLapsed) > 0;
    bench.until("what was missed", |bench| {
        lapsed(bench) && bench.told(Event::Trouble(Fault::DoorStuck(Door::Entry))) > 0
    });
}

/// S22: 49.7 days of milliseconds are over in the middle of a passage.
#[test]
fn a_traveller_passes_while_the_clock_that_is_told_begins_anew() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("rest", |bench| bench.is(State::Idle));
    let uptime = |bench: &Bench| bench.status.map_or(0, |status| status.uptime_ms);
    // The count of ticks is the last of what the clock has, 64 bits; this is its low half. A tick
    // that was just counting may write over it.
    let count = failures::place_of("5clock5TICKS").end - 8;
    let last_seconds = u32::MAX - 20_000;
    for _ in 0..20 {
        bench
            .board
            .overwrite(count, &last_seconds.to_le_bytes())
            .expect("a board");
        bench.for_a_while(200);
        if uptime(&bench) >= last_seconds {
            break;
        }
    }
    assert!(uptime(&bench) >= last_seconds, "the clock was not set");
    // All leases and sessions have ended meanwhile.
    bench.until("rest", |bench| {
        bench.link.is_connected() && bench.is(State::Idle)
    });
    let mut analyser = Analyser::at(&bench);
    bench.until_offered();
    bench.inside(true);
    bench.until_told(Event::Entered(1));
    assert!(uptime(&bench) >= last_seconds, "the machine was too slow");
    bench.until("the clock to begin anew", |bench| {
        uptime(bench) < last_seconds
    });
    bench.send(permit(1));
    bench.until("the exit's drive", |bench| bench.on(Output::ExitDrive));
    bench.inside(false);
    bench.until_told(Event::Passed(1));
    analyser.judge();
    assert_eq!(analyser.exit_unlocked, 1);
    assert_eq!(bench.board.resets(), 0, "nothing has started anew");
    let boot = bench.sessions[0].boot;
    assert!(bench.sessions.iter().all(|session| session.boot == boot));
    bench.set(Input::FireOk, false);
    bench.until("both ways open", |bench| {
        bench.on(Output::EntryRelease) && bench.on(Output::ExitRelease)
    });
}
