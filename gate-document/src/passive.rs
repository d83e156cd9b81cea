//! Passive authentication (Doc 9303-11, 5.1): who signed the files, and are they those files?
//!
//! OpenSSL verifies signatures over the bytes as they stand; the judgement is ours. Its own chain
//! builder would refuse document signers that have expired since they signed, and would know one key
//! per name.
//!
//! The rule for time: document signer and CSCA certificate are valid at the signing time that
//! EF.SOD states. Where it states none, they are valid on the day of inspection.

use crate::algorithm::{Digest, SignatureAlgorithm};
use crate::certificate::Certificate;
use crate::cms::SignatureError;
use crate::deviation::Deviation;
use crate::finding::{Check, Finding, Outcome};
use crate::report::Evidence;
use crate::sod::Sod;
use crate::trust::crl::Status;
use crate::trust::{Chain, SourceKind, TrustStore};
use chain_moment::{moment_of_signing, start_of};
use jiff::Timestamp;
use jiff::civil::Date;
use openssl::pkey::Id;

pub(crate) mod card_security;
mod chain_moment;

/// What is known about the signature over EF.SOD.
pub(crate) struct Signature {
    /// For [`Check::SodSignature`].
    pub(crate) signature: Finding,
    /// For [`Check::SignerTrust`].
    pub(crate) trust: Finding,
    /// For [`OTHERS`].
    pub(crate) others: Vec<Finding>,
    /// The document signer certificate whose key verified the signature.
    pub(crate) signer: Option<Certificate>,
    /// What EF.SOD and the certificates of its chain do otherwise than the standard says.
    pub(crate) deviations: Vec<Deviation>,
    /// What the findings rest on.
    pub(crate) evidence: Evidence,
}

/// The checks that rest on the signature besides signature and trust.
pub(crate) const OTHERS: [Check; 4] = [
    Check::Revocation,
    Check::TrustStatus,
    Check::KeyPeriod,
    Check::SignatureStrength,
];

/// Why nothing is known of the signer.
pub(crate) const NO_SIGNER: &str = "no certificate verifies the signature over EF.SOD";

/// Verifies the signature, and the signer's certificate against the trust store.
pub(crate) fn authenticate(sod: &Sod, trust: &TrustStore, today: Option<Date>) -> Signature {
    match sod.data.verify(trust.document_signers(), "document signer") {
        Ok((signer, deviations)) => judge(sod, signer, deviations, trust, today),
        Err(problem) => {
            let not_done = |check| Finding::not_done(check, NO_SIGNER);
            Signature {
                signature: signature_failed(&problem),
                trust: not_done(Check::SignerTrust),
                others: OTHERS.into_iter().map(not_done).collect(),
                signer: None,
                deviations: sod.deviations.clone(),
                evidence: Evidence::default(),
            }
        }
    }
}

fn signature_failed(problem: &SignatureError) -> Finding {
    let check = Check::SodSignature;
    match problem {
        SignatureError::Refused(_) => Finding::not_supported(check, problem.to_string()),
        SignatureError::NoCertificate(_) => {
            Finding::failed(check, format!("{problem} in EF.SOD or in the trust store"))
        }
        _ => Finding::failed(check, problem.to_string()),
    }
}

fn judge(
    sod: &Sod,
    signer: Certificate,
    deviations: Vec<Deviation>,
    trust: &TrustStore,
    today: Option<Date>,
) -> Signature {
    let mut all: Vec<Deviation> = sod.deviations.iter().copied().chain(deviations).collect();
    let now = today.and_then(start_of);
    let enclosed: Vec<Certificate> = sod
        .data
        .certificates
        .iter()
        .filter_map(|der| Certificate::parse(der).ok())
        .collect();
    let links: Vec<&Certificate> = enclosed.iter().collect();
    let chain = moment_of_signing(sod.signing_time(), now).and_then(|moment| {
        trust
            .chain_of_document(&signer, &links, moment)
            .map_err(|problem| Finding::failed(Check::SignerTrust, problem.to_string()))
    });
    if let Ok(chain) = &chain {
        all.extend(chain.anchor.certificate.deviation());
    }
    all.sort_unstable();
    all.dedup();
    let anchored = chain.as_ref().ok();
    let others = vec![
        revocation(anchored, &signer, trust, now),
        trust_status(anchored, trust, today),
        key_period(&signer, sod.signing_time()),
        strength(sod, &signer),
    ];
    let evidence = evidence(&signer, anchored, trust);
    Signature {
        signature: Finding {
            reason: joined(&all),
            ..Finding::passed(Check::SodSignature)
        },
        trust: match chain {
            Ok(chain) if chain.links > 0 => Finding {
                reason: format!("over {} link certificates", chain.links),
                ..Finding::passed(Check::SignerTrust)
            },
            Ok(_) => Finding::passed(Check::SignerTrust),
            Err(finding) => finding,
        },
        others,
        signer: Some(signer),
        deviations: all,
        evidence,
    }
}

