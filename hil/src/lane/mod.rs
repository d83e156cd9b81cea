//! A whole lane in real time, of which only glass, steel and people are simulated, and, where a
//! station says so, devices.

pub(crate) mod cast;
pub(crate) mod controller;
pub(crate) mod daemon;
pub(crate) mod disk;
pub(crate) mod screen;
pub(crate) mod stand;
pub(crate) mod told;
