//! The lane around the daemon: the controller, the devices, and the world that moves both.

use super::cast::{Cast, Part};
use super::controller::{Controller, Make};
use super::devices::{Devices, Help};
use super::guide::{Guide, Wish, by_hand};
use super::hands::Hands;
use crate::station::Station;
use anyhow::bail;
use gate_protocol::Instant;
use gate_protocol::pins::Bits;
use gate_session::Screen;
use gate_sim::fault::Fault;
use gate_sim::profile::Profile;
use gate_sim::world::World;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

/// How often doors and people move.
const STEP: Duration = Duration::from_millis(5);

/// Doors and people move so far at once at most: on a machine that is late they are slow, and do not
/// jump past what a sensor would have seen.
const STRIDE_MAX: Duration = Duration::from_millis(20);

/// Where a person walks.
const LANE: &str = "lane";
/// Where a person does what only a hand can.
const BY_HAND: &str = "fault";

/// The devices of a lane and the world around them.
pub(crate) struct Stand {
    controller: Controller,
    devices: Devices,
    world: World,
    /// The world's time, and when it was that late.
    world_now: Instant,
    stepped: Instant,
    inputs: Bits,
    screen: watch::Receiver<Screen>,
    /// The screen changes, and the world has not been told.
    news: bool,
    started: tokio::time::Instant,
    hands: Hands,
    /// People of flesh and blood go through the lane.
    is_walked: bool,
    /// Whoever of them is on the way.
    guide: Option<Guide>,
}

impl Stand {
    /// Switches everything on that is simulated, and opens everything that is real.
    pub(crate) async fn power_on(
        station: &Station,
        make: &Make,
        folder: &Path,
        cast: Cast,
        profile: Profile,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut world = World::new(profile.clone(), seed);
        let inputs = world.step(Instant::ZERO, Bits(0));
        let controller = Controller::power_on(make, folder, inputs).await?;
        let devices = Devices::switch_on(station, folder, cast, profile, seed).await?;
        let (_, nothing) = watch::channel(Screen::OutOfService);
        Ok(Self {
            controller,
            devices,
            world,
            world_now: Instant::ZERO,
            stepped: Instant::ZERO,
            inputs,
            screen: nothing,
            news: false,
            started: tokio::time::Instant::now(),
            hands: Hands::new(station.patience),
            is_walked: station.is_walked(),
            guide: None,
        })
    }

    /// The controller.
    pub(crate) const fn controller(&self) -> &Controller {
        &self.controller
    }

    /// The other devices.
    pub(crate) const fn devices(&self) -> &Devices {
        &self.devices
    }

    /// The levels at the controller's inputs, where the bench drives them.
    pub(crate) const fn inputs(&self) -> Bits {
        self.inputs
    }

