use super::*;
use hex_literal::hex;
use proptest::prelude::*;

/// 24 × 16 pixels, red 10 x, green 15 y, blue 128; JP2, reversible, made with OpenJPEG 2.5.
const COLOUR_JP2: [u8; 298] = hex!(
    "0000000c6a5020200d0a870a00000014667479706a703220000000006a7032200000002d6a7032680000001669686472"
    "00000010000000180003070700000000000f636f6c7201000000000010000000dd6a703263ff4fff51002f0000000000"
    "18000000100000000000000000000000180000001000000000000000000003070101070101070101ff52000c00000001"
    "000204040001ff5c000a4040484850484850ff640025000143726561746564206279204f70656e4a5045472076657273"
    "696f6e20322e352e34ff90000a00000000005f0001ff93df80901165353c3ef2a9400318ec67a8d66b2a5a6bdf809012"
    "89f6bef00390892f000afedddeb3e8eb3380c1f383002c5bd3a1f5030003826156669f80c0f903004b2554e29eb7a07c"
    "8140522a4e6cdf80ffd9"
);

/// The same as a grey codestream without container.
const GREY_CODESTREAM: [u8; 199] = hex!(
    "ff4fff510029000000000018000000100000000000000000000000180000001000000000000000000001070101ff5200"
    "0c00000001000204040001ff5c000a4040484850484850ff640025000143726561746564206279204f70656e4a504547"
    "2076657273696f6e20322e352e34ff90000a0000000000570001ff93cfb46010dbaf512466670c30ca968f89aa6fbff5"
    "e59f33a07ecbb3c07c21c1f3868011002c5ab70382500168b2239fc03a2c0f9054008c4b253af6bf522a4c0adf7389ff"
    "6c7f2ddc9fffd9"
);

fn pattern(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([(x * 10) as u8, (y * 15) as u8, 128])
    })
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut bytes)
        .encode_image(image)
        .unwrap();
    bytes
}

fn portrait(bytes: &[u8]) -> Portrait {
    let kind = PortraitKind::of_image(bytes).unwrap();
    Portrait {
        kind,
        bytes: Zeroizing::new(bytes.to_vec()),
    }
}

#[test]
fn every_kind_of_portrait_decodes() {
    assert_eq!(decode(&portrait(&COLOUR_JP2)).unwrap(), pattern(24, 16));
    let grey = decode(&portrait(&GREY_CODESTREAM)).unwrap();
    assert_eq!(grey.dimensions(), (24, 16));
    assert!(
        grey.pixels()
            .all(|pixel| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2])
    );
    let decoded = decode(&portrait(&jpeg(&pattern(24, 16)))).unwrap();
    assert_eq!(decoded.dimensions(), (24, 16));
    assert!(decoded.get_pixel(20, 8).0[0].abs_diff(200) < 16);
}

#[test]
fn an_image_that_announces_too_much_is_refused_before_it_is_decoded() {
    let with = |at: usize, bytes: &[u8]| {
        let mut image = GREY_CODESTREAM;
        image[at..at + bytes.len()].copy_from_slice(bytes);
        decode(&portrait(&image)).err().unwrap()
    };
    let header = |problem| PortraitError::Header { problem };
    let (width, height, limit) = (0x0010_0000, 16, PIXELS_MAX);
    assert_eq!(
        with(8, &hex!("00100000")),
        PortraitError::Size {
            width,
            height,
            limit
        }
    );
    assert_eq!(
        with(8, &hex!("00000000")),
        PortraitError::Size {
            width: 0,
            height: 16,
            limit
        }
    );
    assert_eq!(
        with(24, &hex!("00000001 00000001")),
        header("too many tiles")
    );
    assert_eq!(
        with(24, &hex!("00000000")),
        header("tiles that do not cover the image")
    );
    assert_eq!(with(40, &hex!("4000")), header("not 1 to 4 components"));
    assert_eq!(with(42, &hex!("0F")), header("more than 8 bits a sample"));
    let mut wide = jpeg(&pattern(24, 16));
    let frame = wide
        .windows(2)
        .position(|marker| marker == [0xFF, 0xC0])
        .unwrap();
    wide[frame + 5..frame + 9].copy_from_slice(&hex!("FFFF FFFF"));
    assert_eq!(
        decode(&portrait(&wide)),
        Err(PortraitError::Size {
            width: 0xFFFF,
            height: 0xFFFF,
            limit
        })
    );
    let long = [jpeg(&pattern(24, 16)), vec![0; BYTES_MAX]].concat();
    assert!(matches!(
        decode(&portrait(&long)),
        Err(PortraitError::TooLong { .. })
    ));
    assert!(matches!(
        decode(&portrait(&JP2)),
        Err(PortraitError::Header { .. })
    ));
    assert!(matches!(
        decode(&portrait(&JPEG)),
        Err(PortraitError::Decoder { .. })
    ));
}

