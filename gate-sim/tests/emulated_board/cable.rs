//! Somebody at the cable of the real image who holds a sealed permit back, and tries everything with
//! it, while somebody stands inside and each edge of the doors is watched.

use super::rules::{Analyser, permit};
use super::*;
use gate_protocol::link::KNOWN_FOR;
use gate_protocol::link::host::Keys;
use gate_protocol::{Decoder, Frame, Timings};

/// Variants tried in one life of the host: fewer bytes than the line carries within a lease.
const AT_ONCE: usize = 30;
/// Leave to open the exit for passage 1, as version 1 said it in clear.
const CLEAR_PERMIT: &[u8] = &[9, 3, 1, 0xC0, 0x3E, 1];

/// What the attacker has when the host has died.
struct Seized {
    /// Leave to open the exit for whoever is inside, sealed and never delivered.
    permit: Frame,
    /// What the host sealed after it.
    later: Frame,
}

impl Bench {
    /// The host seals a permit, and what comes next, and dies; the attacker has kept both.
    fn host_dies_with_a_permit(&mut self) -> Seized {
        self.until("a session", |bench| bench.link.is_connected());
        let now = self.now();
        // Nothing else is due then.
        self.says(now);
        self.link.send(permit(1)).expect("a session");
        let permit = self.says(now).pop().expect("the permit");
        // Then it says the permit again, too.
        let later = self.says(now + Duration::from_millis(200));
        let later = later.into_iter().next().expect("a heartbeat");
        assert!(later.counter > permit.counter);
        Seized { permit, later }
    }

    /// What the host would say now, taken off the line.
    fn says(&mut self, now: Instant) -> Vec<Frame> {
        let mut said = Vec::new();
        loop {
            match self.link.next(now) {
                Next::Transmit(wire) => said.push(decode(&wire)),
                Next::Deliver(delivery) => self.take(delivery),
                Next::Wait(_) => return said,
            }
        }
    }

    /// Another host takes the place of the one that died.
    fn host_comes_back(&mut self) {
        let sessions = self.sessions.len();
        let seed = Secret::derive("seed of a life", &[&sessions.to_le_bytes()]);
        self.link = HostLink::new(self.now(), keys::of_host(&test_page(TEST_SERIAL)), seed);
        self.until("a new session", |bench| bench.sessions.len() > sessions);
    }

    /// Puts bytes on the line, as a frame of their own.
    fn inject(&mut self, bytes: &[u8]) {
        let bytes = [&[0], bytes, &[0]].concat();
        self.tty.write_all(&bytes).expect("a line");
    }

    /// What the attacker makes of a permit that was held back; gives how much that was. The line
    /// keeps its order: once another host has a session, all of it has arrived.
    fn withstands(
        &mut self,
        analyser: &mut Analyser,
        what: &str,
        variants: impl FnOnce(&Seized) -> Vec<Vec<u8>>,
    ) -> usize {
        let seized = self.host_dies_with_a_permit();
        let variants = variants(&seized);
        for variant in &variants {
            self.inject(variant);
        }
        self.host_comes_back();
        self.all_shut(analyser, what);
        variants.len()
    }

    /// No door has moved since the analyser came, and somebody is still inside.
    fn all_shut(&self, analyser: &mut Analyser, what: &str) {
        analyser.judge();
        let unlocked = (analyser.entry_unlocked, analyser.exit_unlocked);
        assert_eq!(unlocked, (0, 0), "{what}: a door was unlocked");
        let passage = self.status.map(|status| status.passage);
        assert_eq!(passage, Some(1), "{what}");
    }

    /// Frames that the controller has called tampering, as it has told the host.
    fn tampering_told(&self) -> u32 {
        let told = self.events.iter().filter_map(|event| match event {
            Event::Tampering(frames) => Some(*frames),
            _ => None,
        });
        told.max().unwrap_or(0)
    }

    /// Sees that the host is told of more tampering than before.
    fn is_told_of_tampering(&mut self, before: u32) {
        self.until("word of tampering", |bench| bench.tampering_told() > before);
    }
}

pub(super) fn decode(wire: &[u8]) -> Frame {
    let mut decoder = Decoder::new();
    let frame = wire.iter().find_map(|byte| decoder.push(*byte));
    frame.expect("a whole frame").expect("a good one")
}

/// The bytes of a frame before CRC and COBS.
fn plain(frame: &Frame) -> Vec<u8> {
    [&frame.head()[..], &frame.content].concat()
}

