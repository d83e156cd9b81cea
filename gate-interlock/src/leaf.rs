//! One door compared with what it was last told.

use crate::Limits;
use crate::readings::DoorReading;
use crate::rebase::Moments;
use core::time::Duration;
use gate_protocol::Instant;

/// How a door came to stand as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    /// Not released since the controller started, and not in its frame for long enough.
    Unknown,
    /// In its frame for some time.
    Shut,
    /// Released, and still in its frame.
    Unlocked,
    /// Released and out of its frame, and since then neither bolted for long enough nor, without its
    /// bolt, in its frame for so long that nobody can be caught in it any more.
    Opened,
    /// Left its frame without having been released.
    Forced,
    /// Released, and locked again before it had moved, or in its frame before two. Who pushes it before
    /// its bolt is home has no right to have it opened; that it moves at all may be the lag of leaf and
    /// contact.
    TakenBack,
}

/// What is wrong with a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It was opened without having been released.
    Forced,
    /// It should be shut and is not.
    HeldOpen,
    /// It was released and does not open.
    Stuck,
}

/// One door over time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leaf {
    standing: Standing,
    /// Whether the last scan released it.
    released: bool,
    /// Whether that was for more than somebody in its light curtain.
    wanted: bool,
    /// Since when it has been in its frame, after a release with its bolt home, without being released.
    framed_since: Option<Instant>,
    /// Since when it has lain in its frame without being released, bolted or not; and since when with
    /// nothing in its curtain.
    lain_since: Option<Instant>,
    free_since: Option<Instant>,
    /// Since when it should have been shut.
    awaited_shut: Option<Instant>,
    /// Since when it should have been open.
    awaited_open: Option<Instant>,
    told_held_open: bool,
}

impl Leaf {
    /// A door of which nothing is known: after a power cut it may stand open, rightly. It counts as
    /// shut once it has been seen in its frame for a while.
    pub(crate) const fn unknown() -> Self {
        Self {
            standing: Standing::Unknown,
            released: false,
            wanted: false,
            framed_since: None,
            lain_since: None,
            free_since: None,
            awaited_shut: None,
            awaited_open: None,
            told_held_open: false,
        }
    }

    /// Notes what the scan that read `door` decided: whether the door is released, and whether it would
    /// be if nobody stood in its light curtain.
    pub(crate) fn tell(&mut self, door: DoorReading, released: bool, wanted: bool) {
        self.released = released;
        self.wanted = wanted;
        let unlocked = released || self.standing == Standing::Unlocked;
        self.standing = match self.standing {
            Standing::Opened => Standing::Opened,
            _ if unlocked && !door.in_frame() => Standing::Opened,
            _ if released => Standing::Unlocked,
            // SAF-032: the release is over, and nobody has opened the door.
            Standing::Unlocked => Standing::TakenBack,
            standing => standing,
        };
    }

    /// SAF-027: the release ends because more than one stand before the leaf, which is in its frame.
    pub(crate) const fn take_back(&mut self) {
        self.standing = Standing::TakenBack;
    }

    /// Somebody stands in the light curtain of a leaf that may be open.
    ///
    /// A forced leaf does not count: holding a hand into its curtain must not open it further. One
    /// contact that says closed is not believed against one that says open.
    pub(crate) fn obstructed(&self, door: DoorReading) -> bool {
        let rightly = !matches!(
            self.standing,
            Standing::Shut | Standing::Forced | Standing::TakenBack
        );
        rightly && !door.in_frame() && !door.free
    }

    /// It has been open for too long, and still is.
    pub(crate) const fn is_held_open(&self) -> bool {
        self.told_held_open
    }

    /// Whether the last scan released it.
    pub(crate) const fn is_released(&self) -> bool {
        self.released
    }

