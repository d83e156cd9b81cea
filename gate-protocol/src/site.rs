//! How one gate is built and what its site demands of it.
//!
//! The host sends a [`Site`], the controller checks it, keeps it and obeys it. The bounds stand
//! here, where both ends link them: the host can name a wrong field before it sends, and the
//! controller takes nothing but a [`CheckedSite`].

mod record;

use serde::{Deserialize, Serialize};

pub use record::{NoSite, SiteRecord};

/// What kind of gate hangs on the controller's pins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shape {
    /// A lane between two doors.
    #[default]
    TwoDoors,
    /// A single turnstile.
    Turnstile,
}

/// Which doors open as ways out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WaysOut {
    /// Both doors.
    #[default]
    Both,
    /// The door on the side that travellers come from; the border stays shut.
    EntryOnly,
    /// The door that leads across the border.
    ExitOnly,
}

/// What the exit's lock does without current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lock {
    /// It is free: the output holds it.
    #[default]
    FailSafe,
    /// It stays locked: the output releases it. Only where the fire concept of the site allows it.
    FailSecure,
}

impl Lock {
    /// Whether the lock is released while its output is `driven` high or not.
    #[must_use]
    pub const fn is_released(self, driven: bool) -> bool {
        match self {
            Self::FailSafe => !driven,
            Self::FailSecure => driven,
        }
    }
}

/// One gate as it is built and as its site wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Site {
    /// What kind of gate it is.
    pub shape: Shape,
    /// Ways out in a fire.
    pub on_fire: WaysOut,
    /// Ways out after an emergency stop.
    pub on_emergency_stop: WaysOut,
    /// Ways out on battery, once whoever was inside has left.
    pub on_power_loss: WaysOut,
    /// How the exit locks. The entry's lock is always fail-safe.
    pub exit_lock: Lock,
    /// How long things may take.
    pub timings: Timings,
}

impl Site {
    /// A gate with two doors that open both ways in an emergency; on battery only the way back is
    /// open. What settings do not name; never what a controller takes its pins for.
    pub const DEFAULT: Self = Self {
        shape: Shape::TwoDoors,
        on_fire: WaysOut::Both,
        on_emergency_stop: WaysOut::Both,
        on_power_loss: WaysOut::EntryOnly,
        exit_lock: Lock::FailSafe,
        timings: Timings::DEFAULT,
    };

    /// Checks every timing against its bounds.
    ///
    /// # Errors
    ///
    /// The first timing that lies outside. Remedy: a value within the bounds that are named.
    pub fn check(self) -> Result<CheckedSite, OutOfBounds> {
        self.timings.check()?;
        Ok(CheckedSite(self))
    }
}

/// A site whose timings lie within their bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CheckedSite(Site);

impl CheckedSite {
    /// The site.
    #[must_use]
    pub const fn get(self) -> Site {
        self.0
    }
}

impl Default for CheckedSite {
    fn default() -> Self {
        Self(Site::DEFAULT)
    }
}

/// A timing outside its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("site timing {timing}: {found} ms is not within {least} to {most} ms")]
pub struct OutOfBounds {
    /// Name of the field in [`Timings`].
    pub timing: &'static str,
    /// The least allowed, in milliseconds.
    pub least: u32,
    /// The most allowed, in milliseconds.
    pub most: u32,
    /// What was found, in milliseconds.
    pub found: u32,
}

macro_rules! timings {
    ($($(#[doc = $doc:literal])+ $name:ident: $default:literal in $least:literal..=$most:literal,)+) => {
        /// The times that a site may set, in milliseconds, each within its bounds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub struct Timings {
            $(
                $(#[doc = $doc])+
                #[doc = concat!(
                    "\n\n", stringify!($least), " to ", stringify!($most), ", by default ",
                    stringify!($default), "."
                )]
                pub $name: u32,
            )+
        }

        impl Timings {
            /// What suits a lane with two sliding or swing leaves of about a second's travel.
            pub const DEFAULT: Self = Self { $($name: $default,)+ };

            fn check(&self) -> Result<(), OutOfBounds> {
                $(within(stringify!($name), $least, $most, self.$name)?;)+
                Ok(())
            }
        }
    };
}

timings! {
    /// How long the entry waits for the beam before it to clear once somebody is inside.
    enter: 15_000 in 5_000..=60_000,
    /// How long the entry may stand open for the next traveller before it closes once, to prove
    /// that it still can.
    stand_open: 600_000 in 30_000..=600_000,
    /// How long a door may take to reach its open position.
    opening: 5_000 in 1_000..=8_000,
    /// How long a door may take to close and lock.
    closing: 5_000 in 1_000..=15_000,
    /// How long a door stays open after it met something.
    reopened: 2_000 in 500..=10_000,
    /// How long a door may stand open that should be shut.
    held_open: 10_000 in 2_000..=30_000,
    /// How long the unicity sensor must say the same before it is believed.
    single: 500 in 300..=2_000,
    /// How long a thing must lie in the empty lane before it counts as left behind.
    left_object: 3_000 in 1_000..=10_000,
    /// Longest time inside with both doors locked.
    decide: 120_000 in 20_000..=180_000,
    /// How long somebody may stand in a locked lane that nobody cares for.
    trap: 10_000 in 3_000..=30_000,
    /// How long the entry stays open for people to go back before it closes again.
    clear: 20_000 in 5_000..=60_000,
    /// How long a turnstile waits for somebody to turn it, however long the permit.
    armed: 5_000 in 1_000..=15_000,
    /// How long one turn of a turnstile may take before whoever stands in the arm can go on or back.
    turning: 3_000 in 1_000..=10_000,
}

impl Default for Timings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const fn within(
    timing: &'static str,
    least: u32,
    most: u32,
    found: u32,
) -> Result<(), OutOfBounds> {
    if least <= found && found <= most {
        return Ok(());
    }
    Err(OutOfBounds {
        timing,
        least,
        most,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timing_out_of_bounds_is_named_with_its_bounds() {
        let mut site = Site::DEFAULT;
        assert_eq!(site.check(), Ok(CheckedSite::default()));
        for (found, fits) in [
            (4_999, false),
            (5_000, true),
            (60_000, true),
            (60_001, false),
        ] {
            site.timings.enter = found;
            assert_eq!(site.check().is_ok(), fits, "{found}");
        }
        let error = site.check().expect_err("60,001 ms is too long");
        assert_eq!(
            error,
            OutOfBounds {
                timing: "enter",
                least: 5_000,
                most: 60_000,
                found: 60_001
            }
        );
        let mut site = Site::DEFAULT;
        site.timings.clear = 0;
        assert_eq!(site.check().map_err(|error| error.timing), Err("clear"));
    }
}
