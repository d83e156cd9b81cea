//! The chip's source of true random numbers, for as long as it takes to fill a seed.
//!
//! Its clock comes from the MSI at 48 MHz, which nothing else uses. The emulator models none of
//! this: there are no numbers then.

use stm32_metapac::rcc::vals::{Clk48sel, Msirange, Msirgsel};
use stm32_metapac::{RCC, RNG};

/// As many as a key has.
const WORDS: usize = 8;
/// How often a ready bit is read before it is given up. A word takes some 40 periods of its clock.
const POLLS_MAX: u32 = 10_000;

/// Random words, or none if the source does not deliver in time or finds itself faulty.
pub(crate) fn words() -> Option<[u32; WORDS]> {
    start();
    let words = take();
    stop();
    words
}

fn start() {
    RCC.cr().modify(|w| {
        w.set_msion(true);
        w.set_msirange(Msirange::RANGE48M);
        w.set_msirgsel(Msirgsel::CR);
    });
    // Without it no word ever becomes ready, which is found below.
    let _ = within_bounds(|| RCC.cr().read().msirdy());
    RCC.ccipr().modify(|w| w.set_clk48sel(Clk48sel::MSI));
    RCC.ahb2enr().modify(|w| w.set_rngen(true));
    RNG.cr().modify(|w| w.set_rngen(true));
}

fn stop() {
    RNG.cr().modify(|w| w.set_rngen(false));
    RCC.ahb2enr().modify(|w| w.set_rngen(false));
    RCC.cr().modify(|w| w.set_msion(false));
}

fn take() -> Option<[u32; WORDS]> {
    // The first word after the start is not used (RM0351, 27.3.5).
    let mut before = word()?;
    let mut words = [0; WORDS];
    for slot in &mut words {
        *slot = word()?;
        // A source that repeats itself is stuck, whatever it says of itself.
        if *slot == before {
            return None;
        }
        before = *slot;
    }
    Some(words)
}

fn word() -> Option<u32> {
    let ready = within_bounds(|| RNG.sr().read().drdy());
    let status = RNG.sr().read();
    // A seed error that is over stays noted, and what came before it is not to be trusted either.
    let faulty = status.secs() || status.seis() || status.cecs();
    (ready && !faulty).then(|| RNG.dr().read())
}

fn within_bounds(ready: impl Fn() -> bool) -> bool {
    (0..POLLS_MAX).any(|_| ready())
}
