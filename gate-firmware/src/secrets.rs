//! What the link needs to be trusted: keys, and a seed that never comes twice.

use gate_protocol::hello::Entropy;
use gate_protocol::keys::{KEY_LEN, Secret};
use gate_protocol::link::controller::Keys;
use gate_protocol::pairing::LabelCode;

use crate::board::nucleo_l476rg::random;
use crate::storage::{self, Item};

/// What this controller knows and nobody else.
pub(crate) struct Secrets {
    pub(crate) keys: Keys,
    /// Where the session's keys come from.
    pub(crate) seed: Secret,
    /// How good that is.
    pub(crate) entropy: Entropy,
    /// How often the controller has started; 0 if it cannot count.
    pub(crate) boot: u32,
}

/// Gathers them, once, at the start: it counts the start before anything is made of the count.
///
/// The seed comes from the factory's seed, which is secret; from the number of the start, which
/// makes it another each time; and from true random numbers. A source that is not there and one that
/// finds itself faulty give none alike: its words are all or nothing. Lacking one of the two, the
/// host is told that the seed is weak, and refuses it by default. Lacking both, the seed would be
/// that of an earlier life, and no session is opened at all. The chip's unique number is not secret
/// and the factory's seed is unique already, so it is left out.
pub(crate) fn gather() -> Secrets {
    let boot = storage::count_start().ok();
    let noise = random::words();
    let page = storage::factory_page().ok();
    let entropy = match (&boot, &noise) {
        (Some(_), Some(_)) => Entropy::Strong,
        (None, None) => Entropy::None,
        _ => Entropy::Weak,
    };
    let boot = boot.unwrap_or(0);
    let noise = noise.unwrap_or_default().map(u32::to_le_bytes);
    let (secret, seed) = match &page {
        Some(page) => (page.device_secret, page.seed),
        // A controller without a factory page has no label, pairs with nobody and opens no session.
        None => ([0; KEY_LEN], [0; KEY_LEN]),
    };
    Secrets {
        seed: Secret::derive(
            "controller",
            &[&seed, &boot.to_le_bytes(), noise.as_flattened()],
        ),
        keys: Keys {
            own: Secret::new(secret),
            pairing: page.as_ref().and_then(|_| storage::load(Item::Pairing)),
            label: page.map(|page| LabelCode(page.label_code)),
        },
        entropy,
        boot,
    }
}
