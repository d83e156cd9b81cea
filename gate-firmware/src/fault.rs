//! What happens when the firmware itself fails: safe outputs, then a new start.

use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;

use crate::board::nucleo_l476rg;

/// SAF-016: all outputs off, which is the safe side of each, and start anew. The host learns of it
/// from the reset cause in the next `Hello`.
fn fail_safe() -> ! {
    cortex_m::interrupt::disable();
    nucleo_l476rg::all_outputs_off();
    SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail_safe()
}

// SAFETY: the handler touches no memory but the registers of the output pins, so it does not
// matter in what state the fault left the rest.
#[cortex_m_rt::exception]
unsafe fn HardFault(_frame: &cortex_m_rt::ExceptionFrame) -> ! {
    fail_safe()
}

// SAFETY: the handler touches only registers.
#[cortex_m_rt::exception]
unsafe fn NonMaskableInt() {
    if !nucleo_l476rg::flash::forgive_torn() {
        fail_safe()
    }
}

// SAFETY: as above. An interrupt that nobody has asked for means that something is very wrong.
#[cortex_m_rt::exception]
unsafe fn DefaultHandler(_number: i16) {
    fail_safe()
}
