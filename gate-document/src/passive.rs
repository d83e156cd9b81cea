//! Passive authentication (Doc 9303-11, 5.1): who signed the files, and are they those files?
//!
//! OpenSSL verifies signatures over the bytes as they stand; the judgement is ours. Its own chain
//! builder would refuse document signers that have expired since they signed, and would know one key
//! per name.
//!
//! The rule for time: document signer and CSCA certificate are valid at the signing time that
//! EF.SOD states. Where it states none, they are valid on the day of inspection.

use crate::finding::{Check, Finding, Outcome};
use crate::sod::{SignerIdentifier, Sod};
use crate::trust::{TrustStore, country};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::x509::{X509, X509KeyUsage, X509Ref};

/// What is known about the signature over EF.SOD.
pub(crate) struct Signature {
    /// For [`Check::SodSignature`].
    pub(crate) signature: Finding,
    /// For [`Check::SignerTrust`].
    pub(crate) trust: Finding,
    /// The document signer certificate whose key verified the signature.
    pub(crate) signer: Option<X509>,
}

/// Verifies the signature, and the signer's certificate against the trust store.
pub(crate) fn authenticate(sod: &Sod, trust: &TrustStore, today: Option<Date>) -> Signature {
    match signer(sod) {
        Ok((signer, note)) => Signature {
            signature: with_note(Check::SodSignature, note),
            trust: signer_trust(&signer, sod.signing_time(), trust, today),
            signer: Some(signer),
        },
        Err(signature) => Signature {
            signature,
            trust: Finding::not_done(
                Check::SignerTrust,
                "no certificate verifies the signature over EF.SOD",
            ),
            signer: None,
        },
    }
}

fn with_note(check: Check, reason: String) -> Finding {
    Finding {
        check,
        outcome: Outcome::Passed,
        reason,
    }
}

/// The certificate that verifies the signature, and what had to be tolerated.
fn signer(sod: &Sod) -> Result<(X509, String), Finding> {
    let failed = |reason: &str| Finding::failed(Check::SodSignature, reason);
    let info = &sod.signer;
    let signed = match &info.attributes {
        Some(attributes) => {
            if attributes.content_type != sod.content_type {
                return Err(failed("the signed content type is not that of the content"));
            }
            let digest = info.digest.of(&sod.content).map_err(openssl_failed)?;
            if *digest != *attributes.message_digest {
                return Err(failed("the signed digest is not that of the content"));
            }
            &attributes.signed
        }
        None => &sod.content,
    };
    if sod.certificates.is_empty() {
        return Err(failed("no document signer certificate in EF.SOD"));
    }
    let mut unreadable = 0;
    for certificate in &sod.certificates {
        let Ok((certificate, key)) = X509::from_der(certificate)
            .and_then(|certificate| certificate.public_key().map(|key| (certificate, key)))
        else {
            unreadable += 1;
            continue;
        };
        if info
            .algorithm
            .verify(&key, signed, &info.signature)
            .map_err(openssl_failed)?
        {
            let note = if is_named(&info.identifier, &certificate) {
                String::new()
            } else {
                // Malaysia, Ukraine: the key decides, the deviation is noted.
                "the signer identifier names another certificate".to_owned()
            };
            return Ok((certificate, note));
        }
    }
    if unreadable == sod.certificates.len() {
        return Err(failed("the document signer certificate cannot be read"));
    }
    Err(failed("the signature is not one of the document signer"))
}

fn openssl_failed(error: ErrorStack) -> Finding {
    Finding::not_supported(
        Check::SodSignature,
        format!("OpenSSL refuses the algorithm: {error}"),
    )
}

fn is_named(identifier: &SignerIdentifier, certificate: &X509Ref) -> bool {
    match identifier {
        SignerIdentifier::KeyIdentifier(identifier) => certificate
            .subject_key_id()
            .is_some_and(|known| known.as_slice() == identifier),
        SignerIdentifier::IssuerAndSerial { issuer, serial } => {
            let name = certificate
                .issuer_name()
                .to_der()
                .is_ok_and(|name| name == *issuer);
            let number = certificate
                .serial_number()
                .to_bn()
                .map(|number| number.to_vec());
            let significant = serial
                .iter()
                .position(|byte| *byte != 0)
                .unwrap_or(serial.len());
            name && number.is_ok_and(|number| number == serial[significant..])
        }
    }
}

