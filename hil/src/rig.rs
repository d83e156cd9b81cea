//! A lane in real time as a rig for scenarios: the real daemon as a process, before a controller that
//! is emulated or only its logic.

use crate::lane::blame::RealDevices;
use crate::lane::cast::Cast;
use crate::lane::controller::Make;
use crate::lane::daemon::{self, Daemon, Places};
use crate::lane::stand::Stand;
use crate::lane::{screen, told};
use crate::leftovers;
use crate::station::{Controller, Station};
use crate::stop::Stop;
use anyhow::{Context, ensure};
use gate_face::manifest::Manifest;
use gate_host::journal::{JournalError, Tail};
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{Instant, Site, State};
use gate_session::{Left, Outcome, Screen, Timeline};
use gate_sim::fault::Fault;
use gate_sim::rig::{Entry, Ledger, Monitor, PinsOnly};
use gate_sim::scenario::observed::Said;
use gate_sim::scenario::{BenchFault, Deed, Expected, Observed, Rig, Scenario, Told};
use gate_sim::world::Persona;
use jiff::Zoned;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

/// The journal is looked at after so many steps of the world.
const STEPS_A_LOOK: u32 = 4;

/// The inputs of which one that is off opens the ways out.
const DANGER: [Input; 4] = [
    Input::FireOk,
    Input::EstopOk1,
    Input::EstopOk2,
    Input::BreakglassOk,
];

/// What a lane is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Everything in one thread and in virtual time.
    Pure,
    /// The real daemon; the controller's logic without a board.
    Daemon,
    /// The real daemon and the real firmware on an emulated board.
    Emulated,
    /// The real daemon and whatever the station says is real.
    Bench,
}

impl Kind {
    /// The word for reports.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Daemon => "daemon",
            Self::Emulated => "emulated",
            Self::Bench => "bench",
        }
    }

    /// The station of such a lane, where `given` is what a file says of it.
    ///
    /// # Errors
    ///
    /// A bench without a station; a station with real devices on another rig.
    pub(crate) fn station(self, given: Option<Station>) -> anyhow::Result<Station> {
        if self == Self::Bench {
            return given.context("--rig bench: expected --station, which says what is real");
        }
        let mut station = given.unwrap_or_default();
        let rig = self.word();
        ensure!(
            !station.has_real() && station.io_board.is_none(),
            "--rig {rig}: the station has real devices, which only --rig bench uses"
        );
        station.controller = match self {
            Self::Emulated => Controller::Emulated,
            _ => Controller::Simulated,
        };
        Ok(station)
    }
}

/// Where the programs and files of a lane are.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Parts {
    /// The daemon; beside this program if it is not named.
    #[arg(long, env = "GATE_HOST")]
    pub(crate) gate_host: Option<PathBuf>,
    /// The controller's firmware.
    #[arg(
        long,
        env = "GATE_FIRMWARE",
        default_value = "gate-firmware/target/controller/controller.bin"
    )]
    pub(crate) firmware: PathBuf,
    /// QEMU with the controller's machine.
    #[arg(long, env = "GATE_QEMU", default_value = "qemu-system-arm")]
    pub(crate) qemu: PathBuf,
    /// The model manifest.
    #[arg(long, env = "GATE_MANIFEST", default_value = "models/manifest.toml")]
    pub(crate) manifest: PathBuf,
    /// The folder with the models and pictures that the manifest names.
    #[arg(long, env = "GATE_MODELS", default_value = "target/gate/models")]
    pub(crate) models: PathBuf,
}

impl Parts {
    /// The daemon's program.
    pub(crate) fn gate_host(&self) -> anyhow::Result<PathBuf> {
        match &self.gate_host {
            Some(program) => Ok(program.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("gate-host")),
        }
    }

    /// What a station's controller is made of.
    pub(crate) fn make(&self, station: &Station, seed: u64) -> Make {
        let parts = (self.qemu.as_path(), self.firmware.as_path());
        Make::of(&station.controller, station.io_board.as_ref(), parts, seed)
    }
}

