//! The last limit before the pins, over everything that it can meet.

use super::*;
use core::time::Duration;

/// How long an output has been at work when it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Past {
    Fresh,
    /// One millisecond short of its longest time.
    Tired,
    /// For its longest time.
    Worn,
    /// Began to rest a millisecond ago.
    Resting,
    /// Has rested for long enough.
    Rested,
}

const PASTS: [Past; 5] = [
    Past::Fresh,
    Past::Tired,
    Past::Worn,
    Past::Resting,
    Past::Rested,
];

const NOW: Instant = Instant::from_millis(1_000_000);

impl Past {
    fn duty(self, longest: Duration, rest: Duration) -> Duty {
        let moment = Duration::from_millis(1);
        let mut duty = Duty::default();
        let mut worked = |ago: Duration| {
            let then = Instant::ZERO + (NOW.since(Instant::ZERO) - ago);
            let _ = duty.allows(then, true, longest, rest);
        };
        match self {
            Self::Fresh => {}
            Self::Tired => worked(longest - moment),
            Self::Worn => worked(longest),
            Self::Resting => [longest + moment, moment].into_iter().for_each(worked),
            Self::Rested => [longest + rest, rest].into_iter().for_each(worked),
        }
        duty
    }

    /// Whether it may be on, if it works now or not.
    fn allows(self, works: bool) -> bool {
        match self {
            Self::Fresh | Self::Tired | Self::Rested => true,
            Self::Worn => !works,
            Self::Resting => false,
        }
    }
}

/// SAF-018, S10: over all that is asked of the three outputs that must not last, all that the leaves
/// and curtains say, and how long each has been at work: an output is on where it was asked for,
/// is not worn out, or has somebody in its leaf; and no other output is touched.
#[test]
fn nothing_is_on_for_longer_than_it_may_be_and_people_come_before_motors() {
    let mut lane = Interlock::new(NOW, CheckedSite::default());
    let limits = lane.limits;
    let outputs = [Output::EntryDrive, Output::ExitDrive, Output::Buzzer];
    let fold = |start: Bits, on: [bool; 3]| {
        let pairs = outputs.into_iter().zip(on);
        pairs.fold(start, |bits, (output, on)| bits.with_output(output, on))
    };
    let mut looked = 0;
    for bits in 0..1 << 8 {
        let bit = |n: u32| bits & (1 << n) != 0;
        let asked = [bit(0), bit(1), bit(2)];
        let (open, free) = ([bit(3), bit(4)], [bit(5), bit(6)]);
        let others = if bit(7) { Bits(0x0003_ffff) } else { Bits(0) };
        (lane.seen.entry.open, lane.seen.exit.open) = (open[0], open[1]);
        (lane.seen.entry.free, lane.seen.exit.free) = (free[0], free[1]);
        for pasts in PASTS.into_iter().flat_map(|entry| {
            let with = move |exit| PASTS.map(|buzzer| [entry, exit, buzzer]);
            PASTS.into_iter().flat_map(with)
        }) {
            lane.entry_duty = pasts[0].duty(limits.push, limits.push);
            lane.exit_duty = pasts[1].duty(limits.push, limits.push);
            lane.buzzer_duty = pasts[2].duty(limits.buzzer, limits.buzzer_rest);
            let drive = |door: usize| {
                let pushes = asked[door] && !open[door] && free[door];
                asked[door] && (!free[door] || pasts[door].allows(pushes))
            };
            let buzzer = asked[2] && pasts[2].allows(true);
            let expected = fold(others, [drive(0), drive(1), buzzer]);
            let found = lane.limit_duty(NOW, fold(others, asked));
            assert_eq!(found, expected, "{asked:?} {open:?} {free:?} {pasts:?}");
            looked += 1;
        }
    }
    assert_eq!(looked, 256 * 125);
}
