//! USART2 as two queues. Nobody ever waits for the line.

use core::cell::RefCell;

use critical_section::Mutex;
use heapless::Deque;
use stm32_metapac::{USART2, interrupt, usart};

use crate::link;

/// Bytes that wait for the link task. At 115,200 baud they come in 44 ms.
const RECEIVED_MAX: usize = 512;
/// Bytes that wait for the line: two of the longest frames and some short ones.
const TO_SEND_MAX: usize = 768;

struct Queues {
    received: Deque<u8, RECEIVED_MAX>,
    to_send: Deque<u8, TO_SEND_MAX>,
}

static QUEUES: Mutex<RefCell<Queues>> = Mutex::new(RefCell::new(Queues {
    received: Deque::new(),
    to_send: Deque::new(),
}));

/// Takes bytes that have come in; gives how many.
pub(crate) fn read(bytes: &mut [u8]) -> usize {
    critical_section::with(|token| {
        let received = &mut QUEUES.borrow_ref_mut(token).received;
        let mut count = 0;
        for slot in bytes {
            let Some(byte) = received.pop_front() else {
                break;
            };
            *slot = byte;
            count += 1;
        }
        count
    })
}

/// Queues a frame for the line: the whole of it or, if the line is stuffed, nothing. The link
/// repeats what matters.
pub(crate) fn write(frame: &[u8]) {
    critical_section::with(|token| {
        let to_send = &mut QUEUES.borrow_ref_mut(token).to_send;
        if to_send.capacity() - to_send.len() < frame.len() {
            return;
        }
        to_send.extend(frame.iter().copied());
        USART2.cr1().modify(|w| w.set_txeie(true));
    });
}

/// 115,200 baud, 8 data bits, no parity, receiver and its interrupt on.
pub(crate) fn begin(clock_hz: u32) {
    const BAUD: u32 = 115_200;
    // The quotient is far below the register's 16 bits for every clock that this chip has.
    let divider = ((clock_hz + BAUD / 2) / BAUD) as u16;
    USART2.brr().write_value(usart::regs::Brr(divider.into()));
    USART2.cr1().write(|w| {
        w.set_te(true);
        w.set_re(true);
        w.set_rxneie(true);
        w.set_ue(true);
    });
}

#[interrupt]
fn USART2() {
    let received = critical_section::with(|token| {
        let queues = &mut *QUEUES.borrow_ref_mut(token);
        receive(&mut queues.received) | send(&mut queues.to_send)
    });
    if received {
        link::wake();
    }
}

fn receive(received: &mut Deque<u8, RECEIVED_MAX>) -> bool {
    let status = USART2.isr().read();
    if status.rxne() {
        let byte = USART2.rdr().read().dr().to_le_bytes()[0];
        // A full queue loses bytes as a noisy line would: the frame's CRC finds out.
        let _ = received.push_back(byte);
    }
    // Overrun, noise and framing errors damage bytes, which the CRC finds too; left standing, an
    // overrun would call this interrupt for ever.
    USART2.icr().write(|w| {
        w.set_ore(true);
        w.set_ne(true);
        w.set_fe(true);
    });
    status.rxne()
}

fn send(to_send: &mut Deque<u8, TO_SEND_MAX>) -> bool {
    if USART2.isr().read().txe() {
        match to_send.pop_front() {
            Some(byte) => USART2.tdr().write(|w| w.set_dr(byte.into())),
            None => USART2.cr1().modify(|w| w.set_txeie(false)),
        }
    }
    false
}
