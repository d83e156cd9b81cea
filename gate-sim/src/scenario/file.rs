//! The file: TOML, with a line for every error.

use super::sense;
use crate::fault::Fault;
use crate::profile::Profile;
use crate::world::Persona;
use gate_protocol::State;
use gate_session::{Abandonment, Left, Outcome, Referral};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use toml::Spanned;

/// Longest time that a scenario may name.
const TIME_MAX: Duration = Duration::from_secs(3_600);
/// Most steps of a scenario.
const STEPS_MAX: usize = 1_000;

/// A scenario, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is about, in a sentence.
    pub title: String,
    /// Decides who is how fast, and every chance.
    pub seed: u64,
    /// How fast people and devices are.
    pub profile: Profile,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Line of the file, from 1; 0 for a scenario that was not read from one.
    pub line: usize,
    /// Time since the step before.
    pub after: Duration,
    /// What is done or awaited.
    pub deed: Deed,
}

/// What a step does or waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Somebody comes as soon as nobody else is in the lane.
    Comes(Persona),
    /// A fault begins, and ends by itself after this time if one is given.
    Begins(Fault, Option<Duration>),
    /// A fault ends.
    Ends(Fault),
    /// Every fault ends, and the lane must be ready for the next traveller.
    Recovers,
    /// Something must be seen within this time.
    Expect(Expected, Duration),
}

/// What must be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The gate decides about the traveller who came last; no reason stands for any.
    Decided(&'static str, Option<&'static str>),
    /// The traveller who came last leaves.
    Left(&'static str),
    /// The screen shows this.
    Screen(String),
    /// The controller is in this state.
    Controller(String),
}

/// Why a scenario cannot be played. Remedy: the line says what is expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// The file is no TOML, or has a key or a word that does not exist; the message shows the place.
    #[error("{0}")]
    Toml(String),
    /// A step says nothing, or two things at once.
    #[error(
        "line {line}: a step has one of comes, begins, ends, recovers, expect, leaves, shows, controller; found {found}"
    )]
    Deeds {
        /// Line of the file.
        line: usize,
        /// Which there are.
        found: String,
    },
    /// A key stands beside another that it says nothing about.
    #[error("line {line}: `{key}` belongs to {to}")]
    Stray {
        /// Line of the file.
        line: usize,
        /// The key.
        key: &'static str,
        /// Where it belongs.
        to: &'static str,
    },
    /// No lane could ever do what a step asks for.
    #[error("line {line}: `{key}` asks the impossible: {why}")]
    Impossible {
        /// Line of the file.
        line: usize,
        /// The key.
        key: &'static str,
        /// Why it cannot be.
        why: String,
    },
    /// The file is no text.
    #[error("line {line}: byte {byte} of the file is no UTF-8")]
    NoText {
        /// Line of the file.
        line: usize,
        /// How many bytes of the file are before it.
        byte: usize,
    },
    /// A word is not one of those that exist.
    #[error("line {line}: {key}: expected {expected}, found {found:?}")]
    Word {
        /// Line of the file.
        line: usize,
        /// The key.
        key: &'static str,
        /// What is expected.
        expected: String,
        /// What stands there.
        found: String,
    },
}

/// The file as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Scenario")]
struct File {
    /// What it is about, in a sentence.
    title: String,
    /// Decides who is how fast, and every chance.
    #[serde(default = "one")]
    seed: u64,
    /// How fast people and devices are: fast, typical, slow; faulty, with devices that are worn out.
    #[serde(default = "typical")]
    #[schemars(with = "String")]
    profile: Spanned<String>,
    /// What happens, in order.
    #[serde(default)]
    #[schemars(with = "Vec<StepInFile>")]
    step: Vec<Spanned<StepInFile>>,
}

/// One step: one of `comes`, `begins`, `ends`, `recovers`, `expect`, `leaves`, `shows`, `controller`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct StepInFile {
    /// Time since the step before: "6 s", "500 ms".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    after: Option<Spanned<String>>,
    /// Who comes, as soon as nobody else is in the lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Persona>")]
    comes: Option<Spanned<Persona>>,
    /// What goes wrong from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Fault>")]
    begins: Option<Spanned<Fault>>,
    /// How long: "40 s". Without it, until `ends` or the end of the scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    r#for: Option<Spanned<String>>,
    /// What is in order again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Fault>")]
    ends: Option<Spanned<Fault>>,
    /// What the gate decides: `cleared`, `referred`, `referred: face-mismatch`, `abandoned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    expect: Option<Spanned<String>>,
    /// How the traveller leaves: `through-exit`, `through-entry`, `never-entered`, `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    leaves: Option<Spanned<String>>,
    /// What the screen shows: `step-in`, `go`, `officer-coming` …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    shows: Option<Spanned<String>>,
    /// What state the controller is in: `tamper`, `emergency` …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    controller: Option<Spanned<String>>,
    /// Every fault ends, and the lane must be ready again: `recovers = true`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    recovers: bool,
    /// How long the awaited may take: "15 s". Without it, two minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    within: Option<Spanned<String>>,
}

