//! The file that names the sources of a bundle, and the files that it names.

use super::Problem;
use crate::file;
use gate_document::TrustStore;
use gate_document::trust::Certificate;
use gate_document::trust::assembly::{Assembly, AssemblyError};
use gate_document::trust::bilateral::HandOver;
use gate_document::trust::ldif::LDIF_BYTES_MAX;
use jiff::civil::Date;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What `gatectl trust build --help` shows.
pub(super) const EXAMPLE: &str = r#"The sources, in TOML; files are looked for beside it, certificates may be in DER or PEM:

  expected = ["VNM", "LAO", "KHM", "CHN"]    # whose documents the gate will see
  defects = "defects.toml"                   # what is known of some models; may be missing

  [[master-list]]
  file = "de-master-list.ml"
  pinned = ["de-master-list-signer.cer"]     # its signer, or the authority that certified the signer

  [[directory]]                              # ICAO PKD: LDIF with signers, revocation and master lists
  file = "icaopkd-001.ldif"

  [[hand-over]]                              # what a State handed over, for one that publishes nothing
  file = "la-csca.cer"
  country = "LA"
  received = "2026-11-02"
  fingerprints = ["3f1c ...", "3f1c ..."]    # SHA-256, typed by two persons from paper, not copied

  [[revocation-list]]
  file = "vn.crl"

  [[defect-list]]                            # deviation list of ICAO, or defect list of the BSI
  file = "it-deviations.der"
  pinned = ["it-deviation-list-signer.cer"]

  [[certificate]]                            # a signer of documents or seals, or a link certificate
  file = "vn-barcode-signer.cer"
"#;

/// The sources.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Sources {
    #[serde(default)]
    pub(super) expected: Vec<String>,
    defects: Option<PathBuf>,
    #[serde(default)]
    master_list: Vec<Listed>,
    #[serde(default)]
    directory: Vec<Listed>,
    #[serde(default)]
    hand_over: Vec<HandedOver>,
    #[serde(default)]
    revocation_list: Vec<Plain>,
    #[serde(default)]
    defect_list: Vec<Listed>,
    #[serde(default)]
    certificate: Vec<Plain>,
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    file: PathBuf,
    #[serde(default)]
    pinned: Vec<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandedOver {
    file: PathBuf,
    country: String,
    received: Date,
    fingerprints: [String; 2],
}

impl Sources {
    pub(super) fn read(path: &Path) -> Result<Self, Problem> {
        let text = file::text(path)?;
        let sources: Self = toml::from_str(&text).map_err(|problem| Problem::Sources {
            path: name(path),
            problem: in_its_line(&text, &problem),
        })?;
        if sources.is_empty() {
            return Err(Problem::NoSources { path: name(path) });
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { folder, ..sources })
    }

    const fn is_empty(&self) -> bool {
        self.master_list.is_empty()
            && self.directory.is_empty()
            && self.hand_over.is_empty()
            && self.revocation_list.is_empty()
            && self.defect_list.is_empty()
            && self.certificate.is_empty()
    }

    /// Defects of one's own, in TOML.
    pub(super) fn defects(&self) -> Result<String, Problem> {
        let Some(path) = &self.defects else {
            return Ok(String::new());
        };
        Ok(file::text(&self.folder.join(path))?.to_string())
    }

    /// Takes every source in.
    pub(super) fn assemble(&self, today: Date) -> Result<Assembly, Problem> {
        let mut assembly = Assembly::new(today);
        for list in &self.master_list {
            let (bytes, pinned) = self.listed(list)?;
            let result = assembly.master_list(&name(&list.file), &bytes, &pinned);
            taken(&list.file, result)?;
        }
        for what in &self.hand_over {
            let certificates = self.certificates(&what.file)?;
            let fingerprints = what.fingerprints.each_ref().map(|typed| typed.parse());
            let [Ok(first), Ok(second)] = fingerprints else {
                return Err(Problem::Fingerprint {
                    path: name(&what.file),
                });
            };
            for certificate in &certificates {
                let result = assembly.hand_over(&HandOver {
                    certificate: certificate.der(),
                    country: &what.country,
                    received: what.received,
                    fingerprints: [first, second],
                });
                taken(&what.file, result)?;
            }
        }
        for list in &self.directory {
            let (bytes, pinned) = self.listed(list)?;
            let result = assembly.directory(&name(&list.file), &bytes, &pinned);
            taken(&list.file, result)?;
        }
        for list in &self.revocation_list {
            let bytes = bounded(&self.folder.join(&list.file))?;
            taken(&list.file, assembly.revocation_list(&bytes))?;
        }
        for list in &self.defect_list {
            let (bytes, pinned) = self.listed(list)?;
            let result = assembly.defect_list(&name(&list.file), &bytes, &pinned);
            taken(&list.file, result)?;
        }
        for of in &self.certificate {
            for certificate in self.certificates(&of.file)? {
                taken(&of.file, assembly.certificate(certificate.der()))?;
            }
        }
        Ok(assembly)
    }

    fn listed(&self, list: &Listed) -> Result<(Vec<u8>, Vec<Certificate>), Problem> {
        let mut pinned = Vec::new();
        for path in &list.pinned {
            pinned.extend(self.certificates(path)?);
        }
        Ok((bounded(&self.folder.join(&list.file))?, pinned))
    }

    fn certificates(&self, file: &Path) -> Result<Vec<Certificate>, Problem> {
        let bytes = bounded(&self.folder.join(file))?;
        let store = match bytes.first() {
            Some(0x30) => TrustStore::from_der([&bytes[..]]),
            _ => TrustStore::from_pem(&bytes),
        };
        let store = store.map_err(|problem| Problem::Certificate {
            path: name(file),
            problem,
        })?;
        let anchors = store.anchors().iter();
        Ok(anchors.map(|anchor| anchor.certificate.clone()).collect())
    }
}

fn taken(file: &Path, result: Result<(), AssemblyError>) -> Result<(), Problem> {
    result.map_err(|problem| Problem::Source {
        path: name(file),
        problem,
    })
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// What the parser says, and where; without the line itself, which may be of another kind of file.
fn in_its_line(text: &str, problem: &toml::de::Error) -> String {
    let at = problem.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
    format!("line {line}, column {column}: {}", problem.message().trim())
}

/// Reads a file that is no longer than the whole directory, and not empty.
pub(super) fn bounded(path: &Path) -> Result<Vec<u8>, Problem> {
    let bytes = file::read(path, LDIF_BYTES_MAX as u64)?.to_vec();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::EmptyFile { path: name(path) });
    }
    Ok(bytes)
}
