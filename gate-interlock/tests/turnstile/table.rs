//! Everything that can happen, in every state.
//!
//! `table.txt` is the whole behaviour on one sheet. If this test fails, read the difference: it is
//! what a change does to people. `ACCEPT=1` writes the sheet anew.

use crate::rig::{Rig, STATES, TURN, permit};
use core::fmt::Write;
use gate_protocol::pins::TurnstileInput;
use gate_protocol::{Answer, Door, Mode, Sign, ToController};

type Happening = fn(&mut Rig) -> Option<Answer>;

fn falls(rig: &mut Rig, input: TurnstileInput) -> Option<Answer> {
    rig.set(input, false);
    rig.run(300);
    None
}

fn pushes(rig: &mut Rig, way: Door) -> Option<Answer> {
    rig.push(way, TURN);
    rig.run(800);
    None
}

fn forces(rig: &mut Rig, way: Door) -> Option<Answer> {
    rig.force(way, 3);
    rig.run(300);
    None
}

fn asks(rig: &mut Rig, asked: ToController) -> Option<Answer> {
    let answer = rig.ask(asked);
    rig.run(60);
    Some(answer)
}

fn permits(rig: &mut Rig, way: Door) -> Option<Answer> {
    let passage = rig.turnstile.passage();
    asks(rig, permit(way, passage))
}

const HAPPENINGS: [(&str, Happening); 25] = [
    ("fire", |rig| falls(rig, TurnstileInput::FireOk)),
    ("emergency stop", |rig| falls(rig, TurnstileInput::EstopOk2)),
    ("cabinet opened", |rig| falls(rig, TurnstileInput::TamperOk)),
    ("mains lost", |rig| falls(rig, TurnstileInput::MainsOk)),
    ("arm hindered", |rig| falls(rig, TurnstileInput::ArmFree)),
    ("key turned", |rig| {
        rig.set(TurnstileInput::KeyService, true);
        rig.run(300);
        None
    }),
    ("all inputs calm, 8 s", |rig| {
        for input in [
            TurnstileInput::FireOk,
            TurnstileInput::TamperOk,
            TurnstileInput::MainsOk,
        ] {
            rig.set(input, true);
        }
        rig.set(TurnstileInput::KeyService, false);
        rig.run(8_000);
        None
    }),
    ("arm pushed to exit", |rig| pushes(rig, Door::Exit)),
    ("arm pushed to entry", |rig| pushes(rig, Door::Entry)),
    ("arm forced to exit", |rig| forces(rig, Door::Exit)),
    ("arm forced to entry", |rig| forces(rig, Door::Entry)),
    ("two people in the beams", |rig| {
        rig.person();
        rig.person();
        None
    }),
    ("host silent", |rig| {
        rig.host = false;
        rig.run(600);
        None
    }),
    ("session opened", |rig| {
        rig.new_session();
        rig.run(60);
        None
    }),
    ("permit to exit", |rig| permits(rig, Door::Exit)),
    ("permit to entry", |rig| permits(rig, Door::Entry)),
    ("permit of another turn", |rig| {
        asks(rig, permit(Door::Exit, 77))
    }),
    ("withdraw", |rig| asks(rig, ToController::Withdraw)),
    ("send back", |rig| {
        asks(rig, ToController::SendBack { passage: 1 })
    }),
    ("show help", |rig| {
        asks(rig, ToController::Show { sign: Sign::Help })
    }),
    ("mode on permit", |rig| {
        asks(
            rig,
            ToController::SetMode {
                mode: Mode::OnPermit,
            },
        )
    }),
    ("mode free to exit", |rig| {
        let mode = Mode::Free(Door::Exit);
        asks(rig, ToController::SetMode { mode })
    }),
    ("mode blocked", |rig| {
        asks(
            rig,
            ToController::SetMode {
                mode: Mode::Blocked,
            },
        )
    }),
    ("mode walk in", |rig| {
        asks(rig, ToController::SetMode { mode: Mode::WalkIn })
    }),
    ("clear alarm", |rig| asks(rig, ToController::ClearAlarm)),
];

fn sheet() -> String {
    let mut sheet = String::new();
    for state in STATES {
        for (name, happens) in HAPPENINGS {
            let mut rig = Rig::in_state(state);
            let known = rig.events.len();
            let answer = happens(&mut rig);
            let _ = write!(sheet, "{state:?} | {name} → {:?}", rig.turnstile.state());
            if let Some(answer) = answer {
                let _ = write!(sheet, " | {answer}");
            }
            for event in &rig.events[known..] {
                let _ = write!(sheet, " | {event}");
            }
            sheet.push('\n');
        }
    }
    sheet
}

#[test]
fn every_state_meets_everything_as_the_sheet_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/turnstile/table.txt");
    let found = sheet();
    if std::env::var_os("ACCEPT").is_some() {
        std::fs::write(path, &found).expect("the sheet can be written");
    }
    let expected = std::fs::read_to_string(path).expect("the sheet is committed");
    for (expected, found) in expected.lines().zip(found.lines()) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected.len(), found.len());
}
