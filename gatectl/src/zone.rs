//! `gatectl document mrz`: reads the machine readable zone out of a picture of a page.

use crate::Exit;
use crate::failure::{self, Failing, Failure};
use crate::file::{self, FileError};
use clap::Args;
use gate_document::Check;
use gate_document::mrz::{Format, Mrz, Position, Sex};
use gate_face::manifest::{Manifest, ManifestError};
use gate_face::models::ModelSet;
use gate_zone::error::{LoadError, Problem as Flaw};
use gate_zone::picture::FILE_MAX;
use gate_zone::{Grey, PictureError, Reading, ZoneError, ZoneReader};
use serde_json::{Value, json};
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The picture of a page: JPEG or PNG, from a scanner or a camera, whichever way up.
    image: PathBuf,
    /// Says what stands in the zone, too: name, number and dates. Without it only how it was read.
    #[arg(long)]
    show: bool,
    /// The result as one JSON object on standard output.
    #[arg(long)]
    json: bool,
    /// The model manifest; without it the one that this program was built with.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// The folder of the models.
    #[arg(long, env = "GATE_MODELS", default_value = "/var/lib/gate/models")]
    models: PathBuf,
}

/// Why there is no zone.
#[derive(Debug, thiserror::Error)]
enum NotRead {
    /// See [`FileError`].
    #[error(transparent)]
    File(#[from] FileError),
    /// See [`PictureError`].
    #[error("{path}: {problem}")]
    Picture {
        /// Which file.
        path: String,
        /// What is wrong with it.
        problem: PictureError,
    },
    /// See [`ZoneError`].
    #[error(transparent)]
    Zone(#[from] ZoneError),
    /// See [`ManifestError`].
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// See [`LoadError`].
    #[error(transparent)]
    Models(#[from] LoadError),
}

impl NotRead {
    /// The kind, as a word that programs can rely on.
    const fn kind(&self) -> &'static str {
        match self {
            Self::File(FileError::Long { .. }) => "picture-size",
            Self::File(_) => "unreadable-file",
            Self::Picture { problem, .. } => match problem {
                PictureError::Format => "no-picture",
                PictureError::Broken(_) | PictureError::Torn => "broken-picture",
                PictureError::Long | PictureError::Size { .. } => "picture-size",
            },
            Self::Zone(problem) => match problem {
                ZoneError::NoZone => "no-zone",
                ZoneError::SeveralZones => "several-zones",
                ZoneError::Partial { problem, .. } => match problem {
                    Flaw::Missing => "partial-zone",
                    Flaw::Contradiction(_) => "contradicted-zone",
                    Flaw::Unsure { .. } => "unsure-zone",
                },
                ZoneError::Runtime(_) | ZoneError::Shape { .. } => "model-failed",
            },
            Self::Manifest(_) | Self::Models(_) => "no-model",
        }
    }

    /// Step, rule and, where a page breaks one of the standard, its clause.
    fn rule(&self) -> (&'static str, &'static str, Option<&'static str>) {
        const ZONE: &str = "printed zone in a picture";
        let of_zone = |rule, clause| (ZONE, rule, Some(clause));
        match self {
            Self::File(_) | Self::Picture { .. } => (
                "picture",
                "the picture is a whole JPEG or PNG of a page",
                None,
            ),
            Self::Zone(ZoneError::NoZone | ZoneError::SeveralZones) => of_zone(
                "a page has one zone, of the lines of one of the formats",
                "Doc 9303-4 to 9303-7, 4.2",
            ),
            Self::Zone(ZoneError::Partial { problem, .. }) => match problem {
                Flaw::Missing => of_zone(
                    "a zone has the lines of one of the formats",
                    "Doc 9303-4 to 9303-7, 4.2",
                ),
                Flaw::Contradiction(_) => {
                    let rule = Check::ZoneCheckDigits.rule();
                    of_zone(rule.text, rule.clause)
                }
                Flaw::Unsure { .. } => of_zone("every character can be read", "Doc 9303-3, 4.3"),
            },
            Self::Zone(ZoneError::Runtime(_) | ZoneError::Shape { .. })
            | Self::Manifest(_)
            | Self::Models(_) => (
                "model",
                "the models are those of the manifest, and run",
                None,
            ),
        }
    }

    const fn next_step(&self) -> &'static str {
        match self {
            Self::File(FileError::Long { .. })
            | Self::Picture {
                problem: PictureError::Long | PictureError::Size { .. },
                ..
            } => "take the picture in another size: 300 dpi, or a page about 1500 px wide",
            Self::Picture {
                problem: PictureError::Format,
                ..
            } => "save the picture as JPEG or PNG",
            Self::File(_) | Self::Picture { .. } => "copy the file anew, or take the picture again",
            Self::Zone(ZoneError::NoZone) => {
                "show the whole page with its lines of OCR-B, at least 8 px a character"
            }
            Self::Zone(ZoneError::SeveralZones) => "show one document alone",
            Self::Zone(ZoneError::Partial { .. }) => {
                "take the picture again: no glare, no finger, no edge on the lines"
            }
            Self::Zone(_) | Self::Manifest(_) | Self::Models(_) => "run `gate-host models verify`",
        }
    }
}

impl Failing for NotRead {
    fn failure(&self) -> Failure {
        let (step, rule, clause) = match self {
            Self::File(problem) if !matches!(problem, FileError::Long { .. }) => {
                return problem.failure("picture");
            }
            _ => self.rule(),
        };
        Failure {
            clause,
            ..Failure::new(self.kind(), step, rule, self.next_step())
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Picture { .. }
            | Self::File(FileError::Long { .. })
            | Self::Zone(ZoneError::NoZone | ZoneError::SeveralZones | ZoneError::Partial { .. }) => {
                Exit::NotRead
            }
            _ => Exit::Fault,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    match read(arguments) {
        Ok(reading) => {
            if arguments.json {
                say!("{}", as_json(&reading, arguments.show));
            } else {
                crate::print::out(format_args!(
                    "{}",
                    in_words(&reading, arguments.show).as_str()
                ));
            }
            if reading.doubtful.is_empty() {
                Exit::Done
            } else {
                Exit::Findings
            }
        }
        Err(problem) => failure::tell(&problem, arguments.json),
    }
}

fn read(arguments: &Arguments) -> Result<Reading, NotRead> {
    let bytes = file::read(&arguments.image, FILE_MAX as u64)?;
    let picture = Grey::decode(&bytes).map_err(|problem| NotRead::Picture {
        path: arguments.image.display().to_string(),
        problem,
    })?;
    let manifest = match &arguments.manifest {
        Some(path) => Manifest::open(path)?,
        None => Manifest::built_in()?,
    };
    let reader = ZoneReader::load(&ModelSet::new(manifest, arguments.models.clone()))?;
    Ok(reader.read(&picture)?)
}

const fn name(format: Format) -> &'static str {
    match format {
        Format::Td1 => "TD1",
        Format::Td2 => "TD2",
        Format::Td3 => "TD3",
        Format::MrvA => "MRV-A",
        Format::MrvB => "MRV-B",
    }
}

const fn in_plain_words(format: Format) -> &'static str {
    match format {
        Format::Td1 => "card, 3 lines of 30 characters",
        Format::Td2 => "larger card, 2 lines of 36 characters",
        Format::Td3 => "passport, 2 lines of 44 characters",
        Format::MrvA => "visa of a full page, 2 lines of 44 characters",
        Format::MrvB => "smaller visa, 2 lines of 36 characters",
    }
}

const fn sex(mrz: &Mrz) -> &'static str {
    match mrz.sex.expose() {
        Sex::Female => "female",
        Sex::Male => "male",
        Sex::Unspecified => "unspecified",
    }
}

