//! The controller's line, and what both ends keep.

use crate::seeds;
use gate_host::keys::HostKeys;
use gate_protocol::link::Next;
use gate_protocol::link::controller::{Delivery, Lane};
use gate_protocol::print::{ForController, ForHost};
use gate_protocol::{Answer, Decoder, Instant, SiteRecord, body, hello};
use gate_sim::emulator::site_record;

/// Far more than a link end has to do at once.
const DUTIES_MAX: usize = 1_000;

/// Frames, and what a `Hello` says in either direction.
pub fn frames(bytes: &[u8]) -> bool {
    let mut took = false;
    let mut decoder = Decoder::new();
    for byte in bytes {
        let Some(Ok(frame)) = decoder.push(*byte) else {
            continue;
        };
        took = true;
        let _ = ForController(&frame).to_string();
        let _ = ForHost(&frame).to_string();
        let _ = hello::read_call(&frame.content);
        let _ = hello::read_reply(&frame.content);
        let mut again = Decoder::new();
        let wire = frame.encode();
        let decoded = wire.iter().find_map(|byte| again.push(*byte));
        assert_eq!(decoded, Some(Ok(frame)));
    }
    let known = decoder.statistics();
    let counted = known.frame_bytes + known.discarded_bytes;
    assert!(counted as usize <= bytes.len());
    took
}

/// Messages to the controller, behind the seal.
pub fn bodies_to_controller(bytes: &[u8]) -> bool {
    body::read_to_controller(bytes).is_ok_and(|said| {
        let _ = said.message.to_string();
        let again = body::to_controller(&said);
        assert_eq!(body::read_to_controller(&again), Ok(said));
        true
    })
}

/// Messages to the host, behind the seal.
pub fn bodies_to_host(bytes: &[u8]) -> bool {
    body::read_to_host(bytes).is_ok_and(|message| {
        let _ = message.to_string();
        let again = body::to_host(&message);
        assert_eq!(body::read_to_host(&again), Ok(message));
        true
    })
}

/// The controller's end of the link with an open session, and with its cabinet open too. It asks
/// for nothing that the true host has not said.
pub fn controller_link(bytes: &[u8]) -> bool {
    let mut link = seeds::opened().controller.clone();
    link.let_pair(true);
    let mut took = false;
    for (millis, part) in (seeds::OPENED_MS..).step_by(5).zip(bytes.chunks(64)) {
        let now = Instant::from_millis(millis);
        link.receive(now, part);
        link.set_lane(Lane::default());
        let waits = (0..DUTIES_MAX).any(|_| match link.next(now) {
            Next::Deliver(Delivery::Request { number, message }) => {
                assert!(seeds::COMMANDS.contains(&message), "{message}");
                link.answer(number, Answer::Accepted);
                took = true;
                false
            }
            Next::Deliver(_) | Next::Transmit(_) => false,
            Next::Wait(_) => true,
        });
        assert!(waits, "the controller's end never rests");
    }
    took
}

/// The host's end of the link, which has just called.
pub fn host_link(bytes: &[u8]) -> bool {
    let mut link = seeds::calling_host();
    for (millis, part) in (0..).step_by(5).zip(bytes.chunks(64)) {
        let now = Instant::from_millis(millis);
        link.receive(now, part);
        let waits = (0..DUTIES_MAX).any(|_| matches!(link.next(now), Next::Wait(_)));
        assert!(waits, "the host's end never rests");
    }
    link.is_connected()
}

/// The host's end of a pairing, which has just called: it pairs with nobody but the controller whose
/// label it was told.
pub fn host_pairing(bytes: &[u8]) -> bool {
    let mut host = seeds::pairing_host();
    let mut paired = false;
    for (millis, part) in (0..).step_by(5).zip(bytes.chunks(64)) {
        let now = Instant::from_millis(millis);
        host.receive(now, part);
        let waits = (0..DUTIES_MAX).any(|_| match host.next(now) {
            Next::Deliver(Ok(pairing)) => {
                assert_eq!(
                    pairing,
                    seeds::paired().of_host,
                    "paired with somebody else"
                );
                paired = true;
                false
            }
            Next::Deliver(Err(_)) | Next::Transmit(_) => false,
            Next::Wait(_) => true,
        });
        assert!(waits, "the host's end never rests");
    }
    paired
}

/// The controller's end of a pairing, whose cabinet is open and whose button was held: it pairs with
/// nobody but the host that knows its label, and does nothing else.
pub fn controller_pairing(bytes: &[u8]) -> bool {
    let mut link = seeds::pairing_controller();
    let mut paired = false;
    for (millis, part) in (0..).step_by(5).zip(bytes.chunks(64)) {
        let now = Instant::from_millis(millis);
        link.receive(now, part);
        let waits = (0..DUTIES_MAX).any(|_| match link.next(now) {
            Next::Deliver(Delivery::Paired(pairing)) => {
                assert_eq!(
                    pairing,
                    seeds::paired().of_controller,
                    "paired with somebody else"
                );
                link.adopt(pairing);
                paired = true;
                false
            }
            Next::Deliver(other) => unreachable!("{other:?} without a session"),
            Next::Transmit(_) => false,
            Next::Wait(_) => true,
        });
        assert!(waits, "the controller's end never rests");
    }
    paired
}

/// The host's keys: what is taken is what stands there, digit for digit.
pub fn host_keys(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    HostKeys::parse(&text).is_ok_and(|keys| {
        let table: toml::Table = toml::from_str(&text).expect("it has been read once");
        for (name, key) in [
            ("own", keys.own.bytes()),
            ("controller", &keys.pairing.peer.0),
            ("shared", keys.pairing.shared.bytes()),
        ] {
            let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            let stands = table[name].as_str().unwrap_or_default();
            assert!(stands.eq_ignore_ascii_case(&digits), "another {name}");
        }
        true
    })
}

/// The record of a site as the controller finds it at its start: what is obeyed keeps the bounds,
/// and is read alike when it is written down anew.
pub fn stored_site(bytes: &[u8]) -> bool {
    SiteRecord::read(bytes).is_ok_and(|site| {
        assert!(site.get().check().is_ok(), "a site beyond its bounds");
        assert_eq!(SiteRecord::read(&site_record(site.get())), Ok(site));
        true
    })
}
