//! Edges that do not wait for the next tick: inputs that protect people, falling to the side that
//! means danger.

use cortex_m::peripheral::NVIC;
use gate_protocol::pins::Input;
use stm32_metapac::{EXTI, Interrupt, RCC, SYSCFG, exti, interrupt};

use super::pins::{INPUTS, Pin};
use crate::scan;

/// Fire, emergency stop, break-glass, light curtains.
const URGENT: [Input; 6] = [
    Input::FireOk,
    Input::EstopOk1,
    Input::EstopOk2,
    Input::BreakglassOk,
    Input::EntrySafe,
    Input::ExitSafe,
];

/// Lines 0, 1, 2, 8, 10 and 15: each has the number of its pin.
const INTERRUPTS: [Interrupt; 5] = [
    Interrupt::EXTI0,
    Interrupt::EXTI1,
    Interrupt::EXTI2,
    Interrupt::EXTI9_5,
    Interrupt::EXTI15_10,
];

fn urgent() -> impl Iterator<Item = &'static Pin> {
    INPUTS
        .iter()
        .filter(|(input, ..)| URGENT.contains(input))
        .map(|(_, pin, _)| pin)
}

/// Starts to listen. The interrupts have the scan's own priority: they and the tick never
/// interrupt each other.
pub(super) fn start() {
    RCC.apb2enr().modify(|w| w.set_syscfgen(true));
    for pin in urgent() {
        let line = usize::from(pin.number());
        SYSCFG
            .exticr(line / 4)
            .modify(|w| w.set_exti(line % 4, pin.port_number()));
    }
    EXTI.ftsr(0).write_value(exti::regs::Lines(lines()));
    listen_again();
    for interrupt in INTERRUPTS {
        // SAFETY: nothing relies on masking by priority: critical sections mask every interrupt.
        unsafe { NVIC::unmask(interrupt) };
    }
}

/// Listens to every line again. An edge that came meanwhile is forgotten: the scan that follows
/// sees its level.
pub(super) fn listen_again() {
    if EXTI.imr(0).read().0 & lines() != lines() {
        EXTI.pr(0).write_value(exti::regs::Lines(lines()));
        EXTI.imr(0).modify(|w| w.0 |= lines());
    }
}

fn lines() -> u32 {
    urgent().fold(0, |lines, pin| lines | pin.mask())
}

/// SAF-063: an edge is scanned at once. A line that has spoken is not listened to before the next
/// tick, so an input that chatters costs one scan in each millisecond.
fn edge() {
    let spoken = EXTI.pr(0).read().0 & EXTI.imr(0).read().0 & lines();
    EXTI.imr(0).modify(|w| w.0 &= !spoken);
    EXTI.pr(0).write_value(exti::regs::Lines(spoken));
    // One scan for all that have spoken: the interrupt of another may still wait.
    if spoken != 0 {
        scan::at_once();
    }
}

#[interrupt]
fn EXTI0() {
    edge();
}

#[interrupt]
fn EXTI1() {
    edge();
}

#[interrupt]
fn EXTI2() {
    edge();
}

#[interrupt]
fn EXTI9_5() {
    edge();
}

#[interrupt]
fn EXTI15_10() {
    edge();
}
