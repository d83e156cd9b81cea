//! What is known of each reader: how it frames, what it has to be told, and what it answers.

use super::{Answers, Framing};
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// A family of readers that speak alike. The settings name it; nothing is guessed while the lane
/// runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// RTE6701 and its successors, set to "RTE Native". They speak when a document is pulled through
    /// or laid down, and take no commands.
    #[default]
    RteNative,
    /// Elyctis ID BOX One. Continuous reading switches itself off after each document and has to be
    /// switched on again; it answers an inquiry at any time.
    Elyctis,
    /// DESKO readers after the CUTE specification. They send what they see, errors included.
    Desko,
    /// Honeywell imagers with OCR. They read once for each trigger.
    Honeywell,
    /// Newland and IDE engines. They read once for each trigger.
    Newland,
    /// `STX S … ETX`, and `STX E ETX` or `STX O ETX` where nothing was read.
    GigaTms,
    /// `STX … ETX` without a check character, of no reader in particular.
    StxEtx,
    /// `STX … ETX BCC`, of no reader in particular.
    StxEtxBcc,
    /// Lines and nothing else: hand-held imagers on a virtual serial port.
    Lines,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 9] = [
        Self::RteNative,
        Self::Elyctis,
        Self::Desko,
        Self::Honeywell,
        Self::Newland,
        Self::GigaTms,
        Self::StxEtx,
        Self::StxEtxBcc,
        Self::Lines,
    ];

    /// How it wraps a zone.
    #[must_use]
    pub const fn framing(self) -> Framing {
        match self {
            Self::RteNative => Framing::RteNative,
            Self::Elyctis => Framing::LengthPrefixed,
            Self::GigaTms => Framing::StxEtx {
                bcc: false,
                kind: true,
            },
            Self::Desko | Self::StxEtx => Framing::StxEtx {
                bcc: false,
                kind: false,
            },
            Self::StxEtxBcc => Framing::StxEtx {
                bcc: true,
                kind: false,
            },
            Self::Honeywell => Framing::LinesAndAnswers(Answers::Bare),
            Self::Newland => Framing::LinesAndAnswers(Answers::Framed),
            Self::Lines => Framing::Lines,
        }
    }

    /// What makes it ready for the next document: sent when the line opens and after each one.
    #[must_use]
    pub const fn arm(self) -> &'static [&'static [u8]] {
        match self {
            // Off and on: it reads the same document again only after that.
            Self::Elyctis => &[b"C\x00\x01\x00", b"C\x00\x01\x01"],
            Self::Honeywell => &[b"\x16T\r"],
            Self::Newland => &[b"~\x010000@SCNTRG1;\x03"],
            _ => &[],
        }
    }

    /// What is set once, when the line opens. All of it is forgotten when the reader loses power.
    #[must_use]
    pub const fn set_up(self) -> &'static [&'static [u8]] {
        match self {
            Self::Honeywell => &[b"\x16M\rocrena1!"],
            Self::Newland => &[b"~\x010000@SCNTCS1;\x03"],
            _ => &[],
        }
    }

    /// What it answers at any time, document or not. A reader that never speaks unasked is asked
    /// this whenever it has been silent for [`Profile::inquire_after`], and is lost when it does not answer.
    #[must_use]
    pub const fn inquiry(self) -> Option<&'static [u8]> {
        match self {
            Self::Elyctis => Some(b"I\x00\x00"),
            // How it is set, which is told and nothing else: a menu command's `?`, and `*`.
            Self::Honeywell => Some(b"\x16M\rocrena?."),
            Self::Newland => Some(b"~\x010000@SCNTCS*;\x03"),
            _ => None,
        }
    }

    /// Whether its answer to [`Profile::inquiry`] is what lies on it. Others only say that they are there.
    #[must_use]
    pub const fn tells_when_asked(self) -> bool {
        matches!(self, Self::Elyctis)
    }

    /// How long it may be silent before it is asked. Whoever waits for a document is not disturbed often.
    #[must_use]
    pub const fn inquire_after(self) -> Duration {
        match self.tells_when_asked() {
            true => Duration::from_millis(500),
            false => Duration::from_secs(5),
        }
    }

    /// What it is told each time it has answered that it is there: its trigger ends by itself, and what was set
    /// may have gone with its power. What a reader keeps without power is not written again and again.
    #[must_use]
    pub const fn refresh(self) -> &'static [&'static [u8]] {
        match self {
            Self::Honeywell => &[b"\x16M\rocrena1!", b"\x16T\r"],
            Self::Newland => &[b"~\x010000@SCNTRG1;\x03"],
            _ => &[],
        }
    }

    /// What a technician's search sends to find out whether this is the reader. It changes nothing.
    #[must_use]
    pub const fn identification(self) -> Option<&'static [u8]> {
        self.inquiry()
    }
}

/// The name that the settings use.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RteNative => "rte-native",
            Self::Elyctis => "elyctis",
            Self::Desko => "desko",
            Self::Honeywell => "honeywell",
            Self::Newland => "newland",
            Self::GigaTms => "giga-tms",
            Self::StxEtx => "stx-etx",
            Self::StxEtxBcc => "stx-etx-bcc",
            Self::Lines => "lines",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_name_every_profile_as_it_prints_itself() {
        #[derive(Deserialize)]
        struct Settings {
            profile: Profile,
        }
        for profile in Profile::ALL {
            let text = format!("profile = \"{profile}\"");
            let settings: Settings = toml::from_str(&text).expect("a profile");
            assert_eq!(settings.profile, profile);
        }
    }
}
