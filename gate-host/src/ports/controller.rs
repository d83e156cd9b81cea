//! The gate controller on its serial line.
//!
//! The conversation itself is [`HostLink`]'s; this task only carries bytes, and opens the line
//! again when it vanishes.

mod site;
#[cfg(test)]
mod tests;

use self::site::{SiteTalk, Word};
use super::Outbox;
use crate::keys::HostKeys;
use crate::settings::SiteSettings;
use gate_protocol::keys::Secret;
use gate_protocol::link::host::{Delivery, HostLink, Keys, Occurrence};
use gate_protocol::link::{LinkError, Next};
use gate_protocol::message::{
    CommandNumber, Door, Event as LaneEvent, Mode, Passage, Refusal, Sign, ToController,
};
use gate_session::{Device, Event, Observer, Standing};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_serial::{SerialPortBuilderExt, SerialStream};
use tracing::{debug, error, info, warn};

/// Commands that may wait for the line.
const QUEUE: usize = 16;

/// How long to wait before a line that is not there is opened again.
const REOPEN_AFTER: Duration = Duration::from_millis(500);

/// Where the controller is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerSettings {
    /// Serial device, by a name that does not change: `/dev/gate/controller`.
    pub device: PathBuf,
    /// File with the keys that pairing has made: see [`crate::keys`].
    pub keys: PathBuf,
    /// Whether a controller with weak random numbers will do. Only an emulated one has such, and a
    /// broken one: never in a gate that people use.
    #[serde(default)]
    pub weak_entropy: bool,
    /// Bits per second.
    #[serde(default = "baud")]
    pub baud: u32,
    /// How the gate is built and what its site demands. Without it the controller goes by what it
    /// was last told, and a controller that was never told keeps the lane closed.
    pub site: Option<SiteSettings>,
}

const fn baud() -> u32 {
    115_200
}

/// Hands commands to the controller's task.
#[derive(Debug)]
pub struct ControllerPort {
    commands: mpsc::Sender<ToController>,
    outbox: Outbox,
}

impl ControllerPort {
    /// Starts the task. `seed` is random and never the same twice.
    #[must_use]
    pub fn spawn(
        settings: ControllerSettings,
        keys: HostKeys,
        seed: Secret,
        outbox: Outbox,
    ) -> Self {
        let (commands, queue) = mpsc::channel(QUEUE);
        let keys = Keys {
            own: keys.own,
            pairing: keys.pairing,
            weak_entropy_will_do: settings.weak_entropy,
        };
        let link = HostLink::new(outbox.now(), keys, seed);
        let to_lane = outbox.clone();
        let task = Task {
            settings,
            link,
            queue,
            outbox,
            observer: Observer::default(),
            standing: Standing::default(),
            exits: HashMap::new(),
            site: SiteTalk::default(),
            mode: Mode::Closed,
            complained: false,
        };
        tokio::spawn(task.run());
        Self {
            commands,
            outbox: to_lane,
        }
    }

    /// How the lane is offered.
    pub fn set_mode(&self, mode: Mode) {
        self.send(ToController::SetMode { mode });
    }

    /// What the lamps say.
    pub fn show(&self, sign: Sign) {
        self.send(ToController::Show { sign });
    }

    /// Lets `passage` out, once, within `wait`.
    pub fn release_exit(&self, passage: Passage, wait: Duration) {
        let for_ms = u16::try_from(wait.as_millis()).unwrap_or(u16::MAX);
        self.send(ToController::Permit {
            door: Door::Exit,
            for_ms,
            passage,
        });
    }

    /// Lets one person in, within `wait`.
    pub fn release_entry(&self, wait: Duration) {
        let for_ms = u16::try_from(wait.as_millis()).unwrap_or(u16::MAX);
        self.send(ToController::Permit {
            door: Door::Entry,
            for_ms,
            passage: 0,
        });
    }

    /// Lets `passage` go back.
    pub fn send_back(&self, passage: Passage) {
        self.send(ToController::SendBack { passage });
    }

    fn send(&self, command: ToController) {
        if let Err(problem) = self.commands.try_send(command) {
            error!(%problem, "command for the controller lost");
            if let ToController::Permit { passage, .. } = command {
                self.outbox
                    .post(Event::ExitRefused(passage, Refusal::NoSession));
            }
        }
    }
}

