//! Signed text: fields in a row and a signature behind them, laid out by a permit's profile.
//!
//! National permits that are older than any of the standards look like this: a word that says what it
//! is, fields with a character between them or of fixed width, and an ECDSA signature in base64 or
//! hexadecimal over everything before it.
//!
//! ```text
//! PORTPASS|L898902C3|2026-11-30|VNHPH|MEUCIQ…
//! └ mark   └ 1       └ 2        └ 3   └ signature, over all that stands before the last separator
//! ```

use super::{
    DayOf, DocumentType, FEATURES_MAX, Feature, Seal, SealError, SealFormat, SealSignature,
    SignerReference, Tag,
};
use crate::sensitive::Sensitive;
use data_encoding::{BASE64, HEXUPPER_PERMISSIVE};

/// How fields follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fields {
    /// With this character between them, behind the mark, and before the signature.
    Separated(char),
    /// Of so many characters each, filled with spaces. What follows the last is the signature.
    Widths(Vec<usize>),
}

/// How the signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureText {
    /// Base64 of RFC 4648, 4 or 5, with padding or without.
    Base64,
    /// Two digits a byte.
    Hexadecimal,
}

/// Where a text has what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLayout {
    /// What the text begins with, and nothing else does: 3 to 32 capital letters and digits, the first a
    /// letter.
    pub mark: String,
    /// The State whose permits these are.
    pub issuer: String,
    /// Its fields.
    pub fields: Fields,
    /// Its signature.
    pub signature: SignatureText,
    /// SHA-256 of the certificates whose keys may sign. Who they are says the trust store.
    pub signers: Vec<[u8; 32]>,
}

/// Why fields cannot be written as such a text. Correct the data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The separator in a value, or a control character.
    #[error("field {field} holds a character that separates fields")]
    Separator {
        /// From 1.
        field: usize,
    },
    /// More characters than the field has.
    #[error("field {field} has {found} characters, at most {most} expected")]
    Width {
        /// From 1.
        field: usize,
        /// Characters given.
        found: usize,
        /// Characters that fit.
        most: usize,
    },
    /// A field that the layout does not have.
    #[error("there is no field {field}")]
    Field {
        /// From 1.
        field: usize,
    },
    /// Text is UTF-8.
    #[error("field {field} is no text")]
    Encoding {
        /// From 1.
        field: usize,
    },
}

impl TextLayout {
    /// Takes the bytes of a barcode apart; `None` where they do not begin with the mark.
    ///
    /// A field with nothing in it is absent. Fields are numbered from 1: [`Tag::Number`].
    ///
    /// # Errors
    ///
    /// [`SealError`] for the first rule of the layout that they break.
    pub fn read(&self, bytes: &[u8]) -> Option<Result<Seal, SealError>> {
        let text = bytes.trim_ascii();
        text.starts_with(self.mark.as_bytes())
            .then(|| self.take_apart(text))
    }

