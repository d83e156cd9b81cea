//! Printing for a reader who may go away: `gatectl … | head` is no reason to panic, and the exit code
//! stays what it is.

use std::fmt::Arguments;
use std::io::{self, Write as _};

/// Prints a line to standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::print::out(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints a line to standard error.
macro_rules! complain {
    ($($text:tt)*) => { $crate::print::err(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints to standard output. Who has closed that wants to hear no more.
pub(crate) fn out(text: Arguments<'_>) {
    let _ = io::stdout().lock().write_fmt(text);
}

/// Prints to standard error.
pub(crate) fn err(text: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(text);
}
