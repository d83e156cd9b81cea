//! What has worked before: with this reader, and with chips of this kind.
//!
//! Plain values that the caller keeps and may store; nothing here does it. They only save time: a
//! chip that is not as remembered is read all the same.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the reader between us and the chip can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApduLength {
    /// Short APDUs only: some 230 bytes of a file at a time.
    #[default]
    Short,
    /// Extended length as well: 4 kB at a time, then 16 kB, with shorter blocks as soon as chip or reader
    /// objects.
    Extended,
}

/// What is known of a reader's way with extended length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extended {
    /// Not tried yet, or nothing came of it.
    #[default]
    Untried,
    /// It has carried long commands.
    Works,
    /// It failed with long commands, and worked with short ones.
    Fails,
}

/// What a chip wants to be read like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChipHabits {
    /// Longest block that it has given, where it refused longer ones.
    pub block: Option<usize>,
    /// Files are selected by identifier, for it does not take short ones.
    pub by_identifier: bool,
    /// Nothing is read past the end of a file: its length is looked up first.
    pub exact: bool,
}

/// What one conversation begins with, and what it has learnt at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// Whether the installation allows extended length at all.
    pub apdus: ApduLength,
    /// The reader's.
    pub extended: Extended,
    /// The chip's.
    pub chip: ChipHabits,
}

/// Shortest block that is remembered: a chip that takes less is asked anew, at the price of a refusal
/// or two, and none can make all of its kind slow.
const SHORTEST_REMEMBERED: usize = 96;

/// Good readings with a shorter block after which a longer one is tried.
const GOOD_ENOUGH: u8 = 16;

/// Blocks on the way up again. A step that is too long for the chip costs it one refusal.
const STEPS_UP: [usize; 7] = [128, 160, 192, 231, 1024, 2048, 4096];

/// The next longer block to be tried; `None` is the longest there is.
fn longer(block: usize) -> Option<usize> {
    STEPS_UP.into_iter().find(|step| *step > block)
}

impl From<ApduLength> for Habits {
    fn from(apdus: ApduLength) -> Self {
        Self {
            apdus,
            ..Self::default()
        }
    }
}

/// A kind of chip, as far as it can be told before it is read. Nothing of it names a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ChipKind {
    /// Issuing State, from the printed zone.
    pub issuer: String,
    /// Historical bytes of the answer to select, or the whole answer to reset that a reader makes of
    /// them. Empty where they are not known.
    pub answer: Vec<u8>,
}

/// Habits of readers and chips. At most [`Memory::LIMIT`] of each are kept; then the ones that were
/// not met for the longest time are forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    readers: BTreeMap<String, (u64, Extended)>,
    chips: Vec<Known>,
    met: u64,
}

/// What is remembered of one kind of chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    kind: ChipKind,
    habits: ChipHabits,
    /// Good readings in a row with this block, up to [`GOOD_ENOUGH`].
    good: u8,
}

impl Known {
    /// What the next conversation begins with.
    fn next(&self) -> ChipHabits {
        let block = match self.habits.block {
            Some(block) if self.good >= GOOD_ENOUGH => longer(block),
            block => block,
        };
        ChipHabits {
            block,
            ..self.habits
        }
    }
}

impl Memory {
    /// Readers and kinds of chips that are kept. The world has fewer models.
    pub const LIMIT: usize = 1024;

    /// What to begin with. `reader` is its model's name.
    #[must_use]
    pub fn habits(&self, reader: &str, chip: &ChipKind, apdus: ApduLength) -> Habits {
        let known = self.chips.iter().find(|known| known.kind == *chip);
        Habits {
            apdus,
            extended: self
                .readers
                .get(reader)
                .map_or(Extended::Untried, |(_, extended)| *extended),
            chip: known.map(Known::next).unwrap_or_default(),
        }
    }

