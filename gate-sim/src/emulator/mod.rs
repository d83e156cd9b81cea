//! The real firmware on an emulated board, driven and watched at its pins.
//!
//! One [`Board`] is one QEMU process that runs the image that is flashed to real controllers. It
//! has inputs to set, outputs to watch, a serial line that any program can open as a device, a
//! reset button and a plug to pull:
//!
//! ```no_run
//! # use gate_sim::emulator::{Board, Config, ALL_CALM};
//! # use gate_protocol::pins::Input;
//! # fn main() -> Result<(), gate_sim::emulator::EmulatorError> {
//! let config = Config::new("qemu-system-arm", "gate-firmware.elf", "/run/lane-1");
//! let mut board = Board::power_on(&config, ALL_CALM)?;
//! let changes = board.changes();
//! board.set_input(Input::FireOk, false)?;
//! # let _ =
//! changes.recv(); // the doors are released
//! board.power_cut();
//! # Ok(())
//! # }
//! ```
//!
//! What QEMU does not model of the STM32L4 is made up here: both watchdogs, the flash controller,
//! the pace of the line and its faults. Time on the board is wall-clock time; on a busy machine it stumbles, so whoever
//! judges durations goes by the uptime that the firmware reports.

mod board;
mod chip;
mod error;
mod factory;
mod flash;
mod flash_controller;
mod gdb;
mod image;
mod line;
mod pins;
mod process;
mod qmp;
mod qtest;
mod sabotage;
mod storage;
mod watchdog;

pub use board::{Board, Config};
pub use error::EmulatorError;
pub use factory::{TEST_SERIAL, preloaded, test_page};
pub use flash::{Flash, Torn};
pub use line::LineFaults;
pub use pins::{ALL_CALM, Change, Pin, input as input_pin, output as output_pin};
pub use sabotage::Sabotage;
pub use storage::{site_record, with_pairing, with_pairing_and_site};
pub use watchdog::Watchdogs;

use std::time::Instant;

#[expect(
    clippy::disallowed_methods,
    reason = "the emulated board runs in real time"
)]
fn now() -> Instant {
    Instant::now()
}

/// A moment's sleep for somebody who waits for QEMU.
#[expect(
    clippy::disallowed_methods,
    reason = "QEMU does not tell when its sockets are there, or that a reset is over"
)]
fn rest() {
    std::thread::sleep(std::time::Duration::from_millis(2));
}
