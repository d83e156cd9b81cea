//! Firmware that fails, without a trace of this in the firmware: what a bug, a ruined memory or a
//! particle from the sky could do is done to the unchanged image from outside.
//!
//! An interrupt that the firmware does not use is given a handler of ours, in memory that the
//! firmware does not use, and raised. The handler lets the interrupted code go on somewhere else.

use super::chip::Chip;
use super::error::EmulatorError;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// The task below the scan runs in a circle.
    TaskHangs,
    /// The same with all interrupts off: the scan stops as well.
    AllHangs,
    /// The scan itself runs in a circle.
    ScanHangs,
    /// The scan runs and takes longer than its millisecond, each time: the next tick waits already
    /// when it ends.
    ScanIsLate,
    /// The processor meets an instruction that is none.
    BadInstruction,
    /// Somebody calls himself again and again.
    EndlessRecursion,
    /// The stack is all but full when the next interrupt comes.
    NoStackForAnInterrupt,
}

/// The second half of SRAM2. The firmware uses SRAM1 and the beginning of SRAM2.
const TABLE: u32 = 0x1000_4000;
const HANDLER: u32 = TABLE + 0x400;
const PROGRAM: u32 = TABLE + 0x440;

/// Where the processor looks for its vectors.
const VECTOR_TABLE: u32 = 0xE000_ED08;
/// Vectors of the chip: 16 of the processor, 82 of everything else.
const VECTORS: usize = 16 + 82;
const SYSTICK_VECTOR: usize = 15;
/// The window watchdog's interrupt has number 0, and nobody uses it.
const UNUSED_VECTOR: usize = 16;
/// Registers that enable the chip's first interrupts and make them pending.
const NVIC_ENABLE: u32 = 0xE000_E100;
const NVIC_PEND: u32 = 0xE000_E200;
/// Register that makes the processor's own exceptions pending, and its bit for the tick.
const INTERRUPT_CONTROL: u32 = 0xE000_ED04;
const PEND_TICK: u32 = 1 << 26;

impl Sabotage {
    /// Thumb code that fails in this way.
    const fn program(self) -> &'static [u16] {
        match self {
            // b .
            Self::TaskHangs | Self::ScanHangs => &[0xE7FE],
            // ldr r0, the first word; ldr r1, the second; str r1 there; ldr r0, the third; go there;
            // nop. The words follow: see `inflict`.
            Self::ScanIsLate => &[0x4802, 0x4903, 0x6001, 0x4803, 0x4700, 0xBF00],
            // cpsid i; b .
            Self::AllHangs => &[0xB672, 0xE7FE],
            // udf #0
            Self::BadInstruction => &[0xDE00],
            // push {r0-r7, lr}; b to the push
            Self::EndlessRecursion => &[0xB5FF, 0xE7FD],
            // ldr r0, the word below; mov sp, r0; b .; nop; 16 bytes above the end
            Self::NoStackForAnInterrupt => &[0x4801, 0x4685, 0xE7FE, 0xBF00, 0x0010, 0x2000],
        }
    }

    /// Address of the code that fails, as a failing firmware reports it.
    #[must_use]
    pub const fn place() -> u32 {
        PROGRAM
    }

    pub(super) fn inflict(self, chip: &Chip) -> Result<(), EmulatorError> {
        // ldr r0, the word below; str r0 over the address to return to; return; nop
        let handler = [
            0x4801,
            0x9006,
            0x4770,
            0xBF00,
            PROGRAM as u16,
            (PROGRAM >> 16) as u16,
        ];
        let mut table = chip.read(chip.read_word(VECTOR_TABLE)?, VECTORS * 4)?;
        let (vector, code) = match self {
            Self::ScanHangs | Self::ScanIsLate => (SYSTICK_VECTOR, PROGRAM),
            _ => (UNUSED_VECTOR, HANDLER),
        };
        let mut program = bytes(self.program());
        let entry = &mut table[vector * 4..][..4];
        if self == Self::ScanIsLate {
            program.extend(INTERRUPT_CONTROL.to_le_bytes());
            program.extend(PEND_TICK.to_le_bytes());
            program.extend_from_slice(entry);
        }
        // The lowest bit says that it is Thumb code.
        entry.copy_from_slice(&(code | 1).to_le_bytes());
        chip.write_bytes(TABLE, &table)?;
        chip.write_bytes(HANDLER, &bytes(&handler))?;
        chip.write_bytes(PROGRAM, &program)?;
        chip.write(VECTOR_TABLE, TABLE)?;
        if vector == UNUSED_VECTOR {
            chip.write(NVIC_ENABLE, 1)?;
            chip.write(NVIC_PEND, 1)?;
        }
        Ok(())
    }
}

fn bytes(code: &[u16]) -> Vec<u8> {
    code.iter().flat_map(|half| half.to_le_bytes()).collect()
}