    /// Keeps what a conversation has learnt.
    ///
    /// Give it genuine documents only, read completely: whatever is remembered falls on every later
    /// chip of the kind. A block is kept from 96 bytes on, and after 16 good readings with one that
    /// is not the longest, the next conversation begins with a longer one.
    pub fn learn(&mut self, reader: &str, chip: &ChipKind, habits: &Habits) {
        self.met += 1;
        self.readers
            .insert(reader.to_owned(), (self.met, habits.extended));
        let before = self.chips.iter().find(|known| known.kind == *chip);
        let good = match before {
            // A longer block that was tried and taken leads on to the next.
            Some(known) if known.next().block == habits.chip.block => {
                known.good.saturating_add(1).min(GOOD_ENOUGH)
            }
            _ => 0,
        };
        self.chips.retain(|known| known.kind != *chip);
        let block = habits.chip.block;
        self.chips.push(Known {
            kind: chip.clone(),
            habits: ChipHabits {
                block: block.map(|block| block.max(SHORTEST_REMEMBERED)),
                ..habits.chip
            },
            good,
        });
        if self.readers.len() > Self::LIMIT
            && let Some(oldest) = self.readers.values().map(|(met, _)| *met).min()
        {
            self.readers.retain(|_, (met, _)| *met != oldest);
        }
        if self.chips.len() > Self::LIMIT {
            self.chips.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(issuer: &str) -> ChipKind {
        ChipKind {
            issuer: issuer.into(),
            answer: vec![0x80, 0x31],
        }
    }

    #[test]
    fn what_one_chip_taught_helps_with_the_next_of_its_kind_only() {
        let mut memory = Memory::default();
        let start = memory.habits("A", &kind("UTO"), ApduLength::Extended);
        assert_eq!(start, ApduLength::Extended.into());
        let learnt = Habits {
            extended: Extended::Works,
            chip: ChipHabits {
                block: Some(1024),
                by_identifier: true,
                exact: true,
            },
            ..start
        };
        memory.learn("A", &kind("UTO"), &learnt);
        let again = |reader, issuer| memory.habits(reader, &kind(issuer), ApduLength::Extended);
        assert_eq!(again("A", "UTO"), learnt);
        assert_eq!(again("B", "UTO").extended, Extended::Untried);
        assert_eq!(again("B", "UTO").chip, learnt.chip);
        assert_eq!(again("A", "VNM").extended, Extended::Works);
        assert_eq!(again("A", "VNM").chip, ChipHabits::default());
    }

    /// Blocks that conversations begin with, for a chip that takes `most` bytes at a time.
    fn begun_with(memory: &mut Memory, most: usize, times: usize) -> Vec<Option<usize>> {
        let read = |_| {
            let mut habits = memory.habits("A", &kind("UTO"), ApduLength::Extended);
            let begun = habits.chip.block;
            if begun.is_none_or(|block| block > most) {
                habits.chip.block = Some(most);
            }
            memory.learn("A", &kind("UTO"), &habits);
            begun
        };
        (0..times).map(read).collect()
    }

    #[test]
    fn no_chip_makes_all_of_its_kind_slow_for_good() {
        let mut memory = Memory::default();
        assert_eq!(begun_with(&mut memory, 32, 2), [None, Some(96)]);
        let begun = begun_with(&mut memory, 16_384, 17 + STEPS_UP.len());
        let wanted: Vec<Option<usize>> = core::iter::repeat_n(Some(96), 16)
            .chain(STEPS_UP.map(Some))
            .chain([None])
            .collect();
        assert_eq!(begun, wanted);
    }

    #[test]
    fn a_chip_that_does_need_short_blocks_is_asked_for_longer_ones_but_rarely() {
        let mut memory = Memory::default();
        let begun = begun_with(&mut memory, 160, 100);
        let refused = begun.iter().filter(|block| **block != Some(160)).count();
        assert_eq!(refused, 1 + 99 / 17);
        assert!(
            begun[1..]
                .iter()
                .all(|block| matches!(block, Some(160 | 192)))
        );
    }

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let mut memory = Memory::default();
        let habits = Habits {
            extended: Extended::Fails,
            chip: ChipHabits {
                exact: true,
                ..ChipHabits::default()
            },
            ..Habits::default()
        };
        for number in 0..=Memory::LIMIT {
            let name = number.to_string();
            memory.learn(&name, &kind(&name), &habits);
        }
        assert_eq!(memory.readers.len(), Memory::LIMIT);
        assert_eq!(memory.chips.len(), Memory::LIMIT);
        let first = memory.habits("0", &kind("0"), ApduLength::Short);
        let last = memory.habits("1024", &kind("1024"), ApduLength::Short);
        assert_eq!((first, last), (Habits::default(), habits));
    }
}
