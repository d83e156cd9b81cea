//! The serial line: a pseudo-terminal at one end, the emulated USART at the other.

use super::error::EmulatorError;
use crate::controller::Heard;
use crate::recording::Side;
use crate::scenario::observed::Fate;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Ten bits at 115,200 baud.
const BYTE_TIME: Duration = Duration::from_nanos(86_806);
/// How far the line may be behind its pace and still make up for it.
const BEHIND: Duration = Duration::from_micros(300);
/// How long to wait before a line whose host's end is closed is looked at again.
const HANG_UP: Duration = Duration::from_millis(5);
/// How often the reading thread looks whether the line is still wanted.
const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};
/// While turns are owed nobody waits for bytes.
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};
/// Any byte will do: the receiver that gets it is off.
const KICK: &[u8] = b"\n";

/// What is wrong with the line, in both directions. Good from the next byte on.
#[derive(Debug, Default)]
pub struct LineFaults {
    cut: AtomicBool,
    drop_every: AtomicU32,
    flip_every: AtomicU32,
}

impl LineFaults {
    /// Pulls the cable out, or puts it back.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    /// Loses every `nth` byte; 0 for none.
    pub fn drop_every(&self, nth: u32) {
        self.drop_every.store(nth, Ordering::SeqCst);
    }

    /// Flips a bit in every `nth` byte; 0 for none.
    pub fn flip_every(&self, nth: u32) {
        self.flip_every.store(nth, Ordering::SeqCst);
    }

    /// What becomes of the byte with this number in its direction.
    fn pass(&self, number: u32, byte: u8) -> Option<u8> {
        let due = |every: &AtomicU32| {
            let every = every.load(Ordering::SeqCst);
            every != 0 && number.is_multiple_of(every)
        };
        if self.cut.load(Ordering::SeqCst) || due(&self.drop_every) {
            None
        } else if due(&self.flip_every) {
            Some(byte ^ 0x10)
        } else {
            Some(byte)
        }
    }
}

/// What ends a frame on this line (COBS).
const DELIMITER: u8 = 0;
/// Longest stretch that is kept in one piece: longer than any frame.
const STRETCH_MAX: usize = 512;
/// So much is kept for whoever listens and does not ask: the oldest is kept, the rest is not.
const HEARD_MAX: usize = 1_000;

/// What passed on the line, frame by frame, for whoever listens.
#[derive(Debug, Default)]
pub(super) struct Ear(Mutex<Option<Vec<Heard>>>);

impl Ear {
    /// Keeps everything from now on.
    pub(super) fn listen(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// What was kept since the last call.
    pub(super) fn heard(&self) -> Vec<Heard> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn keep(&self, heard: Heard) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(all) = all.as_mut().filter(|all| all.len() < HEARD_MAX) {
            all.push(heard);
        }
    }
}

/// One direction of the line, cut into frames.
#[derive(Debug)]
struct Frames<'a> {
    from: Side,
    ear: &'a Ear,
    sent: Vec<u8>,
    arrived: Vec<u8>,
}

impl<'a> Frames<'a> {
    const fn new(from: Side, ear: &'a Ear) -> Self {
        Self {
            from,
            ear,
            sent: Vec::new(),
            arrived: Vec::new(),
        }
    }

    /// A byte was sent, and this of it arrived.
    fn byte(&mut self, sent: u8, arrived: Option<u8>) {
        self.sent.push(sent);
        self.arrived.extend(arrived);
        if sent != DELIMITER && self.sent.len() < STRETCH_MAX {
            return;
        }
        let sent = std::mem::take(&mut self.sent);
        let arrived = std::mem::take(&mut self.arrived);
        if sent.len() > 1 {
            let fate = Fate::of(&sent, &arrived, usize::from(!arrived.is_empty()));
            // Of a frame that nobody heard it is told what it would have said.
            let kept = if fate == Fate::Lost { sent } else { arrived };
            self.ear.keep((self.from, kept, fate));
        }
    }
}

/// The board's end: two sockets of QEMU, as long as there is power.
#[derive(Debug)]
struct Plugged {
    usart: UnixStream,
    kick: UnixStream,
}

/// The line. It outlives the board's power, as that of a USB serial adapter does.
#[derive(Debug)]
pub(super) struct Line {
    name: PathBuf,
    terminal: Arc<OwnedFd>,
    /// Keeps the line's settings, and the line itself while no host has it open.
    _host: OwnedFd,
    plugged: Arc<Mutex<Option<Plugged>>>,
    faults: Arc<LineFaults>,
    ear: Arc<Ear>,
    over: Arc<AtomicBool>,
    towards_board: Option<JoinHandle<()>>,
}