/// The six digits of a date as the zone has them.
fn digits(mrz: &Mrz, line: usize, from: usize) -> String {
    let text = mrz.lines().nth(line).unwrap_or_default();
    text.get(from..from + 6).unwrap_or_default().to_owned()
}

/// Dates of birth and expiry, year, month and day of two digits each.
fn dates(mrz: &Mrz) -> [String; 2] {
    let places = match mrz.format {
        Format::Td1 => [0, 8],
        Format::Td2 | Format::Td3 | Format::MrvA | Format::MrvB => [13, 21],
    };
    places.map(|from| digits(mrz, 1, from))
}

/// What stands in the zone, by its names.
fn fields(mrz: &Mrz) -> Vec<(&'static str, String)> {
    let [birth, expiry] = dates(mrz);
    vec![
        ("surname", mrz.surname.expose().clone()),
        ("given names", mrz.given_names.expose().clone()),
        ("document number", mrz.document_number.expose().clone()),
        ("nationality", mrz.nationality.expose().clone()),
        ("date of birth", birth),
        ("sex", sex(mrz).to_owned()),
        ("date of expiry", expiry),
        ("optional data", mrz.optional_data.expose().clone()),
        ("optional data 2", mrz.optional_data_2.expose().clone()),
    ]
}

fn places(places: &[Position]) -> Vec<Value> {
    places
        .iter()
        .map(|place| json!({ "line": place.line, "position": place.position }))
        .collect()
}

fn as_json(reading: &Reading, show: bool) -> Value {
    let mrz = &reading.mrz;
    let mut object = json!({
        "read": true,
        "format": name(mrz.format),
        "document_code": mrz.document_code,
        "issuing_state": mrz.issuing_state,
        "repaired": places(mrz.repairs()),
        "doubtful": places(&reading.doubtful),
    });
    if show {
        let fields = fields(mrz).into_iter();
        object["fields"] = fields
            .map(|(name, value)| (name.replace(' ', "_"), Value::from(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        object["lines"] = mrz.lines().map(Value::from).collect();
    }
    object
}

fn in_words(reading: &Reading, show: bool) -> Zeroizing<String> {
    let mrz = &reading.mrz;
    let mut lines = vec![
        format!(
            "read: {} ({})",
            name(mrz.format),
            in_plain_words(mrz.format)
        ),
        format!("document code   {}", mrz.document_code),
        format!("issuing State   {}", mrz.issuing_state),
    ];
    if show {
        lines.extend(mrz.lines().map(str::to_owned));
        let fields = fields(mrz)
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        lines.extend(fields.map(|(name, value)| format!("{name:15} {value}")));
    } else {
        lines.push("name, number and dates are read; --show says them".to_owned());
    }
    lines.push("every check digit is right".to_owned());
    let each = |what: &str, at: &[Position]| -> Vec<String> {
        at.iter().map(|place| format!("{what}: {place}")).collect()
    };
    lines.extend(each("corrected under a check digit", mrz.repairs()));
    lines.extend(each(
        "doubtful, compare it with the page",
        &reading.doubtful,
    ));
    Zeroizing::new(lines.join("\n") + "\n")
}
