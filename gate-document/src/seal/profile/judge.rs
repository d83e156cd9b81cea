//! Does this permit let this traveller through this gate today?

use super::value::{self, Value};
use super::{Binding, FeatureRule, PermitProfile};
use crate::finding::Outcome;
use crate::mrz::{Field, Mrz, Truncation};
use crate::seal::imager::Symbology;
use crate::seal::{Seal, SealCheck, SealFinding};
use crate::sensitive::Sensitive;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// Where, when and before whom a permit is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gate<'a> {
    /// Codes of this port and of the areas that it belongs to.
    pub places: &'a [&'a str],
    /// The day; `None` where the gate does not know it.
    pub today: Option<Date>,
    /// The zone of the traveller's own document, where it was read.
    pub printed: Option<&'a Mrz>,
    /// Kind of the barcode, where the imager said so.
    pub symbology: Option<Symbology>,
}

/// What a profile says of a seal. Without [`verify`](crate::seal::verify()) it is worth nothing:
/// [`inspect`](crate::seal::inspect()) does both.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// One finding for each check named `Permit…`, in their order.
    pub findings: Vec<SealFinding>,
    /// Number of the record whose face the traveller must have, where the permit is bound to a face.
    pub face_of: Option<Sensitive<String>>,
    /// How often the permit may be used, where it says so. A barcode can be copied: a register has to
    /// count.
    pub entries: Option<u64>,
}

impl PermitProfile {
    /// Whether `seal` is of the kind that this profile describes.
    #[must_use]
    pub fn describes(&self, seal: &Seal) -> bool {
        self.format.includes(seal.format)
            && (self.document.is_none() || self.document == seal.document)
    }

    /// Judges what is in `seal`, whoever signed it.
    #[must_use]
    pub fn judge(&self, seal: &Seal, gate: &Gate<'_>) -> Judgement {
        let values: Vec<(&FeatureRule, Option<Value>)> = self
            .features
            .iter()
            .filter_map(|rule| {
                let feature = seal.feature(&rule.tag)?;
                Some((rule, value::read(rule, self.format, feature.value.expose())))
            })
            .collect();
        let permit = Permit {
            profile: self,
            seal,
            gate,
            values,
        };
        let (holder, face_of) = permit.holder();
        Judgement {
            findings: vec![
                permit.kind(),
                permit.mandatory(),
                permit.well_formed(),
                permit.zone(),
                permit.validity(),
                permit.area(),
                holder,
                permit.uses(),
            ],
            face_of,
            entries: permit.entries(),
        }
    }
}

struct Permit<'a> {
    profile: &'a PermitProfile,
    seal: &'a Seal,
    gate: &'a Gate<'a>,
    /// What is there, and `None` where it does not follow its rule.
    values: Vec<(&'a FeatureRule, Option<Value>)>,
}

