//! `hil replay`: one side of a recording, played to a real other side.
//!
//! A reader's line is played as it was: the daemon reads the same zones again. A controller's line
//! is sealed under keys of its session, which no other session takes: what is replayed there shows
//! that the other side refuses it, and how its line behaves.

use super::Line;
use super::record::open;
use super::terminal::Terminal;
use crate::ending::Stopped;
use crate::stop::Signals;
use anyhow::{Context, anyhow, bail, ensure};
use gate_sim::recording::{Chunk, Reader, Side};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};
use tokio_serial::SerialStream;

/// What to play, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The recording, as `hil record` writes it.
    file: PathBuf,
    /// Which side is played: that of the controller, of the host, or of the reader.
    #[arg(long, value_name = "SIDE")]
    r#as: Role,
    /// A serial line with the other side at its far end.
    #[arg(long, required_unless_present = "offer", conflicts_with = "offer")]
    port: Option<PathBuf>,
    /// Bits per second on that line; without this those of the recording.
    #[arg(long, requires = "port")]
    baud: Option<u32>,
    /// Offer a line under this name instead, which the other side opens.
    #[arg(long, value_name = "NAME")]
    offer: Option<PathBuf>,
    /// How many times as fast as it was recorded: 0.1 to 1000.
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// If the recording begins with the other side, wait so many seconds for it.
    #[arg(long, default_value_t = 60)]
    within: u64,
}

/// A side of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    Controller,
    Host,
    Reader,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "a number expected".to_owned())?;
    if (0.1..=1_000.0).contains(&speed) {
        Ok(speed)
    } else {
        Err("0.1 to 1000 expected".to_owned())
    }
}

/// So long the other side has for the last bytes before the line is gone.
const LINGER: Duration = Duration::from_millis(300);
/// So long bytes wait for room on an offered line before they are lost.
const ROOM: Duration = Duration::from_secs(1);
/// So often it is looked whether there is room.
const LOOK: Duration = Duration::from_millis(5);

/// Plays the recording.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(replay(options))
}

async fn replay(options: &Options) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let name = || options.file.display().to_string();
    let file = File::open(&options.file).with_context(name)?;
    let mut recording = Reader::open(BufReader::new(file)).with_context(name)?;
    let line: Line = recording
        .header()
        .line
        .parse()
        .map_err(|problem| anyhow!("{}: line 1: `line`: {problem}", name()))?;
    let side = side(options.r#as, line)?;
    let far = match (&options.port, &options.offer) {
        (Some(port), _) => {
            let baud = options.baud.unwrap_or(recording.header().baud);
            Far::Port(Box::new(open(port, baud)?))
        }
        (None, Some(name)) => Far::Offered(Terminal::offer(name)?),
        (None, None) => bail!("--port or --offer expected"),
    };
    let mut player = Player::new(far, options.speed)?;
    let mut first = true;
    while let Some(chunk) = recording.chunk().with_context(name)? {
        let played = async {
            if std::mem::take(&mut first) {
                let within = Duration::from_secs(options.within);
                player.begin(chunk.at, chunk.from != side, within).await?;
            }
            if chunk.from == side {
                player.play(&chunk).await?;
            } else {
                player.expected += chunk.bytes.len() as u64;
            }
            anyhow::Ok(())
        };
        tokio::select! {
            played = played => played?,
            () = signals.next() => return Err(Stopped.into()),
        }
    }
    player.listen_until(Instant::now() + LINGER).await?;
    player.wait_for_reader().await?;
    player.bar.finish_and_clear();
    say!("{}", player.words());
    if recording.is_torn() {
        say!("the file breaks off in its last line, which was left out");
    }
    ensure!(
        player.lost == 0,
        "{} of {} bytes found no reader: nobody has the other side open, or not all the time",
        player.lost,
        player.sent
    );
    Ok(())
}

/// Which side of `line` is played.
fn side(role: Role, line: Line) -> anyhow::Result<Side> {
    match (role, line) {
        (Role::Host, _) => Ok(Side::Host),
        (Role::Controller, Line::Controller | Line::Unknown)
        | (Role::Reader, Line::Reader(_) | Line::Unknown) => Ok(Side::Device),
        (Role::Controller, Line::Reader(_)) => {
            bail!("this is the recording of a reader's line ({line}): --as reader or host expected")
        }
        (Role::Reader, Line::Controller) => {
            bail!("this is the recording of a controller's line: --as controller or host expected")
        }
    }
}

/// The way to the other side.
enum Far {
    Port(Box<SerialStream>),
    Offered(Terminal),
}

