//! A lane made of software: people, doors, devices, test documents and the emulated controller.
#![forbid(unsafe_code)]

pub mod camera;
pub mod chip;
pub mod controller;
pub mod emulator;
pub mod fault;
pub mod imager;
pub mod io_board;
pub mod issuer;
pub mod keys;
pub mod models;
pub mod page;
pub mod profile;
pub mod reader;
pub mod recording;
pub mod rig;
pub mod scenario;
pub mod stream;
pub mod swarm;
pub mod tools;
pub mod world;
