//! The files of the chip's travel document application (Doc 9303-10, 3.11 and 4.6).

use crate::apdu::Status;
use crate::conversation::Conversation;
use crate::sensitive::Sensitive;
use crate::tlv;
use core::fmt;
use std::collections::BTreeMap;

/// An elementary file of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ElementaryFile {
    /// EF.COM: which data groups there are. Not signed.
    Com,
    /// A data group, 1 to 16.
    DataGroup(u8),
    /// EF.SOD: the signed digests of the data groups.
    Sod,
}

impl ElementaryFile {
    /// Data group 1: the machine readable zone.
    pub const DG1: Self = Self::DataGroup(1);
    /// Data group 2: the face.
    pub const DG2: Self = Self::DataGroup(2);

    /// Short file identifier, the low five bits of the file identifier (Doc 9303-10, 4.6).
    #[must_use]
    pub const fn short_identifier(self) -> u8 {
        match self {
            Self::Com => 0x1E,
            Self::Sod => 0x1D,
            Self::DataGroup(number) => number,
        }
    }

    /// File identifier.
    #[must_use]
    pub const fn identifier(self) -> u16 {
        0x0100 | self.short_identifier() as u16
    }

    /// Tag of the one data object that the file holds. `None` for a data group that does not exist.
    #[must_use]
    pub fn tag(self) -> Option<u8> {
        match self {
            Self::Com => Some(0x60),
            Self::Sod => Some(0x77),
            Self::DataGroup(number) => DATA_GROUP_TAGS
                .get(usize::from(number).checked_sub(1)?)
                .copied(),
        }
    }

    /// The data group whose file starts with `tag`, as EF.COM lists them.
    #[must_use]
    pub fn data_group_of_tag(tag: u8) -> Option<Self> {
        let index = DATA_GROUP_TAGS.iter().position(|known| *known == tag)?;
        u8::try_from(index + 1).ok().map(Self::DataGroup)
    }
}

/// Tags of data groups 1 to 16 (Doc 9303-10, 4.6.1).
const DATA_GROUP_TAGS: [u8; 16] = [
    0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70,
];

impl fmt::Display for ElementaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Com => f.write_str("EF.COM"),
            Self::Sod => f.write_str("EF.SOD"),
            Self::DataGroup(number) => write!(f, "DG{number}"),
        }
    }
}

/// The files that were read from a chip, byte for byte. Prints lengths only.
///
/// A file is one data object, and its digest is taken over that (Doc 9303-10, 4.6.2): chips give as many
/// bytes as its length says, but those who dump files often add what the memory holds behind, mostly
/// zeros. Such bytes are cut off, and [`ChipFiles::excess`] tells of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChipFiles {
    files: BTreeMap<ElementaryFile, Sensitive<Vec<u8>>>,
    excess: BTreeMap<ElementaryFile, usize>,
    refused: BTreeMap<ElementaryFile, Status>,
    conversation: Option<Conversation>,
}

impl ChipFiles {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or replaces it. Bytes behind its data object are cut off.
    pub fn insert(&mut self, file: ElementaryFile, mut bytes: Vec<u8>) {
        let length = tlv::first_length(&bytes).unwrap_or(bytes.len());
        self.excess.remove(&file);
        if length < bytes.len() {
            self.excess.insert(file, bytes.len() - length);
            bytes.truncate(length);
        }
        self.files.insert(file, Sensitive::new(bytes));
    }

    /// The files behind whose data object more bytes stood, and how many.
    pub fn excess(&self) -> impl Iterator<Item = (ElementaryFile, usize)> {
        self.excess.iter().map(|(file, bytes)| (*file, *bytes))
    }

    /// Notes that the chip refused a file.
    pub fn refuse(&mut self, file: ElementaryFile, status: Status) {
        self.refused.insert(file, status);
    }

    /// Why a file is not here: that the chip refused it, or that nobody read it.
    pub(crate) fn why_missing(&self, file: ElementaryFile) -> String {
        match self.refusal(file) {
            Some(status) => format!("{file} was refused with status {status}"),
            None => format!("{file} was not read"),
        }
    }

    /// The status word with which the chip refused a file.
    #[must_use]
    pub fn refusal(&self, file: ElementaryFile) -> Option<Status> {
        self.refused.get(&file).copied()
    }

    /// Adds what happened beside the files.
    pub fn set_conversation(&mut self, conversation: Conversation) {
        self.conversation = Some(conversation);
    }

    /// How the chip was opened and what it proved. `None` for files that did not come from a chip.
    #[must_use]
    pub const fn conversation(&self) -> Option<&Conversation> {
        self.conversation.as_ref()
    }

    /// The whole file, outer tag included.
    #[must_use]
    pub fn get(&self, file: ElementaryFile) -> Option<&[u8]> {
        self.files.get(&file).map(|bytes| bytes.expose().as_slice())
    }

    /// All files with their bytes, in the order of [`ElementaryFile`].
    pub fn iter(&self) -> impl Iterator<Item = (ElementaryFile, &[u8])> {
        self.files
            .iter()
            .map(|(file, bytes)| (*file, bytes.expose().as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_files_object_is_cut_off_and_counted() {
        let file = ElementaryFile::Sod;
        for (bytes, kept, excess) in [
            (&[0x77, 1, 5][..], 3, 0),
            (&[0x77, 1, 5, 0], 3, 1),
            (&[0x77, 1, 5, 0x77, 1, 5], 3, 3),
            // Indefinite length, with and without more behind its end.
            (&[0x77, 0x80, 4, 1, 7, 0, 0], 7, 0),
            (&[0x77, 0x80, 4, 1, 7, 0, 0, 0, 0], 7, 2),
            // Not whole: kept for whoever says what is missing.
            (&[0x77, 9, 5], 3, 0),
            (&[0x77, 0x80, 4, 1, 7, 0], 6, 0),
            (&[], 0, 0),
        ] {
            let mut files = ChipFiles::new();
            files.insert(file, vec![0x77, 0, 1]);
            files.insert(file, bytes.to_vec());
            assert_eq!(files.get(file), Some(&bytes[..kept]), "{bytes:?}");
            let told = files.excess().map(|(_, bytes)| bytes).sum::<usize>();
            assert_eq!(told, excess, "{bytes:?}");
        }
    }

    #[test]
    fn files_have_the_identifiers_and_tags_of_the_standard() {
        for (file, identifier, tag) in [
            (ElementaryFile::Com, 0x011E, 0x60),
            (ElementaryFile::Sod, 0x011D, 0x77),
            (ElementaryFile::DG1, 0x0101, 0x61),
            (ElementaryFile::DG2, 0x0102, 0x75),
            (ElementaryFile::DataGroup(14), 0x010E, 0x6E),
            (ElementaryFile::DataGroup(16), 0x0110, 0x70),
        ] {
            assert_eq!(file.identifier(), identifier, "{file}");
            assert_eq!(file.tag(), Some(tag), "{file}");
        }
        assert_eq!(ElementaryFile::DataGroup(0).tag(), None);
        assert_eq!(ElementaryFile::DataGroup(17).tag(), None);
        assert_eq!(
            ElementaryFile::data_group_of_tag(0x75),
            Some(ElementaryFile::DG2)
        );
        assert_eq!(ElementaryFile::data_group_of_tag(0x77), None);
    }
}
