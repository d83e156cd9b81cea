//! Zones with right check digits, of every format, common and rare things mixed.

use gate_document::mrz::check_digit;
use rand::RngExt;
use rand::rngs::StdRng;
use std::ops::Range;

/// A zone with right check digits, of any format, common and rare things mixed.
pub(crate) fn zone(rng: &mut StdRng) -> Vec<String> {
    let format = rng.random_range(0..5);
    let number = number(rng);
    let state = often(rng, &["VNM", "D<<", "CHN"], &["UTO", "XXA", "GBD", "U<O"]);
    let nationality = often(rng, &["VNM", "D<<", "LAO"], &["UTO", "XXA"]);
    let sex = often(rng, &["F", "M", "<"], &["X"]);
    let (birth, expiry) = (date(rng, 40..121), date(rng, 120..137));
    let code = match format {
        0 | 1 => often(rng, &["I<", "ID", "A<", "C<"], &["AC", "P<", "IV"]),
        2 => often(rng, &["P<", "PP", "PD"], &["I<"]),
        _ => pick(rng, &["V<", "VA", "VN"]),
    };
    if format == 0 && rng.random_bool(0.2) {
        return vietnamese(rng, &birth, sex);
    }
    let name_length = [30, 31, 39, 39, 31][format];
    let name = name(rng, name_length);
    match format {
        0 => {
            let upper = match number.len() {
                10.. => {
                    let long = format!("{}<{}", &number[..9], checked_tail(&number));
                    let room = 25 - long.len();
                    fill(&format!("{long}{}", optional(rng, room)), 25)
                }
                _ => fill(
                    &format!("{}{}", checked(&fill(&number, 9)), optional(rng, 15)),
                    25,
                ),
            };
            let more = fill(&optional(rng, 11), 11);
            let (birth, expiry) = (checked(&birth), checked(&expiry));
            let all = digit(&format!("{upper}{birth}{expiry}{more}"));
            vec![
                format!("{code}{state}{upper}"),
                format!("{birth}{sex}{expiry}{nationality}{more}{all}"),
                name,
            ]
        }
        _ => {
            // Nine characters: TD2 alone has somewhere to go on.
            let long = format == 1 && (10..=15).contains(&number.len());
            let length = [0, 7, 14, 16, 8][format];
            let (field, optional) = if long {
                (
                    format!("{}<", &number[..9]),
                    fill(&checked_tail(&number), 7),
                )
            } else {
                let short = fill(&number[..number.len().min(9)], 9);
                (checked(&short), fill(&optional(rng, length), length))
            };
            let mut end = optional;
            if format == 2 {
                let empty = end.trim_end_matches('<').is_empty();
                let filler = empty && rng.random_bool(0.5);
                end = if filler {
                    format!("{end}<")
                } else {
                    checked(&end)
                };
            }
            let (birth, expiry) = (checked(&birth), checked(&expiry));
            let all = match format {
                1 | 2 => digit(&format!("{field}{birth}{expiry}{end}")),
                _ => String::new(),
            };
            vec![
                format!("{code}{state}{name}"),
                format!("{field}{nationality}{birth}{sex}{expiry}{end}{all}"),
            ]
        }
    }
}

/// A Vietnamese identity card, now and then one that contradicts itself.
fn vietnamese(rng: &mut StdRng, birth: &str, sex: &str) -> Vec<String> {
    let personal = characters(rng, 12, b"0123456789");
    let personal_digit = match rng.random_bool(0.9) {
        true => digit(&personal),
        false => characters(rng, 1, b"0123456789"),
    };
    let upper = format!("{}{personal}<<{personal_digit}", checked(&personal[3..]));
    let expiry = checked(pick(rng, &["991231", "330101"]));
    let birth = checked(birth);
    let all = digit(&format!("{upper}{birth}{expiry}{}", "<".repeat(11)));
    vec![
        format!("IDVNM{upper}"),
        format!("{birth}{sex}{expiry}VNM{}{all}", "<".repeat(11)),
        name(rng, 30),
    ]
}

fn number(rng: &mut StdRng) -> String {
    let length = match rng.random_range(0..10) {
        0 => rng.random_range(1..9),
        1 | 2 => rng.random_range(10..14),
        _ => 9,
    };
    let mut number = characters(
        rng,
        length,
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ01234567890123456789",
    );
    if length == 9 && rng.random_bool(0.05) {
        number.replace_range(4..5, "<");
    }
    number
}

/// A day in `years`, counted from 1900, or one time in five in any; now and then one that is unknown in part.
fn date(rng: &mut StdRng, years: Range<u32>) -> String {
    let years = match rng.random_bool(0.8) {
        true => years,
        false => 0..100,
    };
    let (year, month) = (rng.random_range(years) % 100, rng.random_range(1..13));
    let day = match rng.random_range(0..20) {
        0 => rng.random_range(29..32),
        _ => rng.random_range(1..29),
    };
    match rng.random_range(0..40) {
        0 => format!("{year:02}{month:02}<<"),
        1 => format!("{year:02}<<<<"),
        2 => "<<<<<<".to_owned(),
        3 => format!("{year:02}XXXX"),
        4 => "991231".to_owned(),
        _ => format!("{year:02}{month:02}{day:02}"),
    }
}

fn name(rng: &mut StdRng, length: usize) -> String {
    let words = |rng: &mut StdRng, most: usize| {
        let count = rng.random_range(1..=most);
        let words: Vec<String> = (0..count)
            .map(|_| {
                let length = rng.random_range(1..10);
                characters(rng, length, b"AEIOUBCDGHKLMNPRSTVXYZ")
            })
            .collect();
        words.join("<")
    };
    let name = match rng.random_range(0..20) {
        0 => words(rng, 2),
        1 => format!("{}<<{}<<{}", words(rng, 2), words(rng, 1), words(rng, 2)),
        _ => format!("{}<<{}", words(rng, 3), words(rng, 4)),
    };
    fill(&name, length)[..length].to_owned()
}

fn optional(rng: &mut StdRng, most: usize) -> String {
    match rng.random_range(0..3) {
        0 => {
            let length = rng.random_range(1..=most);
            characters(rng, length, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<")
        }
        _ => String::new(),
    }
}

pub(crate) fn characters(rng: &mut StdRng, length: usize, from: &[u8]) -> String {
    (0..length)
        .map(|_| char::from(from[rng.random_range(0..from.len())]))
        .collect()
}

/// One of `common`, or one time in six one of `rare`.
fn often<'a>(rng: &mut StdRng, common: &[&'a str], rare: &[&'a str]) -> &'a str {
    let rarely = rng.random_ratio(1, 6);
    pick(rng, if rarely { rare } else { common })
}

pub(crate) fn pick<'a>(rng: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[rng.random_range(0..from.len())]
}

fn fill(text: &str, length: usize) -> String {
    format!("{text:<<length$}")
}

pub(crate) fn digit(text: &str) -> String {
    check_digit(text.as_bytes()).map_or_else(String::new, |digit| digit.to_string())
}

fn checked(text: &str) -> String {
    format!("{text}{}", digit(text))
}

/// What a long number leaves for the optional data: its end, its digit and a filler.
fn checked_tail(number: &str) -> String {
    format!("{}{}<", &number[9..], digit(number))
}
