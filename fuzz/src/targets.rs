//! One function for each decoder, which says whether the decoder took anything. None may panic,
//! hang, or grow without bound on any bytes; where a decoder has an encoder, what it took must come
//! out of that again.

use std::path::Path;
use std::sync::OnceLock;

use gate_document::personal;
use gate_document::policy::Policy;
use gate_document::portrait::{Portrait, PortraitKind};
use gate_document::sod::Sod;
use gate_document::tlv::{Reader, to_definite};
use gate_document::trust::Certificate;
use gate_document::trust::bundle::BundleKey;
use gate_document::trust::crl::Crl;
use gate_document::trust::defects::Defects;
use gate_document::trust::ldif::Directory;
use gate_document::trust::master_list::MasterList;
use gate_document::{AccessKey, ApduLength, Card, CardError, Mrz, TrustStore, lds, portrait, read};
use gate_host::ports::camera::parts::{FRAME_MAX, Parts};
use gate_host::ports::lists::Lists;
use gate_host::ports::reader::{Frames, Framing, Heard};
use gate_host::settings::Settings;
use gate_protocol::link::Next;
use gate_protocol::link::controller::{Delivery, Lane};
use gate_protocol::print::{ForController, ForHost};
use gate_protocol::{Answer, Decoder, Instant, body, hello};
use gate_sim::chip::Chip;
use gate_sim::chip::field::InField;
use jiff::civil::date;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use crate::seeds;

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
    body::read_to_controller(bytes).is_ok_and(|(number, message)| {
        let _ = message.to_string();
        let again = body::to_controller(number, &message);
        assert_eq!(body::read_to_controller(&again), Ok((number, message)));
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

/// The printed zone.
pub fn mrz(bytes: &[u8]) -> bool {
    let zone = Mrz::parse(&String::from_utf8_lossy(bytes));
    zone.is_ok_and(|zone| !zone.access_key().mrz_information().is_empty())
}

/// Data objects.
pub fn tlv(bytes: &[u8]) -> bool {
    descend(Reader::new(bytes), 0);
    let definite = to_definite(bytes);
    definite.is_ok_and(|definite| {
        assert!(definite.len() <= bytes.len() * 8 + 8);
        true
    })
}

fn descend(mut reader: Reader<'_>, depth: usize) {
    while !reader.is_empty() {
        let Ok(object) = reader.any("anything") else {
            return;
        };
        assert!(object.raw.len() >= object.value.len());
        if depth < 16 {
            descend(object.reader(), depth + 1);
        }
    }
}

/// Files of a chip.
pub fn files(bytes: &[u8]) -> bool {
    lds::com(bytes).is_ok() | lds::dg1(bytes).is_ok() | lds::portrait(bytes).is_ok()
}

/// The signature over a chip's files.
pub fn signature(bytes: &[u8]) -> bool {
    let object = Sod::parse(bytes);
    object.is_ok_and(|object| {
        let _ = object.signing_time();
        true
    })
}

/// The anchors of trust, which come from outside as well.
pub fn anchors(bytes: &[u8]) -> bool {
    TrustStore::from_pem(bytes).is_ok_and(|store| store.count() > 0)
}

/// The trust bundle, under the pinned test key.
pub fn bundle(bytes: &[u8]) -> bool {
    static KEY: OnceLock<Option<BundleKey>> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let pem = gate_sim::issuer::trust::signer().and_then(|signer| signer.public_pem());
        BundleKey::from_pem(&pem.ok()?).ok()
    });
    key.as_ref()
        .is_some_and(|key| TrustStore::open(bytes, key).is_ok())
}

/// A certificate of anybody's: structure, names, key, and its signature by itself.
pub fn certificate(bytes: &[u8]) -> bool {
    Certificate::parse(bytes).is_ok_and(|read| {
        let _ = (read.country(), read.common_name(), read.is_self_issued());
        read.is_signed_by(&read)
    })
}

/// A master list: whatever it holds, nothing of it is believed without the pinned signer.
pub fn master_list(bytes: &[u8]) -> bool {
    static PINNED: OnceLock<Vec<Certificate>> = OnceLock::new();
    let pinned = PINNED.get_or_init(|| {
        let pem = seeds::csca();
        let store = TrustStore::from_pem(&pem).unwrap_or_default();
        let anchors = store.anchors().iter();
        anchors.map(|anchor| anchor.certificate.clone()).collect()
    });
    MasterList::import(bytes, pinned, date(2026, 11, 22)).is_ok()
}