pub(crate) fn joined(deviations: &[Deviation]) -> String {
    let texts: Vec<String> = deviations.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// A list that is too old, or none, leaves the question open.
fn revocation(
    chain: Option<&Chain<'_>>,
    signer: &Certificate,
    trust: &TrustStore,
    now: Option<Timestamp>,
) -> Finding {
    let check = Check::Revocation;
    let country = signer.country().unwrap_or_default();
    let Some(chain) = chain else {
        return Finding::not_done(check, "the signer is not trusted");
    };
    if let Some(name) = trust.revoked_above(chain) {
        return Finding::failed(check, format!("the {name} certificate is revoked"));
    }
    match trust.revocation(signer, now) {
        Status::NoList => Finding::not_done(check, format!("no revocation list of {country}")),
        Status::Revoked { reason, .. } => Finding::failed(
            check,
            format!("the document signer certificate is revoked, reason {reason}"),
        ),
        Status::Stale { days: Some(..0) } => Finding::not_done(
            check,
            format!("the revocation list of {country} is dated in the future"),
        ),
        Status::Stale { days: Some(days) } => Finding::not_done(
            check,
            format!("the revocation list of {country} is {days} days old"),
        ),
        Status::Stale { days: None } => Finding::not_done(check, "the gate does not know the date"),
        Status::Good { days } => Finding {
            reason: format!("revocation list of {days} days"),
            ..Finding::passed(check)
        },
    }
}

fn trust_status(chain: Option<&Chain<'_>>, trust: &TrustStore, today: Option<Date>) -> Finding {
    let check = Check::TrustStatus;
    let Some(chain) = chain else {
        return Finding::not_done(check, "the signer is not trusted");
    };
    let source = &chain.anchor.source;
    let limits = trust.freshness();
    let from = &source.from;
    let (name, limit) = match source.kind {
        SourceKind::Unstated => {
            return Finding::not_done(check, "nobody says where the CSCA certificate came from");
        }
        SourceKind::MasterList => (format!("master list of {from}"), limits.master_list),
        SourceKind::Bilateral => (format!("handed over by {from}"), limits.bilateral),
    };
    let Some(today) = today else {
        return Finding::not_done(check, format!("{name}; the gate does not know the date"));
    };
    let age = |day: Date| today.since(day).map_or(i32::MAX, |span| span.get_days());
    let Some(bundle) = trust.issued().map(age) else {
        return Finding::not_done(check, format!("{name}; the trust store has no date"));
    };
    let Some(source) = source.as_of.map(age) else {
        return Finding::not_done(check, format!("{name}, of no known date"));
    };
    let reason = format!("{name}, {source} days old; bundle {bundle} days old");
    // What is dated in the future has no age that could be relied on.
    let fresh = (0..=i32::from(limits.bundle)).contains(&bundle)
        && (0..=i32::from(limit)).contains(&source);
    if !fresh {
        return Finding::not_done(check, reason);
    }
    Finding {
        reason,
        ..Finding::passed(check)
    }
}

fn key_period(signer: &Certificate, signed: Option<Timestamp>) -> Finding {
    let check = Check::KeyPeriod;
    let Some((from, until)) = signer.extensions.key_period else {
        return Finding::not_supported(check, "the document signer certificate states no period");
    };
    let Some(signed) = signed else {
        return Finding::not_done(check, "EF.SOD states no signing time");
    };
    if from.is_some_and(|from| signed < from) {
        return Finding::failed(check, "signed before the private key was to be used");
    }
    if until.is_some_and(|until| signed > until) {
        return Finding::failed(check, "signed after the private key was to be used");
    }
    Finding::passed(check)
}

/// SHA-1 and short keys are in documents that are valid: no failure, and no success either.
fn strength(sod: &Sod, signer: &Certificate) -> Finding {
    let check = Check::SignatureStrength;
    let info = &sod.data.signer;
    let sha1 = |digest: Digest| digest == Digest::Sha1;
    let bits = signer.key().map_or(0, |key| key.key.bits());
    let elliptic = signer.key().is_some_and(|key| key.key.id() == Id::EC);
    let weak: Vec<&str> = [
        (sha1(sod.digest), "SHA-1 over the data groups"),
        (
            sha1(info.digest) || sha1(info.algorithm.digest()),
            "SHA-1 over the security object",
        ),
        (
            signer
                .algorithm()
                .map(SignatureAlgorithm::digest)
                .is_some_and(sha1),
            "SHA-1 over the document signer certificate",
        ),
        (
            bits < if elliptic { 224 } else { 2048 },
            "a short key of the document signer",
        ),
    ]
    .into_iter()
    .filter_map(|(is_weak, name)| is_weak.then_some(name))
    .collect();
    if weak.is_empty() {
        return Finding::passed(check);
    }
    Finding::not_done(check, format!("legacy: {}", weak.join(", ")))
}

fn evidence(signer: &Certificate, chain: Option<&Chain<'_>>, trust: &TrustStore) -> Evidence {
    let mut evidence = Evidence::default();
    let by = signer.fingerprint().to_string();
    evidence.note(Check::SodSignature, "signer", by);
    if let Some(chain) = chain {
        let anchor = &chain.anchor.certificate;
        evidence.note(Check::SignerTrust, "csca", anchor.fingerprint().to_string());
        evidence.note(Check::SignerTrust, "links", chain.links.to_string());
        let source = &chain.anchor.source;
        evidence.note(Check::TrustStatus, "source", source.kind.name());
        if let Some(day) = source.as_of {
            evidence.note(Check::TrustStatus, "source-as-of", day.to_string());
        }
    }
    if let Some(version) = trust.version() {
        evidence.note(Check::TrustStatus, "bundle-version", version.to_string());
    }
    evidence
}

/// Whether `outcome` lets work go on that must wait for passive authentication.
pub(crate) fn vouches(signature: &Signature) -> bool {
    signature.signature.outcome == Outcome::Passed && signature.trust.outcome == Outcome::Passed
}

#[cfg(test)]
mod tests;
