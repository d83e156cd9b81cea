//! Random people, hosts and faults: whatever happens, the rules hold and the turnstile recovers.

use crate::rig::{Rig, TURN};
use gate_protocol::pins::{TurnstileInput, TurnstileOutput};
use gate_protocol::{Answer, Door, Event, Instant, Mode, Sign, State, ToController};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Something that happens at or around the turnstile.
#[derive(Clone, Debug)]
enum Act {
    Wait(u32),
    Push(Door, i32),
    Force(Door, i32),
    Person,
    Input(TurnstileInput, bool),
    Host(bool),
    NewSession,
    Ask(ToController),
    /// A permit for the next turn.
    Permit(Door, u16),
}

fn act() -> impl Strategy<Value = Act> {
    let door = || prop_oneof![3 => Just(Door::Exit), 1 => Just(Door::Entry)];
    let input = prop_oneof![
        Just(TurnstileInput::FireOk),
        Just(TurnstileInput::EstopOk2),
        Just(TurnstileInput::TamperOk),
        Just(TurnstileInput::MainsOk),
        Just(TurnstileInput::KeyService),
        Just(TurnstileInput::ArmFree),
        Just(TurnstileInput::Beam2Free),
    ];
    let mode = prop_oneof![
        4 => Just(Mode::OnPermit),
        1 => Just(Mode::Closed),
        1 => Just(Mode::Blocked),
        1 => door().prop_map(Mode::Free),
    ];
    prop_oneof![
        8 => (1..2_000_u32).prop_map(Act::Wait),
        1 => (5_000..12_000_u32).prop_map(Act::Wait),
        8 => (door(), 1..2 * TURN).prop_map(|(way, steps)| Act::Push(way, steps)),
        1 => (door(), 1..TURN).prop_map(|(way, steps)| Act::Force(way, steps)),
        2 => Just(Act::Person),
        2 => (input, any::<bool>()).prop_map(|(input, high)| Act::Input(input, high)),
        1 => any::<bool>().prop_map(Act::Host),
        1 => Just(Act::NewSession),
        8 => (door(), 1..8_000_u16).prop_map(|(way, for_ms)| Act::Permit(way, for_ms)),
        3 => mode.prop_map(|mode| Act::Ask(ToController::SetMode { mode })),
        1 => Just(Act::Ask(ToController::Withdraw)),
        3 => Just(Act::Ask(ToController::ClearAlarm)),
        1 => Just(Act::Ask(ToController::Show { sign: Sign::Help })),
    ]
}

/// A rig with a memory of what must not happen.
struct Watched {
    rig: Rig,
    /// The way of the permit that stands, and until when.
    permit: Option<(Door, Instant)>,
    cleared: bool,
    buzzing: u32,
}

impl Watched {
    fn run(&mut self, ms: u32) -> Result<(), TestCaseError> {
        for _ in 0..ms {
            let before = self.rig.turnstile.state();
            self.rig.run(1);
            self.check(before)?;
        }
        Ok(())
    }

    fn check(&mut self, before: State) -> Result<(), TestCaseError> {
        let state = self.rig.turnstile.state();
        let seen = |input| self.rig.turnstile.inputs().turnstile_input(input);
        let danger = !seen(TurnstileInput::FireOk) || !seen(TurnstileInput::EstopOk2);
        prop_assert!(!danger || state == State::Emergency, "SAF-051 {state:?}");
        if state == State::Emergency {
            let both = self.rig.released(Door::Entry) && self.rig.released(Door::Exit);
            prop_assert!(both, "SAF-051");
        }
        let latched = [State::Emergency, State::Tamper];
        prop_assert!(
            state == before
                || !latched.contains(&before)
                || self.cleared
                || latched.contains(&state),
            "SAF-011 {before:?} → {state:?}"
        );
        self.cleared = false;
        prop_assert!(
            self.rig.host || state != State::Armed || before == State::Armed,
            "SAF-008 armed without a host"
        );
        let buzzing = self.rig.on(TurnstileOutput::Buzzer);
        self.buzzing = if buzzing { self.buzzing + 1 } else { 0 };
        prop_assert!(self.buzzing <= 30_000, "SAF-018 {state:?}");
        prop_assert!(!self.rig.on(TurnstileOutput::Watchdog));
        self.check_released(state)
    }