impl Permit<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.values.iter().find(|(rule, _)| rule.name == name)?;
        value.as_ref()
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text.expose().trim()),
            _ => None,
        }
    }

    fn kind(&self) -> SealFinding {
        let check = SealCheck::PermitKind;
        let evidence = match &self.seal.document {
            Some(document) => format!("document {document} of {}", self.seal.issuer),
            None => format!("a document of {}", self.seal.issuer),
        };
        let allowed = &self.profile.symbologies;
        let finding = if !self.profile.describes(self.seal) {
            SealFinding::failed(check, "the seal is of another kind than the profile's")
        } else if !self.profile.issuers.contains(&self.seal.issuer) {
            SealFinding::failed(check, "the issuing State does not issue this permit")
        } else if let Some(symbology) = self.gate.symbology
            && !allowed.is_empty()
            && !allowed.contains(&symbology)
        {
            SealFinding::failed(check, format!("the permit is never printed as {symbology}"))
        } else {
            SealFinding::passed(check)
        };
        finding.on(evidence)
    }

    fn mandatory(&self) -> SealFinding {
        let check = SealCheck::PermitMandatory;
        let missing: Vec<&str> = self
            .profile
            .features
            .iter()
            .filter(|rule| rule.mandatory && self.seal.feature(&rule.tag).is_none())
            .map(|rule| rule.name.as_str())
            .collect();
        let unknown = self
            .seal
            .features
            .iter()
            .filter(|feature| {
                !self
                    .profile
                    .features
                    .iter()
                    .any(|rule| rule.tag == feature.tag)
            })
            .count();
        let finding = match missing[..] {
            [] => SealFinding::passed(check),
            _ => SealFinding::failed(check, format!("missing: {}", missing.join(", "))),
        };
        finding.on(match unknown {
            0 => String::new(),
            _ => format!("{unknown} features that the profile does not know"),
        })
    }

    fn well_formed(&self) -> SealFinding {
        let check = SealCheck::PermitValues;
        let mut wrong: Vec<&str> = self
            .values
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(rule, _)| rule.name.as_str())
            .collect();
        // One tag twice is two permits in one: which of them a reader takes is chance.
        let twice = self.profile.features.iter().filter(|rule| {
            self.seal
                .features
                .iter()
                .filter(|feature| feature.tag == rule.tag)
                .count()
                > 1
        });
        wrong.extend(twice.map(|rule| rule.name.as_str()));
        match wrong[..] {
            [] => SealFinding::passed(check),
            _ => {
                let names = wrong.join(", ");
                SealFinding::failed(check, format!("not of their type or length: {names}"))
            }
        }
    }

    fn zone(&self) -> SealFinding {
        let check = SealCheck::PermitZone;
        let mut zones = self.values.iter().filter(|(_, value)| {
            matches!(
                value,
                Some(Value::Zone(_) | Value::VisaZone(_) | Value::WrongZone)
            )
        });
        let Some(first) = zones.next() else {
            return SealFinding::passed(check).on("the permit holds no zone");
        };
        match core::iter::once(first)
            .chain(zones)
            .any(|(_, value)| *value == Some(Value::WrongZone))
        {
            true => SealFinding::failed(check, "a check digit of the zone in the seal is wrong"),
            false => SealFinding::passed(check),
        }
    }

    fn day(&self, name: &str) -> Option<Date> {
        match self.value(name)? {
            Value::Day(day) => Some(*day),
            _ => None,
        }
    }

    fn validity(&self) -> SealFinding {
        let check = SealCheck::PermitValidity;
        let rule = &self.profile.validity;
        let from = match &rule.from {
            Some(name) => self.day(name),
            None => self.seal.issued.expose().0,
        };
        let until = match (&rule.until, rule.days) {
            (Some(name), _) => self.day(name),
            (None, Some(days)) => from.and_then(|from| {
                from.checked_add(i64::from(days.saturating_sub(1)).days())
                    .ok()
            }),
            (None, None) => None,
        };
        let (Some(from), Some(until)) = (from, until) else {
            return SealFinding::failed(check, "the permit does not say from when until when");
        };
        let Some(today) = self.gate.today else {
            return SealFinding::not_done(check, "the gate does not know the date");
        };
        if from > until {
            SealFinding::failed(check, "the permit ends before it begins")
        } else if today < from {
            SealFinding::failed(check, "the permit is not valid yet")
        } else if today > until {
            SealFinding::failed(check, "the permit has expired")
        } else {
            SealFinding::passed(check)
        }
    }

    fn area(&self) -> SealFinding {
        let check = SealCheck::PermitArea;
        let Some(rule) = &self.profile.area else {
            return SealFinding::passed(check).on("the permit is for everywhere");
        };
        let Some(text) = self.text(&rule.feature) else {
            return SealFinding::failed(check, "the permit does not say for where");
        };
        let named =
            parts(text, rule.separator.as_deref()).any(|part| self.gate.places.contains(&part));
        match (named, self.gate.places) {
            (true, _) => SealFinding::passed(check),
            (false, []) => SealFinding::not_done(check, "the gate does not know where it is"),
            (false, _) => SealFinding::failed(check, "the permit is for another place"),
        }
    }

    fn holder(&self) -> (SealFinding, Option<Sensitive<String>>) {
        let check = SealCheck::PermitHolder;
        let rule = &self.profile.holder;
        let name = rule.feature.as_deref().unwrap_or_default();
        let absent = || {
            (
                SealFinding::failed(check, "the permit does not say whose it is"),
                None,
            )
        };
        let unread = || {
            let reason = "the traveller's document was not read";
            (SealFinding::not_done(check, reason), None)
        };
        match rule.binding {
            Binding::None => {
                let finding = SealFinding::passed(check).on("the permit is bound to nobody");
                (finding, None)
            }
            Binding::Face => match self.text(name) {
                Some(number) => {
                    let reason = "a face decides: that of the record named in the permit";
                    let number = Sensitive::new(number.to_owned());
                    (SealFinding::not_done(check, reason), Some(number))
                }
                None => absent(),
            },
            Binding::Zone => match (self.value(name), self.gate.printed) {
                (Some(Value::Zone(zone)), Some(printed)) => (same_zone(zone, printed), None),
                (Some(Value::Zone(_)), None) => unread(),
                _ => absent(),
            },
            Binding::DocumentNumber => match (self.text(name), self.gate.printed) {
                (Some(text), Some(printed)) => {
                    let own = printed.document_number.expose();
                    let named = parts(text, rule.separator.as_deref()).any(|part| part == own);
                    let finding = match named {
                        true => SealFinding::passed(check),
                        false => SealFinding::failed(
                            check,
                            "the traveller's document is not named in the permit",
                        ),
                    };
                    (finding, None)
                }
                (Some(_), None) => unread(),
                (None, _) => absent(),
            },
        }
    }

    fn entries(&self) -> Option<u64> {
        let rule = &self.profile.validity;
        match rule.entries.as_deref().and_then(|name| self.value(name)) {
            Some(Value::Number(number)) => Some(*number),
            _ => rule.uses.map(u64::from),
        }
    }

    /// A barcode can be copied, and says nothing about it: only a register knows.
    fn uses(&self) -> SealFinding {
        match self.entries() {
            None => SealFinding::passed(SealCheck::PermitUses).on("no number of uses"),
            Some(_) => SealFinding::not_done(SealCheck::PermitUses, "a register has to count"),
        }
    }
}

