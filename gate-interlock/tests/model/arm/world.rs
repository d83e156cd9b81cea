//! The arm, whoever pushes it, and wires: what happens without anybody asking the turnstile.

use super::Powers;
use core::time::Duration;
use gate_protocol::Door;
use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};

/// Steps of the hub from one rest to the next.
const TURN: u8 = 24;
/// Steps that the arm goes in one tick: a third of a turn, so that it can stop before and behind
/// its middle.
const PUSH: u8 = 8;

/// All that the turnstile cannot decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// Steps from the rest, counted towards the exit, below [`TURN`].
    pub(crate) position: u8,
    /// It left its rest against the hold.
    pub(crate) forced: bool,
    /// It hangs out of the way, and no switch sees it at home.
    pub(crate) dropped: bool,
    /// Inputs that read otherwise than at a quiet turnstile.
    pub(crate) flipped: Bits,
}

/// Something that happens in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Nothing,
    /// Somebody pushes the arm for a third of a turn; one that is held only with force.
    Pushes(Door),
    /// Somebody goes through the beams while the arm is away from its rest.
    Walks,
    /// Somebody brings the dropped arm back to its rest.
    Raises,
    Flips(TurnstileInput),
    /// The controller starts anew, the arm where it is.
    Resets,
}

impl World {
    /// Every move that is physically possible now and within the powers given.
    pub(crate) fn moves(&self, outputs: Bits, powers: &Powers) -> Vec<Move> {
        let mut moves = vec![Move::Nothing];
        moves.extend(powers.resets.then_some(Move::Resets));
        let ways = [Door::Entry, Door::Exit].into_iter();
        let gives_way = |way: &Door| self.position != 0 || powers.force || released(outputs, *way);
        if self.dropped {
            moves.push(Move::Raises);
        } else {
            moves.extend(ways.filter(gives_way).map(Move::Pushes));
        }
        if self.position != 0 && powers.walks {
            moves.push(Move::Walks);
        }
        let none = self.flipped == Bits(0);
        let flips = powers.flips.iter().copied();
        moves.extend(
            flips
                .filter(|input| none || self.flipped.turnstile_input(*input))
                .map(Move::Flips),
        );
        moves
    }

    /// Makes the move, in as many pieces as the sensors can tell apart; `look` sees what the pins
    /// read at a time after the beginning of the tick.
    pub(crate) fn make<E>(
        &mut self,
        happens: Move,
        outputs: Bits,
        mut look: impl FnMut(Duration, Bits) -> Result<(), E>,
    ) -> Result<(), E> {
        let ms = Duration::from_millis;
        match happens {
            Move::Nothing | Move::Resets => {}
            Move::Raises => {
                self.dropped = false;
                self.position = 0;
            }
            Move::Flips(input) => {
                let flipped = self.flipped.turnstile_input(input);
                self.flipped = self.flipped.with_turnstile_input(input, !flipped);
            }
            Move::Walks => {
                let beams = [
                    TurnstileInput::Beam1Free,
                    TurnstileInput::Beam2Free,
                    TurnstileInput::Beam3Free,
                ];
                for (beam, at) in beams.into_iter().zip([0, 31, 62]) {
                    let flips = Bits(0).with_turnstile_input(beam, true);
                    let broken = Bits(self.inputs().0 ^ flips.0);
                    look(ms(at), broken)?;
                    look(ms(at + 30), broken)?;
                }
                look(ms(93), self.inputs())?;
                return look(ms(123), self.inputs());
            }
            Move::Pushes(way) => {
                self.forced |= self.position == 0 && !released(outputs, way);
                for step in 0..u64::from(PUSH) {
                    self.turn(way);
                    // The hub is believed after 2 ms, the home switch after 5 ms.
                    for wait in [0, 2, 5] {
                        look(ms(10 * step + wait), self.inputs())?;
                    }
                }
                self.forced &= self.position != 0;
                return Ok(());
            }
        }
        look(ms(0), self.inputs())
    }

    fn turn(&mut self, way: Door) {
        let step = match way {
            Door::Exit => 1,
            Door::Entry => TURN - 1,
        };
        self.position = (self.position + step) % TURN;
    }

    /// What the pins read.
    pub(crate) fn inputs(&self) -> Bits {
        let phase = self.position % 4;
        let quiet = [
            (TurnstileInput::Home, self.position == 0 && !self.dropped),
            (TurnstileInput::RotationA, phase == 1 || phase == 2),
            (TurnstileInput::RotationB, phase >= 2),
            (TurnstileInput::BatteryLow, false),
            (TurnstileInput::KeyService, false),
            (TurnstileInput::Pair, false),
        ]
        .into_iter()
        .fold(Bits(0x00ff_ffff), |bits, (input, high)| {
            bits.with_turnstile_input(input, high)
        });
        Bits(quiet.0 ^ self.flipped.0)
    }

    /// What the outputs move by the end of a tick.
    pub(crate) fn follow(&mut self, outputs: Bits) {
        self.dropped |= outputs.turnstile_output(TurnstileOutput::DropArm);
    }

    /// The same with nothing in the arm's way and no sensor lying. Emergencies, mains, key and
    /// cabinet stay as they are.
    pub(crate) fn fair(mut self) -> Self {
        for input in [
            TurnstileInput::Home,
            TurnstileInput::RotationA,
            TurnstileInput::RotationB,
            TurnstileInput::ArmFree,
            TurnstileInput::Beam1Free,
            TurnstileInput::Beam2Free,
            TurnstileInput::Beam3Free,
        ] {
            self.flipped = self.flipped.with_turnstile_input(input, false);
        }
        self
    }
}

/// Whether the arm at rest gives way.
pub(crate) fn released(outputs: Bits, way: Door) -> bool {
    !outputs.turnstile_output(match way {
        Door::Entry => TurnstileOutput::EntryHold,
        Door::Exit => TurnstileOutput::ExitHold,
    })
}