#[test]
fn a_picture_of_which_a_part_is_missing_is_no_portrait() {
    let whole = jpeg(&RgbImage::from_fn(64, 64, |x, y| {
        let value = x.wrapping_mul(2_654_435_761) ^ (y * y).wrapping_mul(40_503);
        image::Rgb([value as u8, (value >> 8) as u8, (x * 3) as u8])
    }));
    let half = &whole[..whole.len() / 2];
    let end = [0xFF, 0xD9];
    let zeros = vec![0; whole.len() - half.len() - 2];
    for (name, cut) in [
        ("cut", half.to_vec()),
        ("cut and ended", [half, &end].concat()),
        ("the rest is zeros", [half, &zeros, &end].concat()),
    ] {
        let found = decode(&portrait(&cut));
        assert_eq!(found, Err(PortraitError::Damaged), "{name}");
    }
    // Two bytes less are the marker of the end, and nothing of the picture.
    for length in 150..GREY_CODESTREAM.len() - 2 {
        let found = decode(&portrait(&GREY_CODESTREAM[..length]));
        assert!(
            matches!(found, Err(PortraitError::CutShort { .. })),
            "{length}: {found:?}"
        );
    }
}

#[test]
fn a_picture_that_is_whole_is_one_in_each_way_to_end_it() {
    let progressive = include_bytes!("../../../gate-jpeg/src/progressive.jpg");
    // The only tile-part says its length, or goes up to the end of the codestream.
    let part = GREY_CODESTREAM.windows(2);
    let part = part.clone().position(|marker| marker == [0xFF, 0x90]);
    let mut open = GREY_CODESTREAM.to_vec();
    open[part.unwrap() + 6..][..4].fill(0);
    for whole in [
        &progressive[..],
        &jpeg(&pattern(24, 16)),
        &GREY_CODESTREAM,
        &COLOUR_JP2,
        &open,
    ] {
        // Issuers pad their images with zeros.
        for padding in [0, 1, 7, 4_096] {
            let padded = [whole, &vec![0; padding]].concat();
            assert!(decode(&portrait(&padded)).is_ok(), "{padding}");
        }
    }
}

/// Where the header of the first tile-part begins in `image`.
fn tile_part(image: &[u8]) -> usize {
    let mut markers = image.windows(4);
    markers
        .position(|marker| marker == hex!("FF90000A"))
        .unwrap()
}

