//! What came of it all, as files: JUnit's XML, lines of JSON, a page for people, pins for a viewer.

mod chart;
mod page;
mod style;
mod times;
mod told;
mod traffic;
mod vcd;

pub(crate) use times::Times;
pub(crate) use told::Told;

use crate::ending::{GateFault, Stopped};
use crate::rig::Kind;
use crate::station::Station;
use anyhow::{Context, bail};
use gate_sim::scenario::Verdict;
use jiff::Zoned;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

/// Which files to write.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Files {
    /// Write the results for machines that read JUnit's XML: faults of the gate are failures there,
    /// the bench's are errors.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a line of JSON for each scenario.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write one page for people: verdict, measured values, times, pins and traffic. It needs
    /// nothing beside itself.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the controller's pins over time for wave viewers (VCD).
    #[arg(long, value_name = "FILE")]
    vcd: Option<PathBuf>,
    /// Who tests what, and which devices are real: a station's TOML file (`hil schema station`).
    #[arg(long, value_name = "FILE")]
    station: Option<PathBuf>,
    /// Whose time the page opens in each scenario: this traveller of the lane's journal, in place of
    /// the slowest.
    #[arg(long, value_name = "NUMBER")]
    traveller: Option<u64>,
}

/// Everything that a report says.
#[derive(Debug)]
pub(crate) struct Report {
    station: Station,
    /// What was asked for.
    played: String,
    began: Zoned,
    told: Vec<Told>,
    times: Times,
    stopped: bool,
    traveller: Option<u64>,
}

/// Who is at fault when all is done. A gate that failed once has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Everything was as it should be.
    Nobody,
    /// The gate.
    Gate,
    /// The bench: nothing is said about the gate.
    Bench,
    /// Nobody, as far as was looked: something was left out.
    Unknown,
}

impl Files {
    /// Whether anybody wants to see more than the verdict.
    pub(crate) const fn want_details(&self) -> bool {
        self.html.is_some() || self.vcd.is_some()
    }

    /// The station of a rig of that kind.
    ///
    /// # Errors
    ///
    /// What is wrong with its file, or that the rig needs another one.
    pub(crate) fn station(&self, kind: Kind) -> anyhow::Result<Station> {
        let given = self.station.as_deref().map(Station::open).transpose()?;
        kind.station(given)
    }

    /// What a device of the station lacks, with the file that names it.
    pub(crate) fn named(&self, problem: anyhow::Error) -> anyhow::Error {
        match &self.station {
            Some(file) => problem.context(file.display().to_string()),
            None => problem,
        }
    }

    /// Begins a report. What is going to be written is made now: nobody plays for hours to hear then
    /// that there is no such folder.
    pub(crate) fn begin(&self, played: String, station: Station) -> anyhow::Result<Report> {
        for path in [&self.junit, &self.json, &self.html, &self.vcd]
            .into_iter()
            .flatten()
        {
            File::create(path).with_context(|| path.display().to_string())?;
        }
        Ok(Report {
            station,
            played,
            began: Zoned::now(),
            told: Vec::new(),
            times: Times::default(),
            stopped: false,
            traveller: self.traveller,
        })
    }

