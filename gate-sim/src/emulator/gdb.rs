//! QEMU's debugger socket: stops at the flash primitives, and the only thing that can write the
//! emulated flash.
//!
//! Whoever holds a [`Gdb`] must not send anything while the board runs: any byte would stop it.

use super::error::EmulatorError;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Far longer than an answer takes on a busy machine.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Bytes written by one command; the stub takes a little more than twice as many digits.
const WRITE_MAX: usize = 512;
/// Numbers that the stub gives to stack pointer's neighbours.
const LINK_REGISTER: usize = 14;
const PROGRAM_COUNTER: usize = 15;

/// The debugger's end of the socket.
#[derive(Debug)]
pub(super) struct Gdb {
    socket: UnixStream,
    received: Vec<u8>,
}

/// Registers of a stopped processor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Registers {
    /// The first three arguments of a function.
    pub(super) arguments: [u32; 3],
    /// Where the function returns to.
    pub(super) link: u32,
    /// The instruction that is next.
    pub(super) program_counter: u32,
}

impl Gdb {
    pub(super) fn over(socket: UnixStream) -> Result<Self, EmulatorError> {
        socket
            .set_read_timeout(Some(ANSWER_WITHIN))
            .map_err(EmulatorError::io("set up QEMU's debugger socket"))?;
        Ok(Self {
            socket,
            received: Vec::new(),
        })
    }

    /// Another handle of the socket, to wait at.
    pub(super) fn bell(&self) -> Result<UnixStream, EmulatorError> {
        self.socket
            .try_clone()
            .map_err(EmulatorError::io("share QEMU's debugger socket"))
    }

    /// Stops the board whenever it comes to `address`.
    pub(super) fn break_at(&mut self, address: u32) -> Result<(), EmulatorError> {
        self.order(&format!("Z1,{address:x},2"))
    }

    /// Lets the board run.
    pub(super) fn run(&mut self) -> Result<(), EmulatorError> {
        self.send("c")
    }

    /// From now on single steps take interrupts as a running board does.
    pub(super) fn step_with_interrupts(&mut self) -> Result<(), EmulatorError> {
        self.order("Qqemu.sstep=1")
    }

    /// Lets a stopped board do one instruction.
    pub(super) fn step(&mut self) -> Result<(), EmulatorError> {
        self.ask("s").map(drop)
    }

    /// Whether the board has stopped at a breakpoint since this was last asked. Also stops for
    /// other reasons are reported here, and are not what is asked for.
    pub(super) fn at_breakpoint(&mut self) -> Result<bool, EmulatorError> {
        let mut stopped = false;
        while let Some(packet) = self.packet_that_is_there()? {
            stopped = packet.starts_with("T05");
        }
        Ok(stopped)
    }

    pub(super) fn registers(&mut self) -> Result<Registers, EmulatorError> {
        let digits = self.ask("g")?;
        let register = |number: usize| {
            let word = digits.get(number * 8..number * 8 + 8)?;
            Some(u32::from_str_radix(word, 16).ok()?.swap_bytes())
        };
        let registers = || {
            Some(Registers {
                arguments: [register(0)?, register(1)?, register(2)?],
                link: register(LINK_REGISTER)?,
                program_counter: register(PROGRAM_COUNTER)?,
            })
        };
        registers().ok_or_else(|| EmulatorError::Refused {
            what: "registers".to_owned(),
            reply: digits.clone(),
        })
    }

    /// Where the board goes on.
    pub(super) fn go_on_at(&mut self, address: u32) -> Result<(), EmulatorError> {
        self.set_register(PROGRAM_COUNTER, address)
    }

    /// Returns from the function at whose first instruction the board stands.
    pub(super) fn return_with(&mut self, link: u32, value: u32) -> Result<(), EmulatorError> {
        self.set_register(0, value)?;
        // The lowest bit only says that the caller is Thumb code.
        self.go_on_at(link & !1)
    }

    fn set_register(&mut self, number: usize, value: u32) -> Result<(), EmulatorError> {
        self.order(&format!("P{number:x}={:08x}", value.swap_bytes()))
    }

