//! One direction of a reader's line in words.

use super::hex::{Privacy, hex};
use super::words::Told;
use gate_document::mrz::Mrz;
use gate_host::ports::reader::{Frames, Heard, Profile, Zone};
use gate_sim::recording::Side;

/// So many bytes are kept to be printed if they are no frame.
const RAW_MAX: usize = 1_024;

/// Takes one direction apart.
#[derive(Debug)]
pub(super) struct Talk {
    from: Side,
    profile: Profile,
    privacy: Privacy,
    frames: Frames,
    /// Bytes of which nothing has been told yet.
    raw: Vec<u8>,
    /// What the frame machine had thrown away when something was told last.
    discarded: u64,
}

impl Talk {
    pub(super) fn new(from: Side, profile: Profile, privacy: Privacy) -> Self {
        Self {
            from,
            profile,
            privacy,
            frames: Frames::new(profile.framing()),
            raw: Vec::new(),
            discarded: 0,
        }
    }

    /// Takes bytes that came together.
    pub(super) fn take(&mut self, bytes: &[u8], mut tell: impl FnMut(Told)) {
        if self.from == Side::Host {
            return tell(self.command(bytes));
        }
        for byte in bytes {
            if self.raw.len() < RAW_MAX {
                self.raw.push(*byte);
            }
            let mut heard = Vec::new();
            self.frames
                .receive(std::slice::from_ref(byte), |one| heard.push(one));
            for one in &heard {
                self.hear(one, &mut tell);
            }
        }
    }

    /// Whether a pause would end something.
    pub(super) fn is_open(&self) -> bool {
        self.from == Side::Device && self.frames.is_open()
    }

    /// The line has been silent for longer than within a frame.
    pub(super) fn quiet(&mut self, mut tell: impl FnMut(Told)) {
        match self.frames.quiet() {
            Some(heard) => self.hear(&heard, &mut tell),
            // It has been told what is wrong with them.
            None if !self.raw.is_empty() => {
                let more = hex(&self.raw, self.privacy);
                tell(Told::bad(format!("and more: {more}")));
            }
            None => {}
        }
        self.told();
    }

    fn hear(&mut self, heard: &Heard, tell: &mut impl FnMut(Told)) {
        let words = match heard {
            Heard::Began => return,
            Heard::Nothing => "nothing to read".to_owned(),
            Heard::Bad(problem) => {
                let raw = hex(&self.raw, self.privacy);
                tell(Told::bad(format!("{problem}: {raw}")));
                return self.told();
            }
            Heard::Zone(zone) => self.zone(zone),
        };
        let noise = self.frames.discards().bytes.saturating_sub(self.discarded);
        let noise = usize::try_from(noise).unwrap_or(RAW_MAX);
        if noise > 0 {
            let bytes = self.raw.get(..noise).unwrap_or(&self.raw);
            let hex = hex(bytes, self.privacy);
            tell(Told::bad(format!("{noise} bytes outside any frame: {hex}")));
        }
        tell(Told::good(words));
        self.told();
    }

    fn told(&mut self) {
        self.raw.clear();
        self.discarded = self.frames.discards().bytes;
    }

    fn zone(&self, zone: &Zone) -> String {
        let text = zone.text();
        let lines: Vec<&str> = text.split(['\r', '\n']).collect();
        let lengths: Vec<String> = lines.iter().map(|line| line.len().to_string()).collect();
        let what = match (text.is_empty(), Mrz::parse(text)) {
            (true, _) => return "a document without a zone".to_owned(),
            (false, Ok(_)) => "every check digit is right".to_owned(),
            (false, Err(problem)) => problem.to_string(),
        };
        let words = format!("zone, lines of {} characters: {what}", lengths.join(", "));
        match self.privacy {
            Privacy::Hidden => words,
            Privacy::Open => format!("{words}\n    {}", lines.join("\n    ")),
        }
    }

    /// What the host tells this reader, by its profile.
    fn command(&self, bytes: &[u8]) -> Told {
        let is = |commands: &[&[u8]]| commands.contains(&bytes) || commands.concat() == bytes;
        let set_up = [self.profile.set_up(), self.profile.arm()].concat();
        let words = if bytes.is_empty() {
            "nothing"
        } else if self.profile.inquiry() == Some(bytes) {
            match self.profile.tells_when_asked() {
                true => "asks what is read",
                false => "asks whether it is there",
            }
        } else if is(self.profile.arm()) {
            "makes it ready for the next document"
        } else if is(self.profile.set_up()) || is(&set_up) {
            "sets it up"
        } else {
            let hex = hex(bytes, self.privacy);
            return Told::bad(format!("no command of this reader: {hex}"));
        };
        Told::good(words.to_owned())
    }
}