/// How long something awaited may take if the file does not say.
const WITHIN: Duration = Duration::from_secs(120);

const fn one() -> u64 {
    1
}

fn typical() -> Spanned<String> {
    Spanned::new(0..0, "typical".to_owned())
}

/// The JSON Schema of a scenario, for editors.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(File)
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and in which line.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let file: File =
            toml::from_str(text).map_err(|error| ScenarioError::Toml(error.to_string()))?;
        let line_of = |at: usize| 1 + text.get(..at).unwrap_or(text).matches('\n').count();
        let profile =
            Profile::named(file.profile.get_ref()).ok_or_else(|| ScenarioError::Word {
                line: line_of(file.profile.span().start),
                key: "profile",
                expected: "fast, typical, slow or faulty".to_owned(),
                found: file.profile.get_ref().clone(),
            })?;
        if file.step.len() > STEPS_MAX {
            return Err(ScenarioError::Word {
                line: 1,
                key: "step",
                expected: format!("at most {STEPS_MAX} steps"),
                found: file.step.len().to_string(),
            });
        }
        let steps = file
            .step
            .into_iter()
            .map(|step| {
                let line = line_of(step.span().start);
                step.into_inner().check(line, &line_of)
            })
            .collect::<Result<Vec<_>, _>>()?;
        sense::check(&steps, &profile)?;
        Ok(Self {
            title: file.title,
            seed: file.seed,
            profile,
            steps,
        })
    }

    /// The scenario as a file that gives it again.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "title = {:?}\nseed = {}\nprofile = {:?}\n",
            self.title, self.seed, self.profile.name
        );
        for step in &self.steps {
            text.push_str("\n[[step]]\n");
            let mut put = |key: &str, value: &str| {
                text.push_str(&format!("{key} = {value:?}\n"));
            };
            if !step.after.is_zero() {
                put("after", &time_word(step.after));
            }
            if step.deed == Deed::Recovers {
                text.push_str("recovers = true\n");
                continue;
            }
            match &step.deed {
                Deed::Comes(persona) => put("comes", persona.word()),
                Deed::Begins(fault, lasts) => {
                    put("begins", fault.word());
                    if let Some(lasts) = lasts {
                        put("for", &time_word(*lasts));
                    }
                }
                Deed::Ends(fault) => put("ends", fault.word()),
                Deed::Recovers => {}
                Deed::Expect(expected, within) => {
                    match expected {
                        Expected::Decided(outcome, None) => put("expect", outcome),
                        Expected::Decided(outcome, Some(reason)) => {
                            put("expect", &format!("{outcome}: {reason}"));
                        }
                        Expected::Left(left) => put("leaves", left),
                        Expected::Screen(screen) => put("shows", screen),
                        Expected::Controller(state) => put("controller", state),
                    }
                    put("within", &time_word(*within));
                }
            }
        }
        text
    }
}

/// A time as a file says it, to the millisecond.
fn time_word(time: Duration) -> String {
    let ms = time.as_millis();
    if ms.is_multiple_of(1_000) {
        format!("{} s", ms / 1_000)
    } else {
        format!("{ms} ms")
    }
}

/// A word, and the line in which it stands.
struct Word {
    line: usize,
    text: String,
}

