//! Ctrl-C, and what asks a process to end: work ends at the next place where everything is safe.

use crate::leftovers;
use anyhow::Context;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the shell says of a program that Ctrl-C ended.
const AT_ONCE: i32 = 130;

/// Whether somebody has asked the bench to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on. Who asks twice is obeyed at once.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let stop = Self::default();
        let asked = Arc::clone(&stop.0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut signals = runtime.block_on(async { Signals::listen() })?;
        thread::spawn(move || {
            runtime.block_on(async {
                signals.next().await;
                asked.store(true, Ordering::Relaxed);
                complain!("stopping; once more to stop at once");
                signals.next().await;
                leftovers::clear();
                std::process::exit(AT_ONCE);
            });
        });
        Ok(stop)
    }

    /// Whether somebody has asked.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Everything that asks this process to end.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal has been closed.
    hang_up: Signal,
}

impl Signals {
    /// Listens from now on. Needs a tokio runtime.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be listened to");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// Waits until somebody asks.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
