//! Command APDUs as the card takes them apart (ISO/IEC 7816-4, 5.1 to 5.3).

/// One command, short or extended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command<'a> {
    /// Class, instruction, first and second parameter.
    pub(super) header: [u8; 4],
    /// Command data, without its length.
    pub(super) data: &'a [u8],
    /// How many bytes of response data may come at most; `None` if none are expected.
    pub(super) expected: Option<usize>,
    /// Whether the lengths are in the extended form.
    pub(super) extended: bool,
}

impl<'a> Command<'a> {
    /// Takes `bytes` apart; `None` if the lengths contradict each other.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, body) = bytes.split_first_chunk::<4>()?;
        let extended = body.len() >= 3 && body[0] == 0;
        let (data, expected) = if extended {
            extended_body(body)?
        } else {
            short_body(body)?
        };
        Some(Self {
            header: *header,
            data,
            expected,
            extended,
        })
    }

    /// Whether the class byte announces secure messaging with an authenticated header.
    pub(super) fn is_protected(&self) -> bool {
        self.header[0] & 0x0C == 0x0C
    }
}

fn short_body(body: &[u8]) -> Option<(&[u8], Option<usize>)> {
    match body {
        [] => Some((&[], None)),
        [le] => Some((&[], Some(short_length(*le)))),
        [lc, rest @ ..] => {
            let (data, le) = rest.split_at_checked(usize::from(*lc))?;
            match le {
                [] => Some((data, None)),
                [le] => Some((data, Some(short_length(*le)))),
                _ => None,
            }
        }
    }
}

fn extended_body(body: &[u8]) -> Option<(&[u8], Option<usize>)> {
    match body {
        [0, high, low] => Some((&[], Some(extended_length(*high, *low)))),
        [0, high, low, rest @ ..] => {
            let (data, le) =
                rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
            match le {
                [] => Some((data, None)),
                [high, low] => Some((data, Some(extended_length(*high, *low)))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A length of zero means the largest one there is.
fn short_length(le: u8) -> usize {
    if le == 0 { 256 } else { usize::from(le) }
}

fn extended_length(high: u8, low: u8) -> usize {
    let le = u16::from_be_bytes([high, low]);
    if le == 0 { 65_536 } else { usize::from(le) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_seven_cases_of_the_standard_are_told_apart() {
        type Case = (&'static [u8], &'static [u8], Option<usize>, bool);
        let cases: [Case; 7] = [
            (&[0, 0xA4, 4, 0], &[], None, false),
            (&[0, 0x84, 0, 0, 8], &[], Some(8), false),
            (&[0, 0xA4, 2, 0x0C, 2, 1, 1], &[1, 1], None, false),
            (&[0, 0x82, 0, 0, 1, 9, 0], &[9], Some(256), false),
            (&[0, 0xB0, 0, 0, 0, 0, 0], &[], Some(65_536), true),
            (&[0, 0x82, 0, 0, 0, 0, 1, 9], &[9], None, true),
            (&[0, 0x82, 0, 0, 0, 0, 1, 9, 4, 0], &[9], Some(1024), true),
        ];
        for (bytes, data, expected, extended) in cases {
            let command = Command::parse(bytes).unwrap();
            assert_eq!(
                (command.data, command.expected, command.extended),
                (data, expected, extended)
            );
        }
    }

    #[test]
    fn contradicting_lengths_are_refused() {
        let cases: [&[u8]; 6] = [
            &[],
            &[0, 0xB0, 0],
            &[0, 0xA4, 2, 0x0C, 3, 1, 1],
            &[0, 0xA4, 2, 0x0C, 1, 1, 1, 1],
            &[0, 0x82, 0, 0, 0, 0, 9, 1],
            &[0, 0x82, 0, 0, 0, 0, 1, 9, 4],
        ];
        for bytes in cases {
            assert_eq!(Command::parse(bytes), None, "{bytes:02X?}");
        }
    }
}
