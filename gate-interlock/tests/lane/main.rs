//! The interlock in a lane: travellers, every input, and random people.

mod every_input;
mod rig;
mod round;
mod walk;
