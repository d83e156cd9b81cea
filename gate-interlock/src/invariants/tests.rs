//! A bystander who sees nothing would prove nothing: each rule is broken once.

use super::*;
use gate_protocol::State;
use gate_protocol::pins::{Input, Output};

/// Everything normal, both doors shut, nobody there.
fn calm() -> Bits {
    let low = [
        Input::EntryOpen,
        Input::ExitOpen,
        Input::SingleOk,
        Input::BatteryLow,
        Input::KeyService,
        Input::Pair,
    ];
    low.into_iter().fold(Bits(0x00ff_ffff), |bits, input| {
        bits.with_input(input, false)
    })
}

fn held() -> Bits {
    [Output::EntryHold, Output::ExitHold, Output::NoAlarm]
        .into_iter()
        .fold(Bits(0), |bits, output| bits.with_output(output, true))
}

/// One person behind a shut entry.
fn one() -> Bits {
    calm()
        .with_input(Input::SingleOk, true)
        .with_input(Input::EmptyOk, false)
        .with_input(Input::Chamber1Free, false)
}

fn ajar(inputs: Bits, door: Door) -> Bits {
    let [closed, locked] = match door {
        Door::Entry => [Input::EntryClosed, Input::EntryLocked],
        Door::Exit => [Input::ExitClosed, Input::ExitLocked],
    };
    inputs.with_input(closed, false).with_input(locked, false)
}

fn released(door: Door) -> Bits {
    let (hold, drive) = match door {
        Door::Entry => (Output::EntryHold, Output::EntryDrive),
        Door::Exit => (Output::ExitHold, Output::ExitDrive),
    };
    held().with_output(hold, false).with_output(drive, true)
}

/// A bystander and what it is shown.
struct Show {
    rules: Invariants,
    ms: u64,
    passage: Passage,
    leased: bool,
}

impl Show {
    fn new() -> Self {
        Self {
            rules: Invariants::new(CheckedSite::default()),
            ms: 0,
            passage: 1,
            leased: true,
        }
    }

    fn now(&self) -> Instant {
        Instant::from_millis(self.ms)
    }

    /// One scan `ms` after the one before; the rule that it broke.
    fn after(&mut self, ms: u64, state: State, inputs: Bits, outputs: Bits) -> Option<Rule> {
        self.ms += ms;
        let facts = Facts {
            state,
            passage: self.passage,
            leased: self.leased,
            inputs,
        };
        let verdict = self.rules.check(self.now(), inputs, outputs, facts);
        verdict.err().map(|violation| violation.rule)
    }

    fn permit(&mut self, for_ms: u16, passage: Passage) {
        let asked = ToController::Permit {
            door: Door::Exit,
            for_ms,
            passage,
        };
        self.rules.answered(self.now(), &asked, Answer::Accepted);
        self.rules.happened(Event::ExitReleased(passage));
    }

    /// One person has been inside for a second, and the exit is permitted.
    fn permitted() -> Self {
        let mut show = Self::new();
        for _ in 0..2 {
            assert_eq!(show.after(1_000, State::Occupied, one(), held()), None);
        }
        show.permit(5_000, 1);
        show
    }
}

#[test]
fn a_journey_breaks_no_rule() {
    let mut show = Show::permitted();
    let exit = released(Door::Exit);
    assert_eq!(show.after(1, State::ExitOpen, one(), exit), None);
    let open = ajar(one(), Door::Exit);
    assert_eq!(show.after(1_000, State::ExitOpen, open, exit), None);
    let empty = ajar(calm(), Door::Exit);
    assert_eq!(show.after(1_000, State::ExitClosing, empty, held()), None);
    show.rules.happened(Event::Passed(1));
    assert_eq!(show.after(1_000, State::Idle, calm(), held()), None);
    let entry = released(Door::Entry);
    assert_eq!(show.after(1_000, State::EntryOpen, calm(), entry), None);
}

