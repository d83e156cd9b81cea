//! The board's flash: what it holds outlives reset and power, and writing it has the rules of the
//! real one.
//!
//! QEMU ignores what the firmware writes to its flash. So the board stops at the firmware's two
//! flash primitives, [`Flash`] does what the chip's flash controller would, and the firmware goes
//! on, none the wiser: see [`gate_boot::map::PRIMITIVES`].

use gate_boot::map::{
    BOOT_LOADER, DOUBLE_WORD, ERASE_PAGE, ERASED, FACTORY, FLASH, HEADER, PAGE,
    PROGRAM_DOUBLE_WORD, SLOT_A, SLOT_B,
};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the processor looks up when it starts: its stack, and its first instruction.
const VECTORS: u32 = 8;

/// Bits of the flash controller's status register.
pub(super) mod status {
    /// Programming over something that is not erased.
    pub(in super::super) const PROGRAMMING: u32 = 1 << 3;
    /// The page is write-protected by the option bytes.
    pub(in super::super) const WRITE_PROTECTED: u32 = 1 << 4;
    /// The address is not that of a double word.
    pub(in super::super) const ALIGNMENT: u32 = 1 << 5;
}

/// What the firmware wants of the flash controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Erases the page that holds this address.
    Erase { address: u32 },
    /// Programs a double word.
    Program { address: u32, data: u64 },
}

/// What has become of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The flash now holds these bytes here.
    Done { address: u32, bytes: Vec<u8> },
    /// Nothing has changed; the status register says why.
    Refused { status: u32 },
    /// The power failed meanwhile.
    PowerLost,
}

/// What a power cut leaves of the operation that it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Torn {
    /// Nothing: the power failed just before.
    Before,
    /// Half of it: the rest reads whatever it did, or nonsense.
    Halfway,
}

/// The flash of one board. Clones are handles of the same flash.
#[derive(Clone, Debug)]
pub struct Flash {
    content: Arc<Mutex<Content>>,
}

#[derive(Debug)]
struct Content {
    bytes: Vec<u8>,
    operations: u64,
    cut: Option<(u64, Torn)>,
}

impl Flash {
    pub(super) fn erased() -> Self {
        Self {
            content: Arc::new(Mutex::new(Content {
                bytes: vec![ERASED; FLASH.len()],
                operations: 0,
                cut: None,
            })),
        }
    }

    /// Writes the flash as the factory's programmer does. A running board notices it only after
    /// its next power cut.
    ///
    /// # Panics
    ///
    /// If `address` and what follows it is not all flash.
    pub fn load(&self, address: u32, bytes: &[u8]) {
        let at = offset(address);
        self.content().bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Has the processor start with slot A, as a debugger would, if there is no boot loader.
    pub(super) fn start_without_boot_loader(&self) {
        let vectors = |image: u32| self.read(image..image + VECTORS);
        if vectors(BOOT_LOADER.start)
            .iter()
            .all(|byte| *byte == ERASED)
        {
            self.load(BOOT_LOADER.start, &vectors(SLOT_A.start + HEADER));
        }
    }

    /// What a region holds now.
    ///
    /// # Panics
    ///
    /// If `region` is not all flash.
    #[must_use]
    pub fn read(&self, region: Range<u32>) -> Vec<u8> {
        let at = offset(region.start);
        self.content().bytes[at..at + region.len()].to_vec()
    }

    /// How many operations the firmware has asked for since the board was made.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.content().operations
    }

    /// Cuts the power at the operation that follows `after` more ones. The board is then as after
    /// [`super::Board::power_cut`], which must be called before its power can come back.
    pub fn cut_power(&self, after: u64, torn: Torn) {
        let mut content = self.content();
        content.cut = Some((content.operations + after, torn));
    }

    /// Cuts no power after all.
    pub fn forget_cut(&self) {
        self.content().cut = None;
    }

    /// Does what the chip's flash controller does.
    pub(super) fn operate(&self, operation: Operation) -> Outcome {
        self.content().operate(operation)
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // The only panics while it is held come before anything is changed.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn operate(&mut self, operation: Operation) -> Outcome {
        let number = self.operations;
        self.operations += 1;
        let torn = match self.cut {
            Some((at, torn)) if at == number => Some(torn),
            _ => None,
        };
        if torn.is_some() {
            self.cut = None;
        }
        match (self.new_bytes(operation), torn) {
            (_, Some(Torn::Before)) => Outcome::PowerLost,
            (Ok((address, bytes)), Some(Torn::Halfway)) => {
                self.put(address, &bytes[..bytes.len() / 2]);
                Outcome::PowerLost
            }
            (Err(_), Some(Torn::Halfway)) => Outcome::PowerLost,
            (Ok((address, bytes)), None) => {
                self.put(address, &bytes);
                Outcome::Done { address, bytes }
            }
            (Err(status), None) => Outcome::Refused { status },
        }
    }

