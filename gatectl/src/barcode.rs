//! `gatectl document barcode`: what a barcode is, from a picture or its bytes.
//!
//! The unsigned barcode of Vietnamese identity cards is a hint for whoever looks, never evidence.

use crate::document::{Problem, Zone};
use crate::{Exit, dump, report};
use clap::Args;
use gate_document::seal::hint::{HintError, IdentityHint};
use gate_document::seal::imager::Symbology;
use gate_document::seal::symbol::{self, SIDE_MAX, SymbolError};
use gate_document::seal::{Seal, SealError, read};
use gate_document::{Fault, Mrz, Sensitive};
use image::{ImageReader, Limits};
use serde_json::{Value, json};
use std::io::Cursor;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A picture of the barcode, or its bytes as an imager hands them on.
    file: PathBuf,
    #[command(flatten)]
    zone: Zone,
    /// Says what stands in a hint, too: number, name and day of birth.
    #[arg(long)]
    show: bool,
    /// The result as one JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Why a barcode says nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRead {
    /// Cut the picture, or take a smaller one.
    #[error(transparent)]
    Picture(#[from] SymbolError),
    /// Take the picture again, the barcode flat and whole.
    #[error("{found} barcodes in the picture, one expected")]
    Count {
        /// How many.
        found: usize,
    },
    /// It is another barcode.
    #[error("neither a seal ({seal}) nor the barcode of an identity card ({hint})")]
    Unknown {
        /// Why it is no seal.
        seal: SealError,
        /// Why it is no hint.
        hint: HintError,
    },
}

impl NotRead {
    pub(crate) fn fault(&self) -> Fault {
        let rule = gate_document::seal::SealCheck::SealStructure.rule();
        match self {
            Self::Picture(_) => rule.broken("picture-size"),
            Self::Count { .. } => rule.broken("barcode-count"),
            Self::Unknown { seal, .. } => seal.fault(),
        }
    }

    pub(crate) const fn next_step(&self) -> &'static str {
        match self {
            Self::Picture(_) => "cut the picture to the barcode",
            Self::Count { .. } => "take the picture again, one barcode flat and whole",
            Self::Unknown { .. } => "show another barcode of the document",
        }
    }
}

enum Barcode {
    Seal(Box<Seal>),
    Hint(IdentityHint),
}

impl Arguments {
    pub(crate) fn run(&self) -> Result<Exit, Problem> {
        let printed = self.zone.read()?;
        let bytes = dump::bounded(&self.file).map_err(|problem| Problem::File {
            path: self.file.display().to_string(),
            problem,
        })?;
        let said = match understand(bytes) {
            Ok(Barcode::Hint(hint)) => Said::of_hint(&hint, printed.as_ref(), self.show),
            Ok(Barcode::Seal(seal)) => Said::of_seal(&seal),
            Err(problem) => {
                let fault = problem.fault();
                report::not_read(&problem, Some(&fault), problem.next_step(), self.json);
                return Ok(Exit::NotRead);
            }
        };
        if self.json {
            println!("{}", said.json);
        } else {
            print!("{}", said.words);
        }
        Ok(Exit::Done)
    }
}

/// A picture has a barcode in it; other bytes are those of one.
fn understand(file: Vec<u8>) -> Result<Barcode, NotRead> {
    let bytes = match picture(&file) {
        Some(picture) => {
            let found = symbol::find(&picture, &Symbology::ALL)?;
            let [scanned] = &found[..] else {
                return Err(NotRead::Count { found: found.len() });
            };
            scanned.bytes.clone()
        }
        None => Sensitive::new(file),
    };
    let bytes = bytes.expose();
    match (read(bytes), IdentityHint::read(bytes)) {
        (Ok(seal), _) => Ok(Barcode::Seal(Box::new(seal))),
        (Err(_), Ok(hint)) => Ok(Barcode::Hint(hint)),
        (Err(seal), Err(hint)) => Err(NotRead::Unknown { seal, hint }),
    }
}

fn picture(file: &[u8]) -> Option<image::GrayImage> {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format();
    let mut reader = reader.ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    reader.limits(limits);
    Some(reader.decode().ok()?.to_luma8())
}

/// What is said, both ways.
struct Said {
    words: String,
    json: Value,
}

impl Said {
    fn of_hint(hint: &IdentityHint, zone: Option<&Mrz>, show: bool) -> Self {
        let mut words =
            "a hint, not evidence: the unsigned barcode of a Vietnamese identity card, \
                         which anybody can print\n"
                .to_owned();
        let mut json = json!({ "read": true, "barcode": "identity-hint", "evidence": false });
        if show {
            let form = hint.to_prefill();
            let birth = form.birth.map(|day| day.to_string()).unwrap_or_default();
            words += &format!("number {}\nname {}\nborn {birth}\n", form.number, form.name);
            json["says"] = json!({ "number": form.number, "name": form.name, "birth": birth });
        }
        if let Some(zone) = zone {
            for (field, same) in hint.compare(zone) {
                let told = match same {
                    Some(true) => "as in the zone",
                    Some(false) => "otherwise than in the zone: look closer",
                    None => "not compared",
                };
                words += &format!("{field}: {told}\n");
                json["against_zone"][field] = same.into();
            }
        }
        Self { words, json }
    }

    /// Whose it is. Whether to believe it needs certificates and a profile.
    fn of_seal(seal: &Seal) -> Self {
        let Seal { format, issuer, .. } = seal;
        let next = "verify it with gate-permit verify";
        Self {
            words: format!("a seal, not verified: {format} of {issuer}\n    next: {next}\n"),
            json: json!({
                "read": true,
                "barcode": "seal",
                "evidence": false,
                "format": format.to_string(),
                "issuer": issuer,
                "next": next,
            }),
        }
    }
}
