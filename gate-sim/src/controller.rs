//! A controller in real time without a board: the real interlock behind the real controller's end of
//! the link, on a pseudo-terminal.
//!
//! It starts as an emulated board does, in a millisecond, and costs a hundredth of a processor. What
//! it is not: the firmware. Timing of interrupts, flash, watchdogs and pins are the board's.

use crate::fault::Fault;
use crate::reader::SerialLine;
use crate::recording::Side;
use crate::rig::Violation;
use crate::rig::board::Board;
use crate::rig::trouble::Trouble;
use crate::scenario::observed::Fate;
use gate_protocol::frame::Wire;
use gate_protocol::pins::Bits;
use gate_protocol::site::NoSite;
use gate_protocol::{Instant, State};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time between two scans.
const SCAN: Duration = Duration::from_millis(1);
/// More broken rules than this say nothing new.
const VIOLATIONS_MAX: usize = 100;

/// Who sent something, its bytes as they arrived, and what became of them on the way.
pub type Heard = (Side, Vec<u8>, Fate);

/// So much is kept for whoever listens and does not ask: the oldest is kept, the rest is not.
const HEARD_MAX: usize = 1_000;

/// A controller that scans and talks until it is dropped.
#[derive(Debug)]
pub struct Controller {
    name: PathBuf,
    shared: Arc<Mutex<Shared>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    board: Board,
    trouble: Trouble,
    inputs: Bits,
    outputs: Bits,
    violations: Vec<Violation>,
    /// What passes on the line, if anybody listens.
    heard: Option<Vec<Heard>>,
    started: std::time::Instant,
}

impl Controller {
    /// Switches a controller on whose host finds it under `name`, with these levels at its inputs.
    /// `seed` decides which frames a bad line hurts.
    ///
    /// # Errors
    ///
    /// What the system says when there is no pseudo-terminal or the link cannot be made.
    pub fn plug(name: &Path, inputs: Bits, seed: u64) -> io::Result<Self> {
        let line = SerialLine::plug(name)?;
        let shared = Arc::new(Mutex::new(Shared {
            board: Board::new(Instant::ZERO, Err(NoSite::Missing)),
            trouble: Trouble::new(seed),
            inputs,
            outputs: Bits(0),
            violations: Vec::new(),
            heard: None,
            started: now(),
        }));
        let over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (shared, over) = (shared.clone(), over.clone());
            move || {
                while !over.load(Ordering::Relaxed) {
                    lock(&shared).scan(&line);
                    rest();
                }
            }
        });
        Ok(Self {
            name: name.to_owned(),
            shared,
            over,
            thread: Some(thread),
        })
    }

    /// The serial device at the host's end of the line.
    #[must_use]
    pub fn tty(&self) -> &Path {
        &self.name
    }

    /// What the inputs are from the next scan on, all at once.
    pub fn set_inputs(&self, inputs: Bits) {
        lock(&self.shared).inputs = inputs;
    }

    /// The outputs as they are now; all off without power.
    #[must_use]
    pub fn outputs(&self) -> Bits {
        lock(&self.shared).outputs
    }

    /// What the interlock does; none without power.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        let shared = lock(&self.shared);
        shared.board.is_powered().then(|| shared.board.state())
    }

    /// Lets a fault of the line begin or end. Others change nothing here.
    pub fn line(&self, fault: Fault, begins: bool) {
        let trouble = &mut lock(&self.shared).trouble;
        if begins {
            trouble.begin(fault);
        } else {
            trouble.end(fault);
        }
    }

    /// Keeps what passes on the line from now on.
    pub fn listen(&self) {
        lock(&self.shared).heard = Some(Vec::new());
    }

    /// What has passed on the line since the last call; nothing if nobody listens.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        let heard = &mut lock(&self.shared).heard;
        heard.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Pulls the plug: every output falls.
    pub fn power_cut(&self) {
        let mut shared = lock(&self.shared);
        shared.board.power_off();
        shared.outputs = Bits(0);
    }

    /// Gives it power again.
    pub fn power_back(&self) {
        let mut shared = lock(&self.shared);
        let now = shared.now();
        shared.board.power_on(now);
    }

    /// Which rules of the interlock were broken.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        lock(&self.shared).violations.clone()
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends by itself; if it panicked, there is nothing to be done about it here.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn now(&self) -> Instant {
        let micros = now().duration_since(self.started).as_micros();
        Instant::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// What becomes of a stretch of bytes on the line: what arrives, and how often.
    fn carry(&mut self, from: Side, sent: Wire) -> (Wire, usize) {
        let Some(heard) = &mut self.heard else {
            return self.trouble.carry(sent);
        };
        let (arrives, times) = self.trouble.carry(sent.clone());
        if heard.len() < HEARD_MAX {
            let fate = Fate::of(&sent, &arrives, times);
            heard.push((from, arrives.to_vec(), fate));
        }
        (arrives, times)
    }

    fn scan(&mut self, line: &SerialLine) {
        let now = self.now();
        for chunk in line.receive().chunks(Wire::new().capacity()) {
            let sent = Wire::from_slice(chunk).unwrap_or_default();
            let (wire, times) = self.carry(Side::Host, sent);
            for _ in 0..times {
                self.board.receive(now, &wire);
            }
        }
        let (outputs, rules) = self.board.scan(now, self.inputs);
        self.outputs = outputs;
        if let Err(violation) = rules
            && self.violations.len() < VIOLATIONS_MAX
        {
            self.violations.push(violation.into());
        }
        let mut asked = false; // the next scan is a millisecond away in any case
        while let Ok(wire) = self.board.next(now, &mut asked) {
            let (wire, times) = self.carry(Side::Device, wire);
            for _ in 0..times {
                line.send(&wire);
            }
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // A controller that panicked stays as it was.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this controller runs in real time"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread is the controller's timer"
)]
fn rest() {
    thread::sleep(SCAN);
}
