//! The I/O board of a bench: it drives a real controller's inputs, watches its outputs, switches its
//! supply, and lays documents on the glass.
//!
//! What bench and board say are lines of ASCII that end with LF, at 115,200 bits per second. Digits are
//! hexadecimal; bit *n* of a level is terminal *n* + 1, as [`gate_protocol::pins`] counts them.
//!
//! | bench | board | meaning |
//! | --- | --- | --- |
//! | `hello` | `gate-io 1 4711` | version of this protocol, serial number of the board |
//! | `inputs 00f3a1` | the same | the controller's inputs are at these levels from now on |
//! | `outputs` | `outputs 02f001` | the controller's outputs; also unasked, whenever one changes |
//! | `power on`, `power off` | the same | the controller's supply |
//! | `document on`, `document off` | the same | the feeder lays its document on the glass, or lifts it |
//! | anything else | `refused` and why | nothing was done |
//!
//! A board that has heard nothing for [`SILENT`] lets every input go, which the controller takes for
//! broken wires: a bench that has died leaves a lane in its safe state.
//!
//! [`IoBoard`] is the board itself, on a pseudo-terminal, for a bench whose controller is simulated.

use crate::controller::Controller;
use crate::reader::SerialLine;
use gate_protocol::pins::Bits;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The version of the protocol.
pub const VERSION: u8 = 1;
/// Bits per second.
pub const BAUD: u32 = 115_200;
/// A bench that has said nothing for so long is gone.
pub const SILENT: Duration = Duration::from_secs(1);
/// Longest line, bytes.
pub const LINE_MAX: usize = 64;

/// Levels of 24 inputs.
const INPUTS: u32 = 0x00ff_ffff;
/// How often the board looks at its line and its pins.
const TURN: Duration = Duration::from_millis(1);

/// A line of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Who is there?
    Hello,
    /// The controller's inputs from now on.
    Inputs(Bits),
    /// What are the controller's outputs?
    Outputs,
    /// The controller's supply.
    Power(bool),
    /// The document on the glass.
    Document(bool),
}

/// A line of the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Version of the protocol, and the board's serial number.
    Hello(u8, String),
    /// It was done.
    Done(Order),
    /// The controller's outputs.
    Outputs(Bits),
    /// It was not done, and why.
    Refused(String),
}

/// A line that is none of this protocol. At a bench: it is another device, another speed, or a bad
/// cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no line of the I/O board's protocol")]
pub struct NoLine;

const fn word(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn switch(text: &str) -> Result<bool, NoLine> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(NoLine),
    }
}

fn level(text: &str) -> Result<Bits, NoLine> {
    let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits {
        true => u32::from_str_radix(text, 16).map(Bits).map_err(|_| NoLine),
        false => Err(NoLine),
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello => f.write_str("hello"),
            Self::Inputs(levels) => write!(f, "inputs {:06x}", levels.0 & INPUTS),
            Self::Outputs => f.write_str("outputs"),
            Self::Power(on) => write!(f, "power {}", word(*on)),
            Self::Document(on) => write!(f, "document {}", word(*on)),
        }
    }
}

impl FromStr for Order {
    type Err = NoLine;

    fn from_str(line: &str) -> Result<Self, NoLine> {
        match line.split_once(' ') {
            None if line == "hello" => Ok(Self::Hello),
            None if line == "outputs" => Ok(Self::Outputs),
            Some(("inputs", levels)) => level(levels).map(Self::Inputs),
            Some(("power", on)) => switch(on).map(Self::Power),
            Some(("document", on)) => switch(on).map(Self::Document),
            _ => Err(NoLine),
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello(version, serial) => write!(f, "gate-io {version} {serial}"),
            Self::Done(order) => order.fmt(f),
            Self::Outputs(levels) => write!(f, "outputs {:06x}", levels.0),
            Self::Refused(why) => write!(f, "refused {why}"),
        }
    }
}

impl FromStr for Answer {
    type Err = NoLine;

    fn from_str(line: &str) -> Result<Self, NoLine> {
        match line.split_once(' ') {
            Some(("gate-io", rest)) => {
                let (version, serial) = rest.split_once(' ').ok_or(NoLine)?;
                let version = version.parse().map_err(|_| NoLine)?;
                Ok(Self::Hello(version, serial.to_owned()))
            }
            Some(("outputs", levels)) => level(levels).map(Self::Outputs),
            Some(("refused", why)) => Ok(Self::Refused(why.to_owned())),
            _ => match line.parse()? {
                Order::Hello | Order::Outputs => Err(NoLine),
                order => Ok(Self::Done(order)),
            },
        }
    }
}

/// Cuts bytes into lines. What is longer than [`LINE_MAX`] is told as soon as it is.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
}

impl Lines {
    /// Takes bytes; gives each line without its end, with a `�` for every byte that is no text.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for byte in bytes {
            match byte {
                b'\n' => lines.push(std::mem::take(&mut self.held)),
                b'\r' => {}
                _ => self.held.push(*byte),
            }
            if self.held.len() > LINE_MAX {
                lines.push(std::mem::take(&mut self.held));
            }
        }
        let text = |line: Vec<u8>| String::from_utf8_lossy(&line).into_owned();
        lines.into_iter().map(text).collect()
    }
}

