//! A reader of printed zones on a pseudo-terminal.
//!
//! It sends what the real device sends, at the pace of its line, when the real device would: so
//! long after the document was laid down as reading takes.

mod frame;
mod pty;
mod triggered;

pub use frame::rte_native;
pub use pty::SerialLine;
pub use triggered::{Happens, Make, Triggered, plug_triggered};

use crate::stream::{Stream, StreamFault};
use crate::world::Placement;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// How the reader misbehaves from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ReaderFault {
    /// Not at all.
    #[default]
    None,
    /// Noise instead of frames.
    Garbage,
    /// Every frame breaks off in the middle.
    Torn,
    /// Nothing is sent.
    Silent,
    /// The cable is pulled; the next other fault plugs it in again.
    Unplugged,
}

/// Bits that a byte takes on the line: start, eight, stop.
const BITS: u64 = 10;
/// Bytes that are sent at once; the timer is not finer.
const CHUNK: usize = 4;
/// One byte in so many is hurt while the line is bad: two or three of a zone.
const HURT_ONE_IN: u32 = 40;
/// Length of a burst of noise, bytes.
const NOISE: usize = 60;
/// Decides which bytes a bad line hurts.
const LINE_SEED: u64 = 6;

#[derive(Debug)]
enum Command {
    Place {
        zone: Vec<String>,
        placement: Placement,
        ready: Duration,
    },
    Lift,
    Fault(ReaderFault),
    Stream(StreamFault, bool),
}

/// A simulated reader. It lives until it is dropped.
#[derive(Debug)]
pub struct Reader {
    commands: mpsc::UnboundedSender<Command>,
}

impl Reader {
    /// Plugs a reader in under `name`, sending `baud` bits per second. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// What the system says when there is no pseudo-terminal or the link cannot be made.
    pub fn plug(name: &Path, baud: u32) -> io::Result<Self> {
        let (commands, inbox) = mpsc::unbounded_channel();
        let device = Device {
            name: name.to_owned(),
            line: Some(SerialLine::plug(name)?),
            byte: Duration::from_micros(BITS * 1_000_000 / u64::from(baud.max(300))),
            fault: ReaderFault::None,
            stream: Stream::new(LINE_SEED, HURT_ONE_IN),
            inbox,
        };
        tokio::spawn(device.run());
        Ok(Self { commands })
    }

    /// A document with this zone (lines separated by line breaks) is laid down; the reader has
    /// recognised it after `ready`.
    pub fn place(&self, zone: &str, placement: Placement, ready: Duration) {
        let zone = zone.lines().map(str::to_owned).collect();
        self.tell(Command::Place {
            zone,
            placement,
            ready,
        });
    }

    /// The document is taken away. What has not been recognised by then never is.
    pub fn lift(&self) {
        self.tell(Command::Lift);
    }

    /// Misbehaves from now on.
    pub fn fault(&self, fault: ReaderFault) {
        self.tell(Command::Fault(fault));
    }

    /// A fault of its line begins or ends.
    pub fn stream(&self, fault: StreamFault, begins: bool) {
        self.tell(Command::Stream(fault, begins));
    }

    fn tell(&self, command: Command) {
        // The task ends with the runtime only; then there is nobody left to read a document for.
        let _ = self.commands.send(command);
    }
}

struct Device {
    name: PathBuf,
    line: Option<SerialLine>,
    byte: Duration,
    fault: ReaderFault,
    stream: Stream,
    inbox: mpsc::UnboundedReceiver<Command>,
}

impl Device {
    async fn run(mut self) {
        let mut waiting: Option<(Instant, Vec<u8>)> = None;
        loop {
            let due = waiting.as_ref().map(|(due, _)| *due);
            let command = tokio::select! {
                command = self.inbox.recv() => command,
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if let Some((_, bytes)) = waiting.take() {
                        self.send(&bytes).await;
                    }
                    continue;
                }
            };
            match command {
                Some(Command::Place {
                    zone,
                    placement,
                    ready,
                }) => {
                    waiting = Some((Instant::now() + ready, self.bytes(&zone, placement)));
                }
                Some(Command::Lift) => waiting = None,
                Some(Command::Fault(fault)) => self.misbehave(fault),
                Some(Command::Stream(fault, begins)) => self.stream.suffer(fault, begins),
                None => return,
            }
        }
    }

    fn bytes(&self, zone: &[String], placement: Placement) -> Vec<u8> {
        let lines: Vec<&str> = zone.iter().map(String::as_str).collect();
        let frame = match placement {
            Placement::Right => rte_native(&lines),
            Placement::Wrong => rte_native(&in_part(&lines)),
        };
        match self.fault {
            ReaderFault::None => frame,
            ReaderFault::Torn => frame[..frame.len() / 2].to_vec(),
            ReaderFault::Garbage => (0..NOISE).map(|at| (at * 37 + 129) as u8).collect(),
            ReaderFault::Silent | ReaderFault::Unplugged => Vec::new(),
        }
    }

    /// Sends at the pace of the line.
    async fn send(&mut self, bytes: &[u8]) {
        let mut due = Instant::now();
        for piece in self.stream.carry(bytes) {
            due += piece.after;
            for chunk in piece.bytes.chunks(CHUNK) {
                due += self.byte * u32::try_from(chunk.len()).unwrap_or(1);
                sleep_until(due).await;
                if let Some(line) = &self.line {
                    line.send(chunk);
                }
            }
        }
    }

    fn misbehave(&mut self, fault: ReaderFault) {
        self.fault = fault;
        if fault == ReaderFault::Unplugged {
            self.line = None;
        } else if self.line.is_none() {
            // A name that cannot be made is a reader that stays away: the host's test will say so.
            self.line = SerialLine::plug(&self.name).ok();
        }
    }
}

/// What is seen of a zone that is not where it should be: the left half of its bottom line.
fn in_part<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    lines
        .last()
        .map(|line| line.get(..line.len() / 2).unwrap_or_default())
        .into_iter()
        .collect()
}
