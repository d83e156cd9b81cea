//! Known defects of documents, by model: entries of one's own, here in TOML, and those of published lists
//! ([`super::defect_list`]).
//!
//! ```toml
//! [[defect]]
//! id = "uto-2019-optional-data"
//! issuer = "UTO"                                  # as in the zone
//! document = "P"                                  # document code; any where missing
//! numbers = { from = "L00000000", to = "L00999999" }
//! signer = "3f…"                                  # SHA-256 of the document signer certificate
//! issued = { from = "2019-01-01", to = "2019-12-31" } # by the signing time of EF.SOD
//! check = "printed-against-chip"
//! effect = "waive"                                # or "fail", "distrust", "note"
//! source = "circular 12 of the issuer"
//! until = "2029-12-31"
//! ```
//!
//! A defect is never silent: [`Check::KnownDefects`] names it, and a check that was waived says so.

use super::defect_list::{DefectList, has_digest};
use crate::certificate::{Certificate, Fingerprint};
use crate::cms::SignerIdentifier;
use crate::country;
use crate::finding::{Check, Finding, Outcome};
use jiff::civil::Date;
use serde::Deserialize;

/// Longest list that is read.
pub const DEFECTS_BYTES_MAX: usize = 1024 * 1024;

/// Why a list of defects is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefectsError {
    /// Longer than any list.
    #[error("list of defects of {length} bytes, at most {DEFECTS_BYTES_MAX} expected")]
    TooLong {
        /// Bytes found.
        length: usize,
    },
    /// The text names the line, what was expected and what was found.
    #[error("list of defects: {0}")]
    Text(String),
    /// Signatures are never waived: whoever has no signature has no document.
    #[error("defect {id}: this check cannot be waived")]
    NotWaivable {
        /// Which defect.
        id: String,
    },
    /// Two defects of one name could not be told apart in a report.
    #[error("defect {id} is listed twice")]
    Twice {
        /// Which defect.
        id: String,
    },
}

/// A list of defects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defects {
    entries: Vec<Defect>,
}

/// What is known about some documents.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// Name, stable, for reports.
    pub id: String,
    /// Issuing State as in the zone.
    pub issuer: String,
    /// Document code as in the zone.
    pub document: Option<String>,
    /// Range of document numbers, both ends included, of equal length.
    pub numbers: Option<Numbers>,
    /// Document signer certificate.
    pub signer: Option<String>,
    /// When EF.SOD was signed.
    pub issued: Option<Days>,
    /// The check that the defect touches.
    pub check: Check,
    /// What follows.
    pub effect: Effect,
    /// Who says so.
    pub source: String,
    /// Last day on which the entry counts.
    pub until: Option<Date>,
    /// Which documents a published list names; none in an entry of one's own.
    #[serde(skip)]
    pub(crate) listed: Option<Listed>,
}

/// Documents as published lists name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Country of the document signer, two letters.
    pub(crate) country: Option<String>,
    pub(crate) signer: Option<SignerIdentifier>,
    /// Digest of the signer's certificate.
    pub(crate) digest: Option<Vec<u8>>,
    /// Document numbers, sorted.
    pub(crate) numbers: Option<Vec<Box<[u8]>>>,
}

/// What follows from a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The check does not count against the document.
    Waive,
    /// The document is refused whatever the check says.
    Fail,
    /// It is said, and nothing else.
    Note,
    /// That the check was passed proves nothing.
    Distrust,
}

/// Document numbers from one to another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// First.
    pub from: String,
    /// Last.
    pub to: String,
}

/// Days from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// First.
    pub from: Date,
    /// Last.
    pub to: Date,
}

/// The document as far as a defect may depend on it.
pub(crate) struct Subject<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) document_code: &'a str,
    pub(crate) number: &'a str,
    pub(crate) signer: Option<&'a Certificate>,
    pub(crate) issued: Option<Date>,
}

/// Checks that no entry can waive.
const NEVER_WAIVED: [Check; 5] = [
    Check::SodSignature,
    Check::SignerTrust,
    Check::DataGroupDigests,
    Check::Revocation,
    Check::Validity,
];

