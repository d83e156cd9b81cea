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
    /// Extended length as well: 4 kB at a time, with shorter blocks as soon as chip or reader objects.
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
    chips: Vec<(u64, ChipKind, ChipHabits)>,
    met: u64,
}

impl Memory {
    /// Readers and kinds of chips that are kept. The world has fewer models.
    pub const LIMIT: usize = 1024;

    /// What to begin with. `reader` is its model's name.
    #[must_use]
    pub fn habits(&self, reader: &str, chip: &ChipKind, apdus: ApduLength) -> Habits {
        let known = self.chips.iter().find(|(_, kind, _)| kind == chip);
        Habits {
            apdus,
            extended: self
                .readers
                .get(reader)
                .map_or(Extended::Untried, |(_, extended)| *extended),
            chip: known.map_or_else(ChipHabits::default, |(_, _, habits)| *habits),
        }
    }

    /// Keeps what a conversation has learnt, also one that failed.
    pub fn learn(&mut self, reader: &str, chip: &ChipKind, habits: &Habits) {
        self.met += 1;
        self.readers
            .insert(reader.to_owned(), (self.met, habits.extended));
        self.chips.retain(|(_, kind, _)| kind != chip);
        self.chips.push((self.met, chip.clone(), habits.chip));
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