/// What the board's terminals are wired to.
pub trait Wiring: Send + 'static {
    /// Levels at the controller's inputs.
    fn inputs(&mut self, levels: Bits);
    /// The controller's outputs.
    fn outputs(&self) -> Bits;
    /// The controller's supply.
    fn power(&mut self, on: bool);
    /// The feeder: false where there is none.
    fn document(&mut self, on: bool) -> bool;
}

impl Wiring for Arc<Controller> {
    fn inputs(&mut self, levels: Bits) {
        self.set_inputs(levels);
    }

    fn outputs(&self) -> Bits {
        Controller::outputs(self)
    }

    fn power(&mut self, on: bool) {
        match on {
            true => self.power_back(),
            false => self.power_cut(),
        }
    }

    fn document(&mut self, _: bool) -> bool {
        false
    }
}

/// A board on a pseudo-terminal. It lives until it is dropped.
#[derive(Debug)]
pub struct IoBoard {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl IoBoard {
    /// Plugs a board in that a bench finds under `name`.
    ///
    /// # Errors
    ///
    /// What the system says when there is no pseudo-terminal or the link cannot be made.
    pub fn plug(name: &Path, serial: &str, wiring: impl Wiring) -> io::Result<Self> {
        let line = SerialLine::plug(name)?;
        let over = Arc::new(AtomicBool::new(false));
        let mut board = Board {
            line,
            serial: serial.to_owned(),
            lines: Lines::default(),
            heard: now(),
            outputs: None,
            wiring,
        };
        let stop = Arc::clone(&over);
        let thread = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                board.turn();
                rest();
            }
        });
        Ok(Self {
            over,
            thread: Some(thread),
        })
    }
}

impl Drop for IoBoard {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends by itself; if it panicked, there is nothing to be done about it here.
            let _ = thread.join();
        }
    }
}

struct Board<W> {
    line: SerialLine,
    serial: String,
    lines: Lines,
    heard: Instant,
    /// What was told last.
    outputs: Option<Bits>,
    wiring: W,
}

impl<W: Wiring> Board<W> {
    fn turn(&mut self) {
        let bytes = self.line.receive();
        for line in self.lines.take(&bytes) {
            self.heard = now();
            let answer = match line.parse() {
                Ok(order) => self.obey(order),
                Err(NoLine) => Answer::Refused("not understood".to_owned()),
            };
            self.say(&answer);
        }
        if self.heard.elapsed() > SILENT {
            self.wiring.inputs(Bits(0));
            self.outputs = None; // whoever comes next is told
            return;
        }
        let outputs = self.wiring.outputs();
        if self.outputs != Some(outputs) {
            self.say(&Answer::Outputs(outputs));
            self.outputs = Some(outputs);
        }
    }

    fn obey(&mut self, order: Order) -> Answer {
        match order {
            Order::Hello => return Answer::Hello(VERSION, self.serial.clone()),
            Order::Outputs => return Answer::Outputs(self.wiring.outputs()),
            Order::Inputs(levels) => self.wiring.inputs(levels),
            Order::Power(on) => self.wiring.power(on),
            Order::Document(on) => {
                if !self.wiring.document(on) {
                    return Answer::Refused("no feeder".to_owned());
                }
            }
        }
        Answer::Done(order)
    }

    fn say(&self, answer: &Answer) {
        self.line.send(format!("{answer}\n").as_bytes());
    }
}

#[expect(clippy::disallowed_methods, reason = "this board runs in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread is the board's timer"
)]
fn rest() {
    thread::sleep(TURN);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_as_it_was_written() {
        let orders = [
            Order::Hello,
            Order::Inputs(Bits(0x0000_f3a1)),
            Order::Outputs,
            Order::Power(false),
            Order::Document(true),
        ];
        for order in orders {
            assert_eq!(order.to_string().parse(), Ok(order));
        }
        let answers = [
            Answer::Hello(1, "4711 b".to_owned()),
            Answer::Done(Order::Inputs(Bits(7))),
            Answer::Outputs(Bits(0x0002_f001)),
            Answer::Refused("no feeder".to_owned()),
        ];
        for answer in answers {
            assert_eq!(answer.to_string().parse(), Ok(answer));
        }
        assert_eq!(Order::Inputs(Bits(1)).to_string(), "inputs 000001");
    }

    #[test]
    fn nonsense_is_no_line() {
        for line in [
            "",
            "inputs",
            "inputs 1",
            "inputs +00001",
            "inputs 00000g",
            "power",
            "power up",
            "help",
        ] {
            assert_eq!(line.parse::<Order>(), Err(NoLine), "{line}");
            assert_eq!(line.parse::<Answer>(), Err(NoLine), "{line}");
        }
        assert_eq!("gate-io one 4711".parse::<Answer>(), Err(NoLine));
    }

    #[test]
    fn lines_are_cut_and_never_grow_without_end() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(b"hel"), Vec::<String>::new());
        assert_eq!(lines.take(b"lo\r\noutputs\nx"), ["hello", "outputs"]);
        let noise = lines.take(&[0xff; 3 * LINE_MAX]);
        assert!(!noise.is_empty());
        assert!(lines.held.len() <= LINE_MAX);
    }
}
