//! Readers that read once for each trigger, and answer what they are told.
//!
//! [`Triggered`] is the device without its line: bytes in, bytes out. [`plug_triggered`] puts it on a
//! pseudo-terminal.

use super::SerialLine;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

/// Whose commands it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Make {
    /// Imagers with OCR: `SYN M CR` before a menu command, `SYN T CR` and `SYN U CR` as trigger and its end. OCR
    /// is off when power comes, and what `!` has set is gone.
    Honeywell,
    /// Engines: `~ SOH 0000 @ … ; ETX` round every command. What `@` has set stays without power.
    Newland,
}

const SYN: u8 = 0x16;
const ACK: u8 = 0x06;
const ENQ: u8 = 0x05;
const NAK: u8 = 0x15;
const ETX: u8 = 0x03;

/// A device that waits for a trigger.
#[derive(Clone, Debug)]
pub struct Triggered {
    make: Make,
    /// Reading of zones is on.
    is_on: bool,
    is_triggered: bool,
    document: Option<Vec<String>>,
    /// What has come of a command.
    received: Vec<u8>,
    triggers: u32,
}

impl Triggered {
    /// A device that has just got power, as it is delivered.
    #[must_use]
    pub const fn new(make: Make) -> Self {
        Self {
            make,
            is_on: false,
            is_triggered: false,
            document: None,
            received: Vec::new(),
            triggers: 0,
        }
    }

    /// Takes bytes from its line, and gives what it says to them.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut said = Vec::new();
        for byte in bytes {
            self.received.push(*byte);
            let ends = matches!(
                (self.make, *byte, &self.received[..]),
                (Make::Honeywell, b'\r', [.., SYN, b'T' | b'U', _])
                    | (Make::Honeywell, b'.' | b'!', _)
                    | (Make::Newland, ETX, _)
            );
            if ends {
                let command = std::mem::take(&mut self.received);
                said.extend(self.obey(&command));
            }
        }
        said.extend(self.look());
        said
    }

    /// A document is laid down; what it says then.
    pub fn lay(&mut self, lines: &[&str]) -> Vec<u8> {
        self.document = Some(lines.iter().map(|line| (*line).to_owned()).collect());
        self.look()
    }

    /// The document is taken away.
    pub fn lift(&mut self) {
        self.document = None;
    }

    /// Nothing came under its trigger for as long as it waits.
    pub const fn give_up(&mut self) {
        self.is_triggered = false;
    }

    /// Power goes and comes.
    pub fn lose_power(&mut self) {
        let keeps = self.make == Make::Newland;
        *self = Self {
            is_on: keeps && self.is_on,
            document: self.document.take(),
            triggers: self.triggers,
            ..Self::new(self.make)
        };
    }

    /// How often it was triggered since it was made.
    #[must_use]
    pub const fn triggers(&self) -> u32 {
        self.triggers
    }

    /// Reads what lies there, once, if it was told to.
    fn look(&mut self) -> Vec<u8> {
        if !(self.is_on && self.is_triggered) {
            return Vec::new();
        }
        let Some(lines) = &self.document else {
            return Vec::new();
        };
        self.is_triggered = false;
        format!("{}\r\n", lines.join("\r")).into_bytes()
    }

    fn obey(&mut self, command: &[u8]) -> Vec<u8> {
        match self.make {
            Make::Honeywell => self.obey_honeywell(command),
            Make::Newland => self.obey_newland(command),
        }
    }

    fn trigger(&mut self) {
        self.is_triggered = true;
        self.triggers += 1;
    }

    fn obey_honeywell(&mut self, command: &[u8]) -> Vec<u8> {
        match command {
            [.., SYN, b'T', _] => {
                self.trigger();
                return Vec::new();
            }
            [.., SYN, b'U', _] => {
                self.give_up();
                return Vec::new();
            }
            _ => {}
        }
        let begin = command.windows(3).position(|part| part == b"\x16M\r");
        let Some((mark, menu)) = begin.and_then(|at| command[at + 3..].split_last()) else {
            return Vec::new();
        };
        let menu = menu.to_ascii_uppercase();
        let (echo, status) = self.menu(&menu, b"OCRENA", b'?');
        [&echo[..], &[status, *mark]].concat()
    }

    fn obey_newland(&mut self, command: &[u8]) -> Vec<u8> {
        let begin = command.windows(6).position(|part| part == b"~\x010000");
        let body = begin.and_then(|at| command[at + 6..].strip_suffix(b";\x03"));
        let Some((store, menu)) = body.and_then(<[u8]>::split_first) else {
            return Vec::new();
        };
        let (echo, status) = match menu {
            b"SCNTRG1" => {
                self.trigger();
                (menu.to_vec(), ACK)
            }
            menu => self.menu(menu, b"SCNTCS", b'*'),
        };
        [b"\x02\x010000", &[*store][..], &echo, &[status], b";\x03"].concat()
    }

    /// What it answers to a menu command, and how it judges that: the one setting that it has is `tag`.
    fn menu(&mut self, menu: &[u8], tag: &[u8], query: u8) -> (Vec<u8>, u8) {
        match menu.strip_prefix(tag) {
            Some(b"0" | b"1") => {
                self.is_on = menu.ends_with(b"1");
                (menu.to_vec(), ACK)
            }
            Some(value) if value == [query] => {
                let value = if self.is_on { b'1' } else { b'0' };
                ([tag, &[value]].concat(), ACK)
            }
            Some(_) => (menu.to_vec(), NAK),
            None => (menu.to_vec(), ENQ),
        }
    }
}

