use super::*;
use gate_session::DocumentHint;

const LOCKED: u32 = 1 << Output::EntryHold as u32 | 1 << Output::ExitHold as u32;
const ENTRY_OPEN: u32 = 1 << Output::ExitHold as u32 | 1 << Output::EntryDrive as u32;
const EXIT_OPEN: u32 = 1 << Output::EntryHold as u32 | 1 << Output::ExitDrive as u32;

/// A world with somebody who may already have done something.
struct Bench {
    world: World,
    now: Instant,
    outputs: Bits,
}

impl Bench {
    fn new(persona: Persona) -> Self {
        let mut world = World::new(Profile::typical(), 5);
        world.send(persona);
        Self {
            world,
            now: Instant::ZERO,
            outputs: Bits(LOCKED),
        }
    }

    /// Runs until `what` holds, for at most a minute.
    fn until(&mut self, outputs: u32, what: impl Fn(&World, Bits) -> bool) -> Bits {
        self.outputs = Bits(outputs);
        for _ in 0..6_000 {
            self.now = self.now + Duration::from_millis(10);
            let inputs = self.world.step(self.now, self.outputs);
            if what(&self.world, inputs) {
                return inputs;
            }
        }
        panic!("did not happen within a minute");
    }

    fn inside(persona: Persona) -> Self {
        let mut bench = Self::new(persona);
        bench.until(ENTRY_OPEN, |world, inputs| {
            world.people.iter().all(|one| one.x() >= lane::STAND - 0.6)
                && !inputs.input(Input::EmptyOk)
        });
        bench.until(LOCKED, |_, inputs| inputs.input(Input::EntryLocked));
        bench
    }

    fn next_action(&mut self) -> Action {
        for _ in 0..6_000 {
            if let Some(action) = self.world.action() {
                return action;
            }
            self.now = self.now + Duration::from_millis(10);
            self.world.step(self.now, self.outputs);
        }
        panic!("nobody did anything for a minute");
    }
}

const FIRST_TRY: Screen = Screen::PlaceDocument {
    hint: DocumentHint::None,
};

#[test]
fn nobody_passes_a_locked_entry() {
    let mut bench = Bench::new(Persona::Genuine);
    bench.until(LOCKED, |_, inputs| !inputs.input(Input::ZoneInFree));
    for _ in 0..500 {
        bench.now = bench.now + Duration::from_millis(10);
        let inputs = bench.world.step(bench.now, Bits(LOCKED));
        assert!(inputs.input(Input::EmptyOk));
        assert!(inputs.input(Input::EntryLocked) || bench.now < Instant::from_millis(100));
    }
}

#[test]
fn one_person_walks_in_and_is_seen_as_one() {
    let bench = &mut Bench::inside(Persona::Genuine);
    let inputs = bench.world.step(bench.now, bench.outputs);
    assert!(inputs.input(Input::SingleOk) && !inputs.input(Input::EmptyOk));
    assert!(!inputs.input(Input::Chamber2Free) && inputs.input(Input::ZoneInFree));
}

#[test]
fn two_people_are_not_seen_as_one() {
    let bench = &mut Bench::inside(Persona::Tailgater);
    let inputs = bench.world.step(bench.now, bench.outputs);
    assert!(!inputs.input(Input::SingleOk) && !inputs.input(Input::EmptyOk));
    assert_eq!(bench.world.people_inside(), 2);
}

