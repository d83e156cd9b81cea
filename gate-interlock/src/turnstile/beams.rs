//! How many people go through while the arm makes one turn.

/// Counts how often each of the three beams is broken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Beams {
    free: [bool; 3],
    broken: [u8; 3],
}

impl Beams {
    pub(crate) const fn new() -> Self {
        Self {
            free: [true; 3],
            broken: [0; 3],
        }
    }

    /// Begins anew. Whoever stands in a beam now counts.
    pub(crate) fn begin(&mut self) {
        self.broken = self.free.map(|free| u8::from(!free));
    }

    pub(crate) fn update(&mut self, free: [bool; 3]) {
        for ((broken, was), is) in self.broken.iter_mut().zip(self.free).zip(free) {
            if was && !is {
                *broken = broken.saturating_add(1);
            }
        }
        self.free = free;
    }

    /// The same as far as it matters from now on, in a turn or between two of them: whether there
    /// are none, one or more people.
    pub(crate) fn reduce(&mut self, in_turn: bool) {
        let most = if in_turn { 2 } else { 0 };
        self.broken = self.broken.map(|times| times.min(most));
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
        beams.update([true, false, true]);
        beams.update([true, true, false]);
        assert_eq!(beams.people(), 1);
    }
}