    /// Time since everything was switched on.
    pub(crate) fn now(&self) -> Instant {
        let micros = self.started.elapsed().as_micros();
        Instant::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// The people in the lane see this screen from now on.
    pub(crate) fn look_at(&mut self, screen: watch::Receiver<Screen>) {
        self.screen = screen;
    }

    /// The faces and documents of this lane.
    pub(crate) const fn cast(&mut self) -> &mut Cast {
        self.devices.cast()
    }

    /// Somebody sets out for the lane.
    pub(crate) fn send(&mut self, part: Part) {
        let persona = part.persona;
        self.devices.expect(part);
        if self.is_walked {
            self.guide = Some(Guide::new(persona));
        } else {
            self.world.send(persona);
        }
    }

    /// Whether nobody is in the lane or on the way to it.
    pub(crate) fn is_deserted(&self) -> bool {
        match self.is_walked {
            true => self.guide.is_none() && self.hands.is_done(),
            false => self.world.is_deserted(),
        }
    }

    /// Why a device cannot be trusted, so that a gate beside it may be innocent.
    pub(crate) fn nonsense(&self) -> Option<String> {
        let devices = self.devices.nonsense();
        devices.or_else(|| self.controller.nonsense())
    }

    /// Lets the world go on until `done` is done.
    pub(crate) async fn live<T>(&mut self, done: impl Future<Output = T>) -> anyhow::Result<T> {
        let mut steps = interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(done);
        loop {
            tokio::select! {
                result = &mut done => return Ok(result),
                _ = steps.tick() => self.step().await?,
            }
        }
    }

    /// One step of the world, and the pause until the next.
    pub(crate) async fn step_and_rest(&mut self) -> anyhow::Result<()> {
        self.step().await?;
        tokio::time::sleep(STEP).await;
        Ok(())
    }

    /// One step of the world in real time.
    async fn step(&mut self) -> anyhow::Result<()> {
        let late = self.now();
        self.world_now = self.world_now + late.since(self.stepped).min(STRIDE_MAX);
        self.stepped = late;
        self.news |= self.screen.has_changed().unwrap_or(false);
        let screen = *self.screen.borrow_and_update();
        if let Some(trouble) = self.controller.trouble() {
            bail!(trouble);
        }
        if let Some(trouble) = self.devices.trouble() {
            bail!(trouble);
        }
        if let Err(nobody) = self.hands.step(late, screen) {
            // Perhaps somebody did, and the device made nothing of it.
            match self.nonsense() {
                Some(device) => bail!("{nobody}; {device}"),
                None => return Err(nobody.into()),
            }
        }
        self.devices.go_on(&self.hands).await?;
        match self.is_walked {
            true => self.lead(screen).await,
            false => self.simulate(screen).await,
        }
    }

    /// Doors and people of software.
    async fn simulate(&mut self, screen: Screen) -> anyhow::Result<()> {
        let now = self.world_now;
        if std::mem::take(&mut self.news) {
            self.world.show(now, screen);
        }
        let inputs = self.world.step(now, self.controller.outputs());
        self.controller.set_inputs(inputs, self.inputs)?;
        self.inputs = inputs;
        while let Some(action) = self.world.action() {
            let help = Help {
                hands: &mut self.hands,
                screen,
                io: self.controller.io(),
            };
            self.devices.act(action, help).await?;
        }
        Ok(())
    }

    /// Doors of steel, and people who are told what to do.
    async fn lead(&mut self, screen: Screen) -> anyhow::Result<()> {
        let wishes = match &mut self.guide {
            Some(guide) => guide.see(screen),
            None => Vec::new(),
        };
        for wish in wishes {
            match wish {
                Wish::Walk(what) => self.hands.ask(LANE, what.to_owned(), Some(screen)),
                Wish::Act(action) => {
                    let help = Help {
                        hands: &mut self.hands,
                        screen,
                        io: None,
                    };
                    self.devices.act(action, help).await?;
                }
                Wish::Gone => self.guide = None,
            }
        }
        Ok(())
    }
}

/// Faults.
impl Stand {
    /// Whether this lane can have that fault.
    pub(crate) fn can(&self, fault: Fault) -> bool {
        match fault {
            Fault::LineCut
            | Fault::LineNoise
            | Fault::LineLoss
            | Fault::LineDoubles
            | Fault::ControllerOff => self.controller.can(fault),
            // These are the daemon's, its files' and its clock's.
            Fault::HostKilled
            | Fault::HostHangs
            | Fault::ListsLost
            | Fault::ListsSilent
            | Fault::DiskFull
            | Fault::DiskSlow
            | Fault::DateUnknown
            | Fault::ClockJump => false,
            _ => match self.devices.can(fault) {
                Some(can) => can,
                None => !self.is_walked || by_hand(fault).is_some(),
            },
        }
    }

    /// Lets a fault begin or end. What only a hand can do is asked for, and waited for.
    pub(crate) async fn suffer(&mut self, fault: Fault, begins: bool) -> anyhow::Result<()> {
        if let Some(what) = self.asks_for(fault, begins) {
            self.hands.ask(BY_HAND, what.to_owned(), None);
            while !self.hands.is_done() {
                self.step_and_rest().await?;
            }
        }
        match fault {
            Fault::LineCut
            | Fault::LineNoise
            | Fault::LineLoss
            | Fault::LineDoubles
            | Fault::ControllerOff => self.controller.suffer(fault, begins)?,
            _ if self.devices.can(fault).is_some() => self.devices.suffer(fault, begins).await?,
            _ => self.world.suffer(fault, begins),
        }
        Ok(())
    }

    /// What a person has to do for a fault.
    fn asks_for(&self, fault: Fault, begins: bool) -> Option<&'static str> {
        if let Some(what) = self.devices.by_hand(fault, begins) {
            return Some(what);
        }
        let is_of_devices = self.devices.can(fault).is_some() || fault == Fault::LineCut;
        if !self.is_walked || is_of_devices {
            return None;
        }
        let (begin, end) = by_hand(fault)?;
        Some(if begins { begin } else { end })
    }
}
