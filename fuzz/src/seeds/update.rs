//! Updates of the controller's firmware.

use super::Seed;
use super::link::said;
use gate_boot::image::{BOARD_NUCLEO_L476RG, CHUNK, HEADER_LEN, Header, PRODUCT};
use gate_boot::slot::Slot;
use gate_protocol::{ToController, UpdateRequest};
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
