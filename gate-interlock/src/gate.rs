//! Whatever gate hangs on the controller's pins, under one name.

mod rebase;

use crate::unconfigured::Unconfigured;
use crate::{Interlock, Turnstile};
use core::time::Duration;
use gate_protocol::pins::{Bits, Input};
use gate_protocol::{
    Answer, CheckedSite, Event, Fault, Instant, NoSite, Passage, Refusal, Shape, Site, State,
    ToController,
};

/// Changes of the site that are taken one after the other, and how long until one more is: each is
/// written to a flash that bears ten thousand erasures a page, and a host that tells a gate at rest
/// another site again and again would have worn it out in days.
const CHANGES_MAX: u8 = 8;
const CHANGE_EVERY: Duration = Duration::from_secs(60);

/// The machine of one gate: which one, its site says.
///
/// A host may send another site for the gate as it is built: it is obeyed at once. The first of all, and
/// one for a gate that is built otherwise, is obeyed from the next scan on, as after a reset. What is on
/// its way to the host stays.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gate {
    machine: Machine,
    /// A site of another shape, taken since the last scan.
    next: Option<CheckedSite>,
    /// One that was taken past the machine, to be kept.
    to_store: Option<Site>,
    changes: Changes,
}

/// How many changes of the site may still be written down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Changes {
    left: u8,
    /// When the last one was taken, or one came back since.
    since: Instant,
}

impl Changes {
    /// None has been made for a long time.
    const fn all(now: Instant) -> Self {
        Self {
            left: CHANGES_MAX,
            since: now,
        }
    }

    /// Gives back what time has earned; says whether one is left.
    fn are_left(&mut self, now: Instant) -> bool {
        while self.left < CHANGES_MAX && now.since(self.since) >= CHANGE_EVERY {
            self.left += 1;
            self.since = self.since + CHANGE_EVERY;
        }
        self.left > 0
    }

    fn take(&mut self, now: Instant) {
        if self.left == CHANGES_MAX {
            self.since = now;
        }
        self.left = self.left.saturating_sub(1);
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "there is one, in a static, for as long as the controller runs"
)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Machine {
    /// A lane between two doors.
    Lane(Interlock),
    /// A single turnstile.
    Turnstile(Turnstile),
    /// Nobody knows what.
    Unconfigured(Unconfigured),
}

/// The same call to whichever machine it is.
macro_rules! each {
    ($gate:expr, $machine:ident => $call:expr) => {
        match $gate {
            Machine::Lane($machine) => $call,
            Machine::Turnstile($machine) => $call,
            Machine::Unconfigured($machine) => $call,
        }
    };
}

impl Machine {
    fn new(now: Instant, site: CheckedSite) -> Self {
        match site.get().shape {
            Shape::TwoDoors => Self::Lane(Interlock::new(now, site)),
            Shape::Turnstile => Self::Turnstile(Turnstile::new(now, site)),
        }
    }

    /// Another machine in the place of this one, for the same host.
    ///
    /// Passages go on counting, so that no permit for the gate as it was fits it as it is now, and
    /// whatever alarm stands has its end told: the new machine begins those that it finds anew.
    // Else every scan would have room for another machine on its stack.
    #[cold]
    #[inline(never)]
    fn replaced(&mut self, now: Instant, site: CheckedSite) -> Self {
        let mut next = Self::new(now, site);
        match self {
            Self::Lane(lane) => lane.conclude(now),
            Self::Turnstile(turnstile) => turnstile.conclude(now),
            Self::Unconfigured(none) => none.conclude(),
        }
        let (newest, leased) = match self {
            Self::Lane(lane) => (lane.newest_passage(), lane.leased(now)),
            Self::Turnstile(turnstile) => (turnstile.newest_passage(), turnstile.leased(now)),
            Self::Unconfigured(none) => (0, none.leased(now)),
        };
        let events = core::iter::from_fn(|| each!(self, machine => machine.next_event()));
        match &mut next {
            Self::Lane(lane) => lane.succeed(newest, events),
            Self::Turnstile(turnstile) => turnstile.succeed(newest, events),
            Self::Unconfigured(_) => {}
        }
        each!(&mut next, machine => machine.lease(now, leased));
        next
    }
}

impl Gate {
    /// The machine that the site has, after a reset; one that drives nothing if there is none.
    #[must_use]
    pub fn new(now: Instant, site: Result<CheckedSite, NoSite>) -> Self {
        Self {
            machine: match site {
                Ok(site) => Machine::new(now, site),
                Err(why) => Machine::Unconfigured(Unconfigured::new(why)),
            },
            next: None,
            to_store: None,
            changes: Changes::all(now),
        }
    }

