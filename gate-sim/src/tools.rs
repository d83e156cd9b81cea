//! Tools that not every machine has. A test that needs one passes over where it is missing, unless
//! everything is asked for.

use std::io::Write;

/// With this variable set, a test whose tools are missing fails; `cargo xtask test` sets it.
pub const EVERYTHING: &str = "GATE_ALL";

/// Says on standard error that a test is passed over, and why. It goes around the test harness,
/// which swallows what passing tests print.
///
/// # Panics
///
/// With [`EVERYTHING`] set: then nothing may be passed over.
pub fn passed_over(reason: &str) {
    assert!(
        std::env::var_os(EVERYTHING).is_none(),
        "{EVERYTHING} is set, and {reason}"
    );
    // Who has no standard error has nobody to tell.
    let _ = std::io::stderr().write_all(format!("skipped: {reason}\n").as_bytes());
}
