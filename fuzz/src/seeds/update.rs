//! Updates of the controller's firmware.

use super::Seed;
use super::link::said;
use crate::flash::Memory;
use gate_boot::flash::Flash as _;
use gate_boot::image::{BOARD_NUCLEO_L476RG, CHUNK, HEADER_LEN, Header, PRODUCT};
use gate_boot::map::{ERASED, HEADER, RECORDS};
use gate_boot::records::{Records, Trial};
use gate_boot::slot::Slot;
use gate_protocol::{ToController, UpdateRequest};
use gate_sim::emulator::{TEST_SERIAL, test_page};
use std::sync::OnceLock;

/// Signing key of the images here; nobody else's.
pub const SIGNING: [u8; 32] = *b"test key of gate-fuzz: no secret";

/// A small image for the slot that does not run.
pub struct Image {
    header: Header,
    head: [u8; HEADER_LEN],
    body: Vec<u8>,
}

impl Image {
    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// As it lies in its slot, and in a file.
    fn packed(&self) -> Vec<u8> {
        let mut bytes = vec![ERASED; HEADER as usize];
        bytes[..HEADER_LEN].copy_from_slice(&self.head);
        bytes.extend(&self.body);
        bytes
    }
}

/// The one image that is signed.
pub fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let body: Vec<u8> = (0..2 * CHUNK).map(|at| (at * 37) as u8).collect();
        let like = Header {
            product: PRODUCT,
            board: BOARD_NUCLEO_L476RG,
            slot: Slot::B,
            version: [1, 0, 0],
            security_version: 0,
            length: 0,
            digest: [0; 64],
        };
        let header = Header::of(&body, &like);
        let head = header.sign(&SIGNING);
        Image { header, head, body }
    })
}

/// Updates, step by step: one without a break, and one that begins anew and repeats itself.
pub fn update() -> Vec<Seed> {
    let Image { head, body, .. } = image();
    let mut header = [[0; 8]; HEADER_LEN / 8];
    header.as_flattened_mut().copy_from_slice(head);
    let begin = UpdateRequest::Begin { header };
    let chunk = |from: u32| {
        let mut bytes = [[0; 32]; CHUNK as usize / 32];
        let part = &body[from as usize..(from + CHUNK) as usize];
        bytes.as_flattened_mut().copy_from_slice(part);
        UpdateRequest::Chunk { from, bytes }
    };
    let (finish, activate) = (UpdateRequest::Finish, UpdateRequest::Activate);
    let straight = [
        UpdateRequest::Ask,
        begin,
        chunk(0),
        chunk(CHUNK),
        finish,
        activate,
    ];
    let repeated = [
        activate,
        begin,
        chunk(CHUNK),
        chunk(0),
        begin,
        chunk(0),
        chunk(CHUNK),
        finish,
        finish,
        activate,
    ];
    vec![
        ("straight", steps(&straight)),
        ("repeated", steps(&repeated)),
    ]
}

fn steps(requests: &[UpdateRequest]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, request) in (1..).zip(requests) {
        let body = said(number, ToController::Update(*request));
        let length = u16::try_from(body.len()).expect("a body is short");
        bytes.extend(length.to_le_bytes());
        bytes.extend(&body);
    }
    bytes
}

/// What a boot loader finds after an update: an image on trial. Looking at its signature is dear, so
/// there is one.
pub fn boot_loader() -> Vec<Seed> {
    let on_trial = Records {
        trial: Some(Trial::Ahead(Slot::B)),
        ..Records::default()
    };
    let mut flash = Memory::found(&[], Slot::B, &[]);
    assert_eq!(on_trial.store(&mut flash), Ok(()));
    let records = flash.read(RECORDS.start..RECORDS.start + 16);
    let length = u16::try_from(records.len()).expect("short records");
    let image = image().packed();
    let bytes = [&length.to_le_bytes()[..], records, &image].concat();
    vec![("on-trial", bytes)]
}

/// A release of one image, and of two.
pub fn release() -> Vec<Seed> {
    let packed = image().packed();
    vec![("one", packed.clone()), ("two", packed.repeat(2))]
}

/// What the factory writes.
pub fn factory_page() -> Vec<Seed> {
    vec![("test", test_page(TEST_SERIAL).to_bytes().to_vec())]
}
