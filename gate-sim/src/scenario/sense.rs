//! Whether a lane in order could ever do what a scenario asks for. One that it cannot would fail, and the
//! gate would seem to be at fault.

use super::file::{Deed, Expected, ScenarioError, Step};
use super::told::outcome_word;
use crate::fault::Fault;
use crate::profile::Profile;
use crate::world::Persona;
use std::collections::BTreeSet;

/// What has come about before a step.
#[derive(Default)]
struct Before {
    /// Who came last.
    present: Option<Persona>,
    /// Faults that have begun and that nobody has ended.
    begun: BTreeSet<Fault>,
    /// Something has been wrong since the lane was last known to be in order.
    disturbed: bool,
    /// The devices are worn out, and may refer whoever is in order.
    worn: bool,
    /// The lane has recovered since, though whoever is in it may not have.
    recovered: bool,
}

/// Refuses the first step that asks the impossible.
pub(super) fn check(steps: &[Step], profile: &Profile) -> Result<(), ScenarioError> {
    let mut before = Before {
        worn: profile.is_faulty(),
        ..Before::default()
    };
    for step in steps {
        before.allows(step).map_err(|(key, why)| {
            let line = step.line;
            ScenarioError::Impossible { line, key, why }
        })?;
        before.take(&step.deed);
    }
    Ok(())
}

impl Before {
    fn allows(&self, step: &Step) -> Result<(), (&'static str, String)> {
        match &step.deed {
            Deed::Ends(fault) if !self.begun.contains(fault) => {
                let why = format!("no step before it lets {fault} begin");
                Err(("ends", why))
            }
            Deed::Expect(Expected::Decided(kind, reason), _) => {
                let Some(persona) = self.present else {
                    return Err(("expect", "nobody has come".to_owned()));
                };
                let ends = persona.ends();
                let right = ends.word() == *kind
                    && reason.is_none_or(|reason| ends.reason() == Some(reason));
                if right || self.disturbed || self.worn {
                    return Ok(());
                }
                let who = persona.word();
                let must = outcome_word(ends);
                Err((
                    "expect",
                    format!("nothing is wrong, and {who} must be {must}"),
                ))
            }
            Deed::Expect(Expected::Left(_), _) if self.present.is_none() => {
                Err(("leaves", "nobody has come".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, deed: &Deed) {
        match deed {
            Deed::Comes(persona) => {
                self.present = Some(*persona);
                self.disturbed &= !self.recovered;
            }
            Deed::Begins(fault, _) => {
                self.begun.insert(*fault);
                (self.disturbed, self.recovered) = (true, false);
            }
            Deed::Ends(fault) => {
                self.begun.remove(fault);
            }
            Deed::Recovers => {
                self.begun.clear();
                self.recovered = true;
            }
            Deed::Expect(..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    /// The first lines of every file here.
    const TITLE: &str = "title = \"t\"\n";

    fn told(steps: &[&str]) -> Option<String> {
        let mut text = TITLE.to_owned();
        for step in steps {
            text.push_str(&format!("[[step]]\n{step}\n"));
        }
        Scenario::parse(&text).err().map(|told| told.to_string())
    }

    #[test]
    fn what_no_lane_could_do_is_refused_with_its_line_and_key() {
        let cases: [(&[&str], &str); 7] = [
            (
                &["expect = \"cleared\"", "comes = \"genuine\""],
                "line 3: `expect` asks the impossible: nobody has come",
            ),
            (
                &["after = \"1 s\"\nleaves = \"through-exit\""],
                "line 4: `leaves` asks the impossible: nobody has come",
            ),
            (
                &["comes = \"impostor\"", "expect = \"cleared\""],
                "line 5: `expect` asks the impossible: nothing is wrong, and impostor must be referred: face-mismatch",
            ),
            (
                &[
                    "comes = \"impostor\"",
                    "expect = \"referred: document-expired\"",
                ],
                "line 5: `expect` asks the impossible: nothing is wrong, and impostor must be referred: face-mismatch",
            ),
            (
                &[
                    "begins = \"fire\"",
                    "recovers = true",
                    "comes = \"impostor\"",
                    "expect = \"cleared\"",
                ],
                "line 9: `expect` asks the impossible: nothing is wrong, and impostor must be referred: face-mismatch",
            ),
            (
                &["begins = \"fire\"", "ends = \"camera-lost\""],
                "line 5: `ends` asks the impossible: no step before it lets camera-lost begin",
            ),
            (
                &["begins = \"fire\"", "ends = \"fire\"", "ends = \"fire\""],
                "line 7: `ends` asks the impossible: no step before it lets fire begin",
            ),
        ];
        for (steps, expected) in cases {
            assert_eq!(told(steps).as_deref(), Some(expected), "{steps:?}");
        }
    }

    #[test]
    fn what_a_fault_may_bring_about_is_possible() {
        let cases: [&[&str]; 4] = [
            &["comes = \"impostor\"", "expect = \"referred\""],
            &[
                "comes = \"genuine\"",
                "begins = \"chip-silent\"",
                "expect = \"referred: chip-unreadable\"",
            ],
            // It may be over, and still have been the reason.
            &[
                "begins = \"camera-lost\"",
                "ends = \"camera-lost\"",
                "comes = \"genuine\"",
                "expect = \"referred\"",
            ],
            &[
                "comes = \"genuine\"",
                "begins = \"host-killed\"",
                "recovers = true",
                "expect = \"referred\"",
            ],
        ];
        for steps in cases {
            assert_eq!(told(steps), None, "{steps:?}");
        }
        let worn = "title = \"t\"\nprofile = \"faulty\"\n[[step]]\ncomes = \"genuine\"\n[[step]]\nexpect = \"referred\"\n";
        assert!(Scenario::parse(worn).is_ok());
    }
}
