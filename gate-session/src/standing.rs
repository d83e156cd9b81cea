//! What the controller is to go by until it is told otherwise: how the lane is offered, and what the
//! lamps say.
//!
//! A controller whose host holds no lease refuses both. The lease comes with the next heartbeat, the
//! command does not: it is said again with every status until it is taken. Without that a lane whose
//! line dropped the wrong frame would say *welcome* and never open.

use gate_protocol::{CommandNumber, Refusal, ToController};

/// The newest mode and the newest sign. Whoever drives a session feeds it, the daemon as well as a
/// simulation.
#[derive(Debug, Default)]
pub struct Standing {
    mode: Option<Order>,
    sign: Option<Order>,
}

#[derive(Clone, Copy, Debug)]
struct Order {
    command: ToController,
    number: CommandNumber,
    refused: bool,
}

impl Standing {
    /// A session has been opened: the journey says everything anew.
    pub const fn forget(&mut self) {
        self.mode = None;
        self.sign = None;
    }

    /// The link has taken `command` under this number.
    pub const fn sent(&mut self, command: ToController, number: CommandNumber) {
        let order = Some(Order {
            command,
            number,
            refused: false,
        });
        match command {
            ToController::SetMode { .. } => self.mode = order,
            ToController::Show { .. } => self.sign = order,
            _ => {}
        }
    }

    /// The controller has refused this command. Only what it refuses for want of a lease is said
    /// again: every other refusal would come again as well.
    pub fn refused(&mut self, number: CommandNumber, refusal: Refusal) {
        for order in [&mut self.mode, &mut self.sign].into_iter().flatten() {
            order.refused |= order.number == number && refusal == Refusal::NoLease;
        }
    }

    /// What is to be said again. Ask at every status.
    pub fn again(&mut self) -> impl Iterator<Item = ToController> + use<> {
        [&mut self.mode, &mut self.sign]
            .map(|order| order.take_if(|order| order.refused))
            .into_iter()
            .flatten()
            .map(|order| order.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_protocol::{Mode, Sign};

    const OFFER: ToController = ToController::SetMode { mode: Mode::WalkIn };
    const CLOSE: ToController = ToController::SetMode { mode: Mode::Closed };
    const GREET: ToController = ToController::Show {
        sign: Sign::Welcome,
    };

    #[test]
    fn what_is_refused_for_want_of_a_lease_is_said_again_once() {
        let mut standing = Standing::default();
        standing.sent(OFFER, 1);
        standing.sent(GREET, 2);
        standing.refused(1, Refusal::NoLease);
        assert_eq!(standing.again().collect::<Vec<_>>(), [OFFER]);
        assert_eq!(standing.again().count(), 0, "until it is refused again");
        standing.sent(OFFER, 3);
        standing.refused(3, Refusal::NoLease);
        assert_eq!(standing.again().collect::<Vec<_>>(), [OFFER]);
    }

    #[test]
    fn nothing_else_is_said_again() {
        let refused = |number, refusal| {
            let mut standing = Standing::default();
            standing.sent(OFFER, 1);
            standing.sent(CLOSE, 2);
            standing.sent(ToController::ReadHealth, 3);
            standing.refused(number, refusal);
            standing.again().collect::<Vec<_>>()
        };
        assert_eq!(refused(1, Refusal::NoLease), [], "superseded");
        assert_eq!(refused(2, Refusal::NotThisShape), [], "for another reason");
        assert_eq!(refused(3, Refusal::NoLease), [], "not standing");
        assert_eq!(refused(2, Refusal::NoLease), [CLOSE]);
        let mut standing = Standing::default();
        standing.sent(OFFER, 1);
        standing.refused(1, Refusal::NoLease);
        standing.forget();
        assert_eq!(standing.again().count(), 0, "another session");
    }
}
