//! Printing for a reader who may go away: `hil list | head` is no reason to panic, and a run whose
//! output nobody reads any more still ends with its own verdict.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

/// Why nothing more can be printed.
static DEAF: OnceLock<ErrorKind> = OnceLock::new();

/// Prints a line to standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::print::out(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints a line to standard error.
macro_rules! complain {
    ($($text:tt)*) => { $crate::print::err(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints text to standard output, or forgets it when nobody reads.
pub(crate) fn out(text: Arguments<'_>) {
    if !is_heard() {
        return;
    }
    if let Err(problem) = io::stdout().lock().write_fmt(text) {
        let _ = DEAF.set(problem.kind());
    }
}

/// Prints text to standard error. Who has closed that has nobody to tell.
pub(crate) fn err(text: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(text);
}

/// Whether anybody still reads standard output. Who prints very much may stop.
pub(crate) fn is_heard() -> bool {
    DEAF.get().is_none()
}

/// Prints what is still held back.
///
/// # Errors
///
/// If something could not be printed, such as on a full disk. A reader who has gone is no error.
pub(crate) fn finish() -> io::Result<()> {
    let flushed = io::stdout().lock().flush();
    let kind = DEAF.get().copied().or(flushed.err().map(|it| it.kind()));
    match kind {
        None | Some(ErrorKind::BrokenPipe) => Ok(()),
        Some(kind) => Err(kind.into()),
    }
}
