//! Who signed a seal?
//!
//! The rule for time: signer and CSCA certificate were valid on the day on which the seal says it was
//! signed. A seal without such a day (VDS-NC) needs certificates that are valid today.
//!
//! The rule for countries: CSCA, the issuer's name in the signer's certificate, and the signer are of
//! one country (Doc 9303-12, 7.1.1.1). A CSCA that names none vouches for no seal.
//!
//! The rule for purposes: the signer's certificate names that of barcode signers (Doc 9303-12, 7.1.1).
//! One that names another signs no seals, nor does an authority. One that names none passes with a note
//! where it was made before the purpose was, which many visas in the field are signed with; a newer one
//! leaves the question open, because it may be a document signer's.

use super::sign::{self, Verified};
use super::{Seal, SealCheck, SealFinding, SignerReference, x509};
use crate::country;
use crate::finding::Outcome;
use crate::trust::crl::Status;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use openssl::x509::{X509, X509KeyUsage, X509Ref};

/// From this day on, a new signer's certificate names the purpose (8th edition of Doc 9303-12, of 2021).
const PURPOSES_BEGIN: Date = date(2022, 1, 1);

/// Where the certificates of signers of seals, and those above them, come from.
pub trait SealSigners {
    /// Certificates that `reference` may mean. Every one of them is tried.
    fn signers(&self, reference: &SignerReference) -> Vec<X509>;

    /// CSCA certificates that may have signed `signer`. Every one of them is tried.
    fn anchors(&self, signer: &X509Ref) -> Vec<X509>;

    /// What the revocation lists say about `signer` on the day of inspection.
    fn revocation(&self, signer: &X509Ref, today: Option<Date>) -> Status {
        let _ = (signer, today);
        Status::NoList
    }
}

/// Certificates of signers, and the CSCA certificates above them, as plain lists.
#[derive(Clone, Debug, Default)]
pub struct SignerList {
    signers: Vec<X509>,
    anchors: Vec<X509>,
}

impl SignerList {
    /// Signers to look a reference up in, and the CSCA certificates that they must chain to.
    #[must_use]
    pub const fn new(signers: Vec<X509>, anchors: Vec<X509>) -> Self {
        Self { signers, anchors }
    }
}

impl SealSigners for SignerList {
    fn signers(&self, reference: &SignerReference) -> Vec<X509> {
        let mut named = self.signers.clone();
        named.retain(|signer| x509::is_named(signer, reference));
        named
    }

    fn anchors(&self, signer: &X509Ref) -> Vec<X509> {
        let mut above = self.anchors.clone();
        above.retain(|anchor| x509::may_have_issued(anchor, signer));
        above
    }
}

/// What is known about a seal's signature.
#[derive(Clone)]
pub struct Verification {
    /// One finding for each check named `Seal…`, in their order.
    pub findings: Vec<SealFinding>,
    /// The certificate whose key verified the signature.
    pub signer: Option<X509>,
}

impl Verification {
    /// Every check was done and passed; only revocation may be unknown, and its finding says so.
    #[must_use]
    pub fn genuine(&self) -> bool {
        self.findings.iter().all(|finding| {
            let unknown =
                finding.check == SealCheck::SealRevocation && finding.outcome == Outcome::NotDone;
            finding.outcome == Outcome::Passed || unknown
        })
    }

    /// The finding for `check`, if it is one of these.
    #[must_use]
    pub fn finding(&self, check: SealCheck) -> Option<&SealFinding> {
        self.findings.iter().find(|finding| finding.check == check)
    }
}

