//! A line between the real driver or a real link and a device: tapped, put into words, played again.
//!
//! The test of the controller's line needs `GATE_QEMU` and `GATE_FIRMWARE` as `gate-sim`'s
//! `emulated_board` does; without them it says so and passes.

use gate_host::keys::HostKeys;
use gate_host::ports::reader::{self, Profile, ReaderEvent, ReaderSettings};
use gate_sim::emulator::{ALL_CALM, Board, Config, TEST_SERIAL, test_page};
use gate_sim::keys;
use gate_sim::reader::SerialLine;
use gate_sim::tools::passed_over;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The specimen of Doc 9303-4.
const ZONE: &str =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\rL898902C36UTO7408122F1204159ZE184226B<<<<<10";

fn hil(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
    command.current_dir(folder).args(arguments);
    command
}

/// A program that works until it is told to stop.
struct Busy {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Busy {
    /// Starts it.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("hil runs");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, output }
    }

    /// Starts it, and waits until it has said that it works.
    fn working(command: Command) -> Self {
        let mut busy = Self::start(command);
        let mut first = String::new();
        busy.output.read_line(&mut first).expect("a line");
        assert!(first.starts_with("Recording"), "{first}");
        busy
    }

    /// Waits for its end, after Ctrl-C if it is `told`; its exit code and what it said.
    fn end(mut self, told: bool) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        if told {
            let asked = Command::new("kill").args(["-INT", &id]).status();
            assert!(asked.is_ok_and(|status| status.success()));
        }
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("text");
        (self.child.wait().expect("an end").code(), rest)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // It has ended long ago unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The daemon's own driver, and the zones that it reads.
struct Driver {
    task: JoinHandle<()>,
    events: mpsc::UnboundedReceiver<ReaderEvent>,
}

impl Driver {
    fn open(device: &Path) -> Self {
        let settings = ReaderSettings {
            device: device.to_owned(),
            baud: 9_600,
            profile: Profile::Elyctis,
        };
        let (sink, events) = mpsc::unbounded_channel();
        let task = tokio::spawn(reader::run(settings, move |event| sink.send(event).is_ok()));
        Self { task, events }
    }

