//! From a permit to what a gate says of it.

use crate::failure::Step;
use crate::file;
use crate::issue::profile;
use crate::key::certificates;
use crate::picture::{self, Ending};
use anyhow::{Context as _, bail};
use gate_document::seal::imager::Symbology;
use gate_document::seal::profile::{Gate, check_marks};
use gate_document::seal::{SealCheck, SealInspection, SignerList, inspect, symbol};
use gate_document::{Fault, Mrz, Outcome, mrz};
use jiff::civil::Date;
use std::path::{Path, PathBuf};

/// Verifies a permit.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// A picture of the barcode, or its bytes (`.bin`).
    permit: PathBuf,
    /// What permits look like; may be given several times.
    #[arg(long, required = true)]
    profile: Vec<PathBuf>,
    /// Certificates of signers in PEM or DER; may be given several times.
    #[arg(long)]
    signers: Vec<PathBuf>,
    /// CSCA certificates in PEM, or one in DER.
    #[arg(long)]
    anchors: PathBuf,
    /// The day of inspection; today if it is not given.
    #[arg(long)]
    day: Option<Date>,
    /// A code of this port or area; may be given several times.
    #[arg(long)]
    place: Vec<String>,
    /// A file with the lines of the zone printed in the traveller's document.
    #[arg(long)]
    zone: Option<PathBuf>,
    /// Writes the findings as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Verify {
    pub(crate) fn run(&self) -> anyhow::Result<bool> {
        let profiles = self.profile.iter().map(|path| profile(path));
        let profiles = profiles.collect::<anyhow::Result<Vec<_>>>()?;
        check_marks(&profiles).context(Step::Profile)?;
        let mut signers = Vec::new();
        for path in &self.signers {
            signers.extend(certificates(path)?);
        }
        let signers = SignerList::new(signers, certificates(&self.anchors)?);
        let printed = match &self.zone {
            Some(path) => Some(zone(path).context(Step::Zone)?),
            None => None,
        };
        let (barcode, symbology) = self.barcode().context(Step::Barcode)?;
        let places: Vec<&str> = self.place.iter().map(String::as_str).collect();
        let gate = Gate {
            places: &places,
            today: Some(self.day.unwrap_or_else(|| jiff::Zoned::now().date())),
            printed: printed.as_ref(),
            symbology,
        };
        let inspection = inspect(&barcode, &profiles, &signers, &gate);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&as_json(&inspection)?)?);
        } else {
            print(&inspection);
        }
        Ok(inspection.accepted())
    }

    fn barcode(&self) -> anyhow::Result<(Vec<u8>, Option<Symbology>)> {
        if matches!(Ending::of(&self.permit), Ok(Ending::Bytes)) {
            return Ok((file::read(&self.permit)?.to_vec(), None));
        }
        let picture = picture::read(&self.permit)?;
        let found = symbol::find(&picture, &Symbology::ALL)?;
        let [scanned] = &found[..] else {
            let place = self.permit.display();
            bail!("{place}: {} barcodes found, one expected", found.len());
        };
        Ok((scanned.bytes.expose().clone(), scanned.symbology))
    }
}

fn zone(path: &Path) -> anyhow::Result<Mrz> {
    let zone = mrz::written(&file::read(path)?, Mrz::parse);
    zone.with_context(|| path.display().to_string())
}

/// Every finding, and what it failed of (`gate-document/schemas/seal.schema.json`).
fn as_json(inspection: &SealInspection) -> serde_json::Result<serde_json::Value> {
    let findings = inspection.findings.iter();
    let findings = findings
        .map(|finding| {
            let mut told = serde_json::to_value(finding)?;
            told["fault"] = serde_json::to_value(finding.fault())?;
            Ok(told)
        })
        .collect::<serde_json::Result<Vec<_>>>()?;
    Ok(serde_json::json!({
        "read": true,
        "accepted": inspection.accepted(),
        "permit": inspection.permit,
        "findings": findings,
    }))
}

/// A check in words.
const fn name(check: SealCheck) -> &'static str {
    match check {
        SealCheck::SealStructure => "structure of the seal",
        SealCheck::SealSigner => "signer's certificate",
        SealCheck::SealSignature => "signature over the seal",
        SealCheck::SealSignerTrust => "trust in the signer",
        SealCheck::SealRevocation => "signer not revoked",
        SealCheck::SealCountries => "one country from seal to authority",
        SealCheck::PermitKind => "kind of permit",
        SealCheck::PermitMandatory => "nothing missing that must be there",
        SealCheck::PermitValues => "type and length of what is there",
        SealCheck::PermitZone => "check digits of the zone inside",
        SealCheck::PermitValidity => "validity on this day",
        SealCheck::PermitArea => "validity at this place",
        SealCheck::PermitHolder => "the traveller's own permit",
        SealCheck::PermitUses => "not used too often",
    }
}

fn print(inspection: &SealInspection) {
    for finding in &inspection.findings {
        let outcome = match finding.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::NotDone => "not done",
            Outcome::NotSupported => "not supported",
            Outcome::Aborted => "broken off",
        };
        let line = format!(
            "{:34} {outcome:13} {} {}",
            name(finding.check),
            finding.reason,
            finding.evidence
        );
        println!("{}", line.trim_end());
        if let Some(fault) = finding.fault() {
            let Fault {
                step, rule, clause, ..
            } = fault;
            println!("{:34} {:13} step: {step}; rule: {rule} ({clause})", "", "");
        }
    }
    let verdict = if inspection.accepted() {
        "accepted"
    } else {
        "refused"
    };
    println!(
        "{verdict}: {}",
        inspection.permit.as_deref().unwrap_or("unknown permit")
    );
}
