//! What must never run, and what an update refuses.

use gate_boot::flash::Flash;
use gate_boot::image::{BODY_MAX, CHUNK, Header, ImageError, PRODUCT, Wanted};
use gate_boot::records::Records;
use gate_boot::slot::Slot;
use gate_boot::start::{Why, choose};
use gate_boot::update::{UpdateError, Writer};

use crate::images::{Image, image, in_service, install, prove, signed, start, update, wanted};
use crate::model::Model;

/// Version 2 for slot B, changed before it is signed.
fn changed(change: impl FnOnce(&mut Header)) -> Image {
    let Image {
        mut header, body, ..
    } = image(Slot::B, 2, 2);
    change(&mut header);
    signed(header, body)
}

fn other_key() -> Image {
    let Image { header, body, .. } = image(Slot::B, 2, 2);
    let head = header.sign(b"somebody else's key, also secret");
    Image { header, head, body }
}

/// Images that are refused for what their header says, in service with security version 2.
fn bad_headers() -> Vec<(&'static str, Image, ImageError)> {
    let unsigned = || {
        let mut image = image(Slot::B, 2, 2);
        image.head[88..].fill(0);
        image
    };
    let length = |length| changed(|header| header.length = length);
    let too_long = BODY_MAX + CHUNK;
    vec![
        ("unsigned", unsigned(), ImageError::Signature),
        ("another's key", other_key(), ImageError::Signature),
        (
            "another product",
            changed(|header| header.product = 9),
            ImageError::Product {
                found: 9,
                expected: PRODUCT,
            },
        ),
        (
            "another board",
            changed(|header| header.board = 7),
            ImageError::Board {
                found: 7,
                expected: 1,
            },
        ),
        (
            "for the slot that runs",
            changed(|header| header.slot = Slot::A),
            ImageError::Slot {
                found: Slot::A,
                expected: Slot::B,
            },
        ),
        (
            "older security version",
            image(Slot::B, 9, 1),
            ImageError::SecurityVersion { found: 1, floor: 2 },
        ),
        (
            "too long",
            length(too_long),
            ImageError::Length { length: too_long },
        ),
        ("empty", length(0), ImageError::Length { length: 0 }),
        (
            "odd length",
            length(100),
            ImageError::Length { length: 100 },
        ),
    ]
}

#[test]
fn an_update_refuses_a_bad_header_before_anything_is_erased() {
    let fresh = in_service(&image(Slot::A, 1, 2));
    for (what, bad, error) in bad_headers() {
        let mut flash = fresh.clone();
        let refused = update(&mut flash, Slot::A, &bad);
        assert_eq!(refused, Err(UpdateError::Image(error)), "{what}");
        assert_eq!(flash.operations, fresh.operations, "{what}");
    }
}

#[test]
fn what_an_update_refuses_does_not_start_either() {
    for (what, mut bad, error) in bad_headers() {
        let mut flash = in_service(&image(Slot::A, 1, 2));
        // As if somebody had written it past the update, where it claims to belong.
        bad.header.slot = Slot::B;
        install(&mut flash, &bad);
        let found = Wanted {
            security_floor: 2,
            ..wanted()
        }
        .check_slot(|region| flash.read(region), Slot::B);
        assert_eq!(found, Err(error), "{what}");
        on_trial(&mut flash, Slot::B);
        let choice = start(&mut flash);
        assert_eq!(
            (choice.slot, choice.why),
            (Some(Slot::A), Why::Reverted),
            "{what}"
        );
    }
}

fn on_trial(flash: &mut Model, slot: Slot) {
    let trial = Some(gate_boot::records::Trial::Ahead(slot));
    let records = Records::load(flash);
    Records { trial, ..records }.store(flash).expect("power");
}

