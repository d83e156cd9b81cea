//! Whether the controller has a site, and what the technician is told of it.

use gate_protocol::Instant;
use gate_protocol::message::{CommandNumber, Refusal, State};
use gate_protocol::site::NoSite;
use std::time::Duration;

/// How long until a controller with somebody inside is told the site again.
const BUSY_FOR: Duration = Duration::from_secs(1);
/// The same for one that was told other sites too often: it takes one a minute.
const TOO_OFTEN_FOR: Duration = Duration::from_secs(61);

/// What the lane is to know of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// It works.
    Ready,
    /// It has no site, and nobody has one for it.
    Lacking(NoSite),
    /// It had none and is being told the settings'.
    Being(NoSite),
}

/// One session's talk about the site: a controller without one is not ready.
#[derive(Debug, Default)]
pub(super) struct SiteTalk {
    /// The command that tells the controller its site, if the answer is outstanding.
    asked: Option<CommandNumber>,
    /// It has taken it, and obeys it from its next scan on: a status may be older.
    taken: bool,
    said: Option<Word>,
    /// When it is told again, after a refusal that does not last.
    again_at: Option<Instant>,
    /// Nobody is let in until it has taken the site.
    holds: bool,
    /// The last refusal that the technician has been told of in this session.
    complained: Option<Refusal>,
}

impl SiteTalk {
    /// A session begins; `asked` tells the controller its site, if the settings have one.
    pub(super) const fn begin(asked: Option<CommandNumber>) -> Self {
        Self {
            asked,
            taken: false,
            said: None,
            again_at: None,
            holds: false,
            complained: None,
        }
    }

    /// The site was refused: it is told again, unless telling can change nothing. Whether the
    /// technician has not been told of this refusal yet.
    pub(super) fn refused(&mut self, now: Instant, refusal: Refusal) -> bool {
        let wait = match refusal {
            // The lease comes with the next heartbeat, the site does not by itself.
            Refusal::WrongState | Refusal::NoLease => Some(BUSY_FOR),
            Refusal::TooOften => Some(TOO_OFTEN_FOR),
            _ => None,
        };
        self.again_at = wait.map(|wait| now + wait);
        self.holds = matches!(refusal, Refusal::WrongState | Refusal::NoLease);
        self.complained.replace(refusal) != Some(refusal)
    }

    /// Whether nobody is to be let in for now: the controller takes a site only while it is closed, and
    /// whoever came in would do so under another than the settings'.
    pub(super) const fn holds(&self) -> bool {
        self.holds
    }

    /// Whether it is time to tell the site again.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        self.again_at.take_if(|at| now >= *at).is_some()
    }

    /// The site has been told again.
    pub(super) const fn tells(&mut self, asked: Option<CommandNumber>) {
        self.asked = asked;
    }

    /// The line has no room for another command: the site is told later.
    pub(super) fn put_off(&mut self, now: Instant) {
        self.again_at = Some(now + BUSY_FOR);
    }

    /// The line had no room for the site when the session began: it is told as soon as it can be,
    /// and nobody is let in before.
    pub(super) fn unheard(&mut self, now: Instant) {
        self.put_off(now);
        self.holds = true;
    }

    /// A command was taken; whether it was the site's.
    pub(super) fn accepted(&mut self, number: CommandNumber) -> bool {
        let taken = self.answered(number);
        self.taken |= taken;
        self.holds &= !taken;
        taken
    }

    /// A command was refused, or lost; whether it was the site's.
    pub(super) fn answered(&mut self, number: CommandNumber) -> bool {
        self.asked.take_if(|asked| *asked == number).is_some()
    }

    /// What the state says, each time that it is something new.
    pub(super) fn observe(&mut self, state: State) -> Option<Word> {
        let word = match state {
            State::NoSite(why) => {
                if self.asked.is_some() || self.taken || self.again_at.is_some() {
                    Word::Being(why)
                } else {
                    Word::Lacking(why)
                }
            }
            _ => Word::Ready,
        };
        (self.said.replace(word) != Some(word)).then_some(word)
    }
}

