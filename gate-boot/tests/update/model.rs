//! A flash with the rules of a real one, and a power supply that fails when it is told to.

use core::ops::Range;
use gate_boot::flash::Flash;
use gate_boot::map::{ERASED, FLASH, PAGE};

/// What a power cut leaves of the operation that it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Torn {
    /// Nothing: the operation did not begin.
    Before,
    /// The first half is done, the rest is as before.
    Half,
    /// Nonsense everywhere.
    Nonsense,
    /// All of it, and nobody was told.
    After,
}

impl Torn {
    pub(crate) const ALL: [Self; 4] = [Self::Before, Self::Half, Self::Nonsense, Self::After];
}

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no power. It stays away until [`Model::power_back`].
    NoPower,
    /// Programming over something that is not erased.
    NotErased(u32),
    /// Not a place that the firmware may write.
    Protected(u32),
}

#[derive(Clone)]
pub(crate) struct Model {
    bytes: Vec<u8>,
    /// Operations until the power fails.
    cut: Option<(usize, Torn)>,
    powered: bool,
    /// Operations so far.
    pub(crate) operations: usize,
    /// The slot that runs, which must not be written.
    pub(crate) running: Option<Range<u32>>,
}

impl Model {
    pub(crate) fn erased() -> Self {
        Self {
            bytes: vec![ERASED; FLASH.len()],
            cut: None,
            powered: true,
            operations: 0,
            running: None,
        }
    }

    /// Writes past all rules, as the factory does, or as decay does.
    pub(crate) fn put(&mut self, address: u32, bytes: &[u8]) {
        let at = (address - FLASH.start) as usize;
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(crate) fn cut_at(&mut self, operation: usize, torn: Torn) {
        self.cut = Some((self.operations + operation, torn));
    }

    pub(crate) fn power_back(&mut self) {
        (self.powered, self.cut, self.running) = (true, None, None);
    }

    pub(crate) fn has_power(&self) -> bool {
        self.powered
    }

    fn operate(&mut self, address: u32, new: &[u8]) -> Result<(), Failure> {
        if !self.powered {
            return Err(Failure::NoPower);
        }
        let number = self.operations;
        self.operations += 1;
        let Some((_, torn)) = self.cut.filter(|(at, _)| *at == number) else {
            self.put(address, new);
            return Ok(());
        };
        self.powered = false;
        match torn {
            Torn::Before => {}
            Torn::Half => self.put(address, &new[..new.len() / 2]),
            Torn::Nonsense => {
                let nonsense = |at: usize| (at as u8).wrapping_mul(0x6D) ^ 0x5A;
                self.put(address, &(0..new.len()).map(nonsense).collect::<Vec<_>>());
            }
            Torn::After => self.put(address, new),
        }
        Err(Failure::NoPower)
    }

    fn check(&self, address: u32, unit: u32) -> Result<(), Failure> {
        use gate_boot::map::{RECORDS, SLOT_A, SLOT_B};
        let open = [SLOT_A, SLOT_B, RECORDS]
            .iter()
            .any(|part| part.contains(&address));
        let runs = self
            .running
            .as_ref()
            .is_some_and(|slot| slot.contains(&address));
        if open && !runs && address.is_multiple_of(unit) {
            Ok(())
        } else {
            Err(Failure::Protected(address))
        }
    }
}

impl Flash for Model {
    type Error = Failure;

    fn read(&self, region: Range<u32>) -> &[u8] {
        let at = (region.start - FLASH.start) as usize;
        &self.bytes[at..at + region.len()]
    }

    fn erase_page(&mut self, address: u32) -> Result<(), Failure> {
        self.check(address, PAGE)?;
        self.operate(address, &[ERASED; PAGE as usize])
    }

    fn program(&mut self, address: u32, double_word: [u8; 8]) -> Result<(), Failure> {
        self.check(address, 8)?;
        if self.powered && self.read(address..address + 8) != [ERASED; 8] {
            return Err(Failure::NotErased(address));
        }
        self.operate(address, &double_word)
    }
}
