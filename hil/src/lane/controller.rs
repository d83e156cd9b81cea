//! The controller of a lane: the firmware on an emulated board, or its logic alone.

use anyhow::Context;
use gate_protocol::State;
use gate_protocol::pins::{Bits, Input};
use gate_sim::controller;
use gate_sim::emulator::{Board, Config};
use gate_sim::fault::Fault;
use gate_sim::recording::Side;
use gate_sim::scenario::observed::Fate;
use std::path::{Path, PathBuf};

/// Every so manieth byte has a bit flipped while the line is noisy: a frame in twenty.
const NOISE_EVERY: u32 = 800;
/// Every so manieth byte is lost while the line loses frames: a frame in three.
const LOSS_EVERY: u32 = 120;

/// What it is made of.
#[derive(Clone, Debug)]
pub(crate) enum Make {
    /// The firmware image on the emulated board.
    Emulated {
        /// QEMU with the controller's machine.
        qemu: PathBuf,
        /// The flash of a new controller.
        firmware: PathBuf,
    },
    /// Interlock and link without a board.
    Logic {
        /// Decides which frames a bad line hurts.
        seed: u64,
    },
}

/// A controller under power, or cut off from it.
#[derive(Debug)]
pub(crate) enum Controller {
    Emulated(Box<Board>),
    Logic(controller::Controller),
}

impl Controller {
    /// Switches it on, without a site: the daemon gives it one.
    pub(crate) fn power_on(make: &Make, folder: &Path, inputs: Bits) -> anyhow::Result<Self> {
        Ok(match make {
            Make::Emulated { qemu, firmware } => {
                let config = Config::new(qemu, firmware, folder.join("board")).without_site();
                Self::Emulated(Box::new(Board::power_on(&config, inputs)?))
            }
            Make::Logic { seed } => {
                let name = folder.join("controller");
                let controller = controller::Controller::plug(&name, inputs, *seed);
                Self::Logic(controller.context("simulated controller")?)
            }
        })
    }

    pub(crate) fn tty(&self) -> &Path {
        match self {
            Self::Emulated(board) => board.tty(),
            Self::Logic(controller) => controller.tty(),
        }
    }

    /// Changes the inputs from what they were before.
    pub(crate) fn set_inputs(&self, inputs: Bits, before: Bits) -> anyhow::Result<()> {
        match self {
            Self::Emulated(board) => {
                for input in Input::ALL {
                    if inputs.input(input) != before.input(input) {
                        board.set_input(input, inputs.input(input))?;
                    }
                }
            }
            Self::Logic(controller) => controller.set_inputs(inputs),
        }
        Ok(())
    }

    pub(crate) fn outputs(&self) -> Bits {
        match self {
            Self::Emulated(board) => board.outputs(),
            Self::Logic(controller) => controller.outputs(),
        }
    }

    /// Keeps what passes on its line from now on, where that can be heard.
    pub(crate) fn listen(&self) {
        if let Self::Logic(controller) = self {
            controller.listen();
        }
    }

    /// What has passed on its line since the last call: who sent it, the frame as it arrived, and what
    /// became of it.
    pub(crate) fn heard(&self) -> Vec<(Side, Vec<u8>, Fate)> {
        match self {
            Self::Emulated(_) => Vec::new(),
            Self::Logic(controller) => controller.heard(),
        }
    }

    /// What it does, where that can be seen from outside.
    pub(crate) fn state(&self) -> Option<State> {
        match self {
            Self::Emulated(_) => None,
            Self::Logic(controller) => controller.state(),
        }
    }

    /// Whether [`Self::state`] ever says something.
    pub(crate) const fn shows_state(&self) -> bool {
        matches!(self, Self::Logic(_))
    }

    /// Rules of the interlock that a bystander saw broken.
    pub(crate) fn violations(&self) -> Vec<String> {
        match self {
            Self::Emulated(_) => Vec::new(),
            Self::Logic(controller) => {
                let violations = controller.violations();
                violations.iter().map(ToString::to_string).collect()
            }
        }
    }

    /// Whether a fault of its line or power can be done to it.
    pub(crate) const fn can(&self, fault: Fault) -> bool {
        match fault {
            Fault::LineCut | Fault::LineNoise | Fault::LineLoss | Fault::ControllerOff => true,
            Fault::LineDoubles => matches!(self, Self::Logic(_)),
            _ => false,
        }
    }

    /// Lets a fault of its line or power begin or end.
    pub(crate) fn suffer(&mut self, fault: Fault, begins: bool) -> anyhow::Result<()> {
        match (self, fault) {
            (Self::Emulated(board), Fault::ControllerOff) if begins => board.power_cut(),
            (Self::Emulated(board), Fault::ControllerOff) => board.power_back()?,
            (Self::Emulated(board), _) => {
                let faults = board.line_faults();
                match fault {
                    Fault::LineCut => faults.cut(begins),
                    Fault::LineNoise => faults.flip_every(if begins { NOISE_EVERY } else { 0 }),
                    Fault::LineLoss => faults.drop_every(if begins { LOSS_EVERY } else { 0 }),
                    _ => {}
                }
            }
            (Self::Logic(controller), Fault::ControllerOff) if begins => controller.power_cut(),
            (Self::Logic(controller), Fault::ControllerOff) => controller.power_back(),
            (Self::Logic(controller), _) => controller.line(fault, begins),
        }
        Ok(())
    }
}
