//! The journal as a port: a thread of its own, because a disk may be slow.

use super::Outbox;
use crate::clock;
use crate::journal::Journal;
use gate_session::{Device, Event, Record, Span, SpanKind, Ticket};
use std::sync::mpsc;
use std::thread;
use tracing::{error, info};

/// Entries that may wait for the disk; more than a lane can produce while one is written.
const QUEUE: usize = 32;

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
        let to_lane = outbox.clone();
        thread::Builder::new()
            .name("journal".into())
            .spawn(move || write_all(journal, &records, &to_lane))?;
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

fn write_all(
    mut journal: Journal,
    records: &mpsc::Receiver<(Ticket, Box<Record>)>,
    outbox: &Outbox,
) {
    outbox.post(Event::DeviceReady(Device::Journal));
    let mut works = true;
    for (ticket, record) in records {
        let started = outbox.now();
        let written = journal.append(&clock::utc().to_string(), &record);
        let spent = Span::new("write journal", SpanKind::Software, started, outbox.now());
        outbox.post(Event::Spent(ticket.asked(), vec![spent]));
        match written {
            Ok(sequence) if !works => {
                works = true;
                info!(sequence, "journal works again");
                outbox.post(Event::DeviceReady(Device::Journal));
            }
            Ok(_) => {}
            Err(problem) => {
                works = false;
                error!(%problem, "journal entry not written");
                outbox.post(Event::DeviceLost(Device::Journal));
            }
        }
        outbox.post(Event::Recorded(ticket, works));
    }
}
