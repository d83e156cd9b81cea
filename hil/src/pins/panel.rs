//! What the technician is shown: all that the link has told, and when. No terminal, no line.

use super::wiring;
use gate_protocol::health::Health;
use gate_protocol::link::host::{Controller, Delivery, Occurrence, Status};
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{
    CommandNumber, Instant, LinkError, LinkStatistics, Refusal, Shape, Site, State, Warning,
};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// How long a change stands out.
const FRESH: Duration = Duration::from_millis(1_500);
/// What helps a controller without a site.
pub(super) const GIVE_SITE: &str = "[controller.site] in gate-host's settings gives it one";
/// Lines of the log that are kept.
const LOG_MAX: usize = 200;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// When, on the controller's clock; none if the controller has not said so.
    pub(super) uptime_ms: Option<u32>,
    /// What.
    pub(super) text: String,
}

/// An output forced by hand, and what the controller said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Forced {
    /// Name of the output.
    pub(super) output: String,
    /// High or low.
    pub(super) on: bool,
    /// The controller's word; none yet.
    pub(super) answer: Option<Result<(), String>>,
}

/// Whether there is a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    /// Nobody has answered yet.
    Calling,
    /// A session is open.
    Open(Controller),
    /// There is none, and why.
    Down(LinkError),
}

/// Everything on the screen.
#[derive(Clone, Debug)]
pub(super) struct Panel {
    /// How the gate is built, as the controller last said; terminals are named after its shape.
    pub(super) site: Option<Site>,
    pub(super) connection: Connection,
    pub(super) status: Option<Status>,
    pub(super) statistics: LinkStatistics,
    /// What makes the controller unfit for people, as it last said.
    pub(super) warning: Option<Warning>,
    /// How the controller fares, as it last said.
    pub(super) health: Option<Health>,
    pub(super) log: VecDeque<Entry>,
    /// Statuses that have come.
    statuses: u64,
    /// The newest force.
    pub(super) forced: Option<Forced>,
    /// Statuses that had come when the newest answer came.
    answered_at: u64,
    status_at: Option<Instant>,
    changed: BTreeMap<(Side, u8), Instant>,
    asked: Option<CommandNumber>,
}

/// Which row of terminals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// What the controller reads.
    Inputs,
    /// What it drives.
    Outputs,
}

impl Panel {
    pub(super) fn new() -> Self {
        Self {
            site: None,
            connection: Connection::Calling,
            status: None,
            statistics: LinkStatistics::default(),
            warning: None,
            health: None,
            log: VecDeque::new(),
            statuses: 0,
            forced: None,
            answered_at: 0,
            status_at: None,
            changed: BTreeMap::new(),
            asked: None,
        }
    }

    /// Takes in what the link tells.
    pub(super) fn take(&mut self, now: Instant, delivery: Delivery) {
        match delivery {
            Delivery::Connected(controller) => self.connected(controller),
            Delivery::Down(problem) => {
                self.note(None, problem.to_string());
                self.connection = Connection::Down(problem);
            }
            Delivery::Status(status) => self.show(now, status),
            Delivery::Event(occurrence) => self.happened(occurrence),
            Delivery::Accepted(number) => self.answered(number, Ok(())),
            Delivery::Refused(number, refusal) => self.answered(number, Err(reason(refusal))),
            Delivery::Lost(number) => {
                self.answered(number, Err("the session ended before the answer".into()));
            }
            Delivery::Site(site) => self.goes_by(site),
            Delivery::Health(health) => self.health = Some(health),
            Delivery::LastFailure(failure) => self.note(None, format!("last failure: {failure}")),
            // Whoever sends an update sees what becomes of it.
            Delivery::Update(_) => {}
            Delivery::Warning(warning) => {
                if self.warning.replace(warning) != Some(warning) {
                    self.note(None, format!("warning: {warning}"));
                }
            }
            Delivery::EventsLost { missing } => self.note(None, events_lost(missing)),
            Delivery::Tampering { frames } => {
                self.note(None, format!("{frames} forged frames on the line"));
            }
        }
    }

