//! The rules S1 to S22 that the interlock answers for.

use super::history::{DoorHistory, longest_closing, longest_held};
use super::seen::Seen;
use super::{AT_ONCE, Invariants, Rule, Verdict, Violation, must, over};
use crate::Released;
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Door, State};

impl Invariants {
    pub(super) fn judge(&self, seen: &Seen) -> Result<(), Violation> {
        [
            (Rule::S1, self.s1(seen)),
            (Rule::S3, self.s3(seen)),
            (Rule::S4, self.s4(seen)),
            (Rule::S5, self.s5(seen)),
            (Rule::S6, self.s6(seen)),
            (Rule::S7, self.s7(seen)),
            (Rule::S8, self.s8(seen)),
            (Rule::S9, self.s9(seen)),
            (Rule::S10, self.s10(seen)),
            (Rule::S14, self.s14(seen)),
            (Rule::S15, self.s15(seen)),
            (Rule::S16, self.s16(seen)),
            (Rule::S17, self.s17(seen)),
            (Rule::S20, self.s20(seen)),
        ]
        .into_iter()
        .try_for_each(|(rule, verdict)| {
            verdict.map_err(|what| Violation {
                rule,
                at: seen.now,
                state: seen.facts.state,
                what,
            })
        })
    }

    /// Whether `door` was unlocked by this scan, rather than opened again on its way.
    pub(super) fn unlocked(&self, seen: &Seen, door: Door) -> bool {
        let before = match door {
            Door::Entry => self.released_before.entry,
            Door::Exit => self.released_before.exit,
        };
        seen.released(door) && !before && seen.shut(door)
    }

    /// The host and the people in the lane have no say: ways out, or a technician.
    pub(super) const fn is_apart(state: State) -> bool {
        matches!(state, State::Emergency | State::PowerFail | State::Service)
    }

    fn s1(&self, seen: &Seen) -> Verdict {
        for (input, ways) in self.ways() {
            if seen.raw.input(input) {
                continue;
            }
            let ways = Released::of(ways);
            let open = |door, drive| seen.released(door) && seen.outputs.output(drive);
            must(
                !ways.entry || open(Door::Entry, Output::EntryRelease),
                "the entry is a way out and is not released",
            )?;
            must(
                !ways.exit || open(Door::Exit, Output::ExitRelease),
                "the exit is a way out and is not released",
            )?;
            must(
                seen.facts.state == State::Emergency,
                "an emergency is not told",
            )?;
        }
        Ok(())
    }

    fn s3(&self, seen: &Seen) -> Verdict {
        let in_leaf = |door| seen.released(door) && seen.obstructed(door);
        let ways = match seen.facts.state {
            State::Emergency => self.ways_out,
            State::PowerFail => {
                let ways = Released::of(self.site.on_power_loss);
                let waits = |door, other| {
                    let alone = seen.bars(other) || in_leaf(door);
                    ways.has(other) || !seen.released(door) || alone
                };
                must(
                    waits(Door::Entry, Door::Exit) && waits(Door::Exit, Door::Entry),
                    "a way out is released on battery while the other door stands open",
                )?;
                ways
            }
            State::Service => {
                let both = seen.released.entry && seen.released.exit;
                let kept = in_leaf(Door::Entry) || in_leaf(Door::Exit);
                return must(!both || kept, "both doors are moved by hand");
            }
            _ => {
                let both = seen.released.entry && seen.released.exit;
                let kept = in_leaf(Door::Entry) && in_leaf(Door::Exit);
                must(!both || kept, "both doors are released")?;
                let back = matches!(
                    seen.facts.state,
                    State::Several | State::Returning | State::Trouble | State::Tamper
                );
                let alone = |door, other| {
                    let barred = back && door == Door::Entry && seen.bars(other);
                    !self.unlocked(seen, door) || seen.shut(other) || barred
                };
                must(
                    alone(Door::Entry, Door::Exit) && alone(Door::Exit, Door::Entry),
                    "a door was unlocked while the other was not shut",
                )?;
                return Ok(());
            }
        };
        must(
            ways.entry || !seen.released.entry || in_leaf(Door::Entry),
            "the entry is released and no way out",
        )?;
        must(
            ways.exit || !seen.released.exit || in_leaf(Door::Exit),
            "the exit is released and no way out",
        )
    }

