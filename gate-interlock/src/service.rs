//! Outputs driven by hand, while the service key is turned.

use crate::enforce::Released;
use gate_protocol::pins::{Bits, Output};
use gate_protocol::{Door, Instant, Refusal};

/// Lock, drive and emergency opening of one door, and one thing more.
const FORCES_MAX: usize = 4;

/// One output at a level, as long as somebody holds the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Force {
    pub(crate) output: Output,
    pub(crate) on: bool,
    pub(crate) until: Instant,
}

/// The outputs that are forced now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Forces([Option<Force>; FORCES_MAX]);

impl Forces {
    /// SAF-024: one door at a time, and no more outputs than a hand can mean.
    pub(crate) fn add(&mut self, now: Instant, force: Force) -> Result<(), Refusal> {
        self.expire(now);
        let door = door_of(force.output);
        let other =
            |held: Force| door.is_some() && door_of(held.output).is_some_and(|is| door != Some(is));
        if self.0.into_iter().flatten().any(other) {
            return Err(Refusal::OtherDoorOpen);
        }
        let same = |slot: &&mut Option<Force>| slot.is_some_and(|held| held.output == force.output);
        let slot = match self.0.iter_mut().find(same) {
            Some(slot) => slot,
            None => self
                .0
                .iter_mut()
                .find(|slot| slot.is_none())
                .ok_or(Refusal::WrongState)?,
        };
        *slot = Some(force);
        Ok(())
    }

    /// Lets go of what nobody holds any more.
    pub(crate) fn expire(&mut self, now: Instant) {
        for slot in &mut self.0 {
            *slot = slot.filter(|force| now < force.until);
        }
    }

    /// The door that is moved by hand.
    pub(crate) fn wanted(&self) -> Released {
        let wants = |door| {
            let on_it = |force: Force| door_of(force.output) == Some(door);
            self.0.into_iter().flatten().any(on_it)
        };
        Released {
            entry: wants(Door::Entry),
            exit: wants(Door::Exit),
        }
    }

    /// `outputs` with what is forced; at a door only where `allowed`.
    pub(crate) fn over(&self, outputs: Bits, allowed: Released) -> Bits {
        self.0.into_iter().flatten().fold(outputs, |bits, force| {
            let may = match door_of(force.output) {
                None => true,
                Some(Door::Entry) => allowed.entry,
                Some(Door::Exit) => allowed.exit,
            };
            if may {
                bits.with_output(force.output, force.on)
            } else {
                bits
            }
        })
    }

    /// For each force that stands, its end.
    pub(crate) fn ends(&mut self) -> impl Iterator<Item = &mut Instant> {
        self.0.iter_mut().flatten().map(|force| &mut force.until)
    }
}

/// The door that an output moves.
const fn door_of(output: Output) -> Option<Door> {
    match output {
        Output::EntryHold | Output::EntryDrive | Output::EntryRelease => Some(Door::Entry),
        Output::ExitHold | Output::ExitDrive | Output::ExitRelease => Some(Door::Exit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn force(output: Output, until_ms: u64) -> Force {
        Force {
            output,
            on: true,
            until: Instant::from_millis(until_ms),
        }
    }

    #[test]
    fn one_door_at_a_time() {
        let mut forces = Forces::default();
        let now = Instant::ZERO;
        assert_eq!(forces.add(now, force(Output::EntryDrive, 500)), Ok(()));
        assert_eq!(forces.add(now, force(Output::EntryHold, 500)), Ok(()));
        let other = force(Output::ExitDrive, 900);
        assert_eq!(forces.add(now, other), Err(Refusal::OtherDoorOpen));
        assert_eq!(
            forces.add(Instant::from_millis(499), other),
            Err(Refusal::OtherDoorOpen)
        );
        assert_eq!(
            forces.add(Instant::from_millis(500), other),
            Ok(()),
            "nobody holds the entry"
        );
    }

    #[test]
    fn only_so_many_outputs_at_a_time_and_each_once() {
        let mut forces = Forces::default();
        let lamps = [
            Output::EntryRed,
            Output::EntryGreen,
            Output::EntryAmber,
            Output::ExitRed,
        ];
        for output in lamps.into_iter().chain(lamps) {
            assert_eq!(forces.add(Instant::ZERO, force(output, 500)), Ok(()));
        }
        let fifth = force(Output::Light, 500);
        assert_eq!(forces.add(Instant::ZERO, fifth), Err(Refusal::WrongState));
    }

    /// The doors' pins, by name and not by what the source thinks of them.
    const ENTRY: [Output; 3] = [Output::EntryHold, Output::EntryDrive, Output::EntryRelease];
    const EXIT: [Output; 3] = [Output::ExitHold, Output::ExitDrive, Output::ExitRelease];

    /// Holds one output more, each at either level, in every way that `held` goes on.
    fn go_on(held: Forces, place: usize, from: usize, look: &mut impl FnMut(Forces)) {
        look(held);
        if place == FORCES_MAX {
            return;
        }
        for number in from..Output::ALL.len() {
            for on in [false, true] {
                let mut more = held;
                let output = Output::ALL[number];
                let until = Instant::ZERO;
                more.0[place] = Some(Force { output, on, until });
                go_on(more, place + 1, number + 1, look);
            }
        }
    }

    /// SAF-024: every way of holding as many outputs as there is room for, whatever doors are
    /// allowed, over pins that are all low or all high.
    #[test]
    fn a_hand_moves_what_it_holds_where_it_may_and_nothing_else() {
        let mut looked = 0;
        go_on(Forces::default(), 0, 0, &mut |forces| {
            for bits in 0..8_u8 {
                let allowed = Released {
                    entry: bits & 1 != 0,
                    exit: bits & 2 != 0,
                };
                let before = if bits & 4 != 0 {
                    Bits(u32::MAX)
                } else {
                    Bits(0)
                };
                let after = forces.over(before, allowed);
                for output in Output::ALL {
                    let mut held = forces.0.into_iter().flatten();
                    let held = held.find(|force| force.output == output);
                    let barred = (ENTRY.contains(&output) && !allowed.entry)
                        || (EXIT.contains(&output) && !allowed.exit);
                    let level = match held {
                        Some(force) if !barred => force.on,
                        _ => before.output(output),
                    };
                    assert_eq!(after.output(output), level, "{output:?} {forces:?}");
                }
            }
            looked += 1;
        });
        // So many ways to hold none to four of eighteen outputs at either level.
        assert_eq!(looked, 1 + 18 * 2 + 153 * 4 + 816 * 8 + 3_060 * 16);
    }
}
