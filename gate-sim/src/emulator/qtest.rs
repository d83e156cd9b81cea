//! QEMU's test socket: pins in, edges out.

use super::error::EmulatorError;
use super::now;
use super::pins::{Outputs, Pin};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Far longer than an answer takes on a busy machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) struct QTest {
    /// One command at a time: answers carry no number.
    talk: Mutex<Talk>,
}

#[derive(Debug)]
struct Talk {
    socket: UnixStream,
    answers: Receiver<String>,
}

impl QTest {
    /// Takes the socket over and has every edge of every pin reported to `outputs`.
    pub(super) fn over(socket: UnixStream, outputs: Arc<Outputs>) -> Result<Self, EmulatorError> {
        let reader = socket
            .try_clone()
            .map_err(EmulatorError::io("share QEMU's test socket"))?;
        let (answer, answers) = channel();
        // This thread must always read: QEMU blocks the whole board when the socket is full.
        thread::spawn(move || {
            for line in BufReader::new(reader).lines() {
                let Ok(line) = line else { break };
                match edge(&line) {
                    Some((pin, high)) => outputs.edge(now(), pin, high),
                    None if answer.send(line).is_err() => break,
                    None => {}
                }
            }
        });
        let qtest = Self {
            talk: Mutex::new(Talk { socket, answers }),
        };
        // The lines from the ports to the interrupt controller pass through this object; only one
        // object of a process can be listened to.
        qtest.ask("irq_intercept_in /machine/soc")?;
        Ok(qtest)
    }

    /// Puts a level on an input pin.
    pub(super) fn set(&self, pin: Pin, high: bool) -> Result<(), EmulatorError> {
        let Pin { port, number } = pin;
        let level = u8::from(high);
        let set = format!("set_irq_in /machine/soc/gpio{port} unnamed-gpio-in {number} {level}");
        if high {
            self.ask(&set)
        } else {
            self.ask_all(&[has_been_high(pin), set])
        }
    }

    /// Tells the edge detector that a pin has been high, for a fall that is not set from here.
    pub(super) fn has_been_high(&self, pin: Pin) -> Result<(), EmulatorError> {
        self.ask(&has_been_high(pin))
    }

    /// Writes a word to the chip's memory or registers.
    pub(super) fn write(&self, address: u32, word: u32) -> Result<(), EmulatorError> {
        self.ask(&format!("writel {address:#x} {word:#x}"))
    }

    /// Reads from the chip's memory or registers.
    pub(super) fn read(&self, address: u32, length: usize) -> Result<Vec<u8>, EmulatorError> {
        let what = format!("read {address:#x} {length:#x}");
        let reply = self.reply(&what)?;
        reply
            .strip_prefix("OK 0x")
            .and_then(digits)
            .filter(|bytes| bytes.len() == length)
            .ok_or(EmulatorError::Refused { what, reply })
    }

    /// Writes to the chip's memory.
    pub(super) fn write_bytes(&self, address: u32, bytes: &[u8]) -> Result<(), EmulatorError> {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.ask(&format!("write {address:#x} {:#x} 0x{digits}", bytes.len()))
    }

    fn ask(&self, what: &str) -> Result<(), EmulatorError> {
        let mut talk = self.talk();
        talk.say(what)?;
        talk.agreed(what)
    }

    /// Says all before it hears the first answer.
    fn ask_all(&self, what: &[String]) -> Result<(), EmulatorError> {
        let mut talk = self.talk();
        talk.say(&what.join("\n"))?;
        what.iter().try_for_each(|what| talk.agreed(what))
    }

    fn reply(&self, what: &str) -> Result<String, EmulatorError> {
        let mut talk = self.talk();
        talk.say(what)?;
        talk.hear(what)
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        // A poisoned lock means that a thread died between question and answer; the next answer
        // may then be the wrong one, which its text shows.
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Talk {
    fn say(&mut self, what: &str) -> Result<(), EmulatorError> {
        self.socket
            .write_all(format!("{what}\n").as_bytes())
            .map_err(EmulatorError::io("write to QEMU's test socket"))
    }

    fn agreed(&self, what: &str) -> Result<(), EmulatorError> {
        let reply = self.hear(what)?;
        if reply.starts_with("OK") {
            return Ok(());
        }
        Err(EmulatorError::Refused {
            what: what.to_owned(),
            reply,
        })
    }

    fn hear(&self, what: &str) -> Result<String, EmulatorError> {
        match self.answers.recv_timeout(ANSWER_WITHIN) {
            Ok(reply) => Ok(reply),
            Err(RecvTimeoutError::Timeout) => Err(EmulatorError::Silent {
                what: what.to_owned(),
                limit: ANSWER_WITHIN,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(EmulatorError::Ended {
                said: format!("at {what}"),
            }),
        }
    }
}

/// The multiplexer in front of the edge detector forgets what came before the firmware set it up,
/// which a real one does not.
fn has_been_high(pin: Pin) -> String {
    format!("set_irq_in /machine/soc unnamed-gpio-in {} 1", pin.line())
}

/// The bytes that pairs of hexadecimal digits stand for.
fn digits(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}

/// The line number and the level of `IRQ raise 39` or `IRQ lower 39`.
fn edge(line: &str) -> Option<(u32, bool)> {
    let (level, number) = line.strip_prefix("IRQ ")?.split_once(' ')?;
    Some((number.trim().parse().ok()?, level == "raise"))
}

#[cfg(test)]
mod tests {
    use super::{digits, edge};

    #[test]
    fn edges_are_told_from_answers() {
        assert_eq!(edge("IRQ raise 39"), Some((39, true)));
        assert_eq!(edge("IRQ lower 0"), Some((0, false)));
        assert_eq!(edge("OK"), None);
        assert_eq!(edge("FAIL Unknown device"), None);
        assert_eq!(edge("IRQ raise x"), None);
    }

    #[test]
    fn digits_are_bytes_in_pairs() {
        assert_eq!(digits("00ff7A"), Some(vec![0, 0xFF, 0x7A]));
        assert_eq!(digits("0"), None);
        assert_eq!(digits("xy"), None);
    }
}
