//! The two places for an image.

use core::fmt;
use core::ops::Range;

use crate::map::{HEADER, SLOT_A, SLOT_B};

/// One of the two places for an image. Each image is linked for its slot: nothing is ever moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// In the flash's first bank, behind the boot loader.
    A,
    /// In the second bank.
    B,
}

impl Slot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The one that this is not.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its place in the flash.
    #[must_use]
    pub const fn region(self) -> Range<u32> {
        match self {
            Self::A => SLOT_A,
            Self::B => SLOT_B,
        }
    }

    /// Where the image's vector table lies, behind its header.
    #[must_use]
    pub const fn vectors(self) -> u32 {
        self.region().start + HEADER
    }

    /// The slot with something at `address`: the running firmware asks with its vector table's.
    #[must_use]
    pub fn holding(address: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|slot| slot.region().contains(&address))
    }

    /// Its number in headers and records.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }

    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::A),
            1 => Some(Self::B),
            _ => None,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}
