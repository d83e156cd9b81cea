//! Bad input to a whole lane: each kind is named in the log, closes the lane visibly or costs the
//! traveller another try, and is over by itself when its cause is.

#![expect(
    clippy::panic,
    reason = "a helper of a test fails by panicking, like the test"
)]

mod lane;

use anyhow::{Result, ensure};
use gate_host::daemon;
use gate_host::settings::Settings;
use gate_protocol::pins::{Bits, Output};
use gate_session::{DocumentHint, Outcome, Referral, Screen};
use gate_sim::camera::CameraFault;
use gate_sim::chip::{Fault, Profile, Quirk};
use gate_sim::issuer::{Authority, Scheme, State, trust};
use gate_sim::models::RootModel;
use gate_sim::page::Printer;
use gate_sim::reader::ReaderFault;
use lane::{MANIFEST, Tools, in_lane, write_keys};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_reader_that_sends_garbage_is_named_and_the_next_traveller_is_read() {
    in_lane(async |lane| {
        lane.open().await?;
        lane.reader().fault(ReaderFault::Garbage);
        lane.send([]);
        lane.is_left().await?;
        let said = "60 bytes outside any frame, beginning of a frame expected";
        lane.has_said(&["WARN", "document reader sends noise", "/mrz", said])?;
        ensure!(!lane.has_shown(Screen::Go) && lane.has_shown(Screen::StepBack));
        lane.shows(Screen::Welcome).await?;

        lane.reader().fault(ReaderFault::None);
        lane.send([]);
        lane.is_left().await?;
        let referred = Outcome::Referred(Referral::NoDocument);
        ensure!(lane.decisions()? == [referred, Outcome::Cleared]);
        lane.shows(Screen::Welcome).await
    });
}

#[test]
fn a_torn_frame_costs_the_traveller_one_try() {
    in_lane(async |lane| {
        let said = "frame broke off after";
        lane.open().await?;
        lane.reader().fault(ReaderFault::Torn);
        lane.send([]);
        lane.until(|lane| lane.has_said(&[said]).is_ok()).await?;
        lane.reader().fault(ReaderFault::None);
        lane.is_left().await?;
        lane.has_said(&[
            "WARN",
            "document reader sent bytes that are no frame",
            "/mrz",
            said,
        ])?;
        ensure!(lane.decisions()? == [Outcome::Cleared]);
        lane.shows(Screen::Welcome).await
    });
}

#[test]
fn a_chip_that_vanishes_while_it_is_read_is_read_when_it_lies_there_again() {
    in_lane(async |lane| {
        lane.open().await?;
        lane.send([Fault::Vanishes { after: 6 }]);
        lane.is_left().await?;
        lane.shows(Screen::Welcome).await?;
        lane.has_said(&["WARN", "chip not read", "the chip left the reader's field"])?;
        ensure!(lane.has_shown(place(DocumentHint::LeaveIt)));
        ensure!(lane.decisions()? == [Outcome::Cleared]);
        Ok(())
    });
}

/// Another document's zone (Doc 9303-4, appendix B, in validity).
const OTHER: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                     L898902C36UTO7408122F3204153ZE184226B<<<<<16";

fn place(hint: DocumentHint) -> Screen {
    Screen::PlaceDocument { hint }
}

#[test]
fn each_cause_of_a_closed_chip_has_its_own_words_on_the_page() {
    in_lane(async |lane| {
        lane.open().await?;
        lane.misread(OTHER);
        lane.send([]);
        lane.is_left().await?;
        ensure!(lane.has_shown(place(DocumentHint::ReadAgain)));
        lane.shows(Screen::Welcome).await?;

        // Nothing that the traveller could do would open this chip.
        let before = lane.screens().len();
        let closed = Quirk::NoBac(0x6985);
        lane.send_with_chip(|chip| chip.with_quirks([closed]));
        lane.is_left().await?;
        let shown = lane.screens().split_off(before);
        let asks_again = |screen: &Screen| matches!(screen, Screen::PlaceDocument { hint } if *hint != DocumentHint::None);
        ensure!(!shown.iter().any(asks_again), "{shown:?}");
        ensure!(shown.contains(&Screen::OfficerComing));
        lane.shows(Screen::Welcome).await?;

        let unreadable = Outcome::Referred(Referral::ChipUnreadable);
        ensure!(lane.decisions()? == [Outcome::Cleared, unreadable]);
        if !lane.owns_chip_reader() {
            return Ok(());
        }

        // The reader goes in the middle: that is not the document's fault, and the page says so.
        // A slow chip, or it would be over before anybody pulls the reader.
        lane.send_with_chip(|chip| chip.with_profile(Profile::SLOW));
        lane.until(|lane| lane.chip_is_being_read()).await?;
        lane.restart_chip_reader()?;
        lane.is_left().await?;
        ensure!(lane.has_shown(place(DocumentHint::ReaderFault)));
        ensure!(lane.decisions()?.pop() == Some(Outcome::Cleared));
        lane.shows(Screen::Welcome).await
    });
}

