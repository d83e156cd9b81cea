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
    /// Somebody stands in it, or did a moment ago, who has not come out of the leaf: a second one who
    /// is seen inside then may have come from there.
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
    /// Somebody has come out of the open leaf to the beam behind it.
    pub(crate) beyond: bool,
    behind: Behind,
    /// The beam behind the exit was broken in the scan before.
    beam: bool,
    /// When somebody was last seen in that beam, and in the open leaf: no longer ago than
    /// [`Limits::crossing`].
    beam_at: Option<Instant>,
    leaf_at: Option<Instant>,
    /// Somebody stands in the beam who has reached it out of the leaf.
    goes: bool,
    /// And nobody was in the leaf any more.
    gone: bool,
    /// When exactly one was first seen inside all the same, and the lane has not read empty since.
    stays_since: Option<Instant>,
    /// Since when more than one person has been seen.
    several_since: Option<Instant>,
    /// The same, with nothing that would explain it.
    beside_since: Option<Instant>,
    /// The same behind one who has gone out, with nobody in the leaf.
    apart_since: Option<Instant>,
    told: bool,
}

impl WayOut {
    /// Somebody beside whoever may leave has been told of.
    pub(crate) const fn has_told(self) -> bool {
        self.told
    }

    /// SAF-031: whoever is still inside may be another than the one who was to leave.
    pub(crate) const fn may_be_another(self) -> bool {
        self.told || self.beyond
    }

    /// Takes in one scan, with the exit `released` or not by the scan before, and the lane `settled`
    /// as it is seen or not yet; says once who is beside whoever may leave.
    ///
    /// Somebody in the leaf is on the way from one side to the other, and may look like two; whoever
    /// goes out may leave a thing that looks like somebody, and a thing does not walk; and where the
    /// sensor says empty, only a zone lags behind. What goes on for longer is believed after all.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        seen: &Readings,
        released: bool,
        settled: bool,
        limits: &Limits,
    ) -> Option<Beside> {
        let since = |holds: bool, since: Option<Instant>| holds.then(|| since.unwrap_or(now));
        let for_long =
            |since: Option<Instant>, limit| since.is_some_and(|since| now.since(since) >= limit);
        let lately = |holds: bool, at: Option<Instant>| {
            let at = if holds { Some(now) } else { at };
            at.filter(|at| now.since(*at) < limits.crossing)
        };
        let open = !seen.exit.in_frame();
        let several = seen.lane == Lane::Several && !seen.sensor_says_empty;
        let beam = !seen.zone_out_free;
        let in_leaf = open && !seen.exit.free;
        let reached = open && beam && !self.beam;
        let crowded = several && self.several_since.is_some();
        self.beam = beam;
        self.beam_at = lately(beam, self.beam_at);
        self.leaf_at = lately(in_leaf, self.leaf_at);
        let out_of_leaf = reached && self.leaf_at.is_some();
        self.opened |= open;
        self.beyond |= out_of_leaf;
        self.left |= open && released && self.is_left(seen, settled);
        self.behind = match self.behind {
            Behind::Nobody | Behind::Before if out_of_leaf => Behind::WentOut,
            Behind::Nobody if reached && crowded => Behind::WentOut,
            Behind::Nobody if open && beam => Behind::Before,
            Behind::Before if self.beam_at.is_none() => Behind::Nobody,
            Behind::WentOut if !several && !beam => Behind::Nobody,
            behind => behind,
        };
        let went_out = self.behind == Behind::WentOut;
        let walks = in_leaf && for_long(self.apart_since, limits.single);
        self.apart_since = since(several && went_out && !in_leaf, self.apart_since);
        self.goes = beam && (self.goes || (out_of_leaf && in_leaf));
        self.gone |= open && self.goes && !in_leaf;
        let one = self.gone && seen.lane == Lane::Single;
        let doubtful = self.gone && seen.lane != Lane::Empty && self.stays_since.is_some();
        self.stays_since = since(one || doubtful, self.stays_since);
        let stays = one && for_long(self.stays_since, limits.crossing);
        self.several_since = since(several, self.several_since);
        let explained = !seen.exit.free || went_out;
        self.beside_since = since(several && !explained, self.beside_since);
        let limit = match self.behind {
            Behind::WentOut => limits.closing * 2,
            Behind::Nobody | Behind::Before => limits.left_object,
        };
        let believed = for_long(self.beside_since, limits.single)
            || walks
            || stays
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

    /// Nobody is inside or in the open leaf. Where nobody was seen to come out of it, the sensor has to
    /// say so for as long as it takes to be believed.
    pub(crate) fn is_left(&self, seen: &Readings, settled: bool) -> bool {
        let empty = seen.lane == Lane::Empty && seen.exit.free;
        self.opened && empty && (self.beyond || settled)
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
            (&mut self.apart_since, limits.single),
            (&mut self.stays_since, limits.crossing),
            (&mut self.beam_at, limits.crossing),
            (&mut self.leaf_at, limits.crossing),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest);
            }
        }
    }
}
