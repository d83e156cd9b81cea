//! What a change of the controller's status means for the journey.

use crate::event::Event;
use gate_protocol::Door;
use gate_protocol::link::host::Status;
use gate_protocol::pins::{Bits, Input};

/// Compares each status with the one before. Whoever drives a session feeds it, the daemon as well
/// as a simulation.
#[derive(Debug, Default)]
pub struct Observer {
    seen: Option<Status>,
}

impl Observer {
    /// Forgets what was seen: the controller has been away.
    pub const fn forget(&mut self) {
        self.seen = None;
    }

    /// Tells what is new in `status`. Who is inside comes before what the controller does about it.
    pub fn observe(&mut self, status: Status, mut tell: impl FnMut(Event)) {
        let before = self.seen.replace(status);
        let inside = |status: Status| !Bits(status.inputs).input(Input::EmptyOk);
        if before.is_none_or(|before| inside(before) != inside(status)) {
            tell(Event::Inside(inside(status)));
        }
        if before.is_none_or(|before| before.state != status.state) {
            tell(Event::LaneState(status.state, status.passage));
        }
        for (door, input) in [
            (Door::Entry, Input::EntryOpen),
            (Door::Exit, Input::ExitOpen),
        ] {
            let open = |status: Status| Bits(status.inputs).input(input);
            if before.is_some_and(|before| open(before) != open(status)) {
                tell(Event::DoorOpen(door, open(status)));
            }
        }
        let clear = |status: Status| Bits(status.inputs).input(Input::ZoneOutFree);
        if before.is_some_and(|before| !clear(before) && clear(status)) {
            tell(Event::ClearOfExit);
        }
    }
}
