//! The controller's flash in memory, as the update's writer sees it.

use std::ops::Range;

use gate_boot::flash::Flash;
use gate_boot::map::{DOUBLE_WORD, ERASED, FLASH, PAGE, RECORDS};
use gate_boot::slot::Slot;

/// A flash of which an update may change one slot and the records, as the firmware's own driver
/// lets it.
pub struct Memory {
    bytes: Vec<u8>,
    open: [Range<u32>; 2],
}

/// Something else was to be written, or something twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAllowed;

impl Memory {
    /// An erased flash in which `slot` may be written.
    pub fn erased(slot: Slot) -> Self {
        Self {
            bytes: vec![ERASED; FLASH.len()],
            open: [slot.region(), RECORDS],
        }
    }

    /// A flash as the boot loader finds it, of which it may change the records: what lies at the
    /// beginning of the records, and of a slot. What has no room there is left out.
    pub fn found(records: &[u8], slot: Slot, image: &[u8]) -> Self {
        let mut flash = Self {
            bytes: vec![ERASED; FLASH.len()],
            open: [RECORDS, RECORDS],
        };
        for (region, bytes) in [(RECORDS, records), (slot.region(), image)] {
            let length = bytes.len().min(region.len());
            flash.put(region.start, &bytes[..length]);
        }
        flash
    }

    /// Every byte that an update may not change, is erased.
    pub fn kept_the_rest(&self) -> bool {
        // Page by page: byte by byte, one input took a quarter of a second.
        let erased = |closed: Range<u32>| {
            let mut pages = self.read(closed).chunks(PAGE as usize);
            pages.all(|page| *page == [ERASED; PAGE as usize][..page.len()])
        };
        let mut open = self.open.clone();
        open.sort_by_key(|region| region.start);
        let mut from = FLASH.start;
        for region in open {
            if !erased(from..region.start) {
                return false;
            }
            from = region.end;
        }
        erased(from..FLASH.end)
    }

    fn place(&self, address: u32, length: u32) -> Result<&[u8], NotAllowed> {
        let end = address.checked_add(length).ok_or(NotAllowed)?;
        let inside = |region: &Range<u32>| region.start <= address && end <= region.end;
        let fits = address.is_multiple_of(length) && self.open.iter().any(inside);
        if fits {
            Ok(self.read(address..end))
        } else {
            Err(NotAllowed)
        }
    }

    fn put(&mut self, address: u32, bytes: &[u8]) {
        let at = (address - FLASH.start) as usize;
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

impl Flash for Memory {
    type Error = NotAllowed;

    fn read(&self, region: Range<u32>) -> &[u8] {
        &self.bytes[(region.start - FLASH.start) as usize..(region.end - FLASH.start) as usize]
    }

    fn erase_page(&mut self, address: u32) -> Result<(), NotAllowed> {
        self.place(address, PAGE)?;
        self.put(address, &[ERASED; PAGE as usize]);
        Ok(())
    }

    fn program(
        &mut self,
        address: u32,
        double_word: [u8; DOUBLE_WORD as usize],
    ) -> Result<(), NotAllowed> {
        if self
            .place(address, DOUBLE_WORD)?
            .iter()
            .any(|byte| *byte != ERASED)
        {
            return Err(NotAllowed);
        }
        self.put(address, &double_word);
        Ok(())
    }
}