#[test]
fn a_codestream_whose_tile_parts_are_all_there_may_lack_the_marker_of_its_end() {
    for whole in [&GREY_CODESTREAM[..], &COLOUR_JP2] {
        assert!(!portrait(whole).end_is_missing());
        let unended = &whole[..whole.len() - 2];
        for padding in [0, 1, 2, 7, 4_096] {
            let unended = portrait(&[unended, &vec![0; padding]].concat());
            assert_eq!(decode(&unended), decode(&portrait(whole)), "{padding}");
            assert!(unended.end_is_missing(), "{padding}");
        }
        let other = [unended, b"more"].concat();
        let problem = "no tile-part where one is announced";
        assert_eq!(
            decode(&portrait(&other)),
            Err(PortraitError::Header { problem })
        );
        // Nothing but the marker says that nothing is missing: the length is open, how many parts the tile
        // has is open, or another part is announced, or another tile.
        let part = tile_part(whole);
        let across = whole
            .windows(4)
            .position(|marker| marker == codestream::START);
        let half_a_tile = across.unwrap() + 24;
        for (at, bytes) in [
            (part + 6, &hex!("00000000")[..]),
            (part + 11, &hex!("00")),
            (part + 11, &hex!("02")),
            (half_a_tile, &hex!("0000000C")),
        ] {
            let mut open = unended.to_vec();
            open[at..][..bytes.len()].copy_from_slice(bytes);
            let problem = "the end of the codestream is missing";
            let cut_short = Err(PortraitError::CutShort { problem });
            assert_eq!(decode(&portrait(&open)), cut_short, "{at} {bytes:02X?}");
            assert!(!portrait(&open).end_is_missing());
        }
    }
}

/// The grey codestream with image and tile of `side` pixels, and this coding style: what a few bytes can
/// announce.
fn announcing(side: u32, style: &[u8]) -> Vec<u8> {
    let mut size = GREY_CODESTREAM[..45].to_vec();
    for at in [8, 12, 24, 28] {
        size[at..at + 4].copy_from_slice(&side.to_be_bytes());
    }
    let length = u16::try_from(style.len() + 2).unwrap().to_be_bytes();
    let behind = &GREY_CODESTREAM[45 + 14..];
    [&size, &hex!("FF52")[..], &length, style, behind].concat()
}

#[test]
fn a_coding_style_that_costs_more_than_any_portrait_is_refused_before_it_is_decoded() {
    // Scod, progression, layers, transform of colours; then levels, code block, style, wavelet.
    for (side, style, problem) in [
        (
            2_000,
            &hex!("00 00 0001 00 21 04 04 00 01")[..],
            "too many resolutions",
        ),
        (
            2_000,
            &hex!("00 00 FFFF 00 02 04 04 00 01"),
            "too many precincts and layers",
        ),
        (
            2_000,
            &hex!("00 00 0020 00 02 00 00 00 01"),
            "too many code blocks and layers",
        ),
        (
            2_000,
            &hex!("01 00 0001 00 00 04 04 00 01 00"),
            "too many precincts and layers",
        ),
        (
            2_000,
            &hex!("01 00 0001 00 02 04 04 00 01 55"),
            "no room for the precincts",
        ),
        (
            2_000,
            &hex!("00 00 0001 00 02 04"),
            "no room for the coding style",
        ),
    ] {
        assert_eq!(
            decode(&portrait(&announcing(side, style))),
            Err(PortraitError::Header { problem })
        );
    }
    // A tile-part may not begin anew.
    let part = GREY_CODESTREAM
        .windows(2)
        .position(|marker| marker == [0xFF, 0x93])
        .unwrap();
    let anew = [
        &GREY_CODESTREAM[..part],
        &hex!("FF52 000C 00 00 FFFF 00 02 00 00 00 01"),
        &GREY_CODESTREAM[part..],
    ]
    .concat();
    let problem = "a coding style in a tile-part";
    assert_eq!(
        decode(&portrait(&anew)),
        Err(PortraitError::Header { problem })
    );
}

/// The grey codestream with `segment` behind its quantization.
fn with_segment(segment: &[u8]) -> Vec<u8> {
    let comment = GREY_CODESTREAM
        .windows(2)
        .position(|marker| marker == [0xFF, 0x64])
        .unwrap();
    let (before, behind) = GREY_CODESTREAM.split_at(comment);
    [before, segment, behind].concat()
}

