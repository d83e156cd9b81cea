//! The power fails once, at every operation in turn, in every way; and again while the boot loader
//! makes good what the first time left.

use gate_boot::map::{PAGE, RECORDS};
use gate_boot::records::{Records, Trial};
use gate_boot::slot::Slot;
use gate_boot::start::{Choice, Why};

use crate::images::{Image, image, in_service, prove, start, update, version};
use crate::model::{Model, Torn};

/// Two updates there and back, each with a higher security version than the one before.
fn releases() -> [Image; 3] {
    [
        image(Slot::A, 1, 1),
        image(Slot::B, 2, 2),
        image(Slot::A, 3, 3),
    ]
}

/// One life: both updates, with their trials. Ends early when the power fails.
fn live(flash: &mut Model, releases: &[Image; 3]) -> Option<()> {
    for new in &releases[1..] {
        let running = new.header.slot.other();
        update(flash, running, new).ok()?;
        let choice = start(flash);
        prove(flash, choice.slot?).ok()?;
    }
    Some(())
}

/// The boot loader starts an image that a release has; the security floor has not fallen.
fn check_start(flash: &mut Model, floor_before: u32, context: &str) -> (Choice, u8) {
    let choice = start(flash);
    let slot = choice.slot.expect(context);
    let records = Records::load(flash);
    assert!(
        records.security_floor >= floor_before,
        "{context}: the floor fell from {floor_before} to {}",
        records.security_floor
    );
    (choice, version(flash, slot))
}

/// Lives on after a power cut: what runs proves itself, and the next update works.
fn recover(flash: &mut Model, releases: &[Image; 3], running: Choice, context: &str) {
    let slot = running.slot.expect("an image");
    prove(flash, slot).expect(context);
    // Each release has the security version of its number: what has proved itself is the floor.
    let floor = Records::load(flash).security_floor;
    assert_eq!(floor, u32::from(version(flash, slot)), "{context}");
    let Some(new) = releases.get(usize::from(version(flash, slot))) else {
        return; // the newest release runs
    };
    update(flash, slot, new).expect(context);
    let tried = start(flash);
    assert_eq!(
        (tried.slot, tried.why),
        (Some(new.header.slot), Why::OnTrial),
        "{context}"
    );
}

#[test]
fn wherever_the_power_fails_the_old_or_the_new_image_starts_and_the_next_update_works() {
    let releases = releases();
    let fresh = in_service(&releases[0]);
    let mut whole = fresh.clone();
    live(&mut whole, &releases).expect("power");
    let operations = whole.operations - fresh.operations;
    assert!(operations > 500, "{operations} operations");

    for cut in 0..operations {
        // Each update takes as many operations as the other.
        let old = if cut < operations / 2 { 1 } else { 2 };
        for torn in Torn::ALL {
            let context = format!("cut at operation {cut}, {torn:?}");
            let mut flash = fresh.clone();
            flash.cut_at(cut, torn);
            live(&mut flash, &releases);
            assert!(!flash.has_power(), "{context}: no cut");
            flash.power_back();
            // The floor that the release before had brought when this update began.
            let (choice, version) = check_start(&mut flash, u32::from(old), &context);
            assert!(
                (old..=old + 1).contains(&version),
                "{context}: version {version} starts where {old} ran"
            );
            recover(&mut flash, &releases, choice, &context);
        }
    }
}

#[test]
fn power_that_fails_again_at_the_next_start_changes_nothing() {
    let releases = releases();
    let mut ready = in_service(&releases[0]);
    update(&mut ready, Slot::A, &releases[1]).expect("power");
    // Its trial lies ahead, then has begun: both starts write a record.
    let mut begun = ready.clone();
    assert_eq!(start(&mut begun).why, Why::OnTrial);
    for (what, flash, allowed) in [("ahead", ready, 1..=2), ("begun", begun, 1..=1)] {
        for cut in 0..3 {
            for torn in Torn::ALL {
                let context = format!("trial {what}, cut at operation {cut}, {torn:?}");
                let mut flash = flash.clone();
                flash.cut_at(cut, torn);
                start(&mut flash);
                flash.power_back();
                let (choice, version) = check_start(&mut flash, 1, &context);
                assert!(allowed.contains(&version), "{context}: version {version}");
                recover(&mut flash, &releases, choice, &context);
            }
        }
    }
}

#[test]
fn an_image_gets_one_start_to_prove_itself() {
    let releases = releases();
    let mut flash = in_service(&releases[0]);
    update(&mut flash, Slot::A, &releases[1]).expect("power");
    let tried = start(&mut flash);
    assert_eq!((tried.slot, tried.why), (Some(Slot::B), Why::OnTrial));
    assert_eq!(Records::load(&flash).trial, Some(Trial::Begun(Slot::B)));
    // It hangs, crashes, or finds no host.
    for why in [Why::Reverted, Why::Confirmed, Why::Confirmed] {
        let choice = start(&mut flash);
        assert_eq!((choice.slot, choice.why), (Some(Slot::A), why));
    }
    assert_eq!(Records::load(&flash).security_floor, 1);
}

#[test]
fn records_survive_power_cuts_through_many_changes_of_their_page() {
    let first = image(Slot::A, 1, 1);
    let fresh = in_service(&first);
    // Enough for both pages to be filled and erased again.
    let per_page = (PAGE / 16) as usize;
    let kept = |n: usize| Records {
        security_floor: 1 + n as u32,
        confirmed: Some(Slot::A),
        trial: None,
    };
    let mut flash = fresh.clone();
    let mut last = Records::load(&flash);
    for n in 0..3 * per_page {
        for torn in Torn::ALL {
            for cut in 0..3 {
                let mut torn_flash = flash.clone();
                torn_flash.cut_at(cut, torn);
                let stored = kept(n).store(&mut torn_flash);
                torn_flash.power_back();
                let found = Records::load(&torn_flash);
                assert!(
                    found == last || found == kept(n),
                    "record {n}, cut at operation {cut}, {torn:?}: {found:?}"
                );
                assert!(stored.is_err() || found == kept(n));
                kept(n + 1).store(&mut torn_flash).expect("power");
                assert_eq!(Records::load(&torn_flash), kept(n + 1));
            }
        }
        kept(n).store(&mut flash).expect("power");
        last = kept(n);
    }
    assert!(flash.operations - fresh.operations > RECORDS.len() / 8);
}
