//! Whatever gate hangs on the controller's pins, under one name.

use crate::{Interlock, Turnstile};
use gate_protocol::pins::Bits;
use gate_protocol::{
    Answer, CheckedSite, Event, Fault, Instant, Passage, Shape, Site, State, ToController,
};

/// The machine of one gate: which one, its site says.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, in a static, for as long as the controller runs"
)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// A lane between two doors.
    Lane(Interlock),
    /// A single turnstile.
    Turnstile(Turnstile),
}

/// The same call to whichever machine it is.
macro_rules! either {
    ($gate:expr, $machine:ident => $call:expr) => {
        match $gate {
            Gate::Lane($machine) => $call,
            Gate::Turnstile($machine) => $call,
        }
    };
}

impl Gate {
    /// The machine that the site has, after a reset. Another shape takes another reset.
    #[must_use]
    pub fn new(now: Instant, site: CheckedSite) -> Self {
        match site.get().shape {
            Shape::TwoDoors => Self::Lane(Interlock::new(now, site)),
            Shape::Turnstile => Self::Turnstile(Turnstile::new(now, site)),
        }
    }

    /// Takes the levels of the input pins and says which output pins to drive high.
    ///
    /// To be called every millisecond. The watchdog's bit stays low: that edge is the board's.
    pub fn scan(&mut self, now: Instant, raw: Bits) -> Bits {
        either!(self, machine => machine.scan(now, raw))
    }

    /// Answers the host. Nothing moves before the next scan, and that still has the last word.
    pub fn request(&mut self, now: Instant, asked: &ToController) -> Answer {
        either!(self, machine => machine.request(now, asked))
    }

    /// A host has said hello: forgets what an earlier session wanted. People and alarms stay.
    pub fn open_session(&mut self, now: Instant) {
        either!(self, machine => machine.open_session(now));
    }

    /// The link's word whether the host holds its lease: see [`Interlock::lease`].
    pub fn lease(&mut self, now: Instant, held: bool) {
        either!(self, machine => machine.lease(now, held));
    }

    /// Reports something wrong that only the board can see.
    pub fn report(&mut self, now: Instant, fault: Fault) {
        either!(self, machine => machine.report(now, fault));
    }

    /// The oldest event not fetched yet.
    pub fn next_event(&mut self) -> Option<Event> {
        either!(self, machine => machine.next_event())
    }

    /// What the host sees of the gate's stage.
    #[must_use]
    pub const fn state(&self) -> State {
        either!(self, machine => machine.state())
    }

    /// Who is in the lane, or which turn a permit must name; 0 if nobody.
    #[must_use]
    pub fn passage(&self) -> Passage {
        either!(self, machine => machine.passage())
    }

    /// The debounced inputs of the last scan.
    #[must_use]
    pub const fn inputs(&self) -> Bits {
        either!(self, machine => machine.inputs())
    }

    /// The outputs of the last scan.
    #[must_use]
    pub const fn outputs(&self) -> Bits {
        either!(self, machine => machine.outputs())
    }

    /// The site that the gate works with.
    #[must_use]
    pub const fn site(&self) -> Site {
        either!(self, machine => machine.site())
    }

    /// A site that the host has sent and the gate obeys already, to be kept over a power cut. Given
    /// once.
    pub const fn take_site_to_store(&mut self) -> Option<Site> {
        either!(self, machine => machine.take_site_to_store())
    }

    /// Whether the cabinet is open now.
    #[must_use]
    pub const fn cabinet_open(&self) -> bool {
        either!(self, machine => machine.cabinet_open())
    }

    /// Whether somebody presses the pairing button.
    #[must_use]
    pub const fn pair_pressed(&self) -> bool {
        either!(self, machine => machine.pair_pressed())
    }

    /// Closed, idle and empty: nothing that takes the controller's time can hurt anybody.
    #[must_use]
    pub fn at_rest(&self) -> bool {
        either!(self, machine => machine.at_rest())
    }

    /// Whether the host holds its lease, as far as the gate knows.
    #[must_use]
    pub fn leased(&self, now: Instant) -> bool {
        either!(self, machine => machine.leased(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_shape_decides_which_machine_runs() {
        for (shape, state) in [
            (Shape::TwoDoors, State::Secure),
            (Shape::Turnstile, State::Obstructed),
        ] {
            let site = Site {
                shape,
                ..Site::DEFAULT
            };
            let site = site.check().expect("the defaults keep their bounds");
            let mut gate = Gate::new(Instant::ZERO, site);
            // No danger; the entry is not closed, or the arm not at home.
            gate.scan(Instant::ZERO, Bits(0x008c_000f));
            assert_eq!(gate.state(), state, "{shape:?}");
            assert_eq!(gate.site().shape, shape);
        }
    }
}
