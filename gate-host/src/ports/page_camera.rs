//! Printed zones from pictures: a camera over the glass, for stations whose reader gives no text.
//!
//! It is followed as the lane's camera is ([`super::camera`]). A thread looks at the newest picture a few times a
//! second, and `Glass` makes of what it sees the events that a reader of text would cause: a document is told
//! once for as long as it lies there.

use super::Outbox;
use super::camera::{Camera, CameraSettings};
use super::health::Health;
use crate::clock;
use gate_session::{Device, Event};
use gate_zone::error::Problem;
use gate_zone::{Grey, Reading, ZoneError, ZoneReader};
use std::hash::{BuildHasher as _, RandomState};
use std::thread;
use std::time::Duration;
use tracing::{debug, info};
use zeroize::Zeroizing;

/// Between two looks: the lane's other threads need the processor too, and nobody lays a document down faster.
const PAUSE: Duration = Duration::from_millis(150);

/// A camera that sends nothing is asked again after this time.
const FRAME_WAIT: Duration = Duration::from_millis(500);

/// So many pictures in a row that cannot be used, and the reader of zones is lost.
const BAD_PICTURES: u32 = 8;

/// So many looks in a row must show the same trouble before the traveller hears of it: a hand that lays a document
/// down covers it first.
const TROUBLE: u32 = 4;

/// So many looks in a row without a zone, and the document was taken away.
const GONE: u32 = 3;

/// Follows the camera and looks at its pictures for as long as the lane exists.
///
/// # Errors
///
/// The system's, when no thread can be started.
///
/// # Panics
///
/// Outside a tokio runtime.
pub fn spawn(settings: CameraSettings, reader: ZoneReader, outbox: Outbox) -> std::io::Result<()> {
    let told = outbox.clone();
    let camera = Camera::spawn(settings, outbox.clock(), move |works| {
        told.post(match works {
            true => Event::DeviceReady(Device::MrzReader),
            false => Event::DeviceLost(Device::MrzReader),
        });
    });
    let watch = move || {
        let mut health = Health::new(Device::MrzReader, BAD_PICTURES);
        let mut glass = Glass::default();
        while outbox.is_open() {
            let Some(frame) = camera.next(FRAME_WAIT) else {
                continue;
            };
            let seen = Grey::decode(frame.jpeg())
                .map_err(|problem| problem.to_string())
                .and_then(|picture| Sight::of(reader.read(&picture)));
            let (seen, answer) = match seen {
                Ok(seen) => (Some(seen), Ok(())),
                Err(problem) => (None, Err(problem)),
            };
            let lost_or_found = health.note(answer);
            let events = seen.into_iter().flat_map(|seen| glass.look(seen));
            for event in lost_or_found.into_iter().chain(events) {
                outbox.post(event);
            }
            // Nobody wakes this thread: it is a pause, and one that comes too short does no harm.
            thread::park_timeout(PAUSE);
        }
    };
    thread::Builder::new().name("page".into()).spawn(watch)?;
    Ok(())
}

/// What one picture shows.
#[derive(Debug)]
enum Sight {
    /// No document, or none with its printed side down.
    Nothing,
    /// A zone whose check digits are right.
    Zone(Box<Reading>),
    /// A zone of which a part is missing.
    Part,
    /// A zone that contradicts itself or cannot be told, or two.
    Unreadable,
}

impl Sight {
    /// Sorts what the reader says; an error is a fault of the model.
    fn of(result: Result<Reading, ZoneError>) -> Result<Self, String> {
        match result {
            Ok(reading) => Ok(Self::Zone(Box::new(reading))),
            Err(ZoneError::NoZone) => Ok(Self::Nothing),
            Err(ZoneError::Partial {
                problem: Problem::Missing,
                ..
            }) => Ok(Self::Part),
            Err(problem @ (ZoneError::SeveralZones | ZoneError::Partial { .. })) => {
                debug!(%problem, "printed zone unreadable");
                Ok(Self::Unreadable)
            }
            Err(fault) => Err(fault.to_string()),
        }
    }
}

