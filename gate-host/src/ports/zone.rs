//! Printed zones: what the document reader sends, made into what the journey understands.

use super::Outbox;
use super::reader::{self, FrameError, ReaderEvent, ReaderSettings};
use crate::clock;
use gate_document::mrz::Mrz;
use gate_session::{Device, Event};
use tracing::{error, info, warn};

/// Listens to the reader of printed zones for as long as the lane exists.
pub fn spawn(settings: ReaderSettings, outbox: Outbox) {
    let device = settings.device.display().to_string();
    tokio::spawn(reader::run(settings, move |event| {
        if let Some(event) = translate(event, &device) {
            outbox.post(event);
        }
        outbox.is_open()
    }));
}

/// A zone that contradicts itself, one that is not there and one that was torn on the line are the
/// same to a traveller: turn the document. One that was seen in part asks for another push.
fn translate(event: ReaderEvent, device: &str) -> Option<Event> {
    match event {
        ReaderEvent::Found => {
            info!(device, "document reader found");
            Some(Event::DeviceReady(Device::MrzReader))
        }
        ReaderEvent::Lost(problem) => {
            error!(%problem, "document reader lost");
            Some(Event::DeviceLost(Device::MrzReader))
        }
        ReaderEvent::Began => Some(Event::DocumentPresented),
        // Noise on the line is nobody's document.
        ReaderEvent::Bad(problem @ FrameError::Noise { .. }, discarded) => {
            warn!(device, %problem, %discarded, "document reader sends noise");
            None
        }
        ReaderEvent::Bad(problem, discarded) => {
            warn!(device, %problem, %discarded, "document reader sent bytes that are no frame");
            Some(Event::MrzUnreadable)
        }
        ReaderEvent::Partial { lines, longest } => {
            info!(lines, longest, "printed zone seen in part");
            Some(Event::MrzPartial)
        }
        ReaderEvent::Zone(zone) => Some(match Mrz::read_tolerant(zone.text()) {
            Ok(zone) => {
                for wrong in zone.wrong_digits() {
                    info!(field = %wrong.field, at = %wrong.at, "check digit wrong in the printed zone");
                }
                if !zone.repairs().is_empty() {
                    info!(corrected = zone.repairs().len(), "printed zone corrected");
                }
                Event::MrzRead(Box::new(zone), clock::today())
            }
            Err(problem) => {
                info!(%problem, "printed zone unreadable");
                Event::MrzUnreadable
            }
        }),
    }
}
