//! What a person of flesh and blood does in a lane whose doors are real, and which faults a hand can do.

use gate_session::Screen;
use gate_sim::fault::Fault;
use gate_sim::world::{Action, Persona, Placement, View};

/// Leads somebody through the lane by what the traveller's screen shows.
#[derive(Debug)]
pub(crate) struct Guide {
    persona: Persona,
    shown: Option<Screen>,
    /// The lane has taken notice.
    noticed: bool,
}

/// What the guide wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The person walks.
    Walk(&'static str),
    /// The person does something that a device notices.
    Act(Action),
    /// The person has gone.
    Gone,
}

impl Guide {
    /// Somebody is to set out for the lane.
    pub(crate) const fn new(persona: Persona) -> Self {
        Self {
            persona,
            shown: None,
            noticed: false,
        }
    }

    /// What is to be done now that the screen shows `screen`.
    pub(crate) fn see(&mut self, screen: Screen) -> Vec<Wish> {
        if self.shown == Some(screen) {
            return Vec::new();
        }
        let before = self.shown.replace(screen);
        match screen {
            Screen::Welcome if self.noticed => {
                vec![Wish::Act(Action::InView(View::Nobody)), Wish::Gone]
            }
            Screen::Welcome => vec![Wish::Walk(self.comes())],
            Screen::StepIn => {
                self.noticed = true;
                Vec::new()
            }
            // A hint beside the instruction asks for it again.
            Screen::PlaceDocument { .. } => {
                self.noticed = true;
                vec![Wish::Act(Action::PlaceDocument(Placement::Right))]
            }
            Screen::LookHere { .. } if !matches!(before, Some(Screen::LookHere { .. })) => {
                let view = View::Face(self.persona.presents());
                vec![Wish::Act(Action::InView(view))]
            }
            Screen::ShowPermit { .. } if self.persona.permit().is_some() => {
                vec![Wish::Act(Action::ShowPermit)]
            }
            Screen::Go => vec![Wish::Act(Action::LiftDocument), Wish::Walk(self.leaves())],
            Screen::StepBack | Screen::OnePerson => vec![
                Wish::Act(Action::LiftDocument),
                Wish::Walk("go back out through the entry, with everything that is yours"),
            ],
            Screen::Emergency => vec![Wish::Walk("leave the lane at once")],
            _ => {
                self.noticed = true;
                Vec::new()
            }
        }
    }

    const fn comes(&self) -> &'static str {
        match self.persona {
            Persona::DoesNotStepIn => {
                "walk up to the entry, wait until the screen asks you in, and walk away"
            }
            Persona::Tailgater => "two of you: walk into the lane, one close behind the other",
            Persona::WithChild => "two of you: walk into the lane hand in hand",
            Persona::TurnsBackInside => {
                "walk up to the entry, step into the doorway, and turn back at once"
            }
            Persona::Dawdler => "one of you: walk into the lane, slowly",
            Persona::WrongWay => {
                "one of you: walk into the lane; another one: wait a good step outside the exit"
            }
            _ => "one of you: walk into the lane",
        }
    }

    const fn leaves(&self) -> &'static str {
        match self.persona {
            Persona::WrongWay => {
                "walk out through the exit; when you are out, the other one walks in through it"
            }
            Persona::LeavesBag => "leave a bag in the lane and walk out through the exit",
            _ => "walk out through the exit, with everything that is yours",
        }
    }
}

/// What a hand does to let a fault of the gate begin, and end; none if no hand can.
pub(crate) const fn by_hand(fault: Fault) -> Option<(&'static str, &'static str)> {
    Some(match fault {
        Fault::EmergencyStop => (
            "press the emergency stop",
            "pull the emergency stop out again",
        ),
        Fault::Fire => (
            "open the loop of the fire alarm",
            "close the loop of the fire alarm",
        ),
        Fault::BreakGlass => (
            "release the break-glass unit",
            "set the break-glass unit back",
        ),
        Fault::MainsLost => ("switch the mains off", "switch the mains on"),
        Fault::CabinetOpen => ("open the cabinet", "close the cabinet"),
        Fault::ServiceKey => (
            "turn the service key and leave it",
            "turn the service key back",
        ),
        Fault::EntryObstructed => (
            "hold something between the leaves of the entry",
            "take it out of the entry",
        ),
        Fault::ExitObstructed => (
            "hold something between the leaves of the exit",
            "take it out of the exit",
        ),
        Fault::ControllerOff => ("switch the controller off", "switch the controller on"),
        Fault::MrzReaderLost => ("unplug the document reader", "plug the document reader in"),
        Fault::ChipReaderLost => (
            "unplug the contactless reader",
            "plug the contactless reader in",
        ),
        Fault::CameraLost => ("unplug the camera", "plug the camera in"),
        Fault::CameraDark => ("cover the camera", "uncover the camera"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_session::{DocumentHint, FaceHint};

    #[test]
    fn a_person_is_led_through_the_lane_by_its_screens() {
        let mut guide = Guide::new(Persona::Genuine);
        let place = Screen::PlaceDocument {
            hint: DocumentHint::default(),
        };
        let look = |percent| Screen::LookHere {
            hint: FaceHint::default(),
            percent,
        };
        let acts = |guide: &mut Guide, screen| -> Vec<Wish> { guide.see(screen) };
        let walk = acts(&mut guide, Screen::Welcome);
        assert!(matches!(walk[..], [Wish::Walk(words)] if words.contains("walk into")));
        assert_eq!(acts(&mut guide, Screen::Welcome), []);
        assert_eq!(acts(&mut guide, Screen::StepIn), []);
        let placed = Wish::Act(Action::PlaceDocument(Placement::Right));
        assert_eq!(acts(&mut guide, place), [placed]);
        assert_eq!(acts(&mut guide, place), []);
        assert_eq!(acts(&mut guide, look(10)).len(), 1);
        assert_eq!(acts(&mut guide, look(20)), []);
        let go = acts(&mut guide, Screen::Go);
        assert_eq!(go[0], Wish::Act(Action::LiftDocument));
        assert_eq!(acts(&mut guide, Screen::Welcome).last(), Some(&Wish::Gone));
    }
}
