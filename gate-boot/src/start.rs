//! Which image the boot loader starts.

use crate::flash::Flash;
use crate::image::{Header, ImageError, Wanted};
use crate::records::{Records, Trial};
use crate::slot::Slot;

/// Why this image and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It has proved itself, and nothing else is on trial.
    Confirmed,
    /// It is new and has this one start to prove itself.
    OnTrial,
    /// The image on trial did not prove itself, or is not good any more: back to the one before.
    Reverted,
    /// No image has proved itself yet, or the one that had is damaged: any good one will do.
    OnlyGoodOne,
    /// There is no good image.
    NothingGood,
}

/// What the boot loader does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The image to start; without one the outputs stay off.
    pub slot: Option<Slot>,
    /// Why.
    pub why: Why,
    /// What must be in the records before the image is started.
    pub records: Records,
}

/// SAF-083: chooses between the two slots. `is_good` looks at one; it is asked only about what matters,
/// because looking takes time during which the lane stands without its controller.
pub fn choose(records: Records, mut is_good: impl FnMut(Slot) -> bool) -> Choice {
    let settled = Records {
        trial: None,
        ..records
    };
    if let Some(Trial::Ahead(slot)) = records.trial
        && is_good(slot)
    {
        return Choice {
            slot: Some(slot),
            why: Why::OnTrial,
            records: Records {
                trial: Some(Trial::Begun(slot)),
                ..records
            },
        };
    }
    let (slot, why) = match (records.confirmed, records.trial) {
        (Some(slot), None) if is_good(slot) => (Some(slot), Why::Confirmed),
        (Some(slot), Some(_)) if is_good(slot) => (Some(slot), Why::Reverted),
        _ => match Slot::ALL.into_iter().find(|slot| is_good(*slot)) {
            Some(slot) => (Some(slot), Why::OnlyGoodOne),
            None => (None, Why::NothingGood),
        },
    };
    Choice {
        slot,
        why,
        records: settled,
    }
}

/// Everything that the boot loader decides and keeps. What it gives may be started.
///
/// Records that cannot be kept end a trial before it begins: an image that could be tried for ever
/// could keep the lane shut for ever.
pub fn decide<F: Flash>(flash: &mut F, wanted: &Wanted) -> Choice {
    let records = Records::load(flash);
    let wanted = Wanted {
        security_floor: wanted.security_floor.max(records.security_floor),
        ..wanted.clone()
    };
    let choice = choose(records, |slot| check(flash, &wanted, slot).is_ok());
    if choice.records.store(flash).is_ok() || choice.why != Why::OnTrial {
        return choice;
    }
    let untried = Records {
        trial: None,
        ..records
    };
    choose(untried, |slot| check(flash, &wanted, slot).is_ok())
}

fn check(flash: &impl Flash, wanted: &Wanted, slot: Slot) -> Result<Header, ImageError> {
    wanted.check_slot(|region| flash.read(region), slot)
}
