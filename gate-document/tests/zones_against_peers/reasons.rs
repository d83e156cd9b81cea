//! Why a parser by others differs from ours.

use crate::peers::{Answer, Peer, Reading, TODAY};
use gate_document::mrz::{Expiry, Field, Format, Mrz, MrzError, Sex};
use jiff::civil::Date;

/// A kind of difference that has a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Known {
    Alphabet,
    AnyCharacter,
    BirthCentury,
    Calendar,
    Code,
    ExpiryBeforeBirth,
    ExpiryCentury,
    FillerAsZero,
    Fillers,
    LongNumber,
    LongNumberDigit,
    LongNumberEnd,
    Names,
    Nationality,
    NoExpiry,
    PersonalNumber,
    ReadersCharacters,
    Separators,
    Sex,
    State,
    UnknownDate,
}

impl Known {
    /// The reason, with the clause of Doc 9303 that decides.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Self::Alphabet => {
                "They take what the field cannot hold: digits in codes, names and nationality, any character as \
                 sex, a filler in front of number or code (9303-3, 4.2 and 4.3; tables of 9303-4 to -7)."
            }
            Self::AnyCharacter => {
                "It takes lower case, `_` and space in code and number for other characters, and counts them by their \
                 place in ASCII. To us they are upper case and fillers, as readers mean them."
            }
            Self::BirthCentury => {
                "Two digits leave the century of a birth open (9303-3, 4.8). Ours is the latest one that does not \
                 put the day after today; theirs compares years only, the crate `mrz` with 2026 whatever the \
                 year."
            }
            Self::Calendar => {
                "They take a day that no calendar has, or half a number. We refuse the zone: its digits stand \
                 for a day (9303-3, 4.8)."
            }
            Self::Code => {
                "They take `P` for TD3 and `A`, `C`, `I` for cards, and some no `V` or `AC` behind it (9303-4 to \
                 -6, 4.2.2.1). We read other codes as well, because issued documents have them."
            }
            Self::ExpiryBeforeBirth => {
                "It refuses a document that expires before its holder was born, by its own centuries. To us that \
                 is no question of the zone."
            }
            Self::ExpiryCentury => {
                "The century of an expiry is open too (9303-3, 4.8): 1970 to 2069 to us, 2000 to 2099 to the \
                 crate `mrz`, 1969 to 2068 to PyPI's."
            }
            Self::FillerAsZero => {
                "The digit over TD3's optional data may be a filler where the data is all fillers (9303-4, \
                 4.2.2.2), and no other digit may. They take a filler wherever the digit would be 0."
            }
            Self::Fillers => {
                "Fillers inside a field stand for characters that the zone does not have (9303-3, 4.3). We keep \
                 them and cut those around; they drop them, or cut fewer."
            }
            Self::LongNumber => {
                "It reads no document number that goes on in the optional data (9303-5, 4.2.2.1; 9303-6, \
                 4.2.2.2)."
            }
            Self::LongNumberDigit => {
                "It takes a digit over a long number also where the filler behind the ninth character was \
                 counted in, and a number that goes on in nothing."
            }
            Self::LongNumberEnd => {
                "It leaves the end of a long number in the optional data as well."
            }
            Self::Names => {
                "Names without `<<` are one identifier of several words (9303-3, 4.6); a name may fill its field. \
                 They take the first word for the surname, or the whole name for surname and given names both, \
                 or want one `<<`, or end the field one position early."
            }
            Self::Nationality => {
                "It takes the nationality of TD1 from the issuing State, not from line 2, positions 16 to 18 \
                 (9303-5, 4.2.2.2)."
            }
            Self::NoExpiry => {
                "991231 on a Vietnamese identity card means that it does not expire: a national rule."
            }
            Self::PersonalNumber => {
                "The check digit at position 30 of a Vietnamese identity card is a national rule too."
            }
            Self::ReadersCharacters => {
                "We take lower case for upper case, and `_` and space for `<`: readers send them (decision 32)."
            }
            Self::Separators => {
                "A second `<<` has no meaning (9303-3, 4.6 has one, between the identifiers). We make one space \
                 of it; they make several, cut the name there, or refuse it."
            }
            Self::Sex => {
                "They refuse `X`, which issued documents have for unspecified; 9303-4 to -7 have `<`."
            }
            Self::State => {
                "They want a State of their own list. Lists change; ours is asked after the zone was read."
            }
            Self::UnknownDate => {
                "They refuse dates with unknown parts, which are fillers (9303-3, 4.8), or `X` where issuers \
                 took that over from the printed date."
            }
        }
    }

    /// Whether it happens more or less often as the years go by.
    pub(crate) const fn follows_the_clock(self, peer: Peer) -> bool {
        matches!((self, peer), (Self::BirthCentury, Peer::Mrtd))
    }
}

