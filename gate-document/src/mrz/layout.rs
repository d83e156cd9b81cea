//! Where each format has its fields.

use super::{Field, Format, Position};
use core::ops::Range;

/// A place in the zone: line from 0, positions from 0.
#[derive(Clone)]
pub(super) struct Place(pub(super) usize, pub(super) Range<usize>);

/// Where a format has its fields (Doc 9303-4, -5 and -6, 4.2; Doc 9303-7, 4.2 and 5.2).
pub(super) struct Layout {
    pub(super) name: Place,
    pub(super) number: Place,
    pub(super) nationality: Place,
    pub(super) birth: Place,
    pub(super) sex: Place,
    pub(super) expiry: Place,
    /// The last is the one over which TD3 has a check digit of its own.
    pub(super) optional: &'static [Place],
    /// Continuation of a document number longer than nine characters.
    pub(super) number_continues: Option<Place>,
    pub(super) optional_has_check_digit: bool,
    pub(super) composite: &'static [Place],
    /// Visas have none.
    pub(super) composite_digit: Option<(usize, usize)>,
}

const TD1: Layout = Layout {
    name: Place(2, 0..30),
    number: Place(0, 5..14),
    nationality: Place(1, 15..18),
    birth: Place(1, 0..6),
    sex: Place(1, 7..8),
    expiry: Place(1, 8..14),
    optional: &[Place(0, 15..30), Place(1, 18..29)],
    number_continues: Some(Place(0, 15..30)),
    optional_has_check_digit: false,
    composite: &[
        Place(0, 5..30),
        Place(1, 0..7),
        Place(1, 8..15),
        Place(1, 18..29),
    ],
    composite_digit: Some((1, 29)),
};

const TD2: Layout = Layout {
    name: Place(0, 5..36),
    number: Place(1, 0..9),
    nationality: Place(1, 10..13),
    birth: Place(1, 13..19),
    sex: Place(1, 20..21),
    expiry: Place(1, 21..27),
    optional: &[Place(1, 28..35)],
    number_continues: Some(Place(1, 28..35)),
    optional_has_check_digit: false,
    composite: &[Place(1, 0..10), Place(1, 13..20), Place(1, 21..35)],
    composite_digit: Some((1, 35)),
};

const TD3: Layout = Layout {
    name: Place(0, 5..44),
    number: Place(1, 0..9),
    nationality: Place(1, 10..13),
    birth: Place(1, 13..19),
    sex: Place(1, 20..21),
    expiry: Place(1, 21..27),
    optional: &[Place(1, 28..42)],
    number_continues: None,
    optional_has_check_digit: true,
    composite: &[Place(1, 0..10), Place(1, 13..20), Place(1, 21..43)],
    composite_digit: Some((1, 43)),
};

const MRV_A: Layout = Layout {
    optional: &[Place(1, 28..44)],
    optional_has_check_digit: false,
    composite: &[],
    composite_digit: None,
    ..TD3
};

const MRV_B: Layout = Layout {
    optional: &[Place(1, 28..36)],
    number_continues: None,
    composite: &[],
    composite_digit: None,
    ..TD2
};

/// The same places in every format.
pub(super) const DOCUMENT_CODE: Place = Place(0, 0..2);
pub(super) const ISSUING_STATE: Place = Place(0, 2..5);

impl Format {
    pub(super) const fn layout(self) -> &'static Layout {
        match self {
            Self::Td1 => &TD1,
            Self::Td2 => &TD2,
            Self::Td3 => &TD3,
            Self::MrvA => &MRV_A,
            Self::MrvB => &MRV_B,
        }
    }

    /// Whether a check digit covers the character at `place`, or is that character. Names, nationality,
    /// sex, document code and issuing State have none, and visas have none over optional data.
    #[must_use]
    pub fn is_proved(self, place: Position) -> bool {
        let layout = self.layout();
        let (line, at) = (place.line.wrapping_sub(1), place.position.wrapping_sub(1));
        let holds = |place: &Place| place.0 == line && place.1.contains(&at);
        let fields = [&layout.number, &layout.birth, &layout.expiry];
        fields.into_iter().any(|field| holds(&with_digit(field)))
            || layout.composite.iter().any(holds)
            || layout.composite_digit == Some((line, at))
    }

    /// The format of a zone without separators. Only the document code tells a visa from the
    /// passport or card of the same size (Doc 9303-7, 4.2.2.1).
    pub(super) fn of(zone: &str) -> Option<Self> {
        let is_visa = zone.starts_with('V');
        match (zone.len(), is_visa) {
            (90, _) => Some(Self::Td1),
            (72, false) => Some(Self::Td2),
            (88, false) => Some(Self::Td3),
            (88, true) => Some(Self::MrvA),
            (72, true) => Some(Self::MrvB),
            _ => None,
        }
    }
}

/// Every field of the zone, in its order.
pub(super) fn fields(layout: &'static Layout) -> Vec<(Field, Place)> {
    let mut fields = vec![
        (Field::DocumentCode, DOCUMENT_CODE),
        (Field::IssuingState, ISSUING_STATE),
        (Field::Name, layout.name.clone()),
        (Field::DocumentNumber, with_digit(&layout.number)),
        (Field::Nationality, layout.nationality.clone()),
        (Field::Birth, with_digit(&layout.birth)),
        (Field::Sex, layout.sex.clone()),
        (Field::Expiry, with_digit(&layout.expiry)),
    ];
    fields.extend(
        layout
            .optional
            .iter()
            .map(|place| (Field::OptionalData, place.clone())),
    );
    if layout.optional_has_check_digit {
        fields.extend(layout.optional.last().map(|place| {
            (
                Field::OptionalData,
                Place(place.0, place.1.end..place.1.end + 1),
            )
        }));
    }
    if let Some((line, position)) = layout.composite_digit {
        fields.push((Field::Composite, Place(line, position..position + 1)));
    }
    fields
}

pub(super) fn with_digit(place: &Place) -> Place {
    Place(place.0, place.1.start..place.1.end + 1)
}
