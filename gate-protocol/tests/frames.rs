//! Frames: every damage is noticed, nothing is kept beyond one frame, every byte is accounted for.

use gate_protocol::body::{self, BodyError};
use gate_protocol::frame::{BODY_MAX, Body, Kind, WIRE_LEN_MAX, Wire};
use gate_protocol::{
    Answer, Decoder, Door, Event, Frame, FrameError, Mode, Refusal, State, ToController, ToHost,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn decode(bytes: &[u8]) -> Vec<Result<Frame, FrameError>> {
    let mut decoder = Decoder::new();
    bytes
        .iter()
        .filter_map(|byte| decoder.push(*byte))
        .collect()
}

fn frame(kind: Kind, body: Body) -> Frame {
    Frame {
        kind,
        version: 1,
        session: 0x2a,
        counter: 77,
        body,
    }
}

fn examples() -> Vec<Frame> {
    let permit = ToController::Permit {
        door: Door::Exit,
        for_ms: 8_000,
        passage: 7,
    };
    let status = ToHost::Status {
        uptime_ms: 86_400_000,
        state: State::Occupied,
        inputs: 0x00cf_ffff,
        outputs: 0x0001_6082,
        passage: 7,
        newest_event: 4,
    };
    let event = ToHost::Event {
        number: 4,
        uptime_ms: 70_000,
        event: Event::Passed(7),
    };
    let refused = ToHost::Done {
        command: 3,
        answer: Answer::Refused(Refusal::NoLease),
    };
    vec![
        frame(
            Kind::Hello,
            body::to_controller(
                0,
                &ToController::Hello {
                    wire_min: 1,
                    wire_max: 1,
                },
            ),
        ),
        frame(
            Kind::Plain,
            body::to_controller(0, &ToController::Heartbeat { lease_ms: 1_000 }),
        ),
        frame(Kind::Plain, body::to_controller(1, &permit)),
        frame(
            Kind::Plain,
            body::to_controller(2, &ToController::SetMode { mode: Mode::WalkIn }),
        ),
        frame(Kind::Plain, body::to_host(&status)),
        frame(Kind::Plain, body::to_host(&event)),
        frame(Kind::Plain, body::to_host(&refused)),
    ]
}

#[test]
fn every_single_flipped_bit_is_rejected() {
    for frame in examples() {
        let wire = frame.encode();
        for bit in 0..wire.len() * 8 {
            let mut damaged = wire.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            // A flip may make a delimiter or unmake one: more bytes must not heal it.
            damaged.extend_from_slice(&[0]).unwrap();
            let good: Vec<_> = decode(&damaged).into_iter().filter(Result::is_ok).collect();
            assert_eq!(good, [], "{frame:?} with bit {bit} flipped");
        }
    }
}

#[test]
fn every_shortened_frame_is_rejected() {
    for frame in examples() {
        let wire = frame.encode();
        for len in 1..wire.len() - 1 {
            let mut torn = wire[..len].to_vec();
            torn.push(0);
            assert!(
                matches!(decode(&torn)[..], [Err(_)]),
                "{frame:?} cut to {len} bytes"
            );
        }
    }
}

#[test]
fn the_longest_frame_fits_and_one_byte_more_is_too_long() {
    let longest = frame(Kind::Plain, Body::from_slice(&[0x55; BODY_MAX]).unwrap());
    let wire = longest.encode();
    // What is missing to the longest wire is the room for a tag.
    assert_eq!(wire.len(), WIRE_LEN_MAX - 16);
    assert_eq!(decode(&wire), [Ok(longest)]);

    let mut endless = vec![0x55; WIRE_LEN_MAX];
    endless.push(0);
    assert_eq!(decode(&endless), [Err(FrameError::TooLong)]);
}

/// Gives `plain` a good CRC and sends it, so that only its header can be found wrong.
fn with_header(header: u8, len: usize) -> Vec<u8> {
    let mut plain = vec![header];
    plain.extend(vec![0x11; len - 1]);
    let crc = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740).checksum(&plain);
    plain.extend(crc.to_le_bytes());
    let mut wire = vec![0; cobs::max_encoding_length(plain.len()) + 1];
    let stuffed = cobs::encode(&plain, &mut wire);
    wire.truncate(stuffed + 1);
    wire
}

