//! Says what each picture that is made to be dear costs the decoder, then damages good ones for so many seconds, and
//! says what the worst of them cost: processor time, and memory of the whole program. The worst one is written
//! to a file, if one is named.
//!
//! ```text
//! cargo run --release -p gate-fuzz --example hostile_pictures -- 600 worst.bin
//! ```
use gate_document::portrait::{Portrait, PortraitKind, decode};
use gate_fuzz::{hostile, seeds};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok());
    let within = Duration::from_secs(seconds.unwrap_or(60));
    let seeds: Vec<Vec<u8>> = seeds::pictures().into_iter().map(|seed| seed.1).collect();
    for hostile::Hostile { name, bytes, .. } in hostile::pictures() {
        let length = bytes.len();
        let Some(kind) = PortraitKind::of_image(&bytes) else {
            continue;
        };
        let bytes = bytes.into();
        let started = worked();
        let answer = decode(&Portrait { kind, bytes });
        let took = worked().saturating_sub(started);
        let answer = answer.map_or_else(|error| error.to_string(), |_| "decoded".to_owned());
        println!("{took:>12.3?}  {length:>8} bytes  {name}: {answer}");
    }
    let begun = Instant::now();
    let before = peak();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (mut count, mut decoded, mut total) = (0_u32, 0_u32, Duration::ZERO);
    let mut worst = (Duration::ZERO, Vec::new());
    while begun.elapsed() < within {
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
        let portrait = Portrait {
            kind,
            bytes: bytes.into(),
        };
        let started = worked();
        decoded += u32::from(decode(&portrait).is_ok());
        let took = worked().saturating_sub(started);
        if took > worst.0 {
            worst = (took, portrait.bytes.to_vec());
        }
        total += took;
        count += 1;
    }
    let mean = total / count.max(1);
    println!("pictures {count}, decoded {decoded}, mean {mean:?}");
    println!("longest {:?}, of {} bytes", worst.0, worst.1.len());
    println!(
        "memory of the program: {before} at the beginning, {} at its peak",
        peak()
    );
    arguments
        .next()
        .map_or(Ok(()), |path| std::fs::write(path, worst.1))
}

/// Processor time of this thread so far, as the system writes it: what others do beside does not count.
fn worked() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Most memory that the program has had so far, as the system writes it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}