impl core::fmt::Debug for Verification {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Verification")
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

/// Verifies the signature of `seal`, and the certificate behind it.
///
/// `today` is the day of inspection at the gate; `None` where the gate does not know it.
#[must_use]
pub fn verify(seal: &Seal, signers: &dyn SealSigners, today: Option<Date>) -> Verification {
    let structure = SealFinding::passed(SealCheck::SealStructure).on(seal.format.to_string());
    let (found, signature, signer) = signature(seal, signers);
    let mut findings = vec![structure, found, signature];
    match &signer {
        Some(signer) => {
            findings.extend([
                trust(seal, signer, signers, today),
                revocation(signer, signers, today),
                countries(seal, signer),
            ]);
        }
        None => findings.extend(
            [
                SealCheck::SealSignerTrust,
                SealCheck::SealRevocation,
                SealCheck::SealCountries,
            ]
            .map(|check| SealFinding::not_done(check, "no certificate verifies the signature")),
        ),
    }
    Verification { findings, signer }
}

/// The certificate that verifies the signature, and the findings on the way to it.
fn signature(seal: &Seal, signers: &dyn SealSigners) -> (SealFinding, SealFinding, Option<X509>) {
    use SealCheck::{SealSignature, SealSigner};
    let (Some(signature), Some(reference)) = (seal.signature(), &seal.signer) else {
        return (
            SealFinding::failed(SealSigner, "the seal is not signed"),
            SealFinding::failed(SealSignature, "the seal is not signed"),
            None,
        );
    };
    let candidates = match seal.certificate() {
        Some(der) => match X509::from_der(der) {
            Ok(certificate) => vec![certificate],
            Err(_) => {
                let reason = "the certificate in the seal cannot be read";
                return (
                    SealFinding::failed(SealSigner, reason),
                    SealFinding::not_done(SealSignature, reason),
                    None,
                );
            }
        },
        None => signers.signers(reference),
    };
    if candidates.is_empty() {
        let reason = "no certificate of this signer is known";
        return (
            SealFinding::failed(SealSigner, reason).on(format!("signer {reference}")),
            SealFinding::not_done(SealSignature, reason),
            None,
        );
    }
    let found = SealFinding::passed(SealSigner).on(format!("signer {reference}"));
    let mut refused = SealFinding::not_supported(
        SealSignature,
        "the signer's key is none that OpenSSL can verify with",
    );
    for certificate in candidates {
        let verified = certificate
            .public_key()
            .and_then(|key| sign::verify(&key, signature, seal.signed()));
        match verified {
            Ok(Verified::Right { made_with, is_der }) => {
                let note = match is_der {
                    true => "the signature is in DER, where r and s one after the other belong",
                    false => "",
                };
                let finding = SealFinding::new(SealSignature, Outcome::Passed, note);
                return (found, finding.on(made_with), Some(certificate));
            }
            Ok(Verified::Wrong { made_with }) => {
                let reason = "the signature is not one of the signer over these bytes";
                refused = SealFinding::failed(SealSignature, reason).on(made_with);
            }
            Ok(Verified::OtherKey) => {
                let reason = "the signer's key is none of an elliptic curve";
                refused = SealFinding::failed(SealSignature, reason);
            }
            Err(_) => {}
        }
    }
    (found, refused, None)
}

fn trust(
    seal: &Seal,
    signer: &X509Ref,
    signers: &dyn SealSigners,
    today: Option<Date>,
) -> SealFinding {
    let check = SealCheck::SealSignerTrust;
    let evidence = format!(
        "{}, serial number {}",
        x509::name(signer).unwrap_or_default(),
        x509::serial(signer).unwrap_or_default()
    );
    let failed = |reason: String| SealFinding::failed(check, reason).on(evidence.clone());
    let candidates = signers.anchors(signer);
    let issuer = x509::country(signer.issuer_name());
    let issuer = issuer.as_deref().unwrap_or("an unnamed country");
    if candidates.is_empty() {
        return failed(format!("no CSCA of {issuer} in the trust store"));
    }
    let count = candidates.len();
    let verifies = |candidate: &X509| {
        let key = candidate.public_key();
        key.and_then(|key| signer.verify(&key)).unwrap_or(false)
    };
    let mut issuers = candidates.into_iter().filter(verifies).peekable();
    if issuers.peek().is_none() {
        return failed(format!(
            "signed by none of {count} CSCA certificates of {issuer}"
        ));
    }
    let (day, when) = match (seal.signed_on.expose().0, today) {
        // At the date line it may be tomorrow already.
        (Some(signed), Some(today))
            if today
                .checked_add(1.day())
                .is_ok_and(|tomorrow| signed > tomorrow) =>
        {
            return failed("the seal was signed in the future".to_owned());
        }
        (Some(signed), _) => (signed, "when the seal was signed"),
        (None, Some(today)) => (today, "today"),
        (None, None) => {
            let reason = "neither the day of signature nor today's date is known";
            return SealFinding::not_done(check, reason).on(evidence);
        }
    };
    if let Err(reason) = may_sign(signer, "signer", X509KeyUsage::DIGITAL_SIGNATURE, day, when) {
        return failed(reason);
    }
    let unnamed = "the signer's certificate names no purpose";
    let (outcome, note) = match x509::may_sign_barcodes(signer) {
        Ok(Some(true)) => (Outcome::Passed, ""),
        Ok(None) if x509::began_before(signer, PURPOSES_BEGIN) => (Outcome::Passed, unnamed),
        Ok(None) => (Outcome::NotDone, unnamed),
        Ok(Some(false)) => {
            return failed("the signer's key is for another purpose than barcodes".to_owned());
        }
        Err(_) => return failed("the signer's certificate cannot be read".to_owned()),
    };
    if !x509::is_end_entity(signer) {
        return failed("the signer is an authority".to_owned());
    }
    let mut reason = String::new();
    let state = x509::country(signer.subject_name());
    for csca in issuers {
        let authority = x509::country(csca.subject_name());
        if authority.is_none() || authority != state || x509::country(signer.issuer_name()) != state
        {
            let unnamed = || "no country".to_owned();
            reason = format!(
                "a signer of {} is signed by a CSCA of {}",
                state.clone().unwrap_or_else(unnamed),
                authority.unwrap_or_else(unnamed)
            );
            continue;
        }
        match may_sign(&csca, "CSCA", X509KeyUsage::KEY_CERT_SIGN, day, when) {
            Ok(()) => return SealFinding::new(check, outcome, note).on(evidence),
            Err(problem) => reason = problem,
        }
    }
    failed(reason)
}

fn may_sign(
    certificate: &X509Ref,
    name: &str,
    usage: X509KeyUsage,
    day: Date,
    when: &str,
) -> Result<(), String> {
    if certificate
        .key_usage()
        .is_some_and(|allowed| !allowed.contains(usage))
    {
        return Err(format!(
            "the {name}'s key is not for this kind of signature"
        ));
    }
    match x509::was_valid(certificate, day) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("the {name} certificate was not valid {when}")),
        Err(_) => Err(format!("the {name} certificate has no readable validity")),
    }
}