#[test]
fn s1_is_seen() {
    let fire = calm().with_input(Input::FireOk, false);
    let found = Show::new().after(1, State::Emergency, fire, held());
    assert_eq!(found, Some(Rule::S1));
    let open = Bits(0)
        .with_output(Output::EntryRelease, true)
        .with_output(Output::ExitRelease, true);
    let found = Show::new().after(1, State::Emergency, fire, open);
    assert_eq!(found, None);
}

#[test]
fn s3_is_seen() {
    let both = Bits(0).with_output(Output::NoAlarm, true);
    let found = Show::new().after(1, State::Trouble, calm(), both);
    assert_eq!(found, Some(Rule::S3));
    let before_an_open_exit = ajar(calm(), Door::Exit);
    let entry = released(Door::Entry);
    let found = Show::new().after(1, State::EntryOpen, before_an_open_exit, entry);
    assert_eq!(found, Some(Rule::S3));
    let found = Show::new().after(1, State::PowerFail, calm(), released(Door::Exit));
    assert_eq!(found, Some(Rule::S3), "not as the site wants it");
}

#[test]
fn s4_is_seen() {
    let exit = released(Door::Exit);
    let mut late = Show::permitted();
    assert_eq!(
        late.after(5_000, State::ExitOpen, one(), exit),
        Some(Rule::S4)
    );
    let mut other = Show::permitted();
    other.passage = 2;
    assert_eq!(other.after(1, State::ExitOpen, one(), exit), Some(Rule::S4));
    let mut twice = Show::permitted();
    assert_eq!(twice.after(1, State::ExitOpen, one(), exit), None);
    assert_eq!(twice.after(1, State::ExitClosing, one(), held()), None);
    assert_eq!(
        twice.after(1, State::ExitClosing, one(), exit),
        Some(Rule::S4)
    );
    let mut new_session = Show::permitted();
    new_session.rules.session_opened();
    let found = new_session.after(1, State::ExitOpen, one(), exit);
    assert_eq!(found, Some(Rule::S4));
}

#[test]
fn s5_is_seen() {
    let mut show = Show::new();
    assert_eq!(show.after(1_000, State::Occupied, one(), held()), None);
    assert_eq!(show.after(400, State::Occupied, one(), held()), None);
    show.permit(5_000, 1);
    let found = show.after(50, State::ExitOpen, one(), released(Door::Exit));
    assert_eq!(found, Some(Rule::S5), "seen for 450 ms");
}

#[test]
fn s6_is_seen() {
    let found = Show::new().after(1, State::EntryOpen, one(), released(Door::Entry));
    assert_eq!(found, Some(Rule::S6));
}

#[test]
fn s7_is_seen() {
    let mut show = Show::new();
    let squeezed = ajar(one(), Door::Entry).with_input(Input::EntrySafe, false);
    for ms in [1, 100] {
        assert_eq!(show.after(ms, State::EntryClosing, squeezed, held()), None);
    }
    let found = show.after(1, State::EntryClosing, squeezed, held());
    assert_eq!(found, Some(Rule::S7));
}

#[test]
fn s8_is_seen() {
    let mut show = Show::new();
    for ms in [1, 140_000] {
        assert_eq!(show.after(ms, State::Occupied, one(), held()), None);
    }
    let found = show.after(1, State::Occupied, one(), held());
    assert_eq!(found, Some(Rule::S8));
    let called = held().with_output(Output::NoAlarm, false);
    assert_eq!(show.after(1, State::Occupied, one(), called), None);
}

#[test]
fn an_exit_that_clicks_and_does_not_move_lets_nobody_go() {
    let mut show = Show::new();
    for ms in [1, 100_000] {
        assert_eq!(show.after(ms, State::Occupied, one(), held()), None);
    }
    show.permit(5_000, 1);
    let out = released(Door::Exit);
    assert_eq!(show.after(1, State::ExitOpen, one(), out), None);
    show.rules.happened(Event::DidNotLeave(1));
    assert_eq!(show.after(39_999, State::Occupied, one(), held()), None);
    let found = show.after(1, State::Occupied, one(), held());
    assert_eq!(found, Some(Rule::S8));
}