    /// Writes everything that was asked for.
    fn write(&self, report: &Report) -> anyhow::Result<()> {
        let put = |path: &Option<PathBuf>, text: &dyn Fn() -> anyhow::Result<String>| {
            path.as_ref().map_or(Ok(()), |path| {
                fs::write(path, text()?).with_context(|| path.display().to_string())
            })
        };
        put(&self.junit, &|| told::junit(&report.told))?;
        put(&self.json, &|| told::json(&report.told))?;
        put(&self.html, &|| Ok(page::draw(report)))?;
        if let Some(path) = &self.vcd {
            write_pins(path, &report.told).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}

impl Files {
    /// Writes everything that was asked for, and gives the verdict. What cannot be written is said, and is
    /// the bench's fault; it hides no fault of the gate.
    ///
    /// # Errors
    ///
    /// As [`Report::verdict`]; a file that cannot be written.
    pub(crate) fn finish(&self, report: &Report) -> anyhow::Result<()> {
        let written = self.write(report);
        match (report.verdict(), written) {
            (Err(fault), Err(problem)) if fault.is::<GateFault>() => {
                complain!("hil: no report: {problem:#}");
                Err(fault)
            }
            (verdict, written) => written.and(verdict),
        }
    }
}

fn write_pins(path: &Path, told: &[Told]) -> std::io::Result<()> {
    vcd::write(&mut BufWriter::new(File::create(path)?), told)
}

impl Report {
    /// Adds what came of a scenario; its travellers count.
    pub(crate) fn add(&mut self, told: Told) {
        for traveller in &told.observed().travellers {
            self.times.add(told.name(), traveller);
        }
        self.told.push(told);
    }

    /// Adds what came of a scenario whose travellers have been counted.
    pub(crate) fn add_uncounted(&mut self, told: Told) {
        self.told.push(told);
    }

    /// Adds travellers of many episodes.
    pub(crate) fn count(&mut self, times: Times) {
        self.times.join(times);
    }

    /// Says more of what was played.
    pub(crate) fn remark(&mut self, words: &str) {
        self.played.push_str(words);
    }

    /// Somebody stopped the bench before its end.
    pub(crate) const fn stop(&mut self) {
        self.stopped = true;
    }

    /// Who is at fault.
    pub(crate) fn fault(&self) -> Fault {
        let looked_at = || self.told.iter().filter(|one| !one.is_left_out());
        let any = |is: fn(&Verdict) -> bool| looked_at().any(|one| is(&one.run().verdict));
        if any(|verdict| matches!(verdict, Verdict::Gate(_))) {
            Fault::Gate
        } else if any(|verdict| matches!(verdict, Verdict::Bench(_))) {
            Fault::Bench
        } else if self.left_out() > 0 {
            Fault::Unknown
        } else {
            Fault::Nobody
        }
    }

    /// How many passed, and how many failed.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let passed = self.told.iter().filter(|one| one.passed()).count();
        (passed, self.told.len() - passed - self.left_out())
    }

    /// How many this rig could not do.
    pub(crate) fn left_out(&self) -> usize {
        self.told.iter().filter(|one| one.is_left_out()).count()
    }

    /// How many passed, failed and were left out, in words.
    pub(crate) fn sum(&self) -> String {
        let (passed, failed) = self.counts();
        match self.left_out() {
            0 => format!("{passed} passed, {failed} failed"),
            left_out => format!("{passed} passed, {failed} failed, {left_out} not checked"),
        }
    }

    /// The verdict, as the program ends with it.
    ///
    /// # Errors
    ///
    /// [`GateFault`], [`Stopped`], or the bench's fault.
    pub(crate) fn verdict(&self) -> anyhow::Result<()> {
        let (passed, failed) = self.counts();
        let all = passed + failed;
        match self.fault() {
            Fault::Gate => {
                let why = format!("{failed} of {all} scenarios failed: the gate is at fault");
                Err(GateFault(why).into())
            }
            Fault::Bench => bail!("{failed} of {all} scenarios could not be played to their end"),
            Fault::Nobody | Fault::Unknown if self.stopped => Err(Stopped.into()),
            Fault::Unknown => {
                let left_out = self.left_out();
                bail!("{left_out} not checked, so that nothing is said about the whole gate")
            }
            Fault::Nobody => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ending;
    use gate_sim::scenario::Run;

    fn report(verdicts: &[Verdict]) -> Report {
        let mut report = Files::default()
            .begin("test".to_owned(), Station::default())
            .unwrap();
        for verdict in verdicts {
            let run = Run {
                verdict: verdict.clone(),
                ..Run::refused("t".to_owned(), "pure", String::new())
            };
            report.add(Told::of("t".to_owned(), run));
        }
        report
    }

    #[test]
    fn a_report_that_cannot_be_written_hides_no_fault_of_the_gate() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files {
            json: Some(folder.path().join("gone/report.json")),
            ..Files::default()
        };
        let code = |verdict| format!("{:?}", ending::code(&files.finish(&report(&[verdict]))));
        let is = |code: u8| format!("{:?}", std::process::ExitCode::from(code));
        assert_eq!(code(Verdict::Gate("it opened".to_owned())), is(1));
        assert_eq!(code(Verdict::Passed), is(2));
    }

    #[test]
    fn what_was_not_checked_is_neither_passed_nor_failed_and_no_gate_passes_with_it() {
        let mut report = report(&[Verdict::Passed]);
        let why = "this rig cannot do chip-reader-lost".to_owned();
        report.add(Told::not_checked("reader".to_owned(), "daemon", why));
        assert_eq!(report.sum(), "1 passed, 0 failed, 1 not checked");
        assert_eq!(report.fault(), Fault::Unknown);
        assert!(report.verdict().is_err());
        let junit = told::junit(&report.told).unwrap();
        assert!(
            junit.contains("skipped=\"1\"") && junit.contains("errors=\"0\""),
            "{junit}"
        );
        assert!(junit.contains("cannot do chip-reader-lost"), "{junit}");
        let json = told::json(&report.told).unwrap();
        assert!(json.contains("\"verdict\":\"not checked\""), "{json}");
        let page = page::draw(&report);
        assert!(page.contains("<h1>Not everything was checked</h1>"));
        let failed = Told::of(
            "gate".to_owned(),
            Run {
                verdict: Verdict::Gate("it opened".to_owned()),
                ..Run::refused("t".to_owned(), "pure", String::new())
            },
        );
        report.add(failed);
        assert_eq!(
            report.fault(),
            Fault::Gate,
            "it outweighs what was not checked"
        );
    }

    #[test]
    fn a_fault_of_the_gate_outweighs_the_benchs_and_both_outweigh_a_stop() {
        let gate = || Verdict::Gate("it opened".to_owned());
        let bench = || Verdict::Bench("no board".to_owned());
        let codes = |verdicts: &[Verdict], stopped: bool| {
            let mut report = report(verdicts);
            report.stopped = stopped;
            format!("{:?}", ending::code(&report.verdict()))
        };
        let code = |code: u8| format!("{:?}", std::process::ExitCode::from(code));
        assert_eq!(codes(&[Verdict::Passed], false), code(0));
        assert_eq!(codes(&[Verdict::Passed], true), code(130));
        assert_eq!(codes(&[Verdict::Passed, bench()], true), code(2));
        assert_eq!(codes(&[bench(), gate(), Verdict::Passed], false), code(1));
    }
}
