//! Every profile of document readers against a simulated line: the driver, a pseudo-terminal, and the
//! bytes that such a reader sends.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::mrz::Mrz;
use gate_host::ports::reader::{FrameError, Profile, ReaderEvent, ReaderSettings, run, which};
use gate_sim::reader::{SerialLine, rte_native};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// The specimens of Doc 9303-4 and 9303-5.
const BOOKLET: [&str; 2] = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
];
const CARD: [&str; 3] = [
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
];

/// Longer than anything here takes, on a machine that is busy with something else.
const LIMIT: Duration = Duration::from_secs(60);

/// Bytes with which no frame begins and of which no zone consists.
const NOISE: [u8; 5] = [0xB7, 0x80, 0xFE, 0x91, 0xB7];

/// What a reader of this profile sends for these lines.
fn frame(profile: Profile, lines: &[&str]) -> Vec<u8> {
    let text = lines.join("\r");
    match profile {
        Profile::RteNative => rte_native(lines),
        Profile::Elyctis => {
            let length = u8::try_from(text.len()).unwrap();
            [b"I\x00", &[length][..], text.as_bytes()].concat()
        }
        Profile::Desko => format!("\x1c\x02{text}\r\x03\x1d").into_bytes(),
        Profile::GigaTms => format!("\x02S{text}\x03").into_bytes(),
        Profile::StxEtx => format!("\x02{text}\x03").into_bytes(),
        Profile::StxEtxBcc => {
            let checked = format!("{text}\r\x03");
            let check = checked.bytes().fold(0, |sum, byte| sum ^ byte);
            [b"\x02", checked.as_bytes(), &[check]].concat()
        }
        Profile::Honeywell | Profile::Newland | Profile::Lines => {
            format!("{text}\r\n").into_bytes()
        }
    }
}

/// The far end of the line.
struct Reader {
    profile: Profile,
    line: SerialLine,
    received: Vec<u8>,
}

impl Reader {
    /// Waits until the host has sent each of `commands`, and forgets them.
    async fn is_told(&mut self, commands: &[&[u8]]) {
        let told = async {
            for command in commands {
                loop {
                    self.received.extend(self.line.receive());
                    let mut sent = self.received.windows(command.len());
                    if let Some(at) = sent.position(|sent| sent == *command) {
                        self.received.drain(..at + command.len());
                        break;
                    }
                    sleep(Duration::from_millis(5)).await;
                }
            }
        };
        let profile = self.profile;
        let told = timeout(LIMIT, told).await;
        assert!(told.is_ok(), "{profile}: {commands:?} never came");
    }

    /// Sends in two pieces, when the profile lets it speak.
    async fn says(&mut self, bytes: &[u8]) {
        if let Some(inquiry) = self.profile.inquiry() {
            self.is_told(&[inquiry]).await;
        }
        let (first, second) = bytes.split_at(bytes.len() / 2);
        self.line.send(first);
        sleep(Duration::from_millis(20)).await;
        self.line.send(second);
    }
}

/// The next zone or part of one; noise and beginnings come before.
async fn zone(heard: &mut mpsc::UnboundedReceiver<ReaderEvent>) -> ReaderEvent {
    loop {
        match timeout(LIMIT, heard.recv()).await.unwrap().unwrap() {
            ReaderEvent::Found
            | ReaderEvent::Began
            | ReaderEvent::Bad(FrameError::Noise { .. }, _) => {}
            event => return event,
        }
    }
}

#[tokio::test]
async fn every_profile_reads_a_zone_in_pieces_after_noise_once_and_is_armed_again() {
    for profile in Profile::ALL {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("mrz");
        let mut reader = Reader {
            profile,
            line: SerialLine::plug(&device).unwrap(),
            received: Vec::new(),
        };
        let (sink, mut heard) = mpsc::unbounded_channel();
        let settings = ReaderSettings {
            device,
            baud: 115_200,
            profile,
        };
        tokio::spawn(run(settings, move |event| sink.send(event).is_ok()));
        reader.is_told(profile.set_up()).await;
        reader.is_told(profile.arm()).await;
        let right = |event: &ReaderEvent, lines: &[&str]| match event {
            ReaderEvent::Zone(zone) => Mrz::parse(zone.text()) == Mrz::parse(&lines.join("\n")),
            _ => false,
        };
        reader.says(&frame(profile, &BOOKLET)).await;
        let event = zone(&mut heard).await;
        assert!(right(&event, &BOOKLET), "{profile}: {event:?}");
        reader.is_told(profile.arm()).await;
        // Said twice, it counts once: the next event is that of the card, after noise.
        reader.says(&frame(profile, &BOOKLET)).await;
        let noisy = [&NOISE[..], &frame(profile, &CARD)].concat();
        reader.says(&noisy).await;
        let event = zone(&mut heard).await;
        assert!(right(&event, &CARD), "{profile}: {event:?}");
        // Half of the bottom line is a part of a zone, and no zone that cannot be read.
        reader.says(&frame(profile, &[&BOOKLET[1][..22]])).await;
        let event = zone(&mut heard).await;
        assert!(
            matches!(event, ReaderEvent::Partial { lines: 1, .. }),
            "{profile}: {event:?}"
        );
    }
}

#[tokio::test]
async fn a_technician_who_listens_is_told_which_profiles_understand_the_reader() {
    for profile in Profile::ALL {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("mrz");
        let line = SerialLine::plug(&device).unwrap();
        line.send(&frame(profile, &BOOKLET));
        let probe = which::listen(&device, 115_200, LIMIT).await.unwrap();
        assert!(probe.understood.contains(&profile), "{profile}: {probe}");
        let told = probe.to_string();
        assert!(told.contains(&profile.to_string()), "{told}");
        assert!(!told.contains("ERIKSSON"), "{told}");
    }
}
