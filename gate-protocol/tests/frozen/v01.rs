//! The bytes of wire version 1, as far as they are still read.
//!
//! Version 1 sent everything in clear and was never put into a gate. Its messages live on unchanged
//! inside the seals of later versions (see `v03.rs`); its frames in clear are refused by name. What has
//! to stay readable for ever is `Hello`, so that each end can say which version the other speaks.

use gate_protocol::frame::Kind;
use gate_protocol::hello;
use gate_protocol::{Board, Decoder, Frame, FrameError, ResetCause, ToHost};
use hex_literal::hex;

fn decode(bytes: &[u8]) -> Vec<Result<Frame, FrameError>> {
    let mut decoder = Decoder::new();
    bytes
        .iter()
        .filter_map(|byte| decoder.push(*byte))
        .collect()
}

#[test]
fn a_hello_to_the_controller_is_read_and_is_of_another_version() {
    let [Ok(frame)] = &decode(&hex!("0301050101010101050101a0da00"))[..] else {
        panic!("one frame");
    };
    assert_eq!(
        (frame.kind, frame.version, frame.session),
        (Kind::Hello, 1, 5)
    );
    let call = hello::read_call(&frame.content).unwrap();
    assert_eq!((call.compatible, call.proposal), (false, None));
}

#[test]
fn a_hello_to_the_host_is_read_and_is_of_another_version() {
    let content = hex!("00 01 01 000102 00 00 f0a204");
    let (hello, reply) = hello::read_reply(&content).unwrap();
    assert_eq!(
        hello,
        ToHost::Hello {
            wire_min: 1,
            wire_max: 1,
            firmware: [0, 1, 2],
            board: Board::NucleoL476rg,
            reset: ResetCause::PowerOn,
            uptime_ms: 70_000,
        }
    );
    assert_eq!(reply, None);
}

#[test]
fn a_permit_in_clear_is_refused_by_name() {
    let permit = hex!("09c10504030201090306c03e076f1800");
    assert_eq!(decode(&permit), [Err(FrameError::Plain)]);
}
