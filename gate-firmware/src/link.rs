//! Talks to the host whenever there is something to say.

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::with_deadline;
use gate_protocol::frame::DELIMITER;
use gate_protocol::keys::Secret;
use gate_protocol::link::Next;
use gate_protocol::link::controller::{ControllerLink, Delivery, Identity, Keys};
use gate_protocol::{
    Answer, Instant, LinkStatistics, Refusal, Site, Task, ToController, ToHost, UpdateRequest,
    Warning,
};

use crate::board::nucleo_l476rg;
use crate::cabinet::Cabinet;
use crate::fault::Ended;
use crate::update::Updates;
use crate::{clock, health, progress, scan, serial, storage, update};

/// How often the task shows at least that it gets on, and tells the interlock that the lease
/// stands: see [`progress::report`] and `Limits::lease_word`.
const SHOWN_EVERY_MS: u64 = 25;

static ATTENTION: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// Bytes have come in, or the lane has changed.
pub(crate) fn wake() {
    ATTENTION.signal(());
}

/// The controller's end of the link, for ever.
#[embassy_executor::task]
pub(crate) async fn talk(identity: Identity, keys: Keys, seed: Secret, ended: Ended) {
    let mut link = ControllerLink::new(clock::now(), identity, keys, seed);
    let mut cabinet = Cabinet::new();
    let mut updates = Updates::new(clock::now());
    loop {
        let began = clock::fine();
        let before = link.statistics();
        let mut bytes = [0; 64];
        let mut count = serial::read(&mut bytes);
        while count > 0 {
            // Frame by frame: one may ask for a handshake, and anybody can say it. What has come
            // before it is done before it, and what comes behind it is judged by the time after it
            // (SAF-074, SAF-079).
            for portion in bytes[..count].split_inclusive(|byte| *byte == DELIMITER) {
                progress::report(Task::Link, progress::LONG);
                // Delimiters alone, which are no frames, cost nothing more.
                if link.receive(clock::now(), portion) {
                    attend(&mut link, &mut cabinet, &mut updates, &ended);
                }
            }
            count = serial::read(&mut bytes);
        }
        progress::report(Task::Link, progress::USUAL);
        let deadline = attend(&mut link, &mut cabinet, &mut updates, &ended);
        if is_sealed_talk(&before, &link) {
            health::answered_after(clock::fine().wrapping_sub(began));
        }
        let now = clock::now();
        updates.watch(now, link.has_lease(now));
        let latest = now.as_millis() + SHOWN_EVERY_MS;
        let until = deadline.as_millis().clamp(now.as_millis() + 1, latest);
        // Woken or not: there is something to do.
        let _ = with_deadline(embassy_time::Instant::from_millis(until), ATTENTION.wait()).await;
    }
}

/// Whether a frame has come since `before` that was no part of a handshake.
fn is_sealed_talk(before: &LinkStatistics, link: &ControllerLink) -> bool {
    let after = link.statistics();
    link.has_session()
        && after.line.frames != before.line.frames
        && (after.sessions, after.forged) == (before.sessions, before.forged)
}

/// Carries everything between link and interlock; gives the time of the link's next duty.
fn attend(
    link: &mut ControllerLink,
    cabinet: &mut Cabinet,
    updates: &mut Updates,
    ended: &Ended,
) -> Instant {
    loop {
        let now = clock::now();
        show_lane(now, link, cabinet);
        match link.next(now) {
            Next::Deliver(Delivery::SessionOpened) => {
                scan::with_interlock(|interlock| interlock.open_session(now));
                if let Some(failure) = ended.failure {
                    link.tell(ToHost::LastFailure { failure });
                }
                warn(link);
            }
            Next::Deliver(Delivery::LeaseLapsed) => {
                scan::with_interlock(|interlock| interlock.lease(now, false));
            }
            Next::Deliver(Delivery::Request {
                number,
                message: ToController::ReadHealth,
            }) => {
                let health = health::health(ended.failures).with_link(&link.statistics());
                link.tell(ToHost::Health { health });
                warn(link);
                link.answer(number, Answer::Accepted);
            }
            Next::Deliver(Delivery::Request {
                number,
                message: ToController::Update(request),
            }) => {
                progress::report(Task::Link, progress::LONG);
                let at_rest = scan::with_interlock(|interlock| interlock.at_rest());
                let at_rest = at_rest.unwrap_or(false) && link.has_lease(now);
                let (done, report) = updates.request(now, at_rest, &request);
                let answer = match done {
                    Ok(()) => Answer::Accepted,
                    Err(_) => Answer::Refused(Refusal::WrongState),
                };
                // A chunk that was taken needs no report, and there are hundreds.
                if done.is_err() || !matches!(request, UpdateRequest::Chunk { .. }) {
                    link.tell(ToHost::Update(report));
                }
                link.answer(number, answer);
            }
            Next::Deliver(Delivery::Request { number, message }) => {
                let answer = scan::with_interlock(|interlock| {
                    let answer = interlock.request(now, &message);
                    (answer, interlock.site(), interlock.take_site_to_store())
                });
                if let Some((answer, site, to_store)) = answer {
                    if let (ToController::ReadSite, Answer::Accepted, Some(site)) =
                        (message, answer, site)
                    {
                        link.tell(ToHost::Site { site });
                    }
                    link.answer(number, keep(to_store).unwrap_or(answer));
                }
            }
            Next::Deliver(Delivery::Paired(pairing)) => {
                progress::report(Task::Link, progress::LONG);
                let still = scan::with_interlock(|interlock| interlock.is_still());
                cabinet.pair(now, still.unwrap_or(false), pairing, link);
            }
            Next::Transmit(wire) => serial::write(&wire),
            Next::Wait(deadline) => return deadline,
        }
    }
}

/// Says what makes this controller unfit for people.
fn warn(link: &mut ControllerLink) {
    if update::KEY_IS_PUBLISHED {
        link.tell(ToHost::Warning(Warning::PublishedUpdateKey));
    }
    if clock::core_hz() < nucleo_l476rg::CORE_HZ {
        link.tell(ToHost::Warning(Warning::SlowClock));
    }
}

/// Keeps a site over power cuts; an answer only if that fails. Nothing moves meanwhile: a site is
/// taken by a gate at rest, or by one that drives nothing and begins anew with it.
fn keep(site: Option<Site>) -> Option<Answer> {
    let site = site?;
    progress::report(Task::Link, progress::LONG);
    let kept = storage::store_site(site);
    kept.is_err().then_some(Answer::Refused(Refusal::NotKept))
}

fn show_lane(now: Instant, link: &mut ControllerLink, cabinet: &mut Cabinet) {
    let held = link.has_lease(now);
    let inputs = scan::with_interlock(|interlock| {
        interlock.lease(now, held);
        link.set_lane(scan::lane(interlock));
        while let Some(event) = interlock.next_event() {
            // An event that finds no room is counted by the link and missed by the host in the
            // numbers.
            let _ = link.report(now, event);
        }
        interlock.inputs()
    });
    if let Some(inputs) = inputs {
        cabinet.watch(now, inputs, link);
    }
}
