//! What each output does when the board starts anew: on every way to a reset, in both shapes of a
//! gate, edge by edge; and what a reset finds that comes in the middle of something.

use super::rules::{SITE, permit};
use super::unconfigured::turnstile_alone;
use super::*;
use gate_protocol::pins::{TurnstileInput, TurnstileOutput};
use gate_protocol::{Shape, Timings};
use gate_sim::emulator::{Sabotage, preloaded, site_record, with_pairing_and_site};

/// The ways to a reset, each with who has to find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Power,
    Pin,
    /// The chip's own watchdog ends a scan that hangs.
    ChipWatchdog,
    /// The supervisor ends it.
    Supervisor,
    /// The firmware finds that it cannot go on, switches everything off and asks for a reset.
    Panic,
    Fails(Sabotage),
}

impl Way {
    /// Those that need no watchdog.
    const UNWATCHED: [Self; 7] = [
        Self::Power,
        Self::Pin,
        Self::Panic,
        Self::Fails(Sabotage::BadInstruction),
        Self::Fails(Sabotage::EndlessRecursion),
        Self::Fails(Sabotage::NoStackForAnInterrupt),
        Self::Fails(Sabotage::TaskHangs),
    ];
}

/// A gate without a host, as it is built and as its outputs are then.
struct Gate {
    site: Site,
    calm: Bits,
    /// Closed, nobody there.
    closed: Vec<Output>,
    /// Fire.
    fire: Vec<Output>,
}

const FAIL_SECURE: Site = Site {
    exit_lock: Lock::FailSecure,
    ..SITE
};

fn lane() -> Gate {
    Gate {
        site: SITE,
        calm: ALL_CALM,
        closed: vec![
            Output::EntryHold,
            Output::ExitHold,
            Output::EntryRed,
            Output::NoAlarm,
        ],
        fire: vec![
            Output::EntryRelease,
            Output::ExitRelease,
            Output::EntryGreen,
            Output::ExitGreen,
            Output::Buzzer,
            Output::Light,
        ],
    }
}

/// Current lets go of its exit, so that no current holds it.
fn fail_secure_lane() -> Gate {
    let mut gate = lane();
    gate.site = FAIL_SECURE;
    gate.closed.retain(|output| *output != Output::ExitHold);
    gate.fire.push(Output::ExitHold);
    gate
}

fn turnstile() -> Gate {
    let terminals = |outputs: &[TurnstileOutput]| {
        let terminals = outputs.iter().map(|output| output.terminal());
        terminals.collect()
    };
    Gate {
        site: turnstile::SITE,
        calm: turnstile_alone(),
        closed: terminals(&[
            TurnstileOutput::EntryHold,
            TurnstileOutput::ExitHold,
            TurnstileOutput::EntryRed,
            TurnstileOutput::ExitRed,
            TurnstileOutput::NoAlarm,
        ]),
        fire: terminals(&[
            TurnstileOutput::DropArm,
            TurnstileOutput::EntryGreen,
            TurnstileOutput::ExitGreen,
            TurnstileOutput::Buzzer,
        ]),
    }
}

fn bits(outputs: &[Output]) -> Bits {
    let on = |bits: Bits, output: &Output| bits.with_output(*output, true);
    outputs.iter().fold(Bits(0), on)
}

/// All but the watchdog's pin, which is the supervisor's business.
fn driven(outputs: Bits) -> Bits {
    outputs.with_output(Output::Watchdog, false)
}

impl Bench {
    /// A board that was told this site in an earlier life.
    pub(super) fn with_site(
        site: Site,
        inputs: Bits,
        change: impl FnOnce(&mut Config),
    ) -> Option<Self> {
        let page = test_page(TEST_SERIAL);
        let pairing = keys::pairing_of_controller(&page);
        let record = site_record(site);
        let mut bench = Self::switched_on_at(inputs, |config| {
            config.preload = vec![preloaded(&page), with_pairing_and_site(&pairing, &record)];
            change(config);
        })?;
        bench.arm = site.shape == Shape::Turnstile;
        bench.exit_lock = site.exit_lock;
        Some(bench)
    }

