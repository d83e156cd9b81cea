//! Profiles and data for them, as files.

use super::table::{File, FileError, Item, Table};
use super::value::{self, FeatureType, Value};
use super::{
    AreaRule, Binding, FeatureRule, HolderRule, PermitProfile, ProfileFormat, ValidityRule,
};
use crate::seal::imager::Symbology;
use crate::seal::{BYTES_MAX, DocumentType, FEATURES_MAX, Tag};
use jiff::civil::Date;

pub(super) fn profile(file: File<'_>) -> Result<PermitProfile, FileError> {
    let mut root = file.parse()?;
    let title = root.required("title", "what officers call it")?;
    let title = title.text("what officers call it")?.to_owned();
    const FORMATS: [(&str, ProfileFormat); 4] = [
        ("vds", ProfileFormat::Vds),
        ("idb", ProfileFormat::Idb),
        ("vds-nc", ProfileFormat::VdsNc),
        ("text", ProfileFormat::Text),
    ];
    let format = root
        .required("format", "\"vds\", \"idb\", \"vds-nc\" or \"text\"")?
        .word(&FORMATS)?;
    let document = document(&mut root, format)?;
    let issuers = root
        .required("issuers", "a list of States")?
        .list("a list of States")?
        .iter()
        .map(state)
        .collect::<Result<Vec<_>, _>>()?;
    let text = match (&document, format) {
        (Some(DocumentType::Name(mark)), ProfileFormat::Text) => {
            Some(super::text::layout(&mut root, mark.clone(), &issuers)?)
        }
        _ => None,
    };
    let symbologies = match root.optional("symbologies") {
        Some(list) => symbologies(list)?,
        None => Vec::new(),
    };
    let list = root.required("feature", "one [[feature]] or more")?;
    let mut features: Vec<FeatureRule> = Vec::new();
    for item in list.list("one [[feature]] or more")? {
        let (rule, name, tag) = feature(item, format)?;
        if features.iter().any(|other| other.name == rule.name) {
            return Err(name.wrong("a name that no other feature has"));
        }
        if features.iter().any(|other| other.tag == rule.tag) {
            return Err(tag.wrong("a tag that no other feature has"));
        }
        if features.len() == FEATURES_MAX {
            return Err(tag.wrong(format!("at most {FEATURES_MAX} features")));
        }
        features.push(rule);
    }
    let validity = validity(&mut root, format, &features)?;
    let area = match root.optional("area") {
        Some(item) => Some(area(item.table()?, &features)?),
        None => None,
    };
    let holder = root.required("holder", "what binds the permit to its holder")?;
    let holder = holder_rule(holder.table()?, &features)?;
    root.finish()?;
    Ok(PermitProfile {
        title,
        format,
        document,
        issuers,
        symbologies,
        features,
        validity,
        area,
        holder,
        text,
    })
}

fn document(
    root: &mut Table<'_>,
    format: ProfileFormat,
) -> Result<Option<DocumentType>, FileError> {
    match format {
        ProfileFormat::Vds => {
            let item = root.required("document", "a number, for example 0x5D01")?;
            let number = item.number(u16::MAX.into())?;
            Ok(u16::try_from(number).ok().map(DocumentType::Number))
        }
        ProfileFormat::Idb => match root.optional("document") {
            Some(item) => {
                let number = item.number(u16::MAX.into())?;
                Ok(u16::try_from(number).ok().map(DocumentType::Number))
            }
            None => Ok(None),
        },
        ProfileFormat::VdsNc => {
            let item = root.required("document", "a type, for example \"icao.test\"")?;
            let name = item.text("a type, for example \"icao.test\"")?;
            Ok(Some(DocumentType::Name(name.to_owned())))
        }
        ProfileFormat::Text => {
            let item = root.required("document", "the word that the text begins with")?;
            super::text::mark(&item).map(DocumentType::Name).map(Some)
        }
    }
}

fn state(item: &Item<'_>) -> Result<String, FileError> {
    let expected = "a State as zones write it, for example \"VNM\" or \"D\"";
    let text = item.text(expected)?;
    let fits = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase());
    fits.then(|| text.to_owned())
        .ok_or_else(|| item.wrong(expected))
}

fn symbologies(list: Item<'_>) -> Result<Vec<Symbology>, FileError> {
    let words = Symbology::ALL.map(|one| (one.name(), one));
    let items = list.list("a list of symbologies")?;
    items.iter().map(|item| item.word(&words)).collect()
}

