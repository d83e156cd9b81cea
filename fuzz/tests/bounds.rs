//! Pictures that announce more than they hold: the system ends this program when one of them takes
//! more memory, or more of the processor, than the limits allow.

// A fuzzer's build links this too, and what it counts with is the fuzzer's.
use bolero as _;
use gate_document::portrait::{Portrait, PortraitKind, decode};
use gate_fuzz::{hostile, seeds};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Address space of the whole program, in bytes. The largest picture that is allowed has four
/// million pixels of four components, 64 MB as the decoder holds them.
const MEMORY_MAX: u64 = 1 << 30;

/// Processor time of the whole program, in seconds: a guard against a decoder that crawls, hundreds
/// of times what all pictures here need.
const SECONDS_MAX: u64 = 120;

/// What stands in the place of a number of the header.
const NUMBERS: [u32; 8] = [
    0,
    1,
    0xFF,
    2_000,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
];

#[test]
fn no_picture_takes_more_than_its_bounds_whatever_its_header_announces() {
    limit(Resource::As, MEMORY_MAX);
    limit(Resource::Cpu, SECONDS_MAX);
    for hostile in hostile::pictures() {
        assert_eq!(
            is_decoded(&hostile.bytes),
            !hostile.is_refused,
            "{}",
            hostile.name
        );
    }
    let seeds = seeds::pictures();
    let picture = |name| &seeds.iter().find(|seed| seed.0 == name).expect("a seed").1;
    let (jpeg2000, jpeg) = (picture("jpeg2000"), picture("jpeg"));
    assert!(is_decoded(jpeg2000) && is_decoded(jpeg));
    // Image and tile size (ISO/IEC 15444-1, A.5.1): eight numbers behind marker, length and
    // capabilities. Two of them lie at once.
    let size = find(jpeg2000, &[0xFF, 0x4F, 0xFF, 0x51]) + 8;
    for first in 0..8 {
        for second in first..8 {
            for number in NUMBERS {
                for other in NUMBERS {
                    let mut hostile = jpeg2000.clone();
                    put(&mut hostile, size + 4 * first, &number.to_be_bytes());
                    put(&mut hostile, size + 4 * second, &other.to_be_bytes());
                    let _ = is_decoded(&hostile);
                }
            }
        }
    }
    // Coding style: progression, layers, levels, code blocks (A.6.1).
    let style = find(jpeg2000, &[0xFF, 0x52]) + 4;
    for at in 0..10 {
        for byte in (0..=0xFF).step_by(5) {
            let mut hostile = jpeg2000.clone();
            put(&mut hostile, style + at, &[byte]);
            let _ = is_decoded(&hostile);
        }
    }
    // Height and width of the frame (ISO/IEC 10918-1, B.2.2).
    let frame = find(jpeg, &[0xFF, 0xC0]) + 5;
    for height in NUMBERS {
        for width in NUMBERS {
            let mut hostile = jpeg.clone();
            put(&mut hostile, frame, &(height as u16).to_be_bytes());
            put(&mut hostile, frame + 2, &(width as u16).to_be_bytes());
            let _ = is_decoded(&hostile);
        }
    }
}

/// Sets the soft limit; the hard one may be lower already.
fn limit(resource: Resource, most: u64) {
    let maximum = getrlimit(resource).maximum;
    let current = Some(maximum.map_or(most, |maximum| maximum.min(most)));
    setrlimit(resource, Rlimit { current, maximum }).expect("a lower limit");
}

fn is_decoded(bytes: &[u8]) -> bool {
    let kind = PortraitKind::of_image(bytes).expect("a picture");
    let bytes = bytes.to_vec().into();
    decode(&Portrait { kind, bytes }).is_ok()
}

fn find(bytes: &[u8], marker: &[u8]) -> usize {
    let place = bytes
        .windows(marker.len())
        .position(|window| window == marker);
    place.expect("a marker")
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}
