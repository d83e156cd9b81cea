//! The one way to a chip: commands in, responses out.

/// A contactless chip in the field of a reader (ISO/IEC 7816-4).
pub trait Card {
    /// Sends one command APDU and returns the whole response, status word included.
    ///
    /// # Errors
    ///
    /// [`CardError`] when no response came. A response that refuses is no error here.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError>;

    /// Looks once whether a chip that left the field has come back, and wakes it up. It has then
    /// forgotten everything. A card that cannot be asked stays away.
    ///
    /// # Errors
    ///
    /// [`CardError`] when it is not there.
    fn reconnect(&mut self) -> Result<(), CardError> {
        Err(CardError::Removed)
    }
}

/// Why a chip gave no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// The document left the reader. Ask for it again and start anew.
    #[error("the chip left the reader's field")]
    Removed,
    /// The reader is gone or does not work. Look at its cable; it is opened again by itself.
    #[error("contactless reader {reader}: {problem}")]
    Reader {
        /// Name of the reader.
        reader: String,
        /// What the reader's driver said.
        problem: String,
    },
    /// The chip answered with less than a status word. Lift the document and place it again.
    #[error("chip response of {found} bytes, at least 2 expected")]
    TooShort {
        /// Bytes received.
        found: usize,
    },
    /// The chip had the time that it is given for a whole conversation. Place the document again; a
    /// chip that is late again goes to the officer.
    #[error("the chip was not read within its time")]
    Late,
}
