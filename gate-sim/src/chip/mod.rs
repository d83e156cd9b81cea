//! The card side of a travel document: what its chip answers (ISO/IEC 7816-4, Doc 9303-11).
//!
//! [`Chip`] is pure: command in, response out. [`field`] carries the bytes, either in process or
//! through the real PC/SC stack of the machine ([`vpcd`], [`pcscd`]).

mod apdu;
mod authentication;
pub(crate) mod cipher;
pub mod fault;
pub mod field;
pub(crate) mod group;
pub mod latency;
mod messaging;
mod pace;
pub mod pcscd;
mod quirk;
mod status;
pub mod vpcd;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use openssl::error::ErrorStack;
use openssl::sha::sha1;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use self::apdu::Command;
pub use self::cipher::Cipher;
use self::cipher::{KeyPair, pad};
pub use self::fault::Fault;
pub use self::latency::Profile;
use self::messaging::{Plain, Session};
pub use self::quirk::Quirk;
use crate::issuer::TestDocument;
use crate::issuer::electronics::{Electronics, Secrets};

/// Application identifier of the eMRTD application (Doc 9303-10, 4.1).
const APPLICATION: [u8; 7] = [0xA0, 0, 0, 0x02, 0x47, 0x10, 0x01];

/// The master file, which some readers select first.
const MASTER_FILE: u16 = 0x3F00;

/// EF.DIR, whose short identifier is 1E (Doc 9303-10, 3.11).
const DIRECTORY: u16 = 0x2F00;

/// A travel document's chip: Basic Access Control, and whatever its issuer has given it beside.
///
/// It knows no time and no transport. [`Chip::place`] puts it into a reader's field.
pub struct Chip {
    files: BTreeMap<u16, Vec<u8>>,
    master: BTreeMap<u16, Vec<u8>>,
    electronics: Electronics,
    secrets: Secrets,
    zone: Vec<u8>,
    quirks: Vec<Quirk>,
    access: KeyPair,
    extended_length: bool,
    profile: Profile,
    faults: VecDeque<Fault>,
    rng: ChaCha20Rng,
    fault: Option<Fault>,
    commands: u32,
    state: State,
}

/// What the chip forgets at every reset.
#[derive(Default)]
struct State {
    application: bool,
    selected: Option<u16>,
    challenge: Option<[u8; 8]>,
    session: Option<Session>,
    /// New keys, which hold from the next command on.
    next_session: Option<Session>,
    pace: Option<pace::Run>,
    /// The static key that was chosen for Chip Authentication.
    chosen: Option<usize>,
    /// The rest of a response that comes in pieces.
    rest: Vec<u8>,
}

impl Chip {
    /// The chip of `document`. Its random numbers come from `seed`.
    #[must_use]
    pub fn new(document: &TestDocument, seed: u64) -> Self {
        let digest = sha1(document.key_information().as_bytes());
        let key_seed = digest.first_chunk().copied().unwrap_or_default();
        Self {
            files: document
                .files()
                .map(|(id, bytes)| (id, bytes.to_vec()))
                .collect(),
            master: document.master.clone(),
            electronics: document.electronics.clone(),
            secrets: document.secrets.clone(),
            zone: digest.to_vec(),
            quirks: Vec::new(),
            access: KeyPair::derive(&key_seed),
            extended_length: true,
            profile: Profile::INSTANT,
            faults: VecDeque::new(),
            rng: ChaCha20Rng::seed_from_u64(seed),
            fault: None,
            commands: 0,
            state: State::default(),
        }
    }

    /// The same chip, as quick as `profile`.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// The same chip without extended length: it refuses longer commands and answers (6700).
    #[must_use]
    pub fn without_extended_length(mut self) -> Self {
        self.extended_length = false;
        self
    }

    /// The same chip, as it is met in the field.
    #[must_use]
    pub fn with_quirks(mut self, quirks: impl IntoIterator<Item = Quirk>) -> Self {
        self.quirks = quirks.into_iter().collect();
        self
    }

    fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// What the first quirk that `pick` knows says.
    fn quirk<T>(&self, pick: impl Fn(&Quirk) -> Option<T>) -> Option<T> {
        self.quirks.iter().find_map(pick)
    }

