//! Password Authenticated Connection Establishment (Doc 9303-11, 4.4): who knows the password may
//! read the chip, and nobody who listens learns anything that helps to guess it.

mod mapping;

use crate::access::{AccessError, CardAccessNumber, PasswordKind};
use crate::apdu::{Command, SHORT_DATA, SHORT_RESPONSE, Status};
use crate::channel::Channel;
use crate::chip::ReadError;
use crate::cipher::Key;
use crate::crypto::{self, CryptoError, KeyUse};
use crate::domain::{Domain, DomainError, Element};
use crate::mrz::AccessKey;
use crate::secure_messaging::SecureMessaging;
use crate::security_info::{Agreement, Mapping, PaceInfo};
use crate::step::Step;
use crate::tlv::{self, Found, Reader, TlvError};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// A password, as PACE takes it.
#[derive(Clone, Copy)]
pub(crate) enum Password<'a> {
    Mrz(&'a AccessKey),
    Can(&'a CardAccessNumber),
}

impl Password<'_> {
    pub(crate) const fn kind(self) -> PasswordKind {
        match self {
            Self::Mrz(_) => PasswordKind::Mrz,
            Self::Can(_) => PasswordKind::Can,
        }
    }

    /// Reference of the password (Doc 9303-11, 4.4.4.1).
    const fn reference(self) -> u8 {
        match self {
            Self::Mrz(_) => 1,
            Self::Can(_) => 2,
        }
    }

    /// The password as key derivation takes it (Doc 9303-11, 9.7.3).
    fn secret(self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        Ok(Zeroizing::new(match self {
            Self::Mrz(key) => crypto::sha1(key.mrz_information().as_bytes())?.to_vec(),
            Self::Can(number) => number.digits().as_bytes().to_vec(),
        }))
    }
}

/// What PACE has led to.
pub(crate) struct Established {
    pub(crate) messaging: SecureMessaging,
    /// With chip authentication mapping: what the chip's static key has to fit.
    pub(crate) chip: Option<MappedChip>,
}

/// The chip's part of a chip authentication mapping (Doc 9303-11, 4.4.3.5).
pub(crate) struct MappedChip {
    domain: Domain,
    /// CA_IC: the chip's mapping key divided by its static key.
    data: Zeroizing<Vec<u8>>,
    /// PK_Map,IC: the chip's public key of the mapping.
    mapping_key: Vec<u8>,
}

impl MappedChip {
    /// Whether the chip has the private part of `static_key`, a point as it is encoded.
    pub(crate) fn has(&self, static_key: &[u8]) -> Result<bool, DomainError> {
        let Ok(point) = self.domain.element(static_key) else {
            return Ok(false);
        };
        let data = crate::domain::Scalar::from_bytes(&self.data)?;
        let product = self.domain.power(&point, &data)?;
        if self.domain.is_neutral(&product) {
            return Ok(false);
        }
        Ok(crypto::same(
            &self.domain.encode(&product)?,
            &self.mapping_key,
        ))
    }
}

/// Data objects of GENERAL AUTHENTICATE (Doc 9303-11, 4.4.4.2).
const DYNAMIC_DATA: u32 = 0x7C;
const NONCE: u32 = 0x80;
const OUR_MAPPING: u32 = 0x81;
const CHIP_MAPPING: u32 = 0x82;
const OUR_KEY: u32 = 0x83;
const CHIP_KEY: u32 = 0x84;
const OUR_TOKEN: u32 = 0x85;
const CHIP_TOKEN: u32 = 0x86;
const CHIP_DATA: u32 = 0x8A;

/// Longest nonce: two blocks of the longest cipher, with room.
const NONCE_MAX: usize = 64;