#[test]
fn the_screen_is_followed_step_by_step_and_everybody_gets_out() {
    let bench = &mut Bench::inside(Persona::Genuine);
    assert_eq!(bench.next_action(), Action::InView(View::Approaching));
    bench.world.show(bench.now, FIRST_TRY);
    let mut placed = bench.next_action();
    if placed == Action::PlaceDocument(Placement::Wrong) {
        bench.world.show(
            bench.now,
            Screen::PlaceDocument {
                hint: DocumentHint::Turn,
            },
        );
        assert_eq!(bench.next_action(), Action::LiftDocument);
        placed = bench.next_action();
    }
    assert_eq!(placed, Action::PlaceDocument(Placement::Right));
    let look = Screen::LookHere {
        hint: Default::default(),
        percent: 10,
    };
    bench.world.show(bench.now, look);
    let mut seen = bench.next_action();
    if seen == Action::InView(View::TurnedAway) {
        seen = bench.next_action();
    }
    assert_eq!(seen, Action::InView(View::Face(Presentation::Live)));
    bench.world.show(bench.now, Screen::Go);
    assert_eq!(bench.next_action(), Action::LiftDocument);
    bench.until(EXIT_OPEN, |world, _| world.is_deserted());
    let inputs = bench.until(LOCKED, |_, inputs| inputs.input(Input::ExitLocked));
    assert!(inputs.input(Input::EmptyOk) && inputs.input(Input::ZoneOutFree));
}

#[test]
fn repeated_instructions_do_not_start_anything_twice() {
    let bench = &mut Bench::inside(Persona::Genuine);
    for _ in 0..5 {
        bench.world.show(bench.now, FIRST_TRY);
        bench.world.show(
            bench.now,
            Screen::LookHere {
                hint: Default::default(),
                percent: 10,
            },
        );
    }
    let mut placed = 0;
    for _ in 0..2_000 {
        bench.now = bench.now + Duration::from_millis(10);
        bench.world.step(bench.now, bench.outputs);
        while let Some(action) = bench.world.action() {
            placed += u32::from(matches!(action, Action::PlaceDocument(_)));
        }
    }
    assert_eq!(placed, 1);
}

#[test]
fn whoever_is_sent_back_leaves_through_the_entry() {
    let bench = &mut Bench::inside(Persona::Tailgater);
    bench.world.show(bench.now, Screen::OnePerson);
    bench.until(ENTRY_OPEN, |world, _| world.people_inside() == 0);
    let inputs = bench.until(LOCKED, |world, _| world.is_deserted());
    assert!(inputs.input(Input::EmptyOk) && inputs.input(Input::EntryLocked));
}

#[test]
fn whoever_does_not_step_in_goes_away() {
    let mut bench = Bench::new(Persona::DoesNotStepIn);
    bench.until(ENTRY_OPEN, |_, inputs| !inputs.input(Input::ZoneInFree));
    let inputs = bench.until(ENTRY_OPEN, |world, _| world.is_deserted());
    assert!(inputs.input(Input::EmptyOk));
}

#[test]
fn a_forgotten_bag_is_a_thing_and_is_found() {
    let bench = &mut Bench::inside(Persona::LeavesBag);
    bench.world.show(bench.now, Screen::Go);
    let inputs = bench.until(EXIT_OPEN, |world, _| world.people.is_empty());
    assert!(!inputs.input(Input::EmptyOk) && !inputs.input(Input::SingleOk));
    let inputs = bench.until(LOCKED, |world, _| world.is_deserted());
    assert!(inputs.input(Input::EmptyOk));
}

#[test]
fn a_forced_input_keeps_its_level_until_it_is_let_go() {
    let mut bench = Bench::new(Persona::Genuine);
    let fire = |bench: &mut Bench| {
        bench.now = bench.now + Duration::from_millis(1);
        !bench
            .world
            .step(bench.now, Bits(LOCKED))
            .input(Input::FireOk)
    };
    assert!(!fire(&mut bench));
    bench.world.force(Input::FireOk, Some(false));
    assert!(fire(&mut bench));
    bench.world.force(Input::FireOk, None);
    assert!(!fire(&mut bench));
}

#[test]
fn large_and_small_steps_meet_the_same_world() {
    let run = |step: u64| {
        let mut world = World::new(Profile::typical(), 9);
        world.send(Persona::Genuine);
        let mut inputs = Bits(0);
        for at in (0..12_000).step_by(usize::try_from(step).unwrap()) {
            inputs = world.step(Instant::from_millis(at as u64), Bits(ENTRY_OPEN));
        }
        (inputs, world.rests_until().is_some())
    };
    assert_eq!(run(10), run(1_000));
}
