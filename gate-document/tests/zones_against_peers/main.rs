//! Our reading of 100,000 zones, whole and damaged, beside those of four parsers by others: at least two for
//! each format.
//!
//! Each says yes or no to a zone, and what stands in it. Wherever one differs from ours, the reason has to be
//! one of [`Known`]; any other difference fails the test, with the seed that shows it. What our parser repairs
//! is a zone that it reads as it stands, and goes through the same comparison. `docs/mrz-peers.md` is what came
//! of it: `GATE_ACCEPT=1` writes it anew.
//!
//! Two of the parsers are programs in other languages. The test needs the folder that `cargo xtask models`
//! fills: `GATE_MODELS` names it; without it the test says so and passes over.

#![expect(clippy::panic, reason = "a test must be able to fail")]

mod generate;
mod mutate;
mod page;
mod peers;
mod reasons;

use gate_document::mrz::{Mrz, MrzError, Position};
use mutate::Change;
use peers::{Answer, Peer, Programs};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reasons::{Known, differences, reading};
use std::collections::BTreeMap;

const ZONES: u64 = 100_000;

/// What a run over some zones has found.
#[derive(Default)]
pub(crate) struct Found {
    /// By what was done to them.
    changes: BTreeMap<Change, Tally>,
    /// By peer and format.
    asked: BTreeMap<(Peer, usize), u64>,
    known: BTreeMap<(Peer, Known), u64>,
    /// The first of each kind.
    unexplained: BTreeMap<(Peer, String), String>,
}

/// How many zones there were, and who read them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    zones: u64,
    read: u64,
    repaired: u64,
    by_peer: [u64; Peer::ALL.len()],
}

/// A zone, and how it came about.
struct Case {
    seed: u64,
    change: Change,
    zone: Vec<String>,
    ours: Result<Mrz, MrzError>,
    was_repaired: bool,
}

#[test]
fn every_difference_from_four_other_parsers_has_a_known_reason() {
    const THREADS: u64 = 4;
    let Some(programs) = Programs::find() else {
        return;
    };
    let programs = &programs;
    let found = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || compare(programs, first, THREADS)))
            .collect();
        let mut all = Found::default();
        for run in runs {
            all.add(run.join().expect("no parser panics"));
        }
        all
    });
    let unexplained: Vec<&str> = found.unexplained.values().map(String::as_str).collect();
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n\n"));
    page::hold(&found);
    // A generator of good zones alone, or of bad ones, would prove nothing.
    let read: u64 = found.changes.values().map(|tally| tally.read).sum();
    assert!((ZONES / 10..ZONES * 9 / 10).contains(&read));
    for format in 0..5 {
        let asked = |peer: &&Peer| {
            found
                .asked
                .get(&(**peer, format))
                .is_some_and(|count| *count > 5_000)
        };
        assert!(
            Peer::ALL.iter().filter(asked).count() >= 2,
            "format {format}"
        );
    }
}

fn compare(programs: &Programs, first: u64, step: u64) -> Found {
    let mut found = Found::default();
    let cases: Vec<Case> = (first..ZONES)
        .step_by(step as usize)
        .flat_map(cases)
        .collect();
    for case in &cases {
        let tally = found.changes.entry(case.change).or_default();
        tally.zones += 1;
        tally.read += u64::from(case.ours.is_ok());
        tally.repaired += u64::from(case.was_repaired);
    }
    for peer in Peer::ALL {
        let known: Vec<&Case> = cases.iter().filter(|case| peer.knows(&case.zone)).collect();
        let zones: Vec<Vec<String>> = known.iter().map(|case| case.zone.clone()).collect();
        let answers: Vec<Answer> = match peer {
            Peer::Python | Peer::Node => programs.ask(peer, first, &zones),
            Peer::Crate | Peer::Mrtd => zones.iter().map(|zone| peers::ask(peer, zone)).collect(),
        };
        for (case, answer) in known.into_iter().zip(answers) {
            found.note(peer, case, &answer);
        }
    }
    found
}

