//! The bench's end of an I/O board's line ([`gate_sim::io_board`]).

use crate::station::Port;
use anyhow::{Context, bail, ensure};
use gate_protocol::pins::Bits;
use gate_sim::io_board::{Answer, Lines, Order, SILENT, VERSION};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};
use tokio_serial::SerialStream;

/// So often the board is told what it knows, so that it does not let go.
const AGAIN: Duration = Duration::from_millis(200);

/// An I/O board. Its line is closed when this is dropped, and then it lets every input go.
#[derive(Debug)]
pub(crate) struct Io {
    orders: mpsc::UnboundedSender<Order>,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    outputs: Bits,
    trouble: Option<String>,
}

impl Io {
    /// Opens the line and greets the board.
    ///
    /// # Errors
    ///
    /// No such port, no answer, or nonsense.
    pub(crate) async fn open(port: &Port, inputs: Bits) -> anyhow::Result<Self> {
        let mut line = port.open()?;
        let mut heard = Heard::default();
        let greeted = greet(&mut line, &mut heard);
        let outputs = match timeout(SILENT, greeted).await {
            Ok(outputs) => outputs.with_context(|| port.name())?,
            Err(_) => bail!("{}: no answer to \"hello\" within {SILENT:?}", port.name()),
        };
        let seen = Arc::new(Mutex::new(Seen {
            outputs,
            trouble: None,
        }));
        let (orders, queue) = mpsc::unbounded_channel();
        let task = {
            let (seen, name) = (Arc::clone(&seen), port.name());
            async move {
                let ended = talk(line, heard, queue, inputs, &seen).await;
                lock(&seen).trouble = ended.err().map(|why| format!("{name}: {why:#}"));
            }
        };
        Ok(Self {
            orders,
            seen,
            task: tokio::spawn(task),
        })
    }

    /// Does something; what comes of it is seen in [`Self::trouble`].
    pub(crate) fn order(&self, order: Order) {
        // Who does not listen any more has said why.
        let _ = self.orders.send(order);
    }

    /// The controller's outputs.
    pub(crate) fn outputs(&self) -> Bits {
        lock(&self.seen).outputs
    }

    /// Why the board cannot be used any more.
    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.seen).trouble.clone()
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What has been heard and not been looked at.
#[derive(Debug, Default)]
struct Heard {
    lines: Lines,
    answers: VecDeque<Answer>,
}

impl Heard {
    fn take(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        for line in self.lines.take(bytes) {
            let answer = line.parse().with_context(|| {
                let found = line.escape_debug();
                format!("expected a line like \"outputs 02f001\", found \"{found}\"")
            })?;
            self.answers.push_back(answer);
        }
        Ok(())
    }

    async fn next(&mut self, line: &mut SerialStream) -> anyhow::Result<Answer> {
        let mut bytes = [0; 256];
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return Ok(answer);
            }
            let count = line.read(&mut bytes).await?;
            ensure!(count > 0, "the line has ended");
            self.take(&bytes[..count])?;
        }
    }
}

/// The board says who it is and what it sees.
async fn greet(line: &mut SerialStream, heard: &mut Heard) -> anyhow::Result<Bits> {
    say(line, Order::Hello).await?;
    loop {
        match heard.next(line).await? {
            Answer::Hello(VERSION, _) => break,
            Answer::Hello(version, _) => {
                bail!("it speaks version {version} of its protocol, {VERSION} expected")
            }
            _ => {} // what it saw before it was asked
        }
    }
    say(line, Order::Outputs).await?;
    loop {
        if let Answer::Outputs(outputs) = heard.next(line).await? {
            return Ok(outputs);
        }
    }
}

async fn say(line: &mut SerialStream, order: Order) -> anyhow::Result<()> {
    Ok(line.write_all(format!("{order}\n").as_bytes()).await?)
}

/// Until the bench has no more to say, or the board cannot be used.
async fn talk(
    mut line: SerialStream,
    mut heard: Heard,
    mut orders: mpsc::UnboundedReceiver<Order>,
    mut inputs: Bits,
    seen: &Mutex<Seen>,
) -> anyhow::Result<()> {
    let mut again = interval(AGAIN);
    let mut spoke = Instant::now();
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { return Ok(()) };
                if let Order::Inputs(levels) = order {
                    inputs = levels;
                }
                say(&mut line, order).await?;
            }
            _ = again.tick() => {
                ensure!(spoke.elapsed() < SILENT, "no answer within {SILENT:?}");
                say(&mut line, Order::Inputs(inputs)).await?;
            }
            answer = heard.next(&mut line) => {
                spoke = Instant::now();
                match answer? {
                    Answer::Outputs(outputs) => lock(seen).outputs = outputs,
                    Answer::Refused(why) => bail!("refused: {}", why.escape_debug()),
                    Answer::Hello(..) | Answer::Done(_) => {}
                }
            }
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    // Nobody panics while holding it.
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
