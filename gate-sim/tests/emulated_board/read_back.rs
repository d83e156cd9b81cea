//! Drivers that do not do what they are told.

use super::*;
use gate_protocol::Fault;

#[test]
fn a_stuck_driver_ends_all_motion_whichever_way_it_is_stuck_until_somebody_has_looked() {
    let Some(mut bench) = Bench::offered() else {
        return;
    };
    for (output, level) in [(Output::ExitGreen, true), (Output::NoAlarm, false)] {
        bench.events.clear();
        bench.board.stick(output, Some(level)).unwrap();
        bench.until("the fault", |bench| {
            bench.events.contains(&Event::Trouble(Fault::Output))
        });
        bench.until("an entry that is shut", |bench| {
            bench.is(State::Trouble) && bench.on(Output::EntryHold) && !bench.on(Output::EntryDrive)
        });
        bench.board.stick(output, None).unwrap();
        bench.until("shut doors", |bench| bench.doors.input(Input::EntryLocked));
        bench.send(ToController::ClearAlarm);
        // A session that is lost on a busy machine takes the mode with it.
        bench.until_offered();
    }
}