#[test]
fn a_header_that_is_not_ours_is_named() {
    for (header, len, found) in [
        (0b0100_0001, 30, FrameError::Sealed),
        (0b1000_0001, 30, FrameError::Boot),
        (0b1101_0001, 30, FrameError::Reserved),
        (0b0010_0001, 30, FrameError::Reserved),
        (0b1100_0000, 30, FrameError::Version { found: 0 }),
        (0b1100_0010, 30, FrameError::Version { found: 2 }),
        (0b1100_0001, 5, FrameError::TooShort),
        (0b1100_0001, 6 + BODY_MAX + 1, FrameError::TooLong),
    ] {
        assert_eq!(
            decode(&with_header(header, len)),
            [Err(found)],
            "{header:#010b}"
        );
    }
    // `Hello` says which versions its sender speaks, so any version may carry it.
    assert!(matches!(decode(&with_header(0b0000_1111, 30))[..], [Ok(_)]));
}

#[test]
fn a_body_that_is_no_message_is_named() {
    use BodyError::{Kind as WrongKind, Malformed, Number, TrailingBytes};
    for (kind, body, found) in [
        (Kind::Plain, &[][..], Malformed),
        (Kind::Plain, &[9, 99], Malformed),
        (Kind::Plain, &[9, 3, 0], Malformed),
        (Kind::Plain, &[9, 4, 0], TrailingBytes { found: 1 }),
        (Kind::Plain, &[0, 4], Number { found: 0 }),
        (Kind::Plain, &[9, 2, 4], Number { found: 9 }),
        (Kind::Hello, &[9, 4], WrongKind { found: Kind::Hello }),
        (Kind::Plain, &[0, 0, 1, 1], WrongKind { found: Kind::Plain }),
    ] {
        assert_eq!(
            body::read_to_controller(kind, body),
            Err(found),
            "{body:02x?}"
        );
    }
    assert_eq!(
        body::read_to_host(Kind::Plain, &[1, 3, 0, 0]),
        Err(TrailingBytes { found: 1 })
    );
    assert_eq!(
        body::read_to_host(Kind::Hello, &[1, 3, 0]),
        Err(WrongKind { found: Kind::Hello })
    );
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let kind = prop_oneof![Just(Kind::Hello), Just(Kind::Plain)];
    let body = vec(prop_oneof![Just(0_u8), any::<u8>()], 0..=BODY_MAX);
    (kind, any::<u8>(), any::<u32>(), body).prop_map(|(kind, session, counter, body)| Frame {
        kind,
        version: 1,
        session,
        counter,
        body: body.into_iter().collect(),
    })
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(frames in vec(any_frame(), 0..8)) {
        let line: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
        let decoded: Vec<_> = decode(&line).into_iter().collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(decoded, frames);
    }

    #[test]
    fn the_first_whole_frame_after_noise_is_found(noise in vec(any::<u8>(), 0..600), frame in any_frame()) {
        let mut line = noise;
        line.push(0);
        line.extend(frame.encode());
        prop_assert_eq!(decode(&line).pop(), Some(Ok(frame)));
    }

    #[test]
    fn any_bytes_are_survived_and_accounted_for(
        pieces in vec(
            prop_oneof![
                vec(any::<u8>(), 0..300),
                vec(prop_oneof![Just(0_u8), Just(1), Just(2), Just(0xff)], 0..300),
                any_frame().prop_map(|frame| { let wire: Wire = frame.encode(); wire.to_vec() }),
            ],
            0..12,
        ),
    ) {
        let line = pieces.concat();
        let mut decoder = Decoder::new();
        let outcomes: Vec<_> = line.iter().filter_map(|byte| decoder.push(*byte)).collect();
        for frame in outcomes.iter().flatten() {
            // No body from the line may panic a reader.
            let _ = body::read_to_controller(frame.kind, &frame.body);
            let _ = body::read_to_host(frame.kind, &frame.body);
        }
        let seen = decoder.statistics();
        let bad = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        prop_assert_eq!(seen.frames as usize, outcomes.len() - bad);
        prop_assert_eq!(seen.bad_frames() as usize, bad);
        prop_assert_eq!(
            (seen.frame_bytes + seen.discarded_bytes + decoder.held_bytes()) as usize,
            line.len()
        );
    }

    #[test]
    fn any_body_is_survived(bytes in vec(any::<u8>(), 0..BODY_MAX)) {
        for kind in [Kind::Hello, Kind::Plain] {
            if let Ok((number, message)) = body::read_to_controller(kind, &bytes) {
                let again = body::to_controller(number, &message);
                prop_assert_eq!(body::read_to_controller(kind, &again), Ok((number, message)));
            }
            if let Ok(message) = body::read_to_host(kind, &bytes) {
                prop_assert_eq!(body::read_to_host(kind, &body::to_host(&message)), Ok(message));
            }
        }
    }
}