    /// The same chip with one fault per placement, in this order; later placements work.
    #[must_use]
    pub fn with_faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults = faults.into_iter().collect();
        self
    }

    /// The document is laid on the reader, once more or for the first time.
    pub fn place(&mut self) {
        self.fault = self.faults.pop_front();
        self.commands = 0;
        self.reset();
    }

    /// The reader switched its field off and on, or sent a reset.
    pub fn reset(&mut self) {
        self.state = State::default();
    }

    /// Answers `command`; `None` if the chip has left the field.
    pub fn answer(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        self.commands = self.commands.saturating_add(1);
        match self.fault {
            Some(Fault::Vanishes { after } | Fault::DropsOut { after })
                if self.commands > after =>
            {
                None
            }
            Some(Fault::TalksNonsense { after }) if self.commands > after => Some(self.nonsense()),
            _ => Some(self.respond(command)),
        }
    }

    /// Somebody looks whether the chip is there again.
    pub fn comes_back(&mut self) -> bool {
        match self.fault {
            Some(Fault::Vanishes { after }) if self.commands > after => false,
            Some(Fault::DropsOut { .. }) => {
                self.fault = None;
                self.reset();
                true
            }
            _ => {
                self.reset();
                true
            }
        }
    }

    /// How long an exchange of this size takes.
    #[must_use]
    pub fn duration(&self, command_len: usize, response_len: usize) -> Duration {
        self.profile.duration(command_len, response_len)
    }

    fn nonsense(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.rng.random_range(0..40)];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    fn respond(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(command) = Command::parse(bytes) else {
            return status::alone(status::WRONG_LENGTH);
        };
        if command.extended && !self.extended_length {
            // A naked status: the session goes on with a shorter command (a known field quirk).
            return status::alone(status::WRONG_LENGTH);
        }
        if let (0xC0, Some(size)) = (command.header[1], self.pieces()) {
            let rest = std::mem::take(&mut self.state.rest);
            return self.piece(rest, size);
        }
        let response = self.respond_whole(&command);
        match self.pieces() {
            Some(size) => self.piece(response, size),
            None => response,
        }
    }

    fn pieces(&self) -> Option<usize> {
        self.quirk(|quirk| match quirk {
            Quirk::Pieces(size) => Some(*size),
            _ => None,
        })
    }

    fn piece(&mut self, mut response: Vec<u8>, size: usize) -> Vec<u8> {
        if response.len() > size + 2 {
            self.state.rest = response.split_off(size);
            let left = (self.state.rest.len() - 2).min(255) as u8;
            response.extend([0x61, left]);
        }
        response
    }

    fn respond_whole(&mut self, command: &Command<'_>) -> Vec<u8> {
        if let Some(session) = self.state.next_session.take() {
            self.state.session = Some(session);
        }
        match (self.state.session.take(), command.is_protected()) {
            (Some(session), true) => self.respond_protected(session, command),
            (None, true) => status::alone(status::MESSAGING_NOT_SUPPORTED),
            // An unprotected command ends a session (Doc 9303-11, 9.8.3).
            (_, false) => self.respond_plain(command),
        }
    }

    fn respond_protected(&mut self, mut session: Session, command: &Command<'_>) -> Vec<u8> {
        let plain = match session.open(command) {
            Ok(plain) => plain,
            Err(status) => return status::alone(status),
        };
        let most = if command.extended {
            usize::MAX
        } else {
            session.short_data_max()
        };
        let (data, status) = self.execute(command.header, &plain, true, most);
        if self.has(Quirk::NakedRefusal) && status == status::WRONG_LENGTH {
            session.uncount();
            if !self.has(Quirk::ForgetsSession) {
                self.state.session = Some(session);
            }
            return status::alone(status);
        }
        if self.has(Quirk::NakedData) && !data.is_empty() {
            return [&data[..], &status.to_be_bytes()].concat();
        }
        let mut response = session
            .seal(&data, status, command.header[1] % 2 == 1)
            .unwrap_or_else(|_| status::alone(status::FAILED));
        if self.garbles(command.header[1])
            && let Some(of_checksum) = response.iter_mut().rev().nth(2)
        {
            *of_checksum ^= 1;
        }
        if !(self.has(Quirk::MindsTheEnd) && status == status::OFFSET_OUTSIDE) {
            self.state.session = Some(session);
        }
        response
    }

    fn garbles(&self, instruction: u8) -> bool {
        let reads = |id| instruction == 0xB0 && self.state.selected == Some(id);
        let application = self.state.application;
        self.quirks.iter().any(|quirk| match quirk {
            Quirk::Garbles(id) => application && reads(*id),
            Quirk::GarblesMaster(id) => !application && reads(*id),
            Quirk::GarblesAnswers(garbled) => *garbled == instruction,
            _ => false,
        })
    }

    fn respond_plain(&mut self, command: &Command<'_>) -> Vec<u8> {
        let plain = Plain {
            data: command.data.to_vec(),
            expected: command.expected,
        };
        let most = if command.extended { usize::MAX } else { 256 };
        let (mut response, status) = self.execute(command.header, &plain, false, most);
        response.extend(status.to_be_bytes());
        response
    }

    fn execute(
        &mut self,
        [_, instruction, p1, p2]: [u8; 4],
        plain: &Plain,
        authenticated: bool,
        most: usize,
    ) -> (Vec<u8>, u16) {
        let wants_none = matches!((instruction, p1), (0xA4, _) | (0x22, _));
        if wants_none && self.has(Quirk::NoLengthField) && plain.expected.is_some() {
            return (Vec::new(), status::WRONG_LENGTH);
        }
        let result = match (instruction, p1, p2) {
            (0xA4, 0x04, _) => self.select_application(&plain.data),
            (0xA4, 0x00, _) => self.select_master_file(&plain.data),
            (0xA4, 0x02, _) => self.select_file(&plain.data, authenticated),
            (0xA4, ..) => Err(status::WRONG_PARAMETERS),
            (0xB0, ..) => self.read_binary([p1, p2], plain.expected, authenticated, most),
            (0xB1, ..) => self.read_far(plain, authenticated, most),
            (0x22, 0xC1, 0xA4) => self.pace_set_up(&plain.data),
            (0x22, 0x41, 0xA6) => self.set_key(&plain.data, authenticated),
            (0x22, 0x41, 0xA4) => self.choose_key(&plain.data, authenticated),
            (0x86, ..) if self.state.chosen.is_some() => self.agree_on_keys(&plain.data),
            (0x86, ..) => self.pace_step(&plain.data),
            (0x88, ..) => self.internal_authenticate(plain, authenticated, most),
            (0x84, ..) => self.get_challenge(),
            (0x82, ..) => self.external_authenticate(&plain.data, plain.expected),
            _ => Err(status::INSTRUCTION_UNKNOWN),
        };
        match result {
            Ok(answer) => answer,
            Err(status) => (Vec::new(), status),
        }
    }

    fn select_application(&mut self, name: &[u8]) -> Executed {
        if name != APPLICATION {
            return Err(status::NOT_FOUND);
        }
        self.state.application = true;
        self.state.selected = None;
        done()
    }

    fn select_file(&mut self, id: &[u8], authenticated: bool) -> Executed {
        let id = file_id(id)?;
        if !self.state.application {
            self.check_directory(id)?;
            if !self.master.contains_key(&id) {
                return Err(status::NOT_FOUND);
            }
            self.check_master(id, authenticated)?;
            self.state.selected = Some(id);
            let warning = self.quirk(|quirk| match quirk {
                Quirk::CardAccessWarning(status) => Some(*status),
                _ => None,
            });
            return Ok((Vec::new(), warning.unwrap_or(status::OK)));
        }
        self.check_hidden(id)?;
        self.check_access(authenticated)?;
        self.check_group(id)?;
        if !self.files.contains_key(&id) {
            return Err(status::NOT_FOUND);
        }
        self.state.selected = Some(id);
        done()
    }

    /// Reads from the selected file, or from one named by its short identifier, which is selected by
    /// that (ISO/IEC 7816-4, 11.3.3).
    fn read_binary(
        &mut self,
        [p1, p2]: [u8; 2],
        expected: Option<usize>,
        authenticated: bool,
        most: usize,
    ) -> Executed {
        let by_short_id = p1 & 0x80 != 0;
        let offset = if by_short_id {
            u16::from(p2)
        } else {
            u16::from_be_bytes([p1, p2])
        };
        if self.state.application {
            if by_short_id {
                self.check_hidden(0x0100 | u16::from(p1 & 0x1F))?;
            }
            self.check_access(authenticated)?;
        }
        if by_short_id {
            if self.has(Quirk::NoShortIdentifiers) {
                return Err(status::WRONG_PARAMETERS);
            }
            if !self.state.application && p1 & 0x1F == 0x1E {
                self.check_directory(DIRECTORY)?;
            }
            let id = self.by_short_id(p1 & 0x1F).ok_or(status::NOT_FOUND)?;
            if self.state.application {
                self.check_group(id)?;
            } else {
                self.check_master(id, authenticated)?;
            }
            self.state.selected = Some(id);
        }
        let expected = expected.ok_or(status::WRONG_LENGTH)?;
        self.read_selected(usize::from(offset), expected, most)
    }

    /// READ BINARY with an odd instruction: offset and data are data objects (ISO/IEC 7816-4,
    /// 11.3.3).
    fn read_far(&mut self, plain: &Plain, authenticated: bool, most: usize) -> Executed {
        self.check_access(authenticated)?;
        let [0x54, length, offset @ ..] = &plain.data[..] else {
            return Err(status::WRONG_DATA);
        };
        if usize::from(*length) != offset.len() || offset.len() > 4 {
            return Err(status::WRONG_DATA);
        }
        let offset = offset
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let expected = plain.expected.ok_or(status::WRONG_LENGTH)?;
        let room = expected.min(most).saturating_sub(4);
        let (data, status) = self.read_selected(offset, room, most)?;
        Ok((crate::issuer::der::tlv(0x53, &data), status))
    }

    fn read_selected(&self, offset: usize, expected: usize, most: usize) -> Executed {
        let id = self.state.selected.ok_or(status::NO_FILE_SELECTED)?;
        let files = if self.state.application {
            &self.files
        } else {
            &self.master
        };
        let file = files.get(&id).ok_or(status::NOT_FOUND)?;
        let rest = file.get(offset..).filter(|rest| !rest.is_empty());
        let rest = rest.ok_or(status::OFFSET_OUTSIDE)?;
        let limit = self.quirk(|quirk| match quirk {
            Quirk::Block(limit) => Some(*limit),
            _ => None,
        });
        if let Some(limit) = limit.filter(|limit| self.state.application && expected > *limit) {
            return Err(if self.has(Quirk::NamesLength) {
                0x6C00 | limit.min(255) as u16
            } else {
                status::WRONG_LENGTH
            });
        }
        if self.has(Quirk::MindsTheEnd) && self.state.application && expected > rest.len() {
            return Err(status::OFFSET_OUTSIDE);
        }
        let drop = self.quirk(|quirk| match quirk {
            Quirk::Drips(bytes) => Some(*bytes),
            _ => None,
        });
        let drop = drop.filter(|_| self.state.application);
        let most = most.min(drop.unwrap_or(usize::MAX));
        let data = &rest[..expected.min(most).min(rest.len())];
        // "All there is" (256 or 65 536) may come to an end; a definite length may not.
        let is_definite = !matches!(expected, 256 | 65_536);
        let ended = is_definite && rest.len() < expected;
        Ok((
            data.to_vec(),
            if ended {
                status::END_OF_FILE
            } else {
                status::OK
            },
        ))
    }

    /// EF.COM, EF.SOD and DGn have 1E, 1D and n; in this application that is the low byte of the
    /// file identifier (Doc 9303-10, 4.6).
    fn by_short_id(&self, short: u8) -> Option<u16> {
        let files = if self.state.application {
            &self.files
        } else {
            &self.master
        };
        files
            .keys()
            .copied()
            .find(|id| id.to_be_bytes()[1] == short)
    }

    fn check_access(&self, authenticated: bool) -> Result<(), u16> {
        match (authenticated, self.state.application) {
            (true, true) => Ok(()),
            _ => Err(status::ACCESS_DENIED),
        }
    }

    /// A file of the master file that the application hides.
    fn check_hidden(&self, id: u16) -> Result<(), u16> {
        let is_other = !self.files.contains_key(&id);
        if is_other && self.has(Quirk::ApplicationHidesMaster) {
            return Err(status::NOT_FOUND);
        }
        Ok(())
    }

    /// EF.DIR, where the chip does not show it to everybody.
    fn check_directory(&self, id: u16) -> Result<(), u16> {
        if id == DIRECTORY && self.has(Quirk::GuardsDirectory) {
            return Err(status::ACCESS_DENIED);
        }
        Ok(())
    }

    /// A data group that needs rights which no gate of this kind has.
    fn check_group(&self, id: u16) -> Result<(), u16> {
        let [_, number] = id.to_be_bytes();
        if self.has(Quirk::RefusesGroup(number)) {
            return Err(status::ACCESS_DENIED);
        }
        Ok(())
    }

    /// EF.CardAccess is for everybody, EF.CardSecurity for whoever knows the password.
    fn check_master(&self, id: u16, authenticated: bool) -> Result<(), u16> {
        if id == 0x011C || authenticated {
            Ok(())
        } else {
            Err(status::ACCESS_DENIED)
        }
    }

    fn select_master_file(&mut self, id: &[u8]) -> Executed {
        let answer = self.quirk(|quirk| match quirk {
            Quirk::MasterFile(status) => Some(*status),
            _ => None,
        });
        if let Some(status) = answer {
            return Err(status);
        }
        if !id.is_empty() && file_id(id)? != MASTER_FILE {
            return Err(status::NOT_FOUND);
        }
        self.state.application = false;
        self.state.selected = None;
        done()
    }

    fn get_challenge(&mut self) -> Executed {
        let refused = self.quirk(|quirk| match quirk {
            Quirk::NoBac(status) => Some(*status),
            _ => None,
        });
        if let Some(status) = refused {
            return Err(status);
        }
        let mut challenge = [0; 8];
        self.rng.fill_bytes(&mut challenge);
        self.state.challenge = Some(challenge);
        Ok((challenge.to_vec(), status::OK))
    }

    /// Basic Access Control (Doc 9303-11, 4.3.1). A challenge serves once.
    fn external_authenticate(&mut self, data: &[u8], expected: Option<usize>) -> Executed {
        if self.has(Quirk::AnyLength) && expected == Some(0x28) {
            return Err(0x6A88);
        }
        let challenge = self
            .state
            .challenge
            .take()
            .ok_or(status::CONDITIONS_NOT_MET)?;
        let request: &[u8; 40] = data.try_into().map_err(|_| status::WRONG_LENGTH)?;
        let (cryptogram, mac) = request.split_at(32);
        let right = self.access.mac(&pad(cryptogram)).map_err(crypto_failed)?;
        if !openssl::memcmp::eq(&right, mac) {
            return Err(status::AUTHENTICATION_FAILED);
        }
        let plain = self.access.decipher(cryptogram).map_err(crypto_failed)?;
        let (reader_nonce, rest) = plain.split_at(8);
        let (returned, reader_key) = rest.split_at(8);
        if returned != challenge {
            return Err(status::AUTHENTICATION_FAILED);
        }
        let mut own_key = [0; 16];
        self.rng.fill_bytes(&mut own_key);
        let answer = [&challenge, reader_nonce, &own_key].concat();
        let mut response = self.access.encipher(&answer).map_err(crypto_failed)?;
        let mac = self.access.mac(&pad(&response)).map_err(crypto_failed)?;
        response.extend(mac);
        self.state.session = Some(open_session(reader_nonce, reader_key, challenge, own_key));
        Ok((response, status::OK))
    }
}

