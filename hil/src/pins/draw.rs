//! The panel on the terminal.

use super::panel::{Connection, Panel, Side, remedy};
use super::wiring::{self, Terminal, Tone};
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Instant, Shape};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Paragraph};

/// The smallest terminal on which everything has its place: columns and rows.
pub(super) const SIZE: (u16, u16) = (104, 29);
/// Width of a column of terminals.
const COLUMN: u16 = 34;

/// The terminal that the keys act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) side: Side,
    pub(super) bit: u8,
}

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, now: Instant, panel: &Panel, cursor: Cursor, help: &str) {
    let area = frame.area();
    if area.width < SIZE.0 || area.height < SIZE.1 {
        let text = format!(
            "{} × {} characters needed, {} × {} here\n--once prints all this without a window; q quits",
            SIZE.0, SIZE.1, area.width, area.height
        );
        return frame.render_widget(Paragraph::new(text), area);
    }
    let rows = [
        Constraint::Length(2),
        Constraint::Min(0),
        Constraint::Length(1),
    ];
    let [head, middle, foot] = Layout::vertical(rows).areas(area);
    let columns = [
        Constraint::Length(COLUMN),
        Constraint::Length(COLUMN),
        Constraint::Min(0),
    ];
    let [inputs, outputs, right] = Layout::horizontal(columns).areas(middle);
    let [link, log] = Layout::vertical([Constraint::Length(17), Constraint::Min(0)]).areas(right);
    let [outputs, force] =
        Layout::vertical([Constraint::Length(20), Constraint::Min(0)]).areas(outputs);
    frame.render_widget(header(now, panel), head);
    frame.render_widget(boxed("inputs", input_lines(now, panel, cursor)), inputs);
    frame.render_widget(boxed("outputs", output_lines(now, panel, cursor)), outputs);
    frame.render_widget(boxed("by hand", force_lines(panel)), force);
    frame.render_widget(boxed("link and controller", link_lines(panel)), link);
    frame.render_widget(boxed("log", log_lines(panel, log)), log);
    frame.render_widget(Paragraph::new(help.to_owned()).dim(), foot);
}

fn boxed<'a>(title: &'a str, lines: Vec<Line<'a>>) -> Paragraph<'a> {
    Paragraph::new(lines).block(Block::bordered().title(title))
}

fn header(now: Instant, panel: &Panel) -> Paragraph<'_> {
    let first = match &panel.connection {
        Connection::Calling => Line::from("calling the controller …".yellow()),
        Connection::Down(problem) => Line::from(vec![
            Span::from(problem.to_string()).red().bold(),
            format!(": {}", remedy(*problem)).into(),
        ]),
        Connection::Open(controller) => {
            let [major, minor, patch] = controller.firmware;
            Line::from(format!(
                "{} · firmware {major}.{minor}.{patch} {} · start {} by {} · {:?} random numbers",
                controller.board,
                build(panel),
                controller.boot,
                controller.reset,
                controller.entropy
            ))
        }
    };
    let second = panel.status.map_or_else(Line::default, |status| {
        let age = panel.age(now).unwrap_or_default();
        let shape = match panel.site.map(|site| site.shape) {
            Some(Shape::TwoDoors) => " · two doors",
            Some(Shape::Turnstile) => " · turnstile",
            // Which of the terminals are used, nobody knows: their names are a lane's.
            None if panel.lacks_site() => " · all off: it needs a site",
            None => "",
        };
        Line::from(vec![
            Span::from(status.state.to_string()).bold(),
            format!(
                " · passage {} · event {} · up {} · status {} ms old{shape}",
                status.passage,
                status.newest_event,
                uptime(status.uptime_ms),
                age.as_millis()
            )
            .into(),
        ])
    });
    Paragraph::new(Text::from(vec![first, second]))
}

/// Which build of the firmware, once the controller has said so.
fn build(panel: &Panel) -> String {
    panel
        .health
        .map_or_else(String::new, |health| health.build.to_string())
}

