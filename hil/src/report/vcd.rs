//! Pins over time for wave viewers: a Value Change Dump (IEEE 1364-2005, clause 18).
//!
//! Each scenario is a module of its own; all of them begin at time zero. A pin is undefined until it
//! has been seen.

use super::told::Told;
use crate::pins::wiring;
use gate_protocol::Shape;
use gate_protocol::pins::{Input, Output};
use gate_sim::scenario::observed::Levels;
use std::io::{self, Write};
use vcd::{IdCode, SimulationCommand, TimescaleUnit, Value, Writer};

/// A pin of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pin {
    Input(Input),
    Output(Output),
}

impl Pin {
    /// Every pin of a lane with two doors, inputs first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let inputs = Input::ALL.into_iter().map(Self::Input);
        inputs.chain(Output::ALL.into_iter().map(Self::Output))
    }

    /// Its name, as in the wiring table.
    pub(super) fn name(self) -> String {
        let terminal = match self {
            Self::Input(input) => wiring::input(Shape::TwoDoors, input),
            Self::Output(output) => wiring::output(Shape::TwoDoors, output),
        };
        terminal.map_or_else(String::new, |terminal| terminal.name)
    }

    /// Whether it is high.
    pub(super) const fn is_high(self, levels: &Levels) -> bool {
        match self {
            Self::Input(input) => levels.inputs.input(input),
            Self::Output(output) => levels.outputs.output(output),
        }
    }

    /// Since when it has been at which level: an entry for each change.
    pub(super) fn changes(self, levels: &[Levels]) -> Vec<(u64, bool)> {
        let mut changes: Vec<(u64, bool)> = Vec::new();
        for one in levels {
            let high = self.is_high(one);
            if changes.last().is_none_or(|(_, last)| *last != high) {
                changes.push((one.at.as_micros(), high));
            }
        }
        changes
    }
}

/// Writes the pins of all scenarios.
pub(super) fn write(file: &mut dyn Write, all: &[Told]) -> io::Result<()> {
    let mut writer = Writer::new(file);
    writer.timescale(1, TimescaleUnit::US)?;
    let mut changes: Vec<(u64, IdCode, bool)> = Vec::new();
    let mut ids = Vec::new();
    for told in all {
        writer.add_module(&identifier(told.name()))?;
        for pin in Pin::all() {
            let id = writer.add_wire(1, &pin.name())?;
            ids.push(id);
            let of_pin = pin.changes(&told.observed().levels);
            changes.extend(of_pin.into_iter().map(|(at, high)| (at, id, high)));
        }
        writer.upscope()?;
    }
    writer.enddefinitions()?;
    writer.timestamp(0)?;
    writer.begin(SimulationCommand::Dumpvars)?;
    for id in ids {
        writer.change_scalar(id, Value::X)?;
    }
    writer.end()?;
    changes.sort_by_key(|(at, ..)| *at);
    let mut now = 0;
    for (at, id, high) in changes {
        if at != now {
            writer.timestamp(at)?;
            now = at;
        }
        writer.change_scalar(id, high)?;
    }
    if let Some(end) = all.iter().map(|told| told.ended().as_micros()).max()
        && end > now
    {
        writer.timestamp(end)?;
    }
    writer.flush()
}

/// A name without spaces: viewers cut at them.
fn identifier(name: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let name: String = name
        .chars()
        .map(|letter| if fits(letter) { letter } else { '_' })
        .collect();
    if name.is_empty() { "lane".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_sim::fault::Fault;
    use gate_sim::profile::Profile;
    use gate_sim::scenario::{Deed, Scenario, Step};
    use gate_sim::swarm;
    use std::collections::BTreeMap;
    use std::time::Duration;
    use vcd::{Command, Parser, ScopeItem};

    fn fire() -> Told {
        let step = |after, deed| Step {
            line: 0,
            after: Duration::from_secs(after),
            deed,
        };
        let scenario = Scenario {
            title: "fire".to_owned(),
            seed: 1,
            profile: Profile::typical(),
            steps: vec![
                step(2, Deed::Begins(Fault::Fire, None)),
                step(3, Deed::Ends(Fault::Fire)),
            ],
        };
        let (run, observed) = swarm::watch(&scenario);
        Told::of("fire alarm".to_owned(), run).with(observed)
    }

    #[test]
    fn a_reader_of_the_file_finds_the_levels_that_were_seen() {
        let told = [fire(), fire()];
        let mut file = Vec::new();
        write(&mut file, &told).unwrap();
        let mut parser = Parser::new(&*file);
        let header = parser.parse_header().unwrap();
        assert_eq!(header.timescale, Some((1, TimescaleUnit::US)));
        let mut names = BTreeMap::new();
        for item in &header.items {
            let ScopeItem::Scope(scope) = item else {
                continue;
            };
            assert_eq!(scope.identifier, "fire_alarm");
            assert_eq!(scope.items.len(), 42);
            for item in &scope.items {
                if let ScopeItem::Var(var) = item {
                    names.insert(var.code, var.reference.clone());
                }
            }
        }
        assert_eq!(names.len(), 84, "each scenario has wires of its own");
        let mut at = 0;
        let mut seen: BTreeMap<&str, Vec<(u64, Value)>> = BTreeMap::new();
        for command in parser {
            match command.unwrap() {
                Command::Timestamp(time) => {
                    assert!(time >= at);
                    at = time;
                }
                Command::ChangeScalar(code, value) => {
                    seen.entry(&names[&code]).or_default().push((at, value));
                }
                _ => {}
            }
        }
        assert_eq!(at, told[0].ended().as_micros());
        let levels = &told[0].observed().levels;
        for pin in Pin::all() {
            let mut expected = pin.changes(levels);
            expected = expected.into_iter().flat_map(|one| [one; 2]).collect();
            let found: Vec<(u64, bool)> = seen[&*pin.name()]
                .iter()
                .filter(|(_, value)| *value != Value::X)
                .map(|(at, value)| (*at, *value == Value::V1))
                .collect();
            assert_eq!(found, expected, "{}", pin.name());
        }
        let fire = Pin::Input(Input::FireOk).changes(levels);
        assert_eq!(fire.len(), 3, "intact, broken, intact: {fire:?}");
    }
}