    async fn zone(&mut self) -> String {
        let zone = async {
            while let Some(event) = self.events.recv().await {
                if let ReaderEvent::Zone(zone) = event {
                    return zone.text().to_owned();
                }
            }
            String::new()
        };
        timeout(PATIENCE, zone).await.expect("a zone in time")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What such a reader answers when it is asked.
fn answer() -> Vec<u8> {
    [b"I\x00\x59", ZONE.as_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_readers_line_is_recorded_told_without_names_and_played_again() {
    let folder = TempDir::new().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let device = SerialLine::plug(&at("device")).expect("a line");
    let tap = Busy::working(hil(
        folder.path(),
        &[
            "record", "--port", "device", "--line", "elyctis", "--out", "mrz.rec",
        ],
    ));
    let mut driver = Driver::open(&at("mrz.tty"));
    // The reader answers once it has been asked, and noise comes before.
    let asked = async {
        let mut heard = Vec::new();
        while !heard.ends_with(Profile::Elyctis.inquiry().unwrap_or_default()) {
            heard.extend(device.receive());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("an inquiry in time");
    device.send(b"\x15\x15");
    device.send(&answer());
    assert_eq!(driver.zone().await, ZONE);
    drop(driver);
    let (code, said) = tap.end(true);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("delete it"), "{said}");

    let mode = std::fs::metadata(at("mrz.rec"))
        .expect("a file")
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600, "nobody else may read it");
    let words = |more: &[&str]| {
        let found = hil(folder.path(), &[&["decode", "mrz.rec"], more].concat()).output();
        let found: Output = found.expect("hil runs");
        assert!(found.status.success(), "{found:?}");
        String::from_utf8(found.stdout).expect("text")
    };
    let hidden = words(&[]);
    for told in [
        "elyctis on device at 9600 baud",
        "host       makes it ready for the next document",
        "host       asks what is read",
        "reader     2 bytes outside any frame: 15 15",
        "reader     zone, lines of 44, 44 characters: every check digit is right",
        "--show-personal",
    ] {
        assert!(hidden.contains(told), "{told}\n{hidden}");
    }
    let marked = |line: &&str| line.starts_with('!');
    let bad: Vec<&str> = hidden.lines().filter(marked).collect();
    assert!(
        matches!(bad[..], [line] if line.contains("15 15")),
        "{hidden}"
    );
    assert!(hidden.contains("1 line above tells of something wrong"));
    for more in [&[][..], &["--line", "controller"], &["--line", "lines"]] {
        let hidden = words(more);
        assert!(!hidden.contains("ERIKSSON"), "{hidden}");
        assert!(!hidden.contains("45 52 49 4b"), "{hidden}");
    }
    assert!(words(&["--show-personal"]).contains("ERIKSSON<<ANNA"));

    let again = hil(
        folder.path(),
        &[
            "replay", "mrz.rec", "--as", "reader", "--offer", "again", "--speed", "5",
        ],
    );
    let replay = Busy::start(again);
    let mut driver = Driver::open(&at("again"));
    assert_eq!(driver.zone().await, ZONE, "the driver reads it again");
    let (code, said) = replay.end(false);
    assert_eq!(code, Some(0), "{said}");
    let sent = format!("{} bytes sent", answer().len() + 2);
    assert!(said.contains(&sent), "{said}");

    // Bytes that find room on a line that nobody has open have found no reader.
    let unheard = [
        "replay", "mrz.rec", "--as", "host", "--offer", "nobody", "--speed", "100",
    ];
    let found = hil(folder.path(), &unheard).output().expect("hil runs");
    let said = String::from_utf8_lossy(&found.stderr);
    assert_eq!(found.status.code(), Some(2), "{said}");
    assert!(said.contains("found no reader"), "{said}");
}

#[test]
fn a_recording_is_never_written_over_and_a_line_that_is_not_there_is_the_benchs_fault() {
    let folder = TempDir::new().expect("a folder");
    let _device = SerialLine::plug(&folder.path().join("device")).expect("a line");
    std::fs::write(folder.path().join("old.rec"), "something dear").expect("a file");
    for (port, out, expected) in [
        ("device", "old.rec", "old.rec"),
        (
            "nothing",
            "new.rec",
            "nothing: the serial line cannot be opened",
        ),
        ("device", "new.tty", "another name"),
    ] {
        let arguments = ["record", "--line", "unknown", "--port", port, "--out", out];
        let found = hil(folder.path(), &arguments).output().expect("hil runs");
        let said = String::from_utf8_lossy(&found.stderr);
        assert_eq!(found.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    let kept = std::fs::read_to_string(folder.path().join("old.rec"));
    assert_eq!(kept.expect("a file"), "something dear");
}

/// An emulated board; none if this machine is not set up for it.
fn board(folder: &Path) -> Option<Board> {
    let (Some(qemu), Some(firmware)) = (
        std::env::var_os("GATE_QEMU"),
        std::env::var_os("GATE_FIRMWARE"),
    ) else {
        passed_over("GATE_QEMU and GATE_FIRMWARE are not both set");
        return None;
    };
    let mut config = Config::new(qemu, firmware, folder.join("board"));
    config.data_dir = std::env::var_os("GATE_QEMU_DATA").map(Into::into);
    Some(Board::power_on(&config, ALL_CALM).expect("a board"))
}

#[test]
fn a_controllers_line_is_tapped_unnoticed_and_its_recording_opens_nothing() {
    let folder = TempDir::new().expect("a folder");
    let Some(board) = board(folder.path()) else {
        return;
    };
    let keys = keys::of_host(&test_page(TEST_SERIAL));
    let keys = HostKeys {
        own: keys.own,
        pairing: keys.pairing,
    };
    let key_file = folder.path().join("controller.keys");
    keys.write(&key_file, true).expect("a file");
    let tty = board.tty().display().to_string();
    let tap = hil(
        folder.path(),
        &[
            "record",
            "--line",
            "controller",
            "--port",
            &tty,
            "--out",
            "line.rec",
        ],
    );
    let tap = Busy::working(tap);
    let look = |port: &str| {
        let arguments = [
            "pins",
            "--keys",
            "controller.keys",
            "--weak-entropy",
            "--once",
        ];
        let port = ["--json", "--within", "60", "--port", port];
        let all = [&arguments[..], &port].concat();
        let found = hil(folder.path(), &all).output().expect("hil runs");
        let said = String::from_utf8_lossy(&found.stderr);
        assert!(found.status.success(), "{said}");
        serde_json::from_slice::<serde_json::Value>(&found.stdout).expect("JSON")
    };
    let report = look("line.tty");
    assert_eq!(report["link"]["bad_frames"], 0, "{report}");
    assert_eq!(report["link"]["sessions"], 1);
    let (code, said) = tap.end(true);
    assert_eq!(code, Some(0), "{said}");

    let found = hil(folder.path(), &["decode", "line.rec"]).output();
    let words = String::from_utf8(found.expect("hil runs").stdout).expect("text");
    assert!(words.contains("nothing is wrong with any frame"), "{words}");
    let told = |side: &str, what: &str| {
        let mut lines = words.lines();
        lines.any(|line| line.contains(side) && line.contains(what))
    };
    assert!(told(" host ", "wants a session"), "{words}");
    assert!(told(" controller ", "opens a session"), "{words}");
    assert!(told(" controller ", "sealed v3"), "{words}");
    assert!(
        !words.contains("crc") && !words.contains("missing"),
        "{words}"
    );

    // Played to the board again, the host's side of it opens nothing.
    let replay = [
        "replay", "line.rec", "--as", "host", "--port", &tty, "--speed", "4",
    ];
    let played = hil(folder.path(), &replay).output().expect("hil runs");
    assert!(played.status.success(), "{played:?}");
    let report = look(&tty);
    let log = report["log"].to_string();
    assert_eq!(report["link"]["sessions"], 1, "{report}");
    assert!(!log.contains("permit"), "{log}");
}
