//! Rigs: the lane's real logic with everything around it simulated.

mod agenda;
pub mod bench;
pub(crate) mod board;
mod book;
mod costs;
mod devices;
mod face;
mod faults;
mod host;
mod layout;
mod ledger;
mod line;
mod monitor;
mod papers;
mod pins_only;
mod pure;
pub(crate) mod trouble;

pub use costs::{Cost, Costs, CostsError};
pub use layout::Layout;
pub use ledger::{Entry, Ledger};
pub use monitor::{Monitor, Violation};
pub use pins_only::PinsOnly;
pub use pure::{Journey, PureRig, RigError};
