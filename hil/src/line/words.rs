//! A line's traffic in words: bytes in, lines of text out.
//!
//! A machine without I/O or clock. What a reader's line says is personal and is hidden unless
//! somebody asks for it; what the controller's line says is sealed, and nobody has the keys.

use super::Line;
use super::controller::Frames;
use super::hex::{Privacy, hex};
use super::reader::Talk;
use gate_protocol::Instant;
use gate_sim::recording::{Chunk, Side};
use std::time::Duration;

/// Longer than any reader pauses within a frame: the daemon's driver waits as long.
const QUIET: Duration = Duration::from_millis(250);

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// When its last byte came.
    pub(crate) at: Instant,
    /// By whom.
    pub(crate) from: Side,
    /// In words.
    pub(crate) words: String,
    /// It is no frame, or a frame with something wrong.
    pub(crate) bad: bool,
}

/// Something that one side said, in words, and whether it is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) words: String,
    pub(super) bad: bool,
}

impl Told {
    pub(super) const fn good(words: String) -> Self {
        Self { words, bad: false }
    }

    pub(super) const fn bad(words: String) -> Self {
        Self { words, bad: true }
    }
}

/// Puts a line's traffic into words.
#[derive(Debug)]
pub(crate) struct Interpreter {
    host: Half,
    device: Half,
    latest: Instant,
}

#[derive(Debug)]
struct Half {
    from: Side,
    speech: Speech,
    latest: Instant,
}

#[derive(Debug)]
enum Speech {
    Controller(Frames),
    Reader(Talk),
    Unknown(Privacy),
}

impl Interpreter {
    /// For this line. On a line that may be a reader's, whoever `shows` what is personal has been
    /// asked for it plainly.
    pub(crate) fn new(line: Line, privacy: Privacy) -> Self {
        let half = |from| Half {
            from,
            speech: match line {
                Line::Controller => Speech::Controller(Frames::new(from, privacy)),
                Line::Reader(profile) => Speech::Reader(Talk::new(from, profile, privacy)),
                Line::Unknown => Speech::Unknown(privacy),
            },
            latest: Instant::ZERO,
        };
        Self {
            host: half(Side::Host),
            device: half(Side::Device),
            latest: Instant::ZERO,
        }
    }

    /// Takes what came over the line next.
    pub(crate) fn take(&mut self, chunk: &Chunk) -> Vec<Spoken> {
        self.latest = chunk.at;
        let mut spoken = Vec::new();
        for half in [&mut self.host, &mut self.device] {
            half.pause(chunk.at, &mut spoken);
        }
        let half = match chunk.from {
            Side::Host => &mut self.host,
            Side::Device => &mut self.device,
        };
        half.take(chunk, &mut spoken);
        spoken
    }

    /// The line has ended.
    pub(crate) fn finish(&mut self) -> Vec<Spoken> {
        let mut spoken = Vec::new();
        let end = self.latest;
        for half in [&mut self.host, &mut self.device] {
            half.finish(end, &mut spoken);
        }
        spoken
    }
}

impl Half {
    fn take(&mut self, chunk: &Chunk, spoken: &mut Vec<Spoken>) {
        self.latest = chunk.at;
        let (at, from) = (chunk.at, self.from);
        let mut tell = |told| spoken.push(spoke(at, from, told));
        match &mut self.speech {
            Speech::Controller(frames) => {
                chunk
                    .bytes
                    .iter()
                    .filter_map(|byte| frames.push(*byte))
                    .for_each(tell);
            }
            Speech::Reader(talk) => talk.take(&chunk.bytes, tell),
            Speech::Unknown(privacy) => {
                let hex = hex(&chunk.bytes, *privacy);
                tell(Told::good(format!("{} bytes: {hex}", chunk.bytes.len())));
            }
        }
    }