/// A rule, and its name and tag for complaints.
fn feature<'a>(
    item: Item<'a>,
    format: ProfileFormat,
) -> Result<(FeatureRule, Item<'a>, Item<'a>), FileError> {
    let mut table = item.table()?;
    let tag_item = match format {
        ProfileFormat::VdsNc => table.required("tag", "a path, for example \"pid.n\"")?,
        _ => table.required("tag", "a number, for example 0x01")?,
    };
    let tag = match format {
        ProfileFormat::VdsNc => {
            Tag::Path(tag_item.text("a path, for example \"pid.n\"")?.to_owned())
        }
        _ => {
            // FF is the signature; fields of a text are counted from 1.
            let number = u8::try_from(tag_item.number(0xFE)?).unwrap_or(0xFE);
            if number == 0 && format == ProfileFormat::Text {
                return Err(tag_item.wrong("the number of a field, from 1,"));
            }
            Tag::Number(number)
        }
    };
    let name_item = table.required("name", "a name")?;
    let name = name_item.text("a name")?.to_owned();
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 40 || !name.bytes().all(is_name) {
        return Err(name_item.wrong("a name of up to 40 small letters, digits and hyphens"));
    }
    let kind = table
        .required("type", "how its bytes are read")?
        .word(&FeatureType::WORDS)?;
    let mandatory = match table.optional("mandatory") {
        Some(item) => item.truth()?,
        None => true,
    };
    let bound = |item: Option<Item<'_>>, default| match item {
        Some(item) => item.number(BYTES_MAX as u64).map(|number| number as usize),
        None => Ok(default),
    };
    let min = bound(table.optional("min"), 1)?;
    let max_item = table.optional("max");
    if let Some(item) = &max_item
        && item.number(BYTES_MAX as u64)? < min as u64
    {
        return Err(item.wrong(format!("no less than min, {min}")));
    }
    let max = bound(max_item, BYTES_MAX)?;
    table.finish()?;
    let rule = FeatureRule {
        tag,
        name,
        kind,
        mandatory,
        min,
        max,
    };
    Ok((rule, name_item, tag_item))
}

/// The feature that `item` names, which has to be one of `kinds`.
fn named(
    item: &Item<'_>,
    features: &[FeatureRule],
    kinds: &[FeatureType],
) -> Result<String, FileError> {
    let text = item.text("the name of a feature")?;
    let Some(rule) = features.iter().find(|rule| rule.name == text) else {
        let known = features.iter().map(|rule| rule.name.as_str());
        let nearest = super::table::nearest(text, known);
        return Err(item.wrong(format!("the name of a feature (nearest: {nearest:?})")));
    };
    if !kinds.contains(&rule.kind) {
        let words = FeatureType::WORDS
            .iter()
            .filter(|(_, kind)| kinds.contains(kind));
        let words: Vec<&str> = words.map(|(word, _)| *word).collect();
        return Err(item.wrong(format!("a feature of type {}", words.join(" or "))));
    }
    Ok(rule.name.clone())
}

fn validity(
    root: &mut Table<'_>,
    format: ProfileFormat,
    features: &[FeatureRule],
) -> Result<ValidityRule, FileError> {
    let expected = "how long the permit is valid";
    let item = root.required("validity", expected)?;
    let mut table = item.table()?;
    let name = |item: Option<Item<'_>>, kind| match item {
        Some(item) => named(&item, features, &[kind]).map(Some),
        None => Ok(None),
    };
    // Only binary seals have a day of issue of their own.
    let from = match format {
        ProfileFormat::Vds => table.optional("from"),
        _ => Some(table.required("from", "the name of a feature")?),
    };
    let from = name(from, FeatureType::Date)?;
    let until = name(table.optional("until"), FeatureType::Date)?;
    let days = match table.optional("days") {
        Some(item) if until.is_some() => {
            return Err(item.wrong("either until or days, not both;"));
        }
        Some(item) => u16::try_from(item.number(u16::MAX.into())?).ok(),
        None if until.is_none() => {
            table.required("until", "the name of a feature, or days,")?;
            None
        }
        None => None,
    };
    let entries = name(table.optional("entries"), FeatureType::Number)?;
    let uses = match table.optional("uses") {
        Some(item) if entries.is_some() => {
            return Err(item.wrong("either entries or uses, not both;"));
        }
        Some(item) => u16::try_from(item.number(u16::MAX.into())?).ok(),
        None => None,
    };
    table.finish()?;
    Ok(ValidityRule {
        from,
        until,
        days,
        entries,
        uses,
    })
}

fn separator(item: Option<Item<'_>>) -> Result<Option<String>, FileError> {
    let Some(item) = item else {
        return Ok(None);
    };
    let text = item.text("one character or more")?;
    if text.is_empty() || text.len() > 8 {
        return Err(item.wrong("one to eight characters"));
    }
    Ok(Some(text.to_owned()))
}

fn area(mut table: Table<'_>, features: &[FeatureRule]) -> Result<AreaRule, FileError> {
    let item = table.required("feature", "the name of a feature")?;
    let feature = named(&item, features, &[FeatureType::C40, FeatureType::Utf8])?;
    let separator = separator(table.optional("separator"))?;
    table.finish()?;
    Ok(AreaRule { feature, separator })
}

