//! A serial line's traffic: recorded between a daemon and a device, played again, put into words.

mod controller;
mod decode;
mod hex;
mod reader;
mod record;
mod replay;
mod terminal;
mod words;

pub(crate) use decode::{Options as DecodeOptions, run as decode};
pub(crate) use hex::Privacy;
pub(crate) use record::{Options as RecordOptions, run as record};
pub(crate) use replay::{Options as ReplayOptions, run as replay};
pub(crate) use terminal::Terminal;
pub(crate) use words::Interpreter;

use gate_host::ports::reader::Profile;
use gate_sim::recording::Side;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// Who is at the far end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The gate's controller.
    Controller,
    /// A reader of printed zones. What it says is personal.
    Reader(Profile),
    /// Nobody has said.
    Unknown,
}

impl Line {
    /// What the end that is not the host is called.
    pub(crate) const fn device(self) -> &'static str {
        match self {
            Self::Controller => "controller",
            Self::Reader(_) => "reader",
            Self::Unknown => "device",
        }
    }

    /// The word for a side of this line.
    pub(crate) const fn side(self, side: Side) -> &'static str {
        match side {
            Side::Host => "host",
            Side::Device => self.device(),
        }
    }
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Controller => f.write_str("controller"),
            Self::Reader(profile) => write!(f, "{profile}"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let readers = Profile::ALL.into_iter().map(Self::Reader);
        let mut all = readers.chain([Self::Controller, Self::Unknown]);
        all.find(|line| line.to_string() == word).ok_or_else(|| {
            let readers = Profile::ALL.map(|profile| profile.to_string());
            format!(
                "expected controller, unknown or a reader's profile: {}",
                readers.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_named_as_in_the_settings() {
        for word in ["controller", "unknown", "rte-native", "stx-etx-bcc"] {
            assert_eq!(word.parse::<Line>().unwrap().to_string(), word);
        }
        assert!("modem".parse::<Line>().unwrap_err().contains("elyctis"));
    }
}
