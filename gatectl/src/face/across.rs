//! Rates on people whom neither the centre nor the thresholds have seen: each half of the people is measured
//! with those of the other half.

use super::evaluate::{FMRS, percent, rate_json};
use super::pairs::Trial;
use super::sequence;
use gate_face::centre::Centre;
use gate_face::rates::{Rate, Scores};
use gate_face::{Likeness, Template};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What happens in both halves at the thresholds that the other half gave for one false match rate.
pub(super) struct Across {
    /// `pairs` or `sequences`.
    of: &'static str,
    fmr_wanted: f64,
    thresholds: [f32; 2],
    fmr: Rate,
    fnmr: Rate,
}

/// Scores of some people.
type ScoresOf<'a> = &'a dyn Fn(&Trial, &[Option<Template>]) -> Scores;

/// Measures `templates` from which nothing was taken away. Every second person is of the one half. Rates for
/// which a half has too few pairs are left out.
pub(super) fn rates(trial: &Trial, templates: &[Option<Template>], frames: usize) -> Vec<Across> {
    let half = |which: usize| {
        let people = trial.people.iter().skip(which).step_by(2).cloned();
        Trial::of_people(Vec::new(), people.collect())
    };
    let halves = [half(0), half(1)];
    let centred = |by: &Trial| -> Vec<Option<Template>> {
        let first = by.people.iter().map(|own| templates[own[0]].as_ref());
        let centre = Centre::of(first.flatten()).unwrap_or_default();
        let centred = |template: &Option<Template>| template.as_ref()?.centred(&centre).ok();
        templates.iter().map(centred).collect()
    };
    let centred = halves.each_ref().map(centred);
    let kinds: [(&'static str, ScoresOf<'_>); 2] = [
        ("pairs", &scores),
        ("sequences", &|half, templates| {
            sequence::scores(half, templates, frames)
        }),
    ];
    let kinds = kinds.into_iter().take(1 + usize::from(frames > 0));
    let of_kind = |(of, scores): (&'static str, ScoresOf<'_>)| {
        // Sought with the own centre, measured with the other half's.
        let sought = [0, 1].map(|which| scores(&halves[which], &centred[which]));
        let measured = [0, 1].map(|which| scores(&halves[which], &centred[1 - which]));
        let at = move |fmr: f64| {
            let points = [sought[0].at_fmr(fmr)?, sought[1].at_fmr(fmr)?];
            let [one, other] = [
                measured[0].at(points[1].threshold),
                measured[1].at(points[0].threshold),
            ];
            Some(Across {
                of,
                fmr_wanted: fmr,
                thresholds: points.map(|point| point.threshold),
                fmr: sum(one.fmr, other.fmr),
                fnmr: sum(one.fnmr, other.fnmr),
            })
        };
        FMRS.into_iter().filter_map(at).collect::<Vec<_>>()
    };
    kinds.flat_map(of_kind).collect()
}

fn scores(half: &Trial, templates: &[Option<Template>]) -> Scores {
    let compare = |pairs: &[[usize; 2]]| {
        let likeness = |[one, other]: &[usize; 2]| {
            let (one, other) = (templates[*one].as_ref()?, templates[*other].as_ref()?);
            Some(Likeness::of(one, other).ok()?.value())
        };
        pairs.iter().filter_map(likeness).collect()
    };
    Scores::new(compare(&half.genuine), compare(&half.impostors))
}

const fn sum(one: Rate, other: Rate) -> Rate {
    Rate {
        count: one.count + other.count,
        tries: one.tries + other.tries,
    }
}

/// For a person to read; Markdown.
pub(super) fn table(rates: &[Across]) -> String {
    let mut text =
        "\nacross: each half of the people with centre and threshold of the other half\n\n\
                    | of | FMR wanted | thresholds | FMR (95 % limits) | FNMR (95 % limits) |\n\
                    | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for rate in rates {
        let [one, other] = rate.thresholds;
        let (fmr, fnmr) = (percent(rate.fmr), percent(rate.fnmr));
        let _ = writeln!(
            text,
            "| {} | {:e} | {one:.4}, {other:.4} | {fmr} | {fnmr} |",
            rate.of, rate.fmr_wanted
        );
    }
    text
}

pub(super) fn as_json(rates: &[Across]) -> Value {
    let of = |rate: &Across| {
        json!({
            "of": rate.of,
            "fmr_wanted": rate.fmr_wanted,
            "thresholds": rate.thresholds,
            "fmr": rate_json(rate.fmr),
            "fnmr": rate_json(rate.fnmr),
        })
    };
    rates.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_is_measured_at_the_threshold_of_the_other() {
        // Strangers of the even half are less alike than those of the odd half.
        let apart = |person: usize| match person % 2 {
            0 => (person as f32 * 0.1, 0.3),
            _ => (person as f32 * 0.02, 0.005),
        };
        let mut templates = Vec::new();
        let mut people = Vec::new();
        for person in 0..40 {
            people.push(vec![templates.len(), templates.len() + 1]);
            let (angle, own) = apart(person);
            for angle in [angle, angle + own] {
                templates.push(Some(Template::new(&[angle.cos(), angle.sin()]).unwrap()));
            }
        }
        let trial = Trial::of_people(Vec::new(), people);
        let found = rates(&trial, &templates, 0);
        let [point] = &found[..] else {
            panic!("{}", table(&found))
        };
        assert!((point.fmr_wanted - 1e-2).abs() < 1e-9);
        // 2 x 190 strangers, 2 x 20 genuine pairs; a threshold of its own would let 1 of 190 pass in each half.
        assert_eq!((point.fmr.tries, point.fnmr.tries), (380, 40));
        assert!(point.thresholds[0] < point.thresholds[1]);
        assert!(point.fmr.count > 10, "{}", table(&found));
        // At the odd half's threshold no genuine pair of the even half passes.
        assert_eq!(point.fnmr.count, 20, "{}", table(&found));
    }
}