struct Player {
    far: Far,
    speed: f64,
    /// When the recording's time zero was, or would have been.
    zero: Instant,
    /// When the played stretch begins, in the recording's time.
    offset: gate_protocol::Instant,
    sent: u64,
    lost: u64,
    heard: u64,
    expected: u64,
    bar: ProgressBar,
}

impl Player {
    fn new(far: Far, speed: f64) -> anyhow::Result<Self> {
        let style = ProgressStyle::with_template("{elapsed} played: {msg}")?;
        Ok(Self {
            far,
            speed,
            zero: Instant::now(),
            offset: gate_protocol::Instant::ZERO,
            sent: 0,
            lost: 0,
            heard: 0,
            expected: 0,
            bar: ProgressBar::new_spinner().with_style(style),
        })
    }

    /// Time begins: now, or with the other side's first byte.
    async fn begin(
        &mut self,
        offset: gate_protocol::Instant,
        waits: bool,
        within: Duration,
    ) -> anyhow::Result<()> {
        if waits {
            self.bar.set_message("waiting for the other side");
            let until = Instant::now() + within;
            while self.heard == 0 {
                ensure!(
                    Instant::now() < until,
                    "the other side has said nothing in {within:?}"
                );
                self.listen_until((Instant::now() + LOOK).min(until))
                    .await?;
            }
        }
        self.zero = Instant::now();
        self.offset = offset;
        Ok(())
    }

    /// Sends a stretch when its time has come.
    async fn play(&mut self, chunk: &Chunk) -> anyhow::Result<()> {
        let wait = chunk.at.since(self.offset).div_f64(self.speed);
        self.listen_until(self.zero + wait).await?;
        match &mut self.far {
            Far::Port(port) => port.write_all(&chunk.bytes).await?,
            Far::Offered(_) => self.offer(&chunk.bytes).await?,
        }
        self.sent += chunk.bytes.len() as u64;
        self.bar.set_message(self.words());
        Ok(())
    }

    /// An offered line takes as many bytes as somebody reads.
    async fn offer(&mut self, mut bytes: &[u8]) -> anyhow::Result<()> {
        let until = Instant::now() + ROOM;
        loop {
            if let Far::Offered(line) = &self.far {
                bytes = bytes.get(line.send(bytes)..).unwrap_or_default();
            }
            if bytes.is_empty() {
                return Ok(());
            }
            if Instant::now() >= until {
                self.lost += bytes.len() as u64;
                return Ok(());
            }
            self.listen_until(Instant::now() + LOOK).await?;
        }
    }

    /// What lies on an offered line at the end, and is not read soon, nobody is going to read: it has
    /// found room and no reader.
    async fn wait_for_reader(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + ROOM;
        loop {
            let unread = match &self.far {
                Far::Offered(line) => line.unread(),
                Far::Port(_) => 0,
            };
            if unread == 0 || Instant::now() >= until {
                self.lost += unread;
                return Ok(());
            }
            self.listen_until(Instant::now() + LOOK).await?;
        }
    }

    /// Hears the other side until then.
    async fn listen_until(&mut self, until: Instant) -> anyhow::Result<()> {
        let mut bytes = [0; 1_024];
        loop {
            let read = async {
                match &mut self.far {
                    Far::Port(port) => port.read(&mut bytes).await,
                    Far::Offered(line) => line.read(&mut bytes).await,
                }
            };
            tokio::select! {
                biased; // who never stops talking must not stop us
                () = sleep_until(until) => return Ok(()),
                count = read => match count {
                    Ok(0) => bail!("the line has ended"),
                    Ok(count) => self.heard += count as u64,
                    Err(problem) => return Err(anyhow!(problem).context("the line is gone")),
                },
            }
        }
    }

    fn words(&self) -> String {
        format!(
            "{} bytes sent; {} heard, {} were recorded so far",
            self.sent, self.heard, self.expected
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_host::ports::reader::Profile;

    #[test]
    fn a_side_is_played_only_on_a_line_that_has_it() {
        let reader = Line::Reader(Profile::Desko);
        for (role, line, expected) in [
            (Role::Host, Line::Controller, Some(Side::Host)),
            (Role::Host, reader, Some(Side::Host)),
            (Role::Controller, Line::Controller, Some(Side::Device)),
            (Role::Reader, reader, Some(Side::Device)),
            (Role::Reader, Line::Unknown, Some(Side::Device)),
            (Role::Reader, Line::Controller, None),
            (Role::Controller, reader, None),
        ] {
            assert_eq!(side(role, line).ok(), expected, "{role:?} {line}");
        }
    }

    #[test]
    fn a_speed_is_a_sensible_number() {
        assert_eq!(speed("10"), Ok(10.0));
        for text in ["0", "-1", "NaN", "inf", "fast", "1e9"] {
            assert!(speed(text).is_err(), "{text}");
        }
    }
}
