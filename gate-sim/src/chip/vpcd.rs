//! The card end of a virtual reader of the machine's own PC/SC stack (vsmartcard's vpcd).
//!
//! vpcd listens; a card in its field is a connection. Each message is a length of two bytes and so
//! many bytes; a message of one byte is a control: 0 power off, 1 power on, 2 reset, 4 give ATR.
//! pcscd asks for the ATR every 400 ms, and that is how long it may take to notice that a document
//! was placed or taken away. One that comes back sooner may confuse it: after a command that failed
//! it takes the place for empty, and then misses the arrival.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::set_tcp_quickack;

use super::Chip;

/// What a PC/SC reader reports for a contactless card without historical bytes
/// (PC/SC part 3, 3.1.3.2.3).
const ATR: [u8; 5] = [0x3B, 0x80, 0x80, 0x01, 0x01];

/// vpcd runs on the same machine; longer means that it is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// How long a document stays away at least: longer than the 400 ms between pcscd's questions.
const ABSENCE: Duration = Duration::from_millis(500);

/// Why a document cannot be placed on the virtual reader.
#[derive(Debug, thiserror::Error)]
pub enum VpcdError {
    /// Start pcscd with vpcd's driver; [`super::pcscd::Pcscd`] does so.
    #[error("no virtual reader at {address}")]
    NoReader {
        /// Where it should listen.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system is short of threads or descriptors.
    #[error("the card's thread cannot start")]
    Thread(#[source] io::Error),
}

/// A document that lies on the virtual reader. Dropping it takes the document away, which lasts half
/// a second: until the reader has noticed.
#[derive(Debug)]
pub struct Placed {
    connection: TcpStream,
    is_in_field: Arc<AtomicBool>,
    thread: Option<JoinHandle<Chip>>,
}

impl Placed {
    /// Lays the document of `chip` on the reader at `address` and answers from a thread of its own,
    /// as slowly as the chip's profile says.
    ///
    /// # Errors
    ///
    /// [`VpcdError::NoReader`] if nobody listens at `address`.
    pub fn place(mut chip: Chip, address: SocketAddr) -> Result<Self, VpcdError> {
        let no_reader = |source| VpcdError::NoReader { address, source };
        let connection = TcpStream::connect_timeout(&address, CONNECT_LIMIT).map_err(no_reader)?;
        connection.set_nodelay(true).map_err(no_reader)?;
        let card_end = connection.try_clone().map_err(no_reader)?;
        chip.place();
        let is_in_field = Arc::new(AtomicBool::new(true));
        let answers = Arc::clone(&is_in_field);
        let thread = std::thread::Builder::new()
            .name("simulated chip".into())
            .spawn(move || {
                // The end of the connection is the end of the placement, whichever side ended it.
                let _ended = serve(&mut chip, &card_end);
                let _closed = card_end.shutdown(Shutdown::Both);
                answers.store(false, Ordering::Release);
                take(ABSENCE);
                chip
            })
            .map_err(VpcdError::Thread)?;
        Ok(Self {
            connection,
            is_in_field,
            thread: Some(thread),
        })
    }

    /// Whether the document still lies there; false after a fault made it slip away.
    #[must_use]
    pub fn is_in_field(&self) -> bool {
        self.is_in_field.load(Ordering::Acquire)
    }

    /// Takes the document away and returns when the reader has had the time to notice. `None` if the
    /// chip's thread came to harm.
    #[must_use]
    pub fn remove(mut self) -> Option<Chip> {
        self.end()
    }

    fn end(&mut self) -> Option<Chip> {
        let _closed_before = self.connection.shutdown(Shutdown::Both);
        self.thread.take()?.join().ok()
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        self.end();
    }
}

/// Answers until the connection or the chip's stay in the field ends.
fn serve(chip: &mut Chip, mut connection: &TcpStream) -> io::Result<()> {
    let mut message = Vec::new();
    loop {
        receive(connection, &mut message)?;
        let response = match message[..] {
            [0..=2] => {
                chip.reset();
                continue;
            }
            [4] => ATR.to_vec(),
            _ => match chip.answer(&message) {
                Some(response) => response,
                None => return Ok(()),
            },
        };
        if message.len() > 1 {
            take(chip.duration(message.len(), response.len()));
        }
        let length = u16::try_from(response.len()).map_err(io::Error::other)?;
        connection.write_all(&[&length.to_be_bytes()[..], &response].concat())?;
    }
}

/// vpcd sends length and content apart. Unless each is acknowledged at once, which Linux wants to
/// be told before every receipt, the second waits 40 ms for the first.
fn receive(mut connection: &TcpStream, message: &mut Vec<u8>) -> io::Result<()> {
    let mut length = [0; 2];
    set_tcp_quickack(connection, true)?;
    connection.read_exact(&mut length)?;
    message.resize(usize::from(u16::from_be_bytes(length)), 0);
    set_tcp_quickack(connection, true)?;
    connection.read_exact(message)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the thread stands for a device that takes this long"
)]
fn take(time: Duration) {
    if !time.is_zero() {
        std::thread::sleep(time);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::chip::Fault;
    use crate::issuer::tests::specimen;
    use crate::issuer::{Authority, Scheme, State};

    /// The reader's end: what vpcd says and hears.
    struct Reader(TcpStream);

    impl Reader {
        fn send(&mut self, message: &[u8]) {
            // In two segments, as vpcd does.
            let length = u16::try_from(message.len()).unwrap();
            self.0.write_all(&length.to_be_bytes()).unwrap();
            self.0.write_all(message).unwrap();
        }

        fn ask(&mut self, message: &[u8]) -> Option<Vec<u8>> {
            self.send(message);
            let mut length = [0; 2];
            self.0.read_exact(&mut length).ok()?;
            let mut response = vec![0; usize::from(u16::from_be_bytes(length))];
            self.0.read_exact(&mut response).ok()?;
            Some(response)
        }
    }

    fn with_reader(chip: &mut Chip, talk: impl FnOnce(Reader) + Send) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let card_end = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (reader_end, _) = listener.accept().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| talk(Reader(reader_end)));
            let _ended = serve(chip, &card_end);
            card_end.shutdown(Shutdown::Both).ok();
        });
    }

    fn chip() -> Chip {
        let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
        Chip::new(&authority.issue(&specimen()).unwrap(), 1)
    }

    #[test]
    fn controls_and_commands_are_told_apart_by_their_length() {
        with_reader(&mut chip(), |mut reader| {
            reader.send(&[1]);
            assert_eq!(reader.ask(&[4]).unwrap(), ATR);
            assert_eq!(reader.ask(&[0, 0x84, 0, 0, 8]).unwrap().len(), 10);
            reader.send(&[0]);
            assert_eq!(reader.ask(&[4]).unwrap(), ATR);
        });
    }

    #[test]
    fn a_reset_forgets_the_challenge() {
        let authenticate = [&[0, 0x82, 0, 0, 40][..], &[0; 40], &[40]].concat();
        with_reader(&mut chip(), |mut reader| {
            reader.ask(&[0, 0x84, 0, 0, 8]).unwrap();
            reader.send(&[2]);
            assert_eq!(reader.ask(&authenticate).unwrap(), [0x69, 0x85]);
        });
    }

    #[test]
    fn a_chip_that_vanishes_closes_the_connection() {
        let mut chip = chip().with_faults([Fault::Vanishes { after: 1 }]);
        chip.place();
        with_reader(&mut chip, |mut reader| {
            assert!(reader.ask(&[0, 0x84, 0, 0, 8]).is_some());
            assert_eq!(reader.ask(&[0, 0x84, 0, 0, 8]), None);
        });
    }
}