/// What lies on the glass, as the looks so far say.
#[derive(Debug, Default)]
struct Glass {
    /// A salted hash of the zone that was told: the zone itself is nobody's to keep.
    told: Option<u64>,
    salt: RandomState,
    /// Something of a document was seen since the glass was last empty.
    occupied: bool,
    /// Looks in a row that saw nothing.
    empty: u32,
    /// Looks in a row that saw a part, and that saw something unreadable.
    parts: u32,
    unreadable: u32,
}

impl Glass {
    /// Takes a look; what it tells the journey.
    fn look(&mut self, sight: Sight) -> Vec<Event> {
        let (parts, unreadable) = (self.parts, self.unreadable);
        (self.parts, self.unreadable) = (0, 0);
        if matches!(sight, Sight::Nothing) {
            self.empty = self.empty.saturating_add(1);
            if self.empty >= GONE {
                (self.told, self.occupied) = (None, false);
            }
            return Vec::new();
        }
        self.empty = 0;
        let mut events = Vec::new();
        if !std::mem::replace(&mut self.occupied, true) {
            events.push(Event::DocumentPresented);
        }
        match sight {
            Sight::Nothing => {}
            Sight::Zone(reading) => {
                let lines: Vec<&str> = reading.mrz.lines().collect();
                let text = Zeroizing::new(lines.join("\n"));
                let zone = self.salt.hash_one(&*text);
                if self.told.replace(zone) != Some(zone) {
                    let (doubtful, repaired) =
                        (reading.doubtful.len(), reading.mrz.repairs().len());
                    info!(doubtful, repaired, "printed zone read from a picture");
                    events.push(Event::MrzRead(Box::new(reading.mrz), clock::today()));
                }
            }
            // A document that was read and is being taken away is seen in part, too.
            Sight::Part | Sight::Unreadable if self.told.is_some() => {}
            Sight::Part => {
                self.parts = parts + 1;
                if self.parts == TROUBLE {
                    info!("printed zone seen in part");
                    events.push(Event::MrzPartial);
                }
            }
            Sight::Unreadable => {
                self.unreadable = unreadable + 1;
                if self.unreadable == TROUBLE {
                    info!("printed zone unreadable");
                    events.push(Event::MrzUnreadable);
                }
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_document::mrz::Mrz;

    /// The specimens of Doc 9303-4 and of the same with another number.
    const ONE: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                       L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const OTHER: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                         L898902C36UTO7408122F3204153ZE184226B<<<<<16";

    /// Plays looks: `1` and `2` are zones, `p` a part, `u` unreadable, `.` nothing. Gives for each what was told:
    /// `D` presented, `M` read, `P` part, `U` unreadable.
    fn told(looks: &str) -> String {
        let zone = |text| {
            Sight::Zone(Box::new(Reading {
                mrz: Mrz::parse(text).expect("a zone"),
                doubtful: Vec::new(),
            }))
        };
        let mut glass = Glass::default();
        let tell = |look| {
            let events = glass.look(match look {
                '1' => zone(ONE),
                '2' => zone(OTHER),
                'p' => Sight::Part,
                'u' => Sight::Unreadable,
                _ => Sight::Nothing,
            });
            let events = events.iter().map(|event| match event {
                Event::DocumentPresented => 'D',
                Event::MrzRead(..) => 'M',
                Event::MrzPartial => 'P',
                Event::MrzUnreadable => 'U',
                _ => '?',
            });
            format!("{} ", events.collect::<String>())
        };
        looks.chars().map(tell).collect()
    }

    #[test]
    fn a_document_is_told_once_for_as_long_as_it_lies_there() {
        assert_eq!(told("11..1"), "DM     ");
        // It was away, or it is another one.
        assert_eq!(told("1...1"), "DM    DM ");
        assert_eq!(told("1.2"), "DM  M ");
    }

    #[test]
    fn a_hand_in_the_picture_is_no_trouble_until_it_stays() {
        assert_eq!(told("ppp1pppp"), "D   M     ");
        assert_eq!(told("ppppp1"), "D   P  M ");
        assert_eq!(told("uuuu"), "D   U ");
        assert_eq!(told("pupupu"), "D      ");
        assert_eq!(told("........"), "        ");
    }
}
