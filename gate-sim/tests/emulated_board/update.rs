//! Updates of the real firmware over its line, started by the real boot loader.
//!
//! Needs what `cargo xtask firmware` makes: `GATE_FIRMWARE` is its `controller.bin`, and
//! `update.img` lies beside it.

use super::*;
use gate_boot::flash::Flash;
use gate_boot::image::{Header, Packed};
use gate_boot::key::TEST_SEED;
use gate_boot::map::{ERASED, FLASH, PAGE, RECORDS};
use gate_boot::pack;
use gate_boot::records::{Records, Trial};
use gate_boot::slot::Slot;
use gate_protocol::UpdateRefusal;
use gate_protocol::update::{CHUNK_LEN, Image, Upload, UploadError};
use gate_sim::emulator::Torn;
use std::ops::Range;

/// Both images of a release, as they lie in a file.
pub(super) struct Release(pub(super) Vec<u8>);

impl Release {
    /// The release that the board runs, signed as another version.
    pub(super) fn of(version: [u8; 3], security_version: u32) -> Option<Self> {
        Self::changed(|header| {
            header.version = version;
            header.security_version = security_version;
        })
    }

    fn changed(change: impl Fn(&mut Header)) -> Option<Self> {
        Self::signed(change, &TEST_SEED)
    }

    fn signed(change: impl Fn(&mut Header), seed: &[u8; 32]) -> Option<Self> {
        let controller = std::env::var_os("GATE_FIRMWARE").map(std::path::PathBuf::from);
        let update = controller.map(|file| file.with_file_name("update.img"));
        let Some(Ok(file)) = update.map(std::fs::read) else {
            passed_over("there is no update.img beside GATE_FIRMWARE");
            return None;
        };
        let images = Packed::all(&file).map(|(image, mut header)| {
            change(&mut header);
            pack::signed(image.body, &header, seed)
        });
        Some(Self(images.collect::<Vec<_>>().concat()))
    }

    /// Images that do nothing at all, for ever.
    fn that_hangs() -> Self {
        let image = |slot: Slot| {
            let code = slot.vectors() + 8;
            let vectors = [0x2000_4000, code | 1, 0xE7FE_E7FE_u32];
            let mut body = vectors.map(u32::to_le_bytes).concat();
            body.resize(128, 0xFF);
            pack::signed(&body, &pack::about(slot, [9, 9, 9], 9), &TEST_SEED)
        };
        Self(Slot::ALL.map(image).concat())
    }

    pub(super) fn upload(&self) -> Upload<'_> {
        let mut images = [None, None];
        for (packed, header) in Packed::all(&self.0) {
            let place = usize::from(header.slot == Slot::B);
            images[place] = Some(Image {
                header: packed.head,
                body: packed.body,
            });
        }
        Upload::new(images)
    }
}

impl Bench {
    /// One request and its answer; `None` if the session or the power ended before it came.
    pub(super) fn step(&mut self, upload: &mut Upload<'_>) -> Option<Result<(), UploadError>> {
        let request = upload.request()?;
        self.until("a session or darkness", |bench| {
            bench.link.is_connected() || !bench.board.has_power()
        });
        let before = (self.accepted, self.refused, self.lost);
        self.update = None;
        self.link.send(ToController::Update(request)).ok()?;
        self.until("an answer or darkness", |bench| {
            (bench.accepted, bench.refused, bench.lost) != before || !bench.board.has_power()
        });
        if !self.board.has_power() {
            return None;
        }
        if let Some(report) = self.update {
            upload.report(report);
        }
        if self.lost > before.2 {
            upload.lost();
            None
        } else if self.refused > before.1 {
            Some(Err(upload.refused()))
        } else {
            Some(upload.accepted())
        }
    }

    /// A whole update, up to the trial.
    pub(super) fn update(&mut self, release: &Release) -> Result<(), UploadError> {
        let mut upload = release.upload();
        while upload.request().is_some() {
            self.step(&mut upload).transpose()?;
        }
        Ok(())
    }

    /// A board at rest, with its first image proved.
    pub(super) fn in_service(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let mut bench = Self::switched_on_with(change)?;
        bench.until("rest", |bench| {
            bench.link.is_connected() && bench.is(State::Idle)
        });
        bench.until("proof", |bench| bench.records().confirmed == Some(Slot::A));
        Some(bench)
    }

