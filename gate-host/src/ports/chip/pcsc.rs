//! A contactless reader behind PC/SC: is a document there, and what does its chip answer.
//!
//! Everything here blocks and belongs on a thread of its own. A reader that is unplugged, or a PC/SC
//! service that is restarted, is an error once per call until it is back; then it is opened again.

use std::ffi::{CStr, CString};
use std::fmt;
use std::slice;
use std::time::Duration;

use gate_document::{Card, CardError};
use pcsc::{
    Context, Disposition, Error, MAX_BUFFER_SIZE_EXTENDED, PNP_NOTIFICATION, Protocols,
    ReaderState, Scope, ShareMode, State,
};

/// One reader, chosen by a part of its name.
///
/// PC/SC numbers readers in the order in which they appear, so a whole name is good until the next
/// start only; `"OMNIKEY 5022"` is good for ever. The slot of a security module has the same name as
/// the antenna's: give enough of it to tell them apart.
pub struct PcscReader {
    fragment: String,
    opened: Option<Opened>,
}

struct Opened {
    context: Context,
    /// What was last seen, which is what a change is a change of.
    seen: ReaderState,
}

impl PcscReader {
    /// The reader whose name contains `fragment`. Nothing is opened yet.
    #[must_use]
    pub fn new(fragment: impl Into<String>) -> Self {
        Self {
            fragment: fragment.into(),
            opened: None,
        }
    }

    /// Full name of the reader, once it has been found.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.opened
            .as_ref()
            .map(|opened| opened.seen.name().to_string_lossy().into_owned())
    }

    /// Waits until anything changes, at most for `limit`; then says whether a document lies there.
    /// A document that cannot be powered counts as none: it has to be placed anew. The first call, and the first one after an error, does not wait.
    ///
    /// # Errors
    ///
    /// [`CardError::Reader`] while no reader of this name works. That takes up to `limit` too, so
    /// that whoever asks in a loop need not pause.
    pub fn watch(&mut self, limit: Duration) -> Result<bool, CardError> {
        let fragment = self.fragment.clone();
        let opened = match &mut self.opened {
            Some(opened) => opened,
            none => none.insert(open(&fragment, limit)?),
        };
        match opened.watch(limit) {
            Ok(is_present) => Ok(is_present),
            Err(problem) => {
                // One that is there and fails is waited for; any other is looked for again.
                if problem != Error::ReaderUnavailable {
                    self.opened = None;
                }
                Err(failed(&fragment, problem))
            }
        }
    }

    /// Talks to the document that lies there. Nobody else can while the card is held.
    ///
    /// # Errors
    ///
    /// [`CardError::Removed`] if there is none or it does not answer; [`CardError::Reader`] if the
    /// reader does not work, or another program holds it.
    pub fn connect(&mut self) -> Result<PcscCard, CardError> {
        let is_held = self.opened.is_some();
        match self.connect_once() {
            // What was opened then may be of a service that has been started anew since, or of a
            // reader that has been plugged in again.
            Err(error) if is_held && error != CardError::Removed => self.connect_once(),
            result => result,
        }
    }

    fn connect_once(&mut self) -> Result<PcscCard, CardError> {
        let opened = match &self.opened {
            Some(opened) => opened,
            None => self.opened.insert(open(&self.fragment, Duration::ZERO)?),
        };
        let name = opened.seen.name();
        match opened
            .context
            .connect(name, ShareMode::Exclusive, Protocols::ANY)
        {
            Ok(card) => Ok(PcscCard::new(card, opened.context.clone(), name)),
            Err(problem) => {
                let error = error_of(&opened.context, name, problem);
                if error != CardError::Removed {
                    self.opened = None;
                }
                Err(error)
            }
        }
    }
}

impl Opened {
    fn watch(&mut self, limit: Duration) -> Result<bool, Error> {
        match self
            .context
            .get_status_change(limit, slice::from_mut(&mut self.seen))
        {
            Ok(()) => self.seen.sync_current_state(),
            Err(Error::Timeout) => {}
            Err(problem) => return Err(problem),
        }
        let state = self.seen.current_state();
        if state.intersects(State::UNKNOWN | State::IGNORE) {
            return Err(Error::UnknownReader);
        }
        if state.contains(State::UNAVAILABLE) {
            return Err(Error::ReaderUnavailable);
        }
        Ok(state.contains(State::PRESENT) && !state.contains(State::MUTE))
    }
}

/// What the service says of a reader that was unplugged, or that its driver reaches no more.
const LOST: State = State::UNKNOWN
    .union(State::UNAVAILABLE)
    .union(State::IGNORE);

