//! Chips: one thread sees documents come and go, another reads and judges them.
//!
//! Two threads, because waiting for a document must not delay the reading of one that is there.
//!
//! A lane opens chips with the printed zone and with nothing else. The card access number stands on the
//! front of a card, which no reader of a lane sees; a card that opens with its number alone refuses the
//! zone for good (`ChipFailure::NoAccess`), and an officer reads it at a desk: `gatectl document read
//! --can`.

pub mod pcsc;
pub mod timed;

use super::Outbox;
use crate::clock;
use crate::settings::ChipSettings;
use crate::trust::Follower;
use gate_document::access::Passwords;
use gate_document::channel::Notice;
use gate_document::chip::{self, ApduLength, Cause, ChipKind, Memory, Progress, ReadError};
use gate_document::file::{ChipFiles, ElementaryFile};
use gate_document::inspect;
use gate_document::mrz::Mrz;
use gate_document::trust::TrustStore;
use gate_document::{CardError, Check, Finding, Habits, Outcome, lds};
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

/// How long one chip may be talked to: beyond what any journey waits for, and a bound on what a hostile
/// chip takes from the next traveller.
const READS_WITHIN: Duration = Duration::from_secs(30);

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
            memory: Memory::default(),
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
    /// What has worked with this reader and with chips of each kind, since the daemon started.
    memory: Memory,
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
        let mut notices = Vec::new();
        let (read, lesson) = self.read(asked, printed, &trust, &mut notices);
        let (printed, files) = match read {
            Ok((opened_with, files)) => {
                if opened_with != printed {
                    info!("the chip opened with another reading of the printed zone");
                    let proved = Box::new(opened_with.clone());
                    self.outbox.post(Event::ZoneProved(asked, proved));
                }
                (opened_with, files)
            }
            Err(problem) => {
                let fault = problem.fault();
                warn!(%problem, kind = fault.kind, clause = fault.clause, "chip not read");
                let known = inspect::chip_not_read(printed, &problem, &notices, clock::today());
                self.outbox
                    .post(Event::ChipJudged(asked, known.for_journal()));
                return Err(failure(&problem, self.seen));
            }
        };
        let started = self.outbox.now();
        let findings = inspect::inspect_for_journal(printed, &files, &trust, clock::today());
        if let Some(lesson) = lesson.filter(|_| teaches(&findings)) {
            self.memory
                .learn(&lesson.reader, &lesson.kind, &lesson.habits);
        }
        let span = Span::new(
            "inspect document",
            SpanKind::Software,
            started,
            self.outbox.now(),
        );
        self.outbox.post(Event::Spent(asked, vec![span]));
        Ok(findings)
    }

    /// The files of the chip, and the reading of its zone that opened it; and what was learnt, where a
    /// chip was there.
    fn read<'a>(
        &mut self,
        asked: Asked,
        printed: &'a Mrz,
        trust: &TrustStore,
        notices: &mut Vec<Notice>,
    ) -> (Result<(&'a Mrz, ChipFiles), ReadError>, Option<Lesson>) {
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
        let card = match card {
            Ok(card) => card,
            Err(error) => {
                let step = gate_document::step::Step::CardAccess;
                return (Err(ReadError::Card { step, error }), None);
            }
        };
        let reader = self.reader.name().unwrap_or_default();
        let kind = ChipKind {
            issuer: printed.issuing_state.clone(),
            answer: card.answer_to_reset(),
        };
        let mut habits = self.memory.habits(&reader, &kind, self.apdus);
        let deadline = clock.now() + READS_WITHIN;
        let mut card = Timed::new(card, move || clock.now(), deadline);
        let outbox = &self.outbox;
        let mut signature = Vec::new();
        let mut read = |zone: &Mrz| {
            chip::read(
                &mut card,
                &Passwords::from(zone.access_key()).into(),
                &mut habits,
                &mut rand::rng(),
                &mut |progress| {
                    match progress {
                        Progress::Done {
                            file: ElementaryFile::Sod,
                            bytes,
                        } => signature = bytes.to_vec(),
                        // Whoever could write to the chip wrote these bytes: the decoder gets to
                        // see them when a trusted signer vouches for them.
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
                    if let Progress::Noticed(notice) = progress {
                        notices.push(notice);
                    }
                    if let Progress::Begun { file, .. } = progress {
                        steps.push(Step {
                            name: reading(file),
                            from: clock.now(),
                        });
                    }
                },
            )
        };
        let files = first_that_opens(printed, &mut read);
        let (_, exchanges) = card.into_parts();
        self.outbox
            .post(Event::Spent(asked, spans(&steps, &exchanges)));
        let lesson = Lesson {
            reader,
            kind,
            habits,
        };
        (files, Some(lesson))
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

/// What a conversation has learnt, of whom.
struct Lesson {
    reader: String,
    kind: ChipKind,
    habits: Habits,
}

/// Whether later chips of its kind are read as this one wanted it: it was read completely, a trusted
/// signer vouches for its files, and nothing says that it is a copy. Anybody can make a chip that is
/// slow to read.
fn teaches(findings: &[Finding]) -> bool {
    let outcome = |check| {
        let found = findings.iter().find(|finding| finding.check == check);
        found.map(|finding| finding.outcome)
    };
    let proved = [
        Check::ChipReading,
        Check::SodSignature,
        Check::SignerTrust,
        Check::DataGroupDigests,
    ];
    let copied = [Check::ChipAuthentication, Check::ActiveAuthentication];
    proved
        .into_iter()
        .all(|check| outcome(check) == Some(Outcome::Passed))
        && !copied
            .into_iter()
            .any(|check| outcome(check) == Some(Outcome::Failed))
}

/// Asks the chip with one reading of the zone after the other, likeliest first, until it opens or none is left:
/// there are five at most, and a wrong one costs 0.3 s. Nothing is used up by that, because a key of the zone has no
/// counter in the chip (Doc 9303-11, 4.3 and 4.4); some chips take longer with each, and [`READS_WITHIN`] bounds
/// them all together. Only a refused key leads to the next one.
fn first_that_opens<'a>(
    printed: &'a Mrz,
    read: &mut impl FnMut(&Mrz) -> Result<ChipFiles, ReadError>,
) -> Result<(&'a Mrz, ChipFiles), ReadError> {
    let first = read(printed).map(|files| (printed, files));
    let others = printed.alternatives().iter();
    others.fold(first, |result, zone| match result {
        Err(error) if error.cause() == Cause::WrongZone => read(zone).map(|files| (zone, files)),
        result => result,
    })
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
        Progress::Opened(access) => {
            info!(%access, "chip opened");
            outbox.post(Event::ChipProgress(asked, 5));
        }
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
        Progress::Noticed(notice) => info!(%notice, "noticed before the chip failed"),
    }
}

fn reading(file: ElementaryFile) -> &'static str {
    match file {
        ElementaryFile::Sod => "read EF.SOD",
        ElementaryFile::Com => "read EF.COM",
        ElementaryFile::DG1 => "read DG1",
        ElementaryFile::DG2 => "read DG2",
        ElementaryFile::DataGroup(14) => "read DG14",
        ElementaryFile::DataGroup(15) => "read DG15",
        ElementaryFile::DataGroup(_) => "read data group",
    }
}

