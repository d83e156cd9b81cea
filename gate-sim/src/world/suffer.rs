//! Faults of steel and wires.

use super::World;
use crate::fault::Fault;
use gate_protocol::Door;
use gate_protocol::pins::Input;

/// Inputs that a fault holds, and at which level.
const fn held(fault: Fault) -> &'static [(Input, bool)] {
    match fault {
        Fault::EmergencyStop => &[(Input::EstopOk1, false), (Input::EstopOk2, false)],
        Fault::EmergencyStopWire => &[(Input::EstopOk2, false)],
        Fault::Fire => &[(Input::FireOk, false)],
        Fault::BreakGlass => &[(Input::BreakglassOk, false)],
        Fault::MainsLost => &[(Input::MainsOk, false)],
        Fault::BatteryLow => &[(Input::BatteryLow, true)],
        Fault::CabinetOpen => &[(Input::TamperOk, false)],
        Fault::ServiceKey => &[(Input::KeyService, true)],
        Fault::DriveFault => &[(Input::DrivesOk, false)],
        Fault::EmptyWire => &[(Input::EmptyOk, false)],
        _ => &[],
    }
}

impl World {
    /// Lets a fault of the doors, or of what hangs on the controller's inputs, begin or end. Others
    /// change nothing here.
    pub fn suffer(&mut self, fault: Fault, begins: bool) {
        self.faults.retain(|other| *other != fault);
        let others = |input: Input, faults: &[Fault]| {
            let mut held = faults.iter().flat_map(|other| held(*other));
            held.find(|(other, _)| *other == input)
                .map(|(_, level)| *level)
        };
        for (input, level) in held(fault) {
            // What another fault still holds stays held.
            let level = if begins {
                Some(*level)
            } else {
                others(*input, &self.faults)
            };
            self.force(*input, level);
        }
        match fault {
            Fault::EntryObstructed => self.hinder(Door::Entry, begins),
            Fault::ExitObstructed => self.hinder(Door::Exit, begins),
            Fault::EntryStuck => self.stick(Door::Entry, begins),
            Fault::ExitStuck => self.stick(Door::Exit, begins),
            Fault::EntryForced => self.push(Door::Entry, begins),
            Fault::ExitForced => self.push(Door::Exit, begins),
            _ if held(fault).is_empty() => return,
            _ => {}
        }
        if begins {
            self.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use gate_protocol::Instant;
    use gate_protocol::pins::Bits;

    #[test]
    fn an_input_that_two_faults_hold_stays_held_until_both_are_over() {
        let mut world = World::new(Profile::typical(), 1);
        let calm = |world: &mut World, ms: u64| {
            let inputs = world.step(Instant::from_millis(ms), Bits(0));
            inputs.input(Input::EstopOk2)
        };
        assert!(calm(&mut world, 1));
        world.suffer(Fault::EmergencyStop, true);
        world.suffer(Fault::EmergencyStopWire, true);
        assert!(!calm(&mut world, 2));
        world.suffer(Fault::EmergencyStop, false);
        assert!(!calm(&mut world, 3));
        world.suffer(Fault::EmergencyStopWire, false);
        assert!(calm(&mut world, 4));
    }
}
