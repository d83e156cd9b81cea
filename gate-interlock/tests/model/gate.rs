//! A controller that knows no gate yet, or the wrong one, and a host that may send any site.
//!
//! Nobody walks here and no leaf moves: the pins read what hangs on them at rest, a lane or an
//! arm, while danger, cabinet and key come and go. The rules are those that go before every machine's
//! own: SAF-025 and SAF-026 of `docs/hazards.md`.

use crate::host::Lease;
use crate::lane::{NEWEST, NOW};
use crate::properties::Broken;
use crate::search::{Counterexample, Scene, Waits};
use core::fmt;
use core::time::Duration;
use gate_interlock::Gate;
use gate_protocol::pins::{Bits, Input, Output, TurnstileInput, TurnstileOutput};
use gate_protocol::{
    Answer, Door, Event, Instant, Lock, Mode, NoSite, Passage, Shape, Site, State, ToController,
};

/// When the host has spoken, and when all inputs are believed.
const SPOKEN: Instant = Instant::from_millis(1_000_070);
const SETTLED: Instant = Instant::from_millis(1_000_240);

/// A tick: longer than a buzzer sounds or a permit lasts, for how long anything takes is no question
/// here.
const TICK: Duration = Duration::from_secs(31);

/// What may be otherwise than at rest, all at once if need be.
const FLIPS: [Input; 5] = [
    Input::FireOk,
    Input::EstopOk1,
    Input::EstopOk2,
    Input::TamperOk,
    Input::KeyService,
];

/// What a hostile host says.
#[derive(Clone, Copy, Debug)]
enum Word {
    Nothing,
    Lease(Lease),
    Session,
    Asks(ToController),
}

/// What the world does, and the host.
#[derive(Clone, Copy, Debug)]
struct Step {
    moved: Move,
    said: Word,
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Nothing,
    Flips(Input),
    /// Other wires are put on the terminals.
    Rewires,
}

/// Everything there is, at the moment [`NOW`].
#[derive(Clone, Debug, Hash)]
struct Pins {
    gate: Gate,
    /// What hangs on the terminals.
    wired: Shape,
    flipped: Bits,
    lease: Lease,
    /// The site by our own book.
    site: Option<Site>,
    newest: Passage,
}

/// What the host can say.
struct Powers {
    words: Vec<Word>,
}

fn built(shape: Shape, exit_lock: Lock) -> Site {
    Site {
        shape,
        exit_lock,
        ..Site::DEFAULT
    }
}

fn sites() -> Vec<Site> {
    let locks = [Lock::FailSafe, Lock::FailSecure];
    let shapes = [Shape::TwoDoors, Shape::Turnstile].into_iter();
    let mut sites: Vec<Site> = shapes
        .flat_map(|shape| locks.map(|lock| built(shape, lock)))
        .collect();
    for shape in [Shape::TwoDoors, Shape::Turnstile] {
        let mut wrong = built(shape, Lock::FailSafe);
        wrong.timings.trap = u32::MAX;
        sites.push(wrong);
    }
    sites
}

impl Powers {
    fn new() -> Self {
        let mut words = vec![
            Word::Nothing,
            Word::Session,
            Word::Lease(Lease::Lost),
            Word::Lease(Lease::Held),
        ];
        let asks = [
            ToController::ClearAlarm,
            ToController::SetMode { mode: Mode::Closed },
            ToController::SetMode { mode: Mode::WalkIn },
            ToController::SetMode {
                mode: Mode::OnPermit,
            },
            ToController::Permit {
                door: Door::Exit,
                for_ms: 500,
                passage: NEWEST + 1,
            },
            ToController::Permit {
                door: Door::Entry,
                for_ms: 500,
                passage: 0,
            },
            ToController::Force {
                output: Output::ExitHold as u8,
                on: true,
                for_ms: 250,
            },
        ];
        words.extend(asks.map(Word::Asks));
        let configure = |site| Word::Asks(ToController::Configure { site });
        words.extend(sites().into_iter().map(configure));
        Self { words }
    }
}