#[test]
fn s9_is_seen() {
    let mut show = Show::permitted();
    let exit = released(Door::Exit);
    assert_eq!(show.after(1, State::ExitOpen, one(), exit), None);
    show.leased = false;
    let in_leaf = ajar(one(), Door::Exit).with_input(Input::ExitSafe, false);
    let found = show.after(1, State::ExitOpen, in_leaf, exit);
    assert_eq!(found, Some(Rule::S9));
}

#[test]
fn s10_is_seen() {
    let mut show = Show::new();
    let entry = released(Door::Entry);
    for ms in [1, 10_000] {
        assert_eq!(show.after(ms, State::Returning, one(), entry), None);
    }
    assert_eq!(
        show.after(1, State::Returning, one(), entry),
        Some(Rule::S10)
    );
    let mut show = Show::new();
    let loud = held().with_output(Output::Buzzer, true);
    for ms in [1, 30_000] {
        assert_eq!(show.after(ms, State::Idle, calm(), loud), None);
    }
    assert_eq!(show.after(1, State::Idle, calm(), loud), Some(Rule::S10));
}

#[test]
fn s14_is_seen() {
    for input in [Input::EntryOpen, Input::ExitOpen, Input::SingleOk] {
        let mut show = Show::new();
        let odd = calm().with_input(input, true);
        for ms in [1, 500] {
            assert_eq!(show.after(ms, State::Idle, odd, held()), None, "{input:?}");
        }
        assert_eq!(show.after(1, State::Idle, odd, held()), Some(Rule::S14));
        assert_eq!(show.after(1, State::Trouble, odd, held()), None);
    }
    let failed = calm().with_input(Input::DrivesOk, false);
    let found = Show::new().after(1, State::Idle, failed, held());
    assert_eq!(found, Some(Rule::S14));
    let pressed = calm().with_input(Input::EstopOk1, false);
    let open = Bits(0)
        .with_output(Output::EntryRelease, true)
        .with_output(Output::ExitRelease, true);
    let mut show = Show::new();
    for ms in [1, 50] {
        assert_eq!(show.after(ms, State::Emergency, pressed, open), None);
    }
    let found = show.after(1, State::Emergency, pressed, open);
    assert_eq!(found, Some(Rule::S14));
    let found = Show::new().after(1, State::Trouble, calm(), released(Door::Entry));
    assert_eq!(found, Some(Rule::S14), "nobody is inside");
}

#[test]
fn s15_is_seen() {
    let mut show = Show::new();
    for ms in [1, 600] {
        assert_eq!(show.after(ms, State::Idle, calm(), held()), None);
    }
    let forced = ajar(calm(), Door::Exit);
    for ms in [1, 100] {
        assert_eq!(show.after(ms, State::Idle, forced, held()), None);
    }
    assert_eq!(show.after(1, State::Idle, forced, held()), Some(Rule::S15));
    show.rules.happened(Event::Forced(Door::Exit));
    assert_eq!(show.after(1, State::Trouble, forced, held()), None);
    assert_eq!(show.after(9_998, State::Trouble, forced, held()), None);
    let found = show.after(1, State::Trouble, forced, held());
    assert_eq!(found, Some(Rule::S15), "held open for 10.1 s");
    show.rules.happened(Event::HeldOpen(Door::Exit));
    assert_eq!(show.after(1, State::Trouble, forced, held()), None);
}

#[test]
fn s16_is_seen() {
    let out = released(Door::Entry)
        .with_output(Output::EntryRelease, true)
        .with_output(Output::ExitRelease, true)
        .with_output(Output::ExitHold, false);
    let fire = calm().with_input(Input::FireOk, false);
    let clear = ToController::ClearAlarm;
    for (calm_ms, cleared, found) in [
        (4_999, true, Some(Rule::S16)),
        (6_000, false, Some(Rule::S16)),
        (6_000, true, None),
    ] {
        let mut show = Show::new();
        assert_eq!(show.after(1, State::Emergency, fire, out), None);
        assert_eq!(show.after(1, State::Emergency, calm(), out), None);
        assert_eq!(show.after(1, State::Emergency, calm(), out), None);
        if cleared {
            show.rules.answered(show.now(), &clear, Answer::Accepted);
        }
        assert_eq!(
            show.after(calm_ms - 1, State::Secure, calm(), held()),
            found
        );
    }
    let cabinet = calm().with_input(Input::TamperOk, false);
    let found = Show::new().after(1, State::Idle, cabinet, held());
    assert_eq!(found, Some(Rule::S16));
    let mut show = Show::new();
    show.rules.happened(Event::TamperBegan);
    assert_eq!(show.after(1, State::Tamper, cabinet, held()), None);
    assert_eq!(show.after(1, State::Idle, calm(), held()), Some(Rule::S16));
}

