//! How long chips take to read: the gate's strategy and that of gmrtd, on the same chip, in virtual
//! time by the chip's latency profile.
//!
//! gmrtd's strategy as its reader has it (`reader.go`, `nfc_session.go`, `chip_auth.go`): SELECT MF,
//! EF.CardAccess, PACE, EF.DIR, the application, EF.SOD, EF.COM, every data group in the order of
//! EF.SOD, Chip Authentication and one SELECT to see whether it worked; each file by SELECT, four
//! bytes, then blocks of 256 bytes, or of what `-maxRead` allows.
//!
//! The comparison that counts is the first: gmrtd as it comes, 256 bytes at a time. With `-maxRead 65536` it reads as
//! the gate does, and what is left between them is the commands that the gate does not send; on a slow line, where
//! bytes take most of the time, that is less than a third.
//!
//! Below stands how far any strategy could get that reads the same files of a chip it does not know:
//! one command for EF.CardAccess, five for PACE, one for the application, two for Chip Authentication,
//! one for each of EF.SOD, DG14, DG1 and DG2, and the bytes that have to cross the air.
#![expect(clippy::unwrap_used, reason = "an example fails by panicking")]

use gate_document::access::Passwords;
use gate_document::apdu::{Command, Status};
use gate_document::chip::Terminal;
use gate_document::step::Step;
use gate_document::{AccessKey, ApduLength, Habits, read};
use gate_sim::chip::field::InField;
use gate_sim::chip::{Chip, Cipher, Profile};
use gate_sim::issuer::electronics::{ChipOffer, Electronics, Mapping, PaceOffer};
use gate_sim::issuer::{
    Authority, DocumentRequest, Encoding, Portrait, Scheme, State, TestDocument,
};
use image::{Rgb, RgbImage};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use std::time::Duration;

fn main() {
    let document = document();
    for (id, bytes) in document.files() {
        println!("file {id:04X}: {} bytes", bytes.len());
    }
    println!();
    println!("profile    strategy                          APDUs   seconds   gmrtd / this");
    for (name, profile) in PROFILES {
        let peer = gmrtd(&document, profile, 256);
        let lines = [
            ("gmrtd, as it comes (256 bytes)", peer),
            ("gmrtd -maxRead 65536", gmrtd(&document, profile, 65_536)),
            (
                "gate, extended length",
                gate(&document, profile, ApduLength::Extended),
            ),
            (
                "gate, short length only",
                gate(&document, profile, ApduLength::Short),
            ),
        ];
        for (strategy, (commands, elapsed)) in &lines {
            let seconds = elapsed.as_secs_f64();
            let ratio = peer.1.as_secs_f64() / seconds;
            println!("{name:10} {strategy:32} {commands:6} {seconds:9.3} {ratio:14.2}");
        }
        let seconds = least(&document, profile).as_secs_f64();
        let (most, ratio) = (lines[1].1.1.as_secs_f64(), peer.1.as_secs_f64() / seconds);
        let least = "the least that anybody needs";
        println!("{name:10} {least:32} {COMMANDS_MIN:6} {seconds:9.3} {ratio:14.2}");
        println!(
            "{name:10} against -maxRead 65536: gate {:.3}, at most {:.3}",
            most / lines[2].1.1.as_secs_f64(),
            most / seconds
        );
    }
}

/// What the simulated lane has, and a chip with 12 ms a command and 5 µs a byte behind a reader with 1.5 ms a
/// command, at each rate of the air.
const PROFILES: [(&str, Profile); 7] = [
    ("fast", Profile::FAST),
    ("typical", Profile::TYPICAL),
    ("slow", Profile::SLOW),
    ("848 kbit/s", at_rate(18)),
    ("424 kbit/s", at_rate(28)),
    ("212 kbit/s", at_rate(50)),
    ("106 kbit/s", at_rate(93)),
];

const fn at_rate(micros: u64) -> Profile {
    Profile {
        per_command: Duration::from_micros(13_500),
        per_byte: Duration::from_micros(micros),
    }
}

/// Commands that no strategy can do without.
const COMMANDS_MIN: u32 = 13;

/// The least time in which anybody reads `document`: the needed commands, and the gate's own bytes,
/// without EF.COM's.
fn least(document: &TestDocument, profile: Profile) -> Duration {
    let one_a_byte = Profile {
        per_command: Duration::ZERO,
        per_byte: Duration::from_micros(1),
    };
    let (_, all) = gate(document, one_a_byte, ApduLength::Extended);
    let listing = document.file(0x011E).map_or(0, <[u8]>::len);
    let bytes = (all.as_micros() as u32).saturating_sub(listing as u32);
    COMMANDS_MIN * profile.per_command + bytes * profile.per_byte
}

fn document() -> TestDocument {
    let picture = RgbImage::from_fn(360, 480, |x, y| {
        let grain = (x * 7919 + y * 104_729 + x * y) % 23;
        Rgb([
            (x / 2 + grain) as u8,
            (y / 3 + grain) as u8,
            ((x + y) / 5 + grain) as u8,
        ])
    });
    let request =
        DocumentRequest::specimen(Portrait::encode(&picture, Encoding::Jpeg2000, 15_000).unwrap());
    let electronics = Electronics {
        pace: vec![PaceOffer {
            mapping: Mapping::Generic,
            cipher: Cipher::Aes128,
            parameters: 13,
        }],
        chip: vec![ChipOffer {
            cipher: Cipher::Aes128,
            parameters: 13,
            number: None,
            announced: true,
        }],
        ..Electronics::default()
    };
    Authority::new(State::UTOPIA, Scheme::Elliptic, 1)
        .unwrap()
        .issue_with(&request, &electronics)
        .unwrap()
}

