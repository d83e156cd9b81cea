//! An opened chip, and how it is opened again.

use super::habits::{ApduLength, Extended, Habits};
use super::{Progress, ReadError};
use crate::access::{Access, AccessError, Passwords, Protocol, WithoutPace};
use crate::apdu::{Command, Response, SHORT_RESPONSE, Status};
use crate::bac;
use crate::card::{Card, CardError};
use crate::channel::{Channel, Notice};
use crate::chip_authentication::{self, Failure, Way};
use crate::conversation::{ChipProof, MappingProof};
use crate::domain::Domain;
use crate::file::ElementaryFile;
use crate::pace::{self, MappedChip, Password};
use crate::secure_messaging::MessagingError;
use crate::security_info::{PaceInfo, SecurityInfos};
use crate::sensitive::Sensitive;
use crate::step::Step;
use crate::tlv::{self, Reader, TlvError};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Application identifier of the travel document application (Doc 9303-10, 4.1).
const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// Files in the master file (Doc 9303-11, 9.2.11).
const CARD_ACCESS: (u16, u8) = (0x011C, 0x1C);
const CARD_SECURITY: (u16, u8) = (0x011D, 0x1D);

/// Longest file in the master file that is looked at.
const LONGEST_INFO: usize = 0x4000;

/// Blocks with extended length, then what old chips still accept. A portrait fits into the longest: each
/// command less saves some fifteen milliseconds.
const BLOCKS: [usize; 4] = [16_384, FIRST_LONG, 2048, 1024];
/// The longest block before the reader has carried any: whoever carries long commands carries this one,
/// so that a failure tells something about the reader.
const FIRST_LONG: usize = 4096;
const SMALL_BLOCKS: [usize; 6] = [192, 160, 128, 96, 64, 32];

/// Sessions opened again without a smaller block as the remedy.
const SPARE_SESSIONS: u8 = 2;

/// Times that a document may leave and come back.
const SPARE_ABSENCES: u8 = 1;

/// A chip whose application is selected and opened.
pub(super) struct Session<'a, R> {
    pub(super) channel: Channel<'a>,
    passwords: &'a Passwords,
    pub(super) rng: &'a mut R,
    pub(super) habits: &'a mut Habits,
    pub(super) access: Access,
    pub(super) mapping: MappingProof,
    pub(super) announced: MasterFiles,
    /// Chip Authentication, as far as it has come.
    pub(super) chip_proof: ChipProof,
    /// The way of the Chip Authentication whose keys protect the session; it must be gone again in
    /// every new session.
    way: Option<Way>,
    /// New keys were agreed on, and no response has shown yet that the chip has them.
    unproven: bool,
    /// In this session or in one before, a response has shown it.
    proven_once: bool,
    /// Which file the chip has selected.
    pub(super) selected: Option<ElementaryFile>,
    /// Bytes that were asked for last.
    asked: usize,
    /// A smaller block was taken since the chip last gave a protected response.
    shrunk: bool,
    spare_sessions: u8,
    spare_absences: u8,
    /// What is thought of a reader that called a long command a removal.
    removal: Removal,
}

/// A removal during a long command: the document may have moved, or the command was too long for a
/// reader that says so in this way. Only a short read that works and another long one that fails
/// tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Removal {
    /// Nothing of the kind was seen.
    Unseen,
    /// The next read is a short one.
    TryShort,
    /// That worked: the next read is a long one again.
    TryLong,
}

/// Files beside the application, as they were read when the chip was opened.
#[derive(Default)]
pub(super) struct MasterFiles {
    pub(super) access: Option<Sensitive<Vec<u8>>>,
    pub(super) security: Option<Sensitive<Vec<u8>>>,
    /// Reading EF.CardSecurity has cost a session: it is not read again.
    security_breaks: bool,
}

impl<'a, R: CryptoRng> Session<'a, R> {
    pub(super) fn open(
        card: &'a mut dyn Card,
        passwords: &'a Passwords,
        habits: &'a mut Habits,
        rng: &'a mut R,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Self, ReadError> {
        let mut channel = Channel::new(card);
        let mut absences = SPARE_ABSENCES;
        let mut announced = MasterFiles::default();
        let (access, mapping) = loop {
            match open(&mut channel, passwords, habits, &mut announced, rng) {
                Err(ReadError::Card {
                    step,
                    error: CardError::Removed,
                }) if absences > 0 && channel.reconnect().is_ok() => {
                    absences -= 1;
                    channel.note(Notice::CameBack { step });
                }
                Ok(opened) => break opened,
                Err(error) => {
                    super::tell(channel.take_notices(), progress);
                    return Err(error);
                }
            }
        };
        Ok(Self {
            channel,
            passwords,
            rng,
            habits,
            access,
            mapping,
            announced,
            chip_proof: ChipProof::NotAsked,
            way: None,
            unproven: false,
            proven_once: false,
            selected: None,
            asked: 0,
            shrunk: false,
            spare_sessions: SPARE_SESSIONS,
            spare_absences: absences,
            removal: Removal::Unseen,
        })
    }

