//! DG16, persons to notify (Doc 9303-10, 4.7.16). They are not the traveller, have consented to no
//! border, and are nothing to judge a document by: it is read for whoever has to call them.

use crate::document_details::{day, text};
use crate::personal::eight_digits;
use crate::sensitive::Sensitive;
use crate::tlv::{Reader, TlvError};
use jiff::civil::Date;

/// Somebody to be notified in an emergency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notified {
    /// Day on which the entry was made (5F50).
    pub recorded: Option<Date>,
    /// Name (5F51), `<` as a space.
    pub name: Option<Sensitive<String>>,
    /// Telephone number (5F52).
    pub telephone: Option<Sensitive<String>>,
    /// Address (5F53).
    pub address: Option<Sensitive<String>>,
}

/// Persons that are kept: the tags A1 to AF have room for 15.
pub const PERSONS_MAX: usize = 15;

/// Fields that are looked at, at most, in the whole file and in each entry.
const FIELDS_MAX: usize = 64;

/// Reads DG16. An entry without any known field is left out.
///
/// # Errors
///
/// [`TlvError`]; an optional data group never ends an inspection.
pub fn dg16(bytes: &[u8]) -> Result<Vec<Notified>, TlvError> {
    let mut reader = Reader::new(bytes).expect(0x70, "DG16 (70)")?.reader();
    let mut persons = Vec::new();
    for _ in 0..FIELDS_MAX {
        if reader.is_empty() || persons.len() == PERSONS_MAX {
            break;
        }
        let entry = reader.any("person to notify")?;
        // The number of entries stands first.
        if !matches!(entry.tag, 0xA0..=0xAF) {
            continue;
        }
        let person = person(entry.reader())?;
        if person != Notified::default() {
            persons.push(person);
        }
    }
    Ok(persons)
}

fn person(mut fields: Reader<'_>) -> Result<Notified, TlvError> {
    let mut person = Notified::default();
    for _ in 0..FIELDS_MAX {
        if fields.is_empty() {
            break;
        }
        let field = fields.any("field of a person to notify")?;
        match field.tag {
            0x5F50 => person.recorded = eight_digits(field.value).and_then(|digits| day(&digits)),
            0x5F51 => {
                let name = text(field.value);
                person.name = name.map(|name| Sensitive::new(name.expose().replace('<', " ")));
            }
            0x5F52 => person.telephone = text(field.value),
            0x5F53 => person.address = text(field.value),
            _ => {}
        }
    }
    Ok(person)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::write;
    use jiff::civil::date;

    fn object(tag: u32, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, tag, value);
        bytes
    }

    fn entry(tag: u32) -> Vec<u8> {
        let fields = [
            object(0x5F50, b"20020101"),
            object(0x5F51, b"SMITH<<CHARLES<R"),
            object(0x5F52, b"0015551212"),
            object(0x5F53, b"123 MAPLE RD"),
        ];
        object(tag, &fields.concat())
    }

    #[test]
    fn every_person_is_read_and_none_is_printed() {
        let group = [object(0x02, &[2]), entry(0xA1), entry(0xA2)].concat();
        let persons = dg16(&object(0x70, &group)).unwrap();
        assert_eq!(persons.len(), 2);
        let first = &persons[0];
        let text = |field: &Option<Sensitive<String>>| field.as_ref().unwrap().expose().clone();
        assert_eq!(first.recorded, Some(date(2002, 1, 1)));
        assert_eq!(text(&first.name), "SMITH  CHARLES R");
        assert_eq!(text(&first.telephone), "0015551212");
        assert_eq!(text(&first.address), "123 MAPLE RD");
        let printed = format!("{persons:?}");
        for personal in ["SMITH", "555", "MAPLE"] {
            assert!(!printed.contains(personal), "{printed}");
        }
    }

    #[test]
    fn a_crowd_is_cut_off_and_nonsense_is_nobody() {
        let crowd = entry(0xA1).repeat(60);
        assert_eq!(dg16(&object(0x70, &crowd)).unwrap().len(), PERSONS_MAX);
        let empty = object(0xA1, &object(0x5F51, b"\x07")).repeat(1000);
        assert_eq!(dg16(&object(0x70, &empty)).unwrap(), []);
        assert!(dg16(&object(0x70, &[0xA1, 0x20, 0x5F])).is_err());
        assert!(dg16(&object(0x6C, &[])).is_err());
    }
}
