use super::*;
use gate_document::Sensitive;

/// Written byte by byte, so that frame maker and frame machine cannot share a mistake.
const SHORT: &[u8] = b"\x01\x0e\x00OU\x02 \r\rAB<12\r\x03\x04";

fn heard(chunks: &[&[u8]]) -> (Vec<Heard>, Frames) {
    let mut frames = Frames::new(Framing::RteNative);
    let mut heard = Vec::new();
    for chunk in chunks {
        frames.receive(chunk, |one| heard.push(one));
    }
    (heard, frames)
}

fn zone(text: &str) -> Heard {
    Heard::Zone(Zone(Sensitive::new(text.to_owned())))
}

fn changed(at: usize, byte: u8) -> Vec<u8> {
    let mut frame = SHORT.to_vec();
    frame[at] = byte;
    frame
}

#[test]
fn a_frame_is_heard_when_it_begins_and_when_it_ends() {
    let (heard, frames) = heard(&[SHORT]);
    assert_eq!(heard, [Heard::Began, zone("AB<12")]);
    assert_eq!(frames.discards().bytes, 0);
    assert!(!frames.is_open());
}

#[test]
fn it_does_not_matter_how_the_bytes_come() {
    let single: Vec<&[u8]> = SHORT.chunks(1).collect();
    assert_eq!(heard(&single).0, [Heard::Began, zone("AB<12")]);
    let twice = [SHORT, SHORT].concat();
    assert_eq!(heard(&[&twice]).0.len(), 4);
}

#[test]
fn a_wrong_frame_says_what_is_wrong() {
    let cases: &[(&str, Vec<u8>, FrameError)] = &[
        (
            "one bit of the text",
            changed(9, b'C'),
            FrameError::Checksum {
                expected: 0x06,
                found: 0x04,
            },
        ),
        (
            "the check character",
            changed(16, 0),
            FrameError::Checksum {
                expected: 0x04,
                found: 0,
            },
        ),
        (
            "too long",
            changed(2, 0x7f),
            FrameError::Length { found: 16_270 },
        ),
        ("too short", changed(1, 3), FrameError::Length { found: 3 }),
        (
            "eighth bit in the length",
            changed(1, 0x8e),
            FrameError::Length { found: 142 },
        ),
        ("another device", changed(3, b'M'), FrameError::Header),
        ("end moved", changed(15, b'X'), FrameError::End),
    ];
    for (name, frame, expected) in cases {
        let (heard, _) = heard(&[frame]);
        let bad = heard.iter().find(|one| matches!(one, Heard::Bad(_)));
        assert_eq!(bad, Some(&Heard::Bad(expected.clone())), "{name}");
        assert!(
            !heard.iter().any(|one| matches!(one, Heard::Zone(_))),
            "{name}"
        );
    }
}

#[test]
fn the_next_frame_is_found_after_any_garbage() {
    let torn = &SHORT[..9];
    for garbage in [
        &b"\xff\x00noise"[..],
        b"\x01\x01\x01",
        b"\x01\x0e\x00OX",
        torn,
        b"\x01",
    ] {
        let (heard, frames) = heard(&[garbage, SHORT, SHORT]);
        let zones = heard
            .iter()
            .filter(|one| matches!(one, Heard::Zone(_)))
            .count();
        assert!(zones >= 1, "{garbage:?}: {heard:?}");
        assert!(
            frames.discards().bytes >= garbage.len() as u64,
            "{garbage:?}"
        );
    }
}

#[test]
fn a_frame_that_breaks_off_is_counted_and_forgotten() {
    let (heard, mut frames) = heard(&[&SHORT[..9]]);
    assert_eq!(heard, [Heard::Began]);
    assert_eq!(
        frames.quiet(),
        Some(Heard::Bad(FrameError::Torn { bytes: 9 }))
    );
    assert_eq!(frames.quiet(), None);
    assert_eq!(frames.discards().bytes, 9);
}

