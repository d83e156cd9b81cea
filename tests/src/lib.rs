//! Journeys, scenarios and properties that span several crates: see `tests/`.
