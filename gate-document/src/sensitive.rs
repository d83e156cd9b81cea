//! Personal data that must not reach a log, an error or a metric.

use core::fmt;
use zeroize::Zeroize;

/// A personal value. It prints as `…` and is zeroed when dropped.
///
/// Whoever needs the value says so with [`Sensitive::expose`], which is easy to search for.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    /// Marks `value` as personal.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Nothing derived from it may be printed.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<T: Zeroize> Drop for Sensitive<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