/// A lane whose daemon is a process of its own.
pub(crate) struct ProcessRig {
    name: &'static str,
    runtime: Runtime,
    stand: Stand,
    daemon: Daemon,
    screen: watch::Receiver<Screen>,
    screens: mpsc::UnboundedReceiver<Screen>,
    /// The journal, from what has not been read on.
    journal: Tail,
    ledger: Ledger,
    monitor: Monitor,
    /// Where nobody looks into the controller.
    pins: Option<PinsOnly>,
    told: VecDeque<(Instant, Told)>,
    state: Option<State>,
    faults: BTreeSet<Fault>,
    exit_released: bool,
    /// Fire, emergency stop or break-glass have opened the doors, as far as the pins tell.
    emergency: bool,
    travellers: u64,
    until_look: u32,
    stop: Stop,
    /// What a report shows, if there is going to be one.
    observed: Option<Observed>,
    /// What is real beside the daemon, and why it may be to blame for what became of whoever came last.
    real: RealDevices,
    doubted: Option<String>,
    /// What broke that no monitor watches for.
    broken: Vec<String>,
    _folder: TempDir,
}

impl ProcessRig {
    /// Switches a lane on for `scenario` with the devices of `station`. Who asks it to stop ends the
    /// scenario with the bench at fault.
    ///
    /// # Errors
    ///
    /// What the bench lacks.
    pub(crate) fn power_on(
        parts: &Parts,
        scenario: &Scenario,
        (kind, station): (Kind, &Station),
        stop: Stop,
    ) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let folder = tempfile::Builder::new().prefix("gate-").tempdir()?;
        leftovers::owns(folder.path());
        let manifest = Manifest::open(&parts.manifest)?;
        let seed = scenario.seed;
        let mut cast = Cast::gather(&manifest, &parts.models, seed)?;
        let trust = cast.trust()?;
        let permit_signers = cast.permit_signers();
        if let Some(camera) = &station.camera
            && let Some(portrait) = camera.portrait()?
        {
            cast.portray(&portrait);
        }
        // Drawn now: nobody waits for it later.
        let people = scenario.steps.iter().filter_map(|step| match step.deed {
            Deed::Comes(persona) => Some(persona),
            _ => None,
        });
        for (count, persona) in people.enumerate() {
            let part = cast.part(persona, count as u64, Zoned::now().date())?;
            cast.rehearse(&part);
        }
        let profile = scenario.profile.clone();
        let make = parts.make(station, seed);
        let stand = Stand::power_on(station, &make, folder.path(), cast, profile, seed);
        let mut stand = runtime.block_on(stand)?;
        let page = daemon::free_port(0)?;
        let fills = |deed: &Deed| matches!(deed, Deed::Begins(Fault::DiskFull, _));
        let places = Places {
            station,
            stand: &stand,
            parts,
            page,
            small_disk: scenario.steps.iter().any(|step| fills(&step.deed)),
        };
        let daemon = Daemon::start(folder.path(), &places, &trust, permit_signers)?;
        let (screen, screens) = runtime.block_on(async { screen::follow_all(page) });
        stand.look_at(screen.clone());
        let mut monitor = Monitor::default();
        monitor.let_go(); // nothing is bolted before the controller has its site
        Ok(Self {
            name: kind.word(),
            runtime,
            stand,
            journal: Tail::of(&daemon.journal()),
            daemon,
            screen,
            screens,
            observed: None,
            ledger: Ledger::default(),
            monitor,
            pins: (kind == Kind::Emulated).then(|| PinsOnly::new(Site::DEFAULT)),
            told: VecDeque::new(),
            state: None,
            faults: BTreeSet::new(),
            exit_released: true,
            emergency: false,
            travellers: 0,
            until_look: 0,
            stop,
            real: RealDevices::of(station),
            doubted: None,
            broken: Vec::new(),
            _folder: folder,
        })
    }

    /// What the daemon said last, for whoever wonders why something went wrong.
    pub(crate) fn last_words(&mut self) -> String {
        self.daemon.last_words()
    }

    /// Where the time of everybody went who was cleared, as far as it is observed.
    pub(crate) fn timelines(&self) -> Vec<Timeline> {
        let observed = self.observed.iter().flat_map(|all| &all.travellers);
        let cleared = observed.filter(|one| {
            one.outcome == Some(Outcome::Cleared) && one.left == Some(Left::ThroughExit)
        });
        cleared.map(|one| one.timeline.clone()).collect()
    }

    /// What the daemon's process has at present: memory in MiB, and open files.
    pub(crate) fn holds(&self) -> Option<(u64, usize)> {
        Some((self.daemon.memory_now()?, self.daemon.open_files()?))
    }

    /// One step of the world, and a look at everything that can be seen.
    fn step(&mut self) -> anyhow::Result<()> {
        self.runtime.block_on(self.stand.step_and_rest())?;
        let now = self.stand.now();
        while let Ok(screen) = self.screens.try_recv() {
            // What the journal says came first.
            self.read_journal(now)?;
            self.told.push_back((now, Told::Screen(screen)));
        }
        // The state last: an emergency that begins now has no pins yet.
        let (inputs, outputs) = (self.stand.inputs(), self.stand.controller().outputs());
        if let Some(observed) = &mut self.observed {
            observed.levels(now, inputs, outputs);
            for (from, frame, fate) in self.stand.controller().heard() {
                observed.passed(now, from, Said::Frame(frame, fate));
            }
        }
        let state = self.stand.controller().state();
        if state != self.state {
            self.state = state;
            self.told
                .extend(state.map(|state| (now, Told::Controller(state))));
        }
        let exit_released = !outputs.output(Output::ExitHold);
        let opens = exit_released && !self.exit_released;
        self.exit_released = exit_released;
        self.until_look = self.until_look.saturating_sub(1);
        if opens || self.until_look == 0 {
            self.read_journal(now)?;
            self.until_look = STEPS_A_LOOK;
        }
        if !self.faults.contains(&Fault::ControllerOff) && self.stand.controller().shows_pins() {
            let forced = [Fault::EntryForced, Fault::ExitForced];
            let forced = forced.iter().any(|fault| self.faults.contains(fault));
            let emergency = self.is_emergency(inputs);
            self.monitor
                .watch(now, emergency, (inputs, outputs), forced);
            let seen = self
                .pins
                .as_mut()
                .map_or(Ok(()), |pins| pins.watch(now, emergency, (inputs, outputs)));
            if let (Err(rule), true) = (seen, self.broken.is_empty()) {
                self.broken.push(format!("at the pins, {rule}"));
            }
        }
        if !self.faults.contains(&Fault::HostKilled)
            && let Some(status) = self.daemon.ended()
            && self.broken.is_empty()
        {
            let said = self.daemon.last_words();
            self.broken
                .push(format!("the daemon ended by itself, {status}: {said}"));
        }
        Ok(())
    }

    fn is_emergency(&mut self, inputs: Bits) -> bool {
        match self.state {
            Some(state) => state == State::Emergency,
            // The pins do not tell when the controller has calmed down: not before both doors are shut.
            None => {
                let shut = inputs.input(Input::EntryClosed) && inputs.input(Input::ExitLocked);
                let danger = DANGER.into_iter().any(|input| !inputs.input(input));
                self.emergency = danger || self.emergency && !shut;
                self.emergency
            }
        }
    }

    fn read_journal(&mut self, now: Instant) -> anyhow::Result<()> {
        if !self.daemon.journal().exists() {
            return Ok(()); // the daemon has just been started
        }
        let entries = match self.journal.entries() {
            Ok(entries) => entries,
            Err(problem @ JournalError::Broken { .. }) => {
                if self.broken.is_empty() {
                    self.broken.push(problem.to_string());
                }
                return Ok(());
            }
            // Somebody is writing, or the table is not there yet.
            Err(_) => return Ok(()),
        };
        for entry in entries {
            let (entry, timeline) = told::entry(&entry.body)
                .with_context(|| format!("journal entry {}", entry.sequence))?;
            match entry {
                Entry::Gate(_, Outcome::Cleared) => self.monitor.cleared(),
                Entry::Gate(_, outcome) => {
                    self.monitor.taken_back();
                    if let Outcome::Referred(reason) = outcome
                        && self.faults.is_empty()
                    {
                        self.doubted = self.real.may_be_why(reason);
                    }
                }
                Entry::Officer(..) | Entry::Completion(..) => {}
            }
            if let Some(observed) = &mut self.observed {
                match entry {
                    Entry::Gate(number, outcome) | Entry::Officer(number, outcome) => {
                        observed.told(number, Some(outcome), None, &timeline);
                    }
                    Entry::Completion(number, left) => {
                        observed.told(number, None, Some(left), &timeline);
                    }
                }
            }
            let (told, violation) = self.ledger.write(now, entry);
            self.told.push_back((now, told));
            if let Some(violation) = violation {
                self.monitor.report(violation);
            }
        }
        Ok(())
    }

    fn send(&mut self, persona: Persona) -> anyhow::Result<()> {
        let cast = self.stand.cast();
        let part = cast.part(persona, self.travellers, Zoned::now().date())?;
        self.travellers += 1;
        self.doubted = None;
        self.stand.send(part);
        Ok(())
    }

    fn suffer(&mut self, fault: Fault, begins: bool) -> anyhow::Result<()> {
        let news = if begins {
            self.faults.insert(fault)
        } else {
            self.faults.remove(&fault)
        };
        if !news {
            return Ok(());
        }
        if fault == Fault::ControllerOff {
            self.monitor.let_go();
            if let Some(pins) = &mut self.pins {
                pins.restart();
            }
        }
        if self.daemon.can(fault) {
            return self.daemon.suffer(fault, begins);
        }
        self.runtime.block_on(self.stand.suffer(fault, begins))
    }
}

