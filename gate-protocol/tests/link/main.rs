//! Host's end and controller's end against each other, in virtual time.

mod lossy;
mod rules;
mod world;
