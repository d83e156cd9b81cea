//! EF.CardAccess is signed by nobody: whoever stands between chip and gate can take the better ways
//! of PACE out of it. What it announces is held against what DG14 or EF.CardSecurity announces, which
//! is signed (Doc 9303-11, 4.2).

use crate::conversation::Conversation;
use crate::finding::{Check, Finding};
use crate::tlv::{Reader, Tlv, TlvError};
use std::collections::BTreeSet;

/// id-PACE: bsi-de protocols smartcard 4.
const PACE: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04];

/// Entries looked at, as in [`crate::security_info`].
const ENTRIES_MAX: usize = 64;

/// The finding. `dg14` is the file as EF.SOD signs it, and `card_security` the set in
/// EF.CardSecurity; each only where it may be believed.
pub(crate) fn finding(
    conversation: Option<&Conversation>,
    dg14: Option<&[u8]>,
    card_security: Option<&[u8]>,
) -> Finding {
    let check = Check::CardAccess;
    let Some(conversation) = conversation else {
        return Finding::not_done(check, "no chip was there");
    };
    let signed = match (dg14.map(of_dg14), card_security.map(of_set)) {
        (Some(Ok(dg14)), _) if !dg14.pace.is_empty() => Some(("DG14", dg14)),
        (_, Some(Ok(secured))) => Some(("EF.CardSecurity", secured)),
        (Some(Ok(dg14)), _) => Some(("DG14", dg14)),
        _ => None,
    };
    let Some(found) = &conversation.card_access else {
        return match signed {
            Some((name, signed)) if !signed.pace.is_empty() => Finding::failed(
                check,
                format!("{name} announces PACE, and EF.CardAccess could not be read"),
            ),
            _ => Finding::not_supported(check, "nothing announces PACE"),
        };
    };
    match (of_set(found.expose()), signed) {
        (Err(problem), Some((name, signed))) if !signed.pace.is_empty() => Finding::failed(
            check,
            format!("{name} announces PACE, and EF.CardAccess {problem}"),
        ),
        (Err(problem), _) => Finding::not_done(check, format!("EF.CardAccess {problem}")),
        (Ok(_), None) => {
            Finding::not_done(check, "nothing that is signed says what it should announce")
        }
        (Ok(found), Some((name, signed))) => compare(&found, name, &signed),
    }
}

fn compare(found: &Announced, name: &str, signed: &Announced) -> Finding {
    let check = Check::CardAccess;
    if signed.pace.is_empty() && !found.pace.is_empty() {
        return Finding::not_done(check, format!("{name} announces no PACE"));
    }
    let hidden = signed.pace.difference(&found.pace).count();
    let added = found.pace.difference(&signed.pace).count();
    let mut different = Vec::new();
    if hidden > 0 {
        different.push(format!("lacks {hidden} of the ways of PACE in {name}"));
    }
    if added > 0 {
        different.push(format!(
            "announces {added} ways of PACE that {name} does not"
        ));
    }
    if !different.is_empty() {
        return Finding::failed(check, format!("EF.CardAccess {}", different.join(" and ")));
    }
    // National applications announce their own protocols there.
    match found.others.difference(&signed.others).count() {
        0 => Finding::passed(check),
        others => Finding::not_done(
            check,
            format!("EF.CardAccess announces {others} other protocols that {name} does not"),
        ),
    }
}

/// Security information as it stands, by whether it is about PACE.
#[derive(Default)]
struct Announced {
    pace: BTreeSet<Vec<u8>>,
    others: BTreeSet<Vec<u8>>,
}

fn of_dg14(bytes: &[u8]) -> Result<Announced, TlvError> {
    let mut file = Reader::new(bytes).expect(0x6E, "DG14 (6E)")?.reader();
    announced(&file.expect(0x31, "security information (31)")?)
}

fn of_set(bytes: &[u8]) -> Result<Announced, TlvError> {
    announced(&Reader::new(bytes).expect(0x31, "security information (31)")?)
}

fn announced(set: &Tlv<'_>) -> Result<Announced, TlvError> {
    let mut found = Announced::default();
    let mut reader = set.reader();
    for _ in 0..ENTRIES_MAX {
        if reader.is_empty() {
            break;
        }
        let entry = reader.expect(0x30, "security information")?;
        let protocol = entry.reader().expect(0x06, "protocol")?.value;
        let kind = match protocol.starts_with(PACE) {
            true => &mut found.pace,
            false => &mut found.others,
        };
        kind.insert(entry.raw.to_vec());
    }
    Ok(found)
}
