//! Everything that the daemon logs, down to the finest level, kept for the test to read.

use super::Lane;
use anyhow::{Result, ensure};
use std::io;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use tracing_subscriber::EnvFilter;

/// One lane at a time runs in a process, so this is the log of the present one.
static LOG: Mutex<String> = Mutex::new(String::new());

/// All that the daemon can log. The issuer's encoder of portraits is none of it.
const EVERYTHING: &str = "trace,openjp2=off";

/// What a panic anywhere in the process leaves in the log.
const PANIC: &str = "a thread panicked";

/// Lines of the log that a failed test shows.
const LAST_WORDS: usize = 30;

fn log() -> MutexGuard<'static, String> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Kept;

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        log().push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins an empty log.
pub(super) fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(EVERYTHING))
            .with_ansi(false)
            .without_time()
            .with_writer(|| Kept)
            .init();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            log().push_str(&format!("{PANIC}: {panic}\n"));
            before(panic);
        }));
    });
    log().clear();
}

/// The whole log.
pub(crate) fn text() -> String {
    log().clone()
}

/// What the daemon said last at the levels that a technician sees.
pub(super) fn last_words() -> String {
    let log = text();
    let lines: Vec<&str> = log.lines().filter(|line| !is_trace(line)).collect();
    lines[lines.len().saturating_sub(LAST_WORDS)..].join("\n")
}

fn is_trace(line: &str) -> bool {
    line.starts_with("TRACE")
}

/// Nothing in the daemon panicked, whatever it was fed.
pub(super) fn check_no_panic() -> Result<()> {
    ensure!(!log().contains(PANIC), "a thread panicked");
    Ok(())
}

impl Lane {
    /// The daemon has said all this in one line, at a level that is logged by default.
    pub(crate) fn has_said(&self, words: &[&str]) -> Result<()> {
        let log = log();
        let mut lines = log
            .lines()
            .map(str::trim_start)
            .filter(|line| !is_trace(line) && !line.starts_with("DEBUG"));
        ensure!(
            lines.any(|line| words.iter().all(|word| line.contains(word))),
            "no line of the log says {words:?}"
        );
        Ok(())
    }
}
