//! What a technician has beside zone and chip: the text of pages, and a visa.

use crate::dump;
use clap::Args;
use gate_document::beside::{Beside, PageText};
use gate_document::mrz::{Birth, Sex};
use gate_document::{Mrz, MrzError, Sensitive};
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

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
    /// Look at path and permissions.
    #[error("{path}: {problem}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        problem: io::Error,
    },
    /// Correct the file; its values are not repeated.
    #[error(
        "{path}: name, number, nationality, birth, sex and expiry expected, each once and in quotes"
    )]
    Text {
        /// Which file.
        path: String,
    },
    /// Compare the lines with the visa.
    #[error("the visa's zone cannot be read: {0}")]
    Visa(#[from] MrzError),
}

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
            Some(path) => Some(Box::new(Mrz::read(&text(path)?)?)),
            None => None,
        };
        Ok(Beside {
            front: self.front.as_deref().map(page).transpose()?,
            back: self.back.as_deref().map(page).transpose()?,
            visa,
        })
    }
}

fn page(path: &Path) -> Result<PageText, PageError> {
    let page: Page = toml::from_str(&text(path)?).map_err(|_| PageError::Text {
        path: path.display().to_string(),
    })?;
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

fn text(path: &Path) -> Result<Zeroizing<String>, PageError> {
    let bytes = dump::bounded(path).map_err(|problem| PageError::File {
        path: path.display().to_string(),
        problem,
    })?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}
