//! How chips in the field differ from the standard. Each was met by somebody, but for garbled answers:
//! those stand for somebody between chip and gate.

/// A deviation; a chip may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// SELECT of the master file is answered with this status (NZ 6982, CN 6A81, AU 6A86, UA 6A87,
    /// VN 6D00).
    MasterFile(u16),
    /// SELECT of EF.CardAccess is answered with this warning (MY 6283).
    CardAccessWarning(u16),
    /// Commands that want no data are refused when they have a length field (DE).
    NoLengthField,
    /// EXTERNAL AUTHENTICATE with the exact length is refused with 6A88 (DE, 2020 to 2023).
    AnyLength,
    /// PACE wants the domain parameters named although it offers one way alone.
    WantsParameters,
    /// PACE refuses the domain parameters with this status (UA 6A87).
    RefusesParameters(u16),
    /// PACE refuses the card access number with this status.
    RefusesNumber(u16),
    /// BAC is switched off: GET CHALLENGE is answered with this status (DE, NL 6982, 6985).
    NoBac(u16),
    /// Reads of more bytes than this are refused with 6700.
    Block(usize),
    /// What is too long is refused without protection, and not counted (CN).
    NakedRefusal,
    /// After a refusal without protection the session is gone.
    ForgetsSession,
    /// What is too long is refused with the length that would do, 6Cxx.
    NamesLength,
    /// Responses come in pieces of this many bytes, to be fetched (61xx).
    Pieces(usize),
    /// READ BINARY does not take short file identifiers.
    NoShortIdentifiers,
    /// Reading past the end is refused with 6B00, and the session is gone (RU).
    MindsTheEnd,
    /// Data come without protection inside a session.
    NakedData,
    /// This data group is refused with 6982 (fingerprints).
    RefusesGroup(u8),
    /// Inside a session, answers with bytes of this file of the application are protected wrongly:
    /// its identifier.
    Garbles(u16),
    /// The same of a file beside the application.
    GarblesMaster(u16),
    /// Inside a session, answers to this instruction are protected wrongly.
    GarblesAnswers(u8),
    /// A signature that was asked for with too short a length is cut (AU).
    CutsSignature,
    /// No signature for the longest length (CN), and 6C80 for another than the right one (NO).
    PickySignature,
    /// ECDSA signatures come as DER (PT).
    DerSignature,
    /// Leading zeros of a signature are dropped (AU). Each signature of this chip has one.
    DropsZeros,
    /// Chip Authentication is refused with this status.
    NoChipAuthentication(u16),
    /// Chip Authentication is done with another key than that of DG14: a copy.
    OtherKey,
    /// While the application is selected, the files of the master file are not found (6A82).
    ApplicationHidesMaster,
    /// No read gives more than so many bytes, whatever was asked for.
    Drips(usize),
    /// EF.DIR is there, and is refused with 6982 before access (US).
    GuardsDirectory,
}
