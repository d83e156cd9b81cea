//! A controller without a board: the real interlock behind the real controller's end of the link.

use crate::emulator::{TEST_SERIAL, test_page};
use crate::keys;
use gate_interlock::Gate;
use gate_interlock::invariants::{Invariants, Violation};
use gate_protocol::frame::Wire;
use gate_protocol::hello::Entropy;
use gate_protocol::keys::Secret;
use gate_protocol::link::Next;
use gate_protocol::link::controller::{ControllerLink, Delivery, Identity, Lane};
use gate_protocol::pins::Bits;
use gate_protocol::site::NoSite;
use gate_protocol::{Board as BoardName, CheckedSite, Instant, ResetCause, State};

#[derive(Debug)]
pub(crate) struct Board {
    interlock: Gate,
    link: ControllerLink,
    /// Nobody knows the rules of a gate that nobody knows.
    rules: Option<Invariants>,
    /// What it would find in its flash.
    site: Result<CheckedSite, NoSite>,
    boot: u32,
    powered: bool,
}

impl Board {
    pub(crate) fn new(now: Instant, site: Result<CheckedSite, NoSite>) -> Self {
        Self::started(now, site, 1)
    }

    /// A board that starts for the `boot`th time: each start draws other keys.
    fn started(now: Instant, site: Result<CheckedSite, NoSite>, boot: u32) -> Self {
        let identity = Identity {
            firmware: [0, 0, 0],
            board: BoardName::Simulated,
            reset: ResetCause::PowerOn,
            boot,
            entropy: Entropy::Weak,
        };
        let keys = keys::of_controller(&test_page(TEST_SERIAL));
        let seed = Secret::derive("seed of the rig's controller", &[&boot.to_le_bytes()]);
        Self {
            interlock: Gate::new(now, site),
            rules: site.ok().map(Invariants::new),
            link: ControllerLink::new(now, identity, keys, seed),
            site,
            boot,
            powered: true,
        }
    }

    /// Every output falls and nothing is heard any more.
    pub(crate) const fn power_off(&mut self) {
        self.powered = false;
    }

    /// It starts anew and knows its site and nothing else.
    pub(crate) fn power_on(&mut self, now: Instant) {
        *self = Self::started(now, self.site, self.boot.wrapping_add(1));
    }

    pub(crate) const fn is_powered(&self) -> bool {
        self.powered
    }

    /// One scan: inputs in, outputs out, and the rule of the interlock that they break.
    pub(crate) fn scan(&mut self, now: Instant, inputs: Bits) -> (Bits, Result<(), Violation>) {
        if !self.powered {
            return (Bits(0), Ok(()));
        }
        self.interlock.lease(now, self.link.has_lease(now));
        let outputs = self.interlock.scan(now, inputs);
        while let Some(event) = self.interlock.next_event() {
            if let Some(rules) = &mut self.rules {
                rules.happened(event);
            }
            // An event that finds no room is missed in the numbers; the host reports the hole.
            let _ = self.link.report(now, event);
        }
        self.link.set_lane(Lane {
            state: self.interlock.state(),
            inputs: self.interlock.inputs().0,
            outputs: outputs.0,
            passage: self.interlock.passage(),
        });
        let facts = self.interlock.facts(now);
        let rules = self.rules.as_mut();
        let kept = rules.map_or(Ok(()), |rules| rules.check(now, inputs, outputs, facts));
        (outputs, kept)
    }

    pub(crate) fn receive(&mut self, now: Instant, bytes: &[u8]) {
        if self.powered {
            self.link.receive(now, bytes);
        }
    }

    /// Answers what can be answered; bytes for the line, or when to come again. Tells whether the
    /// host wanted something, so that the next scan comes soon.
    pub(crate) fn next(&mut self, now: Instant, asked: &mut bool) -> Result<Wire, Instant> {
        if !self.powered {
            return Err(now);
        }
        loop {
            match self.link.next(now) {
                Next::Deliver(delivery) => {
                    *asked = true;
                    self.deliver(now, delivery);
                }
                Next::Transmit(wire) => return Ok(wire),
                Next::Wait(deadline) => return Err(deadline),
            }
        }
    }

    fn deliver(&mut self, now: Instant, delivery: Delivery) {
        match delivery {
            Delivery::SessionOpened => {
                self.interlock.open_session(now);
                if let Some(rules) = &mut self.rules {
                    rules.session_opened();
                }
            }
            Delivery::LeaseLapsed => self.interlock.lease(now, false),
            Delivery::Request { number, message } => {
                self.interlock.lease(now, self.link.has_lease(now));
                let answer = self.interlock.request(now, &message);
                if let Some(rules) = &mut self.rules {
                    rules.answered(now, &message, answer);
                }
                self.link.answer(number, answer);
                self.keep_site();
            }
            // Nobody opens the rig's cabinet.
            Delivery::Paired(_) => {}
        }
    }

    /// A site that the host has sent is written down; other wiring is another gate with other rules.
    fn keep_site(&mut self) {
        let stored = self.interlock.take_site_to_store();
        if let Some(Ok(site)) = stored.map(|site| site.check()) {
            let wiring = |site: CheckedSite| (site.get().shape, site.get().exit_lock);
            if self.site.map(wiring) != Ok(wiring(site)) {
                self.rules = Some(Invariants::new(site));
            }
            self.site = Ok(site);
        }
    }

    pub(crate) fn state(&self) -> State {
        self.interlock.state()
    }
}
