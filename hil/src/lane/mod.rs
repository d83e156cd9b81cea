//! A whole lane in real time, of which only glass, steel and people are simulated, and, where a
//! station says so, devices.

pub(crate) mod blame;
pub(crate) mod cast;
pub(crate) mod controller;
pub(crate) mod daemon;
mod devices;
mod disk;
mod guide;
mod hands;
mod io;
pub(crate) mod screen;
pub(crate) mod stand;
mod tap;
pub(crate) mod told;
