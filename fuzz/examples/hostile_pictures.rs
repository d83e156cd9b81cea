//! Damages pictures for so many seconds, and says what the worst of them cost the decoder.
//!
//! ```text
//! cargo run --release -p gate-fuzz --example hostile_pictures -- 600
//! ```
use gate_document::portrait::{Portrait, PortraitKind, decode};
use gate_fuzz::seeds;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() {
    let seconds = std::env::args().nth(1);
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(60);
    let seeds: Vec<Vec<u8>> = seeds::pictures().into_iter().map(|seed| seed.1).collect();
    let begun = Instant::now();
    let before = peak();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut count, mut decoded, mut longest) = (0_u64, 0_u64, Duration::ZERO);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let mut bytes = seeds[rng.random_range(0..seeds.len())].clone();
        // The headers stand in the first bytes: half of all damage falls there.
        for _ in 0..rng.random_range(1..8) {
            let most = if rng.random() { 160 } else { bytes.len() };
            let at = rng.random_range(12..most.min(bytes.len()));
            bytes[at] = match rng.random_range(0..4) {
                0 => 0,
                1 => 0xFF,
                _ => rng.random(),
            };
        }
        let Some(kind) = PortraitKind::of_image(&bytes) else {
            continue;
        };
        let bytes = bytes.into();
        let started = Instant::now();
        decoded += u64::from(decode(&Portrait { kind, bytes }).is_ok());
        longest = longest.max(started.elapsed());
        count += 1;
    }
    println!("pictures {count}, decoded {decoded}, longest {longest:?}");
    println!(
        "memory of the program: {before} at the beginning, {} at its peak",
        peak()
    );
}

/// Most memory that the program has had so far, as the system writes it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}
