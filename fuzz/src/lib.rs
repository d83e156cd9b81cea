//! Bytes that nobody has asked for, given to every decoder that faces a wire, an antenna, a network
//! or a file.
//!
//! [`targets`] has one function for each decoder. `tests/survive.rs` calls it with the seeds, with
//! every seed in which one thing is wrong, and with noise; under `cargo bolero` a fuzzer looks for
//! inputs that reach further. `docs/fuzzing.md` says how, and what came of it.
//!
//! [`seeds`] makes good inputs. None holds anybody's data: the documents are the specimens of the
//! standard and those of the test authority.

// A fuzzer's build links the library's own tests too, though there are none, and what it counts with
// is the fuzzer's.
#[cfg(test)]
use bolero as _;

pub mod damage;
pub mod flash;
pub mod hostile;
pub mod seeds;
pub mod targets;
