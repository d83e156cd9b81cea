//! What nobody may find in a log, a journal or a page: everything about the document's holder.

use gate_sim::issuer::TestDocument;

/// The holder of every document in these tests: words that occur nowhere else.
pub(crate) const SURNAME: &str = "QUAGLIARDI";
pub(crate) const GIVEN_NAMES: &str = "ZENOBIA XANTHIPPE";
pub(crate) const NUMBER: &str = "X4J7K2P9Q";
pub(crate) const OPTIONAL: &str = "ZQ8814WX";
pub(crate) const BIRTH: jiff::civil::Date = jiff::civil::date(1983, 7, 19);

/// Every personal word of a document.
pub(crate) fn of(document: &TestDocument) -> Vec<String> {
    let mut words: Vec<String> = [SURNAME, NUMBER, OPTIONAL].map(str::to_owned).into();
    words.extend(GIVEN_NAMES.split(' ').map(str::to_owned));
    words.extend(document.lines().iter().cloned());
    words.push(document.key_information().to_owned());
    // In the zone with its check digit, as six digits alone, and as people write it.
    let zone = BIRTH.strftime("%y%m%d").to_string();
    let line = &document.lines()[1];
    let at = line.find(&zone).expect("a zone has the day of birth");
    words.extend([line[at..=at + zone.len()].to_owned(), zone]);
    words.extend(["%Y-%m-%d", "%d.%m.%Y"].map(|form| BIRTH.strftime(form).to_string()));
    words
}

/// The first of `words` that stands in `text`, in whatever way a program may print it, and the line
/// in which it stands.
pub(crate) fn find<'a>(text: &'a str, words: &'a [String]) -> Option<(&'a str, &'a str)> {
    let upper = text.to_ascii_uppercase();
    words.iter().find_map(|word| {
        let at = ways(word).iter().find_map(|way| place(&upper, way))?;
        let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
        Some((&**word, text[begin..].lines().next().unwrap_or_default()))
    })
}

/// As text, in hexadecimal, and as bytes in the way of `{:?}`.
fn ways(word: &str) -> [String; 3] {
    let each = |write: fn(u8) -> String, between: &str| {
        let bytes: Vec<String> = word.bytes().map(write).collect();
        bytes.join(between)
    };
    [
        word.to_ascii_uppercase(),
        each(|byte| format!("{byte:02X}"), ""),
        each(|byte| byte.to_string(), ", "),
    ]
}

/// Digits count only where no other digits stand beside them: times and sizes hold any six digits.
fn place(text: &str, word: &str) -> Option<usize> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let number = word.bytes().all(|byte| byte.is_ascii_digit());
    let bytes = text.as_bytes();
    let is_alone = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        !is_digit(before) && !is_digit(bytes.get(at + word.len()))
    };
    text.match_indices(word)
        .map(|(at, _)| at)
        .find(|at| !number || is_alone(*at))
}
