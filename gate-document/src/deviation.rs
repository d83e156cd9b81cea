//! What a document does otherwise than the standard says, and what is tolerated all the same.
//!
//! Every tolerance is narrow, changes nothing that is signed, and is recorded: a second line that
//! wonders about a document finds the deviation, and a statistic finds the issuer.

use crate::file::ElementaryFile;
use core::fmt;

/// A departure from the standard that does not touch what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deviation {
    /// EF.SOD uses indefinite lengths (Doc 9303-10, 4.6.2 asks for DER). New Zealand, 2013.
    IndefiniteLength,
    /// The security object is signed under another content type than that of Doc 9303-10, 4.6.2.
    ContentType,
    /// Issuer and serial number in the signature name another certificate than the one whose key
    /// made it. Malaysia, Ukraine.
    SignerIdentifier,
    /// The parameters of RSASSA-PSS name another digest than the signature uses.
    PssParameters,
    /// `rsaEncryption` or `ecPublicKey` stands where a signature algorithm belongs (RFC 5754, 3).
    KeyAlgorithm,
    /// An INTEGER of the signature has superfluous leading zeros (ITU-T X.690, 8.3.2).
    IntegerPadding,
    /// The key states curve parameters that are not encoded as they should, or the wrong name for
    /// its curve; the curve was recognised by its numbers.
    CurveParameters,
    /// The signer's certificate is not enclosed; one that is known from elsewhere has the key.
    SignerNotEnclosed,
    /// More bytes stand behind the data object that is the file (Doc 9303-10, 4.6). Dumps have the
    /// padding of the chip's memory there.
    BytesBehind(ElementaryFile),
    /// DG1 is more than its zone, or encoded otherwise than in the shortest way: longer forms of
    /// length, further objects, lower case (Doc 9303-10, 4.7.1; ITU-T X.690, 10.1).
    Dg1Form,
    /// The JPEG 2000 portrait lacks the marker of its end (ISO/IEC 15444-1, A.4.4). Every tile-part
    /// announces its length, and all are there.
    PortraitEndMissing,
}

impl Deviation {
    /// The stable name: what statistics count.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IndefiniteLength => "indefinite-length",
            Self::ContentType => "content-type",
            Self::SignerIdentifier => "signer-identifier",
            Self::PssParameters => "pss-parameters",
            Self::KeyAlgorithm => "key-algorithm",
            Self::IntegerPadding => "integer-padding",
            Self::CurveParameters => "curve-parameters",
            Self::SignerNotEnclosed => "signer-not-enclosed",
            Self::BytesBehind(_) => "bytes-behind",
            Self::Dg1Form => "dg1-form",
            Self::PortraitEndMissing => "portrait-end-missing",
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IndefiniteLength => "indefinite lengths in EF.SOD",
            Self::ContentType => "other content type of the security object",
            Self::SignerIdentifier => "the signer identifier names another certificate",
            Self::PssParameters => "RSASSA-PSS parameters name another digest",
            Self::KeyAlgorithm => "a key algorithm in place of the signature algorithm",
            Self::IntegerPadding => "superfluous zeros in the signature",
            Self::CurveParameters => "curve parameters not encoded as they should be",
            Self::SignerNotEnclosed => "the signer certificate is not enclosed",
            Self::BytesBehind(file) => return write!(f, "bytes behind the end of {file}"),
            Self::Dg1Form => "DG1 is not in its shortest form",
            Self::PortraitEndMissing => "the portrait lacks the marker of its end",
        })
    }
}