fn signer_trust(
    signer: &X509Ref,
    signing_time: Option<Timestamp>,
    trust: &TrustStore,
    today: Option<Date>,
) -> Finding {
    let check = Check::SignerTrust;
    let candidates: Vec<_> = trust.issuers_of(signer).collect();
    let issuer = country(signer.issuer_name());
    let issuer = issuer.as_deref().unwrap_or("an unnamed country");
    if candidates.is_empty() {
        return Finding::failed(check, format!("no CSCA of {issuer} in the trust store"));
    }
    let verifies = |candidate: &X509Ref| {
        candidate
            .public_key()
            .and_then(|key| signer.verify(&key))
            .unwrap_or(false)
    };
    let count = candidates.len();
    // Several certificates may hold one key: a self-signed one, and links from and to it.
    let mut issuers = candidates
        .into_iter()
        .filter(|candidate| verifies(candidate))
        .peekable();
    if issuers.peek().is_none() {
        let reason = format!("signed by none of {count} CSCA certificates of {issuer}");
        return Finding::failed(check, reason);
    }
    let today = today.and_then(start_of);
    let moment = match moment_of_signing(signing_time, today) {
        Ok(moment) => moment,
        Err(finding) => return finding,
    };
    if let Err(reason) = may_sign(
        signer,
        "document signer",
        X509KeyUsage::DIGITAL_SIGNATURE,
        moment,
    ) {
        return Finding::failed(check, reason);
    }
    let mut reason = String::new();
    for csca in issuers {
        match may_sign(csca, "CSCA", X509KeyUsage::KEY_CERT_SIGN, moment) {
            Ok(()) => return Finding::passed(check),
            Err(problem) => reason = problem,
        }
    }
    Finding::failed(check, reason)
}

/// The moment at which certificates must have been valid.
#[derive(Clone, Copy)]
struct Moment {
    at: Timestamp,
    /// For reasons: the day itself is the day of issue, which is the traveller's.
    name: &'static str,
}

/// Chooses the moment by the rule at the top of this file.
fn moment_of_signing(
    signed: Option<Timestamp>,
    today: Option<Timestamp>,
) -> Result<Moment, Finding> {
    let check = Check::SignerTrust;
    if let (Some(signed), Some(today)) = (signed, today)
        // The day of inspection ends up to 36 hours after it begins in UTC.
        && today.checked_add(36.hours()).is_ok_and(|end| signed > end)
    {
        return Err(Finding::failed(check, "signed in the future"));
    }
    match (signed, today) {
        (Some(at), _) => Ok(Moment {
            at,
            name: "when EF.SOD was signed",
        }),
        (None, Some(at)) => Ok(Moment { at, name: "today" }),
        (None, None) => Err(Finding::not_done(
            check,
            "neither signing time nor today's date is known",
        )),
    }
}

/// Whether the certificate was valid at `moment`, and its key is for `usage` if it says for what.
fn may_sign(
    certificate: &X509Ref,
    name: &str,
    usage: X509KeyUsage,
    moment: Moment,
) -> Result<(), String> {
    if certificate
        .key_usage()
        .is_some_and(|allowed| !allowed.contains(usage))
    {
        return Err(format!(
            "the {name}'s key is not for this kind of signature"
        ));
    }
    match was_valid(certificate, moment.at) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!(
            "the {name} certificate was not valid {}",
            moment.name
        )),
        Err(_) => Err(format!("the {name} certificate has no readable validity")),
    }
}

/// The first moment of the day, in UTC.
fn start_of(day: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

fn was_valid(certificate: &X509Ref, moment: Timestamp) -> Result<bool, ErrorStack> {
    let moment = Asn1Time::from_unix(moment.as_second())?;
    Ok(certificate.not_before().compare(&moment)?.is_le()
        && certificate.not_after().compare(&moment)?.is_ge())
}

#[cfg(test)]
mod tests;
