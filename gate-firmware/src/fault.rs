//! What happens when the firmware itself fails: safe outputs, a record, a new start.

use core::arch::naked_asm;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::peripheral::SCB;
use gate_protocol::{Failure, FailureKind, ResetCause, Task, Text};

use crate::board::nucleo_l476rg;
use crate::{clock, kept};

/// Failures within this time of their start follow each other "in a row".
const IN_A_ROW_WITHIN_MS: u32 = 60_000;
/// Failures in a row from which on the next start is held up.
const HELD_FROM: u8 = 3;
/// Doublings of the first second of holding up: 64 s at most.
const DOUBLINGS_MAX: u8 = 6;

/// Number of the exception that the processor's faults end in.
const HARD_FAULT: u32 = 3;

/// What an exception pushes onto the stack before anything else.
#[repr(C)]
pub(crate) struct Frame {
    r0_to_r3_and_r12: [u32; 5],
    lr: u32,
    pc: u32,
    xpsr: u32,
}

/// Where the firmware failed.
#[derive(Clone, Copy)]
struct Place {
    pc: u32,
    lr: u32,
    file: Text,
    line: u32,
}

impl Place {
    const UNKNOWN: Self = Self {
        pc: 0,
        lr: 0,
        file: Text::tail_of(""),
        line: 0,
    };

    const fn of(frame: &Frame) -> Self {
        Self {
            pc: frame.pc,
            lr: frame.lr,
            ..Self::UNKNOWN
        }
    }
}

/// How the life before this one ended.
pub(crate) struct Ended {
    /// Why the controller started anew.
    pub(crate) reset: ResetCause,
    /// By a failure, and by which.
    pub(crate) failure: Option<Failure>,
    /// Failures since power came on.
    pub(crate) failures: u16,
}

impl Ended {
    /// How long outputs stay off before the scan starts, in milliseconds.
    ///
    /// SAF-065: firmware that fails again and again would lock and unlock the doors with every
    /// start. The first failures cost nothing; then the pauses grow, so that whoever stands there
    /// finds doors that are off and an alarm that is on, and not doors that twitch.
    pub(crate) fn hold_ms(&self) -> u64 {
        let in_a_row = self.failure.map_or(0, |failure| failure.in_a_row);
        match in_a_row.checked_sub(HELD_FROM) {
            None => 0,
            Some(more) => 1_000 << more.min(DOUBLINGS_MAX),
        }
    }
}

/// Finds out how the last life ended. To be asked once, before the scan starts.
pub(crate) fn last(reset: ResetCause) -> Ended {
    let told = kept::take_fresh();
    let wanted = matches!(reset, ResetCause::Pin | ResetCause::Software);
    if !told && let Some(uptime_ms) = kept::unended_life().filter(|_| !wanted) {
        write(FailureKind::Stopped, uptime_ms, Place::UNKNOWN);
        kept::take_fresh();
    } else if !told && let Some((failure, failures)) = kept::read() {
        // The row is broken.
        let failure = Failure {
            in_a_row: 0,
            ..failure
        };
        kept::write(&failure, failures);
        kept::take_fresh();
    }
    kept::end_life();
    let (failure, failures) = kept::read().unzip();
    Ended {
        // Firmware that fails asks for the reset itself; the emulator does not tell.
        reset: if told { ResetCause::Software } else { reset },
        failure: failure.filter(|failure| failure.in_a_row > 0),
        failures: failures.unwrap_or(0),
    }
}

/// A task has shown no progress for too long; `frame` is what the scan interrupted.
pub(crate) fn stuck(task: Task, frame: &Frame) -> ! {
    fail_safe(FailureKind::Stuck(task), Place::of(frame))
}

/// SAF-016: all outputs off, which is the safe side of each, then a record for the host, and start
/// anew.
fn fail_safe(kind: FailureKind, place: Place) -> ! {
    static FAILING: AtomicBool = AtomicBool::new(false);
    cortex_m::interrupt::disable();
    nucleo_l476rg::all_outputs_off();
    // A failure on the way out must not come back here for ever.
    if !FAILING.swap(true, Ordering::SeqCst) {
        // Wraps after 49.7 days, as the message says.
        write(kind, clock::now().as_millis() as u32, place);
    }
    SCB::sys_reset()
}

fn write(kind: FailureKind, uptime_ms: u32, place: Place) {
    let (before, failures) = kept::read().unzip();
    let row = before
        .filter(|_| uptime_ms < IN_A_ROW_WITHIN_MS)
        .map_or(0, |before: Failure| before.in_a_row);
    let failure = Failure {
        kind,
        firmware: nucleo_l476rg::version(),
        build: BUILD,
        uptime_ms,
        pc: place.pc,
        lr: place.lr,
        file: place.file,
        line: place.line,
        in_a_row: row.saturating_add(1),
    };
    kept::write(&failure, failures.unwrap_or(0).saturating_add(1));
    kept::end_life();
}

/// Which build this is, as git says.
pub(crate) const BUILD: Text = Text::tail_of(env!("GATE_BUILD"));

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let place = info.location().map_or(Place::UNKNOWN, |location| Place {
        file: Text::tail_of(location.file()),
        line: location.line(),
        ..Place::UNKNOWN
    });
    fail_safe(FailureKind::Panic, place)
}

/// SAF-062: faults of the processor, a full stack included. The stack may be full or ruined, so
/// the way out begins on a fresh one.
// SAFETY: the name is the one that the vector table asks for; the code uses no stack before it has
// set one up, and never returns.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn HardFault() -> ! {
    naked_asm!(
        "mov r0, sp",
        "mrs r1, ipsr",
        "movw r2, #:lower16:_stack_start",
        "movt r2, #:upper16:_stack_start",
        "mov sp, r2",
        "b {failed}",
        failed = sym exception,
    )
}

// SAFETY: the handler touches only registers.
#[cortex_m_rt::exception]
unsafe fn NonMaskableInt() {
    if !nucleo_l476rg::flash::forgive_torn() {
        fail_safe(FailureKind::StrayInterrupt, Place::UNKNOWN)
    }
}

/// An interrupt that nobody has asked for means that something is very wrong.
// SAFETY: as for the processor's faults.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn DefaultHandler() -> ! {
    naked_asm!("b {hard_fault}", hard_fault = sym HardFault)
}

extern "C" fn exception(pushed: usize, number: u32) -> ! {
    let stack = stack();
    let frame = pushed as *const Frame;
    let kind = if number != HARD_FAULT {
        FailureKind::StrayInterrupt
    } else if pushed < stack.start {
        FailureKind::StackOverflow
    } else {
        FailureKind::Fault
    };
    let whole = stack.contains(&pushed) && stack.end - pushed >= size_of::<Frame>();
    // SAFETY: the processor has just pushed a frame there, and it lies within the stack.
    let place = whole.then(|| Place::of(unsafe { &*frame }));
    fail_safe(kind, place.unwrap_or(Place::UNKNOWN))
}

/// Where the stack lies, from its lowest address to beyond its highest.
pub(crate) fn stack() -> core::ops::Range<usize> {
    unsafe extern "C" {
        static _stack_end: u32;
        static _stack_start: u32;
    }
    (&raw const _stack_end) as usize..(&raw const _stack_start) as usize
}
