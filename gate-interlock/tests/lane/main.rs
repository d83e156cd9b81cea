//! The interlock in a lane: travellers, every input, and random people.

mod apart;
mod every_input;
mod exit;
mod rig;
mod round;
mod site;
mod walk;