/// Opens the chip in the way `info`. `several` says that the chip offers more ways than this.
pub(crate) fn authenticate(
    channel: &mut Channel<'_>,
    info: &PaceInfo,
    several: bool,
    password: Password<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Established, ReadError> {
    let identifier = info.parameters.unwrap_or(-1);
    let domain = Domain::standardised(identifier).map_err(key_problem(Step::PaceSetup))?;
    set_up(channel, info, several, password)?;
    let key = info.suite.derive(&password.secret()?, KeyUse::Password)?;
    let nonce = nonce(channel, &key)?;
    let (domain, mapping_key) = match info.mapping {
        Mapping::Integrated => (integrated(channel, info, domain, &nonce, rng)?, Vec::new()),
        Mapping::Generic | Mapping::ChipAuthentication => generic(channel, domain, &nonce, rng)?,
    };
    let (private, public) = domain
        .key_pair(rng)
        .map_err(key_problem(Step::PaceAgreement))?;
    let step = Step::PaceAgreement;
    let ours = domain.encode(&public).map_err(key_problem(step))?;
    let theirs = exchange_keys(channel, step, &domain, (OUR_KEY, &ours), CHIP_KEY)?;
    let secret = domain.agree(&private, &theirs).map_err(key_problem(step))?;
    let theirs = domain.encode(&theirs).map_err(key_problem(step))?;
    let messaging = SecureMessaging::derive(info.suite, &secret, 0)?;
    let token = token(info, messaging.mac_key(), &theirs)?;
    let expected = self::token(info, messaging.mac_key(), &ours)?;
    let data = tokens(channel, password, &token, &expected)?;
    let chip = match info.mapping {
        Mapping::ChipAuthentication => Some(MappedChip {
            domain: Domain::standardised(identifier).map_err(key_problem(step))?,
            data: chip_data(&messaging, data.as_deref())?,
            mapping_key,
        }),
        _ => None,
    };
    Ok(Established { messaging, chip })
}

/// Tells the chip which way, which password and, if that is not clear, which domain parameters
/// (MSE:Set AT, Doc 9303-11, 4.4.4.1).
///
/// Some chips want the parameters where one way alone is offered, others refuse them in any case
/// (older Ukrainian ones); so the other form is tried where one is refused.
fn set_up(
    channel: &mut Channel<'_>,
    info: &PaceInfo,
    several: bool,
    password: Password<'_>,
) -> Result<(), ReadError> {
    let step = Step::PaceSetup;
    let mut refusal = Status::SUCCESS;
    for with_parameters in [several, !several] {
        let mut data = Vec::with_capacity(18);
        tlv::write(&mut data, 0x80, &info.identifier());
        tlv::write(&mut data, 0x83, &[password.reference()]);
        if let (true, Some(Ok(parameters))) = (with_parameters, info.parameters.map(u8::try_from)) {
            tlv::write(&mut data, 0x84, &[parameters]);
        }
        let command = Command {
            class: 0,
            instruction: 0x22,
            p1: 0xC1,
            p2: 0xA4,
            data: &data,
            // No data is expected, and German documents refuse a length field.
            expected: None,
        };
        let status = channel.exchange(step, &command)?.status;
        if status.is_done() {
            return Ok(());
        }
        if refusal == Status::SUCCESS {
            refusal = status;
        }
        if !matches!(status.0, 0x6A80 | 0x6A86 | 0x6A87 | 0x6A88 | 0x6700) {
            break;
        }
    }
    Err(refused(step, refusal).into())
}

/// Fetches the nonce and decrypts it with the key from the password. With a wrong password this
/// gives another number, which only shows at the end.
fn nonce(channel: &mut Channel<'_>, key: &Key) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let step = Step::PaceNonce;
    let answer = general_authenticate(channel, step, None, false)?;
    let mut objects = dynamic_data(step, &answer)?;
    let nonce = objects
        .expect(NONCE, "encrypted nonce (80)")
        .map_err(structure(step))?;
    let block = key.suite().block();
    let length = nonce.value.len();
    if length == 0 || length > NONCE_MAX || !length.is_multiple_of(block) {
        return Err(structure(step)(nonce.wrong("nonce of whole blocks")).into());
    }
    Ok(key.decrypt(&vec![0; block], nonce.value)?)
}

/// Generic mapping: the nonce and a shared element give the generator (Doc 9303-11, 4.4.3.3.1).
/// Gives the chip's public key as well.
fn generic(
    channel: &mut Channel<'_>,
    domain: Domain,
    nonce: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(Domain, Vec<u8>), ReadError> {
    let step = Step::PaceMapping;
    let (private, public) = domain.key_pair(rng).map_err(key_problem(step))?;
    let ours = domain.encode(&public).map_err(key_problem(step))?;
    let theirs = exchange_keys(channel, step, &domain, (OUR_MAPPING, &ours), CHIP_MAPPING)?;
    let key = domain.encode(&theirs).map_err(key_problem(step))?;
    let mapped = mapping::generic(domain, nonce, &private, &theirs).map_err(key_problem(step))?;
    Ok((mapped, key))
}

/// Integrated mapping: two nonces give the generator (Doc 9303-11, 4.4.3.3.2).
fn integrated(
    channel: &mut Channel<'_>,
    info: &PaceInfo,
    domain: Domain,
    nonce: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Domain, ReadError> {
    let step = Step::PaceMapping;
    let mut ours = vec![0; info.suite.key_length()];
    rng.fill_bytes(&mut ours);
    // The chip's answer is empty: an object of no length, or none at all.
    general_authenticate(channel, step, Some((OUR_MAPPING, &ours)), false)?;
    Ok(mapping::integrated(domain, info.suite, nonce, &ours).map_err(key_problem(step))?)
}

/// Sends our public key and takes the chip's, which must be another one.
fn exchange_keys(
    channel: &mut Channel<'_>,
    step: Step,
    domain: &Domain,
    (tag, ours): (u32, &[u8]),
    answer_tag: u32,
) -> Result<Element, ReadError> {
    // A number of more than 2000 bits does not fit into short commands.
    let long = domain.public_length() + 8 > SHORT_DATA;
    let answer = general_authenticate(channel, step, Some((tag, ours)), long)?;
    let mut objects = dynamic_data(step, &answer)?;
    let theirs = objects
        .expect(answer_tag, "public key of the chip")
        .map_err(structure(step))?;
    let element = domain.element(theirs.value).map_err(key_problem(step))?;
    if domain.encode(&element).map_err(key_problem(step))? == ours {
        let found = theirs.value.len();
        return Err(key_problem(step)(DomainError::Element { found }).into());
    }
    Ok(element)
}

/// Token for a public key (Doc 9303-11, 4.4.3.4): an authentication code over the protocol and the
/// other one's key.
fn token(info: &PaceInfo, key: &Key, public: &[u8]) -> Result<[u8; 8], CryptoError> {
    let mut content = Vec::with_capacity(public.len() + 20);
    tlv::write(&mut content, 0x06, &info.identifier());
    let tag = match info.agreement {
        Agreement::Dh => 0x84,
        Agreement::Ecdh => 0x86,
    };
    tlv::write(&mut content, tag, public);
    let mut object = Vec::with_capacity(content.len() + 5);
    tlv::write(&mut object, 0x7F49, &content);
    key.token(&object)
}

/// Exchanges tokens; gives the chip's encrypted authentication data where there is some.
fn tokens(
    channel: &mut Channel<'_>,
    password: Password<'_>,
    ours: &[u8],
    theirs: &[u8],
) -> Result<Option<Vec<u8>>, ReadError> {
    let step = Step::PaceTokens;
    let command = authenticate_command(Some((OUR_TOKEN, ours)));
    let response = channel.exchange(
        step,
        &Command {
            data: &command,
            class: 0,
            ..GENERAL_AUTHENTICATE
        },
    )?;
    let status = response.status;
    match status.0 {
        0x9000 => {}
        // The chip has looked at our token and does not like it.
        0x6300..=0x63FF | 0x6982 | 0x6988 | 0x6A80 => {
            return Err(AccessError::WrongPassword {
                step,
                password: password.kind(),
                status,
            }
            .into());
        }
        _ => return Err(refused(step, status).into()),
    }
    let mut objects = dynamic_data(step, &response.data)?;
    let token = objects
        .expect(CHIP_TOKEN, "token of the chip (86)")
        .map_err(structure(step))?;
    if !crypto::same(token.value, theirs) {
        return Err(AccessError::NotMutual { step }.into());
    }
    // References of certificate holders (87, 88) are for terminals that authenticate themselves.
    while !objects.is_empty() {
        let object = objects.any("data object").map_err(structure(step))?;
        if object.tag == CHIP_DATA {
            return Ok(Some(object.value.to_vec()));
        }
    }
    Ok(None)
}

/// Decrypts the chip's authentication data (Doc 9303-11, 4.4.3.5).
fn chip_data(
    messaging: &SecureMessaging,
    data: Option<&[u8]>,
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let step = Step::PaceTokens;
    let problem = |found| TlvError {
        offset: 0,
        expected: "chip authentication data (8A) of whole blocks",
        found,
    };
    let key = messaging.encryption_key();
    let block = key.suite().block();
    let Some(data) = data else {
        return Err(structure(step)(problem(Found::End)).into());
    };
    if data.is_empty() || !data.len().is_multiple_of(block) {
        return Err(structure(step)(problem(Found::Length(data.len()))).into());
    }
    let vector = key.encrypt_block(&vec![0xFF; block])?;
    let mut plain = key.decrypt(&vector, data)?;
    let Some(length) = crypto::unpadded_length(&plain) else {
        return Err(structure(step)(problem(Found::Form)).into());
    };
    plain.truncate(length);
    Ok(plain)
}

const GENERAL_AUTHENTICATE: Command<'static> = Command {
    class: 0x10,
    instruction: 0x86,
    p1: 0,
    p2: 0,
    data: &[],
    expected: Some(SHORT_RESPONSE),
};

fn authenticate_command(object: Option<(u32, &[u8])>) -> Vec<u8> {
    let mut content = Vec::new();
    if let Some((tag, value)) = object {
        tlv::write(&mut content, tag, value);
    }
    let mut data = Vec::with_capacity(content.len() + 4);
    tlv::write(&mut data, DYNAMIC_DATA, &content);
    data
}

/// One command of the chain; its answer's data.
fn general_authenticate(
    channel: &mut Channel<'_>,
    step: Step,
    object: Option<(u32, &[u8])>,
    long: bool,
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let data = authenticate_command(object);
    let command = Command {
        data: &data,
        expected: Some(if long { 65_536 } else { SHORT_RESPONSE }),
        ..GENERAL_AUTHENTICATE
    };
    let response = channel.exchange(step, &command)?;
    if response.status != Status::SUCCESS {
        return Err(refused(step, response.status).into());
    }
    Ok(response.data)
}

fn dynamic_data<'a>(step: Step, answer: &'a [u8]) -> Result<Reader<'a>, AccessError> {
    let object = Reader::new(answer).expect(DYNAMIC_DATA, "dynamic authentication data (7C)");
    Ok(object.map_err(structure(step))?.reader())
}

const fn refused(step: Step, status: Status) -> AccessError {
    AccessError::Refused {
        step,
        status,
        without_pace: None,
    }
}

fn structure(step: Step) -> impl Fn(TlvError) -> AccessError {
    move |problem| AccessError::Structure { step, problem }
}

fn key_problem(step: Step) -> impl Fn(DomainError) -> AccessError {
    move |problem| match problem {
        DomainError::Crypto(error) => AccessError::Crypto(error),
        problem => AccessError::Key { step, problem },
    }
}

#[cfg(test)]
mod tests;
