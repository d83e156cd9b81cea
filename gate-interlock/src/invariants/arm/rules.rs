//! The rules S1 to S22 that a turnstile answers for.

use super::hub::{Came, HALF_TURN, WAYS};
use super::seen::Seen;
use super::{ArmInvariants, Rule};
use crate::Released;
use crate::invariants::{AT_ONCE, Verdict, must, over};
use gate_protocol::pins::{TurnstileInput, TurnstileOutput};
use gate_protocol::{Mode, State};

impl ArmInvariants {
    pub(super) fn judge(&self, seen: &Seen) -> Result<(), (Rule, &'static str)> {
        if let Some(wrong) = self.told_wrong {
            return Err(wrong);
        }
        [
            (Rule::S1, self.s1(seen)),
            (Rule::S3, self.s3(seen)),
            (Rule::S4, self.s4(seen)),
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
        .try_for_each(|(rule, verdict)| verdict.map_err(|what| (rule, what)))
    }

    /// The ways that the site wants open now, if nobody decides.
    fn ways_out(&self, state: State) -> Released {
        match state {
            State::Emergency => {
                let of = |danger, ways| match danger {
                    true => Released::of(ways),
                    false => Released::NONE,
                };
                of(self.burnt, self.site.on_fire).or(of(self.stopped, self.site.on_emergency_stop))
            }
            State::PowerFail => Released::of(self.site.on_power_loss),
            _ => Released::NONE,
        }
    }

    fn s1(&self, seen: &Seen) -> Verdict {
        let low = |input| !seen.raw.turnstile_input(input);
        let fire = low(TurnstileInput::FireOk);
        let stop = low(TurnstileInput::EstopOk1) || low(TurnstileInput::EstopOk2);
        let drops = seen.outputs.turnstile_output(TurnstileOutput::DropArm);
        must(drops || !fire, "a fire does not drop the arm")?;
        let emergency = seen.facts.state == State::Emergency;
        must(emergency || !(fire || stop), "an emergency is not told")?;
        let wanted = self.ways_out(seen.facts.state);
        must(
            !emergency || wanted.or(seen.released) == seen.released,
            "a way out is held",
        )
    }

    fn s3(&self, seen: &Seen) -> Verdict {
        if !self.hub.home {
            return Ok(());
        }
        let ways = self.ways_out(seen.facts.state);
        match seen.facts.state {
            State::Emergency | State::PowerFail => must(
                ways.or(seen.released) == ways,
                "a way is free that is no way out",
            ),
            _ => must(seen.released != Released::BOTH, "both ways are free"),
        }
    }

    fn s4(&self, seen: &Seen) -> Verdict {
        if !self.hub.home || seen.is_apart() {
            return Ok(());
        }
        for way in WAYS {
            let permit = self.permit.filter(|permit| seen.now < permit.until);
            let permitted = permit.is_some_and(|permit| permit.way == way);
            must(
                !seen.released.has(way) || permitted || self.mode == Mode::Free(way),
                "an arm at rest is free for nobody's permit",
            )?;
        }
        Ok(())
    }

    fn s7(&self, seen: &Seen) -> Verdict {
        must(
            !over(seen.now, self.squeezed_since, AT_ONCE),
            "the arm is held against whoever stands in it",
        )
    }

    fn s8(&self, seen: &Seen) -> Verdict {
        let served = matches!(seen.facts.state, State::Armed | State::Turning);
        let long = over(seen.now, self.away_since, self.limits.turning + AT_ONCE);
        let held = self.hub.is_rightly_away() && seen.released != Released::BOTH;
        must(
            !held || (served && !(long && seen.facts.state == State::Turning)),
            "whoever stands in the arm cannot go on or back",
        )
    }

    fn s9(&self, seen: &Seen) -> Verdict {
        let released = self.hub.home && seen.released.any() && !seen.is_apart();
        must(
            !released || seen.facts.leased,
            "an arm at rest is free without a lease",
        )
    }

    fn s10(&self, seen: &Seen) -> Verdict {
        self.alarms.s10(&seen.signals(), self.limits.into())
    }

    fn s14(&self, seen: &Seen) -> Verdict {
        let stopped = seen.is_stopped();
        must(
            stopped || !self.hub.home || self.hub.steps.abs() < HALF_TURN,
            "the hub turns at home and the turnstile goes on",
        )?;
        let still = seen.now.since(self.hub.left.max(self.hub.stepped));
        let lies = self.hub.known && !self.hub.home && self.hub.steps == 0;
        must(
            stopped || !lies || still <= self.limits.contradiction,
            "the arm is away and the hub has not turned, and the turnstile goes on",
        )?;
        must(
            stopped || !self.hub.is_lost(),
            "the hub turns past a rest that is not seen, and the turnstile goes on",
        )?;
        let free = seen.released.any() && !seen.is_apart();
        must(
            !free || !self.hub.is_lost(),
            "an arm whose rest nobody sees is let go",
        )?;
        let back = self.hub.arrived == Some(Came::Back) && self.alarms.before == State::Armed;
        must(
            stopped || !back || self.people() == 0,
            "somebody is through, the hub has not turned, and the turnstile goes on",
        )?;
        self.alarms.s14(&seen.signals(), self.limits.into())?;
        let moves = self.hub.home && seen.released.any();
        must(
            !moves || seen.facts.state != State::Trouble,
            "the arm is free in trouble",
        )
    }

    fn s15(&self, seen: &Seen) -> Verdict {
        let forced = self.hub.is_forced();
        must(!forced || seen.is_stopped(), "a forced arm is not told")?;
        let untold = match self.hub.arrived {
            Some(Came::Round(way)) => !self.hub.leave.has(way) && !self.accounted,
            _ => false,
        };
        must(
            !untold || seen.is_stopped(),
            "a turn is taken that nobody had leave for, and it is not told",
        )?;
        let free = seen.released.any() && !seen.is_apart();
        must(!forced || !free, "a forced arm is let go")?;
        must(
            seen.facts.state != State::Trouble || seen.alarmed(),
            "trouble calls nobody",
        )
    }

    /// Besides emergency and tamper: a second person and trouble end by somebody's word only.
    fn s16(&self, seen: &Seen) -> Verdict {
        let signals = seen.signals();
        self.alarms.s16(&signals, self.limits.into())?;
        let (state, before) = (seen.facts.state, self.alarms.before);
        let stands = matches!(before, State::Several | State::Trouble);
        let stronger = matches!(
            state,
            State::Emergency | State::Tamper | State::Trouble | State::Service
        );
        let ends = stands && !stronger && state != before;
        must(
            !ends || self.alarms.has_word(&signals),
            "an alarm ended by itself",
        )
    }

    fn s17(&self, seen: &Seen) -> Verdict {
        let state = seen.facts.state;
        let going_on = matches!(state, State::Armed | State::Turning | State::Obstructed);
        must(
            going_on || self.open_for.is_none(),
            "what became of a release was not told",
        )?;
        must(
            state != State::Armed || self.open_for == Some(seen.facts.passage),
            "the arm is released and nobody was told for whom",
        )
    }

    fn s20(&self, seen: &Seen) -> Verdict {
        let people = self.people();
        let under_way = matches!(self.alarms.before, State::Turning | State::Obstructed);
        let served = under_way && self.open_for.is_some() && !seen.is_stopped();
        must(people <= 1 || !served, "two go through on one turn")?;
        must(
            seen.facts.state != State::Several || seen.alarmed(),
            "nobody is called about a second one",
        )
    }
}