fn broken(rule: &str, how: impl fmt::Debug) -> Broken {
    Broken {
        rule: rule.to_owned(),
        how: format!("{how:?}"),
    }
}

/// How a gate is built.
fn terminals(site: Option<Site>) -> Option<(Shape, Lock)> {
    site.map(|site| (site.shape, site.exit_lock))
}

impl Scene for Pins {
    type Powers = Powers;
    type Step = Step;
    const TICK: Duration = TICK;

    fn switched_on(_: &Powers) -> Self {
        let mut pins = Self {
            gate: Gate::new(NOW, Err(NoSite::Missing)),
            wired: Shape::TwoDoors,
            flipped: Bits(0),
            lease: Lease::Lost,
            site: None,
            newest: NEWEST,
        };
        // The first reading is believed as it is.
        let raw = pins.inputs();
        pins.gate.scan(NOW, raw);
        while pins.gate.next_event().is_some() {}
        pins
    }

    fn stages(powers: &Powers) -> Result<Vec<Self>, Broken> {
        Ok(vec![Self::switched_on(powers)])
    }

    fn next(&self, powers: &Powers, mut each: impl FnMut(Step, Result<Self, Broken>)) {
        let flips = FLIPS.map(Move::Flips).into_iter();
        for moved in flips.chain([Move::Nothing, Move::Rewires]) {
            for &said in &powers.words {
                let step = Step { moved, said };
                each(step, self.after(step, powers));
            }
        }
    }

    fn after(&self, step: Step, _: &Powers) -> Result<Self, Broken> {
        let mut pins = self.clone();
        match step.moved {
            Move::Nothing => {}
            Move::Flips(input) => {
                let flipped = pins.flipped.input(input);
                pins.flipped = pins.flipped.with_input(input, !flipped);
            }
            Move::Rewires => {
                pins.wired = match pins.wired {
                    Shape::TwoDoors => Shape::Turnstile,
                    Shape::Turnstile => Shape::TwoDoors,
                }
            }
        }
        pins.hear(NOW);
        pins.scan(NOW)?;
        match step.said {
            Word::Nothing => {}
            Word::Lease(lease) => {
                pins.lease = lease;
                pins.hear(SPOKEN);
            }
            Word::Session => pins.gate.open_session(SPOKEN),
            Word::Asks(asked) => pins.ask(&asked, self)?,
        }
        pins.scan(SPOKEN)?;
        pins.scan(SETTLED)?;
        Ok(pins.later())
    }

    fn waits(&self, _: &Powers, _: &mut Waits) -> Result<u32, Broken> {
        Ok(0)
    }
}

impl Pins {
    /// What the pins read: a gate at rest, but for what is flipped.
    fn inputs(&self) -> Bits {
        let lane = Bits(0x00ff_ffff)
            .with_input(Input::EntryOpen, false)
            .with_input(Input::ExitOpen, false)
            .with_input(Input::SingleOk, false);
        let arm = Bits(0x00ff_ffff)
            .with_turnstile_input(TurnstileInput::RotationA, false)
            .with_turnstile_input(TurnstileInput::RotationB, false);
        let wired = match self.wired {
            Shape::TwoDoors => lane,
            Shape::Turnstile => arm,
        };
        let idle = [Input::BatteryLow, Input::KeyService, Input::Pair];
        let quiet = idle
            .into_iter()
            .fold(wired, |bits, input| bits.with_input(input, false));
        Bits(quiet.0 ^ self.flipped.0)
    }

    fn hear(&mut self, now: Instant) {
        self.gate.lease(now, self.lease == Lease::Held);
    }

