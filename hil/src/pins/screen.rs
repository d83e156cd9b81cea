//! The terminal: keys in, panel out.

use super::desk::Desk;
use super::draw::{Cursor, draw};
use super::panel::Side;
use super::wiring;
use gate_protocol::Shape;
use gate_protocol::pins::{Bits, Input, Output};
use gate_sim::emulator::Board;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often the screen is drawn.
const FRAME: Duration = Duration::from_millis(50);
/// Terminals that a page key goes past.
const PAGE: isize = 8;
/// Keys that wait; more are dropped, they repeat.
const KEYS_MAX: usize = 32;

const HELP: &str = "↑ ↓ choose · hold + on, hold - off (service key turned) · q quit";
const HELP_EMULATED: &str =
    "↑ ↓ choose · tab inputs/outputs · space switches an input · hold + on, hold - off · q quit";

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Quit,
    Move(isize),
    First,
    Last,
    OtherSide,
    Switch,
    Force(bool),
}

fn wish(code: KeyCode, modifiers: KeyModifiers) -> Option<Wish> {
    Some(match code {
        KeyCode::Char('q') | KeyCode::Esc => Wish::Quit,
        KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => Wish::Quit,
        KeyCode::Up | KeyCode::Char('k') => Wish::Move(-1),
        KeyCode::Down | KeyCode::Char('j') => Wish::Move(1),
        KeyCode::PageUp => Wish::Move(-PAGE),
        KeyCode::PageDown => Wish::Move(PAGE),
        KeyCode::Home => Wish::First,
        KeyCode::End => Wish::Last,
        KeyCode::Tab => Wish::OtherSide,
        KeyCode::Char(' ') => Wish::Switch,
        KeyCode::Char('+') => Wish::Force(true),
        KeyCode::Char('-') => Wish::Force(false),
        _ => return None,
    })
}

/// Shows the desk until somebody quits. An emulated `board` has inputs that can be switched.
pub(super) async fn run(desk: &mut Desk, board: Option<(&Board, Bits)>) -> anyhow::Result<()> {
    let mut screen = ratatui::try_init()?;
    let result = show(desk, board, &mut screen).await;
    ratatui::restore();
    result
}

async fn show(
    desk: &mut Desk,
    mut board: Option<(&Board, Bits)>,
    screen: &mut ratatui::DefaultTerminal,
) -> anyhow::Result<()> {
    let mut keys = keyboard();
    let help = if board.is_some() { HELP_EMULATED } else { HELP };
    let mut cursor = Cursor {
        side: Side::Outputs,
        bit: 0,
    };
    // Where the cursor stood on the other side.
    let mut elsewhere = 0;
    loop {
        desk.live(FRAME).await?;
        while let Ok(wish) = keys.try_recv() {
            match wish {
                Wish::Quit => return Ok(()),
                Wish::Move(by) => cursor = moved(desk.panel.shape(), cursor, by),
                Wish::First => cursor = moved(desk.panel.shape(), cursor, isize::MIN),
                Wish::Last => cursor = moved(desk.panel.shape(), cursor, isize::MAX),
                Wish::OtherSide if board.is_some() => cursor = other_side(cursor, &mut elsewhere),
                Wish::Switch => switch(board.as_mut(), cursor)?,
                Wish::Force(on) => press(desk, cursor, on),
                Wish::OtherSide => {}
            }
        }
        let now = desk.now();
        screen.draw(|frame| draw(frame, now, &desk.panel, cursor, help))?;
    }
}

/// Reading a key blocks, so a thread does it. It ends with the program.
fn keyboard() -> mpsc::Receiver<Wish> {
    let (pressed, keys) = mpsc::channel(KEYS_MAX);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            let Event::Key(key) = event else { continue };
            if key.kind == KeyEventKind::Release {
                continue;
            }
            let Some(wish) = wish(key.code, key.modifiers) else {
                continue;
            };
            match pressed.try_send(wish) {
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
                Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
    });
    keys
}

/// The same place as when that side was left.
const fn other_side(cursor: Cursor, elsewhere: &mut u8) -> Cursor {
    Cursor {
        side: match cursor.side {
            Side::Inputs => Side::Outputs,
            Side::Outputs => Side::Inputs,
        },
        bit: core::mem::replace(elsewhere, cursor.bit),
    }
}

/// The next terminal that a gate of this shape has.
fn moved(shape: Shape, cursor: Cursor, by: isize) -> Cursor {
    let bits: Vec<u8> = match cursor.side {
        Side::Inputs => Input::ALL
            .into_iter()
            .filter(|one| wiring::input(shape, *one).is_some())
            .map(|one| one as u8)
            .collect(),
        Side::Outputs => Output::ALL
            .into_iter()
            .filter(|one| wiring::output(shape, *one).is_some())
            .map(|one| one as u8)
            .collect(),
    };
    let here = bits.iter().position(|bit| *bit == cursor.bit).unwrap_or(0);
    let there = here.saturating_add_signed(by).min(bits.len() - 1);
    Cursor {
        bit: bits[there],
        ..cursor
    }
}

fn press(desk: &mut Desk, cursor: Cursor, on: bool) {
    if let (Side::Outputs, Some(output)) = (cursor.side, Output::ALL.get(usize::from(cursor.bit))) {
        desk.press(*output, on);
    }
}

fn switch(board: Option<&mut (&Board, Bits)>, cursor: Cursor) -> anyhow::Result<()> {
    let input = Input::ALL.get(usize::from(cursor.bit));
    if let (Some((board, levels)), Side::Inputs, Some(input)) = (board, cursor.side, input) {
        let on = !levels.input(*input);
        *levels = levels.with_input(*input, on);
        board.set_input(*input, on)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_meaning_and_others_have_none() {
        let none = KeyModifiers::NONE;
        for (code, modifiers, expected) in [
            (KeyCode::Char('q'), none, Some(Wish::Quit)),
            (KeyCode::Char('c'), KeyModifiers::CONTROL, Some(Wish::Quit)),
            (KeyCode::Char('c'), none, None),
            (KeyCode::Up, none, Some(Wish::Move(-1))),
            (KeyCode::End, none, Some(Wish::Last)),
            (KeyCode::PageUp, none, Some(Wish::Move(-8))),
            (KeyCode::Char('+'), none, Some(Wish::Force(true))),
            (KeyCode::Char('-'), none, Some(Wish::Force(false))),
            (KeyCode::Enter, none, None),
        ] {
            assert_eq!(wish(code, modifiers), expected, "{code:?}");
        }
    }

    #[test]
    fn the_cursor_stays_on_terminals_that_the_gate_has() {
        let first = Cursor {
            side: Side::Outputs,
            bit: 0,
        };
        assert_eq!(moved(Shape::TwoDoors, first, -1), first);
        assert_eq!(moved(Shape::TwoDoors, first, 100).bit, Output::Light as u8);
        let second = moved(Shape::Turnstile, first, 1);
        assert_eq!(
            moved(Shape::Turnstile, second, 1).bit,
            Output::EntryRelease as u8
        );
        assert_eq!(moved(Shape::TwoDoors, second, isize::MIN), first);
        assert_eq!(
            moved(Shape::TwoDoors, first, isize::MAX).bit,
            Output::Light as u8
        );
        let mut elsewhere = 3;
        let inputs = other_side(second, &mut elsewhere);
        assert_eq!((inputs.side, inputs.bit), (Side::Inputs, 3));
        assert_eq!(other_side(inputs, &mut elsewhere), second, "it is kept");
    }
}