/// Parts of a text, without the spaces around them.
fn parts<'a>(text: &'a str, separator: Option<&'a str>) -> impl Iterator<Item = &'a str> {
    let whole = separator.is_none().then_some(text);
    let parts = separator.map(|separator| text.split(separator));
    whole
        .into_iter()
        .chain(parts.into_iter().flatten())
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// The two zones are of one document. A name may be cut in one of them, and optional data may be
/// absent from a seal: they decide nothing.
fn same_zone(sealed: &Mrz, printed: &Mrz) -> SealFinding {
    let check = SealCheck::PermitHolder;
    let differences: Vec<String> = sealed
        .differences(printed)
        .into_iter()
        .filter(|field| {
            !matches!(field, Field::Name | Field::OptionalData | Field::Composite)
                || (*field == Field::Name
                    && sealed.truncation == Truncation::None
                    && printed.truncation == Truncation::None)
        })
        .map(|field| field.to_string())
        .collect();
    if sealed.format != printed.format {
        return SealFinding::failed(check, "the zone in the permit is of another format");
    }
    match differences[..] {
        [] => SealFinding::passed(check),
        _ => {
            let fields = differences.join(", ");
            let reason = format!("the printed zone differs from that in the permit in {fields}");
            SealFinding::new(check, Outcome::Failed, reason)
        }
    }
}
