//! What a reader recognised of a zone.

use gate_document::Sensitive;

/// The text of a zone, unchecked: lines separated by CR, absent lines left out.
///
/// The text is empty where the reader saw a document without a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(pub(super) Sensitive<String>);

impl Zone {
    /// The lines, for [`gate_document::mrz::Mrz::parse`].
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.expose()
    }

    /// A document that the reader could make nothing of.
    pub(super) fn unread() -> Self {
        Self(Sensitive::new(String::new()))
    }

    /// Lines, and characters in the longest, where this is a piece of a zone: something was
    /// recognised, but neither 3 lines of 30, nor 2 of 36, nor 2 of 44.
    #[must_use]
    pub fn part(&self) -> Option<(usize, usize)> {
        let seen = |line: &&str| line.bytes().any(|byte| byte.is_ascii_alphanumeric());
        let lines = || self.text().split(['\r', '\n']).filter(seen);
        let (count, longest) = (lines().count(), lines().map(str::len).max()?);
        let shortest = lines().map(str::len).min()?;
        let is_whole = match (count, longest) {
            (1, 72 | 88 | 90) | (2, 36 | 44) | (3, 30) => shortest == longest,
            _ => false,
        };
        (!is_whole).then_some((count, longest))
    }
}
