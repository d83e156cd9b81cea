//! An imager of barcodes on a pseudo-terminal: it sends what it sees, framed by its length.

use crate::reader::SerialLine;
use crate::stream::{Stream, StreamFault};
use gate_document::seal::imager::Symbology;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::sleep;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// One byte in so many is hurt while the line is bad.
const HURT_ONE_IN: u32 = 60;
/// Decides which.
const LINE_SEED: u64 = 7;

/// How a gate's settings describe this imager (`imager.frame`).
pub const FRAME: &str =
    r#"{ prefix = "\u0002", suffix = "\u0003", end = "length", aim = true, coding = "raw" }"#;

/// A simulated imager. It lives until it is dropped.
#[derive(Debug)]
pub struct Imager {
    name: PathBuf,
    line: Option<Arc<SerialLine>>,
    stream: Stream,
}

impl Imager {
    /// Plugs an imager in under `name`.
    ///
    /// # Errors
    ///
    /// What the system says when there is no pseudo-terminal or the link cannot be made.
    pub fn plug(name: &Path) -> io::Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            line: Some(Arc::new(SerialLine::plug(name)?)),
            stream: Stream::new(LINE_SEED, HURT_ONE_IN),
        })
    }

    /// Somebody holds this barcode before it. Needs a tokio runtime while its line is bad.
    pub fn show(&mut self, symbology: Symbology, bytes: &[u8]) {
        let Some(line) = &self.line else { return };
        let pieces = self.stream.carry(&frame(symbology, bytes));
        if let [whole] = pieces.as_slice() {
            line.send(&whole.bytes);
            return;
        }
        // Who pulls the plug meanwhile ends it.
        let line = Arc::downgrade(line);
        tokio::spawn(async move {
            for piece in pieces {
                sleep(piece.after).await;
                let Some(line) = line.upgrade() else { return };
                line.send(&piece.bytes);
            }
        });
    }

    /// A fault of its line begins or ends.
    pub fn stream(&mut self, fault: StreamFault, begins: bool) {
        self.stream.suffer(fault, begins);
    }

    /// The cable is pulled.
    pub fn unplug(&mut self) {
        self.line = None;
    }

    /// The cable is plugged in again.
    ///
    /// # Errors
    ///
    /// As [`Imager::plug`].
    pub fn plug_again(&mut self) -> io::Result<()> {
        self.line = Some(Arc::new(SerialLine::plug(&self.name)?));
        Ok(())
    }
}

/// AIM identifier and data between STX with length and ETX.
fn frame(symbology: Symbology, bytes: &[u8]) -> Vec<u8> {
    let aim: &[u8] = match symbology {
        Symbology::DataMatrix => b"]d1",
        Symbology::Qr => b"]Q1",
        Symbology::Aztec => b"]z0",
        Symbology::Pdf417 => b"]L0",
    };
    let length = u16::try_from(aim.len() + bytes.len()).unwrap_or(u16::MAX);
    [&[STX], &length.to_be_bytes()[..], aim, bytes, &[ETX]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_document::seal::imager::{Frames, Heard, ImagerSettings};

    #[test]
    fn the_gates_frame_machine_understands_every_barcode() {
        let settings: ImagerSettings = toml::from_str(&format!("it = {FRAME}"))
            .map(|table: std::collections::BTreeMap<String, ImagerSettings>| table["it"].clone())
            .unwrap();
        let bytes: Vec<u8> = (0..=255).collect();
        for symbology in Symbology::ALL {
            let mut frames = Frames::new(settings.clone()).unwrap();
            let mut heard = Vec::new();
            frames.receive(&frame(symbology, &bytes), |one| heard.push(one));
            let code = heard.iter().find_map(|one| match one {
                Heard::Code(code) => Some(code),
                _ => None,
            });
            let code = code.unwrap_or_else(|| panic!("{symbology}: {heard:?}"));
            assert_eq!(code.symbology, Some(symbology));
            assert_eq!(*code.bytes.expose(), bytes);
        }
    }
}