    /// A gate whose host is silent, with its outputs as they have to be.
    fn of(gate: &Gate, watchdogs: Watchdogs) -> Option<Self> {
        let mut bench =
            Self::with_site(gate.site, gate.calm, |config| config.watchdogs = watchdogs)?;
        bench.talks = false;
        bench.until_drives(bits(&gate.closed));
        // A first scan that came too late has not fed it, and it does not watch before it is fed.
        bench.until("a supervisor that watches", |bench| {
            bench.on(Output::Watchdog)
        });
        Some(bench)
    }

    /// Whoever is inside, as the newest event says.
    fn entered(&self) -> Option<u32> {
        match self.events.last() {
            Some(Event::Entered(number)) => Some(*number),
            _ => None,
        }
    }

    fn until_drives(&mut self, wanted: Bits) {
        self.until(&format!("outputs {wanted:?}"), |bench| {
            driven(bench.board.outputs()) == wanted
        });
    }

    fn goes(&mut self, way: Way) {
        let before = (self.board.resets(), self.board.watchdog_resets());
        match way {
            Way::Power => {
                self.board.power_cut();
                self.move_doors();
                self.board.power_back().expect("power");
                return;
            }
            Way::Pin => self.board.reset().expect("a board"),
            Way::ChipWatchdog | Way::Supervisor => {
                self.board.sabotage(Sabotage::ScanHangs).expect("a board");
            }
            Way::Panic => {
                // The scan's cell says that somebody else is using it.
                let scan = failures::place_of("4scan4SCAN").start;
                let taken = 1_i32.to_le_bytes();
                self.board.overwrite(scan, &taken).expect("a board");
            }
            Way::Fails(how) => self.board.sabotage(how).expect("a board"),
        }
        self.until("the reset", |bench| bench.board.resets() > before.0);
        let by_watchdog = self.board.watchdog_resets() > before.1;
        let needs_one = matches!(way, Way::ChipWatchdog | Way::Supervisor);
        assert_eq!(by_watchdog, needs_one, "{way:?} was ended by somebody else");
    }

    /// S11: from `wanted` on, outputs only fall, until all are off; then each that is wanted rises
    /// once, in the first scan, and nothing else ever does.
    fn starts_anew(&mut self, way: Way, wanted: Bits) {
        assert_eq!(driven(self.board.outputs()), wanted, "before {way:?}");
        let changes = self.board.changes();
        self.goes(way);
        self.until_drives(wanted);
        // Long enough for anything that comes late: the longest debouncing takes a second.
        self.lives_for(Duration::from_millis(300));
        let mut before = wanted;
        let mut has_been_off = false;
        for change in changes.try_iter() {
            let now = driven(change.outputs);
            let (rises, falls) = (now.0 & !before.0, before.0 & !now.0);
            let what = format!("{way:?}: {before:?} became {now:?}");
            if has_been_off {
                assert_eq!(falls, 0, "fallen after the start: {what}");
                assert_eq!(rises & !wanted.0, 0, "nobody wants this: {what}");
                assert!(
                    !change.watched,
                    "fed before the first scan was over: {what}"
                );
            } else {
                assert_eq!(rises, 0, "risen before all were off: {what}");
            }
            has_been_off |= now == Bits(0);
            before = now;
        }
        assert!(has_been_off, "{way:?}: the outputs were never off");
        assert_eq!(before, wanted, "{way:?}");
    }
}