#[test]
fn noise_is_told_once_when_the_line_pauses_or_has_gone_on_too_long() {
    let (nothing, mut frames) = heard(&[b"wrong baud rate"]);
    assert_eq!(nothing, []);
    assert!(frames.is_open());
    let noise = |bytes| Heard::Bad(FrameError::Noise { bytes });
    assert_eq!(frames.quiet(), Some(noise(15)));
    assert_eq!(frames.quiet(), None);
    assert!(!frames.is_open());

    let (endless, mut frames) = heard(&[&[0x55; 10_000], b"\x01\x01\x01", b"more"]);
    assert_eq!(endless, [noise(NOISE_MAX)]);
    assert_eq!(frames.quiet(), None, "told before");
    let mut again = Vec::new();
    frames.receive(&changed(3, b'M'), |one| again.push(one));
    assert_eq!(again, [Heard::Bad(FrameError::Header)]);
}

/// A traveller whose zone lost its first bytes on the line is asked again; whoever makes noise is not.
#[test]
fn a_zone_without_the_beginning_of_its_frame_is_no_noise() {
    let characters = FIRST.len() - 5 + SECOND.len();
    let cases = [
        (format!("{}\r{SECOND}\r", &FIRST[5..]), Some(characters)),
        (SECOND[..23].to_owned(), None),
        ("wrong baud rate; ".repeat(4), None),
    ];
    for (bytes, headless) in cases {
        let told = match headless {
            Some(characters) => FrameError::Headless { characters },
            None => FrameError::Noise { bytes: bytes.len() },
        };
        let (heard, _) = hear(Framing::default(), bytes.as_bytes());
        assert_eq!(heard, [Heard::Bad(told)]);
    }
}

#[test]
fn nothing_is_kept_without_bound() {
    let (_, frames) = heard(&[&[SOH; 100_000]]);
    assert!(frames.bytes.len() <= PREFIX + LENGTH_MAX);
    assert!(frames.discards().bytes > 99_000);
}

#[test]
fn a_zone_does_not_print_itself() {
    let (heard, _) = heard(&[SHORT]);
    assert!(!format!("{heard:?}").contains("AB"));
}

/// Everything that `framing` makes of `bytes`, with a pause at the end; however they are cut.
fn hear(framing: Framing, bytes: &[u8]) -> (Vec<Heard>, Discards) {
    let whole = hear_in_pieces(framing, bytes, bytes.len().max(1));
    assert_eq!(whole, hear_in_pieces(framing, bytes, 1), "{framing:?}");
    whole
}

fn hear_in_pieces(framing: Framing, bytes: &[u8], size: usize) -> (Vec<Heard>, Discards) {
    let mut frames = Frames::new(framing);
    let mut heard = Vec::new();
    for piece in bytes.chunks(size) {
        frames.receive(piece, |one| heard.push(one));
    }
    heard.extend(frames.quiet());
    heard.retain(|one| *one != Heard::Began);
    (heard, frames.discards())
}

const FIRST: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
const SECOND: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
const PLAIN: Framing = Framing::StxEtx {
    bcc: false,
    kind: false,
};

#[test]
fn every_framing_gives_the_lines_and_drops_nothing() {
    let lines = format!("{FIRST}\r{SECOND}");
    let counted = format!("I\0\u{59}{lines}");
    let checked = {
        let body = format!("{lines}\r\x03");
        let bcc = body.bytes().fold(0, |sum, byte| sum ^ byte);
        [b"\x02", body.as_bytes(), &[bcc]].concat()
    };
    let bcc = Framing::StxEtx {
        bcc: true,
        kind: false,
    };
    let kind = Framing::StxEtx {
        bcc: false,
        kind: true,
    };
    for (framing, bytes) in [
        (Framing::LengthPrefixed, counted.into_bytes()),
        (PLAIN, format!("\x1c\x02{lines}\r\x03\x1d").into_bytes()),
        (bcc, checked),
        (kind, format!("\x02S{lines}\x03").into_bytes()),
        (Framing::Lines, format!("{lines}\r").into_bytes()),
        (
            Framing::Lines,
            format!("{FIRST}\r\n{SECOND}\r\n").into_bytes(),
        ),
    ] {
        let (heard, discards) = hear(framing, &bytes);
        assert_eq!(heard, [zone(&lines)], "{framing:?}");
        assert_eq!(discards.bytes, 0, "{framing:?}");
    }
    let run = format!("{FIRST}{SECOND}");
    assert_eq!(hear(Framing::Lines, run.as_bytes()).0, [zone(&run)]);
}