#[test]
fn a_reader_that_is_unplugged_closes_the_lane_until_it_is_back() {
    in_lane(async |lane| {
        lane.open().await?;
        lane.reader().fault(ReaderFault::Unplugged);
        lane.shows(Screen::OutOfService).await?;
        lane.has_said(&["ERROR", "document reader lost", "/mrz is gone: "])?;
        lane.reader().fault(ReaderFault::None);
        lane.shows(Screen::Welcome).await
    });
}

#[test]
fn a_camera_that_stops_in_any_way_closes_the_lane_until_it_shows_something() {
    in_lane(async |lane| {
        lane.open().await?;
        for (fault, said) in [
            (CameraFault::Frozen, "camera sent no frame for 1s"),
            (CameraFault::Closed, "camera ended the stream"),
            (CameraFault::Garbage, "something other than JPEG"),
        ] {
            lane.camera().fault(fault);
            lane.shows(Screen::OutOfService).await?;
            lane.has_said(&["WARN", "camera lost", "127.0.0.1", said])?;
            lane.camera().fault(CameraFault::None);
            lane.shows(Screen::Welcome).await?;
        }
        Ok(())
    });
}

#[test]
fn a_controller_that_falls_silent_closes_the_lane_until_it_speaks_again() {
    in_lane(async |lane| {
        lane.open().await?;
        lane.entry_is_open().await?; // no command is on its way any more
        let said = [
            "ERROR",
            "controller lost",
            "/controller",
            "silent for",
            "(limit ",
        ];
        lane.board.line_faults().cut(true);
        lane.shows(Screen::OutOfService).await?;
        lane.has_said(&said)?;
        lane.board.line_faults().cut(false);
        lane.shows(Screen::Welcome).await?;

        lane.board.power_cut();
        lane.shows(Screen::OutOfService).await?;
        lane.board.power_back()?;
        lane.shows(Screen::Welcome).await?;
        // The lane that says so also works.
        lane.send([]);
        lane.is_left().await?;
        ensure!(lane.decisions()? == [Outcome::Cleared]);
        lane.shows(Screen::Welcome).await
    });
}

#[test]
fn a_camera_that_stops_beside_a_traveller_costs_the_clearance_and_closes_the_lane() {
    in_lane(async |lane| {
        lane.open().await?;
        lane.receives_somebody().await?;
        lane.camera().fault(CameraFault::Frozen);
        lane.is_left().await?;
        lane.has_said(&["WARN", "camera lost", "127.0.0.1", "no frame for 1s"])?;
        ensure!(!lane.has_shown(Screen::Go), "cleared without a face");
        ensure!(lane.has_shown(Screen::OfficerComing) && lane.has_shown(Screen::StepBack));
        ensure!(lane.decisions()? == [Outcome::Referred(Referral::DeviceFailed)]);
        lane.shows(Screen::OutOfService).await?;
        lane.camera().fault(CameraFault::None);
        lane.shows(Screen::Welcome).await
    });
}

#[test]
fn a_camera_whose_pictures_break_off_is_lost_and_found_when_they_are_whole() {
    in_lane(async |lane| {
        lane.open().await?;
        lane.receives_somebody().await?;
        lane.camera().fault(CameraFault::Torn);
        lane.is_left().await?;
        lane.has_said(&["WARN", "cannot be used", "Camera", "in_a_row=15"])?;
        ensure!(!lane.has_shown(Screen::Go), "cleared without a face");
        ensure!(lane.decisions()? == [Outcome::Referred(Referral::DeviceFailed)]);
        lane.shows(Screen::OutOfService).await?;
        lane.camera().fault(CameraFault::None);
        lane.shows(Screen::Welcome).await?;
        lane.has_said(&["INFO", "works again", "Camera"])
    });
}

