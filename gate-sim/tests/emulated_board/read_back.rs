//! Drivers that do not do what they are told.

use super::turnstile::SITE;
use super::unconfigured::turnstile_alone;
use super::*;
use gate_protocol::Fault;
use gate_protocol::pins::TurnstileOutput;

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

/// Each output that is read back, stuck at the other level than it is driven to.
#[test]
fn the_driver_of_every_output_is_read_back() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("rest", |bench| bench.is(State::Idle));
    // The watchdog's pin is the supervisor's business.
    let read_back = Output::ALL
        .into_iter()
        .filter(|output| *output != Output::Watchdog);
    for output in read_back {
        bench.events.clear();
        let stuck = !bench.on(output);
        bench.board.stick(output, Some(stuck)).unwrap();
        bench.until(&format!("the fault of {output:?}"), |bench| {
            bench.events.contains(&Event::Trouble(Fault::Output))
        });
        bench.until("trouble", |bench| bench.is(State::Trouble));
        bench.board.stick(output, None).unwrap();
        bench.until("shut doors", |bench| {
            let locked = |contact| bench.doors.input(contact);
            locked(Input::EntryLocked) && locked(Input::ExitLocked)
        });
        bench.until_cleared();
    }
}

#[test]
fn the_driver_of_every_output_of_a_turnstile_is_read_back() {
    let Some(mut bench) = Bench::without_site(turnstile_alone()) else {
        return;
    };
    bench.send(ToController::Configure { site: SITE });
    bench.until("rest", |bench| bench.is(State::Idle));
    let outputs = TurnstileOutput::ALL.map(TurnstileOutput::terminal);
    for output in outputs
        .into_iter()
        .filter(|output| *output != Output::Watchdog)
    {
        bench.events.clear();
        let stuck = !bench.on(output);
        bench.board.stick(output, Some(stuck)).unwrap();
        bench.until(&format!("the fault of {output:?}"), |bench| {
            bench.events.contains(&Event::Trouble(Fault::Output))
        });
        bench.until("trouble", |bench| bench.is(State::Trouble));
        bench.board.stick(output, None).unwrap();
        bench.until_cleared();
    }
}

impl Bench {
    /// Somebody looks, as often as it takes: the contacts of a door take a moment to settle.
    fn until_cleared(&mut self) {
        while !self.is(State::Idle) {
            self.until("a session", |bench| bench.link.is_connected());
            let before = (self.accepted, self.refused, self.sessions.len());
            self.link.send(ToController::ClearAlarm).expect("a session");
            self.until("an answer", |bench| {
                (bench.accepted, bench.refused, bench.sessions.len()) != before
            });
            self.for_a_while(100);
        }
    }
}
