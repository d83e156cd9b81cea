//! What this crate needs of a flash.

use core::ops::Range;

use crate::map::DOUBLE_WORD;

/// A flash as the chip has it: read like memory, erased by the page, programmed once by the double
/// word. Addresses are the chip's.
///
/// Power may fail during any operation. What it hits then reads as nonsense; everything else stays.
pub trait Flash {
    /// Why an operation failed.
    type Error;

    /// What the flash holds in `region`, all of which lies in [`crate::map::FLASH`].
    fn read(&self, region: Range<u32>) -> &[u8];

    /// Erases the page that begins at `address`.
    ///
    /// # Errors
    ///
    /// What the flash says. The page may then hold anything.
    fn erase_page(&mut self, address: u32) -> Result<(), Self::Error>;

    /// Programs the erased double word at `address`.
    ///
    /// # Errors
    ///
    /// What the flash says. The double word may then hold anything.
    fn program(
        &mut self,
        address: u32,
        double_word: [u8; DOUBLE_WORD as usize],
    ) -> Result<(), Self::Error>;
}

/// Programs whole double words from `address` on.
pub(crate) fn program_all<F: Flash>(
    flash: &mut F,
    address: u32,
    bytes: &[u8],
) -> Result<(), F::Error> {
    let (double_words, _) = bytes.as_chunks::<{ DOUBLE_WORD as usize }>();
    let addresses = (address..).step_by(DOUBLE_WORD as usize);
    for (at, double_word) in addresses.zip(double_words) {
        flash.program(at, *double_word)?;
    }
    Ok(())
}