    pub(super) fn exchange(
        &mut self,
        step: Step,
        command: &Command<'_>,
    ) -> Result<Response, ReadError> {
        self.asked = command.expected.unwrap_or(0);
        let response = self.channel.exchange(step, command)?;
        if self.channel.proven() {
            self.proven_once |= core::mem::take(&mut self.unproven);
            self.shrunk = false;
            if command
                .expected
                .is_some_and(|expected| expected > SHORT_RESPONSE)
            {
                self.habits.extended = Extended::Works;
                self.removal = Removal::Unseen;
            } else if self.removal == Removal::TryShort && command.expected.is_some() {
                self.removal = Removal::TryLong;
            }
        }
        Ok(response)
    }

    /// Bytes to ask for at a time.
    pub(super) fn block(&self) -> usize {
        let carried = match self.habits.extended {
            _ if !self.carries_long() => self.channel.short_block(),
            Extended::Works => BLOCKS[0],
            Extended::Untried | Extended::Fails => FIRST_LONG,
        };
        let wanted = self.habits.chip.block.unwrap_or(carried);
        carried.min(wanted).max(1)
    }

    /// Whether the reader may be asked to carry extended length.
    pub(super) fn carries_long(&self) -> bool {
        self.habits.apdus == ApduLength::Extended
            && self.habits.extended != Extended::Fails
            && self.removal != Removal::TryShort
    }

    /// Takes the next block smaller than `refused`. False when there is none.
    pub(super) fn shrink(&mut self, refused: usize) -> bool {
        let smaller = BLOCKS
            .into_iter()
            .chain([self.channel.short_block()])
            .chain(SMALL_BLOCKS)
            .find(|block| *block < refused.min(self.block() + 1));
        if smaller.is_some() {
            self.habits.chip.block = smaller;
            self.shrunk = true;
        }
        smaller.is_some()
    }

    /// Brings the conversation on after `error`, if that can be done; else gives it back.
    pub(super) fn recover(&mut self, error: ReadError) -> Result<(), ReadError> {
        let long = self.asked > SHORT_RESPONSE && self.habits.extended != Extended::Works;
        match &error {
            ReadError::Messaging { step, problem } => {
                let proof_failed = self.unproven;
                let ended = matches!(problem, MessagingError::Ended { .. });
                if !proof_failed && !ended {
                    return Err(error);
                }
                if proof_failed {
                    // The chip does not know the keys that belong to its static key.
                    self.way = None;
                    self.chip_proof =
                        ChipProof::Failed(format!("the chip has not the new keys: {problem}"));
                } else if !core::mem::take(&mut self.shrunk) && !self.shrink(self.asked) {
                    // Neither was the last block too long for the session, nor is there a shorter.
                    self.spare_sessions =
                        self.spare_sessions.checked_sub(1).ok_or(error.clone())?;
                }
                self.shrunk = false;
                let step = *step;
                self.reopen()?;
                self.channel.note(Notice::Reopened { step });
            }
            // Readers that cannot carry extended length fail instead of saying so.
            ReadError::Card {
                error: CardError::Reader { .. } | CardError::TooShort { .. },
                step,
            } if long => {
                self.habits.extended = Extended::Fails;
                let step = *step;
                // Some want the card to be woken up again; those that do not, say no.
                let _awake_already = self.channel.reconnect();
                self.reopen().map_err(|_| error)?;
                self.channel.note(Notice::Reopened { step });
            }
            // One that can, and still fails, has less room than the chip.
            ReadError::Card {
                error: CardError::Reader { .. } | CardError::TooShort { .. },
                step,
            } if self.asked > FIRST_LONG && self.shrink(self.asked) => {
                let step = *step;
                let _awake_already = self.channel.reconnect();
                self.reopen().map_err(|_| error)?;
                self.channel.note(Notice::Reopened { step });
            }
            ReadError::Card {
                error: CardError::Removed,
                step,
            } => {
                let step = *step;
                if self.asked > FIRST_LONG {
                    self.shrink(self.asked);
                }
                // The second try was ours: it is not counted against the traveller.
                let proves_reader = long && self.removal == Removal::TryLong;
                if self.spare_absences == 0 && !proves_reader || self.channel.reconnect().is_err() {
                    return Err(error);
                }
                if proves_reader {
                    self.habits.extended = Extended::Fails;
                } else {
                    self.spare_absences -= 1;
                    if long {
                        self.removal = Removal::TryShort;
                    }
                }
                self.channel.note(Notice::CameBack { step });
                self.reopen()?;
            }
            _ => return Err(error),
        }
        Ok(())
    }