/// What happens to the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happens {
    /// A document with these lines is laid down.
    Laid(Vec<String>),
    /// It is taken away.
    Lifted,
    /// Power goes and comes, and the line stays.
    PowerLost,
    /// It hangs, or goes on.
    Hangs(bool),
}

/// How often the line is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Plugs a device of this make in under `name`. It gives up a trigger after `patience`, and lives until the
/// sender is dropped. Needs a tokio runtime.
///
/// # Errors
///
/// What the system says when there is no pseudo-terminal or the link cannot be made.
pub fn plug_triggered(
    name: &Path,
    make: Make,
    patience: Duration,
) -> io::Result<mpsc::UnboundedSender<Happens>> {
    let line = SerialLine::plug(name)?;
    let (tell, mut happens) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut device = Triggered::new(make);
        let (mut hangs, mut gives_up) = (false, Instant::now() + patience);
        loop {
            let triggers = device.triggers();
            let said = tokio::select! {
                happened = happens.recv() => match happened {
                    Some(Happens::Laid(lines)) => {
                        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                        device.lay(&lines)
                    }
                    Some(Happens::Lifted) => {
                        device.lift();
                        Vec::new()
                    }
                    Some(Happens::PowerLost) => {
                        device.lose_power();
                        Vec::new()
                    }
                    Some(Happens::Hangs(now)) => {
                        hangs = now;
                        Vec::new()
                    }
                    None => return,
                },
                () = sleep(LOOK) => match line.receive() {
                    bytes if hangs || bytes.is_empty() => Vec::new(),
                    bytes => device.receive(&bytes),
                },
                () = sleep_until(gives_up) => {
                    device.give_up();
                    gives_up += patience;
                    Vec::new()
                }
            };
            if device.triggers() > triggers {
                gives_up = Instant::now() + patience;
            }
            // In two pieces, as a slow line brings it.
            let (first, second) = said.split_at(said.len() / 2);
            line.send(first);
            if !second.is_empty() {
                sleep(LOOK).await;
                line.send(second);
            }
        }
    });
    Ok(tell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_once_for_each_trigger_and_answers_what_it_is_told() {
        for (make, on, query, trigger, answers) in [
            (
                Make::Honeywell,
                &b"\x16M\rocrena1!"[..],
                &b"\x16M\rocrena?."[..],
                &b"\x16T\r"[..],
                [&b"OCRENA0\x06."[..], b"OCRENA1\x06!", b"OCRENA1\x06."],
            ),
            (
                Make::Newland,
                b"~\x010000@SCNTCS1;\x03",
                b"~\x010000@SCNTCS*;\x03",
                b"~\x010000@SCNTRG1;\x03",
                [
                    b"\x02\x010000@SCNTCS0\x06;\x03",
                    b"\x02\x010000@SCNTCS1\x06;\x03",
                    b"\x02\x010000@SCNTCS1\x06;\x03",
                ],
            ),
        ] {
            let mut device = Triggered::new(make);
            assert_eq!(device.receive(query), answers[0]);
            assert_eq!(device.receive(on), answers[1]);
            assert_eq!(device.receive(query), answers[2]);
            assert!(device.lay(&["A<", "B<"]).is_empty());
            assert!(device.receive(trigger).ends_with(b"A<\rB<\r\n"));
            assert!(
                device.lay(&["A<", "B<"]).is_empty(),
                "twice for one trigger"
            );
            device.lose_power();
            assert_eq!(device.is_on, make == Make::Newland);
        }
        let mut device = Triggered::new(Make::Honeywell);
        assert_eq!(device.receive(b"\x16M\rcbrena1!"), b"CBRENA1\x05!");
        assert_eq!(device.receive(b"\x16M\rocrena7!"), b"OCRENA7\x15!");
    }
}
