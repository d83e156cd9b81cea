//! What can be wrong with one byte or one length.

/// What stands in a byte's place, next to the byte with a bit flipped.
const INSTEAD: [u8; 4] = [0x00, 0x7F, 0x80, 0xFF];

/// Most places that are damaged in one seed: a long one is damaged here and there.
const PLACES_MAX: usize = 100;

/// Calls `decode` with `seed` and with everything that one fault makes of it: a byte changed, a byte
/// missing, a byte too many, the end missing. Gives how many calls those were.
pub fn each_fault(seed: &[u8], mut decode: impl FnMut(&[u8])) -> usize {
    let mut calls = 1;
    decode(seed);
    let step = seed.len().div_ceil(PLACES_MAX).max(1);
    for at in (0..seed.len()).step_by(step) {
        let byte = seed[at];
        let others = (0..8).map(|bit| byte ^ 1 << bit).chain(INSTEAD);
        for other in others.filter(|other| *other != byte) {
            let mut damaged = seed.to_vec();
            damaged[at] = other;
            decode(&damaged);
            calls += 1;
        }
        let mut shorter = seed.to_vec();
        shorter.remove(at);
        decode(&shorter);
        let mut longer = seed.to_vec();
        longer.insert(at, byte);
        decode(&longer);
        decode(&seed[..at]);
        calls += 3;
    }
    calls
}
