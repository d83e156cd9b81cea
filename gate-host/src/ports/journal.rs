//! The journal as a port: a thread of its own, because a disk may be slow.

use super::Outbox;
use crate::clock;
use crate::journal::Journal;
use gate_session::{Device, Event, Record, Span, SpanKind, Ticket};
use std::collections::VecDeque;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tracing::{error, info};

/// Entries that may wait for the disk; more than a lane can produce while one is written.
const QUEUE: usize = 32;

/// How long after a failure writing is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// Hands records to the journal's thread.
#[derive(Debug)]
pub struct JournalPort {
    queue: mpsc::SyncSender<(Ticket, Box<Record>)>,
    outbox: Outbox,
}

impl JournalPort {
    /// Starts the thread that writes to `journal`.
    ///
    /// # Errors
    ///
    /// The system's, when no thread can be started.
    pub fn spawn(journal: Journal, outbox: Outbox) -> std::io::Result<Self> {
        let (queue, records) = mpsc::sync_channel(QUEUE);
        let writer = Writer {
            journal,
            outbox: outbox.clone(),
            backlog: VecDeque::new(),
            works: true,
        };
        thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run(&records))?;
        Ok(Self { queue, outbox })
    }

    /// Writes `record`; `Event::Recorded` follows.
    pub fn record(&self, ticket: Ticket, record: Box<Record>) {
        if let Err(
            mpsc::TrySendError::Full((ticket, _)) | mpsc::TrySendError::Disconnected((ticket, _)),
        ) = self.queue.try_send((ticket, record))
        {
            error!(
                limit = QUEUE,
                "journal: queue is full, the entry is refused"
            );
            self.outbox.post(Event::Recorded(ticket, false));
        }
    }
}

/// The writing thread.
///
/// A record that cannot be written is kept and tried again until it can, so that nothing that was
/// decided is lost; but whoever asked is told the truth at once, and nobody leaves on it.
struct Writer {
    journal: Journal,
    outbox: Outbox,
    /// What could not be written, oldest first, with the time at which it should have been.
    backlog: VecDeque<(String, Box<Record>)>,
    works: bool,
}

impl Writer {
    fn run(mut self, records: &mpsc::Receiver<(Ticket, Box<Record>)>) {
        self.outbox.post(Event::DeviceReady(Device::Journal));
        loop {
            match records.recv_timeout(AGAIN) {
                Ok((ticket, record)) => self.record(ticket, record),
                Err(mpsc::RecvTimeoutError::Timeout) => self.catch_up(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn record(&mut self, ticket: Ticket, record: Box<Record>) {
        let started = self.outbox.now();
        self.backlog.push_back((clock::utc().to_string(), record));
        self.catch_up();
        let spent = Span::new(
            "write journal",
            SpanKind::Software,
            started,
            self.outbox.now(),
        );
        self.outbox.post(Event::Spent(ticket.asked(), vec![spent]));
        self.outbox
            .post(Event::Recorded(ticket, self.backlog.is_empty()));
    }

    /// Writes what waits, in order, as far as it goes.
    fn catch_up(&mut self) {
        while let Some((at, record)) = self.backlog.front() {
            if let Err(problem) = self.journal.append(at, record) {
                error!(%problem, waiting = self.backlog.len(), "journal entry not written");
                self.tell(false);
                return;
            }
            self.backlog.pop_front();
        }
        self.tell(true);
    }

    /// Tells the lane whether the journal works, when that has changed.
    fn tell(&mut self, works: bool) {
        if std::mem::replace(&mut self.works, works) == works {
            return;
        }
        let device = Device::Journal;
        self.outbox.post(if works {
            Event::DeviceReady(device)
        } else {
            Event::DeviceLost(device)
        });
        if works {
            info!("journal works again");
        }
    }
}