/// A difference: its reason, or where it lies.
pub(crate) type Difference = Result<Known, String>;

/// Every difference between our answer and a peer's, as far as it is explained.
pub(crate) fn differences(
    peer: Peer,
    zone: &[String],
    ours: &Result<Mrz, MrzError>,
    theirs: &Answer,
) -> Vec<Difference> {
    match (ours, theirs) {
        (Err(_), Answer::Refused(_)) => Vec::new(),
        (Err(error), Answer::Read(theirs)) => vec![taken(peer, zone, error, theirs)],
        (Ok(ours), Answer::Refused(reasons)) => refused(peer, zone, ours, reasons),
        (Ok(ours), Answer::Read(theirs)) => fields(peer, zone, ours, theirs),
    }
}

/// They take what we refuse.
fn taken(peer: Peer, zone: &[String], error: &MrzError, theirs: &Reading) -> Difference {
    let unexplained = || Err(format!("taking the zone: {error}"));
    match *error {
        MrzError::Shape { .. } => unexplained(),
        MrzError::Character { .. } => Ok(Known::Alphabet),
        MrzError::Date { .. } if matches!(peer, Peer::Crate | Peer::Node) => Ok(Known::Calendar),
        MrzError::Date { .. } => unexplained(),
        MrzError::CheckDigit {
            field: Field::PersonalNumber,
            ..
        } => Ok(Known::PersonalNumber),
        MrzError::CheckDigit {
            line,
            position,
            field,
        } => {
            let is_filler = zone[line - 1].as_bytes()[position - 1] == b'<';
            let behind_number = match zone.len() {
                3 => &zone[0][14..15],
                _ => &zone[1][9..10],
            };
            let is_number = field == Field::DocumentNumber && behind_number == "<";
            let is_other = !is_plain(zone);
            match peer {
                Peer::Crate if is_filler => Ok(Known::FillerAsZero),
                Peer::Crate if is_number && theirs.number.len() <= 9 => Ok(Known::FillerAsZero),
                Peer::Node if is_number => Ok(Known::LongNumberDigit),
                Peer::Node if is_other => Ok(Known::AnyCharacter),
                _ => unexplained(),
            }
        }
    }
}

/// Whether the zone has no character that 9303 does not know.
fn is_plain(zone: &[String]) -> bool {
    let is_known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<';
    zone.concat().bytes().all(is_known)
}