/// A list that is too old, or none, leaves the question open.
fn revocation(signer: &X509Ref, signers: &dyn SealSigners, today: Option<Date>) -> SealFinding {
    let check = SealCheck::SealRevocation;
    let country = x509::country(signer.issuer_name()).unwrap_or_default();
    match signers.revocation(signer, today) {
        Status::Good { .. } => SealFinding::passed(check),
        Status::Revoked { .. } => {
            SealFinding::failed(check, "the signer's certificate has been revoked")
        }
        Status::NoList => {
            SealFinding::not_done(check, "no revocation list of the signer's country")
        }
        Status::Stale { days: Some(..0) } => SealFinding::not_done(
            check,
            format!("the revocation list of {country} is dated in the future"),
        ),
        Status::Stale { days: Some(days) } => SealFinding::not_done(
            check,
            format!("the revocation list of {country} is {days} days old"),
        ),
        Status::Stale { days: None } => {
            SealFinding::not_done(check, "the gate does not know the date")
        }
    }
}

fn countries(seal: &Seal, signer: &X509Ref) -> SealFinding {
    let check = SealCheck::SealCountries;
    let state = &seal.issuer;
    let Some(subject) = x509::country(signer.subject_name()) else {
        return SealFinding::failed(check, "the signer's certificate names no country");
    };
    let evidence = format!("seal {state}, signer {subject}");
    let same_name = match &seal.signer {
        Some(SignerReference::Name { signer, .. }) => signer
            .get(..2)
            .is_some_and(|two| two.eq_ignore_ascii_case(&subject)),
        _ => true,
    };
    let same_issuer = x509::country(signer.issuer_name()).is_some_and(|issuer| issuer == subject);
    let finding = match country::agree(state, &subject) {
        Some(true) if same_name && same_issuer => SealFinding::passed(check),
        Some(true) => SealFinding::failed(check, "signer and CSCA are of different countries"),
        Some(false) => SealFinding::failed(check, "the signer is of another country than the seal"),
        None => SealFinding::not_supported(check, "the issuing State is unknown here"),
    };
    finding.on(evidence)
}

/// What a binary seal calls the signer of `certificate`: country and common name of its subject, and
/// its serial number in hexadecimal. `None` where it has no such names.
#[must_use]
pub fn name_of(certificate: &X509Ref) -> Option<(String, String)> {
    Some((x509::name(certificate)?, x509::serial(certificate)?))
}

/// What the ICAO Datastructure for Barcode calls `certificate`.
#[must_use]
pub fn reference_of(certificate: &X509Ref) -> Option<[u8; 5]> {
    x509::reference(certificate)
}
