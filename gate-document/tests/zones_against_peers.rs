//! Our reading of 100,000 zones, whole and damaged, beside those of two parsers by others: the crates
//! `mrtd` (TD1 and TD3) and `mrz` (all five formats).
//!
//! Both say yes or no to a zone, and what stands in it. Wherever one differs from ours, the reason
//! has to be one of [`Known`], whose documentation is the table of differences. Any other fails the
//! test, with the seed that shows it.

use gate_document::mrz::{Expiry, Field, Format, Mrz, MrzError, Sex, check_digit};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;

const ZONES: u64 = 100_000;

/// Why a parser differs from ours, with the clause of Doc 9303 that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    /// `mrtd` reads no document number that goes on in the optional data (9303-5, 4.2.2.1).
    LongNumber,
    /// `mrtd` refuses dates with unknown parts, which are fillers (9303-3, 4.8).
    UnknownDate,
    /// `mrz` notes a day that no calendar has and goes on; we refuse the zone, because the digits
    /// stand for a day (9303-3, 4.8).
    Calendar,
    /// Two digits of a year leave the century to the reader. Expiry is 1970 to 2069 to us and
    /// `mrtd`, and 2000 to 2099 to `mrz`.
    Century,
    /// `991231` on a Vietnamese identity card means that it does not expire: a national rule.
    NoExpiry,
    /// The check digit at position 30 of a Vietnamese identity card is a national rule too.
    PersonalNumber,
    /// Both take digits in codes, names and nationality, and any character as sex. Only letters and
    /// fillers may stand there (9303-3, 4.2 and 4.3; tables of 9303-4 to -7).
    Alphabet,
    /// Both take `P` alone for TD3 and `A`, `C`, `I` alone for cards (9303-4 to -6, 4.2.2.1). We read
    /// other codes as well, because issued documents have them.
    Code,
    /// Fillers inside a field stand for characters that the zone does not have (9303-3, 4.3): we keep
    /// them and cut those at the end; `mrtd` drops all of them.
    InnerFillers,
    /// `mrtd` ends the name of TD3 one position early (9303-4, 4.2.2.1: positions 6 to 44), loses what
    /// stands behind a second `<<`, and wants one `<<` at least, although a name that was cut may have
    /// none (9303-3, 4.6).
    Names,
    /// `mrtd` takes the nationality of TD1 from the issuing State, not from line 2, positions 16 to
    /// 18 (9303-5, 4.2.2.2).
    Nationality,
    /// A second `<<` has no meaning (9303-3, 4.6 has one, between the identifiers): one space to us,
    /// as many as there are fillers to `mrz`.
    SecondSeparator,
    /// The digit over TD3's optional data may be a filler where the data is all fillers (9303-4,
    /// 4.2.2.2), and no other digit may; `mrz` takes a filler wherever the digit would be 0.
    FillerAsZero,
    /// A name without `<<` is one identifier, of as many words as there are (9303-3, 4.6); `mrz` takes
    /// the first word for the surname and the others for given names.
    OneIdentifier,
}

/// What parsers can agree on. Dates as in the zone; the day of expiry with its century, too.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reading {
    number: String,
    surname: String,
    given: String,
    state: String,
    nationality: String,
    sex: char,
    birth: String,
    expiry: String,
}

/// A peer's answer; `None` where it refuses the zone.
type Answer = Option<Reading>;

/// What a run over some zones has found.
#[derive(Default)]
struct Found {
    read: u64,
    known: BTreeMap<(&'static str, Known), u64>,
    /// The first of each kind.
    unexplained: BTreeMap<(&'static str, &'static str), String>,
}

#[test]
fn every_difference_from_two_other_parsers_has_a_known_reason() {
    const THREADS: u64 = 4;
    let found = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || compare(first, THREADS)))
            .collect();
        let mut all = Found::default();
        for run in runs {
            let found = run.join().expect("no parser panics");
            all.read += found.read;
            for (known, count) in found.known {
                *all.known.entry(known).or_default() += count;
            }
            all.unexplained.extend(found.unexplained);
        }
        all
    });
    let unexplained: Vec<String> = found.unexplained.into_values().collect();
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n\n"));
    println!("{} of {ZONES} zones read", found.read);
    for ((peer, known), count) in &found.known {
        println!("{peer}: {known:?} {count}");
    }
    // A generator of good zones alone, or of bad ones, would prove nothing.
    assert!((ZONES / 10..ZONES * 9 / 10).contains(&found.read));
}

