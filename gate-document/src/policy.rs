//! The written policy: what each check's result does to a document.
//!
//! ```toml
//! [checks]
//! sod-signature = "mandatory"    # must have been passed
//! com-against-sod = "optional"   # must not have failed
//! conformance = "recorded"       # is written down
//!
//! [freshness]                    # days
//! bundle = 35
//!
//! [permits]
//! alone = "refused"              # or "allowed": a permit whose profile says so clears without a document
//! ```
//!
//! A file names what differs from the default, `policy/default.toml`.

use crate::finding::{Check, Finding, Outcome};
use crate::trust::Freshness;
use core::fmt;
use std::collections::BTreeMap;

/// What a check's result does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Whatever it is, it is only written down.
    Recorded,
    /// Failed or broken off: refer.
    Optional,
    /// Anything but passed or not supported by the document: refer.
    WhereOffered,
    /// Anything but passed: refer.
    Mandatory,
}

impl Level {
    const ALL: [(&'static str, Self); 4] = [
        ("mandatory", Self::Mandatory),
        ("where-offered", Self::WhereOffered),
        ("optional", Self::Optional),
        ("recorded", Self::Recorded),
    ];

    /// The name in policies and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Optional => "optional",
            Self::WhereOffered => "where-offered",
            Self::Mandatory => "mandatory",
        }
    }
}

/// What follows for the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing speaks against it.
    Accept,
    /// An officer looks at it, because of these checks.
    Refer(Vec<Check>),
}

