//! Chips: one thread sees documents come and go, another reads and judges them.
//!
//! Two threads, because waiting for a document must not delay the reading of one that is there.

pub mod pcsc;
pub mod timed;

use super::Outbox;
use crate::clock;
use crate::settings::ChipSettings;
use crate::trust::Follower;
use gate_document::chip::{self, ApduLength, Progress, ReadError};
use gate_document::file::{ChipFiles, ElementaryFile};
use gate_document::inspect;
use gate_document::mrz::Mrz;
use gate_document::trust::TrustStore;
use gate_document::{CardError, Finding, lds};
use gate_protocol::Instant;
use gate_session::{Asked, ChipFailure, Device, Event, Span, SpanKind, Ticket};
use pcsc::{PcscCard, PcscReader};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use timed::{Exchange, Timed};
use tracing::{error, info, warn};

/// Questions that may wait: one document at a time lies on the reader.
const QUEUE: usize = 4;

/// How long presence is waited for before it is looked whether anybody still cares.
const WATCH: Duration = Duration::from_millis(500);

/// How long a chip may take to appear after its zone was read.
const APPEARS_WITHIN: Duration = Duration::from_secs(3);

/// The contactless reader.
#[derive(Debug)]
pub struct ChipPort {
    questions: mpsc::SyncSender<(Ticket, Box<Mrz>)>,
    outbox: Outbox,
}

impl ChipPort {
    /// Starts both threads.
    ///
    /// # Errors
    ///
    /// The system's, when no thread can be started.
    pub fn spawn(settings: ChipSettings, trust: Follower, outbox: Outbox) -> std::io::Result<Self> {
        let (questions, waiting) = mpsc::sync_channel(QUEUE);
        let watched = PcscReader::new(settings.reader.clone());
        let to_lane = outbox.clone();
        thread::Builder::new()
            .name("chip-presence".into())
            .spawn(move || watch(watched, &to_lane))?;
        let apdus = if settings.extended_length {
            ApduLength::Extended
        } else {
            ApduLength::Short
        };
        let worker = Worker {
            reader: PcscReader::new(settings.reader),
            apdus,
            trust,
            outbox: outbox.clone(),
            seen: false,
        };
        thread::Builder::new()
            .name("chip".into())
            .spawn(move || worker.run(&waiting))?;
        Ok(Self { questions, outbox })
    }

    /// Reads and judges the chip; `Event::ChipRead` follows.
    pub fn read(&self, ticket: Ticket, printed: Box<Mrz>) {
        if let Err(
            mpsc::TrySendError::Full((ticket, _)) | mpsc::TrySendError::Disconnected((ticket, _)),
        ) = self.questions.try_send((ticket, printed))
        {
            error!(limit = QUEUE, "chip: queue is full");
            self.outbox
                .post(Event::ChipRead(ticket, Err(ChipFailure::Faulty)));
        }
    }
}

/// Tells when documents come, and whether the reader works.
fn watch(mut reader: PcscReader, outbox: &Outbox) {
    let mut works = None;
    let mut present = false;
    while outbox.is_open() {
        let seen = reader.watch(WATCH);
        if works != Some(seen.is_ok()) {
            works = Some(seen.is_ok());
            match &seen {
                Ok(_) => info!(reader = reader.name(), "contactless reader found"),
                Err(problem) => error!(%problem, "contactless reader lost"),
            }
            outbox.post(if seen.is_ok() {
                Event::DeviceReady(Device::ChipReader)
            } else {
                Event::DeviceLost(Device::ChipReader)
            });
        }
        let is_present = seen.unwrap_or(false);
        if is_present && !present {
            outbox.post(Event::DocumentPresented);
        }
        present = is_present;
    }
}

struct Worker {
    reader: PcscReader,
    apdus: ApduLength,
    trust: Follower,
    outbox: Outbox,
    /// A chip answered at all, the last time.
    seen: bool,
}

impl Worker {
    fn run(mut self, waiting: &mpsc::Receiver<(Ticket, Box<Mrz>)>) {
        for (ticket, printed) in waiting {
            let asked = ticket.asked();
            let result = self.examine(asked, &printed);
            self.outbox.post(Event::ChipRead(ticket, result));
        }
    }

    fn examine(&mut self, asked: Asked, printed: &Mrz) -> Result<Vec<Finding>, ChipFailure> {
        let trust = self.trust.store();
        let files = match self.read(asked, printed, &trust) {
            Ok(files) => files,
            Err(problem) => {
                warn!(%problem, "chip not read");
                let known = inspect::chip_not_read(printed, &problem, clock::today());
                self.outbox.post(Event::ChipJudged(asked, known.findings));
                return Err(failure(&problem, self.seen));
            }
        };
        let started = self.outbox.now();
        let findings = inspect::inspect_without_portrait(printed, &files, &trust, clock::today());
        let span = Span::new(
            "inspect document",
            SpanKind::Software,
            started,
            self.outbox.now(),
        );
        self.outbox.post(Event::Spent(asked, vec![span]));
        Ok(findings)
    }

