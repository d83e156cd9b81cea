//! The gate's daemon: devices, lane loop, settings, journal, traveller page.
#![forbid(unsafe_code)]

pub mod clock;
pub mod daemon;
pub mod journal;
pub mod keys;
pub mod lane;
pub mod models;
pub mod page;
pub mod pair;
pub mod ports;
pub mod register;
pub mod screens;
pub mod settings;
pub mod trust;
pub mod update;