/// Every way to a reset, with nobody there and in a fire.
fn twitches_nowhere(gate: &Gate) {
    let Some(mut bench) = Bench::of(gate, Watchdogs::default()) else {
        return;
    };
    for way in Way::UNWATCHED {
        bench.starts_anew(way, bits(&gate.closed));
        if way != Way::Power {
            // Failures in a row hold the start up.
            bench.starts_anew(Way::Power, bits(&gate.closed));
        }
    }
    bench.set(Input::FireOk, false);
    bench.until_drives(bits(&gate.fire));
    for way in [Way::Power, Way::Pin, Way::Panic] {
        bench.starts_anew(way, bits(&gate.fire));
    }
    drop(bench);
    // The supervisor's real time is 100 ms; a busy machine stalls QEMU for longer than that.
    let supervisor = Some(Duration::from_secs(3));
    for (way, chip, supervisor) in [
        (Way::ChipWatchdog, true, None),
        (Way::Supervisor, false, supervisor),
    ] {
        let watchdogs = Watchdogs { chip, supervisor };
        let mut bench = Bench::of(gate, watchdogs).expect("there was one before");
        bench.starts_anew(way, bits(&gate.closed));
    }
}

#[test]
fn no_output_of_a_lane_twitches_whatever_the_reset() {
    twitches_nowhere(&lane());
}

#[test]
fn no_output_of_a_lane_with_a_fail_secure_exit_twitches_whatever_the_reset() {
    twitches_nowhere(&fail_secure_lane());
}

#[test]
fn no_output_of_a_turnstile_twitches_whatever_the_reset() {
    twitches_nowhere(&turnstile());
}

/// An exit that no current holds: a reset locks it, whoever stands before it.
#[test]
fn a_reset_of_a_lane_with_a_fail_secure_exit_shuts_it_and_lets_whoever_is_inside_back() {
    let Some(mut bench) = Bench::with_site(FAIL_SECURE, ALL_CALM, |_| {}) else {
        return;
    };
    bench.until("rest", |bench| bench.is(State::Idle));
    for way in [Way::Pin, Way::Power, Way::Fails(Sabotage::TaskHangs)] {
        bench.until_offered();
        bench.inside(true);
        bench.until("the traveller", |bench| bench.entered().is_some());
        let number = bench.entered().expect("somebody");
        bench.until_reads(Input::EntryLocked, true);
        bench.send(permit(number));
        bench.until("an open exit", |bench| {
            bench.on(Output::ExitHold) && bench.on(Output::ExitDrive)
        });
        bench.until_reads(Input::ExitOpen, true);

        // The host is gone with the reset, and its permit with it: the exit's lock has no current
        // again before somebody has a permit anew.
        bench.talks = false;
        bench.events.clear();
        let changes = bench.board.changes();
        bench.goes(way);
        bench.until("the way back", |bench| {
            bench.on(Output::EntryDrive) && !bench.on(Output::EntryHold)
        });
        let mut has_been_off = false;
        for change in changes.try_iter() {
            let outputs = driven(change.outputs);
            has_been_off |= outputs == Bits(0);
            let exit = outputs.output(Output::ExitHold) || outputs.output(Output::ExitDrive);
            assert!(
                !has_been_off || !exit,
                "S11: {way:?}: the exit, {outputs:?}"
            );
        }
        assert!(has_been_off, "{way:?}");
        bench.talks = true;
        bench.until_told(Event::Started);
        bench.refused(permit(number));
        bench.inside(false);
        bench.until("rest", |bench| {
            bench.is(State::Idle) && bench.on(Output::EntryHold)
        });
        assert!(!bench.on(Output::ExitHold) && !bench.on(Output::ExitDrive));
        bench.events.clear();
    }
}

/// A leaf that a reset finds open gives way to whoever stands in it, and is locked behind them.
#[test]
fn a_fail_secure_exit_that_a_reset_finds_open_gives_way_and_locks() {
    let Some(mut bench) = Bench::with_site(FAIL_SECURE, ALL_CALM, |_| {}) else {
        return;
    };
    bench.until("rest", |bench| bench.is(State::Idle));
    bench.talks = false;
    bench.arm = true;
    for (contact, on) in [
        (Input::ExitClosed, false),
        (Input::ExitLocked, false),
        (Input::ExitSafe, false),
    ] {
        bench.set(contact, on);
    }
    bench.goes(Way::Power);
    bench.until("an exit that gives way", |bench| {
        bench.on(Output::ExitHold) && bench.on(Output::ExitDrive)
    });
    assert!(bench.on(Output::EntryHold), "S3");
    bench.set(Input::ExitSafe, true);
    bench.until("an exit that closes", |bench| {
        !bench.on(Output::ExitHold) && !bench.on(Output::ExitDrive)
    });
    bench.set(Input::ExitClosed, true);
    bench.set(Input::ExitLocked, true);
    bench.until("whoever may be inside let back, or rest", |bench| {
        bench.on(Output::EntryHold) && bench.on(Output::NoAlarm)
    });
}