    /// Writes memory, flash as well.
    pub(super) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), EmulatorError> {
        let mut at = address;
        for part in bytes.chunks(WRITE_MAX) {
            let digits: String = part.iter().map(|byte| format!("{byte:02x}")).collect();
            self.order(&format!("M{at:x},{:x}:{digits}", part.len()))?;
            at += part.len() as u32;
        }
        Ok(())
    }

    fn order(&mut self, command: &str) -> Result<(), EmulatorError> {
        match self.ask(command)?.as_str() {
            "OK" => Ok(()),
            reply => Err(EmulatorError::Refused {
                what: command.to_owned(),
                reply: reply.to_owned(),
            }),
        }
    }

    fn ask(&mut self, command: &str) -> Result<String, EmulatorError> {
        self.send(command)?;
        loop {
            if let Some(packet) = self.take_packet()? {
                return Ok(packet);
            }
            self.fill().map_err(|error| match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => EmulatorError::Silent {
                    what: command.to_owned(),
                    limit: ANSWER_WITHIN,
                },
                _ => EmulatorError::Ended {
                    said: format!("at {command}"),
                },
            })?;
        }
    }

    fn send(&mut self, command: &str) -> Result<(), EmulatorError> {
        let packet = format!("${command}#{:02x}", checksum(command.as_bytes()));
        self.write_all(packet.as_bytes())
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), EmulatorError> {
        self.socket
            .write_all(bytes)
            .map_err(EmulatorError::io("write to QEMU's debugger socket"))
    }

    fn packet_that_is_there(&mut self) -> Result<Option<String>, EmulatorError> {
        loop {
            if let Some(packet) = self.take_packet()? {
                return Ok(Some(packet));
            }
            if !readable(&self.socket, Duration::ZERO) {
                return Ok(None);
            }
            self.fill().map_err(|_| EmulatorError::Ended {
                said: "at a breakpoint".to_owned(),
            })?;
        }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        let mut bytes = [0; 4_096];
        match self.socket.read(&mut bytes)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            count => {
                self.received.extend_from_slice(&bytes[..count]);
                Ok(())
            }
        }
    }

    /// Takes the next whole packet out of what has been received, and acknowledges it: QEMU waits
    /// for that, and takes it for nothing else as long as it is owed.
    fn take_packet(&mut self) -> Result<Option<String>, EmulatorError> {
        let Some((packet, used)) = packet(&self.received) else {
            return Ok(None);
        };
        self.received.drain(..used);
        self.write_all(b"+")?;
        Ok(Some(packet))
    }
}

/// Waits until there is something to read, or the other end is gone.
pub(super) fn readable(socket: &UnixStream, limit: Duration) -> bool {
    let limit = Timespec {
        tv_sec: 0,
        tv_nsec: limit.subsec_nanos().into(),
    };
    let mut sockets = [PollFd::new(socket, PollFlags::IN)];
    matches!(poll(&mut sockets, Some(&limit)), Ok(1..))
}

/// The first packet `$text#cc` and how many bytes it ends behind. A local socket loses nothing, so
/// the checksum is not looked at.
fn packet(bytes: &[u8]) -> Option<(String, usize)> {
    let begin = bytes.iter().position(|byte| *byte == b'$')? + 1;
    let length = bytes[begin..].iter().position(|byte| *byte == b'#')?;
    let used = begin + length + 3;
    let text = String::from_utf8_lossy(&bytes[begin..begin + length]).into_owned();
    (bytes.len() >= used).then_some((text, used))
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_found_between_acknowledgements_and_only_when_whole() {
        assert_eq!(packet(b"+$OK#9a"), Some(("OK".to_owned(), 7)));
        assert_eq!(
            packet(b"+$T05thread:01;#07$O"),
            Some(("T05thread:01;".to_owned(), 18))
        );
        for part in [&b"+"[..], b"+$O", b"+$OK#", b"+$OK#9"] {
            assert_eq!(packet(part), None);
        }
        assert_eq!(checksum(b"OK"), 0x9A);
    }
}