#[test]
fn a_zone_read_from_pictures_of_the_page_opens_the_chip_and_without_the_pictures_the_lane_is_closed()
 {
    let Some(printer) = Printer::find() else {
        return;
    };
    in_lane(async |lane| {
        lane.read_pages_by_camera(printer);
        lane.open().await?;
        lane.send([]);
        lane.is_left().await?;
        lane.has_said(&["INFO", "printed zone read from a picture", "repaired=0"])?;
        ensure!(lane.decisions()? == [Outcome::Cleared]);
        lane.shows(Screen::Welcome).await?;

        lane.page_camera().fault(CameraFault::Torn);
        lane.shows(Screen::OutOfService).await?;
        lane.has_said(&["WARN", "cannot be used", "MrzReader", "in_a_row=8"])?;
        lane.page_camera().fault(CameraFault::None);
        lane.shows(Screen::Welcome).await?;
        lane.page_camera().fault(CameraFault::Frozen);
        lane.shows(Screen::OutOfService).await?;
        lane.page_camera().fault(CameraFault::None);
        lane.shows(Screen::Welcome).await
    });
}

/// It answers the probe, which is grey, with a number, and faces, which have hair and eyes, with none.
const FAILS_FOR_FACES: RootModel = RootModel {
    file: "fr_liveness.onnx",
    values: 3,
    floor: 100.0,
};

#[test]
fn models_that_give_no_number_are_lost_beside_a_traveller_and_tried_again_by_themselves() {
    in_lane(async |lane| {
        lane.replace_model(FAILS_FOR_FACES)?;
        lane.open().await?;
        lane.send([]);
        lane.is_left().await?;
        let said = "Attack model gave a value that is no number";
        lane.has_said(&["WARN", "cannot be used", "FaceModels", said, "in_a_row=3"])?;
        ensure!(!lane.has_shown(Screen::Go), "cleared without an attack cue");
        ensure!(lane.has_shown(Screen::OfficerComing) && lane.has_shown(Screen::StepBack));
        ensure!(lane.decisions()? == [Outcome::Referred(Referral::DeviceFailed)]);
        lane.shows(Screen::Welcome).await?;
        lane.has_said(&["INFO", "works again", "FaceModels"])
    });
}

#[test]
fn a_controller_that_falls_silent_beside_a_traveller_lets_them_back_and_never_out() {
    in_lane(async |lane| {
        lane.open().await?;
        lane.receives_somebody().await?;
        lane.board.line_faults().cut(true);
        lane.until(|lane| lane.is_exit_open() || lane.is_deserted())
            .await?;
        ensure!(!lane.is_exit_open(), "the exit opened without a host");
        lane.has_said(&["ERROR", "controller lost", "/controller", "silent for"])?;
        ensure!(lane.has_shown(Screen::StepBack));
        let decisions = lane.decisions()?;
        ensure!(
            decisions.last() == Some(&Outcome::Referred(Referral::DeviceFailed)),
            "{decisions:?}"
        );
        lane.shows(Screen::OutOfService).await?;
        lane.board.line_faults().cut(false);
        lane.shows(Screen::Welcome).await?;

        lane.send([]);
        lane.is_left().await?;
        ensure!(lane.decisions()?.last() == Some(&Outcome::Cleared));
        lane.shows(Screen::Welcome).await
    });
}

#[test]
fn devices_that_are_missing_at_the_start_keep_the_lane_closed_until_the_last_is_there() {
    in_lane(async |lane| {
        lane.start()?;
        for missing in [
            &["ERROR", "document reader lost", "/mrz cannot be opened"][..],
            &["ERROR", "/controller", "serial line cannot be opened"],
            &["WARN", "camera lost", "127.0.0.1", "cannot be reached"],
            &["ERROR", "lists cannot be asked", "/lists.txt"],
        ] {
            lane.until(|lane| lane.has_said(missing).is_ok()).await?;
        }
        lane.plug_reader()?;
        lane.until(|lane| lane.has_said(&["document reader found"]).is_ok())
            .await?;
        lane.plug_camera().await?;
        lane.until(|lane| lane.has_said(&["camera found"]).is_ok())
            .await?;
        lane.deliver_list()?;
        lane.until(|lane| lane.has_said(&["list read"]).is_ok())
            .await?;
        ensure!(
            !lane.has_shown(Screen::Welcome),
            "open without a controller"
        );
        lane.plug_controller()?;
        lane.shows(Screen::Welcome).await?;
        // It came from the factory, and its firmware was built for a desk.
        lane.has_said(&["INFO", "controller goes by the site of the settings"])?;
        lane.has_said(&["ERROR", "not fit for people", "published test key"])
    });
}