    fn s4(&self, seen: &Seen) -> Verdict {
        must(
            self.out != Some(seen.facts.passage),
            "somebody inside has the number of one who may have gone out",
        )?;
        if Self::is_apart(seen.facts.state) || !seen.released.exit {
            return Ok(());
        }
        let permit = self.permit.filter(|permit| seen.now < permit.until);
        must(
            permit.is_some() || !self.exit.reopened,
            "an exit that nobody had opened in time opens for a hand",
        )?;
        if self.unlocked(seen, Door::Exit) {
            let permit = permit.ok_or("the exit was unlocked without a permit in time")?;
            must(!permit.used, "the exit was unlocked twice on one permit")?;
            return must(
                permit.passage == seen.facts.passage && permit.passage != 0,
                "the exit was unlocked for another than the permit names",
            );
        }
        let closing = seen.facts.state == State::ExitClosing && !seen.shut(Door::Exit);
        must(
            permit.is_some() || closing || seen.obstructed(Door::Exit) || self.still_open(seen),
            "the exit is still released after its permit",
        )
    }

    /// A leaf that opens again after it met somebody reaches its end in `ExitClosing` also when
    /// its contacts already say shut.
    fn still_open(&self, seen: &Seen) -> bool {
        seen.facts.state == State::ExitClosing && self.released_before.exit
    }

    fn s5(&self, seen: &Seen) -> Verdict {
        if Self::is_apart(seen.facts.state) || !self.unlocked(seen, Door::Exit) {
            return Ok(());
        }
        must(
            seen.shut(Door::Entry),
            "the exit was unlocked before an entry that is not shut",
        )?;
        let single = self.single_since.map(|since| seen.now.since(since));
        must(
            single.is_some_and(|held| held >= self.limits.single),
            "the exit was unlocked without one person seen for long enough",
        )
    }

    fn s6(&self, seen: &Seen) -> Verdict {
        let entering = seen.facts.state == State::EntryOpen && self.unlocked(seen, Door::Entry);
        must(
            !entering || seen.shut(Door::Exit),
            "the entry was unlocked before an exit that is not shut",
        )?;
        must(
            !entering || seen.empty(),
            "the entry was unlocked to a lane that is not empty",
        )
    }

    fn s7(&self, seen: &Seen) -> Verdict {
        let goes_on = |door: &DoorHistory| over(seen.now, door.squeezed_since, AT_ONCE);
        must(!goes_on(&self.entry), "the entry closes on somebody")?;
        must(!goes_on(&self.exit), "the exit closes on somebody")
    }

    fn s8(&self, seen: &Seen) -> Verdict {
        must(
            !over(seen.now, self.held_since, longest_held(&self.limits)),
            "somebody is held between two locked doors and no officer is called",
        )
    }

    fn s9(&self, seen: &Seen) -> Verdict {
        let unlocked = !Self::is_apart(seen.facts.state) && self.unlocked(seen, Door::Exit);
        must(
            !unlocked || seen.facts.leased,
            "the exit was unlocked without a lease",
        )?;
        let open = seen.facts.state == State::ExitOpen && seen.released.exit;
        must(
            !open || seen.facts.leased,
            "the exit stands open without a lease",
        )
    }

    fn s10(&self, seen: &Seen) -> Verdict {
        let too_long = |door: &DoorHistory| over(seen.now, door.pushed_since, self.limits.push);
        must(!too_long(&self.entry), "the entry's drive pushes too long")?;
        must(!too_long(&self.exit), "the exit's drive pushes too long")?;
        self.alarms.s10(&seen.signals(), self.limits.into())
    }