struct Task {
    settings: ControllerSettings,
    link: HostLink,
    queue: mpsc::Receiver<ToController>,
    outbox: Outbox,
    observer: Observer,
    standing: Standing,
    /// Permits whose answer is outstanding; that for the entry names passage 0.
    exits: HashMap<CommandNumber, Passage>,
    site: SiteTalk,
    /// How the lane was last to be offered in this session.
    mode: Mode,
    /// The missing line has been reported; not again until it has been there.
    complained: bool,
}

/// Why [`Task::converse`] ended.
enum End {
    /// The line is gone; open it again.
    Line,
    /// The lane is gone; stop.
    Lane,
}

impl Task {
    async fn run(mut self) {
        loop {
            let port =
                tokio_serial::new(self.settings.device.to_string_lossy(), self.settings.baud)
                    .open_native_async();
            match port {
                Ok(port) => {
                    self.complained = false;
                    if matches!(self.converse(port).await, End::Lane) {
                        return;
                    }
                }
                Err(problem) => {
                    if !std::mem::replace(&mut self.complained, true) {
                        error!(device = %self.settings.device.display(), %problem, "controller's serial line cannot be opened");
                    }
                    self.work_off(None).await;
                }
            }
            tokio::time::sleep(REOPEN_AFTER).await;
        }
    }

    async fn converse(&mut self, mut port: SerialStream) -> End {
        let mut bytes = [0; 256];
        loop {
            let Some(deadline) = self.work_off(Some(&mut port)).await else {
                return End::Line;
            };
            tokio::select! {
                read = port.read(&mut bytes) => match read {
                    Ok(0) => return self.line_gone("end of file"),
                    Ok(count) => self.link.receive(self.outbox.now(), &bytes[..count]),
                    Err(problem) => return self.line_gone(&problem.to_string()),
                },
                command = self.queue.recv() => match command {
                    Some(command) => self.send(command),
                    None => return End::Lane,
                },
                () = self.outbox.clock().until(Some(deadline)) => {}
            }
        }
    }

    /// Does everything that the link wants done; `None` when the line does not take it.
    async fn work_off(
        &mut self,
        mut port: Option<&mut SerialStream>,
    ) -> Option<gate_protocol::Instant> {
        loop {
            match self.link.next(self.outbox.now()) {
                Next::Deliver(delivery) => self.deliver(delivery),
                Next::Transmit(wire) => {
                    if let Some(port) = port.as_mut()
                        && let Err(problem) = port.write_all(&wire).await
                    {
                        self.line_gone(&problem.to_string());
                        return None;
                    }
                }
                Next::Wait(deadline) => return Some(deadline),
            }
        }
    }

    fn line_gone(&self, problem: &str) -> End {
        warn!(device = %self.settings.device.display(), problem, "controller's serial line is gone");
        End::Line
    }

    fn send(&mut self, mut command: ToController) {
        if let ToController::SetMode { mode } = &mut command {
            self.mode = *mode;
            if self.site.holds() {
                *mode = Mode::Closed;
            }
        }
        match self.link.send(command) {
            Ok(number) => {
                self.standing.sent(command, number);
                if let ToController::Permit { passage, .. } = command {
                    self.exits.insert(number, passage);
                }
            }
            Err(problem) => {
                warn!(%problem, "command for the controller not sent");
                if let ToController::Permit { passage, .. } = command {
                    self.outbox
                        .post(Event::ExitRefused(passage, Refusal::NoSession));
                }
            }
        }
    }

    /// The lane is offered as it was to be, or closed while the site is not taken.
    fn set_mode_again(&mut self) {
        let mode = self.mode;
        self.send(ToController::SetMode { mode });
    }

    /// Tells the controller its site, before it is told to let anybody in.
    fn configure(&mut self) -> Option<CommandNumber> {
        // None is named otherwise: what was read from the settings has been checked.
        let site = self.settings.site.and_then(|site| site.site().ok())?;
        match self.link.send(ToController::Configure { site: site.get() }) {
            Ok(number) => Some(number),
            Err(problem) => {
                error!(%problem, "controller not told its site");
                None
            }
        }
    }