    /// Takes the levels of the input pins and says which output pins to drive high.
    ///
    /// To be called every millisecond. The watchdog's bit stays low: that edge is the board's.
    pub fn scan(&mut self, now: Instant, raw: Bits) -> Bits {
        if let Some(site) = self.next.take() {
            self.machine = self.machine.replaced(now, site);
        }
        each!(&mut self.machine, machine => machine.scan(now, raw))
    }

    /// Answers the host. Nothing moves before the next scan, and that still has the last word.
    pub fn request(&mut self, now: Instant, asked: &ToController) -> Answer {
        if self.next.is_some() {
            // Between two machines: a millisecond.
            return Answer::Refused(Refusal::WrongState);
        }
        let ToController::Configure { site } = asked else {
            return each!(&mut self.machine, machine => machine.request(now, asked));
        };
        if self
            .site()
            .is_some_and(|present| is_built_otherwise(present, *site))
        {
            return match self.rebuild(now, *site) {
                Ok(()) => Answer::Accepted,
                Err(refusal) => Answer::Refused(refusal),
            };
        }
        let before = self.site();
        let changes = before.is_some_and(|present| present != *site);
        // SAF-086: nobody wears the flash out from afar.
        if changes && !self.changes.are_left(now) {
            return Answer::Refused(Refusal::TooOften);
        }
        let answer = each!(&mut self.machine, machine => machine.request(now, asked));
        match answer {
            Answer::Accepted if before.is_none() => {
                // It was checked by whoever took it.
                self.next = site.check().ok();
                answer
            }
            Answer::Accepted if changes => {
                self.changes.take(now);
                answer
            }
            // What it goes by already changes nothing, whoever is inside.
            Answer::Refused(Refusal::WrongState) if self.site() == Some(*site) => Answer::Accepted,
            _ => answer,
        }
    }

    /// SAF-026: how the gate is built is seen on the spot, and no host is believed about it alone: the
    /// rules about doors are only as true as the terminals they are judged by. Somebody at the open
    /// cabinet with the service key turned may change it, while neither fire nor emergency stop wants
    /// the ways out: it begins as after a reset, which they could bring about as well.
    fn rebuild(&mut self, now: Instant, site: Site) -> Result<(), Refusal> {
        let calm = [Input::FireOk, Input::EstopOk1, Input::EstopOk2];
        let calm = calm.into_iter().all(|input| self.inputs().input(input));
        let technician = self.cabinet_open() && self.inputs().input(Input::KeyService);
        if !self.leased(now) {
            return Err(Refusal::NoLease);
        }
        if !(technician && calm) {
            return Err(Refusal::Wiring);
        }
        let checked = site.check().map_err(|_| Refusal::OutOfRange)?;
        (self.next, self.to_store) = (Some(checked), Some(site));
        Ok(())
    }

    /// A host has said hello: forgets what an earlier session wanted. People and alarms stay.
    pub fn open_session(&mut self, now: Instant) {
        match &mut self.machine {
            Machine::Lane(lane) => lane.open_session(now),
            Machine::Turnstile(turnstile) => turnstile.open_session(now),
            Machine::Unconfigured(_) => {}
        }
    }

    /// The link's word whether the host holds its lease: see [`Interlock::lease`].
    pub fn lease(&mut self, now: Instant, held: bool) {
        each!(&mut self.machine, machine => machine.lease(now, held));
    }

    /// Reports something wrong that only the board can see.
    pub fn report(&mut self, now: Instant, fault: Fault) {
        match &mut self.machine {
            Machine::Lane(lane) => lane.report(now, fault),
            Machine::Turnstile(turnstile) => turnstile.report(now, fault),
            Machine::Unconfigured(none) => none.report(fault),
        }
    }

    /// The oldest event not fetched yet.
    pub fn next_event(&mut self) -> Option<Event> {
        each!(&mut self.machine, machine => machine.next_event())
    }

    /// What the host sees of the gate's stage.
    #[must_use]
    pub const fn state(&self) -> State {
        each!(&self.machine, machine => machine.state())
    }

    /// Who is in the lane, or which turn a permit must name; 0 if nobody.
    #[must_use]
    pub fn passage(&self) -> Passage {
        match &self.machine {
            Machine::Lane(lane) => lane.passage(),
            Machine::Turnstile(turnstile) => turnstile.passage(),
            Machine::Unconfigured(_) => 0,
        }
    }

