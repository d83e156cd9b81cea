//! Updates of the controller's firmware.

use crate::flash::Memory;
use crate::seeds;
use gate_boot::flash::Flash as _;
use gate_boot::image::{BOARD_NUCLEO_L476RG, CHUNK, HEADER_LEN, PRODUCT, Wanted, public_key};
use gate_boot::records::{Records, Trial};
use gate_boot::slot::Slot;
use gate_boot::update::Writer;
use gate_protocol::body::FromHost;
use gate_protocol::{ToController, UpdateRequest, body};

/// The steps of an update: bodies as they come out of sealed frames, each with its length, two
/// bytes, before it. Whoever has a session and not the signing key gets nothing started, and
/// writes nothing but the slot that does not run.
pub fn update(bytes: &[u8]) -> bool {
    let wanted = Wanted {
        key: public_key(&seeds::SIGNING),
        product: PRODUCT,
        board: BOARD_NUCLEO_L476RG,
        security_floor: 0,
    };
    let mut writer = Writer::new(wanted.clone(), Slot::A);
    let mut flash = Memory::erased(writer.slot());
    let proved = Records {
        confirmed: Some(Slot::A),
        ..Records::default()
    };
    assert_eq!(proved.store(&mut flash), Ok(()));
    let mut rest = bytes;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes(*length)).min(behind.len());
        let (body, behind) = behind.split_at(length);
        rest = behind;
        if let Ok(FromHost {
            message: ToController::Update(step),
            ..
        }) = body::read_to_controller(body)
        {
            take_step(&mut writer, &mut flash, &step);
        }
    }
    assert!(flash.kept_the_rest());
    let tried = Records::load(&flash).trial == Some(Trial::Ahead(Slot::B));
    let good = wanted.check_slot(|region| flash.read(region), Slot::B);
    assert!(
        !tried || good.is_ok(),
        "an image that must not run is tried"
    );
    let signed = good.is_ok_and(|header| header == *seeds::image().header());
    assert!(!tried || signed, "an image that nobody signed is tried");
    tried
}

/// As the firmware hands it on.
fn take_step(writer: &mut Writer, flash: &mut Memory, step: &UpdateRequest) {
    let next = match step {
        UpdateRequest::Ask => return,
        UpdateRequest::Begin { header } => {
            let mut head = [0; HEADER_LEN];
            head.copy_from_slice(header.as_flattened());
            writer.begin(flash, &head)
        }
        UpdateRequest::Chunk { from, bytes } => {
            let mut chunk = [0; CHUNK as usize];
            chunk.copy_from_slice(bytes.as_flattened());
            writer.chunk(flash, *from, &chunk)
        }
        UpdateRequest::Finish => writer.finish(flash).map(|()| 0),
        UpdateRequest::Activate => writer.activate(flash).map(|()| 0),
    };
    // What is wanted next is always a whole number of chunks.
    assert!(next.is_err() || next.is_ok_and(|next| next.is_multiple_of(CHUNK)));
}