#[test]
fn no_image_with_any_bit_flipped_or_any_chunk_missing_starts() {
    let good = image(Slot::B, 2, 2);
    let mut base = in_service(&image(Slot::A, 1, 1));
    install(&mut base, &good);
    let starts = |flash: &Model| {
        wanted()
            .check_slot(|region| flash.read(region), Slot::B)
            .is_ok()
    };
    assert!(starts(&base));
    let start = Slot::B.region().start;
    for at in 0..good.head.len() {
        let mut flash = base.clone();
        flash.put(start + at as u32, &[good.head[at] ^ 1 << (at % 8)]);
        assert!(!starts(&flash), "header byte {at}");
    }
    for at in (0..good.body.len()).step_by(7) {
        let mut flash = base.clone();
        flash.put(
            Slot::B.vectors() + at as u32,
            &[good.body[at] ^ 1 << (at % 8)],
        );
        assert!(!starts(&flash), "body byte {at}");
    }
    for at in (0..good.body.len()).step_by(CHUNK as usize) {
        let mut flash = base.clone();
        flash.put(Slot::B.vectors() + at as u32, &[0xFF; CHUNK as usize]);
        assert!(!starts(&flash), "chunk at {at}");
    }
}

#[test]
fn a_security_version_that_has_run_rules_out_older_images_for_ever() {
    let mut flash = in_service(&image(Slot::A, 1, 1));
    update(&mut flash, Slot::A, &image(Slot::B, 2, 5)).expect("power");
    // Tried but not confirmed: the old image may still run.
    assert_eq!(start(&mut flash).slot, Some(Slot::B));
    assert_eq!(start(&mut flash).slot, Some(Slot::A));
    update(&mut flash, Slot::A, &image(Slot::B, 2, 5)).expect("power");
    assert_eq!(start(&mut flash).slot, Some(Slot::B));
    prove(&mut flash, Slot::B).expect("power");
    assert_eq!(Records::load(&flash).security_floor, 5);
    // The new image rots away; the old one is whole, and stays out.
    flash.put(Slot::B.vectors(), &[0; 8]);
    let choice = start(&mut flash);
    assert_eq!((choice.slot, choice.why), (None, Why::NothingGood));
    assert_eq!(Records::load(&flash).security_floor, 5);
}

#[test]
fn a_damaged_image_gives_way_to_the_other_if_that_may_run() {
    let mut flash = in_service(&image(Slot::A, 1, 1));
    update(&mut flash, Slot::A, &image(Slot::B, 2, 1)).expect("power");
    start(&mut flash);
    prove(&mut flash, Slot::B).expect("power");
    flash.put(Slot::B.vectors(), &[0; 8]);
    let choice = start(&mut flash);
    assert_eq!((choice.slot, choice.why), (Some(Slot::A), Why::OnlyGoodOne));
}

#[test]
fn every_state_of_two_slots_and_records_has_one_answer() {
    use Slot::{A, B};
    use gate_boot::records::Trial::{Ahead, Begun};
    let trials = [
        None,
        Some(Ahead(A)),
        Some(Ahead(B)),
        Some(Begun(A)),
        Some(Begun(B)),
    ];
    for confirmed in [None, Some(A), Some(B)] {
        for trial in trials {
            for good in [[false, false], [true, false], [false, true], [true, true]] {
                let is_good = |slot: Slot| good[usize::from(slot == B)];
                let records = Records {
                    security_floor: 3,
                    confirmed,
                    trial,
                };
                let choice = choose(records, is_good);
                let context = format!("{records:?}, good {good:?}: {choice:?}");
                assert_eq!(choice.slot.is_some(), good != [false, false], "{context}");
                assert!(choice.slot.is_none_or(is_good), "{context}");
                assert_eq!(choice.records.security_floor, 3, "{context}");
                assert_eq!(choice.records.confirmed, confirmed, "{context}");
                // A trial is begun at most once, and what was begun is over.
                let begun = (choice.why == Why::OnTrial).then(|| Begun(choice.slot.expect("one")));
                assert_eq!(choice.records.trial, begun, "{context}");
                assert!(begun.is_none_or(|slot| matches!((trial, slot), (Some(Ahead(ahead)), Begun(now)) if ahead == now)), "{context}");
                // Whoever proved itself is given up only for a trial, or when it is damaged.
                if let Some(slot) = confirmed.filter(|slot| is_good(*slot)) {
                    assert!(choice.slot == Some(slot) || begun.is_some(), "{context}");
                }
            }
        }
    }
}