#[test]
fn a_controller_without_a_site_keeps_the_lane_closed_and_the_log_says_what_helps() {
    in_lane(async |lane| {
        lane.has_site = false;
        lane.deliver_list()?;
        lane.plug_controller()?;
        lane.plug_reader()?;
        lane.plug_camera().await?;
        lane.start()?;
        let said = [
            "ERROR",
            "/controller",
            "no site yet",
            "the lane stays closed",
            "[controller.site]",
        ];
        lane.until(|lane| lane.has_said(&said).is_ok()).await?;
        lane.until(|lane| lane.has_said(&["camera found"]).is_ok())
            .await?;
        ensure!(!lane.has_shown(Screen::Welcome), "open without a site");
        let outputs = lane.board.outputs().with_output(Output::Watchdog, false);
        ensure!(outputs == Bits(0), "an output is on");
        Ok(())
    });
}

#[test]
fn on_a_full_disk_nobody_is_cleared_and_nothing_is_lost() {
    in_lane(async |lane| {
        let disk = Disk::small(&lane.journal_folder())?;
        lane.open().await?;
        let disk = disk.fill()?;
        lane.send([]);
        lane.is_left().await?;
        ensure!(
            !lane.has_shown(Screen::Go),
            "let out without an entry in the journal"
        );
        ensure!(lane.has_shown(Screen::OfficerComing) && lane.has_shown(Screen::StepBack));
        lane.shows(Screen::OutOfService).await?;
        lane.has_said(&[
            "ERROR",
            "journal entry not written",
            "journal.sqlite",
            disk.said(),
        ])?;
        ensure!(lane.decisions()?.is_empty());

        disk.free()?;
        lane.shows(Screen::Welcome).await?;
        lane.has_said(&["INFO", "journal works again"])?;
        let failed = Outcome::Referred(Referral::DeviceFailed);
        ensure!(
            lane.decisions()? == [Outcome::Cleared, failed],
            "{:?}",
            lane.decisions()?
        );

        lane.send([]);
        lane.is_left().await?;
        ensure!(lane.decisions()? == [Outcome::Cleared, failed, Outcome::Cleared]);
        lane.shows(Screen::Welcome).await
    });
}

/// A disk of the journal's own that can be full.
struct Disk {
    folder: PathBuf,
    mounted: bool,
}

/// A disk with no room, or, where nothing may be mounted, a journal that somebody else holds on to.
enum FullDisk {
    Full(Disk),
    Held(rusqlite::Connection),
}

impl Disk {
    /// Mounts a small disk on `folder`, if that is allowed here.
    fn small(folder: &Path) -> Result<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "gate-test"])
            .arg(folder)
            .output()
            .is_ok_and(|mount| mount.status.success());
        if !mounted {
            println!("no disk can be mounted here: the journal is locked instead");
        }
        Ok(Self {
            folder: folder.to_owned(),
            mounted,
        })
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }

    fn fill(self) -> Result<FullDisk> {
        if !self.mounted {
            let journal = rusqlite::Connection::open(self.folder.join("journal.sqlite"))?;
            journal.execute_batch("BEGIN IMMEDIATE")?;
            return Ok(FullDisk::Held(journal));
        }
        let mut filler = File::create(self.filler())?;
        while filler.write_all(&[0; 4_096]).is_ok() {}
        Ok(FullDisk::Full(self))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            // Lazily: the daemon has the journal open until it ends.
            let _ended = Command::new("umount")
                .arg("--lazy")
                .arg(&self.folder)
                .status();
        }
    }
}

impl FullDisk {
    fn said(&self) -> &'static str {
        match self {
            Self::Full(_) => "database or disk is full",
            Self::Held(..) => "database is locked",
        }
    }

    fn free(&self) -> Result<()> {
        match self {
            Self::Full(disk) => fs::remove_file(disk.filler())?,
            Self::Held(journal) => journal.execute_batch("ROLLBACK")?,
        }
        Ok(())
    }
}

