//! The files of the logical data structure (Doc 9303-10, 4).

use super::der::tlv;
use super::electronics::FaceRecord;
use super::oddity::Oddity;
use super::portrait::{Encoding, Portrait};

/// File identifiers (Doc 9303-10, 4.6).
pub(super) const EF_COM: u16 = 0x011E;
pub(super) const EF_DG2: u16 = 0x0102;
pub(super) const EF_SOD: u16 = 0x011D;

/// Tags of data groups 1 to 16 (Doc 9303-10, 4.6.1).
const TAGS: [u8; 16] = [
    0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70,
];

/// A data group of which only number and length matter.
pub(super) fn other_group(number: u8, length: usize) -> Option<Vec<u8>> {
    let tag = TAGS.get(usize::from(number).checked_sub(1)?)?;
    let content: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
    Some(tlv(u32::from(*tag), &content))
}

/// EF.COM for LDS 1.7, Unicode 4.0.0, with these data groups.
pub(super) fn common(groups: impl Iterator<Item = u8>) -> Vec<u8> {
    let tags: Vec<u8> = groups
        .filter_map(|number| TAGS.get(usize::from(number).checked_sub(1)?).copied())
        .collect();
    let parts = [
        tlv(0x5F01, b"0107"),
        tlv(0x5F36, b"040000"),
        tlv(0x5C, &tags),
    ];
    tlv(0x60, &parts.concat())
}

/// DG1: the machine readable zone, lines joined.
pub(super) fn data_group_1(lines: &[String]) -> Vec<u8> {
    tlv(0x61, &tlv(0x5F1F, lines.concat().as_bytes()))
}

/// DG2: one biometric information template with one facial record (Doc 9303-10, 4.7.2).
pub(super) fn data_group_2(portrait: &Portrait, record: FaceRecord, odd: &[Oddity]) -> Vec<u8> {
    let (format, record) = match record {
        FaceRecord::Iso19794 => (0x08, tlv(0x5F2E, &facial_record(portrait, odd))),
        FaceRecord::Iso39794 => (0x2A, tlv(0x7F2E, &tlv(0xA1, &face_block(portrait)))),
    };
    let header = [
        tlv(0x80, &[0x01, 0x01]),   // version of the header
        tlv(0x81, &[0x02]),         // biometric type: facial features
        tlv(0x82, &[0x00]),         // no sub-type
        tlv(0x87, &[0x01, 0x01]),   // format owner: ISO/IEC JTC 1/SC 37
        tlv(0x88, &[0x00, format]), // format type: facial image
    ];
    let template = [tlv(0xA1, &header.concat()), record];
    let group = [tlv(0x02, &[1]), tlv(0x7F60, &template.concat())];
    tlv(0x75, &tlv(0x7F61, &group.concat()))
}

/// ISO/IEC 39794-5:2019, Annex A.1: one face in two dimensions, with what the application profile of
/// travel documents wants of it.
fn face_block(portrait: &Portrait) -> Vec<u8> {
    let number = |tag: u32, number: u16| {
        // An INTEGER is signed: zeros in front, and no more than it takes.
        let [high, low] = number.to_be_bytes();
        match (high, low) {
            (0, 0x00..=0x7F) => tlv(tag, &[low]),
            (0x00..=0x7F, _) => tlv(tag, &[high, low]),
            _ => tlv(tag, &[0, high, low]),
        }
    };
    let kind = match portrait.encoding {
        Encoding::Jpeg => 2,
        Encoding::Jpeg2000 => 3, // lossy
    };
    let (width, height) = (number(0x80, portrait.width), number(0x81, portrait.height));
    let information = [
        tlv(0xA0, &number(0x80, kind)),
        tlv(0xA1, &number(0x80, 0)), // standard portrait
        tlv(0xA7, &[width, height].concat()),
    ];
    let flat = [tlv(0x80, &portrait.bytes), tlv(0xA1, &information.concat())];
    let image = tlv(0xA1, &tlv(0xA0, &tlv(0xA0, &flat.concat())));
    let representation = tlv(0x30, &[number(0x80, 0), image].concat());
    let version = [number(0x80, 3), number(0x81, 2019)].concat();
    tlv(
        0x65,
        &[tlv(0xA0, &version), tlv(0xA1, &representation)].concat(),
    )
}

/// ISO/IEC 19794-5:2005, 5.3 to 5.7: header (14 bytes), facial information (20), image
/// information (12), image.
fn facial_record(portrait: &Portrait, odd: &[Oddity]) -> Vec<u8> {
    const FACE_HEADER: usize = 20 + 12;
    let (short, padding) = Oddity::of_record(odd);
    let length = |bytes: usize| {
        let stated = bytes.saturating_sub(short);
        u32::try_from(stated).unwrap_or(u32::MAX).to_be_bytes()
    };
    let face = FACE_HEADER + portrait.bytes.len();
    let mut record = Vec::with_capacity(14 + face);
    record.extend(b"FAC\0");
    record.extend(b"010\0");
    record.extend(length(14 + face));
    record.extend(1_u16.to_be_bytes()); // one face
    record.extend(length(face));
    record.extend([0; 16]); // no feature points; all else unspecified
    record.push(0x01); // full frontal
    record.push(match portrait.encoding {
        Encoding::Jpeg => 0,
        Encoding::Jpeg2000 => 1,
    });
    record.extend(portrait.width.to_be_bytes());
    record.extend(portrait.height.to_be_bytes());
    record.push(0x01); // 24 bit sRGB
    record.push(0x02); // static photograph, digital camera
    record.extend([0; 4]); // device and quality unspecified
    record.extend(&portrait.bytes);
    record.resize(record.len() + padding, 0);
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_starts_where_the_standard_says() {
        let bytes = vec![0xFF, 0xD8, 0xFF, 0xE0];
        let portrait = Portrait {
            encoding: Encoding::Jpeg,
            width: 3,
            height: 4,
            bytes,
        };
        let record = facial_record(&portrait, &[]);
        assert_eq!(record[..8], *b"FAC\x00010\0");
        assert_eq!(record[8..12], 50_u32.to_be_bytes());
        assert_eq!(record[14..18], 36_u32.to_be_bytes());
        assert_eq!(record[34..36], [1, 0]);
        assert_eq!(record[36..40], [0, 3, 0, 4]);
        assert_eq!(record[46..], portrait.bytes);
    }
}
