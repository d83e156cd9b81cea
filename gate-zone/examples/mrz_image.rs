//! Measures how well zones are read from pictures: `mrz_image FOLDER`, made by `models/training/pages.py`.
//!
//! Each folder in it is a set of pictures with the lines of their zones beside them. A document is *read* when
//! every character is right; *wrong* when it was read otherwise, and *silent* if no place was said to
//! be doubtful or repaired there. `GATE_MODELS` is the folder of the models. Times are those of `ZoneReader::read`,
//! without decoding the file: processor time, and in the last column what the clock says.

use gate_face::{Manifest, ModelSet};
use gate_zone::{Grey, ZoneError, ZoneReader};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What Linux says of this thread: the first number is its processor time in ns.
const SCHEDULER: &str = "/proc/thread-self/schedstat";

#[derive(Default)]
struct Counts {
    read: usize,
    repaired: usize,
    doubtful: usize,
    wrong: usize,
    silent: usize,
    partial: usize,
    none: usize,
    several: usize,
    cpu: Vec<f64>,
    ms: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: mrz_image FOLDER")?;
    let models = std::env::var("GATE_MODELS").unwrap_or_else(|_| "target/gate/models".to_owned());
    let reader = ZoneReader::load(&ModelSet::new(Manifest::built_in()?, models.into()))?;
    println!(
        "set            documents  read  repaired  doubtful  wrong  silent  partial  none  several  p50 cpu  p99 cpu  p50 ms"
    );
    for set in sorted(Path::new(&folder))? {
        let mut counts = Counts::default();
        for picture in sorted(&set)?.iter().filter(|file| !file.ends_with(".txt")) {
            if picture.extension().is_none_or(|kind| kind == "txt") {
                continue;
            }
            let truth = fs::read_to_string(picture.with_extension("txt"))?;
            let name = picture.display().to_string();
            counts.add(&reader, &fs::read(picture)?, truth.trim(), &name)?;
        }
        counts.print(&set.file_name().unwrap_or_default().to_string_lossy());
    }
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    found.sort();
    Ok(found)
}

impl Counts {
    #[expect(
        clippy::disallowed_methods,
        reason = "measuring how long a zone takes is what this is for"
    )]
    fn add(
        &mut self,
        reader: &ZoneReader,
        bytes: &[u8],
        truth: &str,
        name: &str,
    ) -> Result<(), Box<dyn Error>> {
        let picture = Grey::decode(bytes)?;
        let (begin, cpu) = (Instant::now(), processor_ms()?);
        let result = reader.read(&picture);
        self.cpu.push(processor_ms()? - cpu);
        self.ms.push(begin.elapsed().as_secs_f64() * 1_000.0);
        match result {
            Ok(reading) => {
                let lines: Vec<&str> = reading.mrz.lines().collect();
                self.repaired += usize::from(!reading.mrz.repairs().is_empty());
                self.doubtful += usize::from(!reading.doubtful.is_empty());
                if lines.join("\n") == truth {
                    self.read += 1;
                    return Ok(());
                }
                self.wrong += 1;
                let told = |line: usize, position: usize| {
                    let at = reading.doubtful.iter().chain(reading.mrz.repairs());
                    at.into_iter()
                        .any(|place| (place.line, place.position) == (line, position))
                };
                let silent =
                    lines
                        .iter()
                        .zip(truth.lines())
                        .enumerate()
                        .any(|(line, (one, other))| {
                            one.bytes()
                                .zip(other.bytes())
                                .enumerate()
                                .any(|(at, (one, other))| one != other && !told(line + 1, at + 1))
                        });
                self.silent += usize::from(silent);
                eprintln!("{name}: wrong{}", if silent { ", silently" } else { "" });
            }
            Err(problem) => {
                match &problem {
                    ZoneError::NoZone => self.none += 1,
                    ZoneError::SeveralZones => self.several += 1,
                    ZoneError::Partial { .. } => self.partial += 1,
                    _ => return Err(problem.into()),
                }
                eprintln!("{name}: {problem}");
            }
        }
        Ok(())
    }

    fn print(&mut self, set: &str) {
        let at = |times: &mut Vec<f64>, share: f64| {
            times.sort_by(f64::total_cmp);
            let last = times.len().saturating_sub(1);
            let at = (last as f64 * share).round() as usize;
            times.get(at).copied().unwrap_or_default()
        };
        println!(
            "{set:<16} {:>7} {:>5} {:>9} {:>9} {:>6} {:>7} {:>8} {:>5} {:>8} {:>8.1} {:>8.1} {:>7.1}",
            self.ms.len(),
            self.read,
            self.repaired,
            self.doubtful,
            self.wrong,
            self.silent,
            self.partial,
            self.none,
            self.several,
            at(&mut self.cpu, 0.5),
            at(&mut self.cpu, 0.99),
            at(&mut self.ms, 0.5),
        );
    }
}

fn processor_ms() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string(SCHEDULER)?;
    let first = text.split(' ').next().unwrap_or_default();
    Ok(first.parse::<f64>()? / 1e6)
}