    /// The host asks while the pins have read `before` for long, and what they read now for a moment:
    /// a danger counts from its beginning until it is over for good, the rest once it has lasted.
    fn ask(&mut self, asked: &ToController, before: &Self) -> Result<(), Broken> {
        let danger = [Input::FireOk, Input::EstopOk1, Input::EstopOk2]
            .into_iter()
            .any(|input| self.flipped.input(input) || before.flipped.input(input));
        let technician =
            before.flipped.input(Input::TamperOk) && before.flipped.input(Input::KeyService);
        let gate = self.gate.clone();
        let answer = self.gate.request(SPOKEN, asked);
        let taken = answer == Answer::Accepted;
        let told = (asked, answer, terminals(self.site));
        if !taken && gate != self.gate {
            return Err(broken("S12: what is refused moves nothing", told));
        }
        if taken && self.lease != Lease::Held {
            return Err(broken("S9: nothing is taken without a lease", told));
        }
        let ToController::Configure { site } = *asked else {
            return match (taken, self.site) {
                (true, None) => Err(broken("SAF-025: without a site only a site is taken", told)),
                _ => Ok(()),
            };
        };
        if taken && site.check().is_err() {
            return Err(broken("SAF-023: a site keeps its bounds", told));
        }
        let good = self.lease == Lease::Held && site.check().is_ok();
        match self.site {
            None if taken != good => Err(broken("SAF-025: a good site is taken at any time", told)),
            Some(_)
                if terminals(self.site) != terminals(Some(site))
                    && taken != (good && technician && !danger) =>
            {
                let rule = "SAF-026: a gate is built otherwise at its open cabinet, with the key, \
                            and without danger";
                Err(broken(rule, told))
            }
            _ => {
                if taken {
                    self.site = Some(site);
                }
                Ok(())
            }
        }
    }

    fn scan(&mut self, now: Instant) -> Result<(), Broken> {
        let outputs = self.gate.scan(now, self.inputs());
        while let Some(event) = self.gate.next_event() {
            self.newest = self.newest.max(named(event));
        }
        let told = (terminals(self.site), outputs, self.gate.state());
        if terminals(self.gate.site()) != terminals(self.site) {
            return Err(broken("SAF-026: the gate is what it was told to be", told));
        }
        let foreign = |output: Output| match self.site.map(|site| site.shape) {
            None => true,
            Some(Shape::TwoDoors) => false,
            Some(Shape::Turnstile) => TurnstileOutput::at(output).is_none(),
        };
        let driven = |output: &Output| outputs.output(*output);
        if Output::ALL.into_iter().filter(driven).any(foreign) {
            return Err(broken("SAF-025: only what the site has is driven", told));
        }
        let knows = !matches!(self.gate.state(), State::NoSite(_));
        if knows != self.site.is_some() {
            return Err(broken("SAF-025: without a site the gate says so", told));
        }
        Ok(())
    }

    fn later(mut self) -> Self {
        let over = NOW + TICK;
        let given = self.newest - NEWEST;
        self.newest = NEWEST;
        let _ = self.gate.take_site_to_store();
        let older = |passage: Passage| passage.saturating_sub(given).max(NEWEST - 2);
        self.gate = self.gate.rebased(over).renumbered(older);
        self
    }
}

/// The passage number in an event, 0 if it has none.
const fn named(event: Event) -> Passage {
    match event {
        Event::Entered(passage)
        | Event::SeveralEntered(passage)
        | Event::ReturnReleased(passage)
        | Event::ExitReleased(passage)
        | Event::ObjectLeft(passage)
        | Event::Passed(passage)
        | Event::WentBack(passage) => passage,
        _ => 0,
    }
}

impl fmt::Display for Step {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(into, "{:?}, {:?}", self.moved, self.said)
    }
}

impl fmt::Display for Pins {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, site) = (self.gate.state(), terminals(self.site));
        write!(into, "{state:?}, {site:?}, {:?}", self.gate.outputs())
    }
}

/// From a controller without a site to every way in which a gate may be built, and from each to each.
#[test]
fn no_site_is_believed_but_the_first_and_one_at_the_open_cabinet() -> Result<(), Box<Counterexample>>
{
    let powers = Powers::new();
    crate::explore::<Pins>("no site, any site", &powers, crate::TO_THE_END)
}