#[test]
fn chunks_come_in_order_and_a_repetition_is_harmless() {
    let new = image(Slot::B, 2, 2);
    let mut flash = in_service(&image(Slot::A, 1, 1));
    let (chunks, _) = new.body.as_chunks::<{ CHUNK as usize }>();
    let mut writer = Writer::new(wanted(), Slot::A);
    let wants = |next| Err(UpdateError::OutOfOrder { next });
    assert_eq!(
        writer.chunk(&mut flash, 0, &chunks[0]),
        wants(0),
        "nothing begun"
    );
    assert_eq!(
        writer.finish(&mut flash),
        Err(UpdateError::OutOfOrder { next: 0 })
    );
    assert_eq!(writer.begin(&mut flash, &new.head), Ok(0));
    assert_eq!(
        writer.chunk(&mut flash, CHUNK, &chunks[1]),
        wants(0),
        "a hole"
    );
    assert_eq!(writer.chunk(&mut flash, 0, &chunks[0]), Ok(CHUNK));
    assert_eq!(writer.chunk(&mut flash, 0, &chunks[0]), Ok(CHUNK), "again");
    assert_eq!(writer.chunk(&mut flash, CHUNK, &chunks[1]), Ok(2 * CHUNK));
    assert_eq!(
        writer.activate(&mut flash),
        Err(UpdateError::OutOfOrder { next: 2 * CHUNK })
    );
    // The link breaks, and the host begins again with the same image.
    assert_eq!(writer.begin(&mut flash, &new.head), Ok(2 * CHUNK));
    for (at, chunk) in (0..).step_by(CHUNK as usize).zip(chunks).skip(2) {
        assert_eq!(writer.chunk(&mut flash, at, chunk), Ok(at + CHUNK));
    }
    let length = new.header.length;
    assert_eq!(
        writer.chunk(&mut flash, length, &chunks[0]),
        wants(length),
        "too much"
    );
    assert_eq!(writer.finish(&mut flash), Ok(()));
    assert_eq!(writer.finish(&mut flash), Ok(()), "again");
    assert_eq!(writer.activate(&mut flash), Ok(()));
    assert_eq!(start(&mut flash).slot, Some(Slot::B));
}

#[test]
fn another_image_begins_anew_and_a_changed_body_is_thrown_away() {
    let (one, other) = (image(Slot::B, 2, 2), image(Slot::B, 3, 2));
    let mut flash = in_service(&image(Slot::A, 1, 1));
    let mut writer = Writer::new(wanted(), Slot::A);
    let (first, _) = one.body.as_chunks::<{ CHUNK as usize }>();
    writer.begin(&mut flash, &one.head).expect("power");
    writer.chunk(&mut flash, 0, &first[0]).expect("power");
    assert_eq!(writer.begin(&mut flash, &other.head), Ok(0));
    // The first image's body under the second's header.
    for (at, chunk) in (0..).step_by(CHUNK as usize).zip(first) {
        writer.chunk(&mut flash, at, chunk).expect("power");
    }
    assert_eq!(writer.finish(&mut flash), Err(UpdateError::Damaged));
    assert_eq!(
        writer.activate(&mut flash),
        Err(UpdateError::OutOfOrder { next: 0 })
    );
    assert_eq!(start(&mut flash).slot, Some(Slot::A));
}

#[test]
fn an_image_on_trial_takes_no_update_because_the_other_slot_is_the_way_back() {
    let mut flash = in_service(&image(Slot::A, 1, 1));
    update(&mut flash, Slot::A, &image(Slot::B, 2, 2)).expect("power");
    assert_eq!(start(&mut flash).slot, Some(Slot::B));
    let before = flash.operations;
    let new = image(Slot::A, 3, 3);
    assert_eq!(update(&mut flash, Slot::B, &new), Err(UpdateError::OnTrial));
    assert_eq!(flash.operations, before);
    prove(&mut flash, Slot::B).expect("power");
    assert_eq!(update(&mut flash, Slot::B, &new), Ok(()));
}