fn bench(problem: anyhow::Error) -> BenchFault {
    BenchFault(format!("{problem:#}"))
}

impl Rig for ProcessRig {
    fn name(&self) -> &'static str {
        self.name
    }

    fn now(&self) -> Instant {
        self.stand.now()
    }

    fn can(&self, fault: Fault) -> bool {
        self.daemon.can(fault) || self.stand.can(fault)
    }

    fn notices(&self, expected: &Expected) -> bool {
        !matches!(expected, Expected::Controller(_)) || self.stand.controller().shows_state()
    }

    fn comes(&mut self, persona: Persona) -> Result<(), BenchFault> {
        self.send(persona).map_err(bench)
    }

    fn begins(&mut self, fault: Fault) -> Result<(), BenchFault> {
        self.suffer(fault, true).map_err(bench)
    }

    fn ends(&mut self, fault: Fault) -> Result<(), BenchFault> {
        self.suffer(fault, false).map_err(bench)
    }

    fn lives(&mut self, until: Instant) -> Result<Option<(Instant, Told)>, BenchFault> {
        loop {
            if self.stop.is_asked() {
                return Err(BenchFault("stopped by hand".to_owned()));
            }
            if let Some(told) = self.told.pop_front() {
                return Ok(Some(told));
            }
            if self.now() >= until {
                return Ok(None);
            }
            self.step().map_err(bench)?;
        }
    }

    fn is_deserted(&self) -> bool {
        self.stand.is_deserted()
    }

    fn is_ready(&self) -> bool {
        self.stand.is_deserted() && *self.screen.borrow() == Screen::Welcome
    }

    fn violations(&self) -> Vec<String> {
        let watched = self.monitor.violations().iter().map(ToString::to_string);
        let rules = self.stand.controller().violations();
        watched
            .chain(rules)
            .chain(self.broken.iter().cloned())
            .collect()
    }

    fn distrusts(&self) -> Option<String> {
        let lost = || match self.faults.is_empty() {
            true => self.real.are_lost(&self.daemon.log()),
            false => None, // it may have been taken away
        };
        let doubted = || self.doubted.clone();
        self.stand.nonsense().or_else(doubted).or_else(lost)
    }

    fn observe(&mut self) {
        self.observed = Some(Observed::default());
        self.stand.controller().listen();
    }

    fn observed(&mut self) -> Observed {
        self.observed.take().unwrap_or_default()
    }
}