/// Why a policy is refused. Mend the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text names line and column.
    #[error("policy: {0}")]
    Text(String),
    /// Mistyped, or of another version.
    #[error("policy: {place}{found} is unknown, perhaps {nearest} is meant")]
    Unknown {
        /// Table in which it stands.
        place: &'static str,
        /// What stands there.
        found: String,
        /// The nearest known name.
        nearest: &'static str,
    },
    /// A value of another kind.
    #[error("policy: {key} is {found}, {expected} expected")]
    Value {
        /// Which key.
        key: String,
        /// What is expected.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// Without these three there is no passive authentication, and no electronic document.
    #[error("policy: {0} cannot be less than mandatory")]
    Floor(&'static str),
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    levels: BTreeMap<Check, Level>,
    freshness: Freshness,
    /// A permit may clear without a document, where its profile says so.
    permits_alone: bool,
}

const DEFAULT: &str = include_str!("../policy/default.toml");

/// Checks that every policy wants.
const FLOOR: [Check; 3] = [
    Check::SodSignature,
    Check::SignerTrust,
    Check::DataGroupDigests,
];

const TABLES: [&str; 3] = ["checks", "freshness", "permits"];
const AGES: [&str; 4] = ["bundle", "revocation-list", "master-list", "bilateral"];

impl Default for Policy {
    fn default() -> Self {
        let bare = Self {
            levels: Check::ALL
                .into_iter()
                .map(|check| (check, Level::Mandatory))
                .collect(),
            freshness: Freshness::default(),
            permits_alone: false,
        };
        // A default that is wrong is stricter than any; a test reads it.
        bare.clone().with(DEFAULT).unwrap_or(bare)
    }
}

impl Policy {
    /// Reads a policy: the default, with what `text` says otherwise.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] for the first key or value that is unknown.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Self::default().with(text)
    }

    fn with(mut self, text: &str) -> Result<Self, PolicyError> {
        let file: toml::Table = toml::from_str(text)
            .map_err(|problem| PolicyError::Text(in_its_line(text, &problem)))?;
        for (name, table) in &file {
            let table = table
                .as_table()
                .ok_or_else(|| unfit(name.clone(), "a table", table));
            match known("", name, &TABLES)? {
                "checks" => self.read_checks(table?)?,
                "permits" => self.read_permits(table?)?,
                _ => self.read_freshness(table?)?,
            }
        }
        for check in FLOOR {
            if self.level(check) != Level::Mandatory {
                return Err(PolicyError::Floor(check.name()));
            }
        }
        Ok(self)
    }

    fn read_checks(&mut self, table: &toml::Table) -> Result<(), PolicyError> {
        let names = Check::ALL.map(Check::name);
        let levels = Level::ALL.map(|(name, _)| name);
        for (name, level) in table {
            let name = known("checks.", name, &names)?;
            let level = level
                .as_str()
                .ok_or_else(|| unfit(format!("checks.{name}"), "a level in quotes", level))?;
            let level = known("level ", level, &levels)?;
            let level = Level::ALL.into_iter().find(|(known, _)| *known == level);
            let check = Check::ALL.into_iter().find(|check| check.name() == name);
            if let (Some(check), Some((_, level))) = (check, level) {
                self.levels.insert(check, level);
            }
        }
        Ok(())
    }

    fn read_freshness(&mut self, table: &toml::Table) -> Result<(), PolicyError> {
        for (name, days) in table {
            let name = known("freshness.", name, &AGES)?;
            let count = days.as_integer().and_then(|days| u16::try_from(days).ok());
            let days = count.ok_or_else(|| {
                let expected = "a number of days up to 65535";
                unfit(format!("freshness.{name}"), expected, days)
            })?;
            match name {
                "bundle" => self.freshness.bundle = days,
                "revocation-list" => self.freshness.revocation_list = days,
                "master-list" => self.freshness.master_list = days,
                _ => self.freshness.bilateral = days,
            }
        }
        Ok(())
    }

    fn read_permits(&mut self, table: &toml::Table) -> Result<(), PolicyError> {
        for (name, rule) in table {
            let name = known("permits.", name, &["alone"])?;
            let rule = rule
                .as_str()
                .ok_or_else(|| unfit(format!("permits.{name}"), "a word in quotes", rule))?;
            self.permits_alone =
                known("permits.alone ", rule, &["allowed", "refused"])? == "allowed";
        }
        Ok(())
    }

    /// The same policy, in which `checks` are only written down: they could not be done, whatever the
    /// document.
    #[must_use]
    pub fn recording(mut self, checks: &[Check]) -> Self {
        for check in checks {
            self.levels.insert(*check, Level::Recorded);
        }
        self
    }

    /// Whether a permit may clear a traveller who shows no document, where its profile says so too
    /// ([`HolderRule::alone`](crate::seal::profile::HolderRule)).
    #[must_use]
    pub const fn permits_alone(&self) -> bool {
        self.permits_alone
    }

    /// What the result of `check` does.
    #[must_use]
    pub fn level(&self, check: Check) -> Level {
        self.levels.get(&check).copied().unwrap_or(Level::Mandatory)
    }

    /// How old what is trusted may be.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// Whether `finding` speaks against the document, whatever the others say.
    #[must_use]
    pub fn objects_to(&self, finding: &Finding) -> bool {
        self.level(finding.check) > Level::Recorded
            && matches!(finding.outcome, Outcome::Failed | Outcome::Aborted)
    }

    /// What follows from `findings` for a document of which `expected` had to be checked.
    #[must_use]
    pub fn verdict(&self, expected: &[Check], findings: &[Finding]) -> Verdict {
        let outcome = |check: Check| {
            let found = findings.iter().find(|finding| finding.check == check);
            found.map(|finding| finding.outcome)
        };
        let lacking = expected.iter().copied().filter(|check| {
            let outcome = outcome(*check);
            match self.level(*check) {
                Level::Mandatory => outcome != Some(Outcome::Passed),
                Level::WhereOffered => {
                    !matches!(outcome, Some(Outcome::Passed | Outcome::NotSupported))
                }
                Level::Optional | Level::Recorded => false,
            }
        });
        let wrong = findings.iter().filter(|finding| self.objects_to(finding));
        let mut because: Vec<Check> = lacking.chain(wrong.map(|finding| finding.check)).collect();
        because.sort_unstable();
        because.dedup();
        if because.is_empty() {
            return Verdict::Accept;
        }
        Verdict::Refer(because)
    }
}

