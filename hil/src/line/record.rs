//! `hil record`: a tap between a daemon and a device.
//!
//! The real line is opened here, and a pseudo-terminal is offered to the daemon in its place. Bytes
//! pass both ways as they come; each stretch is written down with the time at which it came. If
//! writing fails, bytes go on passing: a full disk must not close a lane.

use super::Line;
use super::terminal::{Terminal, now_after};
use crate::stop::Signals;
use anyhow::{Context, anyhow, ensure};
use gate_sim::recording::{CHUNK_MAX, Header, Side, Writer};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// Longer than a slow line needs for the longest stretch.
const STUFFED: Duration = Duration::from_secs(10);

/// What to record.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The device's serial line.
    #[arg(long)]
    port: PathBuf,
    /// Bits per second on that line; without this 115,200 for a controller and 9,600 for all else.
    #[arg(long)]
    baud: Option<u32>,
    /// Who is at its far end: controller, unknown, or a reader's profile as in the settings.
    #[arg(long, value_name = "WHO")]
    line: Line,
    /// The recording; a file that exists is not overwritten. Only its owner may read it.
    #[arg(long)]
    out: PathBuf,
    /// Where the daemon finds the line meanwhile; without this beside the recording, ending in tty.
    #[arg(long, value_name = "NAME")]
    offer: Option<PathBuf>,
    /// End by itself after so many seconds; without this Ctrl-C ends it.
    #[arg(long)]
    seconds: Option<u64>,
}

/// Records until somebody stops it, the time is over, or the line is gone.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(record(options))
}

impl Line {
    /// The usual speed of such a line.
    pub(super) const fn baud(self) -> u32 {
        match self {
            Self::Controller => 115_200,
            Self::Reader(_) | Self::Unknown => 9_600,
        }
    }
}

async fn record(options: &Options) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let baud = options.baud.unwrap_or(options.line.baud());
    let offer = options
        .offer
        .clone()
        .unwrap_or_else(|| options.out.with_extension("tty"));
    ensure!(
        offer != options.out,
        "{}: the offered line needs another name than the recording",
        offer.display()
    );
    let mut device = open(&options.port, baud)?;
    let header = Header {
        port: options.port.display().to_string(),
        baud,
        line: options.line.to_string(),
        began: jiff::Timestamp::now().to_string(),
    };
    let writer = create(&options.out)
        .and_then(|file| Ok(Writer::begin(file, &header)?))
        .with_context(|| options.out.display().to_string())?;
    let host = Terminal::offer(&offer)?;
    say!(
        "Recording {} at {baud} baud into {}. The daemon finds the line at {}.",
        options.port.display(),
        options.out.display(),
        offer.display()
    );
    if options.line != Line::Controller {
        say!("The recording holds what travellers' documents say: delete it when you are done.");
    }
    let end = options
        .seconds
        .map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut tap = Tap::new(writer, options.line)?;
    let gone = loop {
        let mut from_host = [0; CHUNK_MAX];
        let mut from_device = [0; CHUNK_MAX];
        tokio::select! {
            () = signals.next() => break None,
            () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => break None,
            count = host.read(&mut from_host) => {
                let bytes = &from_host[..count.context("the offered line")?];
                tap.passed(Side::Host, bytes);
                match timeout(STUFFED, device.write_all(bytes)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(problem)) => break Some(problem.to_string()),
                    Err(_) => break Some("it takes no bytes".to_owned()),
                }
            }
            count = device.read(&mut from_device) => match count {
                Ok(0) => break Some("it has ended".to_owned()),
                Ok(count) => {
                    tap.passed(Side::Device, &from_device[..count]);
                    // With nobody to read them the line's buffer is full, as on a real line.
                    host.send(&from_device[..count]);
                }
                Err(problem) => break Some(problem.to_string()),
            },
        }
    };
    tap.bar.finish_and_clear();
    say!("{}", tap.words());
    if let Some(problem) = tap.problem {
        return Err(anyhow!(problem).context(format!("{}: not complete", options.out.display())));
    }
    match gone {
        None => Ok(()),
        Some(problem) => Err(anyhow!(
            "{}: the line is gone: {problem}",
            options.port.display()
        )),
    }
}

/// Opens a real line.
pub(super) fn open(port: &Path, baud: u32) -> anyhow::Result<SerialStream> {
    tokio_serial::new(port.to_string_lossy(), baud)
        .open_native_async()
        .with_context(|| format!("{}: the serial line cannot be opened", port.display()))
}

/// A new file that nobody else may read: a reader's line is personal.
fn create(path: &Path) -> anyhow::Result<File> {
    Ok(OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?)
}

struct Tap {
    writer: Writer<File>,
    line: Line,
    began: Instant,
    bytes: [u64; 2],
    /// Why nothing more is written.
    problem: Option<std::io::Error>,
    bar: ProgressBar,
}

impl Tap {
    fn new(writer: Writer<File>, line: Line) -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template("{elapsed} recorded: {msg}")?;
        Ok(Self {
            writer,
            line,
            began: Instant::now(),
            bytes: [0; 2],
            problem: None,
            bar: ProgressBar::new_spinner().with_style(style),
        })
    }

    fn passed(&mut self, from: Side, bytes: &[u8]) {
        self.bytes[usize::from(from == Side::Device)] += bytes.len() as u64;
        self.bar.set_message(self.words());
        if self.problem.is_none()
            && let Err(problem) = self.writer.add(now_after(self.began), from, bytes)
        {
            complain!("the recording ends here, the line does not: {problem}");
            self.problem = Some(problem);
        }
    }

    fn words(&self) -> String {
        let [host, device] = self.bytes;
        let name = self.line.device();
        format!("{host} bytes from the host, {device} from the {name}")
    }
}