impl Line {
    /// Makes a line without anything at the board's end yet.
    pub(super) fn new() -> Result<Self, EmulatorError> {
        let (name, terminal, host) = open_terminal()
            .map_err(std::io::Error::from)
            .map_err(EmulatorError::io("make a pseudo-terminal"))?;
        let terminal = Arc::new(terminal);
        let plugged = Arc::new(Mutex::new(None));
        let faults = Arc::new(LineFaults::default());
        let ear = Arc::new(Ear::default());
        let over = Arc::new(AtomicBool::new(false));
        let towards_board = thread::spawn({
            let (terminal, plugged) = (terminal.clone(), plugged.clone());
            let (faults, ear, over) = (faults.clone(), ear.clone(), over.clone());
            move || carry_to_board(&terminal, &plugged, (&faults, &ear), &over)
        });
        Ok(Self {
            name,
            terminal,
            _host: host,
            plugged,
            faults,
            ear,
            over,
            towards_board: Some(towards_board),
        })
    }

    /// The device that a host opens.
    pub(super) const fn name(&self) -> &PathBuf {
        &self.name
    }

    pub(super) fn faults(&self) -> &LineFaults {
        &self.faults
    }

    pub(super) fn ear(&self) -> &Ear {
        &self.ear
    }

    /// Connects the board's USART and the spare one that keeps QEMU turning.
    pub(super) fn plug(&self, usart: UnixStream, kick: UnixStream) -> Result<(), EmulatorError> {
        let from_board = usart
            .try_clone()
            .map_err(EmulatorError::io("share the socket of the USART"))?;
        let (terminal, faults) = (self.terminal.clone(), self.faults.clone());
        let ear = self.ear.clone();
        thread::spawn(move || carry_to_host(from_board, &terminal, &faults, &ear));
        *lock(&self.plugged) = Some(Plugged { usart, kick });
        Ok(())
    }

    pub(super) fn unplug(&self) {
        *lock(&self.plugged) = None;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.towards_board.take() {
            // It ends by itself; if it panicked, there is nothing to be done about it here.
            let _ = thread.join();
        }
    }
}

fn open_terminal() -> rustix::io::Result<(PathBuf, OwnedFd, OwnedFd)> {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&terminal)?;
    unlockpt(&terminal)?;
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let host = ioctl_tiocgptpeer(&terminal, flags)?;
    let mut settings = tcgetattr(&host)?;
    settings.make_raw();
    tcsetattr(&host, OptionalActions::Now, &settings)?;
    let flags = rustix::fs::fcntl_getfl(&terminal)?;
    rustix::fs::fcntl_setfl(&terminal, flags | OFlags::NONBLOCK)?;
    let name = ptsname(&terminal, Vec::new())?;
    Ok((OsStr::from_bytes(name.as_bytes()).into(), terminal, host))
}

/// Host → board, one byte per byte time.
fn carry_to_board(
    terminal: &OwnedFd,
    plugged: &Mutex<Option<Plugged>>,
    (faults, ear): (&LineFaults, &Ear),
    over: &AtomicBool,
) {
    let mut frames = Frames::new(Side::Host, ear);
    let mut bytes = [0; 256];
    let mut number = 0_u32;
    let mut pace = Pace::new();
    // Turns of QEMU's main loop that are owed: its USART looks at its next byte only when something
    // else turns that, so it is kept turning until the last byte must have been taken.
    let mut owed = 0;
    while !over.load(Ordering::SeqCst) {
        let mut waiting = [PollFd::new(terminal, PollFlags::IN)];
        let patience = if owed == 0 { &LOOK_EVERY } else { &AT_ONCE };
        match poll(&mut waiting, Some(patience)) {
            Ok(0) if owed > 0 => {
                pace.byte();
                turn(plugged);
                owed -= 1;
                continue;
            }
            Ok(_) => {}
            Err(_) => continue, // interrupted: look again
        }
        let Ok(count) = rustix::io::read(terminal, &mut bytes) else {
            rest(HANG_UP); // nobody has opened the host's end: poll would return at once
            continue;
        };
        for byte in &bytes[..count] {
            number = number.wrapping_add(1);
            let arrives = faults.pass(number, *byte);
            frames.byte(*byte, arrives);
            if let Some(byte) = arrives {
                send(plugged, &[byte]);
            }
            pace.byte();
            turn(plugged);
        }
        owed = (owed + count).min(bytes.len());
    }
}