/// The zone of `seed`, changed or not, and what our parser made of it where it repaired it.
fn cases(seed: u64) -> Vec<Case> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut zone = generate::zone(&mut rng);
    let change = match rng.random_bool(0.7) {
        true => mutate::change(&mut zone, &mut rng),
        false => Change::None,
    };
    let text = zone.join("\n");
    let ours = Mrz::parse(&text);
    let repaired = repaired(&text, &ours);
    let mut cases = vec![Case {
        seed,
        change,
        zone,
        ours,
        was_repaired: repaired.is_some(),
    }];
    cases.extend(repaired.map(|zone| Case {
        seed,
        change: Change::Repaired,
        ours: Mrz::parse(&zone.join("\n")),
        zone,
        was_repaired: false,
    }));
    cases
}

/// The zone as it was repaired, where it was: held against the parser that repairs nothing.
fn repaired(text: &str, strict: &Result<Mrz, MrzError>) -> Option<Vec<String>> {
    let first = match (Mrz::read(text), strict) {
        (Ok(first), _) => first,
        (Err(_), Ok(_)) => panic!("what is right is refused:\n{text}"),
        (Err(_), Err(_)) => return None,
    };
    if let Ok(strict) = strict {
        let same = reading(&first) == reading(strict) && first.repairs().is_empty();
        assert!(same, "what is right is changed:\n{text}");
    }
    let as_sent: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b'\n')
        .map(|byte| match byte {
            b'_' | b' ' => b'<',
            other => other.to_ascii_uppercase(),
        })
        .collect();
    for one in std::iter::once(&first).chain(first.alternatives()) {
        let lines: Vec<&str> = one.lines().collect();
        let again = Mrz::parse(&lines.join("\n"));
        let again = again.unwrap_or_else(|error| panic!("{error} in a repair of\n{text}"));
        assert_eq!(reading(&again), reading(one), "{text}");
        // Every change is told, and each stands under a check digit.
        let length = one.format.line_length();
        let changed: Vec<Position> = lines
            .concat()
            .bytes()
            .zip(&as_sent)
            .enumerate()
            .filter(|(_, (now, sent))| now != *sent)
            .map(|(at, _)| Position {
                line: at / length + 1,
                position: at % length + 1,
            })
            .collect();
        assert_eq!(one.repairs(), changed, "{text}");
        assert!(
            changed.iter().all(|place| one.format.is_proved(*place)),
            "{text}"
        );
    }
    (!first.repairs().is_empty()).then(|| first.lines().map(str::to_owned).collect())
}

impl Found {
    fn note(&mut self, peer: Peer, case: &Case, answer: &Answer) {
        let Case { zone, ours, .. } = case;
        if let Ok(mrz) = ours {
            *self.asked.entry((peer, mrz.format as usize)).or_default() += 1;
        }
        let tally = self.changes.entry(case.change).or_default();
        tally.by_peer[peer as usize] += u64::from(matches!(answer, Answer::Read(_)));
        for difference in differences(peer, zone, ours, answer) {
            match difference {
                Ok(known) => *self.known.entry((peer, known)).or_default() += 1,
                Err(what) => {
                    let kind = what.split(':').next().unwrap_or_default().to_owned();
                    self.unexplained.entry((peer, kind)).or_insert_with(|| {
                        format!(
                            "seed {}, {:?}: {} differs in {what}\n{}\nours: {:?}\ntheirs: {answer:?}",
                            case.seed,
                            case.change,
                            peer.name(),
                            zone.join("\n"),
                            ours.as_ref().map(reading),
                        )
                    });
                }
            }
        }
    }

    fn add(&mut self, other: Self) {
        for (change, tally) in other.changes {
            let mine = self.changes.entry(change).or_default();
            mine.zones += tally.zones;
            mine.read += tally.read;
            mine.repaired += tally.repaired;
            for (mine, theirs) in mine.by_peer.iter_mut().zip(tally.by_peer) {
                *mine += theirs;
            }
        }
        for (key, count) in other.asked {
            *self.asked.entry(key).or_default() += count;
        }
        for (key, count) in other.known {
            *self.known.entry(key).or_default() += count;
        }
        self.unexplained.extend(other.unexplained);
    }
}
