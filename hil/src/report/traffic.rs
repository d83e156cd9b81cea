//! What was said on the controller's line around a failure, in words.

use crate::line::{Interpreter, Line, Privacy};
use gate_protocol::Instant;
use gate_sim::recording::Chunk;
use gate_sim::scenario::Observed;
use gate_sim::scenario::observed::{Fate, Said};
use std::time::Duration;

/// So long before a failure frames are shown, and after it.
const BEFORE: Duration = Duration::from_secs(3);
/// So long before it what the ends said: they say little.
const SAID_BEFORE: Duration = Duration::from_secs(30);
const AFTER: Duration = Duration::from_secs(1);
/// More lines than this nobody reads: those nearest to the failure.
const LINES_MAX: usize = 150;

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) at: Instant,
    pub(super) from: &'static str,
    pub(super) words: String,
    /// It was said behind the seal: only the ends of the line understand it.
    pub(super) opened: bool,
    /// The line did something to it.
    pub(super) damaged: bool,
}

/// What was said around `failed`, oldest first.
pub(super) fn around(observed: &Observed, failed: Instant) -> Vec<Words> {
    let mut interpreter = Interpreter::new(Line::Controller, Privacy::Open);
    let mut all = Vec::new();
    for one in &observed.traffic {
        let before = match &one.what {
            Said::Frame(..) => BEFORE,
            Said::Message(_) => SAID_BEFORE,
        };
        if failed.since(one.at) > before || one.at.since(failed) > AFTER {
            continue;
        }
        let from = Line::Controller.side(one.from);
        match &one.what {
            Said::Message(words) => all.push(Words {
                at: one.at,
                from,
                words: words.clone(),
                opened: true,
                damaged: false,
            }),
            Said::Frame(bytes, fate) => {
                let chunk = Chunk {
                    at: one.at,
                    from: one.from,
                    bytes: bytes.clone(),
                };
                // A lost frame is told too: what it said, and that nobody heard it.
                let told = match fate {
                    Fate::Lost => Interpreter::new(Line::Controller, Privacy::Open).take(&chunk),
                    Fate::Whole | Fate::Damaged | Fate::Repeated => interpreter.take(&chunk),
                };
                all.extend(told.into_iter().map(|spoken| Words {
                    at: spoken.at,
                    from,
                    words: format!("{}{}", spoken.words, fate_words(*fate)),
                    opened: false,
                    damaged: *fate != Fate::Whole,
                }));
            }
        }
    }
    let surplus = all.len().saturating_sub(LINES_MAX);
    all.split_off(surplus)
}

const fn fate_words(fate: Fate) -> &'static str {
    match fate {
        Fate::Whole => "",
        Fate::Damaged => " — damaged on the line",
        Fate::Repeated => " — arrived twice",
        Fate::Lost => " — lost on the line",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_sim::fault::Fault;
    use gate_sim::profile::Profile;
    use gate_sim::recording::Side;
    use gate_sim::scenario::{Deed, Expected, Scenario, Step, Verdict};
    use gate_sim::swarm;
    use gate_sim::world::Persona;

    fn watch(fault: Fault) -> (Instant, Observed) {
        let step = |deed| Step {
            line: 0,
            after: Duration::ZERO,
            deed,
        };
        let never = Expected::Decided("cleared", Some("never"));
        let scenario = Scenario {
            title: "t".to_owned(),
            seed: 1,
            profile: Profile::fast(),
            steps: vec![
                step(Deed::Begins(fault, None)),
                step(Deed::Comes(Persona::Practised)),
                step(Deed::Expect(never, Duration::from_secs(20))),
            ],
        };
        let (run, observed) = swarm::watch(&scenario);
        assert!(matches!(run.verdict, Verdict::Gate(_)), "{:?}", run.verdict);
        (run.ended, observed)
    }

    #[test]
    fn around_a_failure_both_ends_are_heard_in_clear_and_sealed() {
        let (failed, observed) = watch(Fault::DiskSlow);
        let words = around(&observed, failed);
        assert!(words.len() <= LINES_MAX);
        assert!(words.iter().all(|one| failed.since(one.at) <= SAID_BEFORE));
        let any = |from: &str, text: &str| {
            let mut of_end = words.iter().filter(|one| one.from == from);
            of_end.any(|one| one.words.contains(text))
        };
        assert!(any("host", "sealed v3"), "{words:#?}");
        assert!(any("controller", "status: "), "{words:#?}");
        assert!(!words.iter().any(|one| one.damaged), "{words:#?}");
    }

    #[test]
    fn what_a_line_did_to_a_frame_is_said() {
        let (failed, observed) = watch(Fault::LineLoss);
        let words = around(&observed, failed);
        let lost = words.iter().find(|one| one.damaged);
        let lost = lost.map(|one| one.words.as_str()).unwrap_or_default();
        assert!(lost.ends_with("lost on the line"), "{words:#?}");
        assert!(
            words.iter().any(|one| one.words.contains("missing before")),
            "{words:#?}"
        );
    }

    #[test]
    fn the_frames_of_a_whole_journey_are_all_understood() {
        let (_, observed) = watch(Fault::DiskSlow);
        let mut interpreter = Interpreter::new(Line::Controller, Privacy::Open);
        let mut frames = 0;
        for one in &observed.traffic {
            let Said::Frame(bytes, _) = &one.what else {
                continue;
            };
            let told = interpreter.take(&Chunk {
                at: one.at,
                from: one.from,
                bytes: bytes.clone(),
            });
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].words.contains(" v3 "), "{told:?}");
            frames += 1;
        }
        assert!(frames > 100, "{frames}");
        assert_eq!(interpreter.finish(), []);
        let hosts = observed.traffic.iter().filter(|one| one.from == Side::Host);
        assert!(hosts.count() > 50);
    }
}
