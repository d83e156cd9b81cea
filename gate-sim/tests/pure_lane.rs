//! The whole lane in virtual time: everybody's journey ends as it should.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use gate_protocol::pins::Input;
use gate_session::{Left, Outcome, Screen};
use gate_sim::profile::Profile;
use gate_sim::rig::{Cost, Costs, Journey, Layout, PureRig, bench};
use gate_sim::world::Persona;
use std::time::Duration;

fn rig(seed: u64) -> PureRig {
    PureRig::new(Profile::typical(), Costs::default(), seed).unwrap()
}

fn served(rig: &mut PureRig, persona: Persona) -> Journey {
    let journey = rig
        .serve(persona)
        .unwrap_or_else(|problem| panic!("{problem}"));
    assert_eq!(rig.violations(), [], "{}", persona.word());
    journey
}

#[test]
fn everybody_s_journey_ends_as_it_should() {
    for seed in 0..5 {
        for persona in Persona::ALL {
            let journey = served(&mut rig(seed), persona);
            assert_eq!(
                journey.outcome,
                persona.ends(),
                "{} with seed {seed}",
                persona.word()
            );
        }
    }
}

#[test]
fn who_is_cleared_leaves_through_the_exit_and_who_is_not_does_not() {
    let mut rig = rig(11);
    for persona in Persona::ALL {
        let journey = served(&mut rig, persona);
        let expected = match journey.outcome {
            Outcome::Cleared => Left::ThroughExit,
            Outcome::Referred(_) => Left::ThroughEntry,
            Outcome::Abandoned(_) => Left::NeverEntered,
        };
        assert_eq!(journey.left, expected, "{}", persona.word());
    }
}

#[test]
fn one_traveller_does_not_disturb_the_next() {
    let mut rig = rig(23);
    for _ in 0..3 {
        for persona in Persona::ALL {
            let journey = served(&mut rig, persona);
            assert_eq!(journey.outcome, persona.ends(), "{}", persona.word());
        }
    }
}

#[test]
fn a_genuine_traveller_is_led_through_the_lane_one_instruction_at_a_time() {
    let without_mishap = Profile {
        misplaced: 0.0,
        second_look: 0.0,
        chip_breaks: 0.0,
        ..Profile::typical()
    };
    let mut rig = PureRig::new(without_mishap, Costs::default(), 2).unwrap();
    served(&mut rig, Persona::Genuine);
    let mut said: Vec<&str> = rig
        .screens()
        .map(|(_, screen)| match screen {
            Screen::Welcome => "welcome",
            Screen::StepIn => "step in",
            Screen::PlaceDocument { .. } => "place document",
            Screen::LookHere { .. } => "look here",
            Screen::KeepDocument { .. } => "keep document",
            Screen::OneMoment => "one moment",
            Screen::Go => "go",
            _ => "something else",
        })
        .collect();
    said.dedup();
    let expected = [
        "step in",
        "place document",
        "look here",
        "keep document",
        "one moment",
        "go",
        "welcome",
    ];
    assert_eq!(said, expected);
}

#[test]
fn two_hundred_genuine_travellers_keep_within_the_time_they_are_promised() {
    let report = bench::genuine(200, Profile::typical(), Costs::default(), 1).unwrap();
    assert_eq!(report.cleared, 200);
    assert!(report.total_ms.p50 <= 10_000.0, "{report:?}");
    assert!(report.total_ms.p95 <= 15_000.0, "{report:?}");
    assert!(report.software_ms.p50 <= 120.0, "{report:?}");
}

#[test]
fn the_same_seed_gives_the_same_journeys() {
    let run = || {
        let mut rig = rig(77);
        [Persona::Genuine, Persona::Impostor].map(|persona| served(&mut rig, persona).timeline)
    };
    assert_eq!(run(), run());
}

#[test]
fn slow_software_is_seen_in_the_figures() {
    let slow = Costs {
        journal: Cost::always(500.0),
        ..Costs::default()
    };
    let median = |costs| {
        bench::genuine(20, Profile::typical(), costs, 1)
            .unwrap()
            .software_ms
            .p50
    };
    assert!(median(slow) > median(Costs::default()) + 400.0);
}

