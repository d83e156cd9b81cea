//! A controller that does not know what hangs on its pins.

use crate::Limits;
use crate::debounce::Debounce;
use crate::lease::Lease;
use crate::rebase::{Moments, rebase};
use core::time::Duration;
use gate_protocol::pins::Bits;
use gate_protocol::{
    Answer, CheckedSite, Event, Fault, Instant, NoSite, Refusal, Site, State, ToController,
};
use heapless::Vec;

/// The start, and one fault.
const EVENTS_MAX: usize = 2;

/// No site: every output stays off, whatever the inputs read and whatever the host wants.
///
/// SAF-025: one terminal holds a lock in one gate and frees it in another, or drops an arm where a
/// drive was meant. Off is what each gate is built to bear: it is also what it has without power.
/// So a fire changes nothing here: what could be let go of, is. `docs/hazards.md` says what off
/// means at each lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Unconfigured {
    why: NoSite,
    debounce: Debounce,
    inputs: Bits,
    lease: Lease,
    site: Option<Site>,
    /// A pin is on although nothing drives it, and that has been told.
    stuck: bool,
    events: Vec<Event, EVENTS_MAX>,
}

impl Unconfigured {
    /// A controller after a reset, and why it has no site.
    pub(crate) fn new(why: NoSite) -> Self {
        let mut events = Vec::new();
        // The queue is empty: there is room.
        let _ = events.push(Event::Started);
        Self {
            why,
            debounce: Debounce::default(),
            inputs: Bits(0),
            lease: Lease::default(),
            site: None,
            stuck: false,
            events,
        }
    }

    /// Reads the inputs, for the host to see, and drives nothing.
    pub(crate) fn scan(&mut self, now: Instant, raw: Bits) -> Bits {
        self.lease.lapse(now);
        self.inputs = self.debounce.update(now, raw);
        self.outputs()
    }

    /// Nothing is taken but a site, and that always: nothing moves that could hurt anybody.
    pub(crate) fn request(&mut self, now: Instant, asked: &ToController) -> Answer {
        match self.consider(now, asked) {
            Ok(site) => {
                self.site = Some(site.get());
                Answer::Accepted
            }
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    fn consider(&self, now: Instant, asked: &ToController) -> Result<CheckedSite, Refusal> {
        match asked {
            ToController::Configure { .. } if !self.leased(now) => Err(Refusal::NoLease),
            ToController::Configure { site } => site.check().map_err(|_| Refusal::OutOfRange),
            _ => Err(Refusal::NoSite),
        }
    }

    pub(crate) fn lease(&mut self, now: Instant, held: bool) {
        let word = Limits::default().lease_word;
        self.lease.tell(now, held, word);
    }

    /// Tells a fault once: nothing can be done about it but to look.
    pub(crate) fn report(&mut self, fault: Fault) {
        if !core::mem::replace(&mut self.stuck, true) {
            // There is room for all that ever happens here.
            let _ = self.events.push(Event::Trouble(fault));
        }
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        (!self.events.is_empty()).then(|| self.events.remove(0))
    }

    pub(crate) const fn take_site_to_store(&mut self) -> Option<Site> {
        self.site.take()
    }

    pub(crate) const fn state(&self) -> State {
        State::NoSite(self.why)
    }

    pub(crate) const fn inputs(&self) -> Bits {
        self.inputs
    }

    #[expect(
        clippy::unused_self,
        reason = "the other machines have something to say"
    )]
    pub(crate) const fn outputs(&self) -> Bits {
        Bits(0)
    }

    pub(crate) fn leased(&self, now: Instant) -> bool {
        self.lease.stands(now)
    }

    /// The same at another time: see [`Gate::rebased`](crate::Gate::rebased).
    pub(crate) fn rebased(&self, now: Instant) -> Self {
        rebase(self.clone(), &Limits::default(), now)
    }
}

impl Moments for Unconfigured {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        self.debounce.moments(limits, visit);
        if let Some(until) = self.lease.end() {
            visit(until, Duration::ZERO);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_protocol::pins::Input;

    /// No combination of levels, nor any way to one, has an output on.
    #[test]
    fn no_input_switches_an_output_on() {
        let mut controller = Unconfigured::new(NoSite::Missing);
        let mut now = Instant::ZERO;
        for levels in 0..1_u32 << 16 {
            // The emergency inputs, each alone and together, with all others in many ways.
            let raw = Bits(levels.wrapping_mul(0x9E37_79B1) ^ levels);
            assert_eq!(controller.scan(now, raw), Bits(0), "{raw:?}");
            now = now + Duration::from_millis(1);
        }
        for input in Input::ALL {
            for raw in [Bits(1 << input as u8), Bits(!(1 << input as u8))] {
                for _ in 0..2_000 {
                    assert_eq!(controller.scan(now, raw), Bits(0), "{input:?}");
                    now = now + Duration::from_millis(1);
                }
                assert_eq!(controller.inputs().input(input), raw.input(input));
            }
        }
    }
}
