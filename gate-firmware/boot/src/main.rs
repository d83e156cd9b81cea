//! Starts the right image of the gate controller, or none.
//!
//! [`gate_boot::start::decide`] chooses; this switches the outputs off, does what was decided, and
//! lets the chip's watchdog watch over it and over the image's first seconds.
#![no_std]
#![no_main]

mod board;

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use gate_boot::image::{BOARD_NUCLEO_L476RG, PRODUCT, Wanted};
use gate_boot::map::RECORDS;
use gate_boot::slot::Slot;
use gate_boot::start;

use board::flash::{self, Flash};

/// Key that images are signed with.
const KEY: [u8; 32] = include!(concat!(env!("OUT_DIR"), "/key.rs"));

#[cortex_m_rt::entry]
fn main() -> ! {
    board::start();
    let wanted = Wanted {
        key: KEY,
        product: PRODUCT,
        board: BOARD_NUCLEO_L476RG,
        security_floor: 0,
    };
    let mut records = Flash::region(RECORDS);
    match start::decide(&mut records, &wanted).slot {
        Some(slot) => jump(slot),
        // The watchdog has it tried again.
        None => loop {
            cortex_m::asm::wfi();
        },
    }
}

fn jump(slot: Slot) -> ! {
    let vectors = slot.vectors();
    // SAFETY: the image in the slot has been checked, and it begins with its vector table. No
    // interrupt is enabled, and nothing of the boot loader is needed any more.
    unsafe {
        (*SCB::PTR).vtor.write(vectors);
        cortex_m::asm::bootload(vectors as *const u32)
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // A reset takes every output with it.
    SCB::sys_reset()
}

// SAFETY: the handler touches only registers.
#[cortex_m_rt::exception]
unsafe fn NonMaskableInt() {
    if !flash::forgive_torn() {
        SCB::sys_reset()
    }
}

// SAFETY: as above.
#[cortex_m_rt::exception]
unsafe fn HardFault(_frame: &cortex_m_rt::ExceptionFrame) -> ! {
    SCB::sys_reset()
}
