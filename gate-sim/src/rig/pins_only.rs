//! What the pins of a board alone say of S1, S3, S7 and S10: nobody looks into its firmware.
//!
//! The bystander of `gate-interlock` knows states and events and is exact to the scan. This one sees levels, some of
//! them late, and waits a while before it calls anything wrong; what it does call wrong is.

use gate_interlock::Limits;
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{Door, Instant, Site, WaysOut};
use std::time::Duration;

/// A board and the wires to it have answered by then, on a busy machine as well.
const ANSWERED: Duration = Duration::from_millis(500);
/// So much later than its limit is a motor or a buzzer too long on.
const LATE: Duration = Duration::from_secs(1);

/// One door over time.
#[derive(Clone, Copy, Debug, Default)]
struct Leaf {
    /// It has been driven while it was out of its frame, and has not lain there since.
    rightly_open: bool,
    framed_since: Option<Instant>,
    squeezed_since: Option<Instant>,
    pushed_since: Option<Instant>,
}

/// Watches the levels of one lane's board.
#[derive(Debug)]
pub struct PinsOnly {
    site: Site,
    limits: Limits,
    /// It has driven something since it was switched on: its firmware runs, and has a site.
    runs: bool,
    doors: [Leaf; 2],
    danger_since: [Option<Instant>; 4],
    both_since: Option<Instant>,
    buzzes_since: Option<Instant>,
}

impl PinsOnly {
    /// Before a board that has just been switched on.
    #[must_use]
    pub fn new(site: Site) -> Self {
        Self {
            site,
            limits: Limits::default(),
            runs: false,
            doors: [Leaf::default(); 2],
            danger_since: [None; 4],
            both_since: None,
            buzzes_since: None,
        }
    }

    /// The board is switched off or on.
    pub fn restart(&mut self) {
        *self = Self::new(self.site);
    }

    /// Looks at the pins. `emergency` while the ways out are open for fire, emergency stop or break-glass.
    ///
    /// # Errors
    ///
    /// The rule that was broken, and how.
    pub fn watch(
        &mut self,
        now: Instant,
        emergency: bool,
        (inputs, outputs): (Bits, Bits),
    ) -> Result<(), &'static str> {
        self.runs |= outputs.output(Output::EntryHold) || outputs.output(Output::ExitHold);
        if !self.runs {
            return Ok(());
        }
        self.s1(now, inputs, outputs)?;
        self.s3(now, emergency, inputs, outputs)?;
        for door in [Door::Entry, Door::Exit] {
            self.s7_and_s10(now, door, inputs, outputs)?;
        }
        let buzzes = since(now, outputs.output(Output::Buzzer), self.buzzes_since);
        self.buzzes_since = buzzes;
        must(
            !over(now, buzzes, self.limits.buzzer + LATE),
            "S10: the buzzer sounds too long",
        )
    }

    fn s1(&mut self, now: Instant, inputs: Bits, outputs: Bits) -> Result<(), &'static str> {
        let dangers = [
            (Input::FireOk, self.site.on_fire),
            (Input::EstopOk1, self.site.on_emergency_stop),
            (Input::EstopOk2, self.site.on_emergency_stop),
            (Input::BreakglassOk, WaysOut::Both),
        ];
        for ((input, ways), begun) in dangers.into_iter().zip(&mut self.danger_since) {
            *begun = since(now, !inputs.input(input), *begun);
            let shut_in = match ways {
                WaysOut::Both => !is_open(outputs, Door::Entry) || !is_open(outputs, Door::Exit),
                WaysOut::EntryOnly => !is_open(outputs, Door::Entry),
                WaysOut::ExitOnly => !is_open(outputs, Door::Exit),
            };
            must(
                !over(now, *begun, ANSWERED) || !shut_in,
                "S1: a way out is not released",
            )?;
        }
        Ok(())
    }

    fn s3(
        &mut self,
        now: Instant,
        emergency: bool,
        inputs: Bits,
        outputs: Bits,
    ) -> Result<(), &'static str> {
        let meant = emergency
            || self.danger_since.iter().any(Option::is_some)
            || !inputs.input(Input::MainsOk) && self.site.on_power_loss == WaysOut::Both;
        let [entry, exit] = [Door::Entry, Door::Exit].map(|door| {
            let kept = !inputs.input(contacts(door).2);
            is_open(outputs, door) && !kept
        });
        self.both_since = since(now, entry && exit && !meant, self.both_since);
        must(
            !over(now, self.both_since, ANSWERED),
            "S3: both doors are released",
        )
    }

    fn s7_and_s10(
        &mut self,
        now: Instant,
        door: Door,
        inputs: Bits,
        outputs: Bits,
    ) -> Result<(), &'static str> {
        let (closed, open, free) = contacts(door);
        let framed = inputs.input(closed) && !inputs.input(open);
        let (free, opens) = (inputs.input(free), is_open(outputs, door));
        let leaf = &mut self.doors[usize::from(door == Door::Exit)];
        leaf.framed_since = since(now, framed && !opens, leaf.framed_since);
        leaf.rightly_open |= opens && !framed;
        leaf.rightly_open &= !over(now, leaf.framed_since, self.limits.settle);
        let squeezed = leaf.rightly_open && !framed && !free && !opens;
        leaf.squeezed_since = since(now, squeezed, leaf.squeezed_since);
        let drive = match door {
            Door::Entry => Output::EntryDrive,
            Door::Exit => Output::ExitDrive,
        };
        let pushes = outputs.output(drive) && !inputs.input(open) && free;
        leaf.pushed_since = since(now, pushes, leaf.pushed_since);
        must(
            !over(now, leaf.squeezed_since, ANSWERED),
            "S7: a door closes on somebody",
        )?;
        must(
            !over(now, leaf.pushed_since, self.limits.push + LATE),
            "S10: a drive pushes too long",
        )
    }
}

