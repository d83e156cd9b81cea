//! How long each stage takes, how long loading takes and how much memory stays; what is not inference
//! as a part of what is; how late a thread wakes beside it, as the lane's loop does; and the same models
//! driven from Python in the same run.
//!
//! `GATE_MODELS=target/gate/models cargo run --release -p gate-face --example face_timing [RUNS [PYTHON]]`
//!
//! PYTHON is an interpreter with onnxruntime, numpy and OpenCV: see `face_timing.py`.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use gate_face::quality::Quality;
use gate_face::{FaceEngine, Likeness, Manifest, ModelSet, Picture, align, attack, detect, embed};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

/// How long a thread beside the models sleeps.
const NAP: Duration = Duration::from_millis(5);

/// How often it wakes in each case.
const WAKES: usize = 400;

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
    // What is not inference, each as often as a frame needs it.
    let around = [
        stage("whole frame to tensor", runs, || {
            detect::whole(&frame).is_ok()
        }),
        stage("close-up to tensor, mirrored", runs, || {
            detect::close_up(&frame, &face, detect::FRAME_WIDTHS[0])
                .is_ok_and(|(_, tensor)| tensor.mirrored().len() > 1)
        }),
        stage("align", runs, || {
            align::align(&frame, &face.landmarks).is_ok()
        }),
        stage("quality", runs, || {
            Quality::of(&face, &crop, frame.height()).check().is_ok()
        }),
        stage("attack crop to tensor", runs, || {
            attack::to_tensor(&frame, &face).is_ok()
        }),
        stage("face to tensors, one view", runs, || {
            embed::to_tensor(0, &crop).is_ok() && embed::to_tensor(1, &crop).is_ok()
        }),
        stage("compare", runs, || {
            Likeness::of(&template, &template).is_ok()
        }),
    ];
    stage("portrait (10 x YuNet, 2 x 2 models)", runs.min(20), || {
        engine.portrait(&person).is_ok()
    });
    stage("find (3 x YuNet 320)", runs, || engine.find(&frame).is_ok());
    stage("attack cue", runs, || {
        engine.bona_fide(&frame, &face).is_ok()
    });
    stage("embed (2 x 2 models)", runs, || engine.embed(&crop).is_ok());
    let whole = stage("frame to score, all of it", runs, || {
        engine
            .examine(&frame)
            .and_then(|sample| Likeness::of(&sample.template, &template))
            .is_ok_and(|likeness| likeness.value() > 0.99)
    });
    let around: f64 = around.iter().sum();
    println!(
        "not inference {around:.2} ms, {:.1} % of the inference in {whole:.2} ms",
        100.0 * around / (whole - around)
    );
    wakes(&engine, &frame);
    if let Some(python) = std::env::args().nth(2) {
        compare(&python, set.folder(), runs, whole)?;
    }
    println!("memory after {} MB", resident()?);
    Ok(())
}

/// How late a thread wakes that sleeps 5 ms at a time, as the lane's loop mostly does: alone, beside one
/// camera frame after the other, and beside frames and portraits.
fn wakes(engine: &FaceEngine, frame: &Picture) {
    let stop = AtomicBool::new(false);
    let examine = || engine.examine(frame).is_ok();
    let portrait = || engine.portrait(frame).is_ok();
    type Work<'a> = &'a (dyn Fn() -> bool + Sync);
    let cases: [(&str, &[Work<'_>]); 3] = [
        ("wakes late, alone", &[]),
        ("wakes late, beside frames", &[&examine]),
        ("wakes late, and portraits", &[&examine, &portrait]),
    ];
    for (name, work) in cases {
        stop.store(false, Relaxed);
        std::thread::scope(|scope| {
            for work in work {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        assert!(work(), "{name} failed");
                    }
                });
            }
            let mut late: Vec<_> = (0..WAKES)
                .map(|_| {
                    let start = Instant::now();
                    std::thread::sleep(NAP);
                    start.elapsed().saturating_sub(NAP)
                })
                .collect();
            stop.store(true, Relaxed);
            print(name, &mut late);
        });
    }
}

/// Runs the same walk in Python, with one thread and with two for each model.
fn compare(python: &str, models: &Path, runs: usize, ours: f64) -> Result<(), Box<dyn Error>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/face_timing.py");
    let output = Command::new(python)
        .arg(script)
        .arg(models)
        .arg(runs.to_string())
        .stderr(Stdio::inherit())
        .output()?;
    for line in String::from_utf8(output.stdout)?.lines() {
        let values: Vec<f64> = line.split(' ').flat_map(str::parse).collect();
        let [threads, p50, p99] = values[..] else {
            return Err("the script printed something else".into());
        };
        println!(
            "Python, {threads} threads a model: p50 {p50:7.3} ms  p99 {p99:7.3} ms, {:.2} times ours",
            p50 / ours
        );
    }
    Ok(())
}

/// A camera's view of 1 280 x 720 px with the person in the middle.
fn frame(person: &RgbImage) -> Picture {
    let person = imageops::resize(person, 450, 560, FilterType::Triangle);
    let mut room = RgbImage::from_pixel(1_280, 720, Rgb([118, 121, 124]));
    imageops::overlay(&mut room, &person, 415, 160);
    Picture::new(room)
}

/// Does `work` so many times; prints p50 and p99 and gives p50, in ms.
fn stage(name: &str, runs: usize, mut work: impl FnMut() -> bool) -> f64 {
    let mut times: Vec<_> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            assert!(work(), "{name} failed");
            start.elapsed()
        })
        .collect();
    print(name, &mut times)
}

/// Prints p50 and p99 of at least one time and gives p50, in ms.
fn print(name: &str, times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let at = |share: usize| milliseconds(times[(times.len() * share / 100).min(times.len() - 1)]);
    println!("{name:30} p50 {:7.3} ms  p99 {:7.3} ms", at(50), at(99));
    at(50)
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