/// Any bytes as a frame with a right CRC.
fn checked(plain: &[u8]) -> Vec<u8> {
    let crc = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740).checksum(plain);
    let whole = [plain, &crc.to_le_bytes()].concat();
    let mut stuffed = vec![0; cobs::max_encoding_length(whole.len())];
    let used = cobs::encode(&whole, &mut stuffed);
    stuffed.truncate(used);
    stuffed
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// S12, S13, SAF-071 to SAF-074.
#[test]
fn nobody_at_the_cable_opens_a_door_with_a_permit_that_was_held_back() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("rest", |bench| bench.is(State::Idle));
    // Whoever is inside is let back only long after the last attack.
    let timings = Timings {
        decide: 180_000,
        trap: 30_000,
        ..Timings::DEFAULT
    };
    let site = Site {
        timings,
        ..Site::DEFAULT
    };
    bench.send(ToController::Configure { site });
    bench.until_offered();
    bench.inside(true);
    bench.until_told(Event::Entered(1));
    bench.until("locked doors", |bench| {
        bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
    });
    let analyser = &mut Analyser::at(&bench);

    // Noise: a bit of each byte, and the end cut off. It is counted, and no alarm.
    let before = bench.read_health().bad_frames;
    let noise = bench.withstands(analyser, "noise", |seized| {
        let wire = seized.permit.encode();
        (0..wire.len() - 1)
            .map(|at| flipped(&wire, at * 8 + at % 8))
            .collect()
    });
    let cuts = bench.withstands(analyser, "cut off", |seized| {
        let wire = seized.permit.encode();
        (1..wire.len() - 1)
            .map(|length| wire[..length].to_vec())
            .collect()
    });
    let bad = bench.read_health().bad_frames - before;
    assert!(bad as usize >= noise + cuts, "{bad} of {}", noise + cuts);
    assert_eq!(bench.tampering_told(), 0, "noise is only noise");

    // Every bit, with a right CRC; and every length.
    let mut bit = 0;
    let mut tried = 0;
    loop {
        let count = bench.withstands(analyser, "flipped", |seized| {
            let plain = plain(&seized.permit);
            let bits = bit..plain.len() * 8;
            bits.take(AT_ONCE)
                .map(|bit| checked(&flipped(&plain, bit)))
                .collect()
        });
        if count == 0 {
            break;
        }
        (bit, tried) = (bit + count, tried + count);
    }
    assert!(tried > 33 * 8 - AT_ONCE, "{tried} bits");
    bench.is_told_of_tampering(0);
    let told = bench.tampering_told();
    bench.withstands(analyser, "truncated", |seized| {
        let plain = plain(&seized.permit);
        (0..plain.len())
            .map(|length| checked(&plain[..length]))
            .collect()
    });
    bench.is_told_of_tampering(told);

    // Whole, and in order, when its host would have given it up: the session still lives then, if its
    // last heartbeat came late enough.
    let seized = bench.host_dies_with_a_permit();
    bench.talks = false;
    let began = now();
    // The emulated clock is slower than this one.
    while began.elapsed() < KNOWN_FOR * 3 / 2 {
        bench.live();
    }
    for frame in [&seized.permit, &seized.later] {
        bench.inject(&frame.encode());
    }
    bench.talks = true;
    bench.host_comes_back();
    bench.all_shut(analyser, "held back");

    // Out of order: what was sealed later has come first.
    let told = bench.tampering_told();
    let mut first_session = None;
    bench.withstands(analyser, "reordered", |seized| {
        first_session = Some(seized.permit.clone());
        let [permit, later] = [&seized.permit, &seized.later].map(|frame| frame.encode().to_vec());
        vec![later, permit.clone(), permit.clone(), permit]
    });
    bench.is_told_of_tampering(told);

    // Two sessions spliced, as whole frames and at each place.
    let told = bench.tampering_told();
    let old = first_session.expect("it was kept");
    bench.withstands(analyser, "spliced", |seized| {
        let new = &seized.permit;
        let renumbered = Frame {
            session: new.session,
            ..old.clone()
        };
        let under_another_head = Frame {
            content: old.content.clone(),
            ..new.clone()
        };
        let whole = [&old, &renumbered, &under_another_head].map(|frame| frame.encode().to_vec());
        let (one, other) = (plain(&old), plain(new));
        let places = 1..one.len().min(other.len()) - 1;
        let places = places.filter(|at| one[..*at] != other[..*at]);
        let spliced = places.map(|at| checked(&[&one[..at], &other[at..]].concat()));
        whole.into_iter().chain(spliced).collect()
    });
    bench.is_told_of_tampering(told);

    // Talked down: the permit in every other version, and in clear; calls of other versions.
    let told = bench.tampering_told();
    let call = call_at(bench.now());
    bench.withstands(analyser, "talked down", |seized| {
        let permit = &seized.permit;
        let versions = (0..16).filter(|version| *version != permit.version);
        let versions = versions.map(|version| Frame {
            version,
            ..permit.clone()
        });
        let in_clear = [0xC1, 0x81, 0xC3, 0x83, 0x03, 0x43].map(|kind| {
            let head = [kind, permit.session, 99, 0, 0, 0];
            checked(&[&head[..], CLEAR_PERMIT].concat())
        });
        let ranges = [[1, 1], [1, 3], [3, 9]].map(|range| {
            let mut call = call.clone();
            call.content[2..4].copy_from_slice(&range);
            call
        });
        let frames = versions.chain(ranges);
        frames
            .map(|frame| frame.encode().to_vec())
            .chain(in_clear)
            .collect()
    });

    // The host lives, and somebody else talks on its line: what he has recorded, noise, and calls of
    // a host that is not paired.
    let mut recorded = bench.sent.clone();
    recorded.reverse();
    for wire in recorded.iter().take(60) {
        bench.inject(wire);
        bench.live();
    }
    bench.is_told_of_tampering(told);
    for number in 0..100_u32 {
        let noise = Secret::derive("noise", &[&number.to_le_bytes()]);
        bench.inject(noise.bytes());
        bench.live();
    }
    let thief = Keys {
        own: Secret::derive("another host", &[]),
        ..keys::of_host(&test_page(TEST_SERIAL))
    };
    let mut thief = HostLink::new(bench.now(), thief, Secret::derive("seed of a thief", &[]));
    let told = bench.tampering_told();
    bench.until("word of a second host", |bench| {
        if let Next::Transmit(call) = thief.next(bench.now()) {
            (&bench.tty).write_all(&call).expect("a line");
        }
        bench.tampering_told() > told
    });
    bench.send(ToController::Show { sign: Sign::Help });
    bench.all_shut(analyser, "with the host alive");

    // Nothing was wrong with any of these permits but what was done to them.
    for _ in 0..10 {
        let seized = bench.host_dies_with_a_permit();
        bench.talks = false;
        bench.inject(&seized.permit.encode());
        let began = now();
        while !bench.on(Output::ExitDrive) && began.elapsed() < Duration::from_secs(1) {
            bench.live();
        }
        bench.talks = true;
        recorded.push(seized.permit.encode().to_vec());
        if bench.on(Output::ExitDrive) {
            break;
        }
        bench.host_comes_back();
    }
    assert!(bench.on(Output::ExitDrive), "the true permit");
    bench.inside(false);
    bench.until_told(Event::Passed(1));
    bench.host_comes_back();
    bench.until("rest", |bench| bench.is(State::Idle));

    // And after a reset nothing of it means anything, although nobody has a session.
    bench.talks = false;
    bench.board.reset().expect("a board");
    bench.until("locked doors", |bench| {
        bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
    });
    let mut analyser = Analyser::at(&bench);
    for wire in recorded.iter().rev().take(80) {
        bench.inject(wire);
    }
    bench.talks = true;
    bench.host_comes_back();
    analyser.judge();
    assert_eq!((analyser.entry_unlocked, analyser.exit_unlocked), (0, 0));
}