#[test]
fn s17_is_seen() {
    let mut untold = Show::permitted();
    let found = untold.after(1, State::Occupied, one(), held());
    assert_eq!(found, Some(Rule::S17));
    let mut wrong = Show::permitted();
    wrong.rules.happened(Event::Passed(2));
    let found = wrong.after(1, State::Occupied, one(), held());
    assert_eq!(found, Some(Rule::S17));
    let mut twice = Show::permitted();
    twice.rules.happened(Event::DidNotLeave(1));
    twice.rules.happened(Event::Passed(1));
    let found = twice.after(1, State::Idle, calm(), held());
    assert_eq!(found, Some(Rule::S17));
    let mut silent = Show::new();
    let found = silent.after(1, State::ExitOpen, one(), held());
    assert_eq!(found, Some(Rule::S17));
}

#[test]
fn s20_is_seen() {
    let mut show = Show::permitted();
    let two = one().with_input(Input::SingleOk, false);
    let found = show.after(1, State::ExitOpen, two, held());
    assert_eq!(found, Some(Rule::S20));
}

#[test]
fn two_before_an_unlocked_exit_are_seen() {
    let two = one().with_input(Input::SingleOk, false);
    for (exit, found) in [
        (two, Some(Rule::S20)),
        (ajar(two, Door::Exit), None),
        (two.with_input(Input::EmptyOk, true), None),
    ] {
        let mut show = Show::permitted();
        let alone = one().with_input(Input::EntryLocked, true);
        let out = released(Door::Exit);
        assert_eq!(show.after(1, State::ExitOpen, alone, out), None);
        assert_eq!(show.after(1, State::ExitOpen, exit, out), found);
    }
}

#[test]
fn a_second_person_inside_of_whom_nobody_is_told_is_seen() {
    let two = ajar(one().with_input(Input::SingleOk, false), Door::Exit);
    for (told, found) in [(false, Some(Rule::S20)), (true, None)] {
        let mut show = Show::permitted();
        let out = released(Door::Exit);
        assert_eq!(show.after(1, State::ExitOpen, one(), out), None);
        assert_eq!(show.after(1, State::ExitOpen, two, out), None);
        if told {
            show.rules.happened(Event::WrongWay);
        }
        assert_eq!(show.after(600, State::ExitOpen, two, out), None);
        assert_eq!(show.after(1, State::ExitOpen, two, out), found);
    }
}

#[test]
fn an_exit_that_closes_for_two_and_stays_unlocked_in_its_frame_is_seen() {
    for not_one in [
        one().with_input(Input::SingleOk, false),
        calm().with_input(Input::EmptyOk, false),
    ] {
        let mut show = Show::permitted();
        let out = released(Door::Exit);
        assert_eq!(show.after(1, State::ExitOpen, one(), out), None);
        let found = show.after(1, State::ExitClosing, not_one, out);
        assert_eq!(found, Some(Rule::S20));
    }
}

#[test]
fn two_inside_are_seen_whatever_stands_in_beam_or_curtain() {
    let two = ajar(one().with_input(Input::SingleOk, false), Door::Exit);
    let out = released(Door::Exit);
    for (blocked, longest_ms) in [(Input::ZoneOutFree, 600), (Input::ExitSafe, 3_100)] {
        let mut show = Show::permitted();
        assert_eq!(show.after(1, State::ExitOpen, one(), out), None);
        let two = two.with_input(blocked, false);
        assert_eq!(show.after(1, State::ExitOpen, two, out), None);
        assert_eq!(show.after(longest_ms, State::ExitOpen, two, out), None);
        let found = show.after(1, State::ExitOpen, two, out);
        assert_eq!(found, Some(Rule::S20), "{blocked:?}");
    }
}

