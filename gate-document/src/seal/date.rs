//! Days as numbers: MMDDYYYY in three bytes (Doc 9303-13), with a mask of unknown digits in front
//! in four, with the time behind in six (ICAO Datastructure for Barcode).

use jiff::civil::{Date, DateTime, date};

/// Three bytes for a day.
#[must_use]
pub fn encode(day: Date) -> [u8; 3] {
    let [_, bytes @ ..] = number(day).to_be_bytes();
    bytes
}

/// The day of three bytes, or `None` where the calendar has no such day.
#[must_use]
pub fn decode(bytes: [u8; 3]) -> Option<Date> {
    let [one, two, three] = bytes;
    day(u32::from_be_bytes([0, one, two, three]))
}

/// Four bytes for a day of which every digit is known.
#[must_use]
pub fn encode_masked(day: Date) -> [u8; 4] {
    let [one, two, three] = encode(day);
    [0, one, two, three]
}

/// The day of four bytes. `Some(None)` where digits of it are unknown, `None` where it is none.
#[must_use]
pub fn decode_masked(bytes: [u8; 4]) -> Option<Option<Date>> {
    let [mask, rest @ ..] = bytes;
    if mask == 0 {
        return decode(rest).map(Some);
    }
    // Unknown digits are written as 0.
    let number = u32::from_be_bytes([0, rest[0], rest[1], rest[2]]);
    let masked = (0..8_u32)
        .filter(|place| mask & (0x80 >> place) != 0)
        .all(|place| (number / 10_u32.pow(7 - place)).is_multiple_of(10));
    (masked && number <= 12_319_999).then_some(None)
}

/// Six bytes for a day and a time to the second.
#[must_use]
pub fn encode_time(moment: DateTime) -> [u8; 6] {
    let time = u64::from(moment.hour().unsigned_abs()) * 10_000
        + u64::from(moment.minute().unsigned_abs()) * 100
        + u64::from(moment.second().unsigned_abs());
    let number = u64::from(number(moment.date())) * 1_000_000 + time;
    let [_, _, bytes @ ..] = number.to_be_bytes();
    bytes
}

/// Day and time of six bytes, or `None` where there is no such moment.
#[must_use]
pub fn decode_time(bytes: [u8; 6]) -> Option<DateTime> {
    let mut number = [0; 8];
    number[2..].copy_from_slice(&bytes);
    let number = u64::from_be_bytes(number);
    let day = day(u32::try_from(number / 1_000_000).ok()?)?;
    let part = |divisor: u64| i8::try_from(number / divisor % 100).ok();
    let (hour, minute, second) = (part(10_000)?, part(100)?, part(1)?);
    DateTime::new(day.year(), day.month(), day.day(), hour, minute, second, 0).ok()
}

fn number(day: Date) -> u32 {
    let day = if day.year() < 0 { date(0, 1, 1) } else { day };
    u32::from(day.month().unsigned_abs()) * 1_000_000
        + u32::from(day.day().unsigned_abs()) * 10_000
        + u32::from(day.year().unsigned_abs())
}

fn day(number: u32) -> Option<Date> {
    let month = i8::try_from(number / 1_000_000).ok()?;
    let day = i8::try_from(number / 10_000 % 100).ok()?;
    let year = i16::try_from(number % 10_000).ok()?;
    Date::new(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn days_are_those_of_the_standard() {
        for (day, bytes) in [
            (date(1957, 3, 25), hex!("319EF5")), // Doc 9303-13
            (date(1979, 10, 9), hex!("99FDCB")),
            (date(2024, 9, 27), hex!("8D7AD8")),
        ] {
            assert_eq!(encode(day), bytes);
            assert_eq!(decode(bytes), Some(day));
        }
        for bytes in [hex!("000000"), hex!("FFFFFF"), hex!("C68C34")] {
            assert_eq!(decode(bytes), None, "{bytes:02X?}");
        }
    }

    #[test]
    fn days_with_unknown_digits_are_known_as_such() {
        assert_eq!(encode_masked(date(1999, 12, 31)), hex!("00BBDDBF"));
        assert_eq!(
            decode_masked(hex!("00BBDDBF")),
            Some(Some(date(1999, 12, 31)))
        );
        for bytes in [
            hex!("C3002E7C"),
            hex!("313D10DA"),
            hex!("F000076C"),
            hex!("FF000000"),
        ] {
            assert_eq!(decode_masked(bytes), Some(None), "{bytes:02X?}");
        }
        assert_eq!(decode_masked(hex!("FF000001")), None, "an unknown digit");
        assert_eq!(decode_masked(hex!("00FFFFFF")), None);
    }

    #[test]
    fn moments_are_those_of_the_report() {
        for (moment, bytes) in [
            (date(1957, 3, 25).at(8, 15, 22, 0), hex!("02F527BF25B2")),
            (date(2030, 12, 1).at(0, 0, 0, 0), hex!("0AECC4C7FB80")),
            (date(1, 1, 1).at(0, 0, 0, 0), hex!("00EB28C03640")),
            (date(9999, 12, 31).at(23, 59, 59, 0), hex!("0B34792D9777")),
        ] {
            assert_eq!(encode_time(moment), bytes);
            assert_eq!(decode_time(bytes), Some(moment));
        }
        assert_eq!(decode_time([0xFF; 6]), None);
        assert_eq!(decode_time([0; 6]), None);
    }
}