fn holder_rule(mut table: Table<'_>, features: &[FeatureRule]) -> Result<HolderRule, FileError> {
    const BINDINGS: [(&str, Binding); 4] = [
        ("zone", Binding::Zone),
        ("document-number", Binding::DocumentNumber),
        ("face", Binding::Face),
        ("none", Binding::None),
    ];
    let binding = table
        .required("binding", "what binds the permit")?
        .word(&BINDINGS)?;
    let texts = [FeatureType::C40, FeatureType::Utf8];
    let feature = match binding {
        Binding::None => None,
        Binding::Zone => {
            let item = table.required("feature", "the name of a feature")?;
            Some(named(&item, features, &[FeatureType::Zone])?)
        }
        Binding::DocumentNumber | Binding::Face => {
            let item = table.required("feature", "the name of a feature")?;
            Some(named(&item, features, &texts)?)
        }
    };
    let separator = match binding {
        Binding::DocumentNumber => separator(table.optional("separator"))?,
        _ => None,
    };
    let alone = match table.optional("alone") {
        Some(item) if binding != Binding::None && item.truth()? => {
            return Err(item.wrong("false, or binding = \"none\";"));
        }
        Some(item) => item.truth()?,
        None => false,
    };
    table.finish()?;
    Ok(HolderRule {
        binding,
        feature,
        separator,
        alone,
    })
}

/// Why data cannot be made a permit. Correct the file; no value of it is repeated.
pub type DataError = FileError;

pub(super) fn data(
    profile: &PermitProfile,
    file: File<'_>,
    issued: Option<Date>,
) -> Result<Vec<(Tag, Vec<u8>)>, DataError> {
    let mut root = file.parse()?;
    let mut left = root.rest();
    let mut features = Vec::new();
    let mut days = Vec::new();
    for rule in &profile.features {
        let expected = expected(rule);
        let Some(at) = left.iter().position(|(name, _)| *name == rule.name) else {
            if rule.mandatory {
                return Err(file.error(
                    0,
                    super::Problem::Missing {
                        key: rule.name.clone(),
                        expected,
                    },
                ));
            }
            continue;
        };
        let (_, item) = left.swap_remove(at);
        let bytes = if let Some(day) = item.day() {
            (rule.kind == FeatureType::Date)
                .then(|| value::write_day(profile.format, day))
                .flatten()
        } else if item.is_number() {
            let number = item
                .number(i64::MAX as u64)
                .map_err(|_| item.wrong_value(&expected))?;
            (rule.kind == FeatureType::Number)
                .then(|| value::write_number(profile.format, rule, number))
        } else {
            value::write(
                rule,
                profile.format,
                item.text(&expected)
                    .map_err(|_| item.wrong_value(&expected))?,
            )
        };
        let bytes = bytes.ok_or_else(|| item.wrong_value(&expected))?;
        let value = value::read(rule, profile.format, &bytes);
        features.push((rule.tag.clone(), bytes));
        if let Value::Day(day) = value.ok_or_else(|| item.wrong_value(&expected))? {
            days.push((rule.name.as_str(), day, item));
        }
    }
    if let Some(issued) = issued {
        ends_after_it_begins(profile, &days, issued)?;
    }
    if let Some((name, item)) = left.first() {
        let known = profile.features.iter().map(|rule| rule.name.as_str());
        let nearest = super::table::nearest(name, known).to_owned();
        return Err(item.unknown(nearest));
    }
    Ok(features)
}

/// A permit that ends before it begins is one that no gate takes.
fn ends_after_it_begins(
    profile: &PermitProfile,
    days: &[(&str, Date, Item<'_>)],
    issued: Date,
) -> Result<(), DataError> {
    let named = |name: &Option<String>| {
        let name = name.as_deref()?;
        days.iter().find(|(of, ..)| *of == name)
    };
    let (begins, from) = match &profile.validity.from {
        Some(name) => (
            name.as_str(),
            named(&profile.validity.from).map(|day| day.1),
        ),
        None => ("the day of issue", Some(issued)),
    };
    match (from, named(&profile.validity.until)) {
        (Some(from), Some((_, until, item))) if *until < from => {
            let expected = format!("{begins} or a later day");
            Err(item.wrong_found(expected, "an earlier one"))
        }
        _ => Ok(()),
    }
}

fn expected(rule: &FeatureRule) -> String {
    let (min, max) = (rule.min, rule.max);
    match rule.kind {
        FeatureType::C40 => format!("{min} to {max} capital letters, digits or spaces"),
        FeatureType::Utf8 => format!("a text of {min} to {max} characters"),
        FeatureType::Date => "a day".to_owned(),
        FeatureType::Number => "a number".to_owned(),
        FeatureType::Bytes => format!("{min} to {max} bytes in hexadecimal"),
        FeatureType::Zone => "a machine readable zone with right check digits".to_owned(),
        FeatureType::VisaZone => {
            "a line, and 28 characters of the second, with right check digits".to_owned()
        }
    }
}