    fn read(
        &mut self,
        asked: Asked,
        printed: &Mrz,
        trust: &TrustStore,
    ) -> Result<ChipFiles, ReadError> {
        let clock = self.outbox.clock();
        let started = clock.now();
        let card = self.connect();
        self.seen = card.is_ok();
        let mut steps = vec![
            Step {
                name: "wait for chip",
                from: started,
            },
            Step {
                name: "open chip",
                from: clock.now(),
            },
        ];
        let mut card = Timed::new(card.map_err(ReadError::Card)?, move || clock.now());
        let outbox = &self.outbox;
        let mut signature = Vec::new();
        let files = chip::read(
            &mut card,
            &printed.access_key(),
            self.apdus,
            &mut rand::rng(),
            &mut |progress| {
                match progress {
                    Progress::Done {
                        file: ElementaryFile::Sod,
                        bytes,
                    } => signature = bytes.to_vec(),
                    // Whoever could write to the chip wrote these bytes: the decoder gets to see
                    // them when a trusted signer vouches for them.
                    Progress::Done { file, bytes }
                        if file == ElementaryFile::DG2
                            && !inspect::vouches_for(
                                file,
                                bytes,
                                &signature,
                                trust,
                                clock::today(),
                            ) =>
                    {
                        warn!("DG2 is not decoded: no trusted signature vouches for it");
                    }
                    progress => report(outbox, asked, &progress),
                }
                if let Progress::Begun { file, .. } = progress {
                    steps.push(Step {
                        name: reading(file),
                        from: clock.now(),
                    });
                }
            },
        );
        let (_, exchanges) = card.into_parts();
        self.outbox
            .post(Event::Spent(asked, spans(&steps, &exchanges)));
        files
    }

    /// The zone is often read before the chip has woken up.
    fn connect(&mut self) -> Result<PcscCard, CardError> {
        let until = self.outbox.now() + APPEARS_WITHIN;
        loop {
            match self.reader.connect() {
                Err(CardError::Removed) if self.outbox.now() < until => {
                    self.reader.watch(Duration::from_millis(100))?;
                }
                result => return result,
            }
        }
    }
}

/// What the chip was busy with from a moment on.
struct Step {
    name: &'static str,
    from: Instant,
}

/// Exchanges as device time, each under the name of the step that it began in.
fn spans(steps: &[Step], exchanges: &[Exchange]) -> Vec<Span> {
    let waited = steps
        .windows(2)
        .take(1)
        .map(|pair| Span::new(pair[0].name, SpanKind::Device, pair[0].from, pair[1].from));
    let read = exchanges.iter().map(|exchange| {
        let step = steps.iter().rev().find(|step| step.from <= exchange.begin);
        let name = step.map_or("open chip", |step| step.name);
        Span::new(name, SpanKind::Device, exchange.begin, exchange.end)
    });
    waited.chain(read).collect()
}

/// The portrait goes to work while the rest of the chip is read.
fn report(outbox: &Outbox, asked: Asked, progress: &Progress<'_>) {
    match progress {
        Progress::Opened => outbox.post(Event::ChipProgress(asked, 5)),
        Progress::Begun { .. } => {}
        Progress::Advanced {
            file: ElementaryFile::DG2,
            read,
            length,
        } => {
            let done = 80 * read / (*length).max(1);
            outbox.post(Event::ChipProgress(
                asked,
                15 + u8::try_from(done).unwrap_or(80),
            ));
        }
        Progress::Advanced { .. } => {}
        Progress::Done {
            file: ElementaryFile::DG2,
            bytes,
        } => match lds::portrait(bytes) {
            Ok(portrait) => outbox.post(Event::PortraitRead(asked, Box::new(portrait))),
            Err(problem) => warn!(%problem, "no portrait in DG2"),
        },
        Progress::Done { .. } => {}
    }
}

fn reading(file: ElementaryFile) -> &'static str {
    match file {
        ElementaryFile::Sod => "read EF.SOD",
        ElementaryFile::Com => "read EF.COM",
        ElementaryFile::DG1 => "read DG1",
        ElementaryFile::DG2 => "read DG2",
        ElementaryFile::DataGroup(_) => "read data group",
    }
}

fn failure(problem: &ReadError, seen: bool) -> ChipFailure {
    match problem {
        ReadError::Card(CardError::Removed) if !seen => ChipFailure::Absent,
        ReadError::Card(CardError::Removed) => ChipFailure::Removed,
        ReadError::Access(_) | ReadError::NoApplication { .. } => ChipFailure::AccessRefused,
        _ => ChipFailure::Faulty,
    }
}
