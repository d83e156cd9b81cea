//! Questions and their answers.

/// Handed out with a question, handed back with its answer: neither `Clone` nor `Copy`.
///
/// An answer that comes back with a ticket nobody waits for is late, and moves nothing: a face
/// result for the traveller before cannot open the door for this one.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u32);

/// The number of a question, for news that come before its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asked(u32);

impl Ticket {
    /// The number of the question.
    #[must_use]
    pub const fn asked(&self) -> Asked {
        Asked(self.0)
    }
}

/// Where tickets come from.
#[derive(Debug, Default)]
pub(crate) struct Tickets(u32);

impl Tickets {
    /// A ticket that was never given out before (within four thousand million).
    pub(crate) const fn next(&mut self) -> Ticket {
        self.0 = self.0.wrapping_add(1);
        Ticket(self.0)
    }
}
