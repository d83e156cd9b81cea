//! Whether the controller has a site, and what the technician is told of it.

use gate_protocol::message::{CommandNumber, Refusal, State};
use gate_protocol::site::NoSite;

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
}

impl SiteTalk {
    /// A session begins; `asked` tells the controller its site, if the settings have one.
    pub(super) const fn begin(asked: Option<CommandNumber>) -> Self {
        Self {
            asked,
            taken: false,
            said: None,
        }
    }

    /// A command was taken; whether it was the site's.
    pub(super) fn accepted(&mut self, number: CommandNumber) -> bool {
        let taken = self.answered(number);
        self.taken |= taken;
        taken
    }

    /// A command was refused, or lost; whether it was the site's.
    pub(super) fn answered(&mut self, number: CommandNumber) -> bool {
        self.asked.take_if(|asked| *asked == number).is_some()
    }

    /// What the state says, each time that it is something new.
    pub(super) fn observe(&mut self, state: State) -> Option<Word> {
        let word = match state {
            State::NoSite(why) if self.asked.is_some() || self.taken => Word::Being(why),
            State::NoSite(why) => Word::Lacking(why),
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
        _ => {
            "controller did not take the site of the settings and goes by the one before, if any; it is told again when it is connected anew, and takes it while nobody is inside"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: State = State::NoSite(NoSite::Missing);

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
    fn each_refusal_of_a_site_has_a_text_of_its_own() {
        let texts = [
            Refusal::NotKept,
            Refusal::OutOfRange,
            Refusal::Wiring,
            Refusal::WrongState,
        ]
        .map(refused);
        let different = std::collections::BTreeSet::from(texts);
        assert_eq!(different.len(), texts.len());
    }
}
