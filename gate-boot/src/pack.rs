//! Makes images out of what the linker makes.

use std::borrow::ToOwned;
use std::path::{Path, PathBuf};
use std::vec;
use std::vec::Vec;

use object::Endianness;
use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};

use crate::image::{BODY_MAX, CHUNK, Header};
use crate::map::{BOOT_LOADER, ERASED, FLASH, HEADER, SLOT_A};
use crate::slot::Slot;

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not what the linker makes for the controller.
    #[error("{path} is not an ELF file for the controller")]
    NotElf {
        /// The file.
        path: PathBuf,
    },
    /// Linked for somewhere else, or too large.
    #[error("{path} has bytes for {address:#010x}, outside of {from:#010x} to {to:#010x}")]
    Outside {
        /// The file.
        path: PathBuf,
        /// Where the bytes belong.
        address: u32,
        /// Where they should begin.
        from: u32,
        /// Where they should end.
        to: u32,
    },
}

/// A part of memory and where it belongs.
pub type Segment = (u32, Vec<u8>);

/// What an ELF file wants in memory; `None` if it is not one for this processor.
#[must_use]
pub fn segments(elf: &[u8]) -> Option<Vec<Segment>> {
    let header = FileHeader32::<Endianness>::parse(elf).ok()?;
    let endian = header.endian().ok()?;
    let mut parts = Vec::new();
    for segment in header.program_headers(endian, elf).ok()? {
        let data = segment.data(endian, elf).ok()?;
        if segment.p_type(endian) == PT_LOAD && !data.is_empty() {
            parts.push((segment.p_paddr(endian), data.to_vec()));
        }
    }
    Some(parts)
}

/// An image as it lies in its slot: `about` signed for the body of the ELF file at `elf`, with the
/// key that grows from `seed`.
///
/// # Errors
///
/// [`PackError`] if the file is not an image linked for `about.slot`.
pub fn image(elf: &Path, about: &Header, seed: &[u8; 32]) -> Result<Vec<u8>, PackError> {
    let from = about.slot.vectors();
    let mut body = flat(elf, from, from + BODY_MAX)?;
    body.resize(body.len().next_multiple_of(CHUNK as usize), ERASED);
    Ok(signed(&body, about, seed))
}

/// The same for a body that is there already.
#[must_use]
pub fn signed(body: &[u8], about: &Header, seed: &[u8; 32]) -> Vec<u8> {
    let head = Header::of(body, about).sign(seed);
    let mut image = vec![ERASED; HEADER as usize];
    image[..head.len()].copy_from_slice(&head);
    image.extend(body);
    image
}

/// The whole flash of a new controller from its first byte: the boot loader's ELF file and the
/// image of slot A. For a programmer or for the emulator.
///
/// # Errors
///
/// [`PackError`] if the file is not the boot loader.
pub fn controller(boot_loader: &Path, image_a: &[u8]) -> Result<Vec<u8>, PackError> {
    let mut flash = flat(boot_loader, BOOT_LOADER.start, BOOT_LOADER.end)?;
    flash.resize((SLOT_A.start - FLASH.start) as usize, ERASED);
    flash.extend(image_a);
    Ok(flash)
}

/// A header that says everything but what the body says.
#[must_use]
pub const fn about(slot: Slot, version: [u8; 3], security_version: u32) -> Header {
    Header {
        product: crate::image::PRODUCT,
        board: crate::image::BOARD_NUCLEO_L476RG,
        slot,
        version,
        security_version,
        length: 0,
        digest: [0; 64],
    }
}

/// Everything that an ELF file wants between two addresses, from the first on.
fn flat(path: &Path, from: u32, to: u32) -> Result<Vec<u8>, PackError> {
    let elf = std::fs::read(path).map_err(|source| PackError::Read {
        path: path.to_owned(),
        source,
    })?;
    let parts = segments(&elf).filter(|parts| !parts.is_empty());
    let parts = parts.ok_or_else(|| PackError::NotElf {
        path: path.to_owned(),
    })?;
    let mut bytes = Vec::new();
    for (address, part) in parts {
        let outside = || PackError::Outside {
            path: path.to_owned(),
            address,
            from,
            to,
        };
        let at = address.checked_sub(from).ok_or_else(outside)? as usize;
        let end = at + part.len();
        if end > (to - from) as usize {
            return Err(outside());
        }
        if bytes.len() < end {
            bytes.resize(end, ERASED);
        }
        bytes[at..end].copy_from_slice(&part);
    }
    Ok(bytes)
}
