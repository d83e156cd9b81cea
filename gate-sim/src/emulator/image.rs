//! Firmware images, as they come from the linker or from the packer.

use super::error::EmulatorError;
use gate_boot::map::FLASH;
use gate_boot::pack::{Segment, segments};
use std::path::Path;

/// What belongs where in the flash: an ELF file says it itself, any other file belongs at the
/// flash's beginning.
pub(super) fn read(path: &Path) -> Result<Vec<Segment>, EmulatorError> {
    let bytes = std::fs::read(path).map_err(EmulatorError::io("read the firmware image"))?;
    let parts = if bytes.starts_with(b"\x7fELF") {
        segments(&bytes).unwrap_or_default()
    } else {
        vec![(FLASH.start, bytes)]
    };
    let fits = |(address, bytes): &Segment| {
        *address >= FLASH.start && bytes.len() <= (FLASH.end.saturating_sub(*address)) as usize
    };
    if parts.is_empty() || !parts.iter().all(fits) {
        return Err(EmulatorError::NoFirmware {
            path: path.to_owned(),
        });
    }
    Ok(parts)
}
