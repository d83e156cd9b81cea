//! QEMU's control socket: stop, reset, torn wires.

use super::error::EmulatorError;
use super::{now, rest};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

const ANSWER_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) struct Qmp {
    talk: Mutex<Talk>,
    seen: Arc<Seen>,
}

/// What QEMU reported by itself.
#[derive(Debug, Default)]
struct Seen {
    resets: AtomicU64,
    firmware_wants_reset: AtomicBool,
}

#[derive(Debug)]
struct Talk {
    socket: UnixStream,
    answers: Receiver<Value>,
}

impl Qmp {
    pub(super) fn over(socket: UnixStream) -> Result<Self, EmulatorError> {
        let reader = socket
            .try_clone()
            .map_err(EmulatorError::io("share QEMU's control socket"))?;
        let (answer, answers) = channel();
        let seen = Arc::new(Seen::default());
        let sees = seen.clone();
        thread::spawn(move || {
            for line in BufReader::new(reader).lines() {
                let Ok(line) = line else { break };
                let Ok(message) = serde_json::from_str::<Value>(&line) else {
                    break;
                };
                let event = message.get("event").and_then(Value::as_str);
                let greeting = message.get("QMP").is_some();
                if event == Some("RESET") {
                    sees.resets.fetch_add(1, Ordering::SeqCst);
                } else if event == Some("SHUTDOWN") {
                    sees.firmware_wants_reset.store(true, Ordering::SeqCst);
                } else if event.is_none() && !greeting && answer.send(message).is_err() {
                    break;
                }
            }
        });
        let qmp = Self {
            talk: Mutex::new(Talk { socket, answers }),
            seen,
        };
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Whether the firmware has asked for a reset since this was last asked. QEMU holds it until
    /// [`Qmp::reset`].
    pub(super) fn firmware_wants_reset(&self) -> bool {
        self.seen.firmware_wants_reset.swap(false, Ordering::SeqCst)
    }

    /// How often the board has been reset, from outside or by its firmware.
    pub(super) fn resets(&self) -> u64 {
        self.seen.resets.load(Ordering::SeqCst)
    }

    pub(super) fn stop(&self) -> Result<(), EmulatorError> {
        self.execute("stop", &json!({}))
    }

    /// Resets the board; when this returns it has been reset.
    pub(super) fn reset(&self) -> Result<(), EmulatorError> {
        let before = self.resets();
        self.execute("set-action", &json!({ "reboot": "reset" }))?;
        self.execute("system_reset", &json!({}))?;
        let began = now();
        while self.resets() == before {
            if now().duration_since(began) > ANSWER_WITHIN {
                return Err(EmulatorError::Silent {
                    what: "system_reset".to_owned(),
                    limit: ANSWER_WITHIN,
                });
            }
            rest();
        }
        self.execute("set-action", &json!({ "reboot": "shutdown" }))
    }

    /// Opens the wires to the pins of `mask`; what pulls the pin then decides.
    pub(super) fn disconnect(&self, port: char, mask: u16) -> Result<(), EmulatorError> {
        let path = format!("/machine/soc/gpio{port}");
        self.execute(
            "qom-set",
            &json!({ "path": path, "property": "disconnected-pins", "value": mask }),
        )
    }

    fn execute(&self, command: &'static str, arguments: &Value) -> Result<(), EmulatorError> {
        let line = format!(
            "{}\n",
            json!({ "execute": command, "arguments": arguments })
        );
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        talk.socket
            .write_all(line.as_bytes())
            .map_err(EmulatorError::io("write to QEMU's control socket"))?;
        match talk.answers.recv_timeout(ANSWER_WITHIN) {
            Ok(answer) if answer.get("return").is_some() => Ok(()),
            Ok(answer) => Err(EmulatorError::Refused {
                what: command.to_owned(),
                reply: answer.to_string(),
            }),
            Err(RecvTimeoutError::Timeout) => Err(EmulatorError::Silent {
                what: command.to_owned(),
                limit: ANSWER_WITHIN,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(EmulatorError::Ended {
                said: format!("at {command}"),
            }),
        }
    }
}
