//! The gate controller.
//!
//! Two things run here. The **scan** ([`scan`]) samples the inputs, asks the interlock and drives
//! the outputs, every millisecond, in an interrupt above all others. The **link** ([`link`]) talks
//! to the host in an async task below it. What they share is one [`Gate`] behind a critical
//! section of some microseconds.
//!
//! The image that is flashed is the image that the emulator runs: every wait for the hardware is
//! bounded, because the emulator does not model all of it.
//!
//! [`Gate`]: gate_interlock::Gate
#![no_std]
#![no_main]

mod board;
mod cabinet;
mod clock;
mod executor;
mod fault;
mod health;
mod kept;
mod link;
mod progress;
mod scan;
mod secrets;
mod serial;
mod storage;
mod update;

use board::nucleo_l476rg::{NucleoL476rg, identity};
use gate_protocol::Instant;
use gate_protocol::link::controller::Identity;

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut core = cortex_m::Peripherals::take().expect("main runs once");
    let start = NucleoL476rg::prepare();
    let ended = fault::last(start.reset);
    clock::begin(&mut core, start.core_hz);
    clock::sleep_until(Instant::from_millis(ended.hold_ms()));
    let secrets = secrets::gather();
    let identity = identity(ended.reset, secrets.boot, secrets.entropy);
    scan::begin(
        NucleoL476rg::begin(&mut core, start.core_hz),
        storage::site(),
    );
    executor::run(|spawner| {
        // The one task of a pool of one cannot fail to start.
        let identity = Identity {
            firmware: update::version(),
            ..identity
        };
        if let Ok(task) = link::talk(identity, secrets.keys, secrets.seed, ended) {
            spawner.spawn(task);
        }
    })
}
