//! How long each stage takes, how long loading takes and how much memory stays.
//!
//! `GATE_MODELS=target/gate/models cargo run --release -p gate-face --example face_timing [RUNS]`

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use gate_face::quality::Quality;
use gate_face::{FaceEngine, Likeness, Manifest, ModelSet, Picture, align, attack, detect, embed};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

fn main() -> Result<(), Box<dyn Error>> {
    let runs = std::env::args()
        .nth(1)
        .map_or(Ok(200), |runs| runs.parse())?;
    let folder = std::env::var_os("GATE_MODELS")
        .map_or_else(|| PathBuf::from("target/gate/models"), PathBuf::from);
    let set = ModelSet::new(Manifest::built_in()?, folder);
    println!("memory before {} MB", resident()?);
    let start = Instant::now();
    let engine = FaceEngine::load(&set)?;
    println!(
        "loaded in {:.0} ms, memory {} MB",
        milliseconds(start.elapsed()),
        resident()?
    );

    let jpeg = set.read_file(set.manifest().pictures[1].wanted())?;
    let person = Picture::from_jpeg(&jpeg)?;
    let frame = frame(&person);
    let face = engine.find(&frame)?;
    let crop = align::align(&frame, &face.landmarks)?;
    let template = engine.embed(&crop)?;

    stage("decode JPEG 722x899", runs, || {
        Picture::from_jpeg(&jpeg).is_ok()
    });
    stage("whole frame to tensor", runs, || {
        detect::whole(&frame).is_ok()
    });
    stage("close-up to tensor", runs, || {
        detect::close_up(&frame, &face).is_ok()
    });
    stage("find (2 x YuNet 320)", runs, || engine.find(&frame).is_ok());
    stage("align", runs, || {
        align::align(&frame, &face.landmarks).is_ok()
    });
    stage("quality", runs, || {
        Quality::of(&face, &crop, frame.height()).check().is_ok()
    });
    stage("attack crop to tensor", runs, || {
        attack::to_tensor(&frame, &face).is_ok()
    });
    stage("attack cue", runs, || {
        engine.bona_fide(&frame, &face).is_ok()
    });
    stage("face to tensor", runs, || embed::to_tensor(&crop).is_ok());
    stage("embed", runs, || engine.embed(&crop).is_ok());
    stage("compare", runs, || {
        Likeness::of(&template, &template).is_ok()
    });
    stage("examine, all of it", runs, || {
        engine.examine(&frame).is_ok()
    });
    println!("memory after {} MB", resident()?);
    Ok(())
}

/// A camera's view of 1 280 x 720 px with the person in the middle.
fn frame(person: &RgbImage) -> Picture {
    let person = imageops::resize(person, 450, 560, FilterType::Triangle);
    let mut room = RgbImage::from_pixel(1_280, 720, Rgb([118, 121, 124]));
    imageops::overlay(&mut room, &person, 415, 160);
    Picture::new(room)
}

fn stage(name: &str, runs: usize, mut work: impl FnMut() -> bool) {
    let mut times: Vec<_> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            assert!(work(), "{name} failed");
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| milliseconds(times[(runs * share / 100).min(runs - 1)]);
    println!("{name:24} p50 {:7.3} ms  p99 {:7.3} ms", at(50), at(99));
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Memory that this process really occupies, in MB.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .ok_or("no VmRSS")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no value")?.parse()?;
    Ok(kilobytes / 1_000)
}
