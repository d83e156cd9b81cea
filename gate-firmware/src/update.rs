//! Takes a new image over the link, and proves that this one is good.

use core::time::Duration;

use cortex_m::peripheral::SCB;
use gate_boot::image::{
    BOARD_NUCLEO_L476RG, CHUNK, HEADER_LEN, Header, ImageError, PRODUCT, Wanted,
};
use gate_boot::map::RECORDS;
use gate_boot::records::Records;
use gate_boot::slot::Slot;
use gate_boot::trial::{Todo, Trial};
use gate_boot::update::{UpdateError, Writer};
use gate_protocol::update::ImageSlot;
use gate_protocol::{Instant, UpdateRefusal, UpdateReport, UpdateRequest};

use crate::board::nucleo_l476rg;
use crate::board::nucleo_l476rg::flash::{self, Flash, FlashError};
use crate::{kept, scan, storage};

/// Key that images are signed with.
const KEY: [u8; 32] = include!(concat!(env!("OUT_DIR"), "/key.rs"));

/// SAF-087: whether that is the published test key, with which anybody can sign.
pub(crate) const KEY_IS_PUBLISHED: bool =
    include!(concat!(env!("OUT_DIR"), "/key_is_published.rs"));

/// The image that runs, as its header says. `None` if it was started without a boot loader.
#[derive(Clone)]
struct Running {
    slot: Slot,
    header: Header,
}

impl Running {
    fn find() -> Option<Self> {
        // SAFETY: reading the register has no effect.
        let vectors = unsafe { (*SCB::PTR).vtor.read() };
        let slot = Slot::holding(vectors)?;
        let start = slot.region().start;
        let bytes = flash::bytes(start..start + HEADER_LEN as u32);
        let header = Header::parse(bytes.first_chunk()?)?;
        Some(Self { slot, header })
    }
}

/// The version that the running image is signed as; without a header, the one it was built as.
pub(crate) fn version() -> [u8; 3] {
    Running::find().map_or_else(nucleo_l476rg::version, |running| running.header.version)
}

/// Updates, and the running image's own trial.
pub(crate) struct Updates {
    update: Option<(Running, Writer)>,
    trial: Trial,
}

impl Updates {
    pub(crate) fn new(now: Instant) -> Self {
        let wanted = Wanted {
            key: KEY,
            product: PRODUCT,
            board: BOARD_NUCLEO_L476RG,
            security_floor: 0,
        };
        let update = Running::find().map(|running| {
            let writer = Writer::new(wanted, running.slot);
            (running, writer)
        });
        let awaits_proof = update
            .as_ref()
            .is_some_and(|(running, _)| records().awaits_proof(running.slot));
        Self {
            update,
            trial: Trial::new(time(now), awaits_proof),
        }
    }

    /// Looks after trial and restart. `leased` says that a host holds its lease.
    pub(crate) fn watch(&mut self, now: Instant, leased: bool) {
        let serves = leased && !self.trial.is_proved() && storage::is_sound();
        let at_rest = scan::with_interlock(|gate| gate.at_rest()).unwrap_or(false);
        match self.trial.next(time(now), serves, at_rest) {
            Todo::Nothing => {}
            Todo::Confirm => {
                let kept = self.confirm();
                self.trial.confirmed(kept);
            }
            Todo::Restart => restart_at_rest(),
        }
    }

    /// SAF-084: the running image is the one to start from now on. Says whether that was kept.
    fn confirm(&mut self) -> bool {
        self.update.as_ref().is_none_or(|(running, _)| {
            let confirmed = records().confirm(running.slot, &running.header);
            confirmed.store(&mut Flash::region(RECORDS)).is_ok()
        })
    }

    /// Does what the host wants, if the lane is at rest.
    pub(crate) fn request(
        &mut self,
        now: Instant,
        at_rest: bool,
        request: &UpdateRequest,
    ) -> (Result<(), UpdateRefusal>, UpdateReport) {
        let done = self.consider(now, at_rest, request);
        let report = UpdateReport {
            slot: self.slot(),
            next: *done.as_ref().unwrap_or(&0),
            refusal: done.err(),
        };
        (done.map(drop), report)
    }

    fn consider(
        &mut self,
        now: Instant,
        at_rest: bool,
        request: &UpdateRequest,
    ) -> Result<u32, UpdateRefusal> {
        // SAF-081: whoever waits for a door does not wait for a flash.
        if !at_rest {
            return Err(UpdateRefusal::LaneBusy);
        }
        let (_, writer) = self.update.as_mut().ok_or(UpdateRefusal::NoBootLoader)?;
        let mut flash = Flash::regions([RECORDS, writer.slot().region()]);
        match request {
            UpdateRequest::Ask if !self.trial.is_proved() => Err(UpdateRefusal::OnTrial),
            UpdateRequest::Ask => Ok(0),
            UpdateRequest::Begin { header } => {
                let mut bytes = [0; HEADER_LEN];
                bytes.copy_from_slice(header.as_flattened());
                writer.begin(&mut flash, &bytes).map_err(refusal)
            }
            UpdateRequest::Chunk { from, bytes } => {
                let mut chunk = [0; CHUNK as usize];
                chunk.copy_from_slice(bytes.as_flattened());
                writer.chunk(&mut flash, *from, &chunk).map_err(refusal)
            }
            UpdateRequest::Finish => writer.finish(&mut flash).map(|()| 0).map_err(refusal),
            UpdateRequest::Activate => {
                writer.activate(&mut flash).map_err(refusal)?;
                self.trial.activated(time(now));
                Ok(0)
            }
        }
    }

    fn slot(&self) -> ImageSlot {
        match self.update.as_ref().map(|(_, writer)| writer.slot()) {
            Some(Slot::B) => ImageSlot::B,
            Some(Slot::A) | None => ImageSlot::A,
        }
    }
}

/// Since the start.
fn time(now: Instant) -> Duration {
    now.since(Instant::ZERO)
}

fn records() -> Records {
    Records::load(&Flash::region(RECORDS))
}

/// Starts anew, unless danger has come, somebody has come in or something moves: then later. No scan
/// comes between the look and the reset.
fn restart_at_rest() {
    scan::with_interlock(|gate| {
        if gate.at_rest() {
            cortex_m::interrupt::disable();
            nucleo_l476rg::all_outputs_off();
            kept::end_life();
            SCB::sys_reset()
        }
    });
}

fn refusal(error: UpdateError<FlashError>) -> UpdateRefusal {
    match error {
        UpdateError::Image(image) => match image {
            ImageError::Missing => UpdateRefusal::NotAnImage,
            ImageError::Signature => UpdateRefusal::Signature,
            ImageError::Product { .. } => UpdateRefusal::Product,
            ImageError::Board { .. } => UpdateRefusal::Board,
            ImageError::Slot { .. } => UpdateRefusal::Slot,
            ImageError::SecurityVersion { found, floor } => {
                UpdateRefusal::SecurityVersion { found, floor }
            }
            ImageError::Length { .. } => UpdateRefusal::Length,
            ImageError::Digest => UpdateRefusal::Damaged,
        },
        UpdateError::OnTrial => UpdateRefusal::OnTrial,
        UpdateError::OutOfOrder { .. } => UpdateRefusal::OutOfOrder,
        UpdateError::Flash(_) => UpdateRefusal::Flash,
        UpdateError::Damaged => UpdateRefusal::Damaged,
    }
}