#[test]
fn slow_and_fast_people_get_through_alike() {
    for profile in [Profile::fast(), Profile::slow()] {
        let mut rig = PureRig::new(profile, Costs::default(), 5).unwrap();
        for persona in Persona::ALL {
            let journey = served(&mut rig, persona);
            assert_eq!(journey.outcome, persona.ends(), "{}", persona.word());
        }
    }
}

/// A lane whose traveller is inside when `disturb` begins, `ms` after setting out.
fn disturbed(seed: u64, ms: u64, disturb: &[(u64, Input, Option<bool>)]) -> (PureRig, Journey) {
    let mut rig = rig(seed);
    served(&mut rig, Persona::Genuine);
    for (after, input, level) in disturb {
        rig.disturb(Duration::from_millis(ms + after), *input, *level);
    }
    let journey = served(&mut rig, Persona::Genuine);
    (rig, journey)
}

#[test]
fn mains_that_fail_behind_a_traveller_do_not_end_the_journey() {
    let mains = [
        (0, Input::MainsOk, Some(false)),
        (40_000, Input::MainsOk, None),
    ];
    for seed in 0..4 {
        for ms in [6_000, 8_000, 10_000] {
            let (mut rig, journey) = disturbed(seed, ms, &mains);
            assert_eq!(journey.outcome, Outcome::Cleared, "seed {seed}, {ms} ms");
            let next = served(&mut rig, Persona::Genuine);
            assert_eq!(next.outcome, Outcome::Cleared, "seed {seed}, {ms} ms");
            let both = journey.whole + next.whole;
            let back = Duration::from_millis(40_000 + ms);
            assert!(both > back, "seed {seed}: nobody is invited on battery");
        }
    }
}

#[test]
fn an_opened_cabinet_sends_the_traveller_back_and_the_key_ends_it() {
    let cabinet = [
        (0, Input::TamperOk, Some(false)),
        (20_000, Input::TamperOk, None),
        (25_000, Input::KeyService, Some(true)),
        (30_000, Input::KeyService, None),
    ];
    for seed in 0..4 {
        for ms in [8_000, 9_000] {
            let (mut rig, journey) = disturbed(seed, ms, &cabinet);
            assert_eq!(journey.left, Left::ThroughEntry, "seed {seed}, {ms} ms");
            let next = served(&mut rig, Persona::Genuine);
            assert_eq!(next.outcome, Outcome::Cleared, "seed {seed}, {ms} ms");
        }
    }
}

#[test]
fn everybody_in_order_gets_through_a_lane_of_each_layout() {
    for layout in Layout::ALL {
        let mut rig = PureRig::of(layout, Profile::typical(), Costs::default(), 3).unwrap();
        for _ in 0..30 {
            let journey = rig.serve(layout.genuine()).unwrap();
            assert_eq!(journey.outcome, Outcome::Cleared, "{layout:?}");
        }
        assert_eq!(rig.violations(), [], "{layout:?}");
    }
}

#[test]
fn a_two_step_lane_keeps_whoever_has_no_good_document_before_its_entry() {
    let mut rig = PureRig::of(Layout::TwoStep, Profile::typical(), Costs::default(), 3).unwrap();
    let journey = rig.serve(Persona::ExpiredDocument).unwrap();
    assert_eq!(journey.outcome, Persona::ExpiredDocument.ends());
    assert_eq!(journey.left, Left::NeverEntered);
    let journey = rig.serve(Persona::Tailgater).unwrap();
    assert_eq!(journey.outcome, Persona::Tailgater.ends());
    let journey = rig.serve(Persona::Impostor).unwrap();
    assert_eq!(journey.outcome, Persona::Impostor.ends());
    assert_eq!(journey.left, Left::ThroughEntry);
    assert_eq!(rig.violations(), []);
}

#[test]
fn a_program_that_costs_nothing_is_its_own_ideal() {
    let profile = Profile::typical();
    for layout in Layout::ALL {
        let compare = |costs| bench::compare(layout, 40, &profile, costs, 9, || {}).unwrap();
        let ideal = compare(Costs::NOTHING);
        assert!(ideal.to_ideal.p50 < 1.01, "{ideal:?}");
        let slow = Costs {
            journal: Cost::always(900.0),
            ..Costs::default()
        };
        assert!(compare(slow).to_ideal.p50 > 1.05, "{layout:?}");
    }
}
