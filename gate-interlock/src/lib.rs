//! Doors and safety as a scan: inputs in, pin levels out.
//!
//! The interlock is all that decides about the two doors of a lane. The host asks through
//! [`Interlock::request`]; every millisecond its owner calls [`Interlock::scan`] with the levels of
//! the input pins and drives the output pins as told. It reads no clock and no pin, owns no heap
//! and cannot fail: the same code runs on the controller, in the simulator and in these tests.
//!
//! A scan goes down one line, each step in a file of its own:
//!
//! 1. `debounce`: raw levels become steady ones, towards the safe side at once;
//! 2. `readings`: bits become words (door shut, one person in the lane, emergency);
//! 3. `leaf`: each door is compared with what it was last told;
//! 4. `precedence`: emergency, tamper, service key and faults come before everything else;
//! 5. `round`: the lane's stage moves on, `interlock` says which door it wants released;
//! 6. `enforce`: the last word before the pins, which knows no travellers, only doors;
//! 7. `signs`: locks, drives, lamps, buzzer and contacts as output bits, `duty` their longest times.
//!
//! A single turnstile is the lane's little sister ([`Turnstile`]); [`Gate`] is whichever of the two
//! the site has, or a machine that drives nothing where there is no site.
//!
//! Functions that keep somebody safe carry a number `SAF-nnn`; `docs/hazards.md` names the hazard
//! and the test that proves each of them.
#![no_std]
#![forbid(unsafe_code)]

mod debounce;
mod duty;
mod enforce;
mod gate;
mod interlock;
pub mod invariants;
mod leaf;
mod lease;
mod limits;
mod power;
mod precedence;
mod read_back;
mod readings;
mod rebase;
mod requests;
mod round;
mod service;
mod signs;
mod stage;
mod turnstile;
mod unconfigured;
mod way_out;

pub use enforce::{Released, Surroundings, enforce};
pub use gate::Gate;
pub use interlock::Interlock;
pub use limits::Limits;
pub use read_back::ReadBack;
pub use turnstile::{
    ArmCommand, ArmSurroundings, Escape, Limits as TurnstileLimits, Turnstile, enforce_arm,
};