fn compare(first: u64, step: u64) -> Found {
    let mut found = Found::default();
    for seed in (first..ZONES).step_by(step as usize) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut zone = generate(&mut rng);
        if rng.random_bool(0.5) {
            mutate(&mut zone, &mut rng);
        }
        let ours = Mrz::parse(&zone.concat());
        found.read += u64::from(ours.is_ok());
        let peers = [("mrtd", ask_mrtd(&zone)), ("mrz", ask_mrz(&zone))];
        for (peer, answer) in peers {
            let Some(answer) = answer else { continue };
            for known in differences(peer, &zone, &ours, &answer) {
                match known {
                    Ok(known) => *found.known.entry((peer, known)).or_default() += 1,
                    Err(what) => {
                        found.unexplained.entry((peer, what)).or_insert_with(|| {
                            format!(
                                "seed {seed}: {peer} differs in {what}\n{}\nours: {:?}\ntheirs: {answer:?}",
                                zone.join("\n"),
                                ours.as_ref().map(reading),
                            )
                        });
                    }
                }
            }
        }
    }
    found
}

/// Every difference between our answer and a peer's, as far as it is explained.
fn differences(
    peer: &str,
    zone: &[String],
    ours: &Result<Mrz, MrzError>,
    theirs: &Answer,
) -> Vec<Result<Known, &'static str>> {
    let mrtd = peer == "mrtd";
    match (ours, theirs) {
        (Err(_), None) => Vec::new(),
        (Err(error), Some(theirs)) => vec![match error {
            MrzError::Character { .. } => Ok(Known::Alphabet),
            MrzError::Date { .. } if !mrtd => Ok(Known::Calendar),
            MrzError::CheckDigit {
                field: Field::PersonalNumber,
                ..
            } => Ok(Known::PersonalNumber),
            MrzError::CheckDigit {
                field: Field::DocumentNumber,
                ..
            } if !mrtd && theirs.number.len() <= 9 && number_field(zone).1 == "<" => {
                Ok(Known::FillerAsZero)
            }
            MrzError::CheckDigit { line, position, .. }
                if !mrtd && zone[line - 1].as_bytes()[position - 1] == b'<' =>
            {
                Ok(Known::FillerAsZero)
            }
            _ => Err("taking the zone"),
        }],
        (Ok(ours), None) if mrtd => vec![refused_by_mrtd(zone, ours)],
        (Ok(mrz), None) if !has_usual_code(zone, mrz.format) => {
            vec![Ok(Known::Code)]
        }
        (Ok(_), None) => vec![Err("refusing the zone")],
        (Ok(mrz), Some(theirs)) => fields(mrtd, zone, mrz, theirs),
    }
}

fn refused_by_mrtd(zone: &[String], ours: &Mrz) -> Result<Known, &'static str> {
    let is_card = zone.len() == 3;
    let dates = if is_card {
        [&zone[1][..6], &zone[1][8..14]]
    } else {
        [&zone[1][13..19], &zone[1][21..27]]
    };
    let name = if is_card {
        &zone[2][..]
    } else {
        &zone[0][5..43]
    };
    if !has_usual_code(zone, ours.format) {
        Ok(Known::Code)
    } else if ours.document_number.expose().len() > 9 {
        Ok(Known::LongNumber)
    } else if dates.iter().any(|date| date.contains(['<', 'X'])) {
        Ok(Known::UnknownDate)
    } else if !name.contains("<<") {
        Ok(Known::Names)
    } else {
        Err("refusing the zone")
    }
}

/// Whether the first letter is one of those that 9303-4 to -7 name for the format.
fn has_usual_code(zone: &[String], format: Format) -> bool {
    match format {
        Format::Td1 | Format::Td2 => zone[0].starts_with(['A', 'C', 'I']),
        Format::Td3 => zone[0].starts_with('P'),
        Format::MrvA | Format::MrvB => zone[0].starts_with('V'),
    }
}

/// The document number's field, and the character where its digit should be.
fn number_field(zone: &[String]) -> (&str, &str) {
    match zone.len() {
        3 => (&zone[0][5..14], &zone[0][14..15]),
        _ => (&zone[1][..9], &zone[1][9..10]),
    }
}