#[test]
fn no_coding_style_hides_where_only_the_decoder_looks() {
    let costly = hex!("FF52 000C 00 00 FFFF 00 02 00 00 00 01");
    // In a marker without a length, which would be FF52 for whoever believes in one.
    let hidden = [&hex!("FF30")[..], &costly, &[0; 0xFF52]].concat();
    let no_place = "a marker that has no place in its header";
    // Behind the content of a segment that claims to be longer.
    let behind = |begin: &[u8]| {
        let length = u16::try_from(begin.len() + costly.len()).unwrap();
        let mut segment = [begin, &costly].concat();
        segment[2..4].copy_from_slice(&length.to_be_bytes());
        // Its length does not count the marker.
        segment[3] -= 2;
        segment
    };
    let longer = "a segment that is longer than its content";
    for (segment, problem) in [
        (hidden.clone(), no_place),
        (hex!("FF3F 0002").to_vec(), no_place),
        (
            behind(&hex!("FF52 0000 00 00 0001 00 02 04 04 00 01")),
            longer,
        ),
        (behind(&hex!("FF53 0000 00 00 02 04 04 00 01")), longer),
        (behind(&hex!("FF5C 0000 21 4040")), longer),
        (behind(&hex!("FF5D 0000 00 21 4040")), longer),
        (behind(&hex!("FF5E 0000 00 00 00")), longer),
    ] {
        let error = decode(&portrait(&with_segment(&segment)));
        assert_eq!(
            error,
            Err(PortraitError::Header { problem }),
            "{segment:02X?}"
        );
    }
    // The same in a tile-part.
    let part = GREY_CODESTREAM.windows(2);
    let part = part.clone().position(|marker| marker == [0xFF, 0x93]);
    let (before, data) = GREY_CODESTREAM.split_at(part.unwrap());
    let style = "a coding style in a tile-part";
    for (segment, problem) in [
        (hidden, no_place),
        (hex!("FF5E 0005 00 00 00").to_vec(), style),
        (hex!("FF5C 0005 21 4040").to_vec(), style),
    ] {
        let error = decode(&portrait(&[before, &segment, data].concat()));
        assert_eq!(
            error,
            Err(PortraitError::Header { problem }),
            "{segment:02X?}"
        );
    }
}

#[test]
fn changes_of_the_progression_are_counted_together() {
    // All resolutions, components and layers, in the order of layers.
    let change = hex!("00 00 0001 03 01 00");
    let changes = |count: usize| {
        let length = u16::try_from(2 + 7 * count).unwrap().to_be_bytes();
        [&hex!("FF5F")[..], &length, &change.repeat(count)].concat()
    };
    assert!(decode(&portrait(&with_segment(&changes(32)))).is_ok());
    for many in [changes(33), changes(1).repeat(2), changes(32).repeat(100)] {
        let problem = "too many changes of the progression";
        let error = decode(&portrait(&with_segment(&many)));
        assert_eq!(error, Err(PortraitError::Header { problem }));
    }
    // Each goes through all packets: precincts of 8 pixels a side are few enough for one round.
    let style = hex!("01 00 0001 00 00 04 04 00 01 33");
    let once = announcing(2_000, &style);
    let quantization = once.windows(2).position(|marker| marker == [0xFF, 0x5C]);
    let (before, behind) = once.split_at(quantization.unwrap());
    let again = [before, &changes(3), behind].concat();
    let problem = "too many precincts and layers";
    let error = decode(&portrait(&again));
    assert_eq!(error, Err(PortraitError::Header { problem }));
    assert!(codestream::check(&once).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_damaged_portrait_decodes_or_is_refused(
        which in 0..3_usize,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = match which {
            0 => COLOUR_JP2.to_vec(),
            1 => GREY_CODESTREAM.to_vec(),
            _ => jpeg(&pattern(24, 16)),
        };
        for (index, value) in damage {
            let at = index.index(bytes.len() - 12) + 12;
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() - 12) + 12);
        }
        if let Some(kind) = PortraitKind::of_image(&bytes) {
            let _ = decode(&Portrait { kind, bytes: Zeroizing::new(bytes) });
        }
    }
}
