//! The same in real time: the daemon's rig, whose journal tells where the time went.

use crate::ending::{GateFault, Stopped};
use crate::rig::{Kind, Parts, ProcessRig};
use crate::station::Station;
use crate::stop::Stop;
use anyhow::bail;
use gate_session::{SpanKind, Timeline};
use gate_sim::profile::Profile;
use gate_sim::rig::bench::{self, Percentiles, Report};
use gate_sim::rig::{Cost, Costs};
use gate_sim::scenario::{Deed, Expected, Rig, Scenario, Step, Verdict, run as play};
use gate_sim::world::Persona;
use std::time::Duration;

/// Longer than a traveller takes, officer and way back included.
const TRAVELLER_MAX: Duration = Duration::from_secs(120);

/// Lets genuine travellers come, and tells where the time of each went.
pub(super) fn walk(
    parts: &Parts,
    travellers: usize,
    profile: &Profile,
    seed: u64,
    stop: &Stop,
) -> anyhow::Result<Vec<Timeline>> {
    let step = |deed| Step {
        line: 0,
        after: Duration::ZERO,
        deed,
    };
    let one = Scenario {
        title: "a traveller in order".to_owned(),
        seed,
        profile: profile.clone(),
        steps: vec![
            step(Deed::Comes(Persona::Genuine)),
            step(Deed::Expect(Expected::Left("through-exit"), TRAVELLER_MAX)),
        ],
    };
    let lane = (Kind::Daemon, &Station::default());
    let mut rig = ProcessRig::power_on(parts, &one, lane, stop.clone())?;
    rig.observe();
    let bar = super::bar(travellers as u64)?;
    bar.set_message("in real time");
    for _ in 0..travellers {
        let played = play(&one, &mut rig);
        if stop.is_asked() {
            bar.finish_and_clear();
            return Err(Stopped.into());
        }
        match played.verdict.clone() {
            Verdict::Passed => bar.inc(1),
            // Somebody in order who is referred is counted, and is not among the cleared.
            Verdict::Gate(why) if rig.violations().is_empty() => {
                let (trace, said) = (played.text(), rig.last_words());
                bar.suspend(|| {
                    complain!("not cleared: {why}\n{trace}the daemon said last:\n{said}")
                });
            }
            Verdict::Gate(why) => return Err(GateFault(why).into()),
            Verdict::Bench(why) => bail!("{why}; {}", rig.last_words()),
        }
    }
    bar.finish_and_clear();
    Ok(rig.timelines())
}

/// The figures.
pub(super) fn report(travellers: usize, timelines: &[Timeline]) -> Report {
    let whole = match (timelines.first(), timelines.last()) {
        (Some(first), Some(last)) => last.ended.since(first.began),
        _ => Duration::ZERO,
    };
    bench::figures(travellers, &timelines.iter().collect::<Vec<_>>(), whole)
}

/// What the program's work cost, as far as the journal's spans tell; `before` for the rest.
pub(super) fn measured(timelines: &[Timeline], before: &Costs) -> Costs {
    let cost = |names: &[&str], otherwise: Cost| {
        let spans = timelines.iter().flat_map(|timeline| &timeline.spans);
        let mine = spans
            .filter(|span| span.kind == SpanKind::Software && names.contains(&span.name.as_ref()));
        let times: Vec<Duration> = mine.map(gate_session::Span::duration).collect();
        if times.is_empty() {
            return otherwise;
        }
        let Percentiles { p50, p95, .. } = Percentiles::of(times);
        Cost {
            p50_ms: p50,
            p95_ms: p95,
        }
    };
    Costs {
        decode_portrait: cost(&["decode portrait"], before.decode_portrait),
        embed_portrait: cost(&["embed portrait"], before.embed_portrait),
        examine_frame: cost(&["examine frame"], before.examine_frame),
        inspect: cost(&["inspect document"], before.inspect),
        journal: cost(&["write journal"], before.journal),
        lists: cost(&["ask lists"], before.lists),
        ..before.clone()
    }
}
