//! Breadth first through every state that can come about, each only once.

use crate::properties::Broken;
use foldhash::quality::FixedState;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

/// 64 bits that stand for a state. Among ten million states the chance that any two share theirs
/// is about one in 400,000.
pub(crate) fn fingerprint(state: &impl Hash) -> u64 {
    FixedState::with_seed(0).hash_one(state)
}

/// How many ticks whoever is held has to wait, by the [`fingerprint`] of a state whose way on is
/// known: most states lead to the same few.
pub(crate) type Waits = HashMap<u64, u32, FixedState>;

/// One state of everything there is, and what can come of it.
pub(crate) trait Scene: Clone + Hash + fmt::Display {
    /// What world and host are able to do in one search.
    type Powers;
    /// What happens in one tick.
    type Step: Copy + fmt::Display;
    /// How long that is.
    const TICK: Duration;

    /// Just switched on, nobody there.
    fn switched_on(powers: &Self::Powers) -> Self;

    /// Where a search begins that will not get through all there is: just switched on, and each
    /// stage of a journey, so that it sees its end as well as its beginning.
    fn stages(powers: &Self::Powers) -> Result<Vec<Self>, Broken>;

    /// Every state that can come next, with how it comes about.
    fn next(&self, powers: &Self::Powers, each: impl FnMut(Self::Step, Result<Self, Broken>));

    /// The state after `step`.
    fn after(&self, step: Self::Step, powers: &Self::Powers) -> Result<Self, Broken>;

    /// How many ticks whoever is held now has to wait at most.
    fn waits(&self, powers: &Self::Powers, known: &mut Waits) -> Result<u32, Broken>;
}

/// What a search went through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) steps: u64,
    /// States that it began with.
    pub(crate) starts: usize,
    /// Ticks from a start to the farthest state whose next steps were all taken.
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
            "{} states, {} steps, {} ticks deep from {} starts, {}; nobody is held longer than {} ticks",
            self.states,
            self.steps,
            self.depth,
            self.starts,
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
    /// Each step, and what came of it.
    way: Vec<(String, String)>,
}

impl fmt::Debug for Counterexample {
    /// As a test that fails prints it: one line for each tick.
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(into, "{} ({})", self.broken.rule, self.broken.how)?;
        for (tick, (step, scene)) in self.way.iter().enumerate() {
            writeln!(into, "{tick:3} {step} {scene}")?;
        }
        Ok(())
    }
}

/// How a state was first reached.
struct Came<S: Scene> {
    from: u32,
    /// Nothing for a start.
    by: Option<S::Step>,
}

struct Search<'a, S: Scene> {
    powers: &'a S::Powers,
    /// Their numbers are the first.
    starts: Vec<S>,
    known: Waits,
    seen: HashSet<u64, FixedState>,
    came: Vec<Came<S>>,
    waiting: VecDeque<(u32, u32, S)>,
    explored: Explored,
}

/// Searches all that `powers` can bring about, in no more than so many `steps`.
pub(crate) fn search<S: Scene>(
    powers: &S::Powers,
    steps: u64,
) -> Result<Explored, Box<Counterexample>> {
    let starts = match steps {
        u64::MAX => vec![S::switched_on(powers)],
        _ => S::stages(powers).map_err(|broken| {
            let way = Vec::new();
            Box::new(Counterexample { broken, way })
        })?,
    };
    let mut search = Search {
        powers,
        starts: Vec::new(),
        known: Waits::default(),
        seen: HashSet::with_hasher(FixedState::with_seed(1)),
        came: Vec::new(),
        waiting: VecDeque::new(),
        explored: Explored::default(),
    };
    for start in starts {
        if search.seen.insert(fingerprint(&start)) {
            let number = u32::try_from(search.came.len()).expect("there are a few");
            search.starts.push(start.clone());
            search.waiting.push_back((number, 0, start));
            search.came.push(Came {
                from: number,
                by: None,
            });
        }
    }
    search.run(steps)
}

impl<S: Scene> Search<'_, S> {
    fn run(mut self, steps: u64) -> Result<Explored, Box<Counterexample>> {
        while let Some((number, ticks, scene)) = self.waiting.pop_front() {
            self.explored.depth = ticks;
            self.wait_in(number, &scene)?;
            self.expand(number, ticks, &scene)?;
            if self.explored.steps >= steps {
                break;
            }
        }
        self.explored.complete = self.waiting.is_empty();
        self.explored.states = self.came.len();
        self.explored.starts = self.starts.len();
        Ok(self.explored)
    }

    fn wait_in(&mut self, number: u32, scene: &S) -> Result<(), Box<Counterexample>> {
        let waited = scene
            .waits(self.powers, &mut self.known)
            .map_err(|broken| self.counterexample(broken, number, None))?;
        self.explored.longest_wait = self.explored.longest_wait.max(waited);
        Ok(())
    }

    fn expand(&mut self, from: u32, ticks: u32, scene: &S) -> Result<(), Box<Counterexample>> {
        let mut failed = None;
        let powers = self.powers;
        scene.next(powers, |by, next| {
            self.explored.steps += 1;
            match next {
                Ok(next) if self.seen.insert(fingerprint(&next)) => {
                    let number = u32::try_from(self.came.len()).expect("memory ends before");
                    self.came.push(Came { from, by: Some(by) });
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
    fn counterexample(
        &self,
        broken: Broken,
        number: u32,
        by: Option<S::Step>,
    ) -> Box<Counterexample> {
        let mut steps: Vec<S::Step> = by.into_iter().collect();
        let mut at = &self.came[number as usize];
        while let Some(by) = at.by {
            steps.push(by);
            at = &self.came[at.from as usize];
        }
        // A start came from itself.
        let mut scene = self.starts[at.from as usize].clone();
        let mut way = vec![("begins with".to_owned(), scene.to_string())];
        for step in steps.into_iter().rev() {
            let told = match scene.after(step, self.powers) {
                Ok(next) => {
                    scene = next;
                    scene.to_string()
                }
                Err(_) => "broken".to_owned(),
            };
            way.push((step.to_string(), told));
        }
        Box::new(Counterexample { broken, way })
    }
}
