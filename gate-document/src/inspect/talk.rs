//! What was noticed while the chip was talked to, as a finding.

use crate::channel::Notice;
use crate::chip::Cause;
use crate::conversation::Conversation;
use crate::finding::{Check, Finding};
use crate::report::Evidence;

/// The finding for [`Check::ChipConversation`]; every notice, with step and status, is its evidence.
///
/// A status without protection inside a session fails: anybody in the field may have sent it
/// (Doc 9303-11, 9.8.4 wants every answer protected), and so does an answer whose protection is wrong.
/// What is merely unusual leaves the check undone.
pub(super) fn finding(conversation: Option<&Conversation>, evidence: &mut Evidence) -> Finding {
    match conversation {
        Some(conversation) => noticed(&conversation.notices, evidence),
        None => Finding::not_done(Check::ChipConversation, "no chip was there"),
    }
}

/// The same of a conversation that failed, as far as it went.
pub(super) fn broken_off(notices: &[Notice], evidence: &mut Evidence) -> Option<Finding> {
    (!notices.is_empty()).then(|| noticed(notices, evidence))
}

fn noticed(notices: &[Notice], evidence: &mut Evidence) -> Finding {
    let check = Check::ChipConversation;
    if notices.is_empty() {
        return Finding::passed(check);
    }
    let told: Vec<String> = notices.iter().map(ToString::to_string).collect();
    evidence.note(check, "notices", told.join("; "));
    let reason = summary(notices);
    let distrusted = |notice: &Notice| match notice {
        Notice::GivenUp { cause, .. } => *cause == Cause::Distrust,
        other => matches!(other, Notice::Unprotected { .. }),
    };
    if notices.iter().any(distrusted) {
        Finding::failed(check, reason)
    } else {
        Finding::not_done(check, reason)
    }
}

/// Each kind of notice once, as it was met first, and how often the kind was met.
fn summary(notices: &[Notice]) -> String {
    let kind = |notice: &Notice| core::mem::discriminant(notice);
    let mut first: Vec<&Notice> = Vec::new();
    for notice in notices {
        if !first.iter().any(|known| kind(known) == kind(notice)) {
            first.push(notice);
        }
    }
    let told: Vec<String> = first
        .into_iter()
        .map(|notice| {
            let times = notices.iter().filter(|it| kind(it) == kind(notice)).count();
            match times {
                1 => notice.to_string(),
                _ => format!("{notice} ({times} times alike)"),
            }
        })
        .collect();
    told.join("; ")
}
