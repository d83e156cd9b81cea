//! Who is seen from the moment at which the exit is released for somebody until it is shut again.

use crate::Limits;
use crate::readings::{Lane, Readings};
use crate::rebase::Moments;
use core::time::Duration;
use gate_protocol::Instant;

/// What the beam behind the open exit has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Behind {
    #[default]
    Nobody,
    /// Somebody stands in it, and no more than one person has been seen inside.
    Somebody,
    /// Somebody stood in it and does not any more, before a second one was seen inside.
    CameIn,
    /// Somebody has got there since more than one was seen inside: one of them, on the way out. What
    /// is left may be a thing that a zone sees.
    WentOut,
}

/// Somebody beside whoever may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Came in through the exit.
    CameIn,
    /// Was inside already, or nobody saw where they came from.
    SeenInside,
}

/// The memory of one release of the exit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct WayOut {
    /// The lane has been empty behind an open leaf.
    pub(crate) left: bool,
    behind: Behind,
    /// Since when more than one person has been seen, with nobody in the exit's leaf.
    several_since: Option<Instant>,
    told: bool,
}

impl WayOut {
    /// Somebody beside whoever may leave has been told of.
    pub(crate) const fn has_told(self) -> bool {
        self.told
    }

    /// Takes in one scan, with the exit `released` or not by the scan before; says once who is
    /// beside whoever may leave.
    ///
    /// Somebody in the leaf is on the way from one side to the other, and may look like two; and
    /// where the sensor says empty, only a zone lags behind.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        seen: &Readings,
        released: bool,
        limits: &Limits,
    ) -> Option<Beside> {
        let open = !seen.exit.in_frame();
        let several = seen.lane == Lane::Several && !seen.sensor_says_empty;
        self.left |= open && released && seen.lane == Lane::Empty;
        self.behind = match (self.behind, open && !seen.zone_out_free) {
            (Behind::Nobody | Behind::Somebody, true) if several => Behind::WentOut,
            (Behind::Nobody, true) => Behind::Somebody,
            (Behind::Somebody, false) => Behind::CameIn,
            (Behind::WentOut, _) if !several => Behind::Nobody,
            (behind, _) => behind,
        };
        let since = (several && seen.exit.free).then(|| self.several_since.unwrap_or(now));
        self.several_since = since;
        let believed = since.is_some_and(|since| now.since(since) >= limits.single);
        if self.told || !believed || self.behind == Behind::WentOut {
            return None;
        }
        self.told = true;
        Some(match self.behind {
            Behind::CameIn => Beside::CameIn,
            _ => Beside::SeenInside,
        })
    }
}

impl Moments for WayOut {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        if let Some(since) = &mut self.several_since {
            visit(since, limits.single);
        }
    }
}
