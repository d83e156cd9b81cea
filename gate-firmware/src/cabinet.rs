//! The cabinet's door and the pairing button.

use gate_protocol::keys::Pairing;
use gate_protocol::link::controller::ControllerLink;
use gate_protocol::pairing::{Change, PairingWindow};
use gate_protocol::pins::{Bits, Input};
use gate_protocol::{Event, Instant};

use crate::storage::{self, Item};

/// What the link has to know of the cabinet.
pub(crate) struct Cabinet {
    window: PairingWindow,
    was_open: bool,
}

impl Cabinet {
    /// A cabinet that is taken for open until its contact says otherwise: there is no session yet
    /// that could end.
    pub(crate) const fn new() -> Self {
        Self {
            window: PairingWindow::new(),
            was_open: true,
        }
    }

    /// Looks at contact and button, and tells the link.
    pub(crate) fn watch(&mut self, now: Instant, inputs: Bits, link: &mut ControllerLink) {
        let open = !inputs.input(Input::TamperOk);
        // SAF-075: whoever opens the cabinet meets no session whose keys could be read out.
        if open && !core::mem::replace(&mut self.was_open, open) {
            link.drop_session();
        }
        self.was_open = open;
        match self.window.watch(now, open, inputs.input(Input::Pair)) {
            Some(Change::Opened) => {
                link.let_pair(true);
                report(now, link, Event::PairingOpened);
            }
            Some(Change::Closed) => {
                link.let_pair(false);
                report(now, link, Event::PairingClosed);
            }
            None => {}
        }
    }

    /// Stores a pairing and goes by it, if the gate is still: storing halts the processor for a
    /// moment. It is never at rest then, because the cabinet is open.
    pub(crate) fn pair(
        &mut self,
        now: Instant,
        still: bool,
        pairing: Pairing,
        link: &mut ControllerLink,
    ) {
        self.window.succeed();
        if !still || storage::store(Item::Pairing, &pairing).is_err() {
            link.let_pair(false);
            report(now, link, Event::PairingClosed);
        } else {
            link.adopt(pairing);
            report(now, link, Event::Paired);
        }
    }
}

fn report(now: Instant, link: &mut ControllerLink, event: Event) {
    // An event that finds no room is counted by the link and missed by the host in the numbers.
    let _ = link.report(now, event);
}
