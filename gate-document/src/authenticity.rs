//! Is the chip a copy? What it proved, held against what its signed data groups announce
//! (Doc 9303-11, 6).
//!
//! The rule: what a signed data group announces has to be done. A chip that announces a proof and does
//! not give it is as good as one that gives a wrong one, for a copy could do no better. *Not
//! supported* is said only where the signed data groups announce nothing.

use crate::active_authentication::{self, Verdict};
use crate::conversation::{ChallengeProof, ChipProof, Conversation, MappingProof};
use crate::domain::Domain;
use crate::file::{ChipFiles, ElementaryFile};
use crate::finding::{Check, Finding};
use crate::security_info::SecurityInfos;
use crate::sod::Sod;

/// The checks that a document need not offer; the default policy wants them where it does.
const OFFERED: [Check; 2] = [Check::ChipAuthentication, Check::ActiveAuthentication];

const DG14: ElementaryFile = ElementaryFile::DataGroup(14);
const DG15: ElementaryFile = ElementaryFile::DataGroup(15);

/// The findings of `OFFERED`. `sod` is EF.SOD, or why there is none; whether its signature is good is
/// another finding. `secured` is what EF.CardSecurity says, where a trusted signer has signed it.
#[must_use]
pub fn findings(
    chip: &ChipFiles,
    sod: Result<&Sod, &str>,
    secured: Option<&SecurityInfos>,
) -> [Finding; 2] {
    let sod = match sod {
        Ok(sod) => sod,
        Err(why) => return OFFERED.map(|check| Finding::not_done(check, why)),
    };
    [
        chip_authentication(chip, sod, secured),
        active_authentication(chip, sod),
    ]
}

/// A data group as EF.SOD signs it.
enum Signed<'a> {
    /// EF.SOD does not list it.
    Unlisted,
    /// It is the signed one.
    Present(&'a [u8]),
    /// It was not read, or it is another one: why.
    Missing(String),
}

fn signed<'a>(chip: &'a ChipFiles, sod: &Sod, file: ElementaryFile, group: u8) -> Signed<'a> {
    let Some(digest) = sod.digests.get(&group) else {
        return Signed::Unlisted;
    };
    let Some(bytes) = chip.get(file) else {
        return Signed::Missing(format!("EF.SOD lists {file}, which was not read"));
    };
    match sod.digest.of(bytes) {
        Ok(found) if *found == **digest => Signed::Present(bytes),
        _ => Signed::Missing(format!("{file} is not the signed one")),
    }
}

/// DG14, where it is the one that EF.SOD signs.
pub(crate) fn signed_dg14<'a>(chip: &'a ChipFiles, sod: &Sod) -> Option<&'a [u8]> {
    signed_group(chip, sod, 14)
}

/// A data group, where it is the one that EF.SOD signs.
pub(crate) fn signed_group<'a>(chip: &'a ChipFiles, sod: &Sod, group: u8) -> Option<&'a [u8]> {
    match signed(chip, sod, ElementaryFile::DataGroup(group), group) {
        Signed::Present(bytes) => Some(bytes),
        Signed::Unlisted | Signed::Missing(_) => None,
    }
}

/// For a chip that was there, what is missing was held back.
fn missing(check: Check, conversation: Option<&Conversation>, reason: String) -> Finding {
    match conversation {
        Some(_) => Finding::failed(check, reason),
        None => Finding::not_done(check, reason),
    }
}