/// Finds the reader, waiting up to `limit` for one to be plugged in.
fn open(fragment: &str, limit: Duration) -> Result<Opened, CardError> {
    let context = Context::establish(Scope::User).map_err(|problem| {
        pause(limit);
        failed(fragment, problem)
    })?;
    match find(&context, fragment) {
        Ok(Some(name)) => Ok(Opened {
            context,
            seen: ReaderState::new(name, State::UNAWARE),
        }),
        Ok(None) => {
            let mut arrival = [ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
            if context
                .get_status_change(limit, &mut arrival)
                .is_err_and(|error| error != Error::Timeout)
            {
                pause(limit);
            }
            Err(failed(fragment, Error::UnknownReader))
        }
        Err(problem) => {
            pause(limit);
            Err(failed(fragment, problem))
        }
    }
}

fn find(context: &Context, fragment: &str) -> Result<Option<CString>, Error> {
    match context.list_readers_owned() {
        Ok(names) => Ok(names
            .into_iter()
            .find(|name| name.to_string_lossy().contains(fragment))),
        Err(Error::NoReadersAvailable) => Ok(None),
        Err(problem) => Err(problem),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own, which has no reader to wait for"
)]
fn pause(limit: Duration) {
    std::thread::sleep(limit);
}

/// A document that lies on a reader.
pub struct PcscCard {
    card: pcsc::Card,
    context: Context,
    reader: CString,
    buffer: Vec<u8>,
}

impl PcscCard {
    fn new(card: pcsc::Card, context: Context, reader: &CStr) -> Self {
        Self {
            card,
            context,
            reader: reader.to_owned(),
            buffer: vec![0; MAX_BUFFER_SIZE_EXTENDED],
        }
    }

    /// What the reader made of the chip's answer when it woke up; empty where it does not say.
    #[must_use]
    pub fn answer_to_reset(&self) -> Vec<u8> {
        self.card
            .status2_owned()
            .map(|status| status.atr().to_vec())
            .unwrap_or_default()
    }

    /// Switches the field off and on: the chip forgets every session.
    ///
    /// # Errors
    ///
    /// [`CardError::Removed`] if the document is gone since, [`CardError::Reader`] if the reader is.
    pub fn reset(&mut self) -> Result<(), CardError> {
        self.card
            .reconnect(
                ShareMode::Exclusive,
                Protocols::ANY,
                Disposition::UnpowerCard,
            )
            .map_err(|problem| self.error(problem))
    }

    fn error(&self, problem: Error) -> CardError {
        error_of(&self.context, &self.reader, problem)
    }
}

impl Card for PcscCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        match self.card.transmit(command, &mut self.buffer) {
            Ok(response) if response.len() >= 2 => Ok(response.to_vec()),
            // No contactless chip answers with nothing: that is a driver that lost it.
            Ok([]) => Err(self.error(Error::RemovedCard)),
            Ok(response) => Err(CardError::TooShort {
                found: response.len(),
            }),
            Err(problem) => Err(self.error(problem)),
        }
    }

    fn reconnect(&mut self) -> Result<(), CardError> {
        self.reset()
    }
}

/// The same error codes stand for a document that moved and for a reader that was unplugged, or a
/// service that went, in the middle: which it was, the state of the reader tells.
fn error_of(context: &Context, reader: &CStr, problem: Error) -> CardError {
    let works = || {
        let mut now = [ReaderState::new(reader, State::UNAWARE)];
        let told = context.get_status_change(Duration::ZERO, &mut now);
        told.is_ok() && !now[0].event_state().intersects(LOST)
    };
    match card_error(reader, problem) {
        CardError::Removed if !works() => {
            failed(&reader.to_string_lossy(), Error::ReaderUnavailable)
        }
        error => error,
    }
}

/// A transmission that fails is how most readers first notice that the document moved.
fn card_error(reader: &CStr, problem: Error) -> CardError {
    match problem {
        Error::RemovedCard
        | Error::ResetCard
        | Error::NoSmartcard
        | Error::UnpoweredCard
        | Error::UnresponsiveCard
        | Error::NotTransacted
        | Error::CommError
        | Error::ProtoMismatch => CardError::Removed,
        _ => failed(&reader.to_string_lossy(), problem),
    }
}

fn failed(reader: &str, problem: Error) -> CardError {
    CardError::Reader {
        // Whoever asked for no reader in particular has none.
        reader: if reader.is_empty() {
            "of any name"
        } else {
            reader
        }
        .to_owned(),
        problem: problem.to_string(),
    }
}

impl fmt::Debug for PcscReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcscReader")
            .field("fragment", &self.fragment)
            .field("is_open", &self.opened.is_some())
            .finish()
    }
}

/// Not the buffer: it holds the last response.
impl fmt::Debug for PcscCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcscCard")
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}
