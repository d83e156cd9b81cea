//! The bytes of wire version 2, as far as they are still read.
//!
//! Version 2 sealed what version 3 seals, and could not tell how old it was. It was never put into a
//! gate; its sealed frames are refused by name. What has to stay readable for ever is `Hello`.

use gate_protocol::frame::Kind;
use gate_protocol::hello;
use gate_protocol::{Board, Decoder, Frame, FrameError, ResetCause, ToHost};
use hex_literal::hex;

fn decode(bytes: &[u8]) -> Vec<Result<Frame, FrameError>> {
    let mut decoder = Decoder::new();
    let frames = bytes.iter().filter_map(|byte| decoder.push(*byte));
    frames.collect()
}

#[test]
fn a_hello_to_the_controller_is_read_and_is_of_another_version() {
    let call = hex!(
        "03027801010101010302023430231ce339b4a4055e8f5b1a6ea109355998491f4b2879f3"
        "5c47f712069499e9358c63041a3cbe71d1cc09a281c63ade846e0e00"
    );
    let [Ok(frame)] = &decode(&call)[..] else {
        panic!("one frame");
    };
    assert_eq!(
        (frame.kind, frame.version, frame.session),
        (Kind::Hello, 2, 0x78)
    );
    let call = hello::read_call(&frame.content).unwrap();
    assert!(!call.compatible);
}

#[test]
fn a_hello_to_the_host_is_read_and_is_of_another_version() {
    let (hello, _) = hello::read_reply(&hex!("00 02 02 000102 00 00 f0a204 02")).unwrap();
    assert_eq!(
        hello,
        ToHost::Hello {
            wire_min: 2,
            wire_max: 2,
            firmware: [0, 1, 2],
            board: Board::NucleoL476rg,
            reset: ResetCause::PowerOn,
            uptime_ms: 70_000,
        }
    );
}

#[test]
fn a_sealed_frame_is_refused_by_name() {
    let heartbeat = hex!("034278010101172b85785b35069209d3a63f52bbe0824d068409906aa000");
    assert_eq!(decode(&heartbeat), [Err(FrameError::Version { found: 2 })]);
}