    /// A long pause ends what was under way.
    fn pause(&mut self, now: Instant, spoken: &mut Vec<Spoken>) {
        let at = self.latest + QUIET;
        let from = self.from;
        if let Speech::Reader(talk) = &mut self.speech
            && at < now
            && talk.is_open()
        {
            talk.quiet(|told| spoken.push(spoke(at, from, told)));
        }
    }

    fn finish(&mut self, at: Instant, spoken: &mut Vec<Spoken>) {
        let from = self.from;
        let mut tell = |told| spoken.push(spoke(at, from, told));
        match &mut self.speech {
            Speech::Controller(frames) => frames.finish().into_iter().for_each(tell),
            Speech::Reader(talk) if talk.is_open() => talk.quiet(&mut tell),
            Speech::Reader(_) | Speech::Unknown(_) => {}
        }
    }
}

fn spoke(at: Instant, from: Side, told: Told) -> Spoken {
    Spoken {
        at,
        from,
        words: told.words,
        bad: told.bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_host::ports::reader::Profile;
    use gate_protocol::frame::{Content, Frame, Kind};
    use gate_protocol::hello::{self, Proposal, Reply};
    use gate_protocol::{Board, ResetCause, ToHost};
    use gate_sim::reader::rte_native;

    /// The specimen of Doc 9303-4.
    const ZONE: [&str; 2] = [
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    ];

    fn told(line: Line, privacy: Privacy, chunks: &[(u64, Side, Vec<u8>)]) -> Vec<String> {
        let mut interpreter = Interpreter::new(line, privacy);
        let mut spoken = Vec::new();
        for (ms, from, bytes) in chunks {
            spoken.extend(interpreter.take(&Chunk {
                at: Instant::from_millis(*ms),
                from: *from,
                bytes: bytes.clone(),
            }));
        }
        spoken.extend(interpreter.finish());
        spoken.into_iter().map(|one| one.words).collect()
    }

    fn frame(kind: Kind, session: u8, counter: u32, content: Content) -> Vec<u8> {
        let frame = Frame {
            kind,
            version: 3,
            session,
            counter,
            content,
        };
        frame.encode().to_vec()
    }

    fn sealed(counter: u32) -> Vec<u8> {
        let content = Content::from_slice(&[7; 20]).unwrap();
        frame(Kind::Sealed, 5, counter, content)
    }

    #[test]
    fn the_controllers_line_is_told_as_far_as_it_is_in_clear() {
        let call = hello::call(&Proposal::Session(&[1; 32]));
        let clear = ToHost::Hello {
            wire_min: 3,
            wire_max: 3,
            firmware: [1, 2, 3],
            board: Board::Simulated,
            reset: ResetCause::PowerOn,
            uptime_ms: 1_500,
        };
        let reply = hello::reply(&clear, &Reply::Session(&[2; 48]));
        let mut noisy = sealed(4);
        noisy[12] ^= 0x10;
        let words = told(
            Line::Controller,
            Privacy::Open,
            &[
                (0, Side::Host, frame(Kind::Hello, 5, 0, call)),
                (10, Side::Device, frame(Kind::Hello, 5, 0, reply)),
                (20, Side::Host, [sealed(0), sealed(1)].concat()),
                (30, Side::Host, sealed(3)),
                (40, Side::Host, sealed(3)),
                (50, Side::Host, noisy),
                (60, Side::Device, vec![0, 0, 9, 9]),
            ],
        );
        let expected = [
            "hello, wire 3 to 3, wants a session",
            "firmware 1.2.3 on simulated board, started by power 1.500 s ago, opens a session",
            "counter 0: 4 bytes",
            "counter 1: 4 bytes",
            "counter 3: 4 bytes (1 missing before it)",
            "counter 3: 4 bytes (again: 3 was there before)",
            "frame with wrong crc: ",
            "2 bytes of a frame without its end: 09 09",
        ];
        assert_eq!(words.len(), expected.len(), "{words:#?}");
        for (words, expected) in words.iter().zip(expected) {
            assert!(words.contains(expected), "{words}");
        }
    }

    #[test]
    fn a_zone_is_told_without_a_name_and_shown_to_whoever_asks() {
        let rte = Line::Reader(Profile::RteNative);
        let frame = rte_native(&ZONE);
        let (first, rest) = frame.split_at(9);
        let chunks = [
            (0, Side::Device, first.to_vec()),
            (5, Side::Device, rest.to_vec()),
        ];
        let hidden = told(rte, Privacy::Hidden, &chunks);
        assert_eq!(
            hidden,
            ["zone, lines of 44, 44 characters: every check digit is right"]
        );
        let shown = told(rte, Privacy::Open, &chunks);
        assert!(shown[0].contains("ERIKSSON<<ANNA"), "{shown:?}");
        let misread = rte_native(&[ZONE[0], &ZONE[1].replace("L898", "L888")]);
        let words = told(rte, Privacy::Hidden, &[(0, Side::Device, misread)]);
        assert!(words[0].contains("check digit"), "{words:?}");
    }

    #[test]
    fn nothing_of_a_damaged_zone_is_readable_on_any_line() {
        let mut wrong_sum = rte_native(&ZONE);
        wrong_sum[20] ^= 1;
        let torn = rte_native(&ZONE)[..60].to_vec();
        let noise = [b"\x00\x06".as_slice(), ZONE[1].as_bytes()].concat();
        let swapped = (5_000, Side::Host, ZONE[0].as_bytes().to_vec());
        let chunks = [
            (0, Side::Device, wrong_sum),
            (1_000, Side::Device, torn),
            (2_000, Side::Device, noise),
            (4_000, Side::Device, rte_native(&ZONE)),
            swapped,
        ];
        let readers = Profile::ALL.map(Line::Reader);
        let lines = readers.into_iter().chain([Line::Unknown, Line::Controller]);
        for line in lines {
            let words = told(line, Privacy::Hidden, &chunks).join("\n");
            assert!(!words.is_empty(), "{line}");
            // As text, and as the digits of its bytes.
            for secret in ["ERIK", "L898", "7408", "45 52 49 4b", "4c 38 39 38"] {
                assert!(!words.contains(secret), "{line}: {secret}\n{words}");
            }
        }
    }

    #[test]
    fn what_is_no_frame_is_told_with_its_bytes_and_its_cause() {
        let rte = Line::Reader(Profile::RteNative);
        let mut frame = vec![0x07, 0x06];
        frame.extend(rte_native(&ZONE));
        let words = told(
            rte,
            Privacy::Hidden,
            &[
                (0, Side::Device, frame),
                (1_000, Side::Device, b"\x01\x0e\x00OU\x02 ".to_vec()),
                (2_000, Side::Device, b"\x15\x15".to_vec()),
            ],
        );
        assert_eq!(words.len(), 4, "{words:#?}");
        assert_eq!(words[0], "2 bytes outside any frame: 07 06");
        assert!(words[1].starts_with("zone, "), "{words:?}");
        assert_eq!(
            words[2],
            "frame broke off after 7 bytes: 01 0e 00 ·· ·· 02 ··"
        );
        assert!(words[3].ends_with(": 15 15"), "{words:?}");
    }

    #[test]
    fn what_the_host_tells_a_reader_is_told_by_its_profile() {
        let elyctis = Line::Reader(Profile::Elyctis);
        let arm = Profile::Elyctis.arm().concat();
        let inquiry = Profile::Elyctis.inquiry().unwrap().to_vec();
        let words = told(
            elyctis,
            Privacy::Hidden,
            &[
                (0, Side::Host, arm),
                (1, Side::Host, inquiry),
                (2, Side::Host, vec![0x1b]),
            ],
        );
        let expected = [
            "makes it ready for the next document",
            "asks what is read",
            "no command of this reader: 1b",
        ];
        assert_eq!(words, expected);
    }
}