    /// The debounced inputs of the last scan.
    #[must_use]
    pub const fn inputs(&self) -> Bits {
        each!(&self.machine, machine => machine.inputs())
    }

    /// The outputs of the last scan.
    #[must_use]
    pub const fn outputs(&self) -> Bits {
        each!(&self.machine, machine => machine.outputs())
    }

    /// The site that the gate obeys; none if it has none.
    #[must_use]
    pub const fn site(&self) -> Option<Site> {
        match &self.machine {
            Machine::Lane(lane) => Some(lane.site()),
            Machine::Turnstile(turnstile) => Some(turnstile.site()),
            Machine::Unconfigured(_) => None,
        }
    }

    /// A site that the host has sent, to be kept over a power cut. Given once, from the answer on
    /// and before the next scan.
    pub const fn take_site_to_store(&mut self) -> Option<Site> {
        match self.to_store.take() {
            None => each!(&mut self.machine, machine => machine.take_site_to_store()),
            taken => taken,
        }
    }

    /// Whether the cabinet is open now.
    #[must_use]
    pub const fn cabinet_open(&self) -> bool {
        !self.inputs().input(Input::TamperOk)
    }

    /// Whether somebody presses the pairing button.
    #[must_use]
    pub const fn pair_pressed(&self) -> bool {
        self.inputs().input(Input::Pair)
    }

    /// SAF-086: closed, idle and empty: nothing that takes the controller's time, as a store does, can
    /// hurt anybody. A gate without a site drives nothing and is always at rest.
    #[must_use]
    pub fn at_rest(&self) -> bool {
        match &self.machine {
            Machine::Lane(lane) => lane.at_rest(),
            Machine::Turnstile(turnstile) => turnstile.at_rest(),
            Machine::Unconfigured(_) => true,
        }
    }

    /// Shut and empty, and no danger, although a technician may be at work: a moment in which the
    /// controller does not look hurts nobody.
    #[must_use]
    pub fn is_still(&self) -> bool {
        match &self.machine {
            Machine::Lane(lane) => lane.is_still(),
            Machine::Turnstile(turnstile) => turnstile.is_still(),
            Machine::Unconfigured(_) => true,
        }
    }