impl StepInFile {
    /// `line` is that of the step's header; `line_of` gives that of a place in the file.
    fn check(self, line: usize, line_of: &dyn Fn(usize) -> usize) -> Result<Step, ScenarioError> {
        let deeds = [
            ("comes", self.comes.is_some()),
            ("begins", self.begins.is_some()),
            ("ends", self.ends.is_some()),
            ("recovers", self.recovers),
            ("expect", self.expect.is_some()),
            ("leaves", self.leaves.is_some()),
            ("shows", self.shows.is_some()),
            ("controller", self.controller.is_some()),
        ];
        let found: Vec<&str> = deeds
            .into_iter()
            .filter_map(|(word, there)| there.then_some(word))
            .collect();
        if found.len() != 1 {
            let found = if found.is_empty() {
                "none".to_owned()
            } else {
                found.join(" and ")
            };
            return Err(ScenarioError::Deeds { line, found });
        }
        let at = |span: std::ops::Range<usize>| line_of(span.start);
        let word = |word: Option<Spanned<String>>| {
            word.map(|word| Word {
                line: at(word.span()),
                text: word.into_inner(),
            })
        };
        let (after, lasts, within) = (word(self.after), word(self.r#for), word(self.within));
        let stray = |word: &Word, key, to| {
            let line = word.line;
            Err(ScenarioError::Stray { line, key, to })
        };
        if let (Some(lasts), None) = (&lasts, &self.begins) {
            return stray(lasts, "for", "`begins`");
        }
        let awaits = self.expect.is_some()
            || self.leaves.is_some()
            || self.shows.is_some()
            || self.controller.is_some();
        if let (Some(within), false) = (&within, awaits) {
            return stray(
                within,
                "within",
                "`expect`, `leaves`, `shows` or `controller`",
            );
        }
        let time = |key, word: &Option<Word>| {
            let word = word.as_ref();
            word.map(|word| parse_time(key, word)).transpose()
        };
        let after = time("after", &after)?.unwrap_or_default();
        let lasts = time("for", &lasts)?;
        let patience = time("within", &within)?.unwrap_or(WITHIN);
        if let (Some(within), true) = (&within, patience.is_zero()) {
            return Err(ScenarioError::Impossible {
                line: within.line,
                key: "within",
                why: "nothing is seen in no time".to_owned(),
            });
        }
        let awaited = |line, expected| (line, Deed::Expect(expected, patience));
        let (line, deed) = if let Some(persona) = self.comes {
            (at(persona.span()), Deed::Comes(persona.into_inner()))
        } else if let Some(fault) = self.begins {
            (at(fault.span()), Deed::Begins(fault.into_inner(), lasts))
        } else if let Some(fault) = self.ends {
            (at(fault.span()), Deed::Ends(fault.into_inner()))
        } else if self.recovers {
            (line, Deed::Recovers)
        } else if let Some(word) = word(self.expect) {
            awaited(word.line, outcome(&word)?)
        } else if let Some(word) = word(self.leaves) {
            let ways = [
                Left::ThroughExit,
                Left::ThroughEntry,
                Left::NeverEntered,
                Left::Unknown,
            ];
            let words = ways.map(super::told::left_word);
            awaited(
                word.line,
                Expected::Left(one_of("leaves", &word, &word.text, &words)?),
            )
        } else if let Some(word) = word(self.shows) {
            let screen = one_of("shows", &word, &word.text, &SCREENS)?;
            awaited(word.line, Expected::Screen(screen.to_owned()))
        } else if let Some(word) = word(self.controller) {
            let words = STATES.map(|state| state.to_string());
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let state = one_of("controller", &word, &word.text, &words)?;
            awaited(word.line, Expected::Controller(state.to_owned()))
        } else {
            let found = "none".to_owned();
            return Err(ScenarioError::Deeds { line, found });
        };
        Ok(Step { line, after, deed })
    }
}

/// Every screen a scenario can wait for.
const SCREENS: [&str; 13] = [
    "out-of-service",
    "welcome",
    "step-in",
    "place-document",
    "keep-document",
    "look-here",
    "one-moment",
    "go",
    "officer-coming",
    "step-back",
    "one-person",
    "emergency",
    "show-permit",
];

/// Every state of a two-door lane that a scenario can wait for.
const STATES: [State; 15] = [
    State::Secure,
    State::Idle,
    State::EntryOpen,
    State::EntryClosing,
    State::Occupied,
    State::Several,
    State::ExitOpen,
    State::ExitClosing,
    State::Returning,
    State::LeftObject,
    State::Emergency,
    State::Trouble,
    State::PowerFail,
    State::Tamper,
    State::Service,
];

fn one_of<'a>(
    key: &'static str,
    word: &Word,
    found: &str,
    words: &[&'a str],
) -> Result<&'a str, ScenarioError> {
    words
        .iter()
        .find(|word| **word == found)
        .copied()
        .ok_or_else(|| ScenarioError::Word {
            line: word.line,
            key,
            expected: format!("one of {}", words.join(", ")),
            found: found.to_owned(),
        })
}

fn outcome(word: &Word) -> Result<Expected, ScenarioError> {
    let (kind, reason) = match word.text.split_once(':') {
        Some((kind, reason)) => (kind.trim(), Some(reason.trim())),
        None => (word.text.as_str(), None),
    };
    let kind = one_of("expect", word, kind, &["cleared", "referred", "abandoned"])?;
    let all = || {
        let referred = Referral::ALL.map(Outcome::Referred);
        let gone = [Abandonment::NotEntered, Abandonment::WentBack].map(Outcome::Abandoned);
        referred.into_iter().chain(gone)
    };
    let reasons: Vec<&'static str> = all()
        .filter(|outcome| outcome.word() == kind)
        .filter_map(|outcome| outcome.reason())
        .collect();
    let reason = match reason {
        Some(_) if reasons.is_empty() => {
            return Err(ScenarioError::Word {
                line: word.line,
                key: "expect",
                expected: format!("{kind} alone, which has no reason"),
                found: word.text.clone(),
            });
        }
        reason => reason
            .map(|reason| one_of("expect", word, reason, &reasons))
            .transpose()?,
    };
    Ok(Expected::Decided(kind, reason))
}

fn parse_time(key: &'static str, word: &Word) -> Result<Duration, ScenarioError> {
    let wrong = || ScenarioError::Word {
        line: word.line,
        key,
        expected: format!(
            "a time with its unit up to {}, like \"6 s\" or \"500 ms\"",
            time_word(TIME_MAX)
        ),
        found: word.text.clone(),
    };
    let time: SignedDuration = word.text.parse().map_err(|_| wrong())?;
    let time = Duration::try_from(time).map_err(|_| wrong())?;
    if time > TIME_MAX {
        return Err(wrong());
    }
    Ok(time)
}

/// The text of a scenario's file.
///
/// # Errors
///
/// Where it is no UTF-8.
pub fn text_of(bytes: &[u8]) -> Result<&str, ScenarioError> {
    std::str::from_utf8(bytes).map_err(|problem| {
        let byte = problem.valid_up_to();
        let before = bytes.get(..byte).unwrap_or(bytes);
        ScenarioError::NoText {
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            byte,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
title = "mains fail behind a traveller"
seed = 3

[[step]]
comes = "genuine"

[[step]]
after = "8 s"
begins = "mains-lost"
for = "40 s"

[[step]]
expect = "cleared"
within = "1500 ms"

[[step]]
shows = "go"
"#;

    #[test]
    fn a_scenario_is_what_its_text_says_and_its_text_gives_it_again() {
        let scenario = Scenario::parse(GOOD).unwrap();
        assert_eq!(scenario.steps.len(), 4);
        assert_eq!(scenario.steps[1].line, 10);
        assert_eq!(
            scenario.steps[1].deed,
            Deed::Begins(Fault::MainsLost, Some(Duration::from_secs(40)))
        );
        let again = Scenario::parse(&scenario.text()).unwrap();
        let deeds = |one: &Scenario| -> Vec<(Duration, Deed)> {
            let steps = one.steps.iter();
            steps.map(|step| (step.after, step.deed.clone())).collect()
        };
        assert_eq!(deeds(&scenario), deeds(&again));
        assert_eq!(again.seed, 3);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_what_was_expected() {
        let step = |body: &str| format!("title = \"t\"\n\n[[step]]\n{body}\n");
        let cases = [
            (step("comes = \"genuin\""), "line 4", "`genuine`"),
            (
                step("comes = \"genuine\"\nends = \"fire\""),
                "line 3",
                "comes and ends",
            ),
            (step("after = \"6 s\""), "line 3", "found none"),
            (step("begins = \"fire\"\nfor = \"6\""), "line 5", "\"6 s\""),
            (step("begins = \"fire\"\nfor = \"2 h\""), "line 5", "3600 s"),
            (step("ends = \"fire\"\nfor = \"6 s\""), "line 5", "`begins`"),
            (
                step("ends = \"fire\"\nwithin = \"6 s\""),
                "line 5",
                "`expect`",
            ),
            (
                step("expect = \"referred: bad-luck\""),
                "line 4",
                "face-mismatch",
            ),
            (
                step("expect = \"cleared: by chance\""),
                "line 4",
                "expected cleared alone, which has no reason",
            ),
            (step("expect = \"perhaps\""), "line 4", "cleared, referred"),
            (step("shows = \"gone\""), "line 4", "step-back"),
            (step("controller = \"asleep\""), "line 4", "tamper"),
            (step("leaves = \"by air\""), "line 4", "through-exit"),
            (
                step("shows = \"go\"\nwithin = \"0 s\""),
                "line 5",
                "no time",
            ),
            (step("goes = \"away\""), "line 4", "unknown field `goes`"),
            ("title = 7\n".to_owned(), "line 1", "string"),
            ("seed = 1\n".to_owned(), "line 1", "title"),
            (
                "title = \"t\"\nprofile = \"brisk\"".to_owned(),
                "line 2",
                "typical",
            ),
        ];
        for (text, place, expected) in cases {
            let told = Scenario::parse(&text).unwrap_err().to_string();
            assert!(told.contains(place), "{text}\n{told}");
            assert!(told.contains(expected), "{text}\n{told}");
        }
    }

    #[test]
    fn a_file_that_is_no_text_is_told_with_its_line() {
        let told = text_of(b"title = \"t\"\n# \xff\n").unwrap_err().to_string();
        assert_eq!(told, "line 2: byte 14 of the file is no UTF-8");
        assert_eq!(text_of(b"title"), Ok("title"));
    }
}