/// They refuse what we read: each reason that they give is explained.
fn refused(peer: Peer, zone: &[String], ours: &Mrz, reasons: &[String]) -> Vec<Difference> {
    if !is_plain(zone) {
        return vec![Ok(Known::ReadersCharacters)];
    }
    let mut found: Vec<Difference> = reasons
        .iter()
        .map(|reason| {
            let known = match peer {
                Peer::Crate => refused_by_crate(ours, reason),
                Peer::Python => refused_by_python(ours, reason),
                Peer::Node => refused_by_node(ours, reason),
                Peer::Mrtd => refused_by_mrtd(ours, reason),
            };
            known.ok_or_else(|| format!("refusing the zone: {reason}"))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn refused_by_crate(ours: &Mrz, reason: &str) -> Option<Known> {
    (reason.starts_with("BadDocumentCode") && !has_usual_code(ours)).then_some(Known::Code)
}

fn refused_by_python(ours: &Mrz, reason: &str) -> Option<Known> {
    let whole = |day: &str| day.bytes().all(|byte| byte.is_ascii_digit());
    let (birth, expiry) = dates(ours);
    Some(match reason {
        "document type format" => Known::Code,
        "valid country code" | "valid nationality code" => Known::State,
        "birth date" if !whole(birth) => Known::UnknownDate,
        "expiry date" if !whole(expiry) => Known::UnknownDate,
        "birth date" | "expiry date" if whole(birth) && whole(expiry) => Known::ExpiryBeforeBirth,
        "valid genre format" if line(ours, 2).contains('X') => Known::Sex,
        "identifier" => Known::Separators,
        "document number hash" if is_long(ours) => Known::LongNumber,
        _ => return None,
    })
}

fn refused_by_node(ours: &Mrz, reason: &str) -> Option<Known> {
    let (birth, expiry) = dates(ours);
    Some(match reason {
        "documentCode" => Known::Code,
        "issuingState" | "nationality" => Known::State,
        "birthDate" if birth.contains('X') => Known::UnknownDate,
        "expirationDate" if expiry.contains('X') => Known::UnknownDate,
        "sex" if *ours.sex.expose() == Sex::Unspecified => Known::Sex,
        "firstName" if ours.given_names.expose().is_empty() => Known::Names,
        _ => return None,
    })
}

fn refused_by_mrtd(ours: &Mrz, reason: &str) -> Option<Known> {
    let (birth, expiry) = dates(ours);
    let unknown = |day: &str| day.contains(['<', 'X']);
    Some(match reason {
        "InvalidDocumentType" if !has_usual_code(ours) => Known::Code,
        "ExpectedDigit" if is_long(ours) => Known::LongNumber,
        "InvalidBirthDate" if unknown(birth) => Known::UnknownDate,
        "InvalidExpiryDate" if unknown(expiry) => Known::UnknownDate,
        // The last position of TD3's name is none to it.
        "InvalidFormat" if !name(ours).get(..38).unwrap_or(name(ours)).contains("<<") => {
            Known::Names
        }
        _ => return None,
    })
}

/// Both read the zone: field by field.
fn fields(peer: Peer, zone: &[String], mrz: &Mrz, theirs: &Reading) -> Vec<Difference> {
    let ours = reading(mrz);
    let mut found = Vec::new();
    let same = |one: &str, other: &str| without_fillers(one) == without_fillers(other);
    for (what, one, other) in [
        ("code", &ours.code, &theirs.code),
        ("optional data", &ours.optional, &theirs.optional),
        ("second optional data", &ours.optional_2, &theirs.optional_2),
        (
            "number",
            &Some(ours.number.clone()),
            &Some(theirs.number.clone()),
        ),
        (
            "state",
            &Some(ours.state.clone()),
            &Some(theirs.state.clone()),
        ),
        (
            "nationality",
            &Some(ours.nationality.clone()),
            &Some(theirs.nationality.clone()),
        ),
    ] {
        let (Some(one), Some(other)) = (one, other) else {
            continue;
        };
        if one == other {
            continue;
        }
        let from_state = what == "nationality" && mrz.format == Format::Td1;
        let with_end = what == "optional data" && is_long(mrz);
        found.push(match peer {
            _ if same(one, other) => Ok(Known::Fillers),
            Peer::Mrtd if from_state && same(&ours.state, other) => Ok(Known::Nationality),
            Peer::Node if with_end && without_fillers(other).ends_with(&without_fillers(one)) => {
                Ok(Known::LongNumberEnd)
            }
            Peer::Node if !is_plain(zone) => Ok(Known::AnyCharacter),
            _ => Err(format!("{what}: {one} {other}")),
        });
    }
    if (&ours.surname, &ours.given) != (&theirs.surname, &theirs.given) {
        found.push(names(peer, mrz, &ours, theirs));
    }
    if ours.sex() != theirs.sex() {
        found.push(Err("sex".to_owned()));
    }
    found.extend(
        day("birth", &ours.birth, &theirs.birth).map(|different| match different {
            Some(()) => Ok(Known::BirthCentury),
            None => Err(format!("birth: {} {}", ours.birth, theirs.birth)),
        }),
    );
    found.extend(
        day("expiry", &ours.expiry, &theirs.expiry).map(|different| match different {
            _ if mrz.expiry == Expiry::Unlimited => Ok(Known::NoExpiry),
            Some(()) => Ok(Known::ExpiryCentury),
            None => Err(format!("expiry: {} {}", ours.expiry, theirs.expiry)),
        }),
    );
    found.sort();
    found.dedup();
    found
}

fn names(peer: Peer, mrz: &Mrz, ours: &Reading, theirs: &Reading) -> Difference {
    let field = name(mrz);
    let behind = field.split_once("<<").map(|(_, given)| given);
    let Some(behind) = behind.filter(|given| !given.trim_matches('<').is_empty()) else {
        return match peer {
            // One identifier: each peer has its own way with it.
            Peer::Crate | Peer::Node | Peer::Mrtd => Ok(Known::Names),
            Peer::Python => Err("names".to_owned()),
        };
    };
    let several = behind.trim_end_matches('<').contains("<<") || behind.starts_with('<');
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let same = words(&theirs.given) == ours.given && words(&theirs.surname) == ours.surname;
    let is_full = !field.ends_with('<');
    match peer {
        _ if several && same => Ok(Known::Separators),
        _ if same => Ok(Known::Fillers),
        Peer::Mrtd if several => Ok(Known::Separators),
        Peer::Mrtd if is_full && mrz.format == Format::Td3 => Ok(Known::Names),
        _ => Err("names".to_owned()),
    }
}

/// How two days differ: not at all, by their centuries alone (`Some(Some(()))`), or otherwise. Where one is six
/// characters only, the other counts without its century.
fn day(what: &str, ours: &str, theirs: &str) -> Option<Option<()>> {
    let short = |day: &str| match day.len() {
        10 => day[2..].replace('-', ""),
        _ => day.to_owned(),
    };
    let whole = ours.len() == 10 && theirs.len() == 10;
    // What has no end has six characters to us, and a century to them.
    let expected = what == "expiry" && ours == "991231" && theirs.len() == 10;
    match short(ours) == short(theirs) {
        true if (whole && ours != theirs) || expected => Some(Some(())),
        true => None,
        false => Some(None),
    }
}

/// What we read.
pub(crate) fn reading(mrz: &Mrz) -> Reading {
    let (birth, expiry) = dates(mrz);
    let text = |day: Option<Date>, zone: &str| day.map_or(zone.to_owned(), |day| day.to_string());
    let sex = match mrz.sex.expose() {
        Sex::Female => "F",
        Sex::Male => "M",
        Sex::Unspecified => "X",
    };
    Reading {
        code: Some(mrz.document_code.clone()),
        number: mrz.document_number.expose().clone(),
        surname: mrz.surname.expose().clone(),
        given: mrz.given_names.expose().clone(),
        state: mrz.issuing_state.clone(),
        nationality: mrz.nationality.expose().clone(),
        sex: sex.to_owned(),
        birth: text(mrz.birth.expose().date(TODAY), birth),
        expiry: match mrz.expiry {
            Expiry::On(day) => day.to_string(),
            Expiry::Unlimited | Expiry::Unknown => expiry.to_owned(),
        },
        optional: Some(mrz.optional_data.expose().clone()),
        optional_2: (mrz.format == Format::Td1).then(|| mrz.optional_data_2.expose().clone()),
    }
}

/// Whether the first letter is one of those that 9303-4 to -7 name for the format.
fn has_usual_code(mrz: &Mrz) -> bool {
    match mrz.format {
        Format::Td1 | Format::Td2 => mrz.document_code.starts_with(['A', 'C', 'I']),
        Format::Td3 => mrz.document_code.starts_with('P'),
        Format::MrvA | Format::MrvB => mrz.document_code.starts_with('V'),
    }
}

/// Whether the number goes on beyond its field.
fn is_long(mrz: &Mrz) -> bool {
    mrz.document_number.expose().len() > 9
}

fn line(mrz: &Mrz, number: usize) -> &str {
    mrz.lines().nth(number - 1).unwrap_or_default()
}

/// Birth and expiry as they stand in the zone.
fn dates(mrz: &Mrz) -> (&str, &str) {
    let line = line(mrz, 2);
    match mrz.format {
        Format::Td1 => (&line[..6], &line[8..14]),
        _ => (&line[13..19], &line[21..27]),
    }
}

/// The name's field.
fn name(mrz: &Mrz) -> &str {
    match mrz.format {
        Format::Td1 => line(mrz, 3),
        _ => &line(mrz, 1)[5..],
    }
}

/// A field without its fillers, which some peers write as spaces.
fn without_fillers(text: &str) -> String {
    text.replace(['<', ' '], "")
}