/// Driven or let go by hand: it moves, or whoever pushes moves it.
fn is_open(outputs: Bits, door: Door) -> bool {
    let (drive, release) = match door {
        Door::Entry => (Output::EntryDrive, Output::EntryRelease),
        Door::Exit => (Output::ExitDrive, Output::ExitRelease),
    };
    outputs.output(drive) || outputs.output(release)
}

/// Closed, open, nobody in the curtain.
const fn contacts(door: Door) -> (Input, Input, Input) {
    match door {
        Door::Entry => (Input::EntryClosed, Input::EntryOpen, Input::EntrySafe),
        Door::Exit => (Input::ExitClosed, Input::ExitOpen, Input::ExitSafe),
    }
}

fn since(now: Instant, holds: bool, since: Option<Instant>) -> Option<Instant> {
    holds.then(|| since.unwrap_or(now))
}

fn over(now: Instant, since: Option<Instant>, limit: Duration) -> bool {
    since.is_some_and(|since| now.since(since) > limit)
}

const fn must(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both doors shut and locked, nobody there, no danger.
    const CALM: Bits = Bits(u32::MAX)
        .with_input(Input::EntryOpen, false)
        .with_input(Input::ExitOpen, false);
    const HELD: Bits = Bits(0)
        .with_output(Output::EntryHold, true)
        .with_output(Output::ExitHold, true);
    const OUT: Bits = Bits(0)
        .with_output(Output::EntryHold, true)
        .with_output(Output::ExitDrive, true);
    const BOTH: Bits = OUT.with_output(Output::EntryDrive, true);
    const AJAR: Bits = CALM
        .with_input(Input::ExitClosed, false)
        .with_input(Input::ExitLocked, false);

    /// A name, the pins one after the other, and what is seen of them.
    type Case<'a> = (&'a str, &'a [(u64, Bits, Bits)], Result<(), &'a str>);

    /// What is seen of these pins, one after the other, each for so many ms.
    fn seen(steps: &[(u64, Bits, Bits)]) -> Result<(), &'static str> {
        let mut pins = PinsOnly::new(Site::DEFAULT);
        let mut now = Instant::ZERO;
        let calm = (1, CALM, HELD);
        for (ms, inputs, outputs) in [calm].iter().chain(steps) {
            for _ in 0..*ms {
                now = now + Duration::from_millis(1);
                pins.watch(now, false, (*inputs, *outputs))?;
            }
        }
        Ok(())
    }

    #[test]
    fn what_breaks_a_rule_at_the_pins_is_seen_and_what_does_not_is_not() {
        let fire = CALM.with_input(Input::FireOk, false);
        let fled = Bits(0)
            .with_output(Output::EntryRelease, true)
            .with_output(Output::ExitRelease, true);
        let caught = AJAR.with_input(Input::ExitSafe, false);
        let buzzer = HELD.with_output(Output::Buzzer, true);
        let cases: [Case<'_>; 10] = [
            ("at rest", &[(60_000, CALM, HELD)], Ok(())),
            ("fire", &[(400, fire, HELD), (60_000, fire, fled)], Ok(())),
            (
                "fire and nothing",
                &[(600, fire, HELD)],
                Err("S1: a way out is not released"),
            ),
            ("one by one", &[(5_000, CALM, OUT)], Ok(())),
            (
                "both",
                &[(600, CALM, BOTH)],
                Err("S3: both doors are released"),
            ),
            (
                "gives way",
                &[(300, AJAR, OUT), (400, caught, HELD), (600, caught, OUT)],
                Ok(()),
            ),
            (
                "closes on somebody",
                &[(300, AJAR, OUT), (600, caught, HELD)],
                Err("S7: a door closes on somebody"),
            ),
            ("forced", &[(5_000, caught, HELD)], Ok(())),
            (
                "pushes",
                &[(11_100, AJAR, OUT)],
                Err("S10: a drive pushes too long"),
            ),
            (
                "buzzes",
                &[(31_100, CALM, buzzer)],
                Err("S10: the buzzer sounds too long"),
            ),
        ];
        for (name, steps, expected) in cases {
            assert_eq!(seen(steps), expected, "{name}");
        }
    }

    #[test]
    fn a_board_that_has_not_started_yet_is_not_judged() {
        let mut pins = PinsOnly::new(Site::DEFAULT);
        let fire = CALM.with_input(Input::FireOk, false);
        for ms in 0..3_000 {
            let now = Instant::from_millis(ms);
            assert_eq!(pins.watch(now, false, (fire, Bits(0))), Ok(()));
        }
    }
}
