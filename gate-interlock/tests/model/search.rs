//! Breadth first through every lane that can come about, each only once.

use crate::lane::{Lane, Powers, Step};
use crate::properties::{Broken, nobody_is_kept};
use foldhash::quality::FixedState;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, Hash};

/// 64 bits that stand for a state. Among ten million states the chance that any two share theirs
/// is about one in 400,000.
pub(crate) fn fingerprint(state: &impl Hash) -> u64 {
    FixedState::with_seed(0).hash_one(state)
}

/// What a search went through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) steps: u64,
    /// Ticks from the start to the farthest state whose next steps were all taken.
    pub(crate) depth: u32,
    /// Nothing is left that was not looked at.
    pub(crate) complete: bool,
    /// Ticks that somebody inside has to wait at most until a door is released.
    pub(crate) longest_wait: u32,
}

impl fmt::Display for Explored {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            into,
            "{} states, {} steps, {} ticks deep, {}; nobody is held longer than {} ticks",
            self.states,
            self.steps,
            self.depth,
            if self.complete {
                "all there are"
            } else {
                "stopped there"
            },
            self.longest_wait
        )
    }
}

/// A rule that does not hold, and the way there.
pub(crate) struct Counterexample {
    broken: Broken,
    way: Vec<(Step, String)>,
}

impl fmt::Debug for Counterexample {
    /// As a test that fails prints it: one line for each tick.
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(into, "{} ({})", self.broken.rule, self.broken.how)?;
        for (tick, (Step { moved, said }, lane)) in self.way.iter().enumerate() {
            writeln!(
                into,
                "{tick:3} {:32} {:40} {lane}",
                format!("{moved:?}"),
                format!("{said:?}")
            )?;
        }
        Ok(())
    }
}

/// How a state was first reached.
#[derive(Clone, Copy)]
struct Came {
    from: u32,
    by: Step,
}

struct Search<'a> {
    powers: &'a Powers,
    seen: HashSet<u64, FixedState>,
    came: Vec<Came>,
    waiting: VecDeque<(u32, u32, Lane)>,
    explored: Explored,
}

/// Searches all that `powers` can bring about, in no more than so many `steps`.
pub(crate) fn search(powers: &Powers, steps: u64) -> Result<Explored, Box<Counterexample>> {
    let start = Lane::switched_on();
    let mut search = Search {
        powers,
        seen: HashSet::with_hasher(FixedState::with_seed(1)),
        came: Vec::new(),
        waiting: VecDeque::new(),
        explored: Explored::default(),
    };
    search.seen.insert(fingerprint(&start));
    search.waiting.push_back((0, 0, start));
    search.came.push(Came {
        from: 0,
        by: Step::NONE,
    });
    search.run(steps)
}

impl Search<'_> {
    fn run(mut self, steps: u64) -> Result<Explored, Box<Counterexample>> {
        while let Some((number, ticks, lane)) = self.waiting.pop_front() {
            self.explored.depth = ticks;
            self.wait_in(number, &lane)?;
            self.expand(number, ticks, &lane)?;
            if self.explored.steps >= steps {
                break;
            }
        }
        self.explored.complete = self.waiting.is_empty();
        self.explored.states = self.came.len();
        Ok(self.explored)
    }

    fn wait_in(&mut self, number: u32, lane: &Lane) -> Result<(), Box<Counterexample>> {
        if lane.world.inside.count() == 0 {
            return Ok(());
        }
        let waited = nobody_is_kept(lane, self.powers)
            .map_err(|broken| self.counterexample(broken, number, None))?;
        self.explored.longest_wait = self.explored.longest_wait.max(waited);
        Ok(())
    }

    fn expand(&mut self, from: u32, ticks: u32, lane: &Lane) -> Result<(), Box<Counterexample>> {
        let mut failed = None;
        let powers = self.powers;
        lane.next(powers, |by, next| {
            self.explored.steps += 1;
            match next {
                Ok(next) if self.seen.insert(fingerprint(&next)) => {
                    let number = u32::try_from(self.came.len()).expect("memory ends before");
                    self.came.push(Came { from, by });
                    self.waiting.push_back((number, ticks + 1, next));
                }
                Ok(_) => {}
                Err(broken) => failed = failed.take().or(Some((broken, by))),
            }
        });
        match failed {
            Some((broken, by)) => Err(self.counterexample(broken, from, Some(by))),
            None => Ok(()),
        }
    }

    /// The way to state `number`, and the step that broke the rule.
    fn counterexample(&self, broken: Broken, number: u32, by: Option<Step>) -> Box<Counterexample> {
        let mut steps: Vec<Step> = by.into_iter().collect();
        let mut at = number;
        while at != 0 {
            let came = self.came[at as usize];
            steps.push(came.by);
            at = came.from;
        }
        let mut lane = Lane::switched_on();
        let mut way = Vec::new();
        for step in steps.into_iter().rev() {
            match lane.after(step, self.powers) {
                Ok(next) => {
                    lane = next;
                    way.push((step, lane.to_string()));
                }
                Err(_) => way.push((step, "broken".to_owned())),
            }
        }
        Box::new(Counterexample { broken, way })
    }
}
