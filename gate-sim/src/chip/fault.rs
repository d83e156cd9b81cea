//! What may go wrong with a document on a reader.

/// A fault of one placement. Commands are counted from the moment the document lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The document slips out of the field after so many commands were answered.
    Vanishes {
        /// Commands answered before.
        after: u32,
    },
    /// The document leaves the field after so many commands were answered, and is back when somebody
    /// looks for it.
    DropsOut {
        /// Commands answered before.
        after: u32,
    },
    /// After so many commands every answer is random bytes, sometimes none at all.
    TalksNonsense {
        /// Commands answered properly before.
        after: u32,
    },
}
