//! What a technician has beside zone and chip: the text of pages, and a visa.

use crate::Exit;
use crate::failure::{Failing, Failure};
use crate::file::{self, FileError, LONGEST};
use clap::Args;
use gate_document::beside::{Beside, PageText};
use gate_document::mrz::{self, Birth, Sex, WrittenError};
use gate_document::{Mrz, Sensitive};
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A file with the lines of a visa's zone.
    #[arg(long)]
    visa: Option<PathBuf>,
    /// A file with the text of the page or side with the portrait, in TOML: name, number, nationality,
    /// birth and expiry as 2026-11-22, sex as "F" or "M"; what is left out is not compared.
    #[arg(long)]
    front: Option<PathBuf>,
    /// The same of a card's back.
    #[arg(long)]
    back: Option<PathBuf>,
}

/// Why a page or a visa cannot be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// See [`FileError`].
    #[error(transparent)]
    File(#[from] FileError),
    /// Correct the line; its value is not repeated.
    #[error("{path}: line {line}: {expected} expected")]
    Text {
        /// Which file.
        path: String,
        /// Which line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// Compare the lines with the visa.
    #[error("{path}: the visa's zone cannot be read: {problem}")]
    Visa {
        /// Which file.
        path: String,
        /// Where in it, and what is wrong.
        problem: WrittenError,
    },
}

impl Failing for PageError {
    fn failure(&self) -> Failure {
        match self {
            Self::File(problem) => problem.failure("text of a page, or a visa"),
            Self::Text { .. } => Failure::new(
                "page-text",
                "text of a page",
                "a page is TOML with the keys name, number, nationality, birth, sex and expiry",
                "correct the line: gatectl document check --help has the keys",
            ),
            Self::Visa { problem, .. } => {
                Failure::of(problem.fault(), "compare the lines with the visa")
            }
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Visa { .. } => Exit::Usage,
            Self::File(_) | Self::Text { .. } => Exit::Fault,
        }
    }
}

/// The keys of a page, and what stands behind each.
const KEYS: [(&str, &str); 6] = [
    ("name", "name = \"...\", once"),
    ("number", "number = \"...\", once"),
    ("nationality", "nationality = \"...\", once"),
    ("birth", "birth = \"2026-11-22\", once"),
    ("sex", "sex = \"F\", \"M\" or \"X\", once"),
    ("expiry", "expiry = \"2026-11-22\", once"),
];

/// A page as its file spells it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    name: Option<String>,
    number: Option<String>,
    nationality: Option<String>,
    birth: Option<jiff::civil::Date>,
    sex: Option<PageSex>,
    expiry: Option<jiff::civil::Date>,
}

#[derive(Deserialize)]
enum PageSex {
    F,
    M,
    X,
}

impl Arguments {
    pub(crate) fn read(&self) -> Result<Beside, PageError> {
        let visa = match &self.visa {
            Some(path) => Some(Box::new(zone(path)?)),
            None => None,
        };
        Ok(Beside {
            front: self.front.as_deref().map(page).transpose()?,
            back: self.back.as_deref().map(page).transpose()?,
            visa,
        })
    }
}

fn zone(path: &Path) -> Result<Mrz, PageError> {
    let bytes = file::read(path, LONGEST)?;
    mrz::written(&bytes, Mrz::read).map_err(|problem| PageError::Visa {
        path: path.display().to_string(),
        problem,
    })
}

/// What the parser says may repeat a value: the line and what belongs there is enough.
fn misread(path: &Path, text: &str, problem: &toml::de::Error) -> PageError {
    let at = problem.span().map_or(0, |span| span.start).min(text.len());
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count();
    let written = text.lines().nth(line).unwrap_or_default();
    let key = written.split('=').next().unwrap_or_default().trim();
    let known = KEYS.iter().find(|(known, _)| *known == key);
    PageError::Text {
        path: path.display().to_string(),
        line: line + 1,
        expected: known.map_or(
            "name, number, nationality, birth, sex or expiry, and a value in quotes,",
            |(_, expected)| expected,
        ),
    }
}

fn page(path: &Path) -> Result<PageText, PageError> {
    let text = file::text(path)?;
    let page: Page = toml::from_str(&text).map_err(|problem| misread(path, &text, &problem))?;
    Ok(PageText {
        name: page.name.map(Sensitive::new),
        number: page.number.map(Sensitive::new),
        nationality: page.nationality.map(Sensitive::new),
        birth: page.birth.map(|birth| {
            let part = |number: i8| u8::try_from(number).ok();
            Sensitive::new(Birth {
                year_of_century: u8::try_from(birth.year().rem_euclid(100)).ok(),
                month: part(birth.month()),
                day: part(birth.day()),
            })
        }),
        sex: page.sex.map(|sex| {
            Sensitive::new(match sex {
                PageSex::F => Sex::Female,
                PageSex::M => Sex::Male,
                PageSex::X => Sex::Unspecified,
            })
        }),
        expiry: page.expiry,
    })
}
