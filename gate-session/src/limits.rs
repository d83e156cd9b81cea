//! How long the gate waits, and how often it tries.

use std::time::Duration;

/// Every waiting time and every number of tries in a journey.
///
/// The defaults follow the retry rules of the field: two guided tries with the document, two with
/// the chip, eight seconds for the face, an officer after half a minute, and nobody is kept longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From standing before the entry to being inside.
    pub entering: Duration,
    /// From being inside to a document on the reader.
    pub placing: Duration,
    /// From a printed zone to the whole chip.
    pub reading: Duration,
    /// From a finished document check to a verdict on the face.
    pub looking: Duration,
    /// From being inside to a decision: after that an officer joins.
    pub examining: Duration,
    /// How long the journal may take to write a decision.
    pub recording: Duration,
    /// How long the lists may take.
    pub lists: Duration,
    /// How long the exit stays released.
    pub leaving: Duration,
    /// From a referral to the way back, if no officer decides before.
    pub officer: Duration,
    /// How often the printed zone may fail.
    pub document_tries: u8,
    /// How often the chip may fail.
    pub chip_tries: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entering: Duration::from_secs(15),
            placing: Duration::from_secs(20),
            reading: Duration::from_secs(12),
            looking: Duration::from_secs(8),
            examining: Duration::from_secs(30),
            recording: Duration::from_secs(2),
            lists: Duration::from_secs(2),
            leaving: Duration::from_secs(15),
            officer: Duration::from_secs(60),
            document_tries: 3,
            chip_tries: 2,
        }
    }
}
