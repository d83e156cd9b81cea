//! Updates of the controller's firmware.

use crate::flash::Memory;
use crate::seeds;
use gate_boot::factory::FactoryPage;
use gate_boot::flash::Flash as _;
use gate_boot::image::{
    BOARD_NUCLEO_L476RG, CHUNK, HEADER_LEN, PRODUCT, Packed, Wanted, public_key,
};
use gate_boot::records::{Records, Trial};
use gate_boot::slot::Slot;
use gate_boot::start;
use gate_boot::update::Writer;
use gate_protocol::body::FromHost;
use gate_protocol::{ToController, UpdateRequest, body};

/// The steps of an update: bodies as they come out of sealed frames, each with its length, two
/// bytes, before it. Whoever has a session and not the signing key gets nothing started, and
/// writes nothing but the slot that does not run.
pub fn update(bytes: &[u8]) -> bool {
    let wanted = wanted();
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

fn wanted() -> Wanted {
    Wanted {
        key: public_key(&seeds::SIGNING),
        product: PRODUCT,
        board: BOARD_NUCLEO_L476RG,
        security_floor: 0,
    }
}

/// What the boot loader finds: how many bytes of records, two bytes, these, and slot B. It starts
/// nothing but the image that is signed, nothing below the security version that the records name,
/// and keeps what it has decided.
pub fn boot_loader(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return false;
    };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (records, image) = rest.split_at(length);
    let mut flash = Memory::found(records, Slot::B, image);
    let floor = Records::load(&flash).security_floor;
    let choice = start::decide(&mut flash, &wanted());
    let Some(slot) = choice.slot else {
        return false;
    };
    let started = wanted().check_slot(|region| flash.read(region), slot);
    let header = started.expect("an image that must not run is started");
    assert_eq!(header, *seeds::image().header(), "nobody signed this image");
    assert!(
        header.security_version >= floor,
        "an older image is started"
    );
    let kept = Records::load(&flash);
    assert!(kept.security_floor >= floor, "the security version fell");
    assert_eq!(
        kept.trial == Some(Trial::Begun(slot)),
        choice.why == start::Why::OnTrial
    );
    true
}

/// A release in a file: what is taken for images lies in it, one behind the other.
pub fn release(bytes: &[u8]) -> bool {
    let mut from = 0;
    for (Packed { head, body }, header) in Packed::all(bytes) {
        assert_eq!(bytes[from..][..HEADER_LEN], *head);
        assert_eq!(body.len(), header.length as usize);
        from += gate_boot::map::HEADER as usize + body.len();
        assert_eq!(bytes[from - body.len()..from], *body);
    }
    from > 0
}

/// The factory page: what is read comes out of its writer again.
pub fn factory_page(bytes: &[u8]) -> bool {
    FactoryPage::from_bytes(bytes).is_ok_and(|page| {
        assert_eq!(FactoryPage::from_bytes(&page.to_bytes()), Ok(page));
        true
    })
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
