//! What the files hold: the logical data structure (Doc 9303-10, 4).

mod iso39794;

use crate::file::ElementaryFile;
use crate::mrz::{Mrz, MrzError};
use crate::portrait::{Portrait, PortraitKind};
use crate::tlv::{self, Found, Reader, Tlv, TlvError};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Why a file does not hold what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LdsError {
    /// The data objects are not those of the standard.
    #[error("{file} {problem}")]
    Structure {
        /// Which file.
        file: ElementaryFile,
        /// Where, what was expected, what was found.
        problem: TlvError,
    },
    /// The zone in DG1 is no zone.
    #[error("DG1: {0}")]
    Zone(#[from] MrzError),
    /// The face record holds neither JPEG nor JPEG 2000.
    #[error("DG2: no image marker in a face record of {length} bytes")]
    NoImage {
        /// Length of the record.
        length: usize,
    },
}

/// EF.COM: what the chip says it holds. Nobody signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Com {
    /// Data groups, by number.
    pub data_groups: BTreeSet<u8>,
    /// Version of the data structure as four digits, such as `0107`.
    pub lds_version: Option<String>,
}

/// Reads EF.COM (Doc 9303-10, 4.6.1).
///
/// # Errors
///
/// [`LdsError::Structure`].
pub fn com(bytes: &[u8]) -> Result<Com, LdsError> {
    com_objects(bytes).map_err(|problem| LdsError::Structure {
        file: ElementaryFile::Com,
        problem,
    })
}

fn com_objects(bytes: &[u8]) -> Result<Com, TlvError> {
    let mut reader = Reader::new(bytes).expect(0x60, "EF.COM (60)")?.reader();
    let lds_version = reader.optional(0x5F01)?.and_then(|version| {
        let digits = core::str::from_utf8(version.value).ok()?;
        (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.to_owned())
    });
    reader.optional(0x5F36)?;
    let tags = reader.expect(0x5C, "tag list (5C)")?;
    let mut data_groups = BTreeSet::new();
    for (index, tag) in tags.value.iter().enumerate() {
        let Some(ElementaryFile::DataGroup(number)) = ElementaryFile::data_group_of_tag(*tag)
        else {
            let found = Found::Tag(u32::from(*tag));
            let offset = tags.offset + index;
            return Err(TlvError {
                offset,
                expected: "tag of a data group",
                found,
            });
        };
        data_groups.insert(number);
    }
    Ok(Com {
        data_groups,
        lds_version,
    })
}

/// Reads DG1 (Doc 9303-10, 4.7.1).
///
/// # Errors
///
/// [`LdsError::Structure`] and [`LdsError::Zone`].
pub fn dg1(bytes: &[u8]) -> Result<Mrz, LdsError> {
    let structure = |problem| LdsError::Structure {
        file: ElementaryFile::DG1,
        problem,
    };
    let mut reader = Reader::new(bytes)
        .expect(0x61, "DG1 (61)")
        .map_err(structure)?
        .reader();
    let zone = reader.expect(0x5F1F, "zone (5F1F)").map_err(structure)?;
    let text = core::str::from_utf8(zone.value)
        .map_err(|_| structure(zone.wrong("characters of a zone")))?;
    // A wrong check digit is printed and stored alike: the printed zone is failed for it.
    Ok(Mrz::parse_tolerant(text)?)
}

/// Whether DG1, which [`dg1`] could read, is its zone and nothing else, in the shortest form.
pub(crate) fn is_plain_dg1(bytes: &[u8], zone: &Mrz) -> bool {
    let text = Zeroizing::new(zone.lines().collect::<String>());
    let (mut object, mut file) = (Zeroizing::new(Vec::new()), Zeroizing::new(Vec::new()));
    tlv::write(&mut object, 0x5F1F, text.as_bytes());
    tlv::write(&mut file, 0x61, &object);
    **file == *bytes
}

/// Finds the portrait in DG2 (Doc 9303-10, 4.7.2): the first face of the first template.
///
/// # Errors
///
/// [`LdsError::Structure`] and [`LdsError::NoImage`].
pub fn portrait(bytes: &[u8]) -> Result<Portrait, LdsError> {
    let structure = |problem| LdsError::Structure {
        file: ElementaryFile::DG2,
        problem,
    };
    let block = biometric_data(bytes).map_err(structure)?;
    let record = if block.tag == ISO_39794 {
        iso39794::image(&block).map_err(structure)?
    } else {
        block.value
    };
    image_in(record).ok_or(LdsError::NoImage {
        length: record.len(),
    })
}

/// Biometric data block as a record of ISO/IEC 19794-5.
const ISO_19794: u32 = 0x5F2E;
/// Biometric data block as a structure of ISO/IEC 39794-5.
const ISO_39794: u32 = 0x7F2E;

