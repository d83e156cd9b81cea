//! `hil gate-check`: the acceptance of one gate in about two minutes, device by device.
//!
//! Each check is a scenario that needs one device. A device that is taken away must be missed: the lane
//! says that it is closed. When it is back, the lane must be ready again. At the end somebody in order
//! goes through, which needs all of them, and shows whether the beam behind the exit stands where it
//! must.

use crate::report::{Files, Told};
use crate::rig::{Kind, Parts, ProcessRig};
use crate::stop::Stop;
use gate_protocol::pins::Input;
use gate_sim::fault::Fault;
use gate_sim::profile::Profile;
use gate_sim::rig::{Costs, PureRig};
use gate_sim::scenario::observed::Levels;
use gate_sim::scenario::{Deed, Expected, Rig, Run, Scenario, Step, Verdict, run as play};
use gate_sim::world::Persona;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// What is checked, and where the report goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What the lane is made of.
    #[arg(long, value_enum, default_value = "daemon")]
    rig: Kind,
    #[command(flatten)]
    parts: Parts,
    /// Decides who is how fast.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    files: Files,
}

/// A device, and the fault that shows whether the gate misses it.
struct Check {
    device: &'static str,
    fault: Fault,
    /// What the screen must say meanwhile.
    shows: &'static str,
}

/// Lists are not among them: one that is gone stays in use, and whoever goes through at the end is asked
/// for in it.
const CHECKS: [Check; 7] = [
    Check {
        device: "document reader",
        fault: Fault::MrzReaderLost,
        shows: "out-of-service",
    },
    Check {
        device: "contactless reader",
        fault: Fault::ChipReaderLost,
        shows: "out-of-service",
    },
    Check {
        device: "camera",
        fault: Fault::CameraLost,
        shows: "out-of-service",
    },
    Check {
        device: "controller's line",
        fault: Fault::LineCut,
        shows: "out-of-service",
    },
    Check {
        device: "controller",
        fault: Fault::ControllerOff,
        shows: "out-of-service",
    },
    Check {
        device: "emergency stop",
        fault: Fault::EmergencyStop,
        shows: "emergency",
    },
    Check {
        device: "fire alarm",
        fault: Fault::Fire,
        shows: "emergency",
    },
];

/// A device that is gone has been missed by then.
const MISSED_BY: Duration = Duration::from_secs(10);
/// After an emergency somebody looks at the lane for so long, and then turns the key as
/// long: a controller takes a shorter turn for chance.
const KEY: Duration = Duration::from_secs(6);
/// Somebody who crosses every day is through by then.
const THROUGH_BY: Duration = Duration::from_secs(60);

/// Checks a gate; an error if it is not in order, or the bench could not find out.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let asked = format!("acceptance of one gate, {} rig", options.rig.word());
    let station = options.files.station(options.rig)?;
    let mut report = options.files.begin(asked, station.clone())?;
    let stop = Stop::listen()?;
    let walk = walk(options.seed);
    let mut rig: Box<dyn Rig> = match options.rig {
        Kind::Pure => {
            let profile = Profile::practised();
            Box::new(PureRig::new(profile, Costs::default(), options.seed)?)
        }
        kind => {
            let lane = (kind, &station);
            let rig = ProcessRig::power_on(&options.parts, &walk, lane, stop.clone());
            Box::new(rig.map_err(|problem| options.files.named(problem))?)
        }
    };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {elapsed} gone")?;
    let bar = ProgressBar::new(CHECKS.len() as u64 + 2).with_style(style);
    let opens = scenario("the lane opens", options.seed, vec![Deed::Recovers]);
    let checks = CHECKS.iter().map(|check| {
        let plays = comes_back(check, options.seed);
        (check.device, Some(check.fault), plays)
    });
    let all = [("the lane opens", None, opens)]
        .into_iter()
        .chain(checks)
        .chain([("doors, journal and all the rest", None, walk)]);
    for (device, fault, scenario) in all {
        if stop.is_asked() {
            report.stop();
            break;
        }
        bar.set_message(device);
        if let Some(fault) = fault.filter(|fault| !rig.can(*fault)) {
            let why = format!("this rig cannot do {fault}");
            bar.suspend(|| say!("  {device:32} not checked: {why}"));
            bar.inc(1);
            report.add(Told::not_checked(device.to_owned(), rig.name(), why));
            continue;
        }
        let comes = |step: &Step| matches!(step.deed, Deed::Comes(_));
        let walks = scenario.steps.iter().any(comes);
        if walks || options.files.want_details() {
            rig.observe();
        }
        let mut played = play(&scenario, rig.as_mut());
        let observed = rig.observed();
        if walks {
            played.verdict = with_beam(played.verdict, &observed.levels);
        }
        if stop.is_asked() && matches!(played.verdict, Verdict::Bench(_)) {
            report.stop();
            break;
        }
        bar.suspend(|| say!("  {device:32} {}", verdict(&played)));
        bar.inc(1);
        let told = Told::of(device.to_owned(), played).with(observed);
        report.add(told.played_from(scenario.text()));
    }
    bar.finish_and_clear();
    say!("{}", report.sum());
    options.files.finish(&report)
}