fn chip_authentication(chip: &ChipFiles, sod: &Sod, secured: Option<&SecurityInfos>) -> Finding {
    let check = Check::ChipAuthentication;
    let conversation = chip.conversation();
    let bytes = match signed(chip, sod, DG14, 14) {
        Signed::Unlisted => return unannounced(check, conversation, secured),
        Signed::Missing(reason) => return missing(check, conversation, reason),
        Signed::Present(bytes) => bytes,
    };
    let infos = match SecurityInfos::of_dg14(bytes) {
        Ok(infos) => infos,
        Err(error) => return Finding::not_done(check, format!("DG14 {error}")),
    };
    let Some(conversation) = conversation else {
        return match infos.keys.is_empty() && infos.chip_authentication.is_empty() {
            true => Finding::not_supported(check, "DG14 announces no key"),
            false => Finding::not_done(check, "no chip was there"),
        };
    };
    let mapped = mapped_to(conversation, &infos);
    if mapped == Some(false) && conversation.mapping == MappingProof::Failed {
        return Finding::failed(check, "PACE-CAM: no static key fits the chip's proof");
    }
    if infos.keys.is_empty() && infos.chip_authentication.is_empty() {
        return unannounced(check, Some(conversation), secured);
    }
    let secured = secured.and_then(|infos| mapped_to(conversation, infos));
    match (&conversation.chip_authentication, mapped) {
        (ChipProof::Given(way), _) => passed(check, way.clone()),
        (ChipProof::Failed(reason), _) => Finding::failed(check, reason.clone()),
        (_, Some(true)) => passed(check, "PACE-CAM with a key of DG14".into()),
        _ if secured == Some(true) => {
            passed(check, "PACE-CAM with a key of EF.CardSecurity".into())
        }
        (ChipProof::Unsupported(reason), _) => {
            Finding::not_done(check, format!("this gate cannot do it: {reason}"))
        }
        (ChipProof::NotAsked, _) if infos.keys.is_empty() => Finding::failed(
            check,
            "DG14 announces Chip Authentication and has no key for it",
        ),
        (ChipProof::NotAsked, _) => Finding::failed(check, "announced in DG14 and not done"),
    }
}

/// Nothing is signed that announces the proof. What the chip proved with a key that nobody signed is
/// told, and counts for nothing; a proof that failed counts.
fn unannounced(
    check: Check,
    conversation: Option<&Conversation>,
    secured: Option<&SecurityInfos>,
) -> Finding {
    let none = || Finding::not_supported(check, "the signed data groups announce none");
    let Some(conversation) = conversation else {
        return none();
    };
    let secured = secured.and_then(|infos| mapped_to(conversation, infos));
    match (&conversation.mapping, secured) {
        (MappingProof::Failed, _) => {
            Finding::failed(check, "PACE-CAM: no static key fits the chip's proof")
        }
        (MappingProof::Given(_), Some(true)) => {
            passed(check, "PACE-CAM with a key of EF.CardSecurity".into())
        }
        (MappingProof::Given(_), _) => Finding::failed(
            check,
            "PACE-CAM with a key that only EF.CardSecurity has, which nobody trusted has signed",
        ),
        (MappingProof::NotAsked, _) => none(),
    }
}

/// Whether the key of a chip authentication mapping is one of `infos`; `None` without such a mapping.
fn mapped_to(conversation: &Conversation, infos: &SecurityInfos) -> Option<bool> {
    match &conversation.mapping {
        MappingProof::NotAsked => None,
        MappingProof::Failed => Some(false),
        MappingProof::Given(point) => Some(infos.keys.iter().any(|key| {
            Domain::of_public_key(&key.public_key)
                .and_then(|(domain, element)| domain.encode(&element))
                .is_ok_and(|encoded| encoded == *point)
        })),
    }
}

fn active_authentication(chip: &ChipFiles, sod: &Sod) -> Finding {
    let check = Check::ActiveAuthentication;
    let conversation = chip.conversation();
    let dg15 = match signed(chip, sod, DG15, 15) {
        Signed::Unlisted => {
            return Finding::not_supported(check, "the signed data groups announce none");
        }
        Signed::Missing(reason) => return missing(check, conversation, reason),
        Signed::Present(bytes) => bytes,
    };
    let Some(conversation) = conversation else {
        return Finding::not_done(check, "no chip was there");
    };
    let announced = match signed(chip, sod, DG14, 14) {
        Signed::Present(bytes) => SecurityInfos::of_dg14(bytes)
            .ok()
            .and_then(|infos| infos.active_authentication.flatten()),
        _ => None,
    };
    match &conversation.active_authentication {
        ChallengeProof::NotAsked => Finding::failed(check, "announced by DG15 and not done"),
        ChallengeProof::Refused(status) => {
            Finding::failed(check, format!("the chip refused with status {status}"))
        }
        ChallengeProof::Broken(reason) => Finding::failed(check, reason.clone()),
        ChallengeProof::Answered {
            challenge,
            signature,
        } => match active_authentication::verify(dg15, announced, challenge, signature) {
            Verdict::Right(way) => passed(check, way),
            Verdict::Wrong(reason) => Finding::failed(check, reason),
            Verdict::Unsupported(reason) => {
                Finding::not_done(check, format!("this gate cannot do it: {reason}"))
            }
        },
    }
}

fn passed(check: Check, reason: String) -> Finding {
    Finding {
        reason,
        ..Finding::passed(check)
    }
}
