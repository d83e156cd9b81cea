//! The bench rig: real devices beside simulated ones. What is real here is a pseudo-terminal with
//! another process at its far end, which is this one.
//!
//! Needs `GATE_MODELS`, what a PC/SC daemon of our own needs, and the daemon beside `hil`; without them
//! the tests that play scenarios say so and pass.

use gate_protocol::pins::Bits;
use gate_sim::controller::Controller;
use gate_sim::io_board::IoBoard;
use gate_sim::reader::{Reader, ReaderFault, SerialLine};
use gate_sim::tools::passed_over;
use gate_sim::world::Placement;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What a reader takes to recognise a zone.
const RECOGNISED: Duration = Duration::from_millis(300);
const IN_ORDER: &str = "title = \"in order\"\n[[step]]\ncomes = \"practised\"\n[[step]]\nexpect = \"cleared\"\nwithin = \"60 s\"\n[[step]]\nleaves = \"through-exit\"\n";

/// A bench in a folder.
struct Bench {
    folder: TempDir,
}

/// What a bench has said.
struct Said {
    code: Option<i32>,
    text: String,
}

impl Bench {
    fn with(station: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("in-order.toml"), IN_ORDER).expect("a file");
        let bench = Self { folder };
        fs::write(bench.path("station.toml"), bench.filled(station)).expect("a file");
        bench
    }

    /// `FOLDER/` stands for the bench's folder.
    fn filled(&self, station: &str) -> String {
        let folder = format!("{}/", self.folder.path().display());
        station.replace("FOLDER/", &folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Plays the scenario; `helps` hears each line and may press Enter.
    fn play(&self, models: &Path, mut helps: impl FnMut(&str, &mut ChildStdin)) -> Said {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut child = Command::new(env!("CARGO_BIN_EXE_hil"))
            .current_dir(self.folder.path())
            .args(["run", "in-order.toml", "--trace", "--rig", "bench"])
            .args(["--station", "station.toml", "--html", "page.html"])
            .args([
                "--manifest".as_ref(),
                root.join("models/manifest.toml").as_os_str(),
            ])
            .args(["--models".as_ref(), models.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hil runs");
        let mut keys = child.stdin.take().expect("piped");
        let mut text = String::new();
        for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
            let line = line.expect("text");
            helps(&line, &mut keys);
            text += &line;
            text.push('\n');
        }
        let mut more = child.stderr.take().expect("piped");
        more.read_to_string(&mut text).expect("text");
        let code = child.wait().expect("an end").code();
        Said { code, text }
    }
}

/// The models, where whole lanes can be played.
fn models() -> Option<PathBuf> {
    let daemon = Path::new(env!("CARGO_BIN_EXE_hil")).with_file_name("gate-host");
    let models = std::env::var_os("GATE_MODELS").map(PathBuf::from);
    if models.is_none() || !daemon.exists() {
        passed_over("GATE_MODELS is not set, or there is no gate-host beside hil");
        return None;
    }
    models
}

const ONE_REAL: &str = "station = \"workshop 2\"\npatience = \"40 s\"\n\n[mrz-reader]\nis = \"real\"\nserial = \"E-100-231\"\nport = \"FOLDER/reader\"\n";

/// A technician with a reader of printed zones, and documents.
struct Technician<'a> {
    reader: &'a Reader,
    /// Lines of the document that is being asked for.
    zone: Option<Vec<String>>,
}

impl Technician<'_> {
    fn hear(&mut self, line: &str, keys: &mut ChildStdin) {
        if line.contains("present this document") {
            self.zone = Some(Vec::new());
        } else if line.contains("take the document away") {
            self.reader.lift();
            writeln!(keys).expect("somebody listens");
        } else if line.contains("press Enter") {
            if let Some(zone) = self.zone.take() {
                let zone = zone.join("\n");
                self.reader.place(&zone, Placement::Right, RECOGNISED);
            }
        } else if let Some(zone) = &mut self.zone {
            zone.push(line.trim().to_owned());
        }
    }
}

#[test]
fn one_real_reader_is_tested_with_everything_else_simulated() {
    let Some(models) = models() else { return };
    let bench = Bench::with(ONE_REAL);
    let runtime = Runtime::new().expect("threads");
    let _inside = runtime.enter();
    let reader = Reader::plug(&bench.path("reader"), 9_600).expect("a line");
    let mut technician = Technician {
        reader: &reader,
        zone: None,
    };
    let said = bench.play(&models, |line, keys| technician.hear(line, keys));
    assert_eq!(said.code, Some(0), "{}", said.text);
    let page = fs::read_to_string(bench.path("page.html")).expect("a page");
    assert!(page.contains("E-100-231"));
}