fn fields(
    mrtd: bool,
    zone: &[String],
    mrz: &Mrz,
    theirs: &Reading,
) -> Vec<Result<Known, &'static str>> {
    let ours = reading(mrz);
    let mut differences = Vec::new();
    let without_fillers = |text: &str| text.replace('<', "");
    for (what, one, other) in [
        ("number", &ours.number, &theirs.number),
        ("state", &ours.state, &theirs.state),
        ("nationality", &ours.nationality, &theirs.nationality),
    ] {
        if one == other {
        } else if without_fillers(one) == without_fillers(other) {
            differences.push(Ok(Known::InnerFillers));
        } else if what == "nationality"
            && mrtd
            && zone.len() == 3
            && *other == without_fillers(&ours.state)
        {
            differences.push(Ok(Known::Nationality));
        } else {
            differences.push(Err(what));
        }
    }
    if (&ours.surname, &ours.given) != (&theirs.surname, &theirs.given) {
        let name = if zone.len() == 3 {
            &zone[2][..]
        } else {
            &zone[0][5..]
        };
        let behind = name.split_once("<<").map_or("", |(_, given)| given);
        let parts = behind.trim_end_matches('<').contains("<<") || behind.starts_with("<<");
        let is_cut = zone.len() == 2 && !name.ends_with('<');
        let words: Vec<&str> = theirs.given.split_whitespace().collect();
        let spaces = words.join(" ") == ours.given && theirs.surname == ours.surname;
        differences.push(if mrtd && (parts || is_cut) {
            Ok(Known::Names)
        } else if !mrtd && !name.trim_end_matches('<').contains("<<") {
            Ok(Known::OneIdentifier)
        } else if !mrtd && parts && spaces {
            Ok(Known::SecondSeparator)
        } else {
            Err("names")
        });
    }
    if ours.sex != theirs.sex {
        differences.push(Err("sex"));
    }
    if ours.birth != theirs.birth {
        differences.push(Err("birth"));
    }
    if ours.expiry != theirs.expiry {
        let day = |text: &str| text.len() == 10 && theirs.expiry.len() == 10;
        differences.push(if mrz.expiry == Expiry::Unlimited {
            Ok(Known::NoExpiry)
        } else if day(&ours.expiry) && ours.expiry[2..] == theirs.expiry[2..] {
            Ok(Known::Century)
        } else {
            Err("expiry")
        });
    }
    differences
}

fn reading(mrz: &Mrz) -> Reading {
    let lines: Vec<&str> = mrz.lines().collect();
    let (birth, expiry) = match mrz.format {
        Format::Td1 => (&lines[1][..6], &lines[1][8..14]),
        _ => (&lines[1][13..19], &lines[1][21..27]),
    };
    Reading {
        number: mrz.document_number.expose().clone(),
        surname: mrz.surname.expose().clone(),
        given: mrz.given_names.expose().clone(),
        state: mrz.issuing_state.clone(),
        nationality: mrz.nationality.expose().clone(),
        sex: match mrz.sex.expose() {
            Sex::Female => 'F',
            Sex::Male => 'M',
            Sex::Unspecified => 'X',
        },
        birth: birth.to_owned(),
        expiry: match mrz.expiry {
            Expiry::On(day) => day.to_string(),
            Expiry::Unlimited | Expiry::Unknown => expiry.to_owned(),
        },
    }
}

/// `None` where `mrtd` does not know the format at all.
fn ask_mrtd(zone: &[String]) -> Option<Answer> {
    let is_passport = zone[0].len() == 44 && !zone[0].starts_with('V');
    if !is_passport && zone.len() != 3 {
        return None;
    }
    let words = |words: &[String]| words.join(" ");
    let six_digits = |day: String| day[2..].replace('-', "");
    let sex = |sex: &mrtd::Gender| match sex {
        mrtd::Gender::Female => 'F',
        mrtd::Gender::Male => 'M',
        mrtd::Gender::Other => 'X',
    };
    Some(
        mrtd::parse(&zone.concat())
            .ok()
            .map(|document| match document {
                mrtd::Document::Passport(found) => Reading {
                    surname: words(&found.surnames),
                    given: words(&found.given_names),
                    sex: sex(&found.gender),
                    birth: six_digits(found.birth_date.to_string()),
                    expiry: found.expiry_date.to_string(),
                    number: found.passport_number,
                    state: found.country,
                    nationality: found.nationality,
                },
                mrtd::Document::IdentityCard(found) => Reading {
                    surname: words(&found.surnames),
                    given: words(&found.given_names),
                    sex: sex(&found.gender),
                    birth: six_digits(found.birth_date.to_string()),
                    expiry: found.expiry_date.to_string(),
                    number: found.document_number,
                    state: found.country,
                    nationality: found.nationality,
                },
            }),
    )
}