    /// Goes on after `error` in something that an inspection can do without: the chip is opened anew
    /// in a session that knows nothing of it. The error comes back where the chip, or its time, is
    /// gone.
    pub(super) fn give_up(&mut self, error: ReadError) -> Result<(), ReadError> {
        let gone = match &error {
            ReadError::Card {
                error: CardError::Late,
                ..
            }
            | ReadError::Crypto(_) => true,
            ReadError::Card { .. } => self.channel.reconnect().is_err(),
            _ => false,
        };
        if gone || self.reopen().is_err() {
            return Err(error);
        }
        self.note_given_up(&error);
        Ok(())
    }

    pub(super) fn note_given_up(&mut self, error: &ReadError) {
        let step = error.step().unwrap_or(Step::Application);
        let cause = error.cause();
        self.channel.note(Notice::GivenUp { step, cause });
    }

    /// Opens the chip again, and authenticates it again if it was.
    fn reopen(&mut self) -> Result<(), ReadError> {
        self.channel.expose();
        self.selected = None;
        self.unproven = false;
        let announced = &mut self.announced;
        let (access, mapping) = open(
            &mut self.channel,
            self.passwords,
            self.habits,
            announced,
            self.rng,
        )?;
        self.access = access;
        self.mapping = mapping;
        match self.way.take().map(|way| self.authenticate_chip(&way)) {
            // It did so before: a proof that fails now is a finding, and no end.
            Some(Err(error)) => self.give_up(error),
            _ => Ok(()),
        }
    }

    /// Chip Authentication. What the chip does not do is noted, and ends nothing.
    pub(super) fn authenticate_chip(&mut self, way: &Way) -> Result<(), ReadError> {
        self.asked = 0;
        self.chip_proof = match chip_authentication::authenticate(&mut self.channel, way, self.rng)
        {
            Ok(()) => {
                self.way = Some(way.clone());
                self.unproven = true;
                ChipProof::Given(way.info.to_string())
            }
            Err(Failure::Chip(reason)) => ChipProof::Failed(reason),
            Err(Failure::Unsupported(reason)) => ChipProof::Unsupported(reason),
            Err(Failure::Read(error)) => {
                self.chip_proof = ChipProof::Failed(error.to_string());
                return Err(error);
            }
        };
        Ok(())
    }

    /// What Chip Authentication has come to. A session that nothing was read in takes nothing back.
    pub(super) fn chip_proof(&self) -> ChipProof {
        let unproven = self.unproven && !self.proven_once;
        match (&self.chip_proof, unproven) {
            (ChipProof::Given(_), true) => {
                ChipProof::Failed("nothing was read with the new keys".into())
            }
            (proof, _) => proof.clone(),
        }
    }