    /// Whether the host holds its lease, as far as the gate knows.
    #[must_use]
    pub fn leased(&self, now: Instant) -> bool {
        each!(&self.machine, machine => machine.leased(now))
    }
}

/// Whether the two are of gates that differ in what hangs on the pins.
fn is_built_otherwise(present: Site, wanted: Site) -> bool {
    (present.shape, present.exit_lock) != (wanted.shape, wanted.exit_lock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_protocol::pins::{Output, TurnstileInput, TurnstileOutput};
    use gate_protocol::{Door, Lock, Mode, Sign};

    /// No danger, the cabinet closed, mains there, both doors shut, nobody there.
    const SHUT: Bits = Bits(0x00ff_ffff)
        .with_input(Input::EntryOpen, false)
        .with_input(Input::ExitOpen, false)
        .with_input(Input::SingleOk, false)
        .with_input(Input::BatteryLow, false)
        .with_input(Input::KeyService, false)
        .with_input(Input::Pair, false);
    /// A turnstile at rest: nothing is wired to the terminals that only a lane has.
    const ARM: Bits = Bits(0)
        .with_input(Input::FireOk, true)
        .with_input(Input::EstopOk1, true)
        .with_input(Input::EstopOk2, true)
        .with_turnstile_input(TurnstileInput::Home, true)
        .with_turnstile_input(TurnstileInput::ArmFree, true)
        .with_turnstile_input(TurnstileInput::Beam1Free, true)
        .with_turnstile_input(TurnstileInput::Beam2Free, true)
        .with_turnstile_input(TurnstileInput::Beam3Free, true)
        .with_input(Input::TamperOk, true)
        .with_input(Input::MainsOk, true);

    fn site(shape: Shape) -> Site {
        Site {
            shape,
            ..Site::DEFAULT
        }
    }

    fn checked(shape: Shape) -> Result<CheckedSite, NoSite> {
        Ok(site(shape).check().expect("the defaults keep their bounds"))
    }

    /// A gate, its time, and a host that is there.
    struct Rig {
        gate: Gate,
        now: Instant,
        raw: Bits,
        outputs: Bits,
    }

    impl Rig {
        fn new(site: Result<CheckedSite, NoSite>, raw: Bits) -> Self {
            let mut rig = Self {
                gate: Gate::new(Instant::ZERO, site),
                now: Instant::ZERO,
                raw,
                outputs: Bits(0),
            };
            rig.run(1_000);
            rig
        }

        fn run(&mut self, ms: u32) {
            for _ in 0..ms {
                self.now = self.now + Duration::from_millis(1);
                self.gate.lease(self.now, true);
                self.outputs = self.gate.scan(self.now, self.raw);
            }
        }

        fn ask(&mut self, asked: ToController) -> Answer {
            self.gate.request(self.now, &asked)
        }

        fn configure(&mut self, site: Site) -> Answer {
            self.ask(ToController::Configure { site })
        }

        fn events(&mut self) -> heapless::Vec<Event, 32> {
            core::iter::from_fn(|| self.gate.next_event()).collect()
        }
    }

    #[test]
    fn the_sites_shape_decides_which_machine_runs() {
        for (shape, state) in [
            (Shape::TwoDoors, State::Secure),
            (Shape::Turnstile, State::Obstructed),
        ] {
            let mut gate = Gate::new(Instant::ZERO, checked(shape));
            // No danger; the entry is not closed, or the arm not at home.
            gate.scan(Instant::ZERO, Bits(0x008c_000f));
            assert_eq!(gate.state(), state, "{shape:?}");
            assert_eq!(gate.site(), Some(site(shape)));
        }
    }

    #[test]
    fn without_a_site_nothing_is_taken_but_a_site() {
        for why in [NoSite::Missing, NoSite::Unreadable, NoSite::Version(7)] {
            let mut rig = Rig::new(Err(why), SHUT);
            assert_eq!(rig.gate.state(), State::NoSite(why));
            assert_eq!((rig.gate.site(), rig.gate.passage()), (None, 0));
            for asked in [
                ToController::Permit {
                    door: Door::Entry,
                    for_ms: 1_000,
                    passage: 0,
                },
                ToController::Withdraw,
                ToController::SendBack { passage: 1 },
                ToController::SetMode { mode: Mode::WalkIn },
                ToController::Show { sign: Sign::Go },
                ToController::ClearAlarm,
                ToController::ReadSite,
                ToController::Force {
                    output: 0,
                    on: true,
                    for_ms: 100,
                },
            ] {
                let answer = rig.ask(asked);
                assert_eq!(answer, Answer::Refused(Refusal::NoSite), "{asked:?}");
                rig.run(10);
                assert_eq!(rig.outputs, Bits(0), "{asked:?}");
            }
            let mut wrong = Site::DEFAULT;
            wrong.timings.trap = 0;
            assert_eq!(rig.configure(wrong), Answer::Refused(Refusal::OutOfRange));
            rig.gate.lease(rig.now, false);
            let early = rig.configure(Site::DEFAULT);
            assert_eq!(early, Answer::Refused(Refusal::NoLease));
            assert_eq!(rig.gate.take_site_to_store(), None);
            assert_eq!(rig.events().as_slice(), [Event::Started]);
        }
    }

    #[test]
    fn a_first_site_is_obeyed_from_the_next_scan_on_whatever_its_shape() {
        for (shape, raw) in [(Shape::TwoDoors, SHUT), (Shape::Turnstile, ARM)] {
            for exit_lock in [Lock::FailSafe, Lock::FailSecure] {
                let mut rig = Rig::new(Err(NoSite::Missing), raw);
                let first = Site {
                    exit_lock,
                    ..site(shape)
                };
                assert_eq!(rig.configure(first), Answer::Accepted);
                assert_eq!(rig.gate.take_site_to_store(), Some(first));
                let walk_in = ToController::SetMode { mode: Mode::WalkIn };
                assert_eq!(rig.ask(walk_in), Answer::Refused(Refusal::WrongState));
                rig.run(1);
                assert_eq!(rig.gate.site(), Some(first));
                rig.run(1_000);
                assert_eq!(rig.gate.state(), State::Idle, "{first:?}");
                assert!(rig.outputs != Bits(0) && rig.gate.at_rest());
                assert_eq!(rig.events().as_slice(), [Event::Started]);
            }
        }
    }

    #[test]
    fn whoever_is_found_by_a_first_site_is_served_as_after_a_reset() {
        let fire = SHUT.with_input(Input::FireOk, false);
        let mut rig = Rig::new(Err(NoSite::Missing), fire);
        assert_eq!(rig.outputs, Bits(0), "locks are free without current");
        assert_eq!(rig.configure(Site::DEFAULT), Answer::Accepted);
        rig.run(1);
        assert_eq!(rig.gate.state(), State::Emergency);
    }

    #[test]
    fn another_shape_is_obeyed_at_the_open_cabinet_and_passages_go_on_counting() {
        let mut rig = Rig::new(checked(Shape::Turnstile), ARM);
        let ask = |rig: &mut Rig, asked| assert_eq!(rig.ask(asked), Answer::Accepted, "{asked:?}");
        let mode = |mode| ToController::SetMode { mode };
        ask(&mut rig, mode(Mode::OnPermit));
        rig.run(10);
        let passage = rig.gate.passage();
        let permit = ToController::Permit {
            door: Door::Exit,
            for_ms: 1_000,
            passage,
        };
        ask(&mut rig, permit);
        rig.run(2_000);
        ask(&mut rig, mode(Mode::Closed));
        rig.run(10);
        rig.raw = ARM
            .with_input(Input::KeyService, true)
            .with_input(Input::TamperOk, false);
        rig.run(1_000);
        assert_eq!(rig.configure(site(Shape::TwoDoors)), Answer::Accepted);
        rig.raw = SHUT;
        rig.run(1_000);
        assert_eq!(rig.gate.site(), Some(site(Shape::TwoDoors)));
        ask(&mut rig, ToController::ClearAlarm);
        rig.run(1_000);
        let told = rig.events();
        assert!(told.contains(&Event::ExitReleased(passage)), "{told:?}");
        ask(&mut rig, mode(Mode::WalkIn));
        rig.run(10);
        // The entry is open, and then shut behind somebody.
        let one = SHUT
            .with_input(Input::EmptyOk, false)
            .with_input(Input::SingleOk, true)
            .with_input(Input::Chamber1Free, false);
        for (raw, ms) in [
            (
                SHUT.with_input(Input::EntryClosed, false)
                    .with_input(Input::EntryLocked, false)
                    .with_input(Input::EntryOpen, true),
                500,
            ),
            (
                one.with_input(Input::EntryClosed, false)
                    .with_input(Input::EntryLocked, false)
                    .with_input(Input::EntryOpen, true),
                500,
            ),
            (one, 2_000),
        ] {
            rig.raw = raw;
            rig.run(ms);
        }
        assert_eq!(rig.gate.passage(), passage + 1);
        assert_eq!(rig.gate.state(), State::Occupied);
    }

    /// Small generator of reproducible numbers (splitmix64).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, limit: u32) -> u32 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ (mixed >> 31)) >> 32) as u32 % limit
        }

        /// Mostly what a gate of that shape reads at rest, now and then another gate's levels, or
        /// one that differs.
        fn levels(&mut self, shape: Option<Shape>) -> Bits {
            let (calm, other) = match shape {
                Some(Shape::Turnstile) => (ARM, SHUT),
                _ => (SHUT, ARM),
            };
            match self.below(60) {
                0 => other,
                1 => Bits(calm.0 ^ 1 << self.below(24)),
                // A technician at the open cabinet.
                2..=20 => calm
                    .with_input(Input::KeyService, true)
                    .with_input(Input::TamperOk, false),
                _ => calm,
            }
        }

        fn asks(&mut self, passage: Passage) -> ToController {
            let door = [Door::Entry, Door::Exit][self.below(2) as usize];
            let mode = [
                Mode::Closed,
                Mode::Closed,
                Mode::WalkIn,
                Mode::OnPermit,
                Mode::OnPermit,
            ];
            match self.below(8) {
                0..=1 => ToController::Permit {
                    door,
                    for_ms: 2_000,
                    passage,
                },
                2..=3 => ToController::SetMode {
                    mode: mode[self.below(5) as usize],
                },
                4 => ToController::ClearAlarm,
                5 => ToController::ReadSite,
                _ => ToController::Configure {
                    site: site([Shape::TwoDoors, Shape::Turnstile][self.below(2) as usize]),
                },
            }
        }
    }