/// What a refused site means, and what helps.
pub(super) const fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotKept => {
            "controller goes by the site of the settings until it loses power: it could not write it down, change the board"
        }
        Refusal::OutOfRange => {
            "controller did not take the site of the settings: a time lies outside the bounds of its firmware, which is of another version than this host; update one of them"
        }
        Refusal::Wiring => {
            "controller goes by another shape or exit lock than the settings name; if the settings are right, turn the service key, then open the cabinet: it is told again when it is connected anew, which the open cabinet brings about"
        }
        Refusal::TooOften => {
            "controller did not take the site of the settings: somebody has told it other sites again and again, which wears its memory out; it is told again within two minutes"
        }
        Refusal::NoLease => {
            "controller did not take the site of the settings, because it had lost this host for a moment; it is told again in a second, and nobody is let in before"
        }
        _ => {
            "controller did not take the site of the settings and goes by the one before, if any; the lane stays closed until nobody is inside and it has taken it"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: State = State::NoSite(NoSite::Missing);

    #[test]
    fn a_site_that_found_no_room_on_the_line_is_told_later_and_nobody_is_let_in_before() {
        let mut talk = SiteTalk::begin(None);
        talk.unheard(Instant::ZERO);
        assert!(talk.holds());
        assert!(!talk.is_due(Instant::from_millis(999)));
        assert!(talk.is_due(Instant::from_millis(1_000)));
        talk.tells(Some(7));
        assert!(talk.holds() && talk.accepted(7));
        assert!(!talk.holds());
    }

    #[test]
    fn a_new_controller_is_ready_once_it_has_taken_the_site_of_the_settings() {
        let mut talk = SiteTalk::begin(Some(4));
        assert_eq!(talk.observe(NONE), Some(Word::Being(NoSite::Missing)));
        assert_eq!(talk.observe(NONE), None, "said once");
        assert!(!talk.accepted(3) && talk.accepted(4));
        assert_eq!(talk.observe(NONE), None, "a status that is older");
        assert_eq!(talk.observe(State::Secure), Some(Word::Ready));
        assert_eq!(talk.observe(State::Idle), None);
    }

    #[test]
    fn a_controller_without_a_site_is_not_ready_and_the_reason_is_told() {
        for why in [NoSite::Missing, NoSite::Unreadable, NoSite::Version(9)] {
            let mut unnamed = SiteTalk::begin(None);
            let state = State::NoSite(why);
            assert_eq!(unnamed.observe(state), Some(Word::Lacking(why)));
            let mut refused = SiteTalk::begin(Some(4));
            refused.observe(state);
            assert!(refused.answered(4));
            assert_eq!(refused.observe(state), Some(Word::Lacking(why)));
        }
    }

    #[test]
    fn a_site_that_was_refused_is_told_again_and_complained_of_once() {
        let at = |seconds: u64| Instant::from_millis(seconds * 1_000);
        for (refusal, seconds, holds) in [
            (Refusal::WrongState, 1, true),
            (Refusal::NoLease, 1, true),
            (Refusal::TooOften, 61, false),
        ] {
            let mut talk = SiteTalk::begin(Some(4));
            assert!(!talk.holds());
            assert!(talk.answered(4) && talk.refused(at(0), refusal));
            assert_eq!(talk.holds(), holds, "nobody is let in meanwhile");
            assert!(!talk.is_due(at(seconds - 1)), "too early");
            assert!(talk.is_due(at(seconds)) && !talk.is_due(at(seconds)));
            talk.tells(Some(9));
            assert!(talk.answered(9) && !talk.refused(at(seconds), refusal));
            assert!(talk.is_due(at(seconds * 2)));
            talk.tells(Some(10));
            assert!(talk.accepted(10) && !talk.is_due(at(999)) && !talk.holds());
        }
    }

    #[test]
    fn a_new_controller_that_lost_the_host_for_a_moment_is_being_told_and_lacks_nothing() {
        let mut talk = SiteTalk::begin(Some(4));
        assert_eq!(talk.observe(NONE), Some(Word::Being(NoSite::Missing)));
        assert!(talk.answered(4) && talk.refused(Instant::ZERO, Refusal::NoLease));
        assert_eq!(talk.observe(NONE), None, "nothing new");
    }

    #[test]
    fn a_site_that_this_controller_never_takes_is_not_told_again() {
        for refusal in [Refusal::OutOfRange, Refusal::NotKept, Refusal::Wiring] {
            let mut talk = SiteTalk::begin(Some(4));
            assert!(talk.refused(Instant::ZERO, refusal) && !talk.holds());
            assert!(!talk.is_due(Instant::from_millis(u64::from(u32::MAX))));
        }
    }

    #[test]
    fn each_refusal_of_a_site_has_a_text_of_its_own() {
        let texts = [
            Refusal::NotKept,
            Refusal::OutOfRange,
            Refusal::Wiring,
            Refusal::TooOften,
            Refusal::WrongState,
            Refusal::NoLease,
        ]
        .map(refused);
        let different = std::collections::BTreeSet::from(texts);
        assert_eq!(different.len(), texts.len());
    }
}
