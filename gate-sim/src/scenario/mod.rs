//! Scenarios: who comes, what goes wrong, and what must follow.
//!
//! A scenario is a file that can be read aloud. [`run()`] plays it on any [`Rig`]: in virtual time,
//! before the real daemon, before a real gate. Whatever it asks for, the rig's monitors watch, and
//! at its end every fault is over and the lane must be ready again.

mod file;
pub mod observed;
mod play;
mod sense;
mod told;

pub use file::{Deed, Expected, Scenario, ScenarioError, Step, schema, text_of};
pub use observed::Observed;
pub use play::{BenchFault, Line, Measured, Rig, Run, Verdict, run};
pub use told::Told;
