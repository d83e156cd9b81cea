//! What lies where in the controller's flash, which image starts, and how a new one gets there.
//!
//! The firmware, the boot loader and the bench use the same code; none of it touches a flash, a
//! register or a clock by itself.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod factory;
pub mod flash;
pub mod image;
#[cfg(feature = "std")]
pub mod key;
pub mod map;
#[cfg(feature = "pack")]
pub mod pack;
pub mod records;
pub mod slot;
pub mod start;
pub mod trial;
pub mod update;