/// A file of the public key directory.
pub fn directory(bytes: &[u8]) -> bool {
    Directory::parse(bytes).is_ok()
}

/// A revocation list, looked through for a serial number.
pub fn revocation_list(bytes: &[u8]) -> bool {
    Crl::parse(bytes).is_ok_and(|list| {
        let _ = (list.country(), list.reason(&[1]));
        true
    })
}

/// Lists of defects and policies.
pub fn written_rules(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes)
        .is_ok_and(|text| Defects::parse(text).is_ok() | Policy::parse(text).is_ok())
}

/// Personal details in optional data groups.
pub fn details(bytes: &[u8]) -> bool {
    let _ = personal::fold(&String::from_utf8_lossy(bytes));
    personal::dg11(bytes).is_ok() | personal::dg13(bytes).is_ok()
}

/// Pictures as chips hold them.
pub fn pictures(bytes: &[u8]) -> bool {
    PortraitKind::of_image(bytes).is_some_and(|kind| {
        let bytes = bytes.to_vec().into();
        portrait::decode(&Portrait { kind, bytes }).is_ok()
    })
}

/// A chip that answers whatever it likes: each answer has its length before it.
pub fn wild_chip(bytes: &[u8]) -> bool {
    struct Wild<'a>(&'a [u8]);
    impl Card for Wild<'_> {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, CardError> {
            let (length, rest) = self.0.split_first().ok_or(CardError::Removed)?;
            let (answer, rest) = rest.split_at(usize::from(*length).min(rest.len()));
            self.0 = rest;
            match answer.len() {
                found @ 0..2 => Err(CardError::TooShort { found }),
                _ => Ok(answer.to_vec()),
            }
        }
    }
    converse(&mut Wild(bytes))
}

/// A genuine chip whose answers are damaged: which answer, which byte, and what is flipped there,
/// three bytes for each.
pub fn damaged_chip(bytes: &[u8]) -> bool {
    struct Damaged<'a> {
        chip: InField,
        faults: std::slice::ChunksExact<'a, u8>,
        answers: usize,
    }
    impl Card for Damaged<'_> {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
            let mut answer = self.chip.transmit(command)?;
            for fault in self.faults.clone() {
                if usize::from(fault[0]) == self.answers {
                    let at = usize::from(fault[1]) % answer.len();
                    answer[at] ^= fault[2];
                }
            }
            self.answers += 1;
            Ok(answer)
        }
    }
    converse(&mut Damaged {
        chip: InField::new(Chip::new(seeds::document(), 1)),
        faults: bytes.chunks_exact(3),
        answers: 0,
    })
}

fn converse(card: &mut dyn Card) -> bool {
    let key = AccessKey::from_mrz_information(seeds::document().key_information());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    read(card, &key, ApduLength::Extended, &mut rng, &mut |_| {}).is_ok()
}

/// Frames of the document reader.
pub fn reader(bytes: &[u8]) -> bool {
    let mut zones = 0;
    let mut frames = Frames::new(Framing::RteNative);
    frames.receive(bytes, |heard| {
        if let Heard::Zone(zone) = heard {
            mrz(zone.text().as_bytes());
            zones += 1;
        }
    });
    let _ = frames.quiet();
    assert!(!frames.is_open());
    assert!(frames.discarded() <= bytes.len() as u64);
    zones > 0
}

/// Parts of a camera's stream: the boundary, a zero, the stream.
pub fn camera(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| *byte == 0);
    let (boundary, stream) = bytes.split_at(end.unwrap_or(0));
    let mut parts = Parts::new(&String::from_utf8_lossy(boundary));
    let mut took = false;
    for piece in stream.chunks(97) {
        match parts.push(piece) {
            Ok(frame) => took |= frame.is_some_and(|frame| frame.len() <= FRAME_MAX),
            Err(_) => break,
        }
    }
    took
}

/// The list of lost documents.
pub fn lists(bytes: &[u8]) -> bool {
    let list = Lists::parse(&String::from_utf8_lossy(bytes), Path::new("list"));
    list.is_ok_and(|list| list.contains("UTO", "L898902C3"))
}

/// The daemon's settings.
pub fn settings(bytes: &[u8]) -> bool {
    Settings::parse(&String::from_utf8_lossy(bytes), Path::new("settings")).is_ok()
}
