//! Small images, and the controller that runs them.

use gate_boot::flash::Flash;
use gate_boot::image::{
    BOARD_NUCLEO_L476RG, CHUNK, HEADER_LEN, Header, PRODUCT, Wanted, public_key,
};
use gate_boot::records::Records;
use gate_boot::slot::Slot;
use gate_boot::start::{Choice, decide};
use gate_boot::update::{UpdateError, Writer};

use crate::model::{Failure, Model};

/// Signing key of these tests; nobody else's.
pub(crate) const SEED: [u8; 32] = *b"test key of gate-boot: no secret";

/// Ends in the second page of its slot, so that pages in all roles occur.
const BODY_LEN: usize = 14 * CHUNK as usize;

pub(crate) fn wanted() -> Wanted {
    Wanted {
        key: public_key(&SEED),
        product: PRODUCT,
        board: BOARD_NUCLEO_L476RG,
        security_floor: 0,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) header: Header,
    pub(crate) head: [u8; HEADER_LEN],
    pub(crate) body: Vec<u8>,
}

/// Version `n`.0.0 for `slot`.
pub(crate) fn image(slot: Slot, n: u8, security_version: u32) -> Image {
    let body: Vec<u8> = (0..BODY_LEN)
        .map(|at| (at as u8) ^ n.wrapping_mul(37))
        .collect();
    let like = Header {
        product: PRODUCT,
        board: BOARD_NUCLEO_L476RG,
        slot,
        version: [n, 0, 0],
        security_version,
        length: 0,
        digest: [0; 64],
    };
    signed(Header::of(&body, &like), body)
}

pub(crate) fn signed(header: Header, body: Vec<u8>) -> Image {
    let head = header.sign(&SEED);
    Image { header, head, body }
}

/// Puts an image where it belongs, as the factory does.
pub(crate) fn install(flash: &mut Model, image: &Image) {
    let slot = image.header.slot;
    flash.put(slot.region().start, &image.head);
    flash.put(slot.vectors(), &image.body);
}

/// A controller fresh from the factory whose first image has proved itself.
pub(crate) fn in_service(first: &Image) -> Model {
    let mut flash = Model::erased();
    install(&mut flash, first);
    let slot = start(&mut flash).slot.expect("a good image");
    prove(&mut flash, slot).expect("power");
    flash
}

/// The boot loader's work. From then on the image that it chose must not be written.
pub(crate) fn start(flash: &mut Model) -> Choice {
    let choice = decide(flash, &wanted());
    flash.running = choice.slot.map(|slot| slot.region());
    choice
}

/// Version of the image in a slot, looked up without any checking.
pub(crate) fn version(flash: &Model, slot: Slot) -> u8 {
    let start = slot.region().start;
    let bytes = flash.read(start..start + HEADER_LEN as u32);
    Header::parse(bytes.first_chunk().expect("a header"))
        .expect("a header")
        .version[0]
}

/// The running image has a session and its self-test is good.
pub(crate) fn prove(flash: &mut Model, running: Slot) -> Result<(), UpdateError<Failure>> {
    let header = wanted()
        .check_slot(|region| flash.read(region), running)
        .map_err(UpdateError::Image)?;
    Ok(Records::load(flash)
        .confirm(running, &header)
        .store(flash)?)
}

/// Writes and activates an image.
pub(crate) fn update(
    flash: &mut Model,
    running: Slot,
    new: &Image,
) -> Result<(), UpdateError<Failure>> {
    let mut writer = Writer::new(wanted(), running);
    let mut next = writer.begin(flash, &new.head)?;
    let (chunks, _) = new.body.as_chunks::<{ CHUNK as usize }>();
    for chunk in chunks {
        next = writer.chunk(flash, next, chunk)?;
    }
    writer.finish(flash)?;
    writer.activate(flash)
}
