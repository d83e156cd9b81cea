//! The reader's driver against the simulated reader, on a pseudo-terminal.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::mrz::Mrz;
use gate_host::ports::reader::{
    FrameError, Profile, ReaderError, ReaderEvent, ReaderSettings, run, which,
};
use gate_sim::reader::{Reader, ReaderFault, SerialLine};
use gate_sim::world::Placement;
use std::time::Duration;
use tokio::sync::mpsc;

/// The specimen of Doc 9303-4.
const ZONE: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                    L898902C36UTO7408122F1204159ZE184226B<<<<<10";

/// Longer than anything here takes, on a machine that is busy with something else.
const LIMIT: Duration = Duration::from_secs(60);

struct Line {
    reader: Reader,
    heard: mpsc::UnboundedReceiver<ReaderEvent>,
    folder: tempfile::TempDir,
}

impl Line {
    /// A driver that has found its reader.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("mrz");
        let reader = Reader::plug(&device, 115_200).unwrap();
        let (sink, heard) = mpsc::unbounded_channel();
        let settings = ReaderSettings {
            device,
            baud: 115_200,
            profile: Profile::RteNative,
        };
        tokio::spawn(run(settings, move |event| sink.send(event).is_ok()));
        let mut line = Self {
            reader,
            heard,
            folder,
        };
        assert!(matches!(line.next().await, ReaderEvent::Found));
        line
    }

    async fn next(&mut self) -> ReaderEvent {
        let heard = tokio::time::timeout(LIMIT, self.heard.recv()).await;
        heard.unwrap().unwrap()
    }

    fn place(&self, placement: Placement) {
        self.reader.place(ZONE, placement, Duration::ZERO);
    }

    /// The text that the next frame carries.
    async fn zone(&mut self) -> String {
        assert!(matches!(self.next().await, ReaderEvent::Began));
        match self.next().await {
            ReaderEvent::Zone(zone) => zone.text().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    async fn reads(&mut self) {
        self.place(Placement::Right);
        let zone = self.zone().await;
        assert_eq!(Mrz::parse(&zone).unwrap(), Mrz::parse(ZONE).unwrap());
    }
}

#[tokio::test]
async fn a_zone_comes_through_whole() {
    Line::new().await.reads().await;
}

#[tokio::test]
async fn a_misplaced_document_is_seen_in_part() {
    let mut line = Line::new().await;
    line.place(Placement::Wrong);
    assert!(matches!(line.next().await, ReaderEvent::Began));
    let partial = line.next().await;
    assert!(
        matches!(
            partial,
            ReaderEvent::Partial {
                lines: 1,
                longest: 44
            }
        ),
        "{partial:?}"
    );
}

#[tokio::test]
async fn a_torn_frame_is_noticed_and_the_next_is_read() {
    let mut line = Line::new().await;
    line.reader.fault(ReaderFault::Torn);
    line.place(Placement::Right);
    assert!(matches!(line.next().await, ReaderEvent::Began));
    let torn = line.next().await;
    assert!(
        matches!(torn, ReaderEvent::Bad(FrameError::Torn { bytes }, discarded) if bytes as u64 == discarded.bytes),
        "{torn:?}"
    );
    line.reader.fault(ReaderFault::None);
    line.reads().await;
}

#[tokio::test]
async fn garbage_is_told_once_and_the_next_frame_is_read() {
    let mut line = Line::new().await;
    line.reader.fault(ReaderFault::Garbage);
    line.place(Placement::Right);
    let noise = line.next().await;
    assert!(
        matches!(noise, ReaderEvent::Bad(FrameError::Noise { bytes }, discarded) if bytes as u64 == discarded.bytes),
        "{noise:?}"
    );
    line.reader.fault(ReaderFault::None);
    line.reads().await;
}

#[tokio::test]
async fn a_reader_that_is_unplugged_is_lost_by_name_and_found_again() {
    let mut line = Line::new().await;
    line.reader.fault(ReaderFault::Unplugged);
    match line.next().await {
        ReaderEvent::Lost(ReaderError::Gone { device, .. }) => {
            assert_eq!(device, line.folder.path().join("mrz"));
        }
        other => panic!("{other:?}"),
    }
    line.reader.fault(ReaderFault::None);
    assert!(matches!(line.next().await, ReaderEvent::Found));
    line.reads().await;
}

/// The far end of a line with a reader that speaks when it is asked.
struct Asked {
    line: SerialLine,
    received: Vec<u8>,
}

impl Asked {
    /// Waits until the host has sent `command`, and forgets everything up to it.
    async fn waits_for(&mut self, command: &[u8]) {
        let heard = async {
            loop {
                self.received.extend(self.line.receive());
                let at = self
                    .received
                    .windows(command.len())
                    .position(|sent| sent == command);
                if let Some(at) = at {
                    self.received.drain(..at + command.len());
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LIMIT, heard).await.unwrap();
    }

    async fn answers(&mut self, text: &str) {
        self.waits_for(b"I\x00\x00").await;
        let length = u8::try_from(text.len()).unwrap();
        self.line
            .send(&[&b"I\x00"[..], &[length], text.as_bytes()].concat());
    }
}

#[tokio::test]
async fn a_reader_that_is_asked_is_armed_tells_a_document_once_and_is_missed_when_it_falls_silent()
{
    let folder = tempfile::tempdir().unwrap();
    let device = folder.path().join("mrz");
    let line = SerialLine::plug(&device).unwrap();
    let mut reader = Asked {
        line,
        received: Vec::new(),
    };
    let (sink, mut heard) = mpsc::unbounded_channel();
    let settings = ReaderSettings {
        device,
        baud: 115_200,
        profile: Profile::Elyctis,
    };
    tokio::spawn(run(settings, move |event| sink.send(event).is_ok()));
    let mut next = async || {
        let event = tokio::time::timeout(LIMIT, heard.recv()).await;
        event.unwrap().unwrap()
    };
    let armed = b"C\x00\x01\x01";
    reader.waits_for(armed).await;
    reader.answers("").await;
    assert!(matches!(next().await, ReaderEvent::Found));
    let zone = ZONE.replace('\n', "\r");
    reader.answers(&zone).await;
    assert!(matches!(next().await, ReaderEvent::Zone(found) if found.text() == zone));
    reader.waits_for(armed).await;
    // The document lies there: nothing new, until it has been away.
    reader.answers(&zone).await;
    reader.answers("").await;
    reader.answers(&zone[..20]).await;
    let partial = next().await;
    assert!(
        matches!(
            partial,
            ReaderEvent::Partial {
                lines: 1,
                longest: 20
            }
        ),
        "{partial:?}"
    );
    let lost = next().await;
    assert!(
        matches!(
            lost,
            ReaderEvent::Lost(ReaderError::Silent { asked: 4, .. })
        ),
        "{lost:?}"
    );
    // The inquiries that nobody answered are nobody's any more.
    let _unanswered = reader.line.receive();
    reader.received.clear();
    reader.answers(&zone).await;
    assert!(matches!(next().await, ReaderEvent::Found));
    assert!(matches!(next().await, ReaderEvent::Zone(_)));
}

#[tokio::test]
async fn a_technician_finds_out_which_reader_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let device = folder.path().join("mrz");
    let mut reader = Asked {
        line: SerialLine::plug(&device).unwrap(),
        received: Vec::new(),
    };
    let answering = tokio::spawn(async move {
        for _ in which::BAUDS {
            reader.answers("").await;
        }
        reader
    });
    let mut told = Vec::new();
    let probes = which::ask(&device, |probe| told.push(probe.to_string()))
        .await
        .unwrap();
    let _still_plugged = answering.await.unwrap();
    for probe in probes {
        let is_it = probe.asked == Some(Profile::Elyctis);
        assert_eq!(probe.bytes > 0, is_it, "{probe}");
        assert_eq!(probe.understood.contains(&Profile::Elyctis), is_it);
    }
    assert!(told[0].contains("profile elyctis"), "{told:?}");
}
