//! The flash map of the controller: STM32L476RG, 1 MB in two banks of 512 KB.
//!
//! | from | what | written by |
//! | --- | --- | --- |
//! | `0x0800_0000` | boot loader, 32 KB | the factory |
//! | `0x0800_8000` | slot A, 448 KB used (bank 1) | update |
//! | `0x0808_0000` | slot B, 448 KB (bank 2) | update |
//! | `0x080F_8000` | boot records, 2 pages | boot loader, update |
//! | `0x080F_9000` | storage, 13 pages | firmware |
//! | `0x080F_F800` | factory page | the factory |
//!
//! Each slot lies in its own bank, so the chip can erase one while it runs from the other.

use core::ops::Range;

/// What the chip erases at once.
pub const PAGE: u32 = 2_048;
/// What the chip programs at once: 64 bits, once after each erasing.
pub const DOUBLE_WORD: u32 = 8;
/// What an erased byte reads.
pub const ERASED: u8 = 0xFF;

/// The whole flash.
pub const FLASH: Range<u32> = 0x0800_0000..0x0810_0000;
/// The boot loader.
pub const BOOT_LOADER: Range<u32> = 0x0800_0000..0x0800_8000;
/// Slot A.
pub const SLOT_A: Range<u32> = 0x0800_8000..0x0807_8000;
/// Slot B.
pub const SLOT_B: Range<u32> = 0x0808_0000..0x080F_0000;
/// Which image starts, and the lowest security version that may.
pub const RECORDS: Range<u32> = 0x080F_8000..0x080F_9000;
/// What the firmware keeps.
pub const STORAGE: Range<u32> = 0x080F_9000..0x080F_F800;
/// What the factory gave this one controller: see [`crate::factory`].
pub const FACTORY: Range<u32> = 0x080F_F800..0x0810_0000;

/// Room for the header at the beginning of a slot; the image's vector table follows.
pub const HEADER: u32 = 0x200;

/// Where the two flash primitives lie, counted from the boot loader's and from each slot's first
/// byte: [`ERASE_PAGE`], then [`PROGRAM_DOUBLE_WORD`], alone in their kilobyte.
///
/// An emulator without a flash controller stops there and does the work itself, whatever image
/// runs. Nothing else shares the kilobyte because an emulator runs code that lies near a breakpoint
/// slowly.
pub const PRIMITIVES: u32 = 0x400;
/// Entry of `flash_erase_page(address)`, counted from a slot's first byte.
pub const ERASE_PAGE: u32 = PRIMITIVES;
/// Entry of `flash_program_double_word(address, low, high)`, counted from a slot's first byte.
pub const PROGRAM_DOUBLE_WORD: u32 = PRIMITIVES + 8;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Range<u32>; 6] = [BOOT_LOADER, SLOT_A, SLOT_B, RECORDS, STORAGE, FACTORY];

    #[test]
    fn regions_are_whole_pages_inside_the_flash_and_do_not_overlap() {
        let mut end = FLASH.start;
        for region in ALL {
            assert!(region.start >= end, "{region:x?} overlaps its neighbour");
            assert!(region.start.is_multiple_of(PAGE) && region.end.is_multiple_of(PAGE));
            end = region.end;
        }
        assert_eq!(end, FLASH.end);
    }

    #[test]
    fn an_image_fits_both_slots_and_each_lies_in_its_own_bank() {
        let bank = |address: u32| (address - FLASH.start) / (512 * 1024);
        assert_eq!(SLOT_A.len(), SLOT_B.len());
        assert_eq!((bank(SLOT_A.start), bank(SLOT_A.end - 1)), (0, 0));
        assert_eq!((bank(SLOT_B.start), bank(SLOT_B.end - 1)), (1, 1));
    }
}
