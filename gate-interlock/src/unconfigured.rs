//! A controller that does not know what hangs on its pins.

use crate::Limits;
use crate::debounce::Debounce;
use crate::lease::Lease;
use crate::rebase::{Moments, rebase};
use core::time::Duration;
use gate_protocol::pins::{Bits, Input};
use gate_protocol::{
    Answer, CheckedSite, Event, Fault, Instant, NoSite, Refusal, Site, State, ToController,
};
use heapless::Vec;

/// More than a scan can bring about: the start, a fault, and an end and a beginning of danger and of
/// tamper. The owner fetches them after each scan.
const EVENTS_MAX: usize = 8;
/// What is wired is not known, so what an input reads is told only once it has read so for a while.
const STEADY: Duration = Duration::from_millis(100);

/// Something that begins and ends, and of which both are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Told {
    stands: bool,
    differs_since: Option<Instant>,
}

impl Told {
    /// Whether it has just begun or ended.
    fn changes(&mut self, now: Instant, stands: bool) -> bool {
        if stands == self.stands {
            self.differs_since = None;
            return false;
        }
        let since = *self.differs_since.get_or_insert(now);
        let changes = now.since(since) >= STEADY;
        if changes {
            *self = Self {
                stands,
                differs_since: None,
            };
        }
        changes
    }
}

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
    danger: Told,
    tamper: Told,
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
            danger: Told::default(),
            tamper: Told::default(),
            events,
        }
    }

    /// Reads the inputs, for the host to see, and drives nothing.
    pub(crate) fn scan(&mut self, now: Instant, raw: Bits) -> Bits {
        self.lease.lapse(now);
        self.inputs = self.debounce.update(now, raw);
        self.tell(now);
        self.outputs()
    }

    /// Nothing is done about danger or an open cabinet, so there is nothing that somebody would have to
    /// clear: the events say what the inputs read. Break-glass is another signal's pin at a turnstile.
    fn tell(&mut self, now: Instant) {
        let calm = [Input::FireOk, Input::EstopOk1, Input::EstopOk2];
        let danger = !calm.into_iter().all(|input| self.inputs.input(input));
        if self.danger.changes(now, danger) {
            self.happened(if danger {
                Event::EmergencyBegan
            } else {
                Event::EmergencyEnded
            });
        }
        let open = !self.inputs.input(Input::TamperOk);
        if self.tamper.changes(now, open) {
            self.happened(if open {
                Event::TamperBegan
            } else {
                Event::TamperEnded
            });
        }
    }

    /// A machine takes this one's place: what stands has its end told.
    pub(crate) fn conclude(&mut self) {
        if core::mem::take(&mut self.danger).stands {
            self.happened(Event::EmergencyEnded);
        }
        if core::mem::take(&mut self.tamper).stands {
            self.happened(Event::TamperEnded);
        }
        if core::mem::take(&mut self.stuck) {
            self.happened(Event::TroubleCleared);
        }
    }

    fn happened(&mut self, event: Event) {
        // An owner that fetches the events after each scan never fills the queue.
        let _ = self.events.push(event);
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
            self.happened(Event::Trouble(fault));
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
        for told in [&mut self.danger, &mut self.tamper] {
            if let Some(since) = &mut told.differs_since {
                visit(since, STEADY);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
