//! Whether a device works, judged by what it gives: one bad answer says nothing, many in a row do.

use gate_session::{Device, Event};
use tracing::{info, warn};

/// The health of one device.
#[derive(Debug)]
pub(super) struct Health {
    device: Device,
    /// So many bad answers in a row lose it.
    patience: u32,
    bad: u32,
}

impl Health {
    /// A device that works.
    pub(super) const fn new(device: Device, patience: u32) -> Self {
        Self {
            device,
            patience,
            bad: 0,
        }
    }

    pub(super) const fn is_lost(&self) -> bool {
        self.bad >= self.patience
    }

    /// Takes an answer; the event that tells the lane. The first bad one and the one that loses the device are written
    /// down, not those between and after. What is lost is told again with each bad answer: the driver below may have
    /// found the device meanwhile, a camera that sends frames again, and what it gives can be as bad as before.
    pub(super) fn note<P: std::fmt::Display>(&mut self, answer: Result<(), P>) -> Option<Event> {
        let was_lost = self.is_lost();
        match answer {
            Ok(()) => {
                self.bad = 0;
                if was_lost {
                    info!(device = ?self.device, "works again");
                }
            }
            Err(problem) => {
                self.bad = self.bad.saturating_add(1);
                if self.bad == 1 || self.is_lost() && !was_lost {
                    warn!(device = ?self.device, %problem, in_a_row = self.bad, "cannot be used");
                }
            }
        }
        match (was_lost, self.is_lost()) {
            (_, true) => Some(Event::DeviceLost(self.device)),
            (true, false) => Some(Event::DeviceReady(self.device)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_answers_in_a_row_lose_a_device_and_a_good_one_brings_it_back() {
        let mut health = Health::new(Device::FaceModels, 3);
        let mut tell = |answers: &str| -> String {
            let answer = |answer: char| match answer {
                'x' => Err("a value that is no number"),
                _ => Ok(()),
            };
            let told = answers.chars().map(|one| match health.note(answer(one)) {
                Some(Event::DeviceLost(Device::FaceModels)) => 'L',
                Some(Event::DeviceReady(Device::FaceModels)) => 'R',
                Some(_) => '?',
                None => '.',
            });
            told.collect()
        };
        assert_eq!(tell(".xx.xx"), "......");
        assert_eq!(tell("xxxx"), "LLLL");
        assert_eq!(tell("..xxx"), "R...L");
    }
}
