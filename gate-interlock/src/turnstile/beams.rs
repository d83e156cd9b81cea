//! How many people go through while the arm makes one turn.

/// Nobody asks whether more people than two went along; a third may be on the way behind a suitcase.
const MOST: u8 = 3;

/// Counts how often each of the three beams is broken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Beams {
    free: [bool; 3],
    broken: [u8; 3],
    /// The arm has not been away yet: what gets through is a thing, pushed ahead by whoever comes.
    ahead: bool,
}

impl Beams {
    pub(crate) const fn new() -> Self {
        Self {
            free: [true; 3],
            broken: [0; 3],
            ahead: false,
        }
    }

    /// Begins anew. Whoever stands in a beam now counts, once the arm is on its way.
    pub(crate) fn begin(&mut self) {
        self.broken = self.free.map(|free| u8::from(!free));
        self.ahead = true;
    }

    /// The arm leaves its rest. Whoever is between the beams by now is on the way as well.
    pub(crate) const fn set_out(&mut self) {
        self.ahead = false;
    }

    /// The arm is back in the rest that it left, and nobody has gone through.
    pub(crate) const fn turn_back(&mut self) {
        self.ahead = true;
    }

    pub(crate) fn update(&mut self, free: [bool; 3]) {
        for ((broken, was), is) in self.broken.iter_mut().zip(self.free).zip(free) {
            if was && !is {
                *broken = (*broken + 1).min(MOST);
            }
        }
        self.free = free;
        if self.ahead {
            let things = self.people();
            self.broken = self.broken.map(|times| times - things);
        }
    }

    /// The same as far as it matters from now on: between two turns nobody is counted.
    pub(crate) const fn reduce(&mut self, in_turn: bool) {
        if !in_turn {
            self.broken = [0; 3];
            self.ahead = false;
        }
    }

    /// People who have broken every beam. An arm swung through one of them is nobody; two people
    /// so close that no beam falls between them are one.
    pub(crate) fn people(&self) -> u8 {
        self.broken.into_iter().min().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_breaks_all_three_beams_is_counted() {
        const FREE: [bool; 3] = [true; 3];
        let one = [
            [false, true, true],
            [false, false, true],
            [true, true, false],
            FREE,
        ];
        let arm_waved = [[false, true, true], FREE, [false, true, true], FREE];
        let close = [
            [false, true, true],
            [true, false, true],
            [false, true, false],
            [true, false, true],
            [true, true, false],
        ];
        for (name, steps, people) in [
            ("nobody", &[FREE][..], 0),
            ("one", &one, 1),
            ("one who waves", &[&arm_waved[..], &one].concat(), 1),
            ("two", &[one, one].concat(), 2),
            ("two close together", &close, 2),
            ("halfway", &one[..2], 0),
        ] {
            let mut beams = Beams::new();
            beams.begin();
            beams.set_out();
            for free in steps {
                beams.update(*free);
            }
            assert_eq!(beams.people(), people, "{name}");
        }
    }

    #[test]
    fn whoever_stands_in_a_beam_at_the_beginning_counts() {
        let mut beams = Beams::new();
        beams.update([false, true, true]);
        beams.begin();
        beams.set_out();
        beams.update([true, false, true]);
        beams.update([true, true, false]);
        assert_eq!(beams.people(), 1);
    }

    #[test]
    fn what_got_through_before_the_arm_set_out_is_nobody_and_who_is_on_the_way_counts() {
        let breaks = |beams: &mut Beams, which: &[usize]| {
            for broken in which {
                let mut free = [true; 3];
                free[*broken] = false;
                beams.update(free);
                beams.update([true; 3]);
            }
        };
        let mut beams = Beams::new();
        beams.begin();
        breaks(&mut beams, &[0, 1, 2, 0, 1, 2]);
        breaks(&mut beams, &[0]);
        beams.set_out();
        assert_eq!(beams.people(), 0, "two suitcases");
        breaks(&mut beams, &[1, 2]);
        assert_eq!(beams.people(), 1);
        breaks(&mut beams, &[0, 1, 2]);
        assert_eq!(beams.people(), 2);
    }
}