fn passwords(document: &TestDocument) -> Passwords {
    AccessKey::from_mrz_information(document.key_information()).into()
}

fn gate(document: &TestDocument, profile: Profile, apdus: ApduLength) -> (u32, Duration) {
    let mut card = InField::new(Chip::new(document, 1).with_profile(profile));
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut habits: Habits = apdus.into();
    let request = passwords(document).into();
    let files = read(&mut card, &request, &mut habits, &mut rng, &mut |_| {}).unwrap();
    assert_eq!(files.iter().count(), document.files().count());
    (card.commands(), card.elapsed())
}

fn gmrtd(document: &TestDocument, profile: Profile, most: usize) -> (u32, Duration) {
    let mut card = InField::new(Chip::new(document, 1).with_profile(profile));
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut terminal = Terminal::new(&mut card);
    select(&mut terminal, 0x00, &[0x3F, 0x00]);
    let card_access = file(&mut terminal, 0x011C, most).unwrap();
    terminal
        .pace(&card_access, &passwords(document), &mut rng)
        .unwrap()
        .unwrap();
    assert!(file(&mut terminal, 0x2F00, most).is_none());
    select(&mut terminal, 0x04, &[0xA0, 0, 0, 0x02, 0x47, 0x10, 0x01]);
    let mut security_options = Vec::new();
    for id in [0x011D, 0x011E, 0x0101, 0x0102, 0x010E] {
        let bytes = file(&mut terminal, id, most).unwrap();
        assert_eq!(Some(&bytes[..]), document.file(id));
        security_options = bytes;
    }
    assert!(
        terminal
            .chip_authentication(&security_options, &mut rng)
            .unwrap()
    );
    assert!(select(&mut terminal, 0x02, &[0x01, 0x0E]));
    (card.commands(), card.elapsed())
}

fn select(terminal: &mut Terminal<'_>, p1: u8, data: &[u8]) -> bool {
    let command = Command {
        class: 0,
        instruction: 0xA4,
        p1,
        p2: 0x0C,
        data,
        expected: None,
    };
    let response = terminal.exchange(Step::Application, &command).unwrap();
    response.status == Status::SUCCESS
}

fn file(terminal: &mut Terminal<'_>, id: u16, most: usize) -> Option<Vec<u8>> {
    if !select(terminal, 0x02, &id.to_be_bytes()) {
        return None;
    }
    let mut bytes = block(terminal, 0, 4);
    let length = match bytes[..] {
        [_, 0x82, high, low] => 4 + usize::from(u16::from_be_bytes([high, low])),
        [_, 0x81, length, _] => 3 + usize::from(length),
        [_, length, ..] => 2 + usize::from(length),
        _ => 0,
    };
    while bytes.len() < length {
        let expected = most.min(length - bytes.len());
        let more = block(terminal, bytes.len(), expected);
        assert!(!more.is_empty());
        bytes.extend(more);
    }
    Some(bytes)
}

fn block(terminal: &mut Terminal<'_>, offset: usize, expected: usize) -> Vec<u8> {
    let [.., p1, p2] = offset.to_be_bytes();
    let command = Command {
        class: 0,
        instruction: 0xB0,
        p1,
        p2,
        data: &[],
        expected: Some(expected),
    };
    let response = terminal.exchange(Step::Application, &command).unwrap();
    response.data.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Virtual time by the chip's profile: the same on every machine.
    #[test]
    fn a_typical_chip_is_read_in_fourteen_commands_and_a_third_faster_than_by_its_peer() {
        let (document, profile) = (document(), Profile::TYPICAL);
        let (commands, elapsed) = gate(&document, profile, ApduLength::Extended);
        assert_eq!(commands, 14);
        for (most, peer_commands) in [(256, 92), (65_536, 29)] {
            let (peer, time) = gmrtd(&document, profile, most);
            assert_eq!(peer, peer_commands);
            assert!(time.as_secs_f64() >= 1.3 * elapsed.as_secs_f64());
        }
    }
    #[test]
    fn every_chip_is_read_a_third_faster_than_in_the_way_of_gmrtd_as_it_comes() {
        let document = document();
        for (name, profile) in PROFILES {
            let (commands, elapsed) = gate(&document, profile, ApduLength::Extended);
            let (peer_commands, peer) = gmrtd(&document, profile, 256);
            assert_eq!((commands, peer_commands), (14, 92), "{name}");
            assert!(peer.as_secs_f64() >= 1.3 * elapsed.as_secs_f64(), "{name}");
        }
    }

    /// On the slowest chips the bytes take four fifths of the time, whoever asks for them.
    #[test]
    fn a_slow_chip_is_read_as_fast_as_its_bytes_allow() {
        let (document, profile) = (document(), Profile::SLOW);
        let (_, elapsed) = gate(&document, profile, ApduLength::Extended);
        let least = least(&document, profile);
        assert!(elapsed >= least);
        assert!(elapsed.as_secs_f64() <= 1.03 * least.as_secs_f64());
        let (_, default) = gmrtd(&document, profile, 256);
        let (_, longest) = gmrtd(&document, profile, 65_536);
        assert!(default.as_secs_f64() >= 1.3 * elapsed.as_secs_f64());
        assert!(longest.as_secs_f64() >= 1.2 * elapsed.as_secs_f64());
        assert!(longest.as_secs_f64() < 1.3 * least.as_secs_f64());
    }
}
