//! The reader's driver against the simulated reader, on a pseudo-terminal.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::mrz::Mrz;
use gate_host::ports::reader::{
    FrameError, Profile, ReaderError, ReaderEvent, ReaderSettings, run,
};
use gate_sim::reader::{Reader, ReaderFault};
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
                longest: 22
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
