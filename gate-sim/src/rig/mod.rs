//! Rigs: the lane's real logic with everything around it simulated.

mod agenda;
pub mod bench;
mod board;
mod book;
mod devices;
mod face;
mod faults;
mod host;
mod line;
mod monitor;
mod papers;
mod pure;
mod trouble;

pub use devices::Costs;
pub use monitor::Violation;
pub use pure::{Journey, PureRig, RigError};
