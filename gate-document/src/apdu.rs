//! Commands and responses (ISO/IEC 7816-4, 5).

use crate::card::{Card, CardError};
use core::fmt;
use zeroize::Zeroizing;

/// A command before encoding.
#[derive(Clone, Copy)]
pub struct Command<'a> {
    /// CLA.
    pub class: u8,
    /// INS.
    pub instruction: u8,
    /// P1.
    pub p1: u8,
    /// P2.
    pub p2: u8,
    /// Command data, up to 65 535 bytes; empty for none.
    pub data: &'a [u8],
    /// Longest response expected, 1 to 65 536 bytes. `None` where none is expected: a chip may
    /// refuse a length field that it has no use for.
    pub expected: Option<usize>,
}

/// Longest data and response of a short command.
pub(crate) const SHORT_DATA: usize = 255;
pub(crate) const SHORT_RESPONSE: usize = 256;

impl Command<'_> {
    /// The command as bytes; extended length only where short length does not do.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(9 + self.data.len()));
        bytes.extend_from_slice(&[self.class, self.instruction, self.p1, self.p2]);
        if self.is_extended() {
            bytes.push(0);
            if !self.data.is_empty() {
                bytes.extend_from_slice(&low_bytes::<2>(self.data.len()));
                bytes.extend_from_slice(self.data);
            }
            if let Some(expected) = self.expected {
                bytes.extend_from_slice(&low_bytes::<2>(expected));
            }
        } else {
            if !self.data.is_empty() {
                bytes.extend_from_slice(&low_bytes::<1>(self.data.len()));
                bytes.extend_from_slice(self.data);
            }
            if let Some(expected) = self.expected {
                bytes.extend_from_slice(&low_bytes::<1>(expected));
            }
        }
        bytes
    }

    pub(crate) fn is_extended(&self) -> bool {
        self.data.len() > SHORT_DATA || self.expected.is_some_and(|length| length > SHORT_RESPONSE)
    }
}

/// The last `N` bytes of a length: 256 is 00, 65 536 is 0000.
pub(crate) fn low_bytes<const N: usize>(length: usize) -> [u8; N] {
    let bytes = length.to_be_bytes();
    let mut low = [0; N];
    low.copy_from_slice(&bytes[bytes.len() - N..]);
    low
}

/// Status word of a response.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u16);

impl Status {
    /// 9000: done.
    pub const SUCCESS: Self = Self(0x9000);
    /// 6282: the file ends before as many bytes as expected.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// 6982: security status not satisfied.
    pub const SECURITY_STATUS: Self = Self(0x6982);
    /// 6A82: file not found.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);

