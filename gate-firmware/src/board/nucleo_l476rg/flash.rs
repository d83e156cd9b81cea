//! The chip's own flash: erased by the page, programmed by the double word.
//!
//! Nothing here masks interrupts: the scan goes on between and during flash operations. An
//! operation on the bank that the firmware runs from halts the processor until it is over, though:
//! up to 25 ms for a page.

use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use gate_boot::flash::Flash as _;
use gate_boot::map::{DOUBLE_WORD, FLASH as WHOLE, PAGE};
use stm32_metapac::FLASH;
use stm32_metapac::flash::regs::{Cr, Sr};

/// How often the controller is asked whether it is ready. Erasing takes 25 ms at most, which is
/// two million cycles, and one question takes more than four.
const POLLS_MAX: u32 = 500_000;

const KEYS: [u32; 2] = [0x4567_0123, 0xCDEF_89AB];
/// Every error there is, and "end of operation": cleared by writing ones.
const FLAGS: u32 = 0xC3FB;
const ERRORS: u32 = FLAGS & !1;
const BUSY: u32 = 1 << 16;
const PAGES_PER_BANK: u32 = 256;

/// Why the flash could not be written or read. Nothing is repeated here: whoever stores something
/// reads it back and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlashError {
    /// The address is not the caller's to write, or not in the flash.
    OutOfBounds,
    /// The address is not that of a page or of a double word.
    NotAligned,
    /// The flash controller's status register when it refused, or was still busy.
    Refused(u32),
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::Refused(_) => NorFlashErrorKind::Other,
        }
    }
}

/// Parts of the flash that may be written. Addresses are the chip's.
pub(crate) struct Flash {
    writable: [Range<u32>; 2],
}

impl Flash {
    /// Leave to write `writable`, which nothing that runs may lie in. Only tasks write, and they
    /// take turns, so there is never more than one operation at a time.
    pub(crate) const fn region(writable: Range<u32>) -> Self {
        Self::regions([writable, 0..0])
    }

    /// Leave to write two regions.
    pub(crate) const fn regions(writable: [Range<u32>; 2]) -> Self {
        Self { writable }
    }

    fn check(&self, from: u32, length: u32, unit: u32) -> Result<(), FlashError> {
        let end = from.checked_add(length).ok_or(FlashError::OutOfBounds)?;
        let holds = |region: &Range<u32>| region.start <= from && end <= region.end;
        if !self.writable.iter().any(holds) {
            return Err(FlashError::OutOfBounds);
        }
        if !from.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return Err(FlashError::NotAligned);
        }
        Ok(())
    }
}

/// What the flash holds. A double word that lost its power halfway reads as nonsense: see
/// [`forgive_torn`].
pub(crate) fn bytes(region: Range<u32>) -> &'static [u8] {
    if region.start < WHOLE.start || region.end > WHOLE.end {
        return &[];
    }
    // SAFETY: all of it is flash, which is always readable. Whoever writes the region takes its
    // bytes from here anew afterwards: nobody keeps this slice over a write.
    unsafe { core::slice::from_raw_parts(region.start as *const u8, region.len()) }
}

impl ErrorType for Flash {
    type Error = FlashError;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, into: &mut [u8]) -> Result<(), FlashError> {
        let end = offset.saturating_add(into.len() as u32);
        let found = bytes(offset..end);
        if found.len() != into.len() {
            return Err(FlashError::OutOfBounds);
        }
        into.copy_from_slice(found);
        Ok(())
    }

    fn capacity(&self) -> usize {
        WHOLE.end as usize
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = DOUBLE_WORD as usize;
    const ERASE_SIZE: usize = PAGE as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.check(from, to.saturating_sub(from), PAGE)?;
        (from..to)
            .step_by(PAGE as usize)
            .try_for_each(|page| self.erase_page(page))
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.check(offset, bytes.len() as u32, DOUBLE_WORD)?;
        let (double_words, _) = bytes.as_chunks();
        (offset..)
            .step_by(DOUBLE_WORD as usize)
            .zip(double_words)
            .try_for_each(|(at, double_word)| self.program(at, *double_word))
    }
}

impl gate_boot::flash::Flash for Flash {
    type Error = FlashError;

    fn read(&self, region: Range<u32>) -> &[u8] {
        bytes(region)
    }

    fn erase_page(&mut self, address: u32) -> Result<(), FlashError> {
        self.check(address, PAGE, PAGE)?;
        done(flash_erase_page(address))
    }