    #[test]
    fn whatever_comes_a_gate_drives_what_its_site_has_and_gives_no_passage_twice() {
        let (mut changes, mut given) = (0, 0);
        for seed in 0..40 {
            let mut dice = Dice(seed);
            let mut rig = Rig::new(Err(NoSite::Unreadable), dice.levels(None));
            let mut newest = 0;
            for _ in 0..150 {
                rig.raw = dice.levels(rig.gate.site().map(|site| site.shape));
                let before = rig.gate.site();
                let asked = dice.asks(rig.gate.passage());
                let answer = rig.ask(asked);
                if let (ToController::Configure { site }, Answer::Accepted) = (asked, answer) {
                    rig.raw = dice.levels(Some(site.shape));
                }
                if asked == ToController::ReadSite {
                    assert_eq!(answer == Answer::Accepted, before.is_some(), "seed {seed}");
                }
                for _ in 0..=dice.below(40) * 25 {
                    rig.run(1);
                    let shape = rig.gate.site().map(|site| site.shape);
                    let foreign = |output: Output| match shape {
                        None => true,
                        Some(Shape::TwoDoors) => false,
                        Some(Shape::Turnstile) => TurnstileOutput::at(output).is_none(),
                    };
                    let wrong = Output::ALL
                        .into_iter()
                        .find(|output| rig.outputs.output(*output) && foreign(*output));
                    assert_eq!(wrong, None, "seed {seed}, {shape:?}");
                }
                for event in rig.events() {
                    if let Event::Entered(passage) | Event::ExitReleased(passage) = event {
                        assert!(passage >= newest, "seed {seed}: {event:?} after {newest}");
                        given += u32::from(passage > newest);
                        newest = passage;
                    }
                }
                let shape = |site: Option<Site>| site.map(|site| site.shape);
                changes += u32::from(shape(before) != shape(rig.gate.site()));
            }
        }
        assert!(
            changes > 40 && given > 10,
            "only {changes} changes of shape and {given} passages"
        );
    }