#[test]
fn an_exit_that_never_moved_has_let_nobody_out() {
    for end in [Event::Passed(1), Event::ObjectLeft(1)] {
        let mut show = Show::permitted();
        let out = released(Door::Exit);
        assert_eq!(show.after(1, State::ExitOpen, one(), out), None);
        assert_eq!(show.after(1, State::ExitClosing, one(), held()), None);
        show.rules.happened(end);
        let found = show.after(1, State::Idle, calm(), held());
        assert_eq!(found, Some(Rule::S17), "{end:?}");
    }
}

/// SAF-032: its permit ends, somebody leans on it, and a hand comes into its curtain.
#[test]
fn an_exit_that_nobody_had_opened_in_time_and_that_opens_for_a_hand_is_seen() {
    let leant_on = one().with_input(Input::ExitLocked, false);
    let open = ajar(one(), Door::Exit);
    let hand = open.with_input(Input::ExitSafe, false);
    for (last, found) in [(leant_on, Some(Rule::S4)), (open, None)] {
        let mut show = Show::permitted();
        let out = released(Door::Exit);
        assert_eq!(show.after(1, State::ExitOpen, one(), out), None);
        assert_eq!(show.after(1, State::ExitOpen, last, out), None);
        let withdrawn = ToController::Withdraw;
        let accepted = Answer::Accepted;
        show.rules.answered(show.now(), &withdrawn, accepted);
        assert_eq!(show.after(1, State::ExitClosing, last, held()), None);
        assert_eq!(show.after(1, State::ExitClosing, hand, out), found);
    }
}

/// Somebody has walked out of the leaf past the beam behind it, and one is counted inside.
fn gone_and_counted() -> Show {
    let mut show = Show::permitted();
    let out = released(Door::Exit);
    let open = ajar(one(), Door::Exit);
    let in_leaf = open.with_input(Input::ExitSafe, false);
    for inputs in [
        one(),
        in_leaf,
        in_leaf.with_input(Input::ZoneOutFree, false),
        open.with_input(Input::ZoneOutFree, false),
    ] {
        assert_eq!(show.after(1, State::ExitOpen, inputs, out), None);
    }
    show
}

#[test]
fn one_who_stays_when_one_has_gone_out_is_seen() {
    let open = ajar(one(), Door::Exit);
    let out = released(Door::Exit);
    for (told, found) in [(false, Some(Rule::S20)), (true, None)] {
        let mut show = gone_and_counted();
        if told {
            show.rules.happened(Event::SeveralEntered(1));
        }
        assert_eq!(show.after(1_100, State::ExitOpen, open, out), None);
        assert_eq!(show.after(1, State::ExitOpen, open, out), found);
    }
}

/// For a moment at a time, and something in between.
#[test]
fn one_who_stays_and_is_counted_again_is_seen() {
    let open = ajar(one(), Door::Exit);
    let two = open.with_input(Input::SingleOk, false);
    let empty = ajar(calm(), Door::Exit);
    let out = released(Door::Exit);
    for (between, found) in [(two, Some(Rule::S20)), (empty, None)] {
        let mut show = gone_and_counted();
        assert_eq!(show.after(600, State::ExitOpen, between, out), None);
        assert_eq!(show.after(1, State::ExitOpen, open, out), None);
        assert_eq!(show.after(600, State::ExitOpen, open, out), found);
    }
}

#[test]
fn whoever_stays_under_the_number_of_one_who_has_gone_is_seen() {
    for (passage, found) in [(1, Some(Rule::S4)), (2, None)] {
        let mut show = gone_and_counted();
        let shut = released(Door::Exit);
        let open = ajar(one(), Door::Exit);
        assert_eq!(show.after(1, State::ExitClosing, open, shut), None);
        show.rules.happened(Event::DidNotLeave(1));
        show.passage = passage;
        let is = show.after(1, State::Several, one(), held());
        assert_eq!(is, found, "under {passage}");
    }
}