fn biometric_data(bytes: &[u8]) -> Result<Tlv<'_>, TlvError> {
    let dg2 = Reader::new(bytes).expect(0x75, "DG2 (75)")?;
    let mut group = dg2
        .reader()
        .expect(0x7F61, "biometric group (7F61)")?
        .reader();
    group.optional(0x02)?;
    let mut template = group.expect(0x7F60, "biometric template (7F60)")?.reader();
    loop {
        let object = template.any("biometric data (5F2E or 7F2E)")?;
        if object.tag == ISO_19794 || object.tag == ISO_39794 {
            return Ok(object);
        }
    }
}

/// The image in a face record of ISO/IEC 19794-5, or alone, by the image's own markers: the lengths in the
/// records of some issuers are off by up to eight bytes.
fn image_in(record: &[u8]) -> Option<Portrait> {
    // Records say where the image starts; a template before it might contain any bytes. Where the
    // record is wrong, the first marker decides.
    let announced = image_offset(record).filter(|offset| kind_at(record, *offset).is_some());
    let start =
        announced.or_else(|| (0..record.len()).find(|at| kind_at(record, *at).is_some()))?;
    let kind = kind_at(record, start)?;
    let image = &record[start..];
    // Both formats end with FFD9. What follows is padding.
    let end = image.windows(2).rposition(|marker| marker == [0xFF, 0xD9]);
    let image = &image[..end.map_or(image.len(), |end| end + 2)];
    Some(Portrait {
        kind,
        bytes: Zeroizing::new(image.to_vec()),
    })
}

/// Where the record says that its first image starts (ISO/IEC 19794-5:2005, 5.4 to 5.8).
fn image_offset(record: &[u8]) -> Option<usize> {
    const RECORD_HEADER: usize = 14;
    const FACE_INFORMATION: usize = 20;
    const FEATURE_POINT: usize = 8;
    const IMAGE_INFORMATION: usize = 12;
    if !record.starts_with(b"FAC\0") {
        return None;
    }
    let points = record.get(RECORD_HEADER + 4..RECORD_HEADER + 6)?;
    let points = usize::from(u16::from_be_bytes(points.try_into().ok()?));
    Some(RECORD_HEADER + FACE_INFORMATION + points * FEATURE_POINT + IMAGE_INFORMATION)
}

