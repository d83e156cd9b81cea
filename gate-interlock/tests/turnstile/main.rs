//! The turnstile: travellers, every state with everything that can happen, and random people.

mod rig;
mod table;
mod turns;
mod walk;