/// An arm that no reset bars while somebody stands in it, and none that is free in its rest.
#[test]
fn a_reset_of_a_turnstile_forgets_its_permit_and_keeps_nobody_in_the_arm() {
    let site = Site {
        timings: Timings {
            turning: 10_000,
            ..turnstile::SITE.timings
        },
        ..turnstile::SITE
    };
    let Some(mut bench) = Bench::with_site(site, turnstile_alone(), |_| {}) else {
        return;
    };
    let free = |bits: Bits, hold| !bits.turnstile_output(hold);
    let both_held =
        |bits| !free(bits, TurnstileOutput::EntryHold) && !free(bits, TurnstileOutput::ExitHold);
    let both_free =
        |bits| free(bits, TurnstileOutput::EntryHold) && free(bits, TurnstileOutput::ExitHold);
    for way in [Way::Pin, Way::Power, Way::Fails(Sabotage::TaskHangs)] {
        // A permit that nobody has used yet.
        bench.offer();
        bench.permit(Door::Exit);
        bench.talks = false;
        let changes = bench.board.changes();
        bench.goes(way);
        bench.until("an arm that is held", |bench| {
            both_held(bench.board.outputs())
        });
        bench.lives_for(Duration::from_millis(300));
        let mut started = false;
        for change in changes.try_iter() {
            let outputs = driven(change.outputs);
            // The holds rise one after the other, in one scan.
            if started {
                assert!(both_held(outputs), "S11: {way:?}: {outputs:?}");
            }
            started |= outputs.0 != 0 && both_held(outputs) && !change.watched;
        }
        bench.talks = true;
        bench.until("rest", |bench| bench.is(State::Idle));
        bench.events.clear();

        // Somebody in the arm, half way through.
        bench.offer();
        bench.permit(Door::Exit);
        bench.turn(1..=8);
        bench.until("a turn", |bench| bench.is(State::Turning));
        bench.talks = false;
        let changes = bench.board.changes();
        bench.goes(way);
        bench.until("lamps that say go", |bench| {
            bench
                .board
                .outputs()
                .turnstile_output(TurnstileOutput::NoAlarm)
                || bench
                    .board
                    .outputs()
                    .turnstile_output(TurnstileOutput::EntryGreen)
        });
        bench.lives_for(Duration::from_millis(300));
        assert!(
            both_free(bench.board.outputs()),
            "{way:?}: somebody is kept in the arm"
        );
        let mut has_been_off = false;
        for change in changes.try_iter() {
            let outputs = driven(change.outputs);
            has_been_off |= outputs == Bits(0);
            assert!(
                !has_been_off || both_free(outputs),
                "SAF-054: {way:?}: held with somebody in the arm: {outputs:?}"
            );
        }
        assert!(has_been_off, "{way:?}");
        // Home: barred again, whichever way they went.
        bench.set_arm(0);
        bench.until("an arm that is held", |bench| {
            both_held(bench.board.outputs())
        });
        bench.talks = true;
        bench.until_told(Event::Started);
        bench.until("a session", |bench| bench.link.is_connected());
        if bench.is(State::Trouble) || bench.is(State::Obstructed) {
            bench.send(ToController::ClearAlarm);
        }
        bench.until("rest", |bench| bench.is(State::Idle));
        let home = Bench::arm_at(0);
        let inputs = Bits(bench.status.map_or(0, |status| status.inputs));
        let reads = |(input, on): (TurnstileInput, bool)| inputs.turnstile_input(input) == on;
        assert!(home.into_iter().all(reads));
        bench.events.clear();
    }
}
