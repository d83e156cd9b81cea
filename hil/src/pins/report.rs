//! One look at the controller, for scripts: JSON or plain text.

use super::draw::uptime;
use super::panel::{Connection, Panel};
use super::wiring::{self, Terminal};
use gate_protocol::Instant;
use gate_protocol::health::Health;
use gate_protocol::pins::{Input, Output};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// What was seen.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    controller: Option<Identity>,
    site: Option<String>,
    warning: Option<String>,
    state: Option<String>,
    passage: Option<u32>,
    uptime_ms: Option<u32>,
    newest_event: Option<u32>,
    status_age_ms: Option<u128>,
    inputs: Vec<Level>,
    outputs: Vec<Level>,
    forced: Option<Force>,
    log: Vec<Line>,
    link: Link,
    health: Option<Fares>,
}

#[derive(Debug, Serialize)]
struct Identity {
    board: String,
    firmware: String,
    start: u32,
    reset: String,
    random_numbers: String,
}

#[derive(Debug, Serialize)]
struct Level {
    terminal: String,
    name: String,
    pin: String,
    on: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Force {
    output: String,
    on: bool,
    accepted: bool,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    uptime_ms: Option<u32>,
    text: String,
}

#[derive(Debug, Serialize)]
struct Link {
    sessions: u32,
    frames_sent: u32,
    frames_received: u32,
    bad_frames: u32,
    discarded_bytes: u32,
    forged: u32,
    stale: u32,
    duplicates: u32,
    retries: u32,
    events_lost: u32,
}

#[derive(Debug, Serialize)]
struct Fares {
    build: String,
    scan_worst_ns: u32,
    scan_latest_ns: u32,
    scans_late: u32,
    stack_free: u32,
    failures: u16,
    frames_received: u32,
    frames_sent: u32,
    bad_frames: u32,
    duplicates: u32,
    late_frames: u32,
    events_lost: u32,
    #[serde(skip)]
    text: String,
}

impl From<Health> for Fares {
    fn from(health: Health) -> Self {
        Self {
            build: health.build.to_string(),
            scan_worst_ns: health.scan_worst_ns,
            scan_latest_ns: health.scan_latest_ns,
            scans_late: health.scans_late,
            stack_free: health.stack_free,
            failures: health.failures,
            frames_received: health.frames_received,
            frames_sent: health.frames_sent,
            bad_frames: health.bad_frames,
            duplicates: health.duplicates,
            late_frames: health.late_frames,
            events_lost: health.events_lost,
            text: health.to_string(),
        }
    }
}

impl Report {
    pub(super) fn of(panel: &Panel, now: Instant) -> Self {
        let status = panel.status;
        let all = panel.statistics;
        Self {
            controller: identity(&panel.connection),
            site: panel.site.map(|site| site.to_string()),
            warning: panel.warning.map(|warning| warning.to_string()),
            state: status.map(|status| status.state.to_string()),
            passage: status.map(|status| status.passage),
            uptime_ms: status.map(|status| status.uptime_ms),
            newest_event: status.map(|status| status.newest_event),
            status_age_ms: panel.age(now).map(|age| age.as_millis()),
            inputs: Input::ALL
                .into_iter()
                .filter_map(|one| Some(level(wiring::input(panel.shape(), one)?, panel.input(one))))
                .collect(),
            outputs: Output::ALL
                .into_iter()
                .filter_map(|one| {
                    Some(level(
                        wiring::output(panel.shape(), one)?,
                        panel.output(one),
                    ))
                })
                .collect(),
            forced: panel.forced.as_ref().map(|forced| Force {
                output: forced.output.clone(),
                on: forced.on,
                accepted: forced.answer == Some(Ok(())),
                reason: forced.answer.clone().and_then(Result::err),
            }),
            log: panel
                .log
                .iter()
                .map(|entry| Line {
                    uptime_ms: entry.uptime_ms,
                    text: entry.text.clone(),
                })
                .collect(),
            link: Link {
                sessions: all.sessions,
                frames_sent: all.frames_sent,
                frames_received: all.line.frames,
                bad_frames: all.line.bad_frames(),
                discarded_bytes: all.line.discarded_bytes,
                forged: all.forged,
                stale: all.stale,
                duplicates: all.duplicates,
                retries: all.retries,
                events_lost: all.events_lost,
            },
            health: panel.health.map(Fares::from),
        }
    }
}

fn identity(connection: &Connection) -> Option<Identity> {
    let Connection::Open(controller) = connection else {
        return None;
    };
    let [major, minor, patch] = controller.firmware;
    Some(Identity {
        board: controller.board.to_string(),
        firmware: format!("{major}.{minor}.{patch}"),
        start: controller.boot,
        reset: controller.reset.to_string(),
        random_numbers: format!("{:?}", controller.entropy).to_lowercase(),
    })
}

fn level(Terminal { number, name, pin }: Terminal, on: Option<bool>) -> Level {
    Level {
        terminal: number,
        name,
        pin,
        on,
    }
}

impl Display for Level {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let level = match self.on {
            Some(true) => "on",
            Some(false) => "off",
            None => "?",
        };
        let Self {
            terminal,
            name,
            pin,
            ..
        } = self;
        write!(f, "{terminal:<3} {name:<16} {pin:<4} {level}")
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(one) = &self.controller {
            let Identity {
                board,
                firmware,
                start,
                reset,
                ..
            } = one;
            writeln!(f, "{board}, firmware {firmware}, start {start} by {reset}")?;
        }
        if let Some(site) = &self.site {
            writeln!(f, "{site}")?;
        }
        if let Some(warning) = &self.warning {
            writeln!(f, "warning: {warning}")?;
        }
        if let (Some(state), Some(ms)) = (&self.state, self.uptime_ms) {
            writeln!(f, "{state}, up {} s", uptime(ms))?;
        }
        for one in self.inputs.iter().chain(&self.outputs) {
            writeln!(f, "{one}")?;
        }
        for line in &self.log {
            let when = line.uptime_ms.map_or_else(|| "-".to_owned(), uptime);
            writeln!(f, "{when:>10} {}", line.text)?;
        }
        if let Some(health) = &self.health {
            writeln!(f, "{}", health.text)?;
        }
        let Link {
            frames_sent,
            frames_received,
            bad_frames,
            ..
        } = self.link;
        write!(
            f,
            "frames sent {frames_sent}, received {frames_received}, bad {bad_frames}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::panel::tests::{controller, health, status};
    use super::*;
    use gate_protocol::Site;
    use gate_protocol::link::host::Delivery;

    fn report() -> Report {
        let mut panel = Panel::new();
        panel.take(Instant::ZERO, Delivery::Connected(controller()));
        panel.take(Instant::ZERO, Delivery::Status(status(1, 2)));
        panel.take(Instant::ZERO, Delivery::Health(health()));
        panel.take(Instant::ZERO, Delivery::Site(Site::DEFAULT));
        Report::of(&panel, Instant::from_millis(40))
    }

    #[test]
    fn a_script_finds_every_level_under_its_name() {
        let json = serde_json::to_value(report()).expect("JSON");
        assert_eq!(json["state"], "service");
        assert_eq!(json["status_age_ms"], 40);
        assert_eq!(json["controller"]["firmware"], "0.3.1");
        assert_eq!(json["inputs"][0]["name"], "FIRE_OK");
        assert_eq!(json["inputs"][0]["on"], true);
        assert_eq!(json["outputs"][1]["pin"], "PC1");
        assert_eq!(json["health"]["stack_free"], 12_345);
        let levels = |row: &str| json[row].as_array().map(Vec::len);
        assert_eq!((levels("inputs"), levels("outputs")), (Some(24), Some(18)));
    }

    #[test]
    fn a_person_can_read_it_too() {
        let text = report().to_string();
        for expected in [
            "nucleo-l476rg, firmware 0.3.1, start 7 by power\ntwo doors, ways out: fire both, ",
            "\nI1  FIRE_OK          PB0  on\nI2  ESTOP_OK_1       PB1  off\n",
            "\nservice, up 65.250 s\n",
            "\n     1.200 session opened\n",
        ] {
            assert!(text.contains(expected), "{expected:?} in\n{text}");
        }
    }
}