fn kind_at(record: &[u8], offset: usize) -> Option<PortraitKind> {
    PortraitKind::of_image(record.get(offset..)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::write;
    use hex_literal::hex;
    use proptest::prelude::*;

    #[test]
    fn com_lists_its_data_groups() {
        // Doc 9303-11, Appendix D.4: DG1 and DG2.
        let example = hex!("60145F0104303130365F36063034303030305C026175");
        assert_eq!(com(&example).unwrap().data_groups, BTreeSet::from([1, 2]));
        assert_eq!(
            com(&hex!("60 04 5C 02 6177")).unwrap_err().to_string(),
            "EF.COM at offset 5: tag of a data group expected, tag 77 found"
        );
        assert_eq!(
            com(&hex!("60 03 5F01 00")).unwrap_err().to_string(),
            "EF.COM at offset 5: tag list (5C) expected, end of data found"
        );
    }

    fn object(tag: u32, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, tag, value);
        bytes
    }

    #[test]
    fn dg1_holds_the_zone() {
        let text = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\
                    L898902C36UTO7408122F1204159ZE184226B<<<<<10";
        let bytes = object(0x61, &object(0x5F1F, text.as_bytes()));
        assert_eq!(dg1(&bytes).unwrap(), Mrz::parse(text).unwrap());
        assert!(matches!(
            dg1(&object(0x61, &object(0x5F1F, b"P<"))),
            Err(LdsError::Zone(_))
        ));
        assert!(matches!(
            dg1(&object(0x75, &[])),
            Err(LdsError::Structure { .. })
        ));
        let latin1 = object(0x61, &object(0x5F1F, &[0xFF; 88]));
        assert!(matches!(dg1(&latin1), Err(LdsError::Structure { .. })));
    }

    /// A face record with `points` feature points; `length_error` is added to its lengths.
    fn record(points: u16, image: &[u8], length_error: i64) -> Vec<u8> {
        let block = 20 + i64::from(points) * 8 + 12 + image.len() as i64 + length_error;
        let mut bytes = b"FAC\x00010\0".to_vec();
        bytes.extend(u32::try_from(14 + block).unwrap().to_be_bytes());
        bytes.extend([0, 1]);
        bytes.extend(u32::try_from(block).unwrap().to_be_bytes());
        bytes.extend(points.to_be_bytes());
        bytes.extend([0; 14]);
        bytes.extend(vec![1; usize::from(points) * 8]);
        bytes.extend([1, 0, 1, 0x9D, 2, 2, 1, 2, 0, 0, 0, 0]);
        bytes.extend(image);
        bytes
    }

    fn dg2(tag: u32, record: &[u8]) -> Vec<u8> {
        let header = object(0xA1, &hex!("800200108101028702010188020008"));
        let template = object(0x7F60, &[header, object(tag, record)].concat());
        object(
            0x75,
            &object(0x7F61, &[hex!("020101").to_vec(), template].concat()),
        )
    }

    #[test]
    fn dg2_holds_the_portrait_wherever_the_record_puts_it() {
        let jpeg = hex!("FFD8FFE0 0102 FFD9");
        let jp2 = hex!("0000000C6A5020200D0A870A AA FFD9");
        let codestream = hex!("FF4FFF51 BB FFD9");
        for (name, image, points, length_error, before, after, kind) in [
            ("JPEG", &jpeg[..], 0, 0, 0, 0, PortraitKind::Jpeg),
            ("feature points", &jpeg, 12, 0, 0, 0, PortraitKind::Jpeg),
            ("JP2", &jp2, 0, 0, 0, 0, PortraitKind::Jpeg2000),
            (
                "codestream",
                &codestream,
                0,
                0,
                0,
                0,
                PortraitKind::Jpeg2000,
            ),
            ("length off by -8", &jpeg, 0, -8, 0, 0, PortraitKind::Jpeg),
            ("padding before", &jp2, 0, 0, 3, 0, PortraitKind::Jpeg2000),
            ("padding after", &jp2, 0, 0, 0, 5, PortraitKind::Jpeg2000),
        ] {
            let padded = [&vec![0; before][..], image, &vec![0; after]].concat();
            let portrait = portrait(&dg2(0x5F2E, &record(points, &padded, length_error))).unwrap();
            assert_eq!(portrait.kind, kind, "{name}");
            assert_eq!(*portrait.bytes, image, "{name}");
        }
    }

    /// A face of ISO/IEC 39794-5; the `choice` of its image is A0 for two dimensions.
    fn face_block(choice: u32, image: &[u8]) -> Vec<u8> {
        let kind = object(0xA1, &hex!("A003800102"));
        let flat = object(choice, &[object(0x80, image), kind].concat());
        let image = object(0xA1, &object(0xA0, &flat));
        let representation = object(0x30, &[hex!("800100").to_vec(), image].concat());
        let version = hex!("A007 800103 810207E3").to_vec();
        object(0x65, &[version, object(0xA1, &representation)].concat())
    }

    #[test]
    fn dg2_of_the_new_kind_holds_the_portrait_with_and_without_the_profiles_wrapping() {
        let jpeg = hex!("FFD8FFE0 0102 FFD9");
        let face = face_block(0xA0, &jpeg);
        for block in [face.clone(), object(0xA1, &face)] {
            let portrait = portrait(&dg2(0x7F2E, &block)).unwrap();
            assert_eq!(portrait.kind, PortraitKind::Jpeg);
            assert_eq!(*portrait.bytes, jpeg);
        }
        let error = |block: &[u8]| portrait(&dg2(0x7F2E, block)).err().unwrap().to_string();
        assert!(
            error(&face_block(0xA1, &jpeg))
                .ends_with("image in two dimensions (A0) expected, tag A1 found")
        );
        assert!(error(&[]).ends_with("FaceImageDataBlock (65) expected, end of data found"));
        for length in 0..face.len() {
            assert!(portrait(&dg2(0x7F2E, &face[..length])).is_err());
        }
    }

    #[test]
    fn dg2_without_a_portrait_says_why() {
        for (bytes, expected) in [
            (
                dg2(0x7F2E, &face_block(0xA0, b"GIF89a")),
                LdsError::NoImage { length: 6 },
            ),
            (
                dg2(0x5F2E, &record(0, b"GIF89a", 0)),
                LdsError::NoImage { length: 52 },
            ),
            (dg2(0x5F2E, &[]), LdsError::NoImage { length: 0 }),
        ] {
            assert_eq!(portrait(&bytes).err(), Some(expected));
        }
        assert_eq!(
            portrait(&dg2(0x5F2D, &[])).err().unwrap().to_string(),
            "DG2 at offset 31: biometric data (5F2E or 7F2E) expected, end of data found"
        );
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (com(&bytes), dg1(&bytes), portrait(&bytes), portrait(&dg2(0x5F2E, &bytes)), portrait(&dg2(0x7F2E, &bytes)));
            for tag in [0x60, 0x61, 0x75] {
                if let Some(first) = bytes.first_mut() {
                    *first = tag;
                }
                let _ = (com(&bytes), dg1(&bytes), portrait(&bytes));
            }
        }
    }
}