    #[test]
    fn a_gate_that_was_told_the_wrong_shape_is_told_the_right_one_at_its_open_cabinet() {
        // A lane without break-glass, exit and bolts sees one danger after the other.
        let mut rig = Rig::new(checked(Shape::TwoDoors), ARM);
        let right = site(Shape::Turnstile);
        assert_eq!(rig.configure(right), Answer::Refused(Refusal::Wiring));
        for (key, closed) in [(true, true), (false, false)] {
            rig.raw = ARM
                .with_input(Input::KeyService, key)
                .with_input(Input::TamperOk, closed);
            rig.run(200);
            assert_eq!(rig.configure(right), Answer::Refused(Refusal::Wiring));
        }
        let at_work = ARM
            .with_input(Input::KeyService, true)
            .with_input(Input::TamperOk, false);
        for danger in [Input::FireOk, Input::EstopOk1, Input::EstopOk2] {
            rig.raw = at_work.with_input(danger, false);
            rig.run(200);
            assert_eq!(rig.configure(right), Answer::Refused(Refusal::Wiring));
        }
        rig.raw = at_work;
        rig.run(200);
        let mut wrong = right;
        wrong.timings.trap = 0;
        assert_eq!(rig.configure(wrong), Answer::Refused(Refusal::OutOfRange));
        // The same shape has a machine that knows its rest.
        let same = rig.configure(Site {
            on_fire: gate_protocol::WaysOut::EntryOnly,
            ..site(Shape::TwoDoors)
        });
        assert_eq!(same, Answer::Refused(Refusal::WrongState));
        assert_eq!(rig.gate.take_site_to_store(), None);
        assert_eq!(rig.configure(right), Answer::Accepted);
        assert_eq!(rig.gate.take_site_to_store(), Some(right));
        assert_eq!(rig.gate.take_site_to_store(), None);
        rig.run(200);
        assert_eq!(rig.gate.site(), Some(right));
        rig.raw = ARM;
        rig.run(200);
        let answer = rig.ask(ToController::ClearAlarm);
        assert_eq!(answer, Answer::Accepted, "it was opened");
        rig.run(1_000);
        assert_eq!(rig.gate.state(), State::Idle);
    }

    #[test]
    fn no_host_alone_changes_how_the_gate_is_built() {
        for (shape, raw) in [(Shape::TwoDoors, SHUT), (Shape::Turnstile, ARM)] {
            let mut rig = Rig::new(checked(shape), raw);
            let present = site(shape);
            assert!(rig.gate.at_rest(), "nothing else keeps it from being taken");
            for shape in [Shape::TwoDoors, Shape::Turnstile] {
                for exit_lock in [Lock::FailSafe, Lock::FailSecure] {
                    let wanted = Site {
                        exit_lock,
                        ..site(shape)
                    };
                    let expected = if wanted == present {
                        Answer::Accepted
                    } else {
                        Answer::Refused(Refusal::Wiring)
                    };
                    assert_eq!(rig.configure(wanted), expected, "{wanted:?}");
                    rig.run(10);
                    assert_eq!(rig.gate.site(), Some(present));
                }
            }
        }
    }

