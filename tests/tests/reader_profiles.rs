//! Every profile of document readers against a simulated line: the driver, a pseudo-terminal, and the
//! bytes that such a reader sends.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::mrz::Mrz;
use gate_host::ports::reader::{
    FrameError, Profile, ReaderError, ReaderEvent, ReaderSettings, run, which,
};
use gate_sim::reader::{Happens, Make, SerialLine, plug_triggered, rte_native};
use std::mem::discriminant;
use std::path::PathBuf;
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
        if let Some(inquiry) = self.profile.inquiry()
            && self.profile.tells_when_asked()
        {
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

/// A device that waits for its trigger, and what the driver hears of it.
struct Triggered {
    tell: mpsc::UnboundedSender<Happens>,
    heard: mpsc::UnboundedReceiver<ReaderEvent>,
    _folder: tempfile::TempDir,
}

impl Triggered {
    fn plug(make: Make, profile: Profile, patience: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("mrz");
        let tell = plug_triggered(&device, make, patience).unwrap();
        let (sink, heard) = mpsc::unbounded_channel();
        let settings = ReaderSettings {
            device,
            baud: 115_200,
            profile,
        };
        tokio::spawn(run(settings, move |event| sink.send(event).is_ok()));
        Self {
            tell,
            heard,
            _folder: folder,
        }
    }

    fn happens(&self, what: Happens) {
        self.tell.send(what).unwrap();
    }

    fn lay(&self, lines: &[&str]) {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        self.happens(Happens::Laid(lines));
    }

    /// The next event but beginnings; noise would be an answer that nobody understood.
    async fn next(&mut self) -> ReaderEvent {
        loop {
            match timeout(LIMIT, self.heard.recv()).await.unwrap().unwrap() {
                ReaderEvent::Began => {}
                event => return event,
            }
        }
    }

    async fn reads(&mut self, lines: &[&str]) {
        let event = self.next().await;
        let right = Mrz::parse(&lines.join("\n"));
        let is_right = |zone: &str| Mrz::parse(zone) == right;
        assert!(
            matches!(&event, ReaderEvent::Zone(zone) if is_right(zone.text())),
            "{event:?}"
        );
    }
}

const MAKES: [(Make, Profile); 2] = [
    (Make::Honeywell, Profile::Honeywell),
    (Make::Newland, Profile::Newland),
];

#[tokio::test]
async fn a_triggered_reader_is_found_when_it_answers_and_lost_when_it_does_not() {
    for (make, profile) in MAKES {
        let mut reader = Triggered::plug(make, profile, LIMIT);
        assert!(
            matches!(reader.next().await, ReaderEvent::Found),
            "{profile}"
        );
        reader.lay(&BOOKLET);
        reader.reads(&BOOKLET).await;
        reader.happens(Happens::Lifted);
        reader.happens(Happens::Hangs(true));
        let lost = reader.next().await;
        let silent = ReaderError::Silent {
            device: PathBuf::new(),
            asked: 4,
        };
        assert!(
            matches!(&lost, ReaderEvent::Lost(error) if discriminant(error) == discriminant(&silent)),
            "{profile}: {lost:?}"
        );
        reader.happens(Happens::Hangs(false));
        assert!(
            matches!(reader.next().await, ReaderEvent::Found),
            "{profile}"
        );
        reader.lay(&CARD);
        reader.reads(&CARD).await;
    }
}

#[tokio::test]
async fn a_triggered_reader_that_gave_up_or_lost_power_reads_the_next_document_all_the_same() {
    for (make, profile) in MAKES {
        // It waits for a second only: long before the next document, its trigger is gone.
        let mut reader = Triggered::plug(make, profile, Duration::from_secs(1));
        assert!(
            matches!(reader.next().await, ReaderEvent::Found),
            "{profile}"
        );
        sleep(Duration::from_secs(2)).await;
        reader.lay(&BOOKLET);
        reader.reads(&BOOKLET).await;
        reader.happens(Happens::Lifted);
        reader.happens(Happens::PowerLost);
        reader.lay(&CARD);
        reader.reads(&CARD).await;
    }
}

#[tokio::test]
async fn a_technician_finds_a_triggered_reader_by_its_answer() {
    for (make, profile) in MAKES {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("mrz");
        let _tell = plug_triggered(&device, make, LIMIT).unwrap();
        let probes = which::ask(&device, |_| {}).await.unwrap();
        for probe in probes {
            let is_it = probe.asked == Some(profile);
            assert_eq!(probe.bytes > 0, is_it, "{probe}");
            assert_eq!(
                probe.understood,
                if is_it { vec![profile] } else { Vec::new() },
                "{probe}"
            );
        }
    }
}
