//! What must hold after every request and every scan, and what must come about in the end.
//!
//! Most of it is said by [`gate_interlock::invariants`], which sees what any bystander can see.
//! Here stands what only the maker of the world can know. The numbers are those of
//! `docs/hazards.md`.

use crate::host::Lease;
use crate::lane::{Lane, NOW, Powers, TICK, limits};
use crate::search::{Waits, fingerprint};
use crate::world::{Person, World};
use gate_interlock::Gate;
use gate_interlock::invariants::Invariants;
use gate_protocol::pins::{Bits, Output};
use gate_protocol::{Answer, Door, Instant, Site, State, ToController};

/// A rule that did not hold.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) rule: String,
    pub(crate) how: String,
}

fn must(holds: bool, rule: &str, how: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds {
        return Ok(());
    }
    Err(Broken {
        rule: rule.to_owned(),
        how: how(),
    })
}

/// What the rules remember from one scan to the next.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Watch {
    /// The bystander, who sees nothing but pins, answers and events.
    pub(crate) bystander: Invariants,
    /// Whether the last scan released the exit.
    exit_released: bool,
    /// The link's last word was that the lease is held.
    held: bool,
    /// How many ticks have begun without a word of the link.
    unheard: u8,
}

/// One scan as the rules see it.
pub(crate) struct Scan<'a> {
    pub(crate) now: Instant,
    pub(crate) raw: Bits,
    pub(crate) gate: &'a Gate,
    pub(crate) world: &'a World,
    pub(crate) powers: &'a Powers,
}

const DOORS: [Door; 2] = [Door::Entry, Door::Exit];

impl Watch {
    pub(crate) fn new(bystander: Invariants) -> Self {
        Self {
            bystander,
            exit_released: false,
            held: false,
            unheard: 0,
        }
    }

    /// A tick begins.
    pub(crate) fn begin(&mut self, lease: Lease) {
        self.unheard = (self.unheard + 1).min(2);
        self.lease(lease);
    }

    /// The link has spoken, or not.
    pub(crate) fn lease(&mut self, lease: Lease) {
        if lease != Lease::Unheard {
            self.held = lease == Lease::Held;
            self.unheard = 0;
        }
    }

    /// A word is good for a tick and a little more.
    fn leased(&self, now: Instant) -> bool {
        self.held && (self.unheard == 0 || (self.unheard == 1 && now == NOW))
    }

    /// The interlock has answered a request.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        asked: &ToController,
        answer: Answer,
        before: &Gate,
        after: &Gate,
    ) -> Result<(), Broken> {
        self.bystander.answered(now, asked, answer);
        let told = || format!("{asked:?} in {:?} was {answer:?}", before.state());
        if answer == Answer::Accepted {
            let rule = "S9: nothing is taken without a lease";
            return must(self.leased(now), rule, told);
        }
        let rule = "S12: what is refused moves nothing";
        must(before == after, rule, told)
    }

    /// The interlock has scanned.
    pub(crate) fn scanned(&mut self, scan: &Scan<'_>) -> Result<(), Broken> {
        let (raw, outputs) = (scan.raw, scan.gate.outputs());
        let facts = scan.gate.facts(scan.now);
        self.bystander
            .check(scan.now, raw, outputs, facts)
            .map_err(|violation| Broken {
                rule: format!("{:?}: {}", violation.rule, violation.what),
                how: format!("{:?}", violation.state),
            })?;
        built_as_before(scan)?;
        self.nothing_without_lease(scan)?;
        self.exit_for_the_right_one(scan)?;
        self.exit_released = released(scan.gate, Door::Exit);
        never_both_open(scan)
    }

    /// S9 by the link's own book.
    fn nothing_without_lease(&self, scan: &Scan<'_>) -> Result<(), Broken> {
        let permits = matches!(scan.gate.state(), State::EntryOpen | State::ExitOpen);
        must(
            !permits || self.leased(scan.now),
            "S9: permits die with the lease",
            || format!("{:?}", scan.gate.state()),
        )
    }

    /// S4 and S20 by who is really there, which no sensor knows.
    fn exit_for_the_right_one(&self, scan: &Scan<'_>) -> Result<(), Broken> {
        let lets_out = scan.gate.state() == State::ExitOpen
            && released(scan.gate, Door::Exit)
            && !self.exit_released;
        let inside = &scan.world.inside;
        must(
            !lets_out || inside.single() || !scan.powers.truthful(),
            "S20: the exit opens for one person alone",
            || format!("{inside:?}"),
        )?;
        let known = inside.people().all(|person| person != Person::Unknown);
        must(
            !lets_out || !scan.powers.identities || known,
            "S4: the exit opens for whom the host has decided about",
            || format!("{inside:?}"),
        )
    }
}