/// Data and status word, or a status word that refuses.
type Executed = Result<(Vec<u8>, u16), u16>;

fn done() -> Executed {
    Ok((Vec::new(), status::OK))
}

fn file_id(bytes: &[u8]) -> Result<u16, u16> {
    bytes
        .try_into()
        .map(u16::from_be_bytes)
        .map_err(|_| status::WRONG_LENGTH)
}

fn crypto_failed(_: ErrorStack) -> u16 {
    status::FAILED
}

/// Session keys from both key halves; the counter starts with the ends of both challenges
/// (Doc 9303-11, 9.8.6.3).
fn open_session(
    reader_nonce: &[u8],
    reader_key: &[u8],
    challenge: [u8; 8],
    own_key: [u8; 16],
) -> Session {
    let mut seed = own_key;
    for (byte, other) in seed.iter_mut().zip(reader_key) {
        *byte ^= other;
    }
    let mut counter = [0; 8];
    counter[..4].copy_from_slice(&challenge[4..]);
    counter[4..].copy_from_slice(&reader_nonce[4..]);
    Session::new(
        KeyPair::derive(&seed),
        u128::from(u64::from_be_bytes(counter)),
    )
}

/// Neither files nor keys: both are a person's.
impl fmt::Debug for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chip")
            .field("files", &self.files.len())
            .field("profile", &self.profile)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