fn input_lines(now: Instant, panel: &Panel, cursor: Cursor) -> Vec<Line<'static>> {
    let line = |input: Input| {
        let terminal = wiring::input(panel.shape(), input)?;
        let level = panel.input(input);
        let tone = level.map(|on| wiring::input_tone(input, on));
        let place = (Side::Inputs, input as u8);
        Some(row(now, panel, cursor, place, &terminal, level, tone))
    };
    Input::ALL.into_iter().filter_map(line).collect()
}

fn output_lines(now: Instant, panel: &Panel, cursor: Cursor) -> Vec<Line<'static>> {
    let line = |output: Output| {
        let terminal = wiring::output(panel.shape(), output)?;
        let level = panel.output(output);
        let tone = level.map(|on| wiring::output_tone(output, on));
        let place = (Side::Outputs, output as u8);
        Some(row(now, panel, cursor, place, &terminal, level, tone))
    };
    Output::ALL.into_iter().filter_map(line).collect()
}

fn row(
    now: Instant,
    panel: &Panel,
    cursor: Cursor,
    (side, bit): (Side, u8),
    terminal: &Terminal,
    level: Option<bool>,
    tone: Option<Tone>,
) -> Line<'static> {
    let here = if (cursor.side, cursor.bit) == (side, bit) {
        "▶"
    } else {
        " "
    };
    let level = match level {
        None => "  ?",
        Some(true) => "● on",
        Some(false) => "○ off",
    };
    let Terminal { number, name, pin } = terminal;
    let text = format!("{here}{number:<3} {name:<16} {pin:<4} {level}");
    let fresh = panel.is_fresh(now, side, bit);
    Line::from(Span::styled(text, style(tone, fresh)))
}

fn style(tone: Option<Tone>, fresh: bool) -> Style {
    let style = match tone {
        None | Some(Tone::Off) => Style::new().dim(),
        Some(Tone::On) => Style::new().fg(Color::Green),
        Some(Tone::Notice) => Style::new().fg(Color::Yellow),
        Some(Tone::Danger) => Style::new().fg(Color::Red).bold(),
    };
    if fresh {
        style.add_modifier(Modifier::REVERSED)
    } else {
        style
    }
}

fn force_lines(panel: &Panel) -> Vec<Line<'static>> {
    let Some(forced) = &panel.forced else {
        return vec![Line::from("nothing".dim())];
    };
    let level = if forced.on { "on" } else { "off" };
    let what = Line::from(format!("{} {level}", forced.output));
    let word = match &forced.answer {
        None => Line::from("asked".dim()),
        Some(Ok(())) => Line::from("accepted".green()),
        Some(Err(reason)) => {
            // Two lines of a narrow column.
            let (refusal, hint) = reason.split_once("; ").unwrap_or((reason, ""));
            return vec![
                what,
                Line::from(refusal.to_owned().red()),
                Line::from(hint.to_owned()),
            ];
        }
    };
    vec![what, word]
}

/// What both ends count, what only this end counts, and how the controller fares.
fn link_lines(panel: &Panel) -> Vec<Line<'static>> {
    let here = panel.statistics;
    let there = panel.health;
    let both = [
        (
            "frames sent",
            here.frames_sent,
            there.map(|it| it.frames_sent),
        ),
        (
            "frames received",
            here.line.frames,
            there.map(|it| it.frames_received),
        ),
        (
            "bad frames",
            here.line.bad_frames(),
            there.map(|it| it.bad_frames),
        ),
        ("duplicates", here.duplicates, there.map(|it| it.duplicates)),
        (
            "events lost",
            here.events_lost,
            there.map(|it| it.events_lost),
        ),
    ];
    let one = [
        ("sessions", Some(here.sessions)),
        ("commands repeated", Some(here.retries)),
        ("bytes discarded", Some(here.line.discarded_bytes)),
        ("frames forged", Some(here.forged)),
        ("frames it got too late", there.map(|it| it.late_frames)),
        (
            "worst scan, µs",
            there.map(|it| it.scan_worst_ns.div_ceil(1_000)),
        ),
        (
            "  since its tick",
            there.map(|it| it.scan_latest_ns.div_ceil(1_000)),
        ),
        ("scans late", there.map(|it| it.scans_late)),
        ("stack free, bytes", there.map(|it| it.stack_free)),
        ("failures", there.map(|it| it.failures.into())),
    ];
    let count = |count: Option<u32>| count.map_or_else(|| "?".to_owned(), |it| it.to_string());
    let title = Line::from(format!("{:<18}{:>7}{:>7}", "", "here", "there").dim());
    let both = both
        .into_iter()
        .map(|(name, here, there)| Line::from(format!("{name:<18}{here:>7}{:>7}", count(there))));
    let one = one
        .into_iter()
        .map(|(name, value)| Line::from(format!("{name:<18}{:>14}", count(value))));
    std::iter::once(title).chain(both).chain(one).collect()
}