    /// First byte.
    #[must_use]
    pub const fn sw1(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// Second byte.
    #[must_use]
    pub const fn sw2(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// 9000, or a warning: 62xx and 63xx say that the command was carried out.
    #[must_use]
    pub const fn is_done(self) -> bool {
        self.0 == 0x9000 || self.sw1() == 0x62 || self.sw1() == 0x63
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A response: data and status word.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Response data, empty where there is none.
    pub data: Zeroizing<Vec<u8>>,
    /// Status word.
    pub status: Status,
}

impl Response {
    fn from_bytes(bytes: Vec<u8>) -> Result<Self, CardError> {
        let mut data = Zeroizing::new(bytes);
        let Some((_, [sw1, sw2])) = data.split_last_chunk() else {
            return Err(CardError::TooShort { found: data.len() });
        };
        let status = Status(u16::from_be_bytes([*sw1, *sw2]));
        let length = data.len() - 2;
        data.truncate(length);
        Ok(Self { data, status })
    }
}

/// Sends `command` and does what the status word asks for: 6Cxx repeats with that length, 61xx
/// fetches the rest.
///
/// # Errors
///
/// [`CardError`] when no response came.
pub fn transmit(card: &mut dyn Card, command: &Command<'_>) -> Result<Response, CardError> {
    let bytes = command.to_bytes();
    let mut response = Response::from_bytes(card.transmit(&bytes)?)?;
    if response.status.sw1() == 0x6C && command.expected.is_some_and(|le| le <= SHORT_RESPONSE) {
        let expected = match response.status.sw2() {
            0 => SHORT_RESPONSE,
            announced => usize::from(announced),
        };
        if command.expected != Some(expected) {
            let command = Command {
                expected: Some(expected),
                ..*command
            };
            response = Response::from_bytes(card.transmit(&command.to_bytes())?)?;
        }
    }
    fetch_rest(card, &mut response)?;
    Ok(response)
}

/// The same for a command whose bytes must not change any more.
pub(crate) fn transmit_bytes(card: &mut dyn Card, command: &[u8]) -> Result<Response, CardError> {
    let mut response = Response::from_bytes(card.transmit(command)?)?;
    fetch_rest(card, &mut response)?;
    Ok(response)
}

fn fetch_rest(card: &mut dyn Card, response: &mut Response) -> Result<(), CardError> {
    // A response of extended length in pieces of 256 bytes, and not one more.
    const PIECES: usize = 256;
    for _ in 0..PIECES {
        if response.status.sw1() != 0x61 {
            break;
        }
        let rest = [0x00, 0xC0, 0x00, 0x00, response.status.sw2()];
        let more = Response::from_bytes(card.transmit(&rest)?)?;
        response.data.extend_from_slice(&more.data);
        response.status = more.status;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn commands_are_encoded_in_all_cases_of_the_standard() {
        let command = |data, expected| Command {
            class: 0,
            instruction: 0xA4,
            p1: 2,
            p2: 0x0C,
            data,
            expected,
        };
        let long = [7_u8; 256];
        let mut extended = hex!("00A4020C 00 0100").to_vec();
        extended.extend_from_slice(&long);
        for (command, bytes) in [
            (command(&[], None), &hex!("00A4020C")[..]),
            (command(&[], Some(8)), &hex!("00A4020C 08")),
            (command(&[], Some(256)), &hex!("00A4020C 00")),
            (command(&[1, 0x1E], None), &hex!("00A4020C 02 011E")),
            (command(&[1, 0x1E], Some(4)), &hex!("00A4020C 02 011E 04")),
            (command(&[], Some(4096)), &hex!("00A4020C 00 1000")),
            (command(&[], Some(65_536)), &hex!("00A4020C 00 0000")),
            (command(&[1], Some(4096)), &hex!("00A4020C 00 0001 01 1000")),
            (command(&long, None), &extended),
        ] {
            assert_eq!(*command.to_bytes(), bytes);
        }
    }

    /// Answers the commands of a list, in order.
    struct Script(Vec<(Vec<u8>, Vec<u8>)>);

    impl Card for Script {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
            let (expected, response) = self.0.remove(0);
            assert_eq!(command, expected);
            Ok(response)
        }
    }

    #[test]
    fn wrong_lengths_are_corrected_and_rests_are_fetched() {
        let read = Command {
            class: 0,
            instruction: 0xB0,
            p1: 0,
            p2: 0,
            data: &[],
            expected: Some(256),
        };
        let mut card = Script(vec![
            (hex!("00B00000 00").to_vec(), hex!("6C03").to_vec()),
            (hex!("00B00000 03").to_vec(), hex!("AA 6102").to_vec()),
            (hex!("00C00000 02").to_vec(), hex!("BBCC 9000").to_vec()),
        ]);
        let response = transmit(&mut card, &read).unwrap();
        assert_eq!(
            (&response.data[..], response.status),
            (&hex!("AABBCC")[..], Status::SUCCESS)
        );
        let mut card = Script(vec![(hex!("00B00000 00").to_vec(), vec![0x90])]);
        assert_eq!(
            transmit(&mut card, &read).err(),
            Some(CardError::TooShort { found: 1 })
        );
    }
}
