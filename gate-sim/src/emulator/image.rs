//! Firmware images, as they come from the linker or from the packer.

use super::error::EmulatorError;
use gate_boot::map::FLASH;
use object::Endianness;
use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use std::path::Path;

/// What belongs where in the flash: an ELF file says it itself, any other file belongs at the
/// flash's beginning.
pub(super) fn read(path: &Path) -> Result<Vec<(u32, Vec<u8>)>, EmulatorError> {
    let bytes = std::fs::read(path).map_err(EmulatorError::io("read the firmware image"))?;
    let parts = if bytes.starts_with(&object::elf::ELFMAG) {
        segments(&bytes).unwrap_or_default()
    } else {
        vec![(FLASH.start, bytes)]
    };
    let fits = |(address, bytes): &(u32, Vec<u8>)| {
        *address >= FLASH.start && bytes.len() <= (FLASH.end.saturating_sub(*address)) as usize
    };
    if parts.is_empty() || !parts.iter().all(fits) {
        return Err(EmulatorError::NoFirmware {
            path: path.to_owned(),
        });
    }
    Ok(parts)
}

/// What an ELF file wants in memory; `None` if it is not one for this processor.
fn segments(bytes: &[u8]) -> Option<Vec<(u32, Vec<u8>)>> {
    let header = FileHeader32::<Endianness>::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let mut parts = Vec::new();
    for segment in header.program_headers(endian, bytes).ok()? {
        let data = segment.data(endian, bytes).ok()?;
        if segment.p_type(endian) == PT_LOAD && !data.is_empty() {
            parts.push((segment.p_paddr(endian), data.to_vec()));
        }
    }
    Some(parts)
}