#[test]
fn a_reader_that_has_nothing_says_so_and_one_that_could_not_read_does_too() {
    let kind = Framing::StxEtx {
        bcc: false,
        kind: true,
    };
    for (framing, bytes, expected) in [
        (Framing::LengthPrefixed, &b"I\0\0"[..], Heard::Nothing),
        (Framing::LengthPrefixed, b"C\0\x01\x01", Heard::Nothing),
        (kind, b"\x02O\x03", Heard::Nothing),
        (kind, b"\x02E\x03", zone("")),
        (PLAIN, b"\x02\x03", zone("")),
    ] {
        assert_eq!(hear(framing, bytes).0, [expected], "{framing:?}");
    }
}

#[test]
fn acknowledgements_between_lines_are_no_zone_and_errors_are_counted_by_reason() {
    let text = format!("ocrena1\x06!\r{FIRST}\r{SECOND}\r");
    let (heard, _) = hear(Framing::Lines, text.as_bytes());
    assert_eq!(heard, [zone(&format!("{FIRST}\r{SECOND}"))]);

    let bare = Framing::LinesAndAnswers(Answers::Bare);
    let (heard, discards) = hear(bare, text.as_bytes());
    assert_eq!(heard, [Heard::Nothing, zone(&format!("{FIRST}\r{SECOND}"))]);
    assert_eq!(discards.bytes, 0);

    let (heard, discards) = hear(Framing::LengthPrefixed, b"I\x7f\xffxyz");
    assert_eq!(heard.len(), 1);
    assert_eq!(discards.length, 1);
    assert_eq!(discards.bytes, 6);
    let (heard, discards) = hear(PLAIN, b"\x02ABCDEFGH\x02IJKLMNOP\x03");
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert_eq!((discards.end, discards.bytes), (1, 9));
    assert_eq!(discards.to_string(), "9 bytes, end 1");
    let (_, discards) = hear(PLAIN, b"\x02ABCDEFGH");
    assert_eq!((discards.torn, discards.bytes), (1, 9));
}

#[test]
fn answers_to_commands_are_told_from_lines_and_from_each_other() {
    use Answers::{Bare, Framed};
    for (answers, bytes, expected) in [
        (Bare, &b"OCRENA1\x06."[..], true),
        (Bare, b"OCRENA\x05.", true),
        (Bare, b"\x16M\rocrena1\x06!", true),
        (Bare, b"\x02\x010000@SCNTCS1\x06;\x03", false),
        (Bare, b"OCRENA1\x06", false),
        (Framed, b"\x02\x010000@SCNTCS1\x06;\x03", true),
        (Framed, b"\x02\x010000@SCNTCS\x15;\x03", true),
        (Framed, b"OCRENA1\x06.", false),
    ] {
        let mut frames = Frames::new(Framing::LinesAndAnswers(answers));
        let mut heard = Vec::new();
        frames.receive(bytes, |one| heard.push(one));
        assert_eq!(heard == [Heard::Nothing], expected, "{answers:?} {bytes:?}");
        assert!(!expected || frames.discards() == Discards::default());
    }
    // Byte by byte, an answer tells nobody that something was laid down; a line does.
    let mut frames = Frames::new(Framing::LinesAndAnswers(Bare));
    let mut heard = Vec::new();
    for byte in b"OCRENA1\x06.".iter().chain(FIRST.as_bytes()) {
        frames.receive(&[*byte], |one| heard.push(one));
    }
    assert_eq!(heard, [Heard::Nothing, Heard::Began]);
}

#[test]
fn a_piece_of_a_zone_is_known_as_one() {
    let piece = |text: &str| Zone(Sensitive::new(text.to_owned())).part();
    assert_eq!(piece(&format!("{FIRST}\r{SECOND}")), None);
    assert_eq!(piece(&format!("{FIRST}{SECOND}")), None);
    assert_eq!(piece(SECOND), Some((1, 44)));
    assert_eq!(piece("L898902C36UTO7408122F"), Some((1, 21)));
    assert_eq!(piece(&format!("{}\r{SECOND}", &FIRST[..43])), Some((2, 44)));
    assert_eq!(
        piece(&format!("{}\r{SECOND}", "_".repeat(44))),
        Some((1, 44))
    );
    assert_eq!(piece(""), None);
}