    #[test]
    fn the_site_that_a_gate_has_is_taken_again_whoever_is_inside() {
        let somebody = SHUT
            .with_input(Input::EmptyOk, false)
            .with_input(Input::Chamber1Free, false);
        let mut rig = Rig::new(checked(Shape::TwoDoors), somebody);
        assert!(!rig.gate.at_rest());
        assert_eq!(rig.configure(Site::DEFAULT), Answer::Accepted);
        assert_eq!(rig.gate.take_site_to_store(), None);
        let other = Site {
            on_fire: gate_protocol::WaysOut::EntryOnly,
            ..Site::DEFAULT
        };
        assert_eq!(rig.configure(other), Answer::Refused(Refusal::WrongState));
    }

    #[test]
    fn a_host_that_tells_other_sites_again_and_again_wears_nothing_out() {
        let mut rig = Rig::new(checked(Shape::TwoDoors), SHUT);
        let other = |enter| {
            let mut site = Site::DEFAULT;
            site.timings.enter = enter;
            site
        };
        let mut stored = 0;
        for round in 0..40 {
            let site = other(10_000 + round % 2);
            let present = rig.gate.site();
            let answer = rig.configure(site);
            let kept = rig.gate.take_site_to_store();
            assert_eq!(kept.is_some(), answer == Answer::Accepted, "{answer:?}");
            // One that is stored already is not written anew.
            stored += u8::from(kept.is_some_and(|kept| present != Some(kept)));
            rig.run(10);
        }
        assert_eq!(stored, CHANGES_MAX);
        let wait = Duration::from_secs(59);
        let refused = Answer::Refused(Refusal::TooOften);
        rig.now = rig.now + wait;
        rig.run(10);
        assert_eq!(rig.configure(other(20_000)), refused);
        // The one that is obeyed changes nothing.
        let present = rig.gate.site().expect("a site");
        assert_eq!(rig.configure(present), Answer::Accepted);
        rig.now = rig.now + wait;
        rig.run(10);
        assert_eq!(rig.configure(other(20_000)), Answer::Accepted);
        assert_eq!(rig.configure(other(30_000)), refused);
        // Nobody's mistake lasts: a day later it is as before.
        rig.now = rig.now + Duration::from_secs(86_400);
        rig.run(10);
        for enter in 0..u32::from(CHANGES_MAX) {
            assert_eq!(rig.configure(other(40_000 + enter)), Answer::Accepted);
        }
        assert_eq!(rig.configure(other(50_000)), refused);
    }

    #[test]
    fn what_stood_when_a_gate_was_rebuilt_has_its_end_told() {
        let at_work = |raw: Bits| {
            raw.with_input(Input::KeyService, true)
                .with_input(Input::TamperOk, false)
        };
        let alarms: [(&str, &[Input]); 4] = [
            ("fire", &[Input::FireOk]),
            ("emergency stop", &[Input::EstopOk1, Input::EstopOk2]),
            ("one of its channels", &[Input::EstopOk2]),
            ("cabinet", &[Input::TamperOk]),
        ];
        let pairs = (0..16).map(|pair| (alarms[pair / 4], alarms[pair % 4]));
        for (shape, raw, to, raw_then) in [
            (Shape::TwoDoors, SHUT, Shape::Turnstile, ARM),
            (Shape::Turnstile, ARM, Shape::TwoDoors, SHUT),
        ] {
            for ((below, first), (above, second)) in pairs.clone() {
                let mut rig = Rig::new(checked(shape), raw);
                let mut told = heapless::Vec::<Event, 64>::new();
                for inputs in [first, second] {
                    for input in inputs {
                        rig.raw = rig.raw.with_input(*input, false);
                    }
                    rig.run(200);
                    told.extend(rig.events());
                }
                let case = (shape, above, "over", below);
                let open = |inputs: &[Input]| i32::from(inputs.contains(&Input::TamperOk));
                let parted = (
                    rig.raw.input(Input::EstopOk1),
                    rig.raw.input(Input::EstopOk2),
                );
                let before = [
                    1 - open(first) * open(second),
                    open(first).max(open(second)),
                    // Told as soon as they part, though they may meet again.
                    i32::from(parted == (true, false) || below == "one of its channels"),
                    0,
                ];
                assert_eq!(balance(&told), before, "{case:?}: {told:?}");
                rig.raw = at_work(raw);
                rig.run(200);
                assert_eq!(rig.configure(site(to)), Answer::Accepted, "{case:?}");
                rig.raw = at_work(raw_then);
                rig.run(200);
                told.extend(rig.events());
                let after = match rig.gate.state() {
                    State::Tamper => [0, 1, 0, 0],
                    State::Service => [0, 0, 0, 1],
                    state => panic!("{case:?}: {state:?}"),
                };
                assert_eq!(balance(&told), after, "{case:?}: {told:?}");
            }
        }
    }