/// Settings that are right for a machine without any device.
fn settings(folder: &Path, models: &Path) -> String {
    let csca = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).and_then(|it| it.csca_pem());
    trust::write(folder, &csca.expect("a certificate")).expect("a folder");
    write_keys(&folder.join("controller.keys")).expect("a folder");
    format!(
        "controller = {{ device = \"/none\", keys = {keys:?} }}\nreader.device = \"/none\"\n\
         chip = {{ reader = \"none\", trust = {trust:?}, trust_key = {trust_key:?} }}\n\
         camera.url = \"http://127.0.0.1:9/\"\n\
         face = {{ manifest = {MANIFEST:?}, models = {models:?} }}\n\
         lists.file = \"/none\"\njournal.file = {journal:?}\npage.listen = \"127.0.0.1:0\"\n",
        keys = folder.join("controller.keys"),
        trust = folder.join("trust.bundle"),
        trust_key = folder.join("trust.pub"),
        journal = folder.join("journal.sqlite"),
    )
}

/// What the daemon's program would end with.
fn start(folder: &Path, settings: &str) -> Result<()> {
    let file = folder.join("gate.toml");
    fs::write(&file, settings)?;
    let settings = Settings::open(&file)?;
    let runtime = tokio::runtime::Runtime::new()?;
    Ok(runtime
        .block_on(async { tokio::spawn(daemon::run(settings, std::future::ready(()))).await })??)
}

#[test]
fn a_model_file_with_a_wrong_hash_stops_the_start_and_is_named() {
    let Some(tools) = Tools::find() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let models = folder.path().join("models");
    fs::create_dir(&models).expect("a folder");
    for file in fs::read_dir(&tools.models).expect("models") {
        let file = file.expect("models").path();
        symlink(&file, models.join(file.file_name().expect("a name"))).expect("a link");
    }
    let settings = settings(folder.path(), &models);
    start(folder.path(), &settings).expect("a daemon that starts with the right files");

    let model = fs::read_dir(&models)
        .expect("models")
        .map(|file| file.expect("models").path())
        .find(|file| {
            file.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("yunet"))
        })
        .expect("a detector");
    let mut bytes = fs::read(&model).expect("a model");
    bytes[1_000] ^= 1;
    fs::remove_file(&model).expect("a link");
    fs::write(&model, bytes).expect("a changed model");
    let problem = start(folder.path(), &settings).expect_err("a model that nobody calibrated");
    let problem = format!("{problem:#}");
    let manifest = fs::read_to_string(MANIFEST).expect("the manifest");
    let (found, expected) = problem
        .split_once(" has SHA-256 ")
        .and_then(|(_, hashes)| hashes.split_once(", expected "))
        .unwrap_or_else(|| panic!("{problem}"));
    assert!(problem.contains(&model.display().to_string()), "{problem}");
    assert!(manifest.contains(expected), "{problem}");
    assert!(found.len() == 64 && !manifest.contains(found), "{problem}");
}

#[test]
fn an_unknown_key_in_the_settings_stops_the_start_and_is_named_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(folder.path(), Path::new("/none")) + "limits.oficer = \"1 s\"\n";
    let line = format!("line {}", settings.lines().count());
    let problem = start(folder.path(), &settings).expect_err("a key that means nothing");
    let problem = format!("{problem:#}");
    for word in [
        "/gate.toml",
        &line,
        "unknown field `oficer`",
        "expected one of",
        "`officer`",
    ] {
        assert!(problem.contains(word), "{word}: {problem}");
    }
}

#[test]
fn missing_damaged_or_readable_keys_of_the_controller_stop_the_start_and_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(folder.path(), Path::new("/none"));
    let keys = folder.path().join("controller.keys");
    let problem = || {
        let problem = start(folder.path(), &settings).expect_err("keys that are no use");
        format!("{problem:#}")
    };
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).expect("a file");
    for (case, word) in [
        ("readable", "mode 644, 600 expected"),
        ("damaged", "own, controller and shared expected"),
        ("missing", "No such file"),
    ] {
        let problem = problem();
        assert!(problem.contains("/controller.keys"), "{case}: {problem}");
        assert!(problem.contains(word), "{case}: {problem}");
        match case {
            "readable" => {
                fs::write(&keys, "own = 1\n").expect("a file");
                fs::set_permissions(&keys, fs::Permissions::from_mode(0o600)).expect("a file");
            }
            _ => drop(fs::remove_file(&keys)),
        }
    }
}