    fn program(
        &mut self,
        address: u32,
        double_word: [u8; DOUBLE_WORD as usize],
    ) -> Result<(), FlashError> {
        self.check(address, DOUBLE_WORD, DOUBLE_WORD)?;
        let [low, high] = [[0, 1, 2, 3], [4, 5, 6, 7]]
            .map(|at: [usize; 4]| u32::from_le_bytes(at.map(|at| double_word[at])));
        done(flash_program_double_word(address, low, high))
    }
}

const fn done(status: u32) -> Result<(), FlashError> {
    match status & (ERRORS | BUSY) {
        0 => Ok(()),
        status => Err(FlashError::Refused(status)),
    }
}

/// Erases the page at `address`; gives the status register, which has no error bit if all went
/// well. An emulator stops at its first instruction and does the work: see
/// [`gate_boot::map::PRIMITIVES`].
#[unsafe(naked)]
// SAFETY: the name is ours; the section holds nothing but this function.
#[unsafe(no_mangle)]
// SAFETY: as above.
#[unsafe(link_section = ".flash_primitives.erase")]
extern "C" fn flash_erase_page(address: u32) -> u32 {
    core::arch::naked_asm!("nop", "b.w {}", sym erase_page)
}

/// Programs a double word, low word first; gives the status register as [`flash_erase_page`].
#[unsafe(naked)]
// SAFETY: the name is ours; the section holds nothing but this function.
#[unsafe(no_mangle)]
// SAFETY: as above.
#[unsafe(link_section = ".flash_primitives.program")]
extern "C" fn flash_program_double_word(address: u32, low: u32, high: u32) -> u32 {
    core::arch::naked_asm!("nop", "b.w {}", sym program_double_word)
}

extern "C" fn erase_page(address: u32) -> u32 {
    let page = (address - WHOLE.start) / PAGE;
    let mut erase = Cr(0);
    erase.set_per(true);
    erase.set_bker(page >= PAGES_PER_BANK);
    erase.set_pnb((page % PAGES_PER_BANK) as u8);
    operate(erase, || FLASH.cr().modify(|w| w.set_start(true)))
}

extern "C" fn program_double_word(address: u32, low: u32, high: u32) -> u32 {
    let mut program = Cr(0);
    program.set_pg(true);
    operate(program, || {
        // The controller takes the first word and begins with the second.
        for (at, word) in [(address, low), (address + 4, high)] {
            // SAFETY: `Flash::check` saw that this is flash that nothing runs from; the flash
            // controller, unlocked for programming, takes the write.
            unsafe { (at as *mut u32).write_volatile(word) };
        }
    })
}

/// Unlocks the controller for `what`, lets `begin` begin it, waits and locks again.
fn operate(what: Cr, begin: impl FnOnce()) -> u32 {
    let ready = wait();
    if ready & BUSY != 0 {
        return ready;
    }
    // The data cache must not answer for a flash that changes under it.
    FLASH.acr().modify(|w| w.set_dcen(false));
    FLASH.sr().write_value(Sr(FLAGS));
    for key in KEYS {
        FLASH.keyr().write_value(key);
    }
    FLASH.cr().write_value(what);
    begin();
    let status = wait();
    let mut locked = Cr(0);
    locked.set_lock(true);
    FLASH.cr().write_value(locked);
    forget_cached();
    status
}

/// Waits until the controller is ready; gives its status.
fn wait() -> u32 {
    let mut status = FLASH.sr().read().0;
    for _ in 0..POLLS_MAX {
        if status & BUSY == 0 {
            break;
        }
        status = FLASH.sr().read().0;
    }
    status
}

fn forget_cached() {
    FLASH.acr().modify(|w| w.set_icen(false));
    FLASH.acr().modify(|w| {
        w.set_dcrst(true);
        w.set_icrst(true);
    });
    FLASH.acr().modify(|w| {
        w.set_dcrst(false);
        w.set_icrst(false);
        w.set_dcen(true);
        w.set_icen(true);
    });
}

/// Torn double words met since the start.
static TORN: AtomicU32 = AtomicU32::new(0);

/// Whether the interrupt that cannot be masked came because of a torn double word; if so, it is
/// done with.
///
/// The chip raises it when a double word is read whose check bits are wrong in two places, which is
/// what a power cut during programming leaves. Every record and every image has a checksum of its
/// own, so the nonsense that was read is found out where it is read; treated as a failure it would
/// keep the controller from ever starting again.
pub(crate) fn forgive_torn() -> bool {
    let torn = FLASH.eccr().read().eccd();
    if torn {
        FLASH.eccr().modify(|w| w.set_eccd(true));
        TORN.fetch_add(1, Ordering::Relaxed);
    }
    torn
}
