//! How a controller keeps its site over a power cut.
//!
//! | byte | what |
//! | --- | --- |
//! | 0 | layout of what follows: [`SiteRecord::LAYOUT`] |
//! | 1… | [`Site`] in postcard's bytes |
//!
//! A layout is never used again for anything else. Layouts 0 and 1 are what firmware wrote that gave
//! its records none: they begin with the site's shape.

use serde::{Deserialize, Serialize};

use super::{CheckedSite, Site};

/// Why a controller has no site. The remedy is always the same: send it one (`[controller.site]` in
/// the host's settings).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NoSite {
    /// None was ever stored: a new controller, or one whose storage is lost.
    Missing,
    /// One is stored, and cannot be read or lies outside the bounds of this firmware.
    Unreadable,
    /// One is stored in another layout, which is named: firmware that was older or newer wrote it.
    Version(u8),
}

/// A site as it is stored: see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SiteRecord(u8, Site);

impl SiteRecord {
    /// The layout that this crate writes and reads.
    pub const LAYOUT: u8 = 2;

    /// The record of a site.
    #[must_use]
    pub const fn of(site: Site) -> Self {
        Self(Self::LAYOUT, site)
    }

    /// Reads the bytes of a record.
    ///
    /// # Errors
    ///
    /// [`NoSite::Version`] if another layout is named, [`NoSite::Unreadable`] for all else.
    pub fn read(bytes: &[u8]) -> Result<CheckedSite, NoSite> {
        match bytes {
            [Self::LAYOUT, rest @ ..] => match postcard::take_from_bytes::<Site>(rest) {
                Ok((site, [])) => site.check().map_err(|_| NoSite::Unreadable),
                _ => Err(NoSite::Unreadable),
            },
            [other, ..] => Err(NoSite::Version(*other)),
            [] => Err(NoSite::Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::site::{Lock, Shape};
    use std::vec::Vec;

    fn site() -> Site {
        Site {
            shape: Shape::Turnstile,
            exit_lock: Lock::FailSecure,
            ..Site::DEFAULT
        }
    }

    fn bytes(value: &impl Serialize) -> Vec<u8> {
        let mut room = [0; 128];
        let used = postcard::to_slice(value, &mut room).expect("room for a record");
        used.to_vec()
    }

    #[test]
    fn a_record_gives_its_site_back_and_no_part_of_it_gives_another() {
        let record = bytes(&SiteRecord::of(site()));
        assert_eq!(SiteRecord::read(&record).map(CheckedSite::get), Ok(site()));
        for length in 0..record.len() {
            let cut = SiteRecord::read(&record[..length]);
            assert_eq!(cut, Err(NoSite::Unreadable), "{length} bytes");
        }
        let longer = [record.as_slice(), &[0]].concat();
        assert_eq!(SiteRecord::read(&longer), Err(NoSite::Unreadable));
    }

    #[test]
    fn records_of_other_firmware_are_told_from_nonsense() {
        // Firmware that gave its records no layout wrote the site alone.
        for (shape, layout) in [(Shape::TwoDoors, 0), (Shape::Turnstile, 1)] {
            let old = bytes(&Site { shape, ..site() });
            assert_eq!(SiteRecord::read(&old), Err(NoSite::Version(layout)));
        }
        let mut newer = bytes(&SiteRecord::of(site()));
        newer[0] = SiteRecord::LAYOUT + 1;
        assert_eq!(SiteRecord::read(&newer), Err(NoSite::Version(3)));
        assert_eq!(SiteRecord::read(&[2, 9]), Err(NoSite::Unreadable));
    }

    #[test]
    fn a_stored_site_that_breaks_its_bounds_is_none() {
        let mut wrong = site();
        wrong.timings.trap = 0;
        let record = bytes(&SiteRecord::of(wrong));
        assert_eq!(SiteRecord::read(&record), Err(NoSite::Unreadable));
    }
}
