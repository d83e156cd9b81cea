//! EF.CardSecurity, the security information beside the application that a document signer has
//! signed (Doc 9303-11, 9.2.11). The static key of PACE's chip authentication mapping is in it, so
//! the mapping proves something only after passive authentication of this file (Doc 9303-11, 4.4.3.5).

use super::chain_moment::{moment_of_signing, start_of};
use crate::certificate::Certificate;
use crate::cms::{CmsError, SignedData};
use crate::conversation::{Conversation, MappingProof};
use crate::finding::{Check, Finding};
use crate::security_info::SecurityInfos;
use crate::tlv::{Reader, to_definite};
use crate::trust::TrustStore;
use crate::trust::crl::Status;
use jiff::civil::Date;

/// id-SecurityObject of BSI TR-03110-3, A.1.2.5.
const SECURITY_OBJECT: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x02, 0x01];

/// The finding, and what the file says where it may be believed.
pub(crate) struct CardSecurity {
    pub(crate) finding: Finding,
    pub(crate) infos: Option<SecurityInfos>,
    /// The set of security information as it stands.
    pub(crate) set: Option<Vec<u8>>,
}

/// Judges the file that was read in `conversation`; `signer` is the document signer of EF.SOD.
pub(crate) fn judge(
    conversation: Option<&Conversation>,
    signer: Option<&Certificate>,
    trust: &TrustStore,
    today: Option<Date>,
) -> CardSecurity {
    let check = Check::CardSecurity;
    let nothing = |finding| CardSecurity {
        finding,
        infos: None,
        set: None,
    };
    let Some(conversation) = conversation else {
        return nothing(Finding::not_done(check, "no chip was there"));
    };
    let Some(file) = conversation.card_security.as_ref() else {
        return nothing(match conversation.mapping {
            MappingProof::NotAsked => {
                Finding::not_supported(check, "no chip authentication mapping needed it")
            }
            _ => Finding::failed(check, "EF.CardSecurity was not read"),
        });
    };
    match believed(file.expose(), signer, trust, today) {
        Ok((infos, set)) => CardSecurity {
            finding: Finding::passed(check),
            infos: Some(infos),
            set: Some(set),
        },
        Err(finding) => nothing(finding),
    }
}

fn believed(
    file: &[u8],
    signer_of_sod: Option<&Certificate>,
    trust: &TrustStore,
    today: Option<Date>,
) -> Result<(SecurityInfos, Vec<u8>), Finding> {
    let check = Check::CardSecurity;
    let data = signed_data(file).map_err(|problem| match problem {
        CmsError::Algorithm(_) => Finding::not_supported(check, problem.to_string()),
        CmsError::Structure(_) => Finding::failed(check, problem.to_string()),
    })?;
    if data.content_type.as_bytes() != SECURITY_OBJECT {
        return Err(Finding::failed(
            check,
            "EF.CardSecurity signs something else",
        ));
    }
    let (signer, _) = data
        .verify(trust.document_signers(), "document signer")
        .map_err(|problem| Finding::failed(check, problem.to_string()))?;
    let now = today.and_then(start_of);
    let signed = data.signer.attributes.as_ref();
    let signed = signed.and_then(|attributes| attributes.signing_time);
    let moment = moment_of_signing(signed, now).map_err(|finding| Finding { check, ..finding })?;
    let enclosed: Vec<Certificate> = data
        .certificates
        .iter()
        .filter_map(|der| Certificate::parse(der).ok())
        .collect();
    let links: Vec<&Certificate> = enclosed.iter().collect();
    let chain = trust
        .chain_of_document(&signer, &links, moment)
        .map_err(|problem| Finding::failed(check, problem.to_string()))?;
    if let Status::Revoked { .. } = trust.revocation(&signer, now) {
        return Err(Finding::failed(
            check,
            "the document signer certificate is revoked",
        ));
    }
    if let Some(name) = trust.revoked_above(&chain) {
        return Err(Finding::failed(
            check,
            format!("the {name} certificate is revoked"),
        ));
    }
    if let Some(other) = signer_of_sod
        && other.country() != signer.country()
    {
        return Err(Finding::failed(
            check,
            "signed in another country than EF.SOD",
        ));
    }
    let infos = SecurityInfos::parse(&data.content)
        .map_err(|problem| Finding::failed(check, format!("EF.CardSecurity {problem}")))?;
    Ok((infos, data.content))
}

fn signed_data(file: &[u8]) -> Result<SignedData, CmsError> {
    let definite = to_definite(file)?;
    SignedData::read(&Reader::new(&definite).expect(0x30, "EF.CardSecurity (30)")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome::Failed;
    use crate::test_issuer::{
        Authority, CSCA, SIGNER, Terms, authority, object, p256, signed_data,
    };
    use hex_literal::hex;
    use jiff::civil::date;

    /// What is wrong with an EF.CardSecurity that `signer` signed.
    fn problem(signer: &Authority, csca: &Authority) -> Option<String> {
        // PACE with generic mapping, AES-128, on curve 13.
        let infos = object(
            0x31,
            &[&hex!("3012 060A04007F00070202040202 020102 02010D")],
        );
        let kind = object(0x06, &[SECURITY_OBJECT]);
        let file = signed_data(signer, &kind, &infos);
        let der = csca.certificate.to_der().unwrap();
        let trust = TrustStore::from_der([&der[..]]).unwrap();
        let result = believed(&file, None, &trust, Some(date(2026, 11, 22)));
        let finding = result.err()?;
        assert_eq!(finding.outcome, Failed);
        Some(finding.reason)
    }

    #[test]
    fn the_file_is_believed_from_a_document_signer_alone() {
        let csca = authority(p256(), CSCA, None);
        let by = |terms: Terms| problem(&authority(p256(), terms, Some(&csca)), &csca);
        assert_eq!(by(SIGNER), None);
        let other = Some("the document signer certificate is not one for documents".to_owned());
        let barcodes = Terms {
            purpose: Some("2.23.136.1.1.14.1"),
            ..SIGNER
        };
        let lists = Terms {
            for_lists: true,
            ..SIGNER
        };
        let authority = Terms {
            for_certificates: true,
            ..SIGNER
        };
        for terms in [barcodes, lists, authority] {
            assert_eq!(by(terms), other);
        }
        let foreign = Terms {
            country: "LA",
            ..SIGNER
        };
        assert_eq!(
            by(foreign).unwrap(),
            "a certificate of LA is signed by a CSCA of UT"
        );
    }
}