#[test]
fn a_reader_that_answers_nonsense_is_the_benchs_fault() {
    let Some(models) = models() else { return };
    let bench = Bench::with(&ONE_REAL.replace("40 s", "8 s"));
    let runtime = Runtime::new().expect("threads");
    let _inside = runtime.enter();
    let reader = Reader::plug(&bench.path("reader"), 9_600).expect("a line");
    reader.fault(ReaderFault::Garbage);
    let mut technician = Technician {
        reader: &reader,
        zone: None,
    };
    let said = bench.play(&models, |line, keys| technician.hear(line, keys));
    assert_eq!(said.code, Some(2), "{}", said.text);
    assert!(
        said.text.contains("no frame of rte-native"),
        "{}",
        said.text
    );
    assert!(!said.text.contains("gate at fault"), "{}", said.text);
}

#[test]
fn nobody_who_helps_is_the_benchs_fault() {
    let Some(models) = models() else { return };
    let bench = Bench::with(&ONE_REAL.replace("40 s", "2 s"));
    let _line = SerialLine::plug(&bench.path("reader")).expect("a line");
    let said = bench.play(&models, |_, _| {});
    assert_eq!(said.code, Some(2), "{}", said.text);
    assert!(
        said.text.contains("nobody did it within 2s"),
        "{}",
        said.text
    );
}

#[test]
fn a_port_that_is_missing_is_named_with_file_line_and_key() {
    let Some(models) = models() else { return };
    let bench = Bench::with(ONE_REAL);
    let said = bench.play(&models, |_, _| {});
    assert_eq!(said.code, Some(2), "{}", said.text);
    for part in ["station.toml: line 4: mrz-reader: `port`", "/reader"] {
        assert!(said.text.contains(part), "{part}\n{}", said.text);
    }
}

const REAL_CONTROLLER: &str = "[controller]\nis = \"real\"\nport = \"FOLDER/controller\"\nkeys = \"FOLDER/keys\"\nweak-entropy = true\nsite = { shape = \"two-doors\", exit_lock = \"fail-safe\" }\n\n[io-board]\nport = \"FOLDER/io\"\nserial = \"IO-7\"\n";

/// Writes the keys with which simulated controllers come paired.
fn write_keys(file: &Path) {
    use gate_sim::emulator::{TEST_SERIAL, test_page};
    let keys = gate_sim::keys::of_host(&test_page(TEST_SERIAL));
    let keys = gate_host::keys::HostKeys {
        own: keys.own,
        pairing: keys.pairing,
    };
    keys.write(file, true).expect("a file");
}

#[test]
fn an_io_board_moves_a_real_controllers_terminals() {
    let Some(models) = models() else { return };
    let bench = Bench::with(REAL_CONTROLLER);
    write_keys(&bench.path("keys"));
    let controller = Controller::plug(&bench.path("controller"), Bits(0), 1).expect("a line");
    let controller = Arc::new(controller);
    let board = IoBoard::plug(&bench.path("io"), "IO-7", Arc::clone(&controller));
    let _board = board.expect("a line");
    let said = bench.play(&models, |_, _| {});
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert_eq!(controller.violations(), []);
}

#[test]
fn an_io_board_that_answers_nonsense_is_the_benchs_fault() {
    let Some(models) = models() else { return };
    let bench = Bench::with(REAL_CONTROLLER);
    write_keys(&bench.path("keys"));
    let _controller = Controller::plug(&bench.path("controller"), Bits(0), 1).expect("a line");
    let line = SerialLine::plug(&bench.path("io")).expect("a line");
    let over = Arc::new(AtomicBool::new(false));
    let modem = std::thread::spawn({
        let over = Arc::clone(&over);
        move || {
            while !over.load(Ordering::Relaxed) {
                if !line.receive().is_empty() {
                    line.send(b"ERROR\r\n");
                }
                std::thread::park_timeout(Duration::from_millis(5));
            }
        }
    });
    let said = bench.play(&models, |_, _| {});
    over.store(true, Ordering::Relaxed);
    modem.join().expect("it ended");
    assert_eq!(said.code, Some(2), "{}", said.text);
    for part in ["io-board at", "found \"ERROR\""] {
        assert!(said.text.contains(part), "{part}\n{}", said.text);
    }
}

#[test]
fn a_station_that_asks_the_impossible_is_refused_with_its_line() {
    let hil = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
        let output = command.current_dir(folder).args(arguments).output();
        let output = output.expect("hil runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    };
    for (station, rig, expected) in [
        (
            "[mrz-reader]\nis = \"real\"\n",
            "bench",
            "line 1: mrz-reader: `port`",
        ),
        ("[scanner]\n", "bench", "unknown field `scanner`"),
        (ONE_REAL, "daemon", "only --rig bench"),
        (ONE_REAL, "pure", "only --rig bench"),
    ] {
        let bench = Bench::with(station);
        let run = [
            "run",
            "in-order.toml",
            "--station",
            "station.toml",
            "--rig",
            rig,
        ];
        let (code, said) = hil(bench.folder.path(), &run);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let bench = Bench::with("");
    let (code, said) = hil(
        bench.folder.path(),
        &["run", "in-order.toml", "--rig", "bench"],
    );
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("expected --station"), "{said}");
}
