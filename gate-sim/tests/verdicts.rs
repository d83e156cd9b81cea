//! Whose fault it is: what a scenario's player makes of what a rig tells.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use gate_protocol::Instant;
use gate_session::{Outcome, Referral};
use gate_sim::fault::Fault;
use gate_sim::scenario::{BenchFault, Rig, Scenario, Told, Verdict, run};
use gate_sim::world::Persona;
use std::collections::VecDeque;

/// A lane that tells at its times what it was told to tell.
struct Lane {
    now: Instant,
    tells: VecDeque<(u64, Told)>,
    distrusts: Option<String>,
    broken: Vec<String>,
}

impl Lane {
    fn telling(tells: &[(u64, Told)]) -> Self {
        Self {
            now: Instant::ZERO,
            tells: tells.iter().cloned().collect(),
            distrusts: None,
            broken: Vec::new(),
        }
    }

    fn plays(&mut self, text: &str) -> Verdict {
        let scenario = Scenario::parse(text).unwrap();
        run(&scenario, self).verdict
    }
}

impl Rig for Lane {
    fn name(&self) -> &'static str {
        "told"
    }

    fn now(&self) -> Instant {
        self.now
    }

    fn can(&self, _: Fault) -> bool {
        true
    }

    fn comes(&mut self, _: Persona) -> Result<(), BenchFault> {
        Ok(())
    }

    fn begins(&mut self, _: Fault) -> Result<(), BenchFault> {
        Ok(())
    }

    fn ends(&mut self, _: Fault) -> Result<(), BenchFault> {
        Ok(())
    }

    fn lives(&mut self, until: Instant) -> Result<Option<(Instant, Told)>, BenchFault> {
        let next = self
            .tells
            .front()
            .map(|(at, _)| Instant::from_millis(1_000 * at));
        match next.filter(|at| *at <= until) {
            Some(at) => {
                self.now = self.now.max(at);
                Ok(self.tells.pop_front().map(|(_, told)| (at, told)))
            }
            None => {
                self.now = until;
                Ok(None)
            }
        }
    }

    fn is_deserted(&self) -> bool {
        true
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn violations(&self) -> Vec<String> {
        self.broken.clone()
    }

    fn distrusts(&self) -> Option<String> {
        self.distrusts.clone()
    }
}

const CLEARED: &str = "title = \"t\"\n[[step]]\ncomes = \"genuine\"\n[[step]]\nexpect = \"cleared\"\nwithin = \"9 s\"\n";
const TWO: &str = "title = \"t\"\n[[step]]\ncomes = \"genuine\"\n[[step]]\ncomes = \"impostor\"\n[[step]]\nexpect = \"referred: face-mismatch\"\n";

#[test]
fn a_gate_that_fails_beside_a_device_that_cannot_be_trusted_is_not_blamed() {
    let mut lane = Lane::telling(&[]);
    assert!(matches!(lane.plays(CLEARED), Verdict::Gate(_)));
    let mut lane = Lane::telling(&[]);
    lane.distrusts = Some("the reader said noise".to_owned());
    let verdict = lane.plays(CLEARED);
    assert!(
        matches!(&verdict, Verdict::Bench(why) if why.starts_with("the reader said noise")),
        "{verdict:?}"
    );
    // It does not matter where nothing failed.
    let mut lane = Lane::telling(&[(3, Told::Decided(1, Outcome::Cleared))]);
    lane.distrusts = Some("the reader said noise".to_owned());
    assert_eq!(lane.plays(CLEARED), Verdict::Passed);
}

#[test]
fn a_rule_that_was_broken_is_the_gates_fault_whatever_a_device_said() {
    let mut lane = Lane::telling(&[]);
    lane.distrusts = Some("the reader said noise".to_owned());
    lane.broken = vec!["S1 was broken".to_owned()];
    assert_eq!(
        lane.plays(CLEARED),
        Verdict::Gate("S1 was broken".to_owned())
    );
}

#[test]
fn whoever_is_decided_about_late_is_not_taken_for_whoever_comes_next() {
    let mismatch = Outcome::Referred(Referral::FaceMismatch);
    let late = [
        (30, Told::Decided(1, Outcome::Cleared)),
        (40, Told::Decided(2, mismatch)),
    ];
    assert_eq!(Lane::telling(&late).plays(TWO), Verdict::Passed);
    // One late clearance is the first one's, and no second one is.
    let twice = [
        (30, Told::Decided(1, Outcome::Cleared)),
        (40, Told::Decided(2, Outcome::Cleared)),
    ];
    let wrong = Verdict::Gate("impostor was cleared".to_owned());
    assert_eq!(Lane::telling(&twice).plays(TWO), wrong);
    // Whoever was decided about in time owes nobody a clearance.
    let early = [
        (3, Told::Decided(1, Outcome::Cleared)),
        (40, Told::Decided(2, Outcome::Cleared)),
    ];
    assert_eq!(Lane::telling(&early).plays(TWO), wrong);
}