/// What the parser says, and where; without the line itself, which may be of another kind of file.
fn in_its_line(text: &str, problem: &toml::de::Error) -> String {
    let at = problem.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
    format!("line {line}, column {column}: {}", problem.message().trim())
}

fn unfit(key: String, expected: &'static str, found: &toml::Value) -> PolicyError {
    PolicyError::Value {
        key,
        expected,
        found: found.to_string().chars().take(64).collect(),
    }
}

/// `name` if it is one of `all`, or else the nearest one.
fn known(
    place: &'static str,
    name: &str,
    all: &[&'static str],
) -> Result<&'static str, PolicyError> {
    if let Some(known) = all.iter().find(|known| **known == name) {
        return Ok(known);
    }
    let nearest = all.iter().min_by_key(|known| distance(known, name));
    Err(PolicyError::Unknown {
        place,
        found: name.chars().take(64).collect(),
        nearest: nearest.copied().unwrap_or_default(),
    })
}

/// Letters to change, add or leave out to make `a` of `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let change = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "accept",
            Self::Refer(_) => "refer",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_default_is_read_and_names_every_check() {
        let bare = Policy {
            levels: BTreeMap::new(),
            freshness: Freshness::default(),
            permits_alone: true,
        };
        let read = bare.with(DEFAULT).unwrap();
        assert_eq!(read, Policy::default());
        let named: Vec<Check> = read.levels.keys().copied().collect();
        let mut all = Check::ALL.to_vec();
        all.sort_unstable();
        assert_eq!(named, all);
    }

    #[test]
    fn what_a_policy_gets_wrong_is_said_with_the_nearest_right_name() {
        for (text, expected) in [
            (
                "[checks]\nrevokation = \"optional\"",
                "policy: checks.revokation is unknown, perhaps revocation is meant",
            ),
            (
                "[check]\n",
                "policy: check is unknown, perhaps checks is meant",
            ),
            (
                "[checks]\nrevocation = \"mandatori\"",
                "policy: level mandatori is unknown, perhaps mandatory is meant",
            ),
            (
                "[freshness]\nbundles = 3",
                "policy: freshness.bundles is unknown, perhaps bundle is meant",
            ),
            (
                "[freshness]\nbundle = -1",
                "policy: freshness.bundle is -1, a number of days up to 65535 expected",
            ),
            (
                "[checks]\nrevocation = 3",
                "policy: checks.revocation is 3, a level in quotes expected",
            ),
            (
                "[permits]\nalone = \"yes\"",
                "policy: permits.alone yes is unknown, perhaps refused is meant",
            ),
            ("checks = 3", "policy: checks is 3, a table expected"),
            (
                "[checks]\nsigner-trust = \"optional\"",
                "policy: signer-trust cannot be less than mandatory",
            ),
        ] {
            assert_eq!(Policy::parse(text).unwrap_err().to_string(), expected);
        }
        assert!(Policy::parse("[checks").is_err());
    }

    #[test]
    fn a_level_decides_what_a_result_does() {
        use Level::{Mandatory, Optional, Recorded};
        use Outcome::{Aborted, Failed, NotDone, NotSupported, Passed};
        let check = Check::Revocation;
        for (level, accepted) in [
            (Mandatory, &[Passed][..]),
            (Optional, &[Passed, NotDone, NotSupported]),
            (Recorded, &[Passed, NotDone, NotSupported, Failed, Aborted]),
        ] {
            let text = format!("[checks]\nrevocation = \"{}\"", level.name());
            let policy = Policy::parse(&text).unwrap();
            for outcome in [Passed, Failed, NotDone, NotSupported, Aborted] {
                let finding = Finding {
                    outcome,
                    ..Finding::passed(check)
                };
                let expected = if accepted.contains(&outcome) {
                    Verdict::Accept
                } else {
                    Verdict::Refer(vec![check])
                };
                assert_eq!(
                    policy.verdict(&[check], &[finding]),
                    expected,
                    "{level:?} {outcome:?}"
                );
            }
            let unknown = policy.verdict(&[check], &[]);
            assert_eq!(unknown == Verdict::Accept, level < Mandatory);
        }
    }
}
