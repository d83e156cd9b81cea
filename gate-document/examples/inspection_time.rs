//! Prints how long this machine needs to read a zone and to judge a dumped document.
//!
//! ```text
//! cargo run --release -p gate-document --example inspection_time -- FOLDER
//! ```
//!
//! `FOLDER` holds `zone.txt`, `csca.pem`, and the files `EF.SOD`, `EF.COM`, `DG1` and `DG2` as they
//! came from a chip. Without it only the specimen zone of Doc 9303-4 is read.
use gate_document::{ChipFiles, ElementaryFile, Mrz, TrustStore, inspect};
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const SPECIMEN: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                        L898902C36UTO7408122F1204159ZE184226B<<<<<10";

fn main() -> Result<(), Box<dyn Error>> {
    print("zone", 100_000, || {
        drop(black_box(Mrz::parse(black_box(SPECIMEN))))
    });
    let confused = SPECIMEN.replace("L898902C3", "L8989O2C3");
    print("zone with one confusion", 10_000, || {
        drop(black_box(Mrz::read(black_box(&confused))))
    });
    let Some(folder) = std::env::args_os().nth(1) else {
        return Ok(());
    };
    let folder = Path::new(&folder);
    let zone = Mrz::parse(std::fs::read_to_string(folder.join("zone.txt"))?.trim())?;
    let trust = TrustStore::from_pem(&std::fs::read(folder.join("csca.pem"))?)?;
    let mut chip = ChipFiles::new();
    let files = [
        ElementaryFile::Sod,
        ElementaryFile::Com,
        ElementaryFile::DG1,
        ElementaryFile::DG2,
    ];
    for file in files {
        chip.insert(file, std::fs::read(folder.join(file.to_string()))?);
    }
    for finding in inspect(&zone, &chip, &trust, None).findings {
        println!(
            "{:?}: {:?} {}",
            finding.check, finding.outcome, finding.reason
        );
    }
    print("inspection", 500, || {
        drop(black_box(inspect(&zone, &chip, &trust, None)))
    });
    Ok(())
}

/// Median and 99th percentile over `runs`.
fn print(name: &str, runs: usize, mut work: impl FnMut()) {
    let mut times: Vec<Duration> = (0..runs).map(|_| time(&mut work)).collect();
    times.sort_unstable();
    println!(
        "{name}: p50 {:?}, p99 {:?}",
        times[runs / 2],
        times[runs * 99 / 100]
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "measuring is what this program is for"
)]
fn time(work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
