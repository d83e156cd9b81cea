//! Where a traveller's time went.

use gate_protocol::Instant;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::time::Duration;

/// Who spent the time of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpanKind {
    /// The traveller: placing, walking, looking.
    Human,
    /// A device: reading, moving, transmitting.
    Device,
    /// Somebody else's computer.
    Network,
    /// This program.
    Software,
}

/// A stretch of a traveller's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// What was going on.
    pub name: Cow<'static, str>,
    /// Who spent the time.
    pub kind: SpanKind,
    /// Begin, in µs of the lane's clock.
    #[serde(rename = "start_us", with = "micros")]
    pub start: Instant,
    /// End, in µs of the lane's clock.
    #[serde(rename = "end_us", with = "micros")]
    pub end: Instant,
}

impl Span {
    /// A span of `kind` from `start` to `end`.
    #[must_use]
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        start: Instant,
        end: Instant,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            start,
            end: end.max(start),
        }
    }

    /// How long it took.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        self.end.since(self.start)
    }
}

/// The spans of one traveller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// When the traveller's time began: the moment the entry began to close behind somebody.
    #[serde(rename = "began_us", with = "micros")]
    pub began: Instant,
    /// When it ended: behind the exit, clear of its beam, or at the referral.
    #[serde(rename = "ended_us", with = "micros")]
    pub ended: Instant,
    /// What happened in between, in the order in which it ended. Spans overlap.
    pub spans: Vec<Span>,
}

/// More spans than this are not kept: a chip has some dozens of commands, a face some dozens of frames.
const SPANS_MAX: usize = 1_000;

impl Timeline {
    /// A timeline that begins now.
    #[must_use]
    pub const fn new(began: Instant) -> Self {
        Self {
            began,
            ended: began,
            spans: Vec::new(),
        }
    }

    /// Adds a span; beyond 1,000 it is dropped.
    pub fn add(&mut self, span: Span) {
        if self.spans.len() < SPANS_MAX {
            self.spans.push(span);
        }
    }

    /// Begin to end.
    #[must_use]
    pub const fn total(&self) -> Duration {
        self.ended.since(self.began)
    }

    /// The time that this program added: the part of the whole in which no human moved, no device
    /// worked and no network was waited for.
    #[must_use]
    pub fn software(&self) -> Duration {
        let mut busy: Vec<(Instant, Instant)> = self
            .spans
            .iter()
            .filter(|span| span.kind != SpanKind::Software)
            .map(|span| (span.start.max(self.began), span.end.min(self.ended)))
            .filter(|(start, end)| start < end)
            .collect();
        busy.sort_unstable();
        let mut covered = Duration::ZERO;
        let mut reached = self.began;
        for (start, end) in busy {
            covered += end.since(start.max(reached));
            reached = reached.max(end);
        }
        self.total().saturating_sub(covered)
    }
}

/// [`Instant`] as whole microseconds.
mod micros {
    use gate_protocol::Instant;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature is serde's"
    )]
    pub(super) fn serialize<S: Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(at.as_micros())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
        u64::deserialize(from).map(Instant::from_micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn timeline(total: u64, spans: &[(SpanKind, u64, u64)]) -> Timeline {
        let mut timeline = Timeline::new(at(100));
        for &(kind, start, end) in spans {
            timeline.add(Span::new("x", kind, at(start), at(end)));
        }
        timeline.ended = at(100 + total);
        timeline
    }

    #[test]
    fn software_is_what_nobody_else_covers() {
        use SpanKind::{Device, Human, Network, Software};
        type Case = (&'static str, u64, &'static [(SpanKind, u64, u64)], u64);
        let cases: &[Case] = &[
            ("nothing else", 50, &[], 50),
            ("covered whole", 50, &[(Human, 100, 150)], 0),
            (
                "gap in the middle",
                50,
                &[(Human, 100, 120), (Device, 130, 150)],
                10,
            ),
            (
                "overlap counts once",
                50,
                &[(Human, 100, 140), (Device, 110, 130)],
                10,
            ),
            (
                "software does not hide itself",
                50,
                &[(Software, 100, 150)],
                50,
            ),
            (
                "before the begin does not count",
                50,
                &[(Device, 0, 110)],
                40,
            ),
            (
                "after the end does not count",
                50,
                &[(Network, 140, 999)],
                40,
            ),
            (
                "one inside another",
                50,
                &[(Device, 100, 145), (Human, 105, 110)],
                5,
            ),
        ];
        for (name, total, spans, software) in cases {
            let found = timeline(*total, spans).software();
            assert_eq!(found, Duration::from_millis(*software), "{name}");
        }
    }

    #[test]
    fn a_flood_of_spans_is_cut() {
        let spans = vec![(SpanKind::Device, 100, 101); 5_000];
        assert_eq!(timeline(50, &spans).spans.len(), SPANS_MAX);
    }
}