/// SAF-026: in these searches nobody stands at the open cabinet with the service key turned, so
/// nobody changes how the gate is built.
fn built_as_before(scan: &Scan<'_>) -> Result<(), Broken> {
    let built = |site: Site| (site.shape, site.exit_lock);
    must(
        scan.gate.site().map(built) == Some(built(scan.powers.site)),
        "SAF-026: no host alone changes how the gate is built",
        || format!("{:?}", scan.gate.site()),
    )
}

/// S3 by where the leaves really are.
fn never_both_open(scan: &Scan<'_>) -> Result<(), Broken> {
    let open = DOORS.into_iter().all(|door| !scan.world.leaf(door).shut());
    must(
        !open || scan.powers.may_force(),
        "S3: both doors stand open",
        || format!("{:?}", scan.gate.state()),
    )
}

/// Whether the door's lock is free.
fn released(gate: &Gate, door: Door) -> bool {
    let on = |output| gate.outputs().output(output);
    match door {
        Door::Entry => !on(Output::EntryHold),
        Door::Exit => gate
            .site()
            .is_some_and(|site| site.exit_lock.is_released(on(Output::ExitHold))),
    }
}

/// How long somebody inside may have to wait until a door is released, in ticks.
///
/// To [`decide`](gate_interlock::Limits::decide) and [`trap`](gate_interlock::Limits::trap) comes
/// the time of a door that has to close first, twice: somebody may stand in it once.
pub(crate) fn patience() -> u32 {
    let limits = limits();
    let longest = limits.decide + limits.trap + limits.closing * 2;
    u32::try_from(longest.as_millis() / TICK.as_millis()).expect("limits are short here")
}

/// S8: whoever is inside finds a door released, or an officer called, before long, if the leaves follow and the sensors
/// tell the truth from now on, and whether the host holds its lease for ever or falls silent.
///
/// Returns the ticks it takes at most.
pub(crate) fn nobody_is_kept(
    lane: &Lane,
    powers: &Powers,
    known: &mut Waits,
) -> Result<u32, Broken> {
    let mut longest = 0;
    for lease in [Lease::Held, Lease::Lost] {
        let mut later = lane.clone();
        later.world = later.world.fair();
        later.lease = lease;
        longest = longest.max(released_after(later, powers, known)?);
    }
    Ok(longest)
}

fn released_after(mut lane: Lane, powers: &Powers, known: &mut Waits) -> Result<u32, Broken> {
    let mut way = Vec::new();
    for ticks in 0..patience() {
        let called = !lane.gate.outputs().output(Output::NoAlarm);
        let free = |door| released(&lane.gate, door);
        let mark = fingerprint(&lane);
        let rest = match called || DOORS.into_iter().any(free) {
            true => Some(0),
            false => known.get(&mark).copied(),
        };
        if let Some(rest) = rest.filter(|rest| ticks + rest < patience()) {
            known.extend(way.into_iter().rev().zip(rest + 1..));
            return Ok(ticks + rest);
        }
        way.push(mark);
        lane = lane.undisturbed(powers)?;
    }
    Err(Broken {
        rule: "S8: nobody is kept between the doors".to_owned(),
        how: format!("{:?}, {:?}", lane.lease, lane.gate.state()),
    })
}