/// The newest lines that fit. What is too long for a line goes on below it.
fn log_lines(panel: &Panel, area: Rect) -> Vec<Line<'static>> {
    const WHEN: usize = 10;
    let room = usize::from(area.height.saturating_sub(2));
    let width = usize::from(area.width.saturating_sub(2)).saturating_sub(WHEN + 1);
    let mut lines = Vec::new();
    for entry in &panel.log {
        let mut when = entry.uptime_ms.map_or_else(|| "-".to_owned(), uptime);
        for part in folded(&entry.text, width.max(1)) {
            lines.push(Line::from(format!("{when:>WHEN$} {part}")));
            when.clear();
        }
    }
    lines.split_off(lines.len().saturating_sub(room))
}

/// The text in parts of so many characters at most, between words where it has any.
fn folded(text: &str, width: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut room = 0;
    for word in text.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() < room
            && let Some(part) = parts.last_mut()
        {
            part.push(' ');
            part.push_str(word);
            room -= letters.len() + 1;
            continue;
        }
        // A word that is too long for a line is broken.
        for piece in letters.chunks(width) {
            parts.push(piece.iter().collect());
            room = width - piece.len();
        }
    }
    parts
}

/// `65.250`: seconds since the controller's start.
pub(super) fn uptime(ms: u32) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::super::panel::tests::{controller, health, status};
    use super::*;
    use gate_protocol::link::host::Delivery;
    use gate_protocol::{LinkError, Refusal, Site};
    use ratatui::Terminal as Screen;
    use ratatui::backend::TestBackend;
    use ratatui::buffer::Buffer;

    const CURSOR: Cursor = Cursor {
        side: Side::Outputs,
        bit: 1,
    };

    fn drawn(panel: &Panel, now: Instant, (width, height): (u16, u16)) -> Buffer {
        let mut screen = Screen::new(TestBackend::new(width, height)).expect("a screen");
        screen
            .draw(|frame| draw(frame, now, panel, CURSOR, "q quits"))
            .expect("a drawing");
        screen.backend().buffer().clone()
    }

    fn text(buffer: &Buffer) -> String {
        let width = usize::from(buffer.area.width);
        let cells: Vec<&str> = buffer.content.iter().map(|cell| cell.symbol()).collect();
        let lines: Vec<String> = cells.chunks(width).map(<[&str]>::concat).collect();
        lines.join("\n")
    }

    /// The style of the cell at which `what` begins.
    fn style_of(buffer: &Buffer, what: &str) -> Style {
        let text = text(buffer);
        let at = text
            .find(what)
            .unwrap_or_else(|| panic!("{what} in\n{text}"));
        let line = text[..at].matches('\n').count();
        let begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let column = text[begin..at].chars().count();
        let place = (column as u16, line as u16);
        buffer.cell(place).expect("a cell of the screen").style()
    }

    /// Calm but for a fire, the service key turned; the exit is being forced.
    fn panel() -> Panel {
        let mut panel = Panel::new();
        let calm = 1 << Output::NoAlarm as u32 | 1 << Output::ExitHold as u32;
        let at = Instant::from_millis;
        panel.take(at(0), Delivery::Connected(controller()));
        panel.take(at(0), Delivery::Status(status(0x00df_ffff, calm)));
        panel.take(at(5_000), Delivery::Status(status(0x00ff_fffe, calm)));
        panel.take(at(5_000), Delivery::Health(health()));
        panel.forces(1, Output::ExitHold, false);
        panel.take(at(5_000), Delivery::Refused(1, Refusal::WrongState));
        panel
    }

    #[test]
    fn everything_has_its_place_on_the_smallest_screen() {
        let drawn = text(&drawn(&panel(), Instant::from_millis(5_250), SIZE));
        for expected in [
            "nucleo-l476rg · firmware 0.3.1 a1b2c3d · start 7 by power",
            "service · passage 0 · event 3 · up 65.250 · status 250 ms old",
            " I1  FIRE_OK          PB0  ○ off",
            " I22 KEY_SERVICE      PB9  ● on",
            " I24 DRIVES_OK        PD2  ● on",
            "▶O2  EXIT_HOLD        PC1  ● on",
            " O18 LIGHT            PB4  ○ off",
            "EXIT_HOLD off",
            "not in this state of the lane",
            "turn the service key (I22)",
            "frames received         0    400",
            "events lost             0      3",
            "worst scan, µs                42",
            "1.200 session opened",
            "- force EXIT_HOLD off:",
            "           refused: not in this",
            "q quits",
        ] {
            assert!(drawn.contains(expected), "{expected:?} in\n{drawn}");
        }
    }

    #[test]
    fn colours_say_what_a_level_means_and_what_has_just_changed() {
        let fresh = drawn(&panel(), Instant::from_millis(5_250), SIZE);
        let later = drawn(&panel(), Instant::from_millis(9_000), SIZE);
        for (what, colour, changed) in [
            ("I1  FIRE_OK", Color::Red, true),
            ("I22 KEY_SERVICE", Color::Yellow, true),
            ("I2  ESTOP_OK_1", Color::Green, false),
            ("O1  ENTRY_HOLD", Color::Yellow, false),
            ("O2  EXIT_HOLD", Color::Green, false),
        ] {
            let style = style_of(&fresh, what);
            assert_eq!(style.fg, Some(colour), "{what}");
            let reversed = |style: Style| style.add_modifier.contains(Modifier::REVERSED);
            assert_eq!(reversed(style), changed, "{what}");
            assert!(!reversed(style_of(&later, what)), "{what} later");
        }
    }

    #[test]
    fn a_link_that_is_down_says_why_and_what_helps() {
        let mut panel = panel();
        let problem = LinkError::Version {
            found: 1,
            min: 2,
            max: 2,
        };
        panel.take(Instant::from_millis(6_000), Delivery::Down(problem));
        let drawn = text(&drawn(&panel, Instant::from_millis(6_000), SIZE));
        assert!(
            drawn.contains("speaks wire version 1, this host needs 2 to 2: flash the controller"),
            "{drawn}"
        );
    }

    #[test]
    fn a_turnstile_has_its_own_names_and_fewer_lines() {
        let mut panel = Panel::new();
        let site = Site {
            shape: Shape::Turnstile,
            ..Site::DEFAULT
        };
        panel.take(Instant::ZERO, Delivery::Site(site));
        panel.take(Instant::ZERO, Delivery::Status(status(0, 0)));
        let drawn = text(&drawn(&panel, Instant::ZERO, SIZE));
        for (expected, there) in [
            ("I5  HOME             PB11", true),
            ("O5  DROP_ARM         PC4", true),
            ("ms old · turnstile", true),
            ("EXIT_SAFE", false),
        ] {
            assert_eq!(drawn.contains(expected), there, "{expected:?} in\n{drawn}");
        }
    }

    #[test]
    fn a_long_line_is_folded_between_words() {
        assert_eq!(folded("both ways open", 9), ["both ways", "open"]);
        assert_eq!(
            folded("to a contradiction", 6),
            ["to a", "contra", "dictio", "n"]
        );
        assert_eq!(folded("short", 9), ["short"]);
    }

    #[test]
    fn a_small_terminal_says_what_it_lacks() {
        let drawn = text(&drawn(&panel(), Instant::ZERO, (80, 24)));
        assert!(
            drawn.contains("104 × 29 characters needed, 80 × 24 here"),
            "{drawn}"
        );
    }
}
