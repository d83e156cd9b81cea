//! Who is seen from the moment at which the exit is released for somebody until it is shut again.

use crate::Limits;
use crate::readings::{Lane, Readings};
use crate::rebase::Moments;
use core::time::Duration;
use gate_protocol::Instant;

/// How long somebody may take from the beam behind the open exit through its leaf, and how far the
/// unicity sensor lags behind curtain and beam when they have gone the other way.
const CROSSING: Duration = Duration::from_secs(1);

/// What the beam behind the open exit has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Behind {
    #[default]
    Nobody,
    /// Somebody has stood in it before a second one was seen inside, and has not been gone from beam
    /// and leaf for long enough: who is seen then may have come from there.
    Before,
    /// Somebody has reached it out of the leaf, or since more than one was seen inside: one of them, on
    /// the way out. What is left may be a thing that a zone sees.
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
    /// The exit's leaf has been out of its frame.
    pub(crate) opened: bool,
    /// The lane has been empty behind an open leaf with nobody in it: who stands in it may come back.
    pub(crate) left: bool,
    /// Somebody has come to the beam behind the open leaf.
    pub(crate) beyond: bool,
    /// Somebody stands in the beam who has reached it out of the leaf.
    goes: bool,
    /// And nobody was in the leaf any more.
    gone: bool,
    behind: Behind,
    /// The beam behind the exit was broken in the scan before.
    beam: bool,
    /// Since when whoever stood behind the exit before has been in neither beam nor leaf.
    clear_since: Option<Instant>,
    /// Since when exactly one has been seen inside although one has gone.
    stays_since: Option<Instant>,
    /// Since when more than one person has been seen.
    several_since: Option<Instant>,
    /// The same, with nothing that would explain it.
    beside_since: Option<Instant>,
    told: bool,
}

impl WayOut {
    /// Somebody beside whoever may leave has been told of.
    pub(crate) const fn has_told(self) -> bool {
        self.told
    }

    /// SAF-031: whoever is still inside may be another than the one who was to leave.
    pub(crate) const fn may_be_another(self) -> bool {
        self.told || self.gone
    }

    /// Takes in one scan, with the exit `released` or not by the scan before; says once who is
    /// beside whoever may leave.
    ///
    /// Somebody in the leaf is on the way from one side to the other, and may look like two; whoever
    /// goes out may leave a thing that looks like somebody; and where the sensor says empty, only a
    /// zone lags behind. What goes on for longer is believed after all.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        seen: &Readings,
        released: bool,
        limits: &Limits,
    ) -> Option<Beside> {
        let open = !seen.exit.in_frame();
        let several = seen.lane == Lane::Several && !seen.sensor_says_empty;
        let beam = !seen.zone_out_free;
        let reached = beam && !self.beam;
        let crowded = several && self.several_since.is_some();
        let since = |holds: bool, since: Option<Instant>| holds.then(|| since.unwrap_or(now));
        let for_long =
            |since: Option<Instant>, limit| since.is_some_and(|since| now.since(since) >= limit);
        self.beam = beam;
        self.opened |= open;
        self.left |= open && released && seen.lane == Lane::Empty && seen.exit.free;
        self.beyond |= open && reached;
        let clear = self.behind == Behind::Before && !beam && !several && seen.exit.free;
        self.clear_since = since(clear, self.clear_since);
        self.behind = match self.behind {
            Behind::Before if for_long(self.clear_since, CROSSING) => Behind::Nobody,
            Behind::Nobody if reached && open && (crowded || !seen.exit.free) => Behind::WentOut,
            Behind::Nobody if beam && open => Behind::Before,
            Behind::WentOut if !several && !beam => Behind::Nobody,
            behind => behind,
        };
        let explained = !seen.exit.free || self.behind == Behind::WentOut;
        self.goes = beam && (self.goes || (open && reached && !seen.exit.free));
        self.gone |= open && self.goes && seen.exit.free;
        let stays = self.gone && seen.lane == Lane::Single;
        self.stays_since = since(stays, self.stays_since);
        self.several_since = since(several, self.several_since);
        self.beside_since = since(several && !explained, self.beside_since);
        let limit = match self.behind {
            Behind::WentOut => limits.closing * 2,
            Behind::Nobody | Behind::Before => limits.left_object,
        };
        let believed = for_long(self.beside_since, limits.single)
            || for_long(self.stays_since, CROSSING)
            || for_long(self.several_since, limit);
        if self.told || !believed {
            return None;
        }
        self.told = true;
        Some(match self.behind {
            Behind::Before => Beside::CameIn,
            Behind::Nobody | Behind::WentOut => Beside::SeenInside,
        })
    }
}

impl Moments for WayOut {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        for (moment, oldest) in [
            (
                &mut self.several_since,
                limits.left_object.max(limits.closing * 2),
            ),
            (&mut self.beside_since, limits.single),
            (&mut self.clear_since, CROSSING),
            (&mut self.stays_since, CROSSING),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest);
            }
        }
    }
}
