//! The moment at which certificates must have been valid, by the rule of [`super`].

use crate::finding::{Check, Finding};
use crate::trust::Moment;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The first moment of the day, in UTC.
pub(super) fn start_of(day: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

/// Chooses the moment.
pub(super) fn moment_of_signing(
    signed: Option<Timestamp>,
    today: Option<Timestamp>,
) -> Result<Moment, Finding> {
    let check = Check::SignerTrust;
    if let (Some(signed), Some(today)) = (signed, today)
        // The day of inspection ends up to 36 hours after it begins in UTC.
        && today.checked_add(36.hours()).is_ok_and(|end| signed > end)
    {
        return Err(Finding::failed(check, "signed in the future"));
    }
    match (signed, today) {
        (Some(at), _) => Ok(Moment {
            at,
            name: "when EF.SOD was signed",
        }),
        (None, Some(at)) => Ok(Moment { at, name: "today" }),
        (None, None) => Err(Finding::not_done(
            check,
            "neither signing time nor today's date is known",
        )),
    }
}
