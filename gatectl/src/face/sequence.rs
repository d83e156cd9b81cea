//! Several photographs of a person stand for the frames of a gate: the likeness of their mean template is
//! held against the fused threshold, as `gate_face::capture` does.

use super::pairs::Trial;
use gate_face::Template;
use gate_face::fusion::Fusion;
use gate_face::rates::Scores;

/// Scores of sequences of `frames` photographs each.
///
/// Genuine: each photograph of a person as portrait, every choice of `frames` others as sequence.
/// Impostors: the first `frames` photographs of a person against the first one of everybody else.
pub(super) fn scores(trial: &Trial, templates: &[Option<Template>], frames: usize) -> Scores {
    let usable = |own: &Vec<usize>| -> Vec<usize> {
        let usable = own.iter().copied();
        usable.filter(|index| templates[*index].is_some()).collect()
    };
    let people: Vec<Vec<usize>> = trial.people.iter().map(usable).collect();
    let fused = |portrait: usize, sequence: &[usize]| {
        let mut mean = Fusion::default();
        for index in sequence {
            mean.add(templates[*index].as_ref()?).ok()?;
        }
        let likeness = mean.likeness(templates[portrait].as_ref()?).ok()??;
        Some(likeness.value())
    };
    let genuine = people.iter().flat_map(|own| {
        own.iter().flat_map(|portrait| {
            let others: Vec<usize> = own
                .iter()
                .copied()
                .filter(|other| other != portrait)
                .collect();
            choices(&others, frames)
                .into_iter()
                .filter_map(|sequence| fused(*portrait, &sequence))
                .collect::<Vec<_>>()
        })
    });
    let impostors = people.iter().enumerate().flat_map(|(place, own)| {
        let sequence = own.get(..frames);
        let others = people
            .iter()
            .enumerate()
            .filter(move |(other, _)| *other != place);
        let portraits = others.filter_map(|(_, other)| other.first().copied());
        portraits
            .filter_map(|portrait| fused(portrait, sequence?))
            .collect::<Vec<_>>()
    });
    Scores::new(genuine.collect(), impostors.collect())
}

/// Every choice of `count` out of `of`, in order.
fn choices(of: &[usize], count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let with = |(place, first): (usize, &usize)| {
        let rest = choices(&of[place + 1..], count - 1);
        let first = *first;
        rest.into_iter()
            .map(move |rest| [vec![first], rest].concat())
    };
    of.iter().enumerate().flat_map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_is_made_once() {
        assert_eq!(choices(&[1, 2, 3], 2), [[1, 2], [1, 3], [2, 3]]);
        assert_eq!(choices(&[1], 2), [[0; 2]; 0]);
    }

    #[test]
    fn the_mean_of_a_sequence_is_its_score() {
        let face = |angle: f32| Some(Template::new(&[angle.cos(), angle.sin()]).unwrap());
        // The first person has one bad photograph, the second one has too few for a sequence.
        let templates = [face(0.0), face(0.1), face(0.1), face(1.2), face(1.5)];
        let trial = Trial {
            people: vec![vec![0, 1, 2, 3], vec![4]],
            ..Trial::default()
        };
        let found = scores(&trial, &templates, 3);
        let (genuine, impostors) = (found.at(0.9).fnmr, found.at(0.9).fmr);
        // Only the bad photograph as portrait is missed.
        assert_eq!((genuine.count, genuine.tries), (1, 4));
        assert_eq!((impostors.count, impostors.tries), (0, 1));
    }
}