    fn take_apart(&self, bytes: &[u8]) -> Result<Seal, SealError> {
        let text = core::str::from_utf8(bytes).map_err(|_| SealError::Encoding {
            field: "the text",
            encoding: "UTF-8",
        })?;
        let absent = |expected| SealError::Member {
            member: "the signature",
            expected,
        };
        let body = &text[self.mark.len()..];
        let (fields, signature) = match &self.fields {
            Fields::Separated(separator) => {
                let (body, signature) = body
                    .rsplit_once(*separator)
                    .ok_or_else(|| absent("a field behind the last separator"))?;
                let mut fields = body.split(*separator);
                // Between the mark and the first separator stands nothing.
                if !body.is_empty() && fields.next() != Some("") {
                    return Err(SealError::Unknown);
                }
                (fields.collect::<Vec<_>>(), signature)
            }
            Fields::Widths(widths) => {
                let mut rest = body;
                let mut fields = Vec::with_capacity(widths.len());
                for width in widths {
                    let end = rest.char_indices().nth(*width).map(|(at, _)| at);
                    let (field, behind) =
                        rest.split_at(end.ok_or_else(|| absent("text behind the last field"))?);
                    fields.push(field.trim_end_matches(' '));
                    rest = behind;
                }
                (fields, rest)
            }
        };
        if fields.len() >= FEATURES_MAX {
            return Err(SealError::TooManyFeatures);
        }
        let signed = match &self.fields {
            Fields::Separated(separator) => {
                &text[..text.len() - signature.len() - separator.len_utf8()]
            }
            Fields::Widths(_) => &text[..text.len() - signature.len()],
        };
        let numbered = (1..=u8::MAX).zip(fields);
        let features = numbered.filter(|(_, value)| !value.is_empty());
        Ok(Seal {
            format: SealFormat::Text,
            issuer: self.issuer.clone(),
            signer: Some(SignerReference::OneOf(self.signers.clone())),
            issued: DayOf(None).into(),
            signed_on: DayOf(None).into(),
            document: Some(DocumentType::Name(self.mark.clone())),
            features: features
                .map(|(number, value)| Feature {
                    tag: Tag::Number(number),
                    value: Sensitive::new(value.as_bytes().to_vec()),
                })
                .collect(),
            signed: Sensitive::new(signed.as_bytes().to_vec()),
            signature: Some(SealSignature {
                digest: None,
                bytes: self.signature.decode(signature)?,
            }),
            certificate: None,
        })
    }

    /// The text to be signed: mark and fields, each under its number from 1.
    ///
    /// # Errors
    ///
    /// [`TextError`] for the first value that does not fit.
    pub fn unsigned(&self, features: &[(u8, Vec<u8>)]) -> Result<String, TextError> {
        let last = features
            .iter()
            .map(|(number, _)| usize::from(*number))
            .max();
        let count = match &self.fields {
            Fields::Separated(_) => last.unwrap_or(0),
            Fields::Widths(widths) => widths.len(),
        };
        if let Some(field) = last.filter(|last| *last > count) {
            return Err(TextError::Field { field });
        }
        let mut text = self.mark.clone();
        for field in 1..=count {
            let value = features
                .iter()
                .find(|(number, _)| usize::from(*number) == field);
            let value = value.map_or(&[][..], |(_, value)| value);
            let value = core::str::from_utf8(value).map_err(|_| TextError::Encoding { field })?;
            if value.chars().any(char::is_control) {
                return Err(TextError::Separator { field });
            }
            match &self.fields {
                Fields::Separated(separator) if value.contains(*separator) => {
                    return Err(TextError::Separator { field });
                }
                Fields::Separated(separator) => {
                    text.push(*separator);
                    text.push_str(value);
                }
                Fields::Widths(widths) => {
                    let (found, most) = (value.chars().count(), widths[field - 1]);
                    if found > most {
                        return Err(TextError::Width { field, found, most });
                    }
                    text.push_str(value);
                    text.extend(std::iter::repeat_n(' ', most - found));
                }
            }
        }
        Ok(text)
    }

    /// The whole text: `unsigned`, and its signature.
    #[must_use]
    pub fn seal(&self, unsigned: String, signature: &[u8]) -> String {
        let mut text = unsigned;
        if let Fields::Separated(separator) = &self.fields {
            text.push(*separator);
        }
        text.push_str(&match self.signature {
            SignatureText::Base64 => BASE64.encode(signature),
            SignatureText::Hexadecimal => data_encoding::HEXUPPER.encode(signature),
        });
        text
    }
}

impl SignatureText {
    fn decode(self, text: &str) -> Result<Vec<u8>, SealError> {
        let field = "the signature";
        match self {
            Self::Base64 => super::vds_nc::base64(text, field),
            Self::Hexadecimal => {
                let decoded = HEXUPPER_PERMISSIVE.decode(text.as_bytes());
                decoded.map_err(|_| SealError::Encoding {
                    field,
                    encoding: "hexadecimal",
                })
            }
        }
    }
}