/// SAF-073, SAF-074: all that costs the controller work, one after the other, beside a host that lives.
#[test]
fn a_flood_at_the_cable_moves_no_door_hides_no_fire_and_is_told() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("rest", |bench| bench.is(State::Idle));
    let mut analyser = Analyser::at(&bench);
    let recorded = bench.sent.clone();
    let own = decode(recorded.last().expect("a frame"));
    let call = call_at(bench.now());
    let mut number = 0_u32;
    let mut floods = |bench: &mut Bench| {
        number += 1;
        let noise = Secret::derive("flood", &[&number.to_le_bytes()]);
        // A call with a key of its own, a frame that nobody has sealed, and one that was recorded.
        let mut called = call.clone();
        called.session = number.to_le_bytes()[0].max(1);
        let key = called.content.len() - noise.bytes().len();
        called.content[key..].copy_from_slice(noise.bytes());
        let mut forged = own.clone();
        forged.counter += 10_000 + number;
        forged.content[..16].copy_from_slice(&noise.bytes()[..16]);
        match number % 3 {
            0 => bench.inject(&called.encode()),
            1 => bench.inject(&forged.encode()),
            _ => bench.inject(&recorded[number as usize % recorded.len()]),
        }
        bench.live();
    };
    for _ in 0..300 {
        floods(&mut bench);
    }
    analyser.judge();
    assert_eq!((analyser.entry_unlocked, analyser.exit_unlocked), (0, 0));
    bench.set(Input::FireOk, false);
    let began = now();
    while !(bench.on(Output::EntryRelease) && bench.on(Output::ExitRelease)) {
        assert!(began.elapsed() < PATIENCE, "the flood hides a fire");
        floods(&mut bench);
    }
    bench.is_told_of_tampering(0);
    bench.send(ToController::Show { sign: Sign::Help });
    assert_eq!(bench.board.resets(), 0, "nothing has started anew");
}

/// What the host says first in a life.
fn call_at(now: Instant) -> Frame {
    let seed = Secret::derive("seed of a call", &[]);
    let mut host = HostLink::new(now, keys::of_host(&test_page(TEST_SERIAL)), seed);
    match host.next(now) {
        Next::Transmit(wire) => decode(&wire),
        other => unreachable!("{other:?}"),
    }
}