    pub(super) fn opened(&self, progress: &mut dyn FnMut(Progress<'_>)) {
        progress(Progress::Opened(&self.access));
    }
}

/// PACE if the chip offers it, then the application; else the application, then BAC.
fn open(
    channel: &mut Channel<'_>,
    passwords: &Passwords,
    habits: &mut Habits,
    announced: &mut MasterFiles,
    rng: &mut impl CryptoRng,
) -> Result<(Access, MappingProof), ReadError> {
    let without_pace = match with_pace(channel, passwords, habits, announced, rng)? {
        Ok(opened) => {
            select_application(channel)?;
            return Ok(opened);
        }
        Err(without_pace) => without_pace,
    };
    let Some(key) = &passwords.mrz else {
        return Err(AccessError::NoPassword { without_pace }.into());
    };
    select_application(channel)?;
    let messaging = bac::authenticate(channel, key, rng).map_err(|error| match error {
        ReadError::Access(AccessError::Refused { step, status, .. }) => AccessError::Refused {
            step,
            status,
            without_pace: Some(without_pace.clone()),
        }
        .into(),
        error => error,
    })?;
    channel.protect(messaging);
    let access = Access {
        protocol: Protocol::Bac { without_pace },
        password: crate::access::PasswordKind::Mrz,
    };
    Ok((access, MappingProof::NotAsked))
}

/// Opens the chip with PACE, or says why that was not done.
fn with_pace(
    channel: &mut Channel<'_>,
    passwords: &Passwords,
    habits: &mut Habits,
    announced: &mut MasterFiles,
    rng: &mut impl CryptoRng,
) -> Result<Result<(Access, MappingProof), WithoutPace>, ReadError> {
    announced.security = None;
    let file = match card_access(channel, habits, announced.access.take())? {
        Ok(file) => file,
        Err(status) => return Ok(Err(WithoutPace::NoCardAccess { status })),
    };
    announced.access = Some(Sensitive::new(file.to_vec()));
    let infos = match SecurityInfos::parse(&file) {
        Ok(infos) => infos,
        Err(problem) => return Ok(Err(WithoutPace::Malformed(problem))),
    };
    let offered = infos.pace.len() + infos.others;
    let Some(info) = best(&infos.pace) else {
        return Ok(Err(WithoutPace::NothingSupported { offered }));
    };
    let several = infos.pace.len() > 1;
    let mut without_pace = None;
    for password in [
        passwords.can.as_ref().map(Password::Can),
        passwords.mrz.as_ref().map(Password::Mrz),
    ]
    .into_iter()
    .flatten()
    {
        match pace::authenticate(channel, &info, several, password, rng) {
            Ok(established) => {
                channel.protect(established.messaging);
                let mapping = match established.chip {
                    None => MappingProof::NotAsked,
                    Some(_) if announced.security_breaks => MappingProof::Failed,
                    Some(chip) => match mapped(channel, habits, announced, &chip) {
                        // The proof is lost, and the session with it: open the chip without.
                        Err(error @ ReadError::Messaging { .. }) => {
                            announced.security_breaks = true;
                            let (step, cause) = (Step::CardSecurity, error.cause());
                            channel.note(Notice::GivenUp { step, cause });
                            channel.expose();
                            return with_pace(channel, passwords, habits, announced, rng);
                        }
                        mapping => mapping?,
                    },
                };
                let access = Access {
                    protocol: Protocol::Pace(info),
                    password: password.kind(),
                };
                return Ok(Ok((access, mapping)));
            }
            Err(ReadError::Access(error)) => match error.allows_bac() {
                Some(reason) => without_pace = Some(reason),
                None => return Err(error.into()),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(Err(
        without_pace.unwrap_or(WithoutPace::NothingSupported { offered })
    ))
}

/// The best way that a chip offers and we can do: one in which the chip proves that it is no copy
/// first, then generic mapping before integrated, curves before prime fields, the longest key, and
/// of groups the one that costs the chip the least time.
pub(super) fn best(offers: &[PaceInfo]) -> Option<PaceInfo> {
    let known = offers.iter().filter(|info| info.is_supported());
    known
        .max_by_key(|info| {
            let cost = core::cmp::Reverse(info.parameters);
            (info.mapping, info.agreement, info.suite, cost)
        })
        .copied()
}

/// Looks for the static key that fits what the chip proved in PACE.
fn mapped(
    channel: &mut Channel<'_>,
    habits: &mut Habits,
    announced: &mut MasterFiles,
    chip: &MappedChip,
) -> Result<MappingProof, ReadError> {
    let Ok(file) = master_file(channel, habits, Step::CardSecurity, CARD_SECURITY, false)? else {
        return Ok(MappingProof::Failed);
    };
    announced.security = Some(Sensitive::new(file.to_vec()));
    let Ok(infos) = card_security(&file) else {
        return Ok(MappingProof::Failed);
    };
    for key in &infos.keys {
        let Ok((domain, element)) = Domain::of_public_key(&key.public_key) else {
            continue;
        };
        if let Ok(point) = domain.encode(&element)
            && chip.has(&point).unwrap_or(false)
        {
            return Ok(MappingProof::Given(point));
        }
    }
    Ok(MappingProof::Failed)
}

/// The security information in EF.CardSecurity, which is signed data (Doc 9303-11, 9.2.11). Whose
/// signature it is, is judged with the other files.
fn card_security(file: &[u8]) -> Result<SecurityInfos, TlvError> {
    let mut info = Reader::new(file).expect(0x30, "signed data")?.reader();
    info.expect(0x06, "content type")?;
    let mut explicit = info.expect(0xA0, "signed data")?.reader();
    let mut data = explicit.expect(0x30, "signed data")?.reader();
    data.expect(0x02, "version")?;
    data.expect(0x31, "digest algorithms")?;
    let mut content = data.expect(0x30, "content")?.reader();
    content.expect(0x06, "content type")?;
    let octets = content
        .expect(0xA0, "content")?
        .reader()
        .expect(0x04, "content")?;
    SecurityInfos::parse(octets.value)
}

/// EF.CardAccess. A chip that gave it before, as `known`, and denies it now, has its application
/// selected, which hides the master file: that is selected, then the chip is woken up anew. If even
/// that does not help, what is `known` holds on, for PACE must not give way to BAC.
fn card_access(
    channel: &mut Channel<'_>,
    habits: &mut Habits,
    known: Option<Sensitive<Vec<u8>>>,
) -> Result<Result<Zeroizing<Vec<u8>>, Status>, ReadError> {
    let mut read = |channel: &mut Channel<'_>, hidden| {
        master_file(channel, habits, Step::CardAccess, CARD_ACCESS, hidden)
    };
    let answer = read(channel, known.is_some())?;
    let (Err(_), Some(known)) = (&answer, known) else {
        return Ok(answer);
    };
    if channel.reconnect().is_ok()
        && let Ok(file) = read(channel, false)?
    {
        return Ok(Ok(file));
    }
    Ok(Ok(Zeroizing::new(known.expose().clone())))
}

/// Reads a file of the master file, or says with which status the chip refused it.
///
/// The master file is selected when a chip wakes up, so one command may do; many chips refuse to
/// select it (NZ, CN, AU, UA, VN), which does not matter. A file that is not found is looked for no
/// further, unless it is `hidden`: known to be there.
fn master_file(
    channel: &mut Channel<'_>,
    habits: &mut Habits,
    step: Step,
    (identifier, short): (u16, u8),
    hidden: bool,
) -> Result<Result<Zeroizing<Vec<u8>>, Status>, ReadError> {
    let most = channel.short_block();
    if !habits.chip.by_identifier {
        let first = channel.exchange(step, &read_binary(0x80 | short, 0, most))?;
        if is_data(&first) {
            return whole(channel, step, first.data, most);
        }
    }
    let select = |p1, data| Command {
        class: 0,
        instruction: 0xA4,
        p1,
        p2: 0x0C,
        data,
        expected: None,
    };
    let identifier = identifier.to_be_bytes();
    let mut status = channel.exchange(step, &select(0x02, &identifier))?.status;
    if !status.is_done() && (hidden || status != Status::FILE_NOT_FOUND) {
        let _many_refuse = channel.exchange(step, &select(0x00, &[0x3F, 0x00]))?;
        status = channel.exchange(step, &select(0x02, &identifier))?.status;
    }
    if !status.is_done() {
        return Ok(Err(status));
    }
    let first = channel.exchange(step, &read_binary(0, 0, most))?;
    if is_data(&first) {
        return whole(channel, step, first.data, most);
    }
    Ok(Err(first.status))
}

/// Reads on to the end that the file's first bytes announce. What cannot be read is left out: the
/// parser notices.
fn whole(
    channel: &mut Channel<'_>,
    step: Step,
    mut bytes: Zeroizing<Vec<u8>>,
    most: usize,
) -> Result<Result<Zeroizing<Vec<u8>>, Status>, ReadError> {
    let length = match tlv::header(&bytes, 0, 0) {
        Ok(header) => header.size + header.length.unwrap_or(0).min(LONGEST_INFO),
        Err(_) => return Ok(Ok(bytes)),
    };
    while bytes.len() < length {
        let [.., p1, p2] = bytes.len().to_be_bytes();
        let expected = most.min(length - bytes.len());
        let block = channel.exchange(step, &read_binary(p1, p2, expected))?;
        if !is_data(&block) {
            break;
        }
        bytes.extend_from_slice(&block.data);
    }
    bytes.truncate(length);
    Ok(Ok(bytes))
}

fn is_data(response: &Response) -> bool {
    let done = matches!(response.status, Status::SUCCESS | Status::END_OF_FILE);
    done && !response.data.is_empty()
}

pub(super) const fn read_binary(p1: u8, p2: u8, expected: usize) -> Command<'static> {
    Command {
        class: 0,
        instruction: 0xB0,
        p1,
        p2,
        data: &[],
        expected: Some(expected),
    }
}

fn select_application(channel: &mut Channel<'_>) -> Result<(), ReadError> {
    let command = Command {
        class: 0,
        instruction: 0xA4,
        p1: 0x04,
        p2: 0x0C,
        data: &APPLICATION,
        // German documents refuse a length field where no data is expected.
        expected: None,
    };
    let status = channel.exchange(Step::Application, &command)?.status;
    if status.is_done() {
        Ok(())
    } else {
        Err(ReadError::NoApplication { status })
    }
}