    /// What the operation leaves where, or why it is refused.
    fn new_bytes(&self, operation: Operation) -> Result<(u32, Vec<u8>), u32> {
        match operation {
            Operation::Erase { address } => {
                let page = address / PAGE * PAGE;
                writable(page)?;
                Ok((page, vec![ERASED; PAGE as usize]))
            }
            Operation::Program { address, data } => {
                writable(address)?;
                if !address.is_multiple_of(DOUBLE_WORD) {
                    return Err(status::ALIGNMENT);
                }
                let at = offset(address);
                let erased = self.bytes[at..at + DOUBLE_WORD as usize]
                    .iter()
                    .all(|byte| *byte == ERASED);
                // A double word may be programmed once more if it is to become all zeros.
                if erased || data == 0 {
                    Ok((address, data.to_le_bytes().to_vec()))
                } else {
                    Err(status::PROGRAMMING)
                }
            }
        }
    }

    fn put(&mut self, address: u32, bytes: &[u8]) {
        let at = offset(address);
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

/// Boot loader and factory page are protected by the option bytes.
fn writable(address: u32) -> Result<(), u32> {
    let protected = [BOOT_LOADER, FACTORY];
    let free = FLASH.contains(&address) && !protected.iter().any(|part| part.contains(&address));
    free.then_some(()).ok_or(status::WRITE_PROTECTED)
}

const fn offset(address: u32) -> usize {
    assert!(address >= FLASH.start, "below the flash");
    (address - FLASH.start) as usize
}

/// The first bytes of everything that can have flash primitives.
const IMAGES: [u32; 3] = [BOOT_LOADER.start, SLOT_A.start, SLOT_B.start];

/// Where the board has to stop.
pub(super) fn breakpoints() -> impl Iterator<Item = u32> {
    IMAGES
        .into_iter()
        .flat_map(|image| [image + ERASE_PAGE, image + PROGRAM_DOUBLE_WORD])
}

/// The operation that is asked for at a breakpoint, if it is one of ours.
pub(super) fn operation(program_counter: u32, arguments: [u32; 3]) -> Option<Operation> {
    let [address, low, high] = arguments;
    let image = IMAGES
        .into_iter()
        .rfind(|image| *image <= program_counter)?;
    match program_counter - image {
        ERASE_PAGE => Some(Operation::Erase { address }),
        PROGRAM_DOUBLE_WORD => Some(Operation::Program {
            address,
            data: u64::from(high) << 32 | u64::from(low),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: u32 = SLOT_B.start + 2 * PAGE;

    fn program(flash: &Flash, address: u32, data: u64) -> Outcome {
        flash.operate(Operation::Program { address, data })
    }

    fn refused(status: u32) -> Outcome {
        Outcome::Refused { status }
    }

    #[test]
    fn a_double_word_is_programmed_once_and_then_only_to_zeros() {
        let flash = Flash::erased();
        let word = |flash: &Flash| flash.read(PLACE..PLACE + 8);
        assert!(matches!(
            program(&flash, PLACE, 0x0807_0605_0403_0201),
            Outcome::Done { .. }
        ));
        assert_eq!(word(&flash), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(program(&flash, PLACE, 0x01), refused(status::PROGRAMMING));
        assert_eq!(word(&flash), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(matches!(program(&flash, PLACE, 0), Outcome::Done { .. }));
        assert_eq!(word(&flash), [0; 8]);
        let erase = Operation::Erase { address: PLACE + 9 };
        assert!(matches!(
            flash.operate(erase),
            Outcome::Done { address: PLACE, .. }
        ));
        assert_eq!(word(&flash), [ERASED; 8]);
        assert_eq!(flash.operations(), 4);
    }

    #[test]
    fn what_the_chip_refuses_is_refused_with_its_bit() {
        let flash = Flash::erased();
        assert_eq!(program(&flash, PLACE + 4, 1), refused(status::ALIGNMENT));
        for protected in [BOOT_LOADER.start, FACTORY.start, FLASH.end] {
            assert_eq!(
                program(&flash, protected, 1),
                refused(status::WRITE_PROTECTED)
            );
        }
    }

    #[test]
    fn a_power_cut_hits_the_operation_that_was_named() {
        for (torn, left) in [
            (Torn::Before, [ERASED; 8]),
            (Torn::Halfway, [1, 2, 3, 4, 255, 255, 255, 255]),
        ] {
            let flash = Flash::erased();
            flash.cut_power(1, torn);
            assert!(matches!(program(&flash, PLACE, 7), Outcome::Done { .. }));
            assert_eq!(
                program(&flash, PLACE + 8, 0x0807_0605_0403_0201),
                Outcome::PowerLost
            );
            assert_eq!(flash.read(PLACE + 8..PLACE + 16), left);
            assert!(
                matches!(program(&flash, PLACE + 16, 7), Outcome::Done { .. }),
                "once"
            );
        }
    }

    #[test]
    fn every_breakpoint_is_an_operation_and_nothing_else_is() {
        for address in breakpoints() {
            assert!(operation(address, [PLACE, 1, 2]).is_some());
            assert_eq!(operation(address + 2, [PLACE, 1, 2]), None);
        }
        assert_eq!(
            operation(SLOT_A.start + PROGRAM_DOUBLE_WORD, [PLACE, 1, 2]),
            Some(Operation::Program {
                address: PLACE,
                data: 0x2_0000_0001
            })
        );
    }
}
