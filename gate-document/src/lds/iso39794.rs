//! The face of ISO/IEC 39794-5, of which DG2 holds one (Doc 9303-10, 4.7.2; ISO/IEC 39794-5:2019, Annex
//! A.1, in DER).
//!
//! ```text
//! 7F2E                                biometric data block
//! └ A1                                of the application profile; some leave it out
//!   └ 65  FaceImageDataBlock          [APPLICATION 5]
//!     ├ A0  versionBlock
//!     └ A1  representationBlocks
//!       └ 30  RepresentationBlock
//!         ├ 80  representationId
//!         ├ A1  imageRepresentation   a choice: A0 base
//!         │ └ A0                      a choice: A0 imageRepresentation2DBlock
//!         │   └ A0
//!         │     ├ 80  representationData2D: the image file
//!         │     └ A1  imageInformation2DBlock
//!         └ …   capture, quality, landmarks
//! ```

use crate::tlv::{Reader, Tlv, TlvError};

/// The image file in the biometric data block `block`: that of its first representation.
///
/// # Errors
///
/// [`TlvError`] for another structure, a representation in three dimensions among them.
pub(super) fn image<'a>(block: &Tlv<'a>) -> Result<&'a [u8], TlvError> {
    let mut reader = block.reader();
    if let Some(profile) = reader.optional(0xA1)? {
        reader = profile.reader();
    }
    let face = reader.expect(0x65, "FaceImageDataBlock (65)")?;
    let blocks = within(face.reader(), 0xA1, "representation blocks (A1)")?;
    let representation = blocks.reader().expect(0x30, "representation block (30)")?;
    let choice = within(representation.reader(), 0xA1, "image representation (A1)")?;
    let base = choice.reader().expect(0xA0, "base of the image (A0)")?;
    let flat = base.reader().expect(0xA0, "image in two dimensions (A0)")?;
    Ok(within(flat.reader(), 0x80, "image data (80)")?.value)
}

/// The first object with `tag`, whatever stands before it.
fn within<'a>(
    mut reader: Reader<'a>,
    tag: u32,
    expected: &'static str,
) -> Result<Tlv<'a>, TlvError> {
    loop {
        let object = reader.any(expected)?;
        if object.tag == tag {
            return Ok(object);
        }
    }
}