    fn connected(&mut self, controller: Controller) {
        let restarted = if controller.restarted {
            ", started anew"
        } else {
            ""
        };
        self.note(
            Some(controller.uptime_ms),
            format!("session opened{restarted}"),
        );
        self.connection = Connection::Open(controller);
    }

    fn goes_by(&mut self, site: Site) {
        if self.site.replace(site) != Some(site) {
            self.note(None, format!("site: {site}"));
        }
    }

    fn show(&mut self, now: Instant, status: Status) {
        if let Some(before) = self.status {
            self.mark(now, Side::Inputs, before.inputs ^ status.inputs);
            self.mark(now, Side::Outputs, before.outputs ^ status.outputs);
        }
        if matches!(status.state, State::NoSite(_)) {
            self.site = None;
        }
        self.status = Some(status);
        self.status_at = Some(now);
        self.statuses += 1;
    }

    fn mark(&mut self, now: Instant, side: Side, differing: u32) {
        for bit in (0..32).filter(|bit| differing & (1 << bit) != 0) {
            self.changed.insert((side, bit), now);
        }
    }

    fn happened(&mut self, occurrence: Occurrence) {
        if occurrence.missing > 0 {
            self.note(None, events_lost(occurrence.missing));
        }
        let text = format!("#{} {}", occurrence.number, occurrence.event);
        self.note(Some(occurrence.uptime_ms), text);
    }

    fn note(&mut self, uptime_ms: Option<u32>, text: String) {
        if self.log.len() == LOG_MAX {
            self.log.pop_front();
        }
        self.log.push_back(Entry { uptime_ms, text });
    }

    /// A force is on its way.
    pub(super) fn forces(&mut self, number: CommandNumber, output: Output, on: bool) {
        let name = wiring::output(self.shape(), output).map_or_else(String::new, |one| one.name);
        // A button that is held is one force: what was said to it before still stands.
        let answer = self
            .forced
            .take()
            .filter(|before| before.output == name && before.on == on)
            .and_then(|before| before.answer);
        self.asked = Some(number);
        self.forced = Some(Forced {
            output: name,
            on,
            answer,
        });
    }

    /// The command could not even be sent.
    pub(super) fn not_sent(&mut self, output: Output, on: bool, problem: LinkError) {
        self.forces(0, output, on);
        self.answered(0, Err(problem.to_string()));
    }

    fn answered(&mut self, number: CommandNumber, answer: Result<(), String>) {
        let Some(forced) = self.forced.as_mut().filter(|_| self.asked == Some(number)) else {
            return;
        };
        if forced.answer.as_ref() != Some(&answer) {
            let level = if forced.on { "on" } else { "off" };
            let word = match &answer {
                Ok(()) => "accepted".to_owned(),
                Err(reason) => format!("refused: {reason}"),
            };
            let text = format!("force {} {level}: {word}", forced.output);
            forced.answer = Some(answer);
            self.note(None, text);
        }
        self.asked = None;
        self.answered_at = self.statuses;
    }

    /// Whether everything has been shown that was asked for: a session, a status, health, site, and
    /// after a force two statuses more, of which the second certainly knows of it.
    pub(super) fn is_complete(&self) -> bool {
        let connected = matches!(self.connection, Connection::Open(_));
        let answered = match &self.forced {
            None => true,
            Some(forced) => forced.answer.is_some() && self.statuses >= self.answered_at + 2,
        };
        let placed = self.site.is_some() || self.lacks_site();
        let told = self.status.is_some() && self.health.is_some() && placed;
        connected && told && answered
    }

    /// Whether the controller says that it has no site.
    pub(super) fn lacks_site(&self) -> bool {
        self.status
            .is_some_and(|status| matches!(status.state, State::NoSite(_)))
    }

    /// What kind of gate it is; a lane until the controller says otherwise.
    pub(super) fn shape(&self) -> Shape {
        self.site.unwrap_or_default().shape
    }

