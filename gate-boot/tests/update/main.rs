//! Updates of a controller whose power may fail at every single flash operation.

mod images;
mod model;
mod power_cuts;
mod refusals;