fn send(plugged: &Mutex<Option<Plugged>>, byte: &[u8]) {
    if let Some(board) = &mut *lock(plugged) {
        // A board that has just lost its power hears nothing.
        let _ = board.usart.write_all(byte);
    }
}

fn turn(plugged: &Mutex<Option<Plugged>>) {
    if let Some(board) = &mut *lock(plugged) {
        let _ = board.kick.write_all(KICK);
    }
}

/// Board → host, until the board loses its power.
fn carry_to_host(mut board: UnixStream, terminal: &OwnedFd, faults: &LineFaults, ear: &Ear) {
    let mut frames = Frames::new(Side::Device, ear);
    let mut bytes = [0; 256];
    let mut number = 0_u32;
    let mut pace = Pace::new();
    while let Ok(count) = board.read(&mut bytes) {
        if count == 0 {
            break;
        }
        let mut passed = Vec::with_capacity(count);
        for byte in &bytes[..count] {
            number = number.wrapping_add(1);
            let arrives = faults.pass(number, *byte);
            frames.byte(*byte, arrives);
            passed.extend(arrives);
            pace.byte();
        }
        // A line waits for nobody: what does not fit because no host reads is lost.
        let _ = rustix::io::write(terminal, &passed);
    }
}

/// When the last byte had gone by. A sleep takes longer than it is told to: what it took too long is
/// made up for with the next bytes, so that a line is as fast as its wire.
struct Pace(Instant);

impl Pace {
    #[expect(
        clippy::disallowed_methods,
        reason = "this thread is the line, and a byte takes its time on a line"
    )]
    fn new() -> Self {
        Self(Instant::now())
    }

    /// Waits until a byte that begins now, or when the one before it ends, has gone by.
    #[expect(
        clippy::disallowed_methods,
        reason = "this thread is the line, and a byte takes its time on a line"
    )]
    fn byte(&mut self) {
        let now = Instant::now();
        // Who has slept for long was idle, or the machine is busy: no burst makes up for that.
        let began = self.0.max(now.checked_sub(BEHIND).unwrap_or(now));
        self.0 = began + BYTE_TIME;
        rest(self.0.saturating_duration_since(now));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread is the line, and a byte takes its time on a line"
)]
fn rest(time: Duration) {
    if !time.is_zero() {
        thread::sleep(time);
    }
}

fn lock(plugged: &Mutex<Option<Plugged>>) -> std::sync::MutexGuard<'_, Option<Plugged>> {
    // Nobody panics while holding it.
    plugged.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_hit_the_bytes_they_name() {
        let faults = LineFaults::default();
        let passed = |faults: &LineFaults| -> Vec<Option<u8>> {
            (1..=4).map(|number| faults.pass(number, 0xA0)).collect()
        };
        assert_eq!(passed(&faults), [Some(0xA0); 4]);
        faults.drop_every(2);
        assert_eq!(passed(&faults), [Some(0xA0), None, Some(0xA0), None]);
        faults.drop_every(0);
        faults.flip_every(3);
        assert_eq!(passed(&faults)[2], Some(0xB0));
        faults.cut(true);
        assert_eq!(passed(&faults), [None; 4]);
    }

    #[test]
    fn whoever_listens_hears_frames_and_what_became_of_them() {
        let ear = Ear::default();
        let mut frames = Frames::new(Side::Device, &ear);
        let mut say = |bytes: &[(u8, Option<u8>)]| {
            for (sent, arrived) in bytes {
                frames.byte(*sent, *arrived);
            }
        };
        say(&[(1, Some(1)), (0, Some(0))]);
        assert_eq!(ear.heard(), [], "nobody listened");
        ear.listen();
        say(&[(1, Some(1)), (2, Some(2)), (0, Some(0))]);
        say(&[
            (3, Some(7)),
            (0, Some(0)),
            (0, Some(0)),
            (4, None),
            (0, None),
        ]);
        let heard = [
            (Side::Device, vec![1, 2, 0], Fate::Whole),
            (Side::Device, vec![7, 0], Fate::Damaged),
            (Side::Device, vec![4, 0], Fate::Lost),
        ];
        assert_eq!(ear.heard(), heard);
        assert_eq!(ear.heard(), []);
    }
}