fn verdict(played: &Run) -> String {
    let seconds = played.measured.iter().map(|one| one.took.as_secs_f64());
    match &played.verdict {
        Verdict::Passed => format!("in order, {:.1} s", seconds.sum::<f64>()),
        Verdict::Gate(why) => format!("GATE AT FAULT: {why}"),
        Verdict::Bench(why) => format!("bench at fault, nothing is said about the gate: {why}"),
    }
}

/// Judges the place of the beam behind the exit by somebody's way through, if that went well: whoever
/// walks out stands in the beam before they are out of the leaf's curtain. Where they do not, the
/// controller takes nobody for gone (SAF-031).
fn with_beam(verdict: Verdict, levels: &[Levels]) -> Verdict {
    let broken = |levels: &Levels, input| !levels.inputs.input(input);
    let near =
        |levels: &Levels| broken(levels, Input::ExitSafe) && broken(levels, Input::ZoneOutFree);
    match verdict {
        Verdict::Passed if !levels.iter().any(near) => Verdict::Gate(
            "whoever walked out was out of the exit's curtain before they broke the beam behind it: \
             it must stand within 0.4 m of the leaf"
                .to_owned(),
        ),
        verdict => verdict,
    }
}

/// The device goes, the lane misses it; it comes back, and so does the lane.
fn comes_back(check: &Check, seed: u64) -> Scenario {
    let mut deeds = vec![
        Deed::Begins(check.fault, None),
        Deed::Expect(Expected::Screen(check.shows.to_owned()), MISSED_BY),
        Deed::Ends(check.fault),
    ];
    if check.shows == "emergency" {
        deeds.push(Deed::Begins(Fault::ServiceKey, None));
        deeds.push(Deed::Ends(Fault::ServiceKey));
    }
    deeds.push(Deed::Recovers);
    scenario(check.device, seed, deeds)
}

/// Somebody in order goes through.
fn walk(seed: u64) -> Scenario {
    scenario(
        "somebody in order",
        seed,
        vec![
            Deed::Comes(Persona::Practised),
            Deed::Expect(Expected::Decided("cleared", None), THROUGH_BY),
            Deed::Expect(Expected::Left("through-exit"), THROUGH_BY),
            Deed::Recovers,
        ],
    )
}

fn scenario(title: &str, seed: u64, deeds: Vec<Deed>) -> Scenario {
    let step = |deed| Step {
        line: 0,
        after: match deed {
            Deed::Begins(Fault::ServiceKey, _) | Deed::Ends(Fault::ServiceKey) => KEY,
            _ => Duration::ZERO,
        },
        deed,
    };
    Scenario {
        title: title.to_owned(),
        seed,
        profile: Profile::typical(),
        steps: deeds.into_iter().map(step).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_protocol::Instant;
    use gate_protocol::pins::Bits;

    #[test]
    fn a_beam_that_nobody_breaks_from_within_the_curtain_stands_too_far_away() {
        let free = Bits(0x00ff_ffff);
        let in_leaf = free.with_input(Input::ExitSafe, false);
        let in_beam = free.with_input(Input::ZoneOutFree, false);
        let in_both = in_leaf.with_input(Input::ZoneOutFree, false);
        for (between, near) in [(in_both, true), (free, false)] {
            let levels = [free, in_leaf, between, in_beam, free].map(|inputs| Levels {
                at: Instant::ZERO,
                inputs,
                outputs: Bits(0),
            });
            let verdict = with_beam(Verdict::Passed, &levels);
            assert_eq!(verdict == Verdict::Passed, near, "{verdict:?}");
            let broken = Verdict::Bench("no lane".to_owned());
            assert_eq!(with_beam(broken.clone(), &levels), broken);
        }
    }
}
