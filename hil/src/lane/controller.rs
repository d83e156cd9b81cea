//! The controller of a lane: a real one, the firmware on an emulated board, or its logic alone.

use super::io::Io;
use super::tap::{Judge, Tap};
use crate::station::{Controller as Station, Port};
use anyhow::Context;
use gate_protocol::State;
use gate_protocol::pins::{Bits, Input};
use gate_sim::controller;
use gate_sim::emulator::{Board, Config};
use gate_sim::fault::Fault;
use gate_sim::io_board::Order;
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
    /// A real one.
    Real {
        /// Its line.
        port: Port,
        /// What drives its inputs, if it is not a gate of steel.
        io_board: Option<Port>,
    },
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
    Real {
        tap: Tap,
        /// Where its terminals are the bench's.
        io: Option<Io>,
    },
    Emulated(Box<Board>),
    Logic(controller::Controller),
}

impl Make {
    /// As a station has it.
    pub(crate) fn of(
        controller: &Station,
        io_board: Option<&Port>,
        parts: (&Path, &Path),
        seed: u64,
    ) -> Self {
        let (qemu, firmware) = parts;
        match controller {
            Station::Simulated => Self::Logic { seed },
            Station::Emulated => Self::Emulated {
                qemu: qemu.to_owned(),
                firmware: firmware.to_owned(),
            },
            Station::Real(real) => Self::Real {
                port: real.port.clone(),
                io_board: io_board.cloned(),
            },
        }
    }
}

impl Controller {
    /// Switches it on, without a site: the daemon gives it one. A real one is on, and knows what it
    /// knows.
    pub(crate) async fn power_on(make: &Make, folder: &Path, inputs: Bits) -> anyhow::Result<Self> {
        Ok(match make {
            Make::Real { port, io_board } => {
                let tap = Tap::open(port, &folder.join("controller"), Judge::controller())?;
                let io = match io_board {
                    Some(port) => Some(Io::open(port, inputs).await?),
                    None => None,
                };
                Self::Real { tap, io }
            }
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
            Self::Real { tap, .. } => tap.name(),
            Self::Emulated(board) => board.tty(),
            Self::Logic(controller) => controller.tty(),
        }
    }

    /// Changes the inputs from what they were before.
    pub(crate) fn set_inputs(&self, inputs: Bits, before: Bits) -> anyhow::Result<()> {
        match self {
            Self::Real { io, .. } => {
                if let Some(io) = io
                    && inputs != before
                {
                    io.order(Order::Inputs(inputs));
                }
            }
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
            Self::Real { io, .. } => io.as_ref().map_or(Bits(0), Io::outputs),
            Self::Emulated(board) => board.outputs(),
            Self::Logic(controller) => controller.outputs(),
        }
    }

    /// Keeps what passes on its line from now on, where that can be heard.
    pub(crate) fn listen(&self) {
        match self {
            Self::Logic(controller) => controller.listen(),
            Self::Emulated(board) => board.listen(),
            Self::Real { .. } => {}
        }
    }

    /// What has passed on its line since the last call: who sent it, the frame as it arrived, and what
    /// became of it.
    pub(crate) fn heard(&self) -> Vec<(Side, Vec<u8>, Fate)> {
        match self {
            Self::Real { .. } => Vec::new(),
            Self::Emulated(board) => board.heard(),
            Self::Logic(controller) => controller.heard(),
        }
    }

    /// What it does, where that can be seen from outside.
    pub(crate) fn state(&self) -> Option<State> {
        match self {
            Self::Emulated(_) | Self::Real { .. } => None,
            Self::Logic(controller) => controller.state(),
        }
    }

    /// Whether [`Self::state`] ever says something.
    pub(crate) const fn shows_state(&self) -> bool {
        matches!(self, Self::Logic(_))
    }

    /// Whether its terminals are seen: those of a gate of steel are not.
    pub(crate) const fn shows_pins(&self) -> bool {
        !matches!(self, Self::Real { io: None, .. })
    }

    /// Why the bench can do nothing with it any more.
    pub(crate) fn trouble(&self) -> Option<String> {
        match self {
            Self::Real { tap, io } => {
                let board = io.as_ref().and_then(Io::trouble);
                board.or_else(|| tap.gone())
            }
            Self::Emulated(_) | Self::Logic(_) => None,
        }
    }

    /// Why it cannot be trusted.
    pub(crate) fn nonsense(&self) -> Option<String> {
        match self {
            Self::Real { tap, .. } => tap.nonsense(),
            Self::Emulated(_) | Self::Logic(_) => None,
        }
    }

    /// The board that its terminals hang on.
    pub(crate) const fn io(&self) -> Option<&Io> {
        match self {
            Self::Real { io, .. } => io.as_ref(),
            Self::Emulated(_) | Self::Logic(_) => None,
        }
    }

    /// Rules of the interlock that a bystander saw broken.
    pub(crate) fn violations(&self) -> Vec<String> {
        match self {
            Self::Emulated(_) | Self::Real { .. } => Vec::new(),
            Self::Logic(controller) => {
                let violations = controller.violations();
                violations.iter().map(ToString::to_string).collect()
            }
        }
    }

    /// Whether a fault of its line or power can be done to it.
    pub(crate) const fn can(&self, fault: Fault) -> bool {
        match fault {
            Fault::LineCut | Fault::ControllerOff => true,
            Fault::LineNoise | Fault::LineLoss => !matches!(self, Self::Real { .. }),
            Fault::LineDoubles => matches!(self, Self::Logic(_)),
            _ => false,
        }
    }

    /// Lets a fault of its line or power begin or end.
    pub(crate) fn suffer(&mut self, fault: Fault, begins: bool) -> anyhow::Result<()> {
        match (self, fault) {
            (Self::Real { io, .. }, Fault::ControllerOff) => {
                // Without a board a person has been asked.
                if let Some(io) = io {
                    io.order(Order::Power(!begins));
                }
            }
            (Self::Real { tap, .. }, _) => tap.cut(begins),
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