    /// How old the newest status is.
    pub(super) fn age(&self, now: Instant) -> Option<Duration> {
        self.status_at.map(|at| now.since(at))
    }

    pub(super) fn input(&self, input: Input) -> Option<bool> {
        self.status.map(|status| Bits(status.inputs).input(input))
    }

    pub(super) fn output(&self, output: Output) -> Option<bool> {
        self.status
            .map(|status| Bits(status.outputs).output(output))
    }

    /// Whether that terminal has changed a moment ago.
    pub(super) fn is_fresh(&self, now: Instant, side: Side, bit: u8) -> bool {
        let changed = self.changed.get(&(side, bit));
        changed.is_some_and(|at| now.since(*at) < FRESH)
    }
}

fn events_lost(missing: u32) -> String {
    format!("{missing} events lost")
}

/// The controller's reason, and what helps where that is known.
fn reason(refusal: Refusal) -> String {
    match refusal {
        Refusal::WrongState => format!("{refusal}; turn the service key (I22)"),
        Refusal::NoSite => format!("{refusal}; {GIVE_SITE}"),
        Refusal::OtherDoorOpen => format!("{refusal}, or another one is being forced"),
        _ => refusal.to_string(),
    }
}

/// What to do about a link that is down.
pub(super) const fn remedy(problem: LinkError) -> &'static str {
    match problem {
        LinkError::Silent { .. } => "look at power, cable and baud rate; another port?",
        LinkError::Version { .. } => "flash the controller, or use the tools of its version",
        LinkError::Unpaired | LinkError::Stranger => {
            "give the keys of this gate (--keys), or pair it: gate-host pair"
        }
        LinkError::NoEntropy => "change the board",
        LinkError::WeakEntropy => "--weak-entropy allows it, for a test board",
        LinkError::Unanswered { .. }
        | LinkError::Unheard { .. }
        | LinkError::EventsMissing { .. } => "the line is bad, or somebody is at it",
        LinkError::Restarted
        | LinkError::Connecting
        | LinkError::QueueFull { .. }
        | LinkError::NotACommand => "wait",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use gate_protocol::hello::Entropy;
    use gate_protocol::{Board, Event, NoSite, ResetCause};

    pub(crate) fn controller() -> Controller {
        Controller {
            firmware: [0, 3, 1],
            board: Board::NucleoL476rg,
            reset: ResetCause::PowerOn,
            uptime_ms: 1_200,
            boot: 7,
            entropy: Entropy::Strong,
            restarted: false,
        }
    }

    pub(crate) fn health() -> Health {
        Health {
            uptime_ms: 65_000,
            build: gate_protocol::health::Text::tail_of("a1b2c3d"),
            scan_worst_ns: 41_500,
            scan_latest_ns: 52_000,
            scans_late: 0,
            stack_free: 12_345,
            failures: 0,
            frames_received: 400,
            frames_sent: 500,
            bad_frames: 1,
            duplicates: 2,
            events_lost: 3,
            answer_worst_ns: 1_900_000,
            late_frames: 4,
        }
    }

    pub(crate) fn status(inputs: u32, outputs: u32) -> Status {
        Status {
            uptime_ms: 65_250,
            state: State::Service,
            inputs,
            outputs,
            passage: 0,
            newest_event: 3,
        }
    }

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    #[test]
    fn what_has_changed_stands_out_for_a_moment() {
        let mut panel = Panel::new();
        panel.take(at(0), Delivery::Status(status(0b01, 0)));
        assert!(
            !panel.is_fresh(at(0), Side::Inputs, 0),
            "the first is no change"
        );
        panel.take(at(100), Delivery::Status(status(0b11, 1)));
        for (side, bit, fresh) in [
            (Side::Inputs, 0, false),
            (Side::Inputs, 1, true),
            (Side::Outputs, 0, true),
        ] {
            assert_eq!(
                panel.is_fresh(at(1_599), side, bit),
                fresh,
                "{side:?} {bit}"
            );
            assert!(!panel.is_fresh(at(1_600), side, bit), "{side:?} {bit}");
        }
        assert_eq!(panel.age(at(350)), Some(Duration::from_millis(250)));
    }

    #[test]
    fn a_refused_force_is_told_once_with_the_controllers_reason() {
        let mut panel = Panel::new();
        for number in 1..=3 {
            panel.forces(number, Output::ExitHold, false);
            panel.take(at(0), Delivery::Refused(number, Refusal::WrongState));
        }
        let told: Vec<_> = panel.log.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(
            told,
            [
                "force EXIT_HOLD off: refused: not in this state of the lane; turn the service key \
                 (I22)"
            ]
        );
        panel.forces(4, Output::ExitHold, false);
        panel.take(at(0), Delivery::Accepted(4));
        assert_eq!(panel.log.len(), 2);
    }

    #[test]
    fn the_log_says_what_happened_and_when_and_what_is_missing() {
        let mut panel = Panel::new();
        panel.take(at(0), Delivery::Connected(controller()));
        let occurrence = Occurrence {
            number: 9,
            uptime_ms: 5_000,
            event: Event::ServiceBegan,
            missing: 2,
        };
        panel.take(at(0), Delivery::Event(occurrence));
        panel.take(at(0), Delivery::Down(LinkError::Restarted));
        let told: Vec<_> = panel
            .log
            .iter()
            .map(|entry| (entry.uptime_ms, entry.text.as_str()))
            .collect();
        let expected = [
            (Some(1_200), "session opened"),
            (None, "2 events lost"),
            (Some(5_000), "#9 service key on"),
            (None, "gate controller has forgotten the session"),
        ];
        assert_eq!(told, expected);
        assert_eq!(panel.connection, Connection::Down(LinkError::Restarted));
    }

    #[test]
    fn a_controller_without_a_site_is_shown_at_once_and_says_what_helps() {
        let mut panel = Panel::new();
        panel.take(at(0), Delivery::Connected(controller()));
        panel.take(at(0), Delivery::Site(Site::DEFAULT));
        panel.take(at(0), Delivery::Health(health()));
        let state = State::NoSite(NoSite::Unreadable);
        panel.take(
            at(0),
            Delivery::Status(Status {
                state,
                ..status(0, 0)
            }),
        );
        assert!(panel.is_complete() && panel.site.is_none());
        panel.forces(1, Output::Light, true);
        panel.take(at(0), Delivery::Refused(1, Refusal::NoSite));
        for _ in 0..2 {
            let warning = Delivery::Warning(Warning::PublishedUpdateKey);
            panel.take(at(0), warning);
        }
        panel.take(at(0), Delivery::EventsLost { missing: 3 });
        let told: Vec<_> = panel.log.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(
            told[2..],
            [
                "force LIGHT on: refused: controller has no site; [controller.site] in gate-host's \
                 settings gives it one",
                "warning: takes updates from anybody: built with the published test key",
                "3 events lost",
            ]
        );
    }

    #[test]
    fn one_look_is_over_when_everything_asked_for_has_come() {
        let mut panel = Panel::new();
        assert!(!panel.is_complete());
        panel.take(at(0), Delivery::Connected(controller()));
        assert!(!panel.is_complete());
        panel.take(at(0), Delivery::Status(status(0, 0)));
        assert!(!panel.is_complete());
        panel.take(at(0), Delivery::Health(health()));
        assert!(!panel.is_complete());
        panel.take(at(0), Delivery::Site(Site::DEFAULT));
        assert!(panel.is_complete());
        panel.forces(1, Output::Light, true);
        for delivery in [
            Delivery::Status(status(0, 0)),
            Delivery::Accepted(1),
            Delivery::Status(status(0, 0)),
        ] {
            panel.take(at(0), delivery);
            assert!(!panel.is_complete());
        }
        panel.take(at(0), Delivery::Status(status(0, 0)));
        assert!(panel.is_complete());
    }
}