impl Defects {
    /// Reads a list in TOML.
    ///
    /// # Errors
    ///
    /// [`DefectsError`]: a list counts whole or not at all.
    pub fn parse(text: &str) -> Result<Self, DefectsError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default)]
            defect: Vec<Defect>,
        }
        if text.len() > DEFECTS_BYTES_MAX {
            let length = text.len();
            return Err(DefectsError::TooLong { length });
        }
        let file: File =
            toml::from_str(text).map_err(|problem| DefectsError::Text(problem.to_string()))?;
        let mut seen = std::collections::BTreeSet::new();
        for entry in &file.defect {
            let id = || entry.id.clone();
            if !seen.insert(&entry.id) {
                return Err(DefectsError::Twice { id: id() });
            }
            if entry.effect == Effect::Waive && NEVER_WAIVED.contains(&entry.check) {
                return Err(DefectsError::NotWaivable { id: id() });
            }
        }
        Ok(Self {
            entries: file.defect,
        })
    }

    /// The same, with what published lists say.
    #[must_use]
    pub fn with_lists(mut self, lists: &[DefectList]) -> Self {
        let listed = lists.iter().flat_map(|list| &list.entries);
        self.entries.extend(listed.cloned());
        self
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[Defect] {
        &self.entries
    }

    /// Applies what is known about `subject` to `findings`, and says so.
    pub(crate) fn apply(
        &self,
        subject: &Subject<'_>,
        findings: &mut [Finding],
        today: Option<Date>,
    ) -> Finding {
        let check = Check::KnownDefects;
        let known: Vec<&Defect> = self
            .entries
            .iter()
            .filter(|entry| entry.concerns(subject) && entry.counts(today))
            .collect();
        for entry in known.iter().filter(|entry| entry.effect == Effect::Waive) {
            for finding in findings
                .iter_mut()
                .filter(|found| found.check == entry.check)
            {
                if finding.outcome != Outcome::Passed {
                    finding.outcome = Outcome::Passed;
                    finding.reason = format!("waived by defect {}: {}", entry.id, finding.reason);
                }
            }
        }
        for entry in known
            .iter()
            .filter(|entry| entry.effect == Effect::Distrust)
        {
            for finding in findings
                .iter_mut()
                .filter(|found| found.check == entry.check && found.outcome == Outcome::Passed)
            {
                finding.outcome = Outcome::NotDone;
                finding.reason = format!("proves nothing because of defect {}", entry.id);
            }
        }
        let names: Vec<&str> = known.iter().map(|entry| entry.id.as_str()).collect();
        let names = names.join(", ");
        if known.is_empty() {
            Finding::passed(check)
        } else if known.iter().any(|entry| entry.effect == Effect::Fail) {
            Finding::failed(check, names)
        } else {
            Finding::not_done(check, names)
        }
    }
}

impl Listed {
    fn concerns(&self, subject: &Subject<'_>) -> bool {
        let signer =
            |wanted: &SignerIdentifier| subject.signer.is_some_and(|signer| wanted.names(signer));
        let digest = |digest: &Vec<u8>| {
            subject
                .signer
                .is_some_and(|signer| has_digest(signer, digest))
        };
        let of_country =
            |code: &String| country::agree(subject.issuer, code).unwrap_or(code == subject.issuer);
        let number = |numbers: &Vec<Box<[u8]>>| {
            let own = subject.number.as_bytes();
            numbers
                .binary_search_by(|number| (**number).cmp(own))
                .is_ok()
        };
        self.country.as_ref().is_none_or(of_country)
            && self.signer.as_ref().is_none_or(signer)
            && self.digest.as_ref().is_none_or(digest)
            && self.numbers.as_ref().is_none_or(number)
    }
}

impl Defect {
    fn concerns(&self, subject: &Subject<'_>) -> bool {
        let number = |range: &Numbers| {
            let length = subject.number.len();
            range.from.len() == length
                && range.to.len() == length
                && range.from.as_str() <= subject.number
                && subject.number <= range.to.as_str()
        };
        let signer = |wanted: &String| {
            let wanted = wanted.parse::<Fingerprint>().ok();
            wanted.is_some() && wanted == subject.signer.map(Certificate::fingerprint)
        };
        let issued = |days: &Days| {
            subject
                .issued
                .is_some_and(|day| days.from <= day && day <= days.to)
        };
        let issuer = match &self.listed {
            Some(listed) => listed.concerns(subject),
            None => self.issuer == subject.issuer,
        };
        issuer
            && self
                .document
                .as_ref()
                .is_none_or(|code| code == subject.document_code)
            && self.numbers.as_ref().is_none_or(number)
            && self.signer.as_ref().is_none_or(signer)
            && self.issued.as_ref().is_none_or(issued)
    }

    /// An entry that has run out does nothing. While the day is unknown, an entry that speaks for a
    /// document does nothing either.
    fn counts(&self, today: Option<Date>) -> bool {
        match (self.until, today) {
            (Some(until), Some(today)) => today <= until,
            (Some(_), None) => self.effect != Effect::Waive,
            (None, _) => true,
        }
    }
}