    /// SAF-009: finds a door that is open and should not be, or shut and should not be.
    ///
    /// A forced door and one held open are told once; one that is stuck until somebody gives up.
    pub(crate) fn watch(
        &mut self,
        now: Instant,
        door: DoorReading,
        limits: &Limits,
    ) -> Option<Finding> {
        if self.released && self.wanted {
            self.moves();
            self.awaited_shut = None;
            self.told_held_open = false;
            return self.watch_opening(now, door, limits);
        }
        self.awaited_open = None;
        if self.released {
            // It gives way to whoever stands in it, or to a torn wire, but not unnoticed.
            self.moves();
            return self.watch_shutting(now, limits);
        }
        // SAF-029: a leaf needs no bolt to be forced. One whose bolt is out, or whose bolt's contact
        // is broken, may be pushed from its frame, and that is nobody's right either. But a leaf that
        // was released may have caught something that keeps its bolt out: it is still closing, until
        // it has lain in its frame for as long as nobody is caught unseen.
        let framed = match self.standing {
            Standing::Opened => door.shut(),
            _ => door.in_frame(),
        };
        let since = |holds: bool, since: Option<Instant>| holds.then(|| since.unwrap_or(now));
        let for_long =
            |since: Option<Instant>, limit| since.is_some_and(|since| now.since(since) >= limit);
        let lies = self.standing == Standing::Opened && door.in_frame();
        self.framed_since = since(framed, self.framed_since);
        self.lain_since = since(lies, self.lain_since);
        self.free_since = since(lies && door.free, self.free_since);
        if for_long(self.framed_since, limits.settle)
            || for_long(self.free_since, limits.free)
            || for_long(self.lain_since, limits.caught)
        {
            self.standing = Standing::Shut;
            (self.lain_since, self.free_since) = (None, None);
        }
        if door.shut() {
            self.awaited_shut = None;
            self.told_held_open = false;
            return None;
        }
        // SAF-027, SAF-032: one that was locked again and is pushed open all the same is nobody's right.
        // It has a moment to come to rest.
        let pushed = self.standing == Standing::TakenBack
            && !door.in_frame()
            && self
                .awaited_shut
                .is_some_and(|since| now.since(since) >= limits.settle);
        if pushed || (self.standing == Standing::Shut && !door.closed) {
            self.standing = Standing::Forced;
            return Some(Finding::Forced);
        }
        self.watch_shutting(now, limits)
    }

    /// It is released, so that how long it has lain in its frame starts anew.
    const fn moves(&mut self) {
        self.framed_since = None;
        (self.lain_since, self.free_since) = (None, None);
    }

    fn watch_shutting(&mut self, now: Instant, limits: &Limits) -> Option<Finding> {
        let since = *self.awaited_shut.get_or_insert(now);
        if !self.told_held_open && now.since(since) >= limits.held_open {
            self.told_held_open = true;
            return Some(Finding::HeldOpen);
        }
        None
    }

    fn watch_opening(
        &mut self,
        now: Instant,
        door: DoorReading,
        limits: &Limits,
    ) -> Option<Finding> {
        if door.open {
            self.awaited_open = None;
            return None;
        }
        let since = *self.awaited_open.get_or_insert(now);
        (now.since(since) >= limits.opening).then_some(Finding::Stuck)
    }
}