    /// SAF-004, SAF-052: an arm in its rest is free only for a permit, a mode, or in danger.
    fn check_released(&mut self, state: State) -> Result<(), TestCaseError> {
        let home = self
            .rig
            .turnstile
            .inputs()
            .turnstile_input(TurnstileInput::Home);
        if !home || matches!(state, State::Emergency | State::PowerFail) {
            return Ok(());
        }
        let [entry, exit] = [Door::Entry, Door::Exit].map(|way| self.rig.released(way));
        prop_assert!(!(entry && exit), "SAF-052 in {state:?}");
        let way = if exit { Door::Exit } else { Door::Entry };
        match state {
            State::Armed => {
                let permitted = |(door, until)| door == way && self.rig.now() < until;
                let permitted = self.permit.is_some_and(permitted);
                prop_assert!(permitted || !(entry || exit), "SAF-004 {:?}", self.permit);
            }
            State::Free => {}
            _ => prop_assert!(!entry && !exit, "SAF-052 in {state:?}"),
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), TestCaseError> {
        match *act {
            Act::Wait(ms) => self.run(ms)?,
            Act::Push(way, steps) => self.rig.push(way, steps),
            Act::Force(way, steps) => self.rig.force(way, steps),
            Act::Person => self.rig.person(),
            Act::Input(input, high) => self.rig.set(input, high),
            Act::Host(there) => self.rig.host = there,
            Act::NewSession => self.rig.new_session(),
            Act::Ask(asked) => {
                let taken = self.rig.ask(asked) == Answer::Accepted;
                self.cleared = taken && asked == ToController::ClearAlarm;
            }
            Act::Permit(door, for_ms) => {
                let passage = self.rig.turnstile.passage();
                let asked = ToController::Permit {
                    door,
                    for_ms,
                    passage,
                };
                if self.rig.ask(asked) == Answer::Accepted {
                    let time = core::time::Duration::from_millis(for_ms.into());
                    self.permit = Some((door, self.rig.now() + time));
                    prop_assert!(self.rig.ask(asked) != Answer::Accepted, "good once");
                }
            }
        }
        self.run(1)
    }

    /// Faults off, an officer with the key at work: the turnstile must come back into service.
    fn heal(&mut self) -> Result<(), TestCaseError> {
        self.rig.host = true;
        for input in TurnstileInput::ALL {
            let rests_low = matches!(
                input,
                TurnstileInput::BatteryLow | TurnstileInput::KeyService | TurnstileInput::Pair
            );
            self.rig.set(input, !rests_low);
        }
        self.rig.bring_home();
        self.rig.run(10_000);
        self.rig.set(TurnstileInput::KeyService, true);
        self.rig.run(100);
        let _ = self.rig.ask(ToController::ClearAlarm);
        self.rig.set(TurnstileInput::KeyService, false);
        self.rig.run(100);
        prop_assert_eq!(self.rig.ask(ToController::ClearAlarm), Answer::Accepted);
        let offered = ToController::SetMode {
            mode: Mode::OnPermit,
        };
        prop_assert_eq!(self.rig.ask(offered), Answer::Accepted);
        self.rig.run(10);
        prop_assert_eq!(self.rig.turnstile.state(), State::Idle);
        prop_assert!(self.rig.on(TurnstileOutput::Ready) && self.rig.on(TurnstileOutput::NoAlarm));
        Ok(())
    }

    /// SAF-055: each release has exactly one end.
    fn check_ends(&self) -> Result<(), TestCaseError> {
        for event in &self.rig.events {
            let (Event::ExitReleased(passage) | Event::ReturnReleased(passage)) = *event else {
                continue;
            };
            let ends = [
                Event::Passed(passage),
                Event::WentBack(passage),
                Event::DidNotLeave(passage),
                Event::Tailgated(passage),
                Event::Abandoned(passage),
            ];
            let ends = self.rig.events.iter().filter(|event| ends.contains(event));
            prop_assert_eq!(
                ends.count(),
                1,
                "SAF-055 {} in {:?}",
                passage,
                self.rig.events
            );
        }
        Ok(())
    }
}

/// The same walks in every run; `PROPTEST_RNG_SEED` takes others.
fn seeded() -> ProptestConfig {
    let mut config = ProptestConfig {
        cases: 96,
        ..ProptestConfig::default()
    };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn whatever_happens_the_rules_hold_and_the_turnstile_recovers(
        acts in prop::collection::vec(act(), 1..80),
        // Somewhere before the uptime wraps on the wire, or at the beginning.
        wraps_in_ms in prop_oneof![Just(None), (0..60_000_u64).prop_map(Some)],
    ) {
        let start = wraps_in_ms.map_or(0, |before| u64::from(u32::MAX) - before);
        let rig = Rig::switched_on_at(Instant::from_millis(start)).offer(Mode::OnPermit);
        let mut watched = Watched { rig, permit: None, cleared: false, buzzing: 0 };
        for act in &acts {
            watched.act(act)?;
        }
        watched.heal()?;
        watched.check_ends()?;
    }

    /// Nobody passes an arm on permit more often than it was permitted, whatever they push.
    #[test]
    fn there_are_never_more_turns_than_permits(
        acts in prop::collection::vec(prop_oneof![
            (prop_oneof![Just(Door::Exit), Just(Door::Entry)], 1..4 * TURN)
                .prop_map(|(way, steps)| Act::Push(way, steps)),
            (1..8_000_u16).prop_map(|for_ms| Act::Permit(Door::Exit, for_ms)),
            (1..3_000_u32).prop_map(Act::Wait),
            any::<bool>().prop_map(Act::Host),
            Just(Act::Ask(ToController::ClearAlarm)),
            Just(Act::Ask(ToController::Withdraw)),
        ], 1..80),
    ) {
        let rig = Rig::offered(Mode::OnPermit);
        let mut watched = Watched { rig, permit: None, cleared: false, buzzing: 0 };
        for act in &acts {
            watched.act(act)?;
        }
        let released = |event: &&Event| matches!(event, Event::ExitReleased(_));
        let permits = watched.rig.events.iter().filter(released).count();
        let turns = watched.rig.position().div_euclid(TURN);
        prop_assert!(turns <= i32::try_from(permits).unwrap_or(i32::MAX), "{turns} on {permits}");
        prop_assert!(watched.rig.position() >= 0, "the wrong way");
    }
}
