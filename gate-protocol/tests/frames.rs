//! Frames: every damage is noticed, nothing is kept beyond one frame, every byte is accounted for.

use gate_protocol::body::{self, BodyError, FromHost};
use gate_protocol::frame::{
    BODY_MAX, Body, CONTENT_MAX, Content, Kind, TAG_LEN, WIRE_LEN_MAX, Wire,
};
use gate_protocol::hello::{self, Call, Entropy, Introduction, Proposal, Reply};
use gate_protocol::{
    Answer, Board, Decoder, Door, Event, Frame, FrameError, Mode, Refusal, ResetCause, State,
    ToController, ToHost,
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

fn frame(kind: Kind, content: &[u8]) -> Frame {
    Frame {
        kind,
        version: 3,
        session: 0x2a,
        counter: 77,
        content: Content::from_slice(content).expect("short enough"),
    }
}

fn said(number: u32, message: ToController) -> Body {
    body::to_controller(&FromHost {
        knows_ms: 86_400_000,
        number,
        message,
    })
}

/// What a frame knows of a seal: that there are bytes and a tag.
fn sealed(body: &Body) -> Frame {
    let mut content = body.to_vec();
    content.extend([0x5e; TAG_LEN]);
    frame(Kind::Sealed, &content)
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
        heartbeat_ms: 86_400_000,
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
        frame(Kind::Hello, &hello::call(&Proposal::Session(&[7; 48]))),
        sealed(&said(
            0,
            ToController::Heartbeat {
                lease_ms: 1_000,
                at_ms: 86_400_000,
            },
        )),
        sealed(&said(1, permit)),
        sealed(&said(2, ToController::SetMode { mode: Mode::WalkIn })),
        sealed(&body::to_host(&status)),
        sealed(&body::to_host(&event)),
        sealed(&body::to_host(&refused)),
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
    let longest = frame(Kind::Sealed, &[0x55; CONTENT_MAX]);
    let wire = longest.encode();
    assert_eq!(wire.len(), WIRE_LEN_MAX);
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
        (0b1100_0001, 30, FrameError::Plain),
        (0b1100_0011, 30, FrameError::Plain),
        (0b1000_0011, 30, FrameError::Boot),
        (0b0101_0011, 30, FrameError::Reserved),
        (0b0010_0011, 30, FrameError::Reserved),
        (0b0100_0001, 30, FrameError::Version { found: 1 }),
        (0b0100_0100, 30, FrameError::Version { found: 4 }),
        (0b0100_0011, 5, FrameError::TooShort),
        (0b0100_0011, 6 + TAG_LEN - 1, FrameError::TooShort),
        (0b0100_0011, 6 + CONTENT_MAX + 1, FrameError::TooLong),
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
    use BodyError::{Malformed, Number, SealedHello, TrailingBytes};
    for (body, found) in [
        (&[][..], Malformed),
        (&[0, 0, 0], Malformed),
        (&[0, 0, 0, 0], Malformed),
        (&[0, 0, 0, 0, 9, 99], Malformed),
        (&[0, 0, 0, 0, 9, 3, 0], Malformed),
        (&[0, 0, 0, 0, 9, 4, 0], TrailingBytes { found: 1 }),
        (&[0, 0, 0, 0, 0, 4], Number { found: 0 }),
        (&[0, 0, 0, 0, 9, 2, 4], Number { found: 9 }),
        (&[0, 0, 0, 0, 0, 0, 3, 3], SealedHello),
    ] {
        assert_eq!(body::read_to_controller(body), Err(found), "{body:02x?}");
    }
    assert_eq!(
        body::read_to_host(&[1, 3, 0, 0]),
        Err(TrailingBytes { found: 1 })
    );
    let hello = introduction().in_clear();
    assert_eq!(body::read_to_host(&body::to_host(&hello)), Err(SealedHello));
}

fn introduction() -> Introduction {
    Introduction {
        wire_min: 3,
        wire_max: 3,
        firmware: [0, 1, 2],
        board: Board::Simulated,
        reset: ResetCause::Pin,
        uptime_ms: 70_000,
        boot: 3,
        entropy: Entropy::Strong,
    }
}

#[test]
fn a_hello_is_read_by_its_beginning_whatever_follows() {
    let clear = [0, 0, 3, 3];
    for (tail, proposal) in [
        (&[0, 2, 7, 8][..], Some(Proposal::Session(&[7, 8]))),
        (&[0, 2, 7, 8, 99, 99], Some(Proposal::Session(&[7, 8]))),
        (&[2, 1, 7], Some(Proposal::PairLast(&[7]))),
        (&[], None),
        (&[77, 1], None),
        (&[0, 9, 7], None),
    ] {
        let content = [&clear, tail].concat();
        let call = Call {
            compatible: true,
            clear: &clear,
            proposal,
        };
        assert_eq!(hello::read_call(&content), Ok(call));
    }
    for (clear, compatible) in [
        ([0, 0, 2, 2], false),
        ([0, 0, 4, 9], false),
        ([0, 0, 1, 3], true),
        ([0, 0, 3, 9], true),
        ([0, 0, 3, 1], false),
    ] {
        let call = hello::read_call(&clear).unwrap();
        assert_eq!(call.compatible, compatible, "{clear:?}");
    }
    // A command in clear is nobody's hello.
    assert_eq!(hello::read_call(&[9, 4]), Err(BodyError::Malformed));
    let clear = introduction().in_clear();
    for reply in [Reply::Nothing, Reply::Stranger, Reply::Session(&[1; 80])] {
        let content = hello::reply(&clear, &reply);
        assert_eq!(hello::read_reply(&content), Ok((clear, Some(reply))));
    }
    assert_eq!(hello::read_reply(&[1, 3, 0]), Err(BodyError::Malformed));
    let mut longer = introduction().encode().to_vec();
    longer.push(1);
    assert_eq!(Introduction::read(&longer), Ok(introduction()));
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let kind = prop_oneof![Just(Kind::Hello), Just(Kind::Sealed)];
    let content = vec(prop_oneof![Just(0_u8), any::<u8>()], TAG_LEN..=CONTENT_MAX);
    (kind, any::<u8>(), any::<u32>(), content).prop_map(|(kind, session, counter, content)| Frame {
        kind,
        version: 3,
        session,
        counter,
        content: content.into_iter().collect(),
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
            let _ = body::read_to_controller(&frame.content);
            let _ = body::read_to_host(&frame.content);
            let _ = hello::read_call(&frame.content);
            let _ = hello::read_reply(&frame.content);
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
        if let Ok(said) = body::read_to_controller(&bytes) {
            let again = body::to_controller(&said);
            prop_assert_eq!(body::read_to_controller(&again), Ok(said));
        }
        if let Ok(message) = body::read_to_host(&bytes) {
            prop_assert_eq!(body::read_to_host(&body::to_host(&message)), Ok(message));
        }
    }
}