impl Moments for Leaf {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        for (moment, oldest) in [
            (&mut self.framed_since, limits.settle),
            (&mut self.lain_since, limits.caught),
            (&mut self.free_since, limits.free),
            (&mut self.awaited_shut, limits.held_open),
            (&mut self.awaited_open, limits.opening),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHUT: DoorReading = DoorReading {
        closed: true,
        locked: true,
        open: false,
        free: true,
    };
    const AJAR: DoorReading = DoorReading {
        closed: false,
        locked: false,
        open: false,
        free: true,
    };
    const OPEN: DoorReading = DoorReading { open: true, ..AJAR };

    /// Watches a door that has been shut for a while; then each step `(ms, released, reading)`.
    fn findings(steps: &[(u64, bool, DoorReading)]) -> [Option<Finding>; 4] {
        let limits = Limits::default();
        let mut leaf = Leaf::unknown();
        for ms in [0, 600] {
            assert_eq!(leaf.watch(Instant::from_millis(ms), SHUT, &limits), None);
        }
        let mut found = [None; 4];
        for ((ms, released, reading), slot) in steps.iter().zip(&mut found) {
            leaf.tell(*reading, *released, *released);
            *slot = leaf.watch(Instant::from_millis(1_000 + ms), *reading, &limits);
        }
        found
    }

    #[test]
    fn a_door_that_opens_unasked_was_forced() {
        let found = findings(&[(0, false, AJAR), (1, false, OPEN), (9_000, false, OPEN)]);
        assert_eq!(found, [Some(Finding::Forced), None, None, None]);
    }

    #[test]
    fn a_door_that_lags_behind_its_lock_was_not_forced() {
        let found = findings(&[(0, true, SHUT), (10, false, SHUT), (40, false, AJAR)]);
        assert_eq!(found, [None; 4]);
    }

    #[test]
    fn a_door_that_stays_open_is_told_once() {
        let found = findings(&[
            (0, true, OPEN),
            (100, false, OPEN),
            (10_100, false, AJAR),
            (20_000, false, OPEN),
        ]);
        assert_eq!(found, [None, None, Some(Finding::HeldOpen), None]);
    }

    #[test]
    fn a_door_that_does_not_open_is_stuck() {
        let found = findings(&[(0, true, SHUT), (4_999, true, AJAR), (5_000, true, AJAR)]);
        assert_eq!(found, [None, None, Some(Finding::Stuck), None]);
        let found = findings(&[(0, true, SHUT), (4_999, true, OPEN), (9_000, true, AJAR)]);
        assert_eq!(found, [None; 4]);
    }

    /// SAF-032: whoever leans on it keeps its bolt out.
    #[test]
    fn a_leaf_that_never_left_its_frame_does_not_give_way_when_its_release_is_over() {
        let limits = Limits::default();
        let leant_on = DoorReading {
            locked: false,
            ..SHUT
        };
        let hand = DoorReading {
            free: false,
            ..AJAR
        };
        for (last, gives_way) in [(leant_on, false), (AJAR, true)] {
            let mut leaf = Leaf::unknown();
            leaf.tell(leant_on, true, true);
            assert!(leaf.obstructed(hand), "released");
            leaf.tell(last, false, false);
            assert_eq!(leaf.obstructed(hand), gives_way, "{last:?}");
            for ms in 0..=500 {
                let found = leaf.watch(Instant::from_millis(ms), hand, &limits);
                let told = !gives_way && ms == 500;
                assert_eq!(found, told.then_some(Finding::Forced), "{last:?}, {ms} ms");
            }
        }
    }

    /// SAF-029: after a reset, with its bolt out or the bolt's contact broken.
    #[test]
    fn a_closed_door_that_was_never_seen_locked_is_forced_all_the_same() {
        let limits = Limits::default();
        let unbolted = DoorReading {
            locked: false,
            ..SHUT
        };
        for (closed_ms, expected) in [(499, None), (500, Some(Finding::Forced))] {
            let mut leaf = Leaf::unknown();
            for ms in 0..=closed_ms {
                assert_eq!(
                    leaf.watch(Instant::from_millis(ms), unbolted, &limits),
                    None
                );
            }
            let found = leaf.watch(Instant::from_millis(closed_ms + 1), AJAR, &limits);
            assert_eq!(found, expected, "closed for {closed_ms} ms");
            let hand = DoorReading {
                free: false,
                ..AJAR
            };
            assert_eq!(leaf.obstructed(hand), expected.is_none());
        }
    }

    /// A strap, or a finger within the contact's tolerance.
    #[test]
    fn a_leaf_that_caught_something_on_its_way_shut_is_not_forced_by_whoever_pulls_free() {
        let limits = Limits::default();
        let mut leaf = Leaf::unknown();
        for ms in [0, 600] {
            leaf.watch(Instant::from_millis(ms), SHUT, &limits);
        }
        leaf.tell(OPEN, true, true);
        leaf.watch(Instant::from_millis(1_000), OPEN, &limits);
        leaf.tell(OPEN, false, false);
        let caught = DoorReading {
            locked: false,
            ..SHUT
        };
        for ms in 2_000..6_000 {
            assert_eq!(leaf.watch(Instant::from_millis(ms), caught, &limits), None);
        }
        let free = DoorReading {
            free: false,
            ..AJAR
        };
        assert_eq!(leaf.watch(Instant::from_millis(6_000), free, &limits), None);
        assert!(leaf.obstructed(free));
    }

    #[test]
    fn a_contact_that_is_stuck_at_closed_keeps_no_leaf_from_giving_way() {
        let stuck = DoorReading {
            closed: true,
            free: false,
            ..OPEN
        };
        let mut leaf = Leaf::unknown();
        leaf.tell(stuck, true, true);
        assert!(leaf.obstructed(stuck));
    }

    #[test]
    fn only_a_leaf_that_was_opened_rightly_gives_way() {
        let blocked = DoorReading {
            free: false,
            ..AJAR
        };
        let limits = Limits::default();
        let mut leaf = Leaf::unknown();
        assert!(leaf.obstructed(blocked), "found open after a power cut");
        leaf.watch(Instant::ZERO, SHUT, &limits);
        leaf.watch(Instant::from_millis(600), SHUT, &limits);
        leaf.watch(Instant::from_millis(601), blocked, &limits);
        assert!(!leaf.obstructed(blocked), "forced");
        leaf.tell(SHUT, true, true);
        assert!(leaf.obstructed(blocked), "released");
    }
}
