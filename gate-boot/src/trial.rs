//! When the running image is confirmed or given up, and when the controller starts anew for it.
//!
//! A state machine without a clock: times are counted from the start.

use core::time::Duration;

/// How long an image on trial has to find a host: a daemon that is not told of the restart calls
/// within a second, a lane computer that starts anew within half a minute.
pub const TRIAL: Duration = Duration::from_secs(60);
/// The answer to "activate" is on its way for so long before the restart.
pub const ANSWERING: Duration = Duration::from_millis(200);

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Todo {
    /// Nothing.
    Nothing,
    /// Write down that the running image is the one to start from now on: see
    /// [`Trial::confirmed`].
    Confirm,
    /// Start anew. An image that is on trial and was not confirmed is given up by that.
    Restart,
}

/// The running image's trial, and the restart into another.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Nothing is left to prove.
    proved: bool,
    /// A host has been served.
    served: bool,
    /// Confirming has failed.
    failed: bool,
    prove_until: Duration,
    restart_at: Option<Duration>,
}

impl Trial {
    /// The trial of an image that has just started; none for one that is confirmed.
    #[must_use]
    pub fn new(now: Duration, awaits_proof: bool) -> Self {
        Self {
            proved: !awaits_proof,
            served: false,
            failed: false,
            prove_until: now + TRIAL,
            restart_at: None,
        }
    }

    /// Whether nothing is left to prove.
    #[must_use]
    pub const fn is_proved(&self) -> bool {
        self.proved
    }

    /// Another image has been activated: it starts soon.
    pub fn activated(&mut self, now: Duration) {
        self.restart_at = Some(now + ANSWERING);
    }

    /// What is to be done. `serves` says that the image does what it is there for: a host holds its
    /// lease, and the storage can be read. `at_rest` says that the gate is closed, idle and empty.
    ///
    /// SAF-088: whatever is due waits for that. A fire that comes meanwhile, somebody who steps in
    /// or a leaf that moves is worth more than an update.
    pub fn next(&mut self, now: Duration, serves: bool, at_rest: bool) -> Todo {
        self.served |= serves;
        let late = now >= self.prove_until;
        let asked = self.restart_at.is_some_and(|at| now >= at);
        let todo = match self.served {
            _ if asked => Todo::Restart,
            _ if self.proved => Todo::Nothing,
            // Not kept, it is tried again until the trial ends, and then the image before starts.
            true if !(self.failed && late) => Todo::Confirm,
            _ if late => Todo::Restart,
            _ => Todo::Nothing,
        };
        if at_rest { todo } else { Todo::Nothing }
    }

    /// Whether the confirmation was written down.
    pub const fn confirmed(&mut self, kept: bool) {
        self.proved = kept;
        self.failed = !kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    const LATE: u64 = 60_000;

    #[test]
    fn an_image_that_serves_a_host_is_confirmed_as_soon_as_the_gate_is_at_rest() {
        let mut trial = Trial::new(at(0), true);
        assert_eq!(trial.next(at(1_000), true, false), Todo::Nothing);
        // It has served: that the host is away, and the minute over, takes nothing back.
        assert_eq!(trial.next(at(LATE * 2), false, false), Todo::Nothing);
        assert_eq!(trial.next(at(LATE * 2), false, true), Todo::Confirm);
        trial.confirmed(true);
        assert!(trial.is_proved());
        assert_eq!(trial.next(at(LATE * 3), false, true), Todo::Nothing);
    }

    #[test]
    fn an_image_that_serves_nobody_is_given_up_after_a_minute_and_at_rest() {
        let mut trial = Trial::new(at(0), true);
        assert_eq!(trial.next(at(LATE - 1), false, true), Todo::Nothing);
        assert_eq!(trial.next(at(LATE + 5_000), false, false), Todo::Nothing);
        assert_eq!(trial.next(at(LATE + 5_001), false, true), Todo::Restart);
    }

    #[test]
    fn an_image_that_cannot_be_confirmed_is_given_up_after_a_minute() {
        let mut trial = Trial::new(at(0), true);
        for ms in [1_000, 2_000, LATE - 1] {
            assert_eq!(trial.next(at(ms), true, true), Todo::Confirm);
            trial.confirmed(false);
        }
        assert_eq!(trial.next(at(LATE), true, true), Todo::Restart);
    }

    #[test]
    fn a_restart_that_was_asked_for_waits_for_its_answer_and_for_rest() {
        let mut trial = Trial::new(at(0), false);
        trial.activated(at(1_000));
        assert_eq!(trial.next(at(1_199), true, true), Todo::Nothing);
        // A fire, somebody inside, an open leaf.
        for ms in (1_200..600_000).step_by(1_000) {
            assert_eq!(trial.next(at(ms), true, false), Todo::Nothing);
        }
        assert_eq!(trial.next(at(600_000), true, true), Todo::Restart);
    }

    #[test]
    fn a_confirmed_image_is_never_given_up() {
        let mut trial = Trial::new(at(0), false);
        assert_eq!(trial.next(at(LATE * 10), false, true), Todo::Nothing);
    }
}
