//! Input bits as words.

use gate_protocol::pins::{Bits, Input};
use gate_protocol::{Door, Fault};

/// What the contacts and the light curtain of one door say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DoorReading {
    pub(crate) closed: bool,
    pub(crate) locked: bool,
    pub(crate) open: bool,
    /// The light curtain is free.
    pub(crate) free: bool,
}

impl DoorReading {
    /// Closed and bolted, and nothing speaks against it.
    pub(crate) fn shut(self) -> bool {
        self.closed && self.locked && !self.open
    }

    /// Does not stand open, as far as can be told with one of its contacts broken.
    pub(crate) fn bars(self) -> bool {
        (self.closed || self.locked) && !self.open
    }

    /// In its frame, bolted or not, and nothing speaks against it.
    pub(crate) const fn in_frame(self) -> bool {
        self.closed && !self.open
    }

    fn contradicts_itself(self) -> bool {
        self.open && (self.closed || self.locked)
    }
}

/// Who is in the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// Nobody and nothing: unicity sensor and both presence zones agree.
    Empty,
    /// Exactly one person.
    Single,
    /// Somebody, but not exactly one person.
    Several,
    /// Not empty, but no presence zone sees anybody.
    Thing,
}

/// What the debounced inputs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Readings {
    pub(crate) fire: bool,
    /// One channel is enough.
    pub(crate) emergency_stop: bool,
    pub(crate) break_glass: bool,
    /// One channel of the emergency stop is pressed and the other is not.
    pub(crate) channels_differ: bool,
    pub(crate) cabinet_open: bool,
    pub(crate) service_key: bool,
    pub(crate) mains: bool,
    pub(crate) battery_low: bool,
    pub(crate) drive_fault: bool,
    pub(crate) entry: DoorReading,
    pub(crate) exit: DoorReading,
    pub(crate) zone_in_free: bool,
    pub(crate) zone_out_free: bool,
    pub(crate) lane: Lane,
    /// The unicity sensor says empty, whatever the zones see.
    pub(crate) sensor_says_empty: bool,
    /// Inputs that cannot both be true.
    pub(crate) contradiction: Option<Fault>,
}

impl Readings {
    pub(crate) fn of(inputs: Bits) -> Self {
        let on = |input| inputs.input(input);
        let entry = DoorReading {
            closed: on(Input::EntryClosed),
            locked: on(Input::EntryLocked),
            open: on(Input::EntryOpen),
            free: on(Input::EntrySafe),
        };
        let exit = DoorReading {
            closed: on(Input::ExitClosed),
            locked: on(Input::ExitLocked),
            open: on(Input::ExitOpen),
            free: on(Input::ExitSafe),
        };
        let (channel_1, channel_2) = (on(Input::EstopOk1), on(Input::EstopOk2));
        Self {
            fire: !on(Input::FireOk),
            emergency_stop: !(channel_1 && channel_2),
            break_glass: !on(Input::BreakglassOk),
            channels_differ: channel_1 != channel_2,
            cabinet_open: !on(Input::TamperOk),
            service_key: on(Input::KeyService),
            mains: on(Input::MainsOk),
            battery_low: on(Input::BatteryLow),
            drive_fault: !on(Input::DrivesOk),
            entry,
            exit,
            zone_in_free: on(Input::ZoneInFree),
            zone_out_free: on(Input::ZoneOutFree),
            lane: lane(inputs),
            sensor_says_empty: on(Input::EmptyOk),
            contradiction: contradiction(entry, exit, inputs),
        }
    }

    /// Fire, emergency stop or break-glass.
    pub(crate) const fn emergency(&self) -> bool {
        self.fire || self.emergency_stop || self.break_glass
    }

    /// Somebody is in the lane, as far as the sensors can tell.
    pub(crate) fn somebody(&self) -> bool {
        matches!(self.lane, Lane::Single | Lane::Several)
    }

    pub(crate) fn door(&self, door: Door) -> DoorReading {
        match door {
            Door::Entry => self.entry,
            Door::Exit => self.exit,
        }
    }
}

fn lane(inputs: Bits) -> Lane {
    let zones_free = inputs.input(Input::Chamber1Free) && inputs.input(Input::Chamber2Free);
    match (inputs.input(Input::EmptyOk), inputs.input(Input::SingleOk)) {
        (true, false) if zones_free => Lane::Empty,
        (false, true) => Lane::Single,
        (false, false) if zones_free => Lane::Thing,
        // A sensor that says "empty" while a zone sees somebody, or "empty" and "one" at once.
        _ => Lane::Several,
    }
}

fn contradiction(entry: DoorReading, exit: DoorReading, inputs: Bits) -> Option<Fault> {
    if entry.contradicts_itself() {
        Some(Fault::DoorContacts(Door::Entry))
    } else if exit.contradicts_itself() {
        Some(Fault::DoorContacts(Door::Exit))
    } else if inputs.input(Input::EmptyOk) && inputs.input(Input::SingleOk) {
        Some(Fault::UnicitySensor)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_empty_only_where_the_sensor_and_both_zones_say_so() {
        let free = [Input::Chamber1Free, Input::Chamber2Free];
        for levels in 0..16_u32 {
            let [empty, single, first, second] = [1, 2, 4, 8].map(|bit| levels & bit != 0);
            let inputs = Bits(0)
                .with_input(Input::EmptyOk, empty)
                .with_input(Input::SingleOk, single)
                .with_input(free[0], first)
                .with_input(free[1], second);
            let nobody_seen = first && second;
            let expected = [
                (empty && !single && nobody_seen, Lane::Empty),
                (!empty && single, Lane::Single),
                (!empty && !single && nobody_seen, Lane::Thing),
            ];
            let expected = expected.into_iter().find(|(holds, _)| *holds);
            let expected = expected.map_or(Lane::Several, |(_, lane)| lane);
            assert_eq!(lane(inputs), expected, "{levels:04b}");
        }
    }
}
