//! Rigs: the lane's real logic with everything around it simulated.

mod agenda;
pub mod bench;
mod board;
mod devices;
mod face;
mod host;
mod line;
mod monitor;
mod papers;
mod pure;

pub use devices::Costs;
pub use monitor::Violation;
pub use pure::{Journey, PureRig, RigError};
