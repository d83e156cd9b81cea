//! Prints how long this machine needs to read a zone and to judge a dumped document.
//!
//! ```text
//! cargo run --release -p gate-document --example inspection_time -- FOLDER
//! ```
//!
//! `FOLDER` holds `zone.txt`, `trust.bundle` with its key `trust.pub`, and the files `EF.SOD`,
//! `EF.COM`, `DG1` and `DG2` as they came from a chip: gate-sim's example `dump_document` writes one.
//! Without it only the specimen zone of Doc 9303-4 is read.
use gate_document::inspect::inspect_without_portrait;
use gate_document::trust::bundle::BundleKey;
use gate_document::{ChipFiles, ElementaryFile, Mrz, TrustStore, inspect};
use jiff::civil::date;
use openssl::x509::X509;
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
    let bundle = std::fs::read(folder.join("trust.bundle"))?;
    let key = BundleKey::from_pem(&std::fs::read(folder.join("trust.pub"))?)?;
    let trust = TrustStore::open(&bundle, &key)?;
    let today = Some(date(2026, 11, 22));
    println!("{} authorities, {} bytes", trust.count(), bundle.len());
    print("bundle verified and loaded", 50, || {
        drop(black_box(TrustStore::open(black_box(&bundle), &key)))
    });
    print("the same certificates decoded by OpenSSL", 5, || {
        for anchor in trust.anchors() {
            drop(black_box(X509::from_der(anchor.certificate.der())));
        }
    });
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
    for finding in inspect(&zone, &chip, &trust, today).findings {
        println!(
            "{:?}: {:?} {}",
            finding.check, finding.outcome, finding.reason
        );
    }
    print("all checks after the last byte", 500, || {
        drop(black_box(inspect_without_portrait(
            &zone, &chip, &trust, today,
        )))
    });
    // The first document of a country after the start decodes its keys.
    let fresh = || TrustStore::open(&bundle, &key);
    let mut stores: Vec<TrustStore> = (0..100).filter_map(|_| fresh().ok()).collect();
    print("the same, first document after loading", 100, || {
        if let Some(trust) = stores.pop() {
            drop(black_box(inspect_without_portrait(
                &zone, &chip, &trust, today,
            )));
        }
    });
    print("all checks and the portrait's pixels", 200, || {
        drop(black_box(inspect(&zone, &chip, &trust, today)))
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