fn failure(problem: &ReadError, seen: bool) -> ChipFailure {
    match problem.cause() {
        Cause::Removed if !seen => ChipFailure::Absent,
        Cause::Removed => ChipFailure::Removed,
        Cause::WrongZone | Cause::WrongNumber => ChipFailure::WrongZone,
        Cause::NoAccess => ChipFailure::NoAccess,
        Cause::Distrust => ChipFailure::Distrust,
        Cause::Reader => ChipFailure::ReaderFault,
        Cause::Chip | Cause::Gate => ChipFailure::Faulty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_document::access::AccessError;
    use gate_document::apdu::Status;

    const ZONE: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                        L898902C36UTO7408122F1204159ZE184226B<<<<<10";

    fn refused() -> ReadError {
        ReadError::Access(AccessError::WrongPassword {
            step: gate_document::step::Step::MutualAuthentication,
            password: gate_document::access::PasswordKind::Mrz,
            status: Status(0x6300),
        })
    }

    fn removed() -> ReadError {
        ReadError::Card {
            step: gate_document::step::Step::CardAccess,
            error: CardError::Removed,
        }
    }

    /// A zone whose first reading is wrong: more than one number fits its check digit.
    fn confused() -> (Box<Mrz>, usize) {
        let right = Mrz::parse(ZONE).expect("a specimen");
        let zone = Mrz::read(&ZONE.replace("L898902C3", "L8989O2C3")).expect("one confusion");
        let at = std::iter::once(&zone)
            .chain(zone.alternatives())
            .position(|other| other.document_number == right.document_number);
        (
            Box::new(zone.clone()),
            at.expect("the right one is among them"),
        )
    }

    #[test]
    fn a_refused_key_leads_to_the_next_reading_until_none_is_left() {
        let (zone, at) = confused();
        let mut asked = 0;
        let opened = first_that_opens(&zone, &mut |_| {
            asked += 1;
            if asked == at + 1 {
                Ok(ChipFiles::new())
            } else {
                Err(refused())
            }
        });
        let (opened_with, _) = opened.expect("the right key is offered");
        assert_eq!(opened_with.document_number.expose(), "L898902C3");
        asked = 0;
        let never = first_that_opens(&zone, &mut |_| {
            asked += 1;
            Err(refused())
        });
        assert!(never.is_err());
        assert_eq!(asked, 1 + zone.alternatives().len());
    }

    #[test]
    fn only_a_genuine_document_read_completely_teaches_how_its_kind_is_read() {
        let genuine: Vec<Finding> = Check::ALL.map(Finding::passed).into();
        assert!(teaches(&genuine));
        assert!(!teaches(&[]));
        let with = |finding: Finding| {
            let mut findings = genuine.clone();
            findings.retain(|it| it.check != finding.check);
            findings.push(finding);
            findings
        };
        for check in [
            Check::ChipReading,
            Check::SodSignature,
            Check::SignerTrust,
            Check::DataGroupDigests,
        ] {
            assert!(!teaches(&with(Finding::failed(check, ""))), "{check:?}");
            assert!(!teaches(&with(Finding::not_done(check, ""))), "{check:?}");
        }
        let check = Check::ChipAuthentication;
        assert!(!teaches(&with(Finding::failed(check, ""))));
        assert!(teaches(&with(Finding::not_supported(check, ""))));
    }

    #[test]
    fn a_document_that_was_taken_away_is_not_asked_again() {
        let (zone, _) = confused();
        let mut asked = 0;
        let gone = first_that_opens(&zone, &mut |_| {
            asked += 1;
            Err(removed())
        });
        assert_eq!(gone.err(), Some(removed()));
        assert_eq!(asked, 1);
    }
}
