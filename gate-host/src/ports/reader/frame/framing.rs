//! The ways in which readers wrap a zone.

use super::{ACK, CR, LF, SOH, STX, Verdict, length_prefixed, lines, rte_native, stx_etx};
use serde::Deserialize;

/// How a reader wraps the zone. Which reader does so is said by its
/// [`Profile`](super::super::profile::Profile).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// "RTE Native" of the RTE6701 family: `SOH length "OU" STX flag line CR line CR line CR ETX
    /// BCC`. The length word has seven bits in each byte, low byte first, and counts the bytes
    /// after it, check character included. The check character is the exclusive or of all bytes
    /// from the length word to ETX. The bottom line of a document is always the third.
    #[default]
    RteNative,
    /// `letter length text`: the letter of the command that is answered, two bytes of length, high
    /// byte first, and so many characters; none where the reader saw nothing.
    LengthPrefixed,
    /// `STX text ETX`, with a control character of the vendor's before and behind, or none.
    StxEtx {
        /// A check character follows: the exclusive or of all bytes behind STX, ETX included.
        bcc: bool,
        /// The first character says what it is: `S` a zone, `E` one that could not be read, `O`
        /// that none came in time.
        kind: bool,
    },
    /// Nothing but the lines, ended by CR, LF, both, or a pause.
    Lines,
    /// Lines as above, and between them answers to what the host says.
    LinesAndAnswers(Answers),
}

/// How a reader answers commands: with the command, and in front of each of its marks (`.`, `!`, `,`, `;`) ACK
/// where it has done it, ENQ where it does not know it, NAK where it cannot take the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// `OCRENA1 ACK .`: Honeywell's.
    Bare,
    /// `STX SOH 0000 @ SCNTCS1 ACK ; ETX`: Newland's.
    Framed,
}

impl Framing {
    /// Whether a frame can begin with `byte`.
    pub(super) const fn starts_with(self, byte: u8) -> bool {
        match self {
            Self::RteNative => byte == SOH,
            Self::LengthPrefixed => matches!(byte, b'I' | b'L' | b'C'),
            Self::StxEtx { .. } => byte == STX,
            Self::Lines | Self::LinesAndAnswers(_) => matches!(byte, b'!'..=b'~'),
        }
    }

    /// Whether `byte` may stand between frames without being noise.
    pub(super) const fn wraps_with(self, byte: u8) -> bool {
        match self {
            Self::RteNative | Self::LengthPrefixed => false,
            Self::StxEtx { .. } => byte < b' ',
            Self::Lines => matches!(byte, CR | LF | 0 | ACK | b' '),
            Self::LinesAndAnswers(_) => byte <= b' ',
        }
    }

    /// What `bytes` are, seen from the first of them.
    pub(super) fn judge(self, bytes: &[u8]) -> Verdict {
        match self {
            Self::RteNative => rte_native::judge(bytes),
            Self::LengthPrefixed => length_prefixed::judge(bytes),
            Self::StxEtx { bcc, kind } => stx_etx::judge(bytes, bcc, kind),
            Self::Lines => lines::judge(bytes),
            Self::LinesAndAnswers(answers) => lines::judge_or_answer(bytes, answers),
        }
    }
}
