//! The lane loop: drain, wait, feed. All that races in a lane meets in its one `select!`.

use crate::clock::Clock;
use crate::ports::Ports;
use gate_session::{Event, Next, Session};

/// Runs a lane until its ports are closed.
pub async fn run(mut session: Session, mut ports: impl Ports, clock: Clock) {
    loop {
        let deadline = loop {
            match session.next() {
                Next::Do(effect) => ports.start(effect),
                Next::Wait(deadline) => break deadline,
            }
        };
        let event = tokio::select! {
            event = ports.event() => match event {
                Some(event) => event,
                None => return,
            },
            () = clock.until(deadline) => Event::DeadlineReached,
        };
        session.handle(clock.now(), event);
    }
}