    /// How many of each alarm have begun and not ended: emergency, tamper, trouble, service.
    fn balance(told: &[Event]) -> [i32; 4] {
        told.iter().fold([0; 4], |mut open, event| {
            let (alarm, change) = match event {
                Event::EmergencyBegan => (0, 1),
                Event::EmergencyEnded => (0, -1),
                Event::TamperBegan => (1, 1),
                Event::TamperEnded => (1, -1),
                Event::Trouble(_) => (2, 1),
                Event::TroubleCleared => (2, -1),
                Event::ServiceBegan => (3, 1),
                Event::ServiceEnded => (3, -1),
                _ => return open,
            };
            open[alarm] += change;
            open
        })
    }

    #[test]
    fn danger_and_an_open_cabinet_are_told_without_a_site_too() {
        let mut rig = Rig::new(Err(NoSite::Missing), SHUT);
        assert_eq!(rig.events().as_slice(), [Event::Started]);
        for (input, began, ended) in [
            (Input::FireOk, Event::EmergencyBegan, Event::EmergencyEnded),
            (
                Input::EstopOk1,
                Event::EmergencyBegan,
                Event::EmergencyEnded,
            ),
            (
                Input::EstopOk2,
                Event::EmergencyBegan,
                Event::EmergencyEnded,
            ),
            (Input::TamperOk, Event::TamperBegan, Event::TamperEnded),
        ] {
            rig.raw = SHUT.with_input(input, false);
            rig.run(500);
            assert_eq!(rig.events().as_slice(), [began], "{input:?}");
            rig.raw = SHUT;
            rig.run(500);
            assert_eq!(rig.events().as_slice(), [ended], "{input:?}");
            assert_eq!(rig.outputs, Bits(0));
        }
        // A fire that stands when the site comes goes on under the machine that the site has.
        rig.raw = SHUT.with_input(Input::FireOk, false);
        rig.run(500);
        assert_eq!(rig.configure(Site::DEFAULT), Answer::Accepted);
        rig.run(500);
        let told = rig.events();
        let again = [
            Event::EmergencyBegan,
            Event::EmergencyEnded,
            Event::EmergencyBegan,
        ];
        assert_eq!(told.as_slice(), again);
        assert!(rig.outputs.output(Output::ExitRelease));
    }

    #[test]
    fn a_pin_that_is_on_without_a_site_is_told_once() {
        let mut rig = Rig::new(Err(NoSite::Missing), SHUT);
        for _ in 0..3 {
            rig.gate.report(rig.now, Fault::Output);
            rig.run(1);
        }
        let told = rig.events();
        let expected = [Event::Started, Event::Trouble(Fault::Output)];
        assert_eq!(told.as_slice(), expected);
        // The site's machine begins it anew, if it still stands.
        assert_eq!(rig.configure(Site::DEFAULT), Answer::Accepted);
        rig.run(1);
        assert_eq!(rig.events().as_slice(), [Event::TroubleCleared]);
    }

    #[test]
    fn a_gate_is_still_with_the_cabinet_open_and_not_in_danger_or_with_somebody_there() {
        let lane = |raw| Rig::new(checked(Shape::TwoDoors), raw);
        let arm = |raw| Rig::new(checked(Shape::Turnstile), raw);
        let open = |raw: Bits| raw.with_input(Input::TamperOk, false);
        for (case, rig, still) in [
            ("a shut lane", lane(SHUT), true),
            ("its cabinet open", lane(open(SHUT)), true),
            ("a fire", lane(SHUT.with_input(Input::FireOk, false)), false),
            (
                "an open leaf",
                lane(SHUT.with_input(Input::ExitClosed, false)),
                false,
            ),
            (
                "somebody inside",
                lane(SHUT.with_input(Input::EmptyOk, false)),
                false,
            ),
            ("an arm at home", arm(ARM), true),
            ("its cabinet open", arm(open(ARM)), true),
            (
                "an arm away",
                arm(ARM.with_input(Input::EntryClosed, false)),
                false,
            ),
            (
                "somebody in a beam",
                arm(ARM.with_input(Input::Chamber1Free, false)),
                false,
            ),
            (
                "an emergency stop",
                arm(ARM.with_input(Input::EstopOk2, false)),
                false,
            ),
            ("no site", Rig::new(Err(NoSite::Missing), Bits(0)), true),
        ] {
            assert_eq!(rig.gate.is_still(), still, "{case}");
        }
    }
}
