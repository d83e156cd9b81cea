//! The table `[text]` of a profile: where a signed text has what.

use super::table::{FileError, Item, Table};
use crate::seal::text::{Fields, SignatureText, TextLayout};
use crate::seal::{BYTES_MAX, FEATURES_MAX};

/// Most certificates that may sign one kind of permit.
const SIGNERS_MAX: usize = 64;

/// What other formats begin with.
const TAKEN: [&str; 2] = ["RDB1", "NDB1"];

/// Whether a text that begins with one of the marks may begin with the other.
pub(super) fn collide(mark: &str, other: &str) -> bool {
    mark.starts_with(other) || other.starts_with(mark)
}

/// The word that the text begins with.
pub(super) fn mark(item: &Item<'_>) -> Result<String, FileError> {
    let expected =
        "3 to 32 capital letters and digits, a letter first, and no other format's mark,";
    let text = item.text(expected)?;
    let fits = (3..=32).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .bytes()
            .all(|one| one.is_ascii_uppercase() || one.is_ascii_digit())
        && !TAKEN.iter().any(|taken| collide(text, taken));
    fits.then(|| text.to_owned())
        .ok_or_else(|| item.wrong(expected))
}

pub(super) fn layout(
    root: &mut Table<'_>,
    mark: String,
    issuers: &[String],
) -> Result<TextLayout, FileError> {
    let item = root.required("text", "where the text has what")?;
    let [issuer] = issuers else {
        return Err(item.wrong("one State in issuers, because the text names none;"));
    };
    let mut table = item.table()?;
    let fields = match (table.optional("separator"), table.optional("widths")) {
        (Some(item), None) => separator(&item)?,
        (None, Some(item)) => widths(item)?,
        (Some(item), Some(_)) => return Err(item.wrong("either separator or widths, not both;")),
        (None, None) => {
            table.required("separator", "one character, or widths,")?;
            Fields::Widths(Vec::new())
        }
    };
    let signature = table
        .required("signature", "\"base64\" or \"hex\"")?
        .word(&[
            ("base64", SignatureText::Base64),
            ("hex", SignatureText::Hexadecimal),
        ])?;
    let expected = "a list of 1 to 64 SHA-256 digests of certificates";
    let list = table.required("signers", expected)?;
    let nobody = list.wrong(expected);
    let signers = list
        .list(expected)?
        .iter()
        .map(signer)
        .collect::<Result<Vec<_>, _>>()?;
    if !(1..=SIGNERS_MAX).contains(&signers.len()) {
        return Err(nobody);
    }
    table.finish()?;
    Ok(TextLayout {
        mark,
        issuer: issuer.clone(),
        fields,
        signature,
        signers,
    })
}

fn separator(item: &Item<'_>) -> Result<Fields, FileError> {
    // What base64 and hexadecimal have would hide where the signature begins.
    let expected = "one character that is no letter, digit, space, +, /, =, - or _";
    let mut characters = item.text(expected)?.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None)
            if one.is_ascii_punctuation() && !matches!(one, '+' | '/' | '=' | '-' | '_') =>
        {
            Ok(Fields::Separated(one))
        }
        _ => Err(item.wrong(expected)),
    }
}

fn widths(item: Item<'_>) -> Result<Fields, FileError> {
    let expected = "a list of 1 to 255 numbers of characters";
    let none = item.wrong(expected);
    let widths = item
        .list(expected)?
        .iter()
        .map(|item| match item.number(BYTES_MAX as u64)? {
            0 => Err(item.wrong("one character or more")),
            width => Ok(width as usize),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if !(1..FEATURES_MAX).contains(&widths.len()) {
        return Err(none);
    }
    Ok(Fields::Widths(widths))
}

fn signer(item: &Item<'_>) -> Result<[u8; 32], FileError> {
    let expected = "SHA-256 of a certificate, 64 hexadecimal digits";
    let digits = item.text(expected)?;
    let bytes = data_encoding::HEXUPPER_PERMISSIVE.decode(digits.as_bytes());
    bytes
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| item.wrong(expected))
}