    /// A controller without a site works as little as one that is not there.
    fn say(&self, word: Word) {
        let device = self.settings.device.display();
        match word {
            Word::Ready => self.outbox.post(Event::DeviceReady(Device::Controller)),
            Word::Being(why) => {
                warn!(%device, %why, "controller drives nothing, its doors are free; it is told the site of the settings");
            }
            Word::Lacking(why) => {
                error!(%device, %why, "controller drives nothing, its doors are free, the lane stays closed: name how the gate is built under [controller.site] in the settings and start the daemon anew");
                self.outbox.post(Event::DeviceLost(Device::Controller));
            }
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Connected(controller) => {
                info!(?controller, "controller connected");
                self.observer.forget();
                self.standing.forget();
                self.mode = Mode::Closed;
                let asked = self.configure();
                self.site = SiteTalk::begin(asked);
                if asked.is_none() && self.settings.site.is_some() {
                    self.site.unheard(self.outbox.now());
                }
                self.send(ToController::ReadHealth);
            }
            Delivery::Down(problem) => self.down(problem),
            Delivery::Status(status) => {
                if let Some(word) = self.site.observe(status.state) {
                    self.say(word);
                }
                if self.site.is_due(self.outbox.now()) {
                    match self.configure() {
                        Some(number) => self.site.tells(Some(number)),
                        None => self.site.put_off(self.outbox.now()),
                    }
                }
                self.observer.observe(status, |event| {
                    debug!(?event, "lane");
                    self.outbox.post(event);
                });
                for mut command in self.standing.again() {
                    if let ToController::SetMode { mode } = &mut command {
                        *mode = self.mode; // what is wanted, not what is sent while the site is held
                    }
                    self.send(command);
                }
            }
            Delivery::Event(Occurrence { event, missing, .. }) => {
                if missing > 0 {
                    error!(missing, "controller had to throw events away");
                }
                report(event);
                self.outbox.post(Event::Lane(event));
            }
            Delivery::Accepted(number) => {
                self.exits.remove(&number);
                let held = self.site.holds();
                if self.site.accepted(number) {
                    info!("controller goes by the site of the settings");
                    if held {
                        self.set_mode_again();
                    }
                }
            }
            Delivery::Refused(number, refusal) if self.site.answered(number) => {
                let held = self.site.holds();
                if self.site.refused(self.outbox.now(), refusal) {
                    error!(%refusal, "{}", site::refused(refusal));
                }
                if self.site.holds() != held {
                    self.set_mode_again();
                }
            }
            Delivery::Refused(number, refusal) => {
                warn!(number, %refusal, "controller refused a command");
                self.standing.refused(number, refusal);
                if let Some(passage) = self.exits.remove(&number) {
                    self.outbox.post(Event::ExitRefused(passage, refusal));
                }
            }
            // The daemon asks for no update: that is done with the daemon stopped.
            Delivery::Update(report) => debug!(%report, "controller"),
            Delivery::Site(site) => info!(%site, "controller goes by this site"),
            Delivery::Health(health) => info!(%health, "controller"),
            Delivery::LastFailure(failure) => {
                error!(%failure, "controller's firmware had failed and started anew");
            }
            Delivery::Lost(number) => {
                if let Some(passage) = self.exits.remove(&number) {
                    self.outbox
                        .post(Event::ExitRefused(passage, Refusal::NoSession));
                }
            }
            Delivery::Warning(warning) => {
                error!(%warning, "controller is not fit for people: build its firmware and boot loader with a key of your own");
            }
            Delivery::EventsLost { missing } => {
                error!(
                    missing,
                    "events of the controller have not come: it had to throw them away, or somebody at its line keeps them back"
                );
            }
            Delivery::Tampering { frames } => {
                error!(device = %self.settings.device.display(), frames, "controller's line is tampered with: frames that were not sealed with its key");
            }
        }
    }

    fn down(&mut self, problem: LinkError) {
        error!(device = %self.settings.device.display(), %problem, "controller lost");
        self.outbox.post(Event::DeviceLost(Device::Controller));
    }
}

/// Most of what happens in a lane is its daily business.
fn report(event: LaneEvent) {
    match event {
        LaneEvent::Tampering(frames) => {
            error!(
                frames,
                "controller's line is tampered with: frames that were not sealed with its key reach the controller"
            );
        }
        LaneEvent::PairingOpened | LaneEvent::PairingClosed | LaneEvent::Paired => {
            warn!(%event, "controller's cabinet is open");
        }
        _ => debug!(?event, "lane"),
    }
}