    /// What an update leaves behind, without the time that it takes.
    pub(super) fn put_on_trial(&self, release: &Release) {
        let (half, flash) = (release.0.len() / 2, self.board.flash());
        flash.load(Slot::B.region().start, &release.0[half..]);
        let mut copy = Copied(flash.read(FLASH));
        let trial = Some(Trial::Ahead(Slot::B));
        let records = Records {
            trial,
            ..Records::load(&copy)
        };
        records.store(&mut copy).expect("room for a record");
        flash.load(RECORDS.start, copy.read(RECORDS));
    }

    pub(super) fn records(&self) -> Records {
        Records::load(&Copied(self.board.flash().read(FLASH)))
    }

    fn until_it_runs(&mut self, version: [u8; 3]) {
        self.until("the new version", |bench| {
            let newest = bench.sessions.last();
            newest.is_some_and(|session| session.firmware == version)
        });
    }

    /// Waits for a new session; gives the version that it is with.
    fn next_version(&mut self, sessions: usize) -> [u8; 3] {
        self.until("a new session", |bench| bench.sessions.len() > sessions);
        self.sessions.last().expect("a session").firmware
    }
}

/// What a flash held when it was looked at.
struct Copied(Vec<u8>);

impl Copied {
    fn put(&mut self, address: u32, bytes: &[u8]) {
        let at = (address - FLASH.start) as usize;
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

impl Flash for Copied {
    type Error = ();

    fn read(&self, region: Range<u32>) -> &[u8] {
        let at = (region.start - FLASH.start) as usize;
        &self.0[at..at + region.len()]
    }

    fn erase_page(&mut self, address: u32) -> Result<(), ()> {
        self.put(address, &[ERASED; PAGE as usize]);
        Ok(())
    }

    fn program(&mut self, address: u32, double_word: [u8; 8]) -> Result<(), ()> {
        self.put(address, &double_word);
        Ok(())
    }
}

#[test]
fn an_update_goes_on_after_a_broken_link_and_ends_in_the_new_version_which_proves_itself() {
    let Some(release) = Release::of([0, 2, 0], 2) else {
        return;
    };
    let Some(mut bench) = Bench::in_service(|_| {}) else {
        return;
    };
    assert_eq!(bench.sessions[0].firmware, [0, 1, 0]);
    let changes = bench.board.changes();
    let mut upload = release.upload();
    while upload.progress().0 < 4_096 {
        bench.step(&mut upload);
    }
    bench.until("a session", |bench| bench.link.is_connected());
    bench.board.line_faults().cut(true);
    assert_eq!(bench.step(&mut upload), None, "no answer without a line");
    bench.board.line_faults().cut(false);
    bench.until("rest", |bench| {
        bench.link.is_connected() && bench.is(State::Idle)
    });
    while upload.progress().0 == 0 {
        bench.step(&mut upload);
    }
    assert!(upload.progress().0 >= 4_096, "{:?}", upload.progress());
    while upload.request().is_some() {
        bench.step(&mut upload);
    }
    bench.until_it_runs([0, 2, 0]);
    bench.until("proof", |bench| bench.records().confirmed == Some(Slot::B));
    let records = bench.records();
    assert_eq!((records.security_floor, records.trial), (2, None));
    for change in changes.try_iter() {
        for drive in [Output::EntryDrive, Output::ExitDrive] {
            assert!(!change.outputs.output(drive), "a door moved");
        }
    }
    bench.board.power_cut();
    let sessions = bench.sessions.len();
    bench.board.power_back().expect("power");
    assert_eq!(bench.next_version(sessions), [0, 2, 0]);
}

#[test]
fn a_power_cut_during_an_update_leaves_the_old_version_and_the_next_begins_anew() {
    let Some(release) = Release::of([0, 2, 0], 1) else {
        return;
    };
    let Some(mut bench) = Bench::in_service(|_| {}) else {
        return;
    };
    let mut upload = release.upload();
    bench.board.flash().cut_power(1_000, Torn::Halfway);
    while bench.board.has_power() {
        assert!(!matches!(bench.step(&mut upload), Some(Err(_))));
    }
    let sessions = bench.sessions.len();
    bench.board.power_cut();
    bench.board.power_back().expect("power");
    assert_eq!(bench.next_version(sessions), [0, 1, 0]);
    assert_eq!(bench.records().trial, None);
    bench.until("rest", |bench| bench.is(State::Idle));
    let mut anew = release.upload();
    while anew.progress().0 == 0 {
        bench.step(&mut anew);
    }
    assert_eq!(anew.progress().0, CHUNK_LEN, "from the first byte on");
}

#[test]
fn what_must_not_run_is_refused_by_name_before_anything_is_erased() {
    let refused = |refusal| Err(UploadError::Refused(refusal));
    let Some(of_another) = Release::signed(|_| {}, b"somebody else's key, also secret") else {
        return;
    };
    let Some(mut bench) = Bench::in_service(|_| {}) else {
        return;
    };
    let changed = |change: fn(&mut Header)| Release::changed(change).expect("a release");
    let before = bench.board.flash().operations();
    for (release, refusal) in [
        (of_another, UpdateRefusal::Signature),
        (changed(|header| header.product = 2), UpdateRefusal::Product),
        (changed(|header| header.board = 2), UpdateRefusal::Board),
        (
            changed(|header| header.security_version = 0),
            UpdateRefusal::SecurityVersion { found: 0, floor: 1 },
        ),
    ] {
        assert_eq!(bench.update(&release), refused(refusal));
    }
    assert_eq!(bench.board.flash().operations(), before);
    bench.send(ToController::SetMode { mode: Mode::WalkIn });
    let release = changed(|_| {});
    assert_eq!(bench.update(&release), refused(UpdateRefusal::LaneBusy));
    assert_eq!(bench.board.flash().operations(), before);
}

#[test]
fn a_fire_during_an_update_opens_both_ways_and_ends_the_update() {
    let Some(release) = Release::of([0, 2, 0], 1) else {
        return;
    };
    let Some(mut bench) = Bench::in_service(|_| {}) else {
        return;
    };
    let mut upload = release.upload();
    while upload.progress().0 < 1_024 {
        bench.step(&mut upload);
    }
    bench.board.set_input(Input::FireOk, false).expect("a pin");
    bench.until("both ways open", |bench| {
        bench.on(Output::EntryRelease) && bench.on(Output::ExitRelease)
    });
    assert_eq!(
        bench.step(&mut upload),
        Some(Err(UploadError::Refused(UpdateRefusal::LaneBusy)))
    );
}

#[test]
fn an_image_that_hangs_is_ended_by_the_watchdog_and_given_up() {
    let watchdog = |config: &mut Config| config.watchdogs.chip = true;
    let Some(mut bench) = Bench::in_service(watchdog) else {
        return;
    };
    if Release::of([0, 2, 0], 1).is_none() {
        return;
    }
    assert_eq!(bench.update(&Release::that_hangs()), Ok(()));
    // The ports fall one after the other.
    bench.until("the hanging image", |bench| {
        bench.board.outputs() == Bits(0)
    });
    let sessions = bench.sessions.len();
    assert_eq!(bench.next_version(sessions), [0, 1, 0]);
    let records = bench.records();
    assert_eq!((records.confirmed, records.trial), (Some(Slot::A), None));
    assert_eq!(records.security_floor, 1);
}

#[test]
fn an_image_that_finds_no_host_for_a_minute_is_given_up() {
    let Some(release) = Release::of([0, 2, 0], 2) else {
        return;
    };
    let Some(mut bench) = Bench::in_service(|_| {}) else {
        return;
    };
    bench.board.power_cut();
    bench.put_on_trial(&release);
    bench.talks = false;
    bench.board.power_back().expect("power");
    let (began, resets) = (now(), bench.board.resets());
    while bench.board.resets() == resets {
        let waited = now().duration_since(began);
        assert!(waited < 3 * PATIENCE, "still on trial");
        bench.live();
    }
    assert_eq!(bench.records().trial, Some(Trial::Begun(Slot::B)));
    let sessions = bench.sessions.len();
    bench.talks = true;
    assert_eq!(bench.next_version(sessions), [0, 1, 0]);
    let records = bench.records();
    assert_eq!((records.confirmed, records.trial), (Some(Slot::A), None));
    assert_eq!(records.security_floor, 1);
}

/// What is written down may halt the scan for a moment.
#[test]
fn an_image_that_serves_a_host_is_proved_only_once_nobody_is_inside() {
    let Some(release) = Release::of([0, 2, 0], 2) else {
        return;
    };
    let Some(mut bench) = Bench::in_service(|_| {}) else {
        return;
    };
    bench.board.power_cut();
    bench.put_on_trial(&release);
    bench.inside(true);
    let sessions = bench.sessions.len();
    bench.board.power_back().expect("power");
    assert_eq!(bench.next_version(sessions), [0, 2, 0]);
    let then = bench.status.map_or(0, |status| status.uptime_ms) + 500;
    bench.until("a while with a lease", |bench| {
        bench.status.is_some_and(|status| status.uptime_ms > then)
    });
    assert_eq!(bench.records().confirmed, Some(Slot::A));
    bench.inside(false);
    bench.until("proof", |bench| bench.records().confirmed == Some(Slot::B));
    assert!(!bench.on(Output::EntryDrive) && bench.on(Output::EntryHold));
}