    fn s14(&self, seen: &Seen) -> Verdict {
        let state = seen.facts.state;
        let stopped = matches!(
            state,
            State::Trouble | State::Emergency | State::Tamper | State::Service
        );
        let since = self.contradicted.map(|(_, since)| since);
        must(
            stopped || !over(seen.now, since, self.limits.contradiction),
            "inputs contradict each other and the lane goes on",
        )?;
        must(
            stopped || seen.is(Input::DrivesOk) || self.dark,
            "a drive has failed and the lane goes on",
        )?;
        self.alarms.s14(&seen.signals(), self.limits.into())?;
        if state != State::Trouble {
            return Ok(());
        }
        must(
            !seen.released.exit || seen.obstructed(Door::Exit),
            "the exit moves in trouble",
        )?;
        must(
            !seen.released.entry || seen.obstructed(Door::Entry) || !seen.empty(),
            "the entry moves in trouble, and nobody is inside",
        )
    }

    fn s15(&self, seen: &Seen) -> Verdict {
        for door in [&self.entry, &self.exit] {
            must(
                door.forced_told || !over(seen.now, door.forced_since, AT_ONCE),
                "a forced door is not told",
            )?;
            let longest = self.limits.held_open + AT_ONCE;
            must(
                door.held_open_told || !over(seen.now, door.awaited_shut, longest),
                "a door held open is not told",
            )?;
        }
        let told = match seen.facts.state {
            State::EntryClosing => self.entry.held_open_told,
            _ => self.exit.held_open_told,
        };
        must(
            told || !over(seen.now, self.closing_since, longest_closing(&self.limits)),
            "a door does not close and nobody is told",
        )
    }

    fn s16(&self, seen: &Seen) -> Verdict {
        self.alarms.s16(&seen.signals(), self.limits.into())
    }

    fn s17(&self, seen: &Seen) -> Verdict {
        if let Some(what) = self.told_wrong {
            return Err(what);
        }
        let going_on = matches!(seen.facts.state, State::ExitOpen | State::ExitClosing);
        must(
            going_on || self.open_for.is_none(),
            "what became of a released passage was not told",
        )?;
        let open = seen.facts.state == State::ExitOpen;
        must(
            !open || self.open_for == Some(seen.facts.passage),
            "the exit is open and nobody was told for whom",
        )
    }

    fn s20(&self, seen: &Seen) -> Verdict {
        let begins = seen.facts.state == State::ExitOpen && self.alarms.before != State::ExitOpen;
        must(
            !begins || seen.single(),
            "the exit opens although not exactly one person is seen",
        )?;
        // Whoever is released by no danger, and stands before a leaf that nobody has opened yet.
        // One that gives way on its way shut is in its frame for a moment before it is open again.
        let held_in_frame = match seen.facts.state {
            State::ExitOpen => seen.framed(Door::Exit),
            State::ExitClosing => seen.framed(Door::Exit) && !self.exit_moved,
            _ => false,
        };
        let before = held_in_frame && seen.released(Door::Exit);
        must(
            !before || !seen.not_one(),
            "an exit that nobody has opened yet stays unlocked for several people",
        )?;
        let longest = self.limits.single + AT_ONCE;
        must(
            self.beside_told || !over(seen.now, self.beside_since, longest),
            "somebody is beside whoever leaves and nobody is told",
        )?;
        must(
            self.beside_told || !over(seen.now, self.walks_since, AT_ONCE),
            "a second one follows and nobody is told",
        )?;
        let longest = self.limits.crossing + AT_ONCE;
        must(
            self.beside_told || !seen.single() || !over(seen.now, self.another_since, longest),
            "one has gone out, another stays, and nobody is told",
        )?;
        let longest = AT_ONCE
            + match self.one_gone {
                true => self.limits.closing * 2,
                false => self.limits.left_object,
            };
        must(
            self.beside_told || !over(seen.now, self.several_since, longest),
            "more than one are seen on the way out for long and nobody is told",
        )
    }
}
