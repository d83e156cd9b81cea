//! `gatectl document barcode`: what a barcode is, from a picture or its bytes.
//!
//! The unsigned barcode of Vietnamese identity cards is a hint for whoever looks, never evidence.

use crate::Exit;
use crate::document::{Problem, Zone};
use crate::failure::{Failing, Failure};
use crate::file::{self, LONGEST};
use clap::Args;
use gate_document::Mrz;
use gate_document::seal::hint::{HintError, IdentityHint};
use gate_document::seal::imager::Symbology;
use gate_document::seal::symbol::{self, SIDE_MAX, SymbolError};
use gate_document::seal::{Seal, SealError, read};
use image::{ImageError, ImageFormat, ImageReader, Limits};
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
    Size(#[from] SymbolError),
    /// Copy the file anew, or take the picture again.
    #[error("the {kind} picture cannot be decoded: {problem}")]
    Broken {
        /// PNG or JPEG.
        kind: &'static str,
        /// What the decoder says.
        problem: ImageError,
    },
    /// Save it as PNG or JPEG.
    #[error("a picture of type {found} found, PNG or JPEG expected")]
    Format {
        /// What its first bytes say.
        found: &'static str,
    },
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

impl Failing for NotRead {
    fn failure(&self) -> Failure {
        const STEP: &str = "picture of a barcode";
        match self {
            Self::Size(_)
            | Self::Broken {
                problem: ImageError::Limits(_),
                ..
            } => Failure::new(
                "picture-size",
                STEP,
                "the picture is no larger than barcodes are looked for in",
                "cut the picture to the barcode",
            ),
            Self::Broken { .. } => Failure::new(
                "broken-picture",
                STEP,
                "the picture is whole",
                "copy the file anew, or take the picture again",
            ),
            Self::Format { .. } => Failure::new(
                "no-picture",
                STEP,
                "the picture is a PNG or JPEG",
                "save the picture as PNG or JPEG",
            ),
            Self::Count { .. } => Failure::new(
                "barcode-count",
                STEP,
                "the picture shows one barcode",
                "take the picture again, one barcode flat and whole",
            ),
            Self::Unknown { seal, .. } => {
                Failure::of(seal.fault(), "show another barcode of the document")
            }
        }
    }

    fn exit(&self) -> Exit {
        Exit::NotRead
    }
}

enum Barcode {
    Seal(Box<Seal>),
    Hint(IdentityHint),
}

impl Arguments {
    pub(crate) fn run(&self) -> Result<Exit, Problem> {
        let printed = self.zone.read()?;
        let bytes = file::read(&self.file, LONGEST).map_err(|problem| Problem::File {
            step: "barcode",
            problem,
        })?;
        let understood = understand(&bytes).map_err(|problem| Problem::Barcode {
            path: self.file.display().to_string(),
            problem,
        })?;
        let said = match understood {
            Barcode::Hint(hint) => Said::of_hint(&hint, printed.as_ref(), self.show),
            Barcode::Seal(seal) => Said::of_seal(&seal),
        };
        if self.json {
            say!("{}", said.json);
        } else {
            crate::print::out(format_args!("{}", said.words));
        }
        Ok(Exit::Done)
    }
}

/// A picture has a barcode in it; other bytes are those of one.
fn understand(file: &[u8]) -> Result<Barcode, NotRead> {
    let format = image::guess_format(file).ok();
    let kind = match format {
        Some(ImageFormat::Png) => "PNG",
        Some(ImageFormat::Jpeg) => "JPEG",
        other => {
            let unknown = of_bytes(file);
            // A few bytes of a text can be those of a picture's type: it is one if it is no barcode.
            return match other.and_then(|format| format.extensions_str().first()) {
                Some(found) if unknown.is_err() => Err(NotRead::Format { found }),
                _ => unknown,
            };
        }
    };
    let picture = decode(file).map_err(|problem| NotRead::Broken { kind, problem })?;
    let found = symbol::find(&picture, &Symbology::ALL)?;
    let [scanned] = &found[..] else {
        return Err(NotRead::Count { found: found.len() });
    };
    of_bytes(scanned.bytes.expose())
}

fn of_bytes(bytes: &[u8]) -> Result<Barcode, NotRead> {
    match (read(bytes), IdentityHint::read(bytes)) {
        (Ok(seal), _) => Ok(Barcode::Seal(Box::new(seal))),
        (Err(_), Ok(hint)) => Ok(Barcode::Hint(hint)),
        (Err(seal), Err(hint)) => Err(NotRead::Unknown { seal, hint }),
    }
}

fn decode(file: &[u8]) -> Result<image::GrayImage, ImageError> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    reader.limits(limits);
    Ok(reader.decode()?.to_luma8())
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
