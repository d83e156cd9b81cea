//! Host's end and controller's end against each other, in virtual time.

mod fresh;
mod lossy;
mod pairing;
mod raw;
mod rules;
mod trust;
mod world;