fn ask_mrz(zone: &[String]) -> Option<Answer> {
    let visa = zone[0].starts_with('V');
    let found = match (zone, zone[0].len()) {
        ([one, two, three], _) => mrz::parse_td1(one, two, three),
        ([one, two], 36) if visa => mrz::parse_mrv_b(one, two),
        ([one, two], 36) => mrz::parse_td2(one, two),
        ([one, two], _) if visa => mrz::parse_mrv_a(one, two),
        ([one, two], _) => mrz::parse_td3(one, two),
        _ => return None,
    };
    let found = found.ok().filter(mrz::MrzData::checksum_consistent);
    Some(found.map(|found| {
        let birth = found.date_of_birth.to_string();
        Reading {
            number: match &found.document_number_full {
                Some(full) => full.clone(),
                None => found.document_number.clone(),
            },
            surname: found.surname.clone(),
            given: found.given_names.clone(),
            state: found.issuing_country.clone(),
            nationality: found.nationality.clone(),
            sex: match found.sex.to_string().as_str() {
                "F" => 'F',
                "M" => 'M',
                "<" | "X" => 'X',
                _ => '?',
            },
            // A whole date comes with a century of its own.
            birth: match birth.len() {
                10 => birth[2..].replace('-', ""),
                _ => birth,
            },
            expiry: found.date_of_expiry.to_string(),
        }
    }))
}

/// A zone with right check digits, of any format, common and rare things mixed.
fn generate(rng: &mut StdRng) -> Vec<String> {
    let format = rng.random_range(0..5);
    let number = number(rng);
    let state = pick(rng, &["UTO", "VNM", "D<<", "XXA", "GBD", "CHN", "U<O"]);
    let nationality = pick(rng, &["UTO", "VNM", "D<<", "XXA", "LAO"]);
    let sex = pick(rng, &["F", "M", "<", "X"]);
    let (birth, expiry) = (date(rng), date(rng));
    let code = match format {
        0 | 1 => pick(rng, &["I<", "ID", "A<", "C<", "AC", "P<"]),
        2 => pick(rng, &["P<", "PP", "PD", "I<"]),
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
                10.. => fill(&format!("{}<{}", &number[..9], checked_tail(&number)), 25),
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

fn mutate(zone: &mut [String], rng: &mut StdRng) {
    for _ in 0..rng.random_range(1..4) {
        let line = rng.random_range(0..zone.len());
        let at = rng.random_range(0..zone[line].len());
        let character = characters(rng, 1, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<<<<0OI1");
        zone[line].replace_range(at..=at, &character);
    }
    // Damage alone would seldom reach what lies behind the last digit.
    let is_visa = zone[0].starts_with('V');
    if rng.random_bool(0.5) && !is_visa {
        let (covered, line) = match zone.len() {
            3 => {
                let (upper, lower) = (&zone[0][5..30], &zone[1]);
                (
                    format!("{upper}{}{}{}", &lower[..7], &lower[8..15], &lower[18..29]),
                    1,
                )
            }
            _ => {
                let lower = &zone[1];
                let end = lower.len() - 1;
                (
                    format!("{}{}{}", &lower[..10], &lower[13..20], &lower[21..end]),
                    1,
                )
            }
        };
        let end = zone[line].len() - 1;
        zone[line].replace_range(end.., &digit(&covered));
    }
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

fn date(rng: &mut StdRng) -> String {
    let (year, month) = (rng.random_range(0..100), rng.random_range(1..13));
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

fn characters(rng: &mut StdRng, length: usize, from: &[u8]) -> String {
    (0..length)
        .map(|_| char::from(from[rng.random_range(0..from.len())]))
        .collect()
}

fn pick<'a>(rng: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[rng.random_range(0..from.len())]
}

fn fill(text: &str, length: usize) -> String {
    format!("{text:<<length$}")
}

fn digit(text: &str) -> String {
    check_digit(text.as_bytes()).map_or_else(String::new, |digit| digit.to_string())
}

fn checked(text: &str) -> String {
    format!("{text}{}", digit(text))
}

/// What a long number leaves for the optional data: its end, its digit and a filler.
fn checked_tail(number: &str) -> String {
    format!("{}{}<", &number[9..], digit(number))
}
