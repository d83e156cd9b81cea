//! Whether the devices of a station are where its file says, before anything begins.

use super::{Camera, ChipReader, Port};
use anyhow::{Context, anyhow, ensure};
use gate_host::clock::Clock;
use gate_host::ports::camera::{self, CameraSettings, CameraUrl};
use gate_host::ports::chip::pcsc::PcscReader;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// A reader that is there is found by then.
const FOUND_WITHIN: Duration = Duration::from_secs(2);
/// A camera that works has sent a picture by then.
const PICTURE_WITHIN: Duration = Duration::from_secs(5);

impl Port {
    /// Opens the line.
    ///
    /// # Errors
    ///
    /// Where the station names it, and what the system says.
    pub(crate) fn open(&self) -> anyhow::Result<SerialStream> {
        let name = self.path.display();
        tokio_serial::new(self.path.to_string_lossy(), self.baud)
            .open_native_async()
            .with_context(|| {
                let (line, device) = (self.line, self.device);
                format!(
                    "line {line}: {device}: `port`: a serial line expected, none found at {name}"
                )
            })
    }

    /// What it is called in a report.
    pub(crate) fn name(&self) -> String {
        format!("{} at {}", self.device, self.path.display())
    }
}

impl ChipReader {
    /// Looks for it among the PC/SC readers.
    pub(crate) async fn look(&self) -> anyhow::Result<()> {
        let mut reader = PcscReader::new(&self.name);
        let found = spawn_blocking(move || reader.watch(FOUND_WITHIN)).await?;
        let (line, name) = (self.line, &self.name);
        found.map(drop).map_err(|problem| {
            anyhow!(problem).context(format!(
                "line {line}: chip-reader: `name`: a PC/SC reader expected whose name has {name:?}"
            ))
        })
    }
}

impl Camera {
    /// Waits for a picture of it.
    pub(crate) async fn look(&self) -> anyhow::Result<()> {
        let place = || format!("line {}: camera: `url`: {}", self.line, self.url);
        let url = CameraUrl::try_from(self.url.clone()).with_context(place)?;
        let camera = camera::Camera::spawn(CameraSettings { url }, Clock::start(), |_| {});
        let frame = spawn_blocking(move || {
            let frame = camera.next(PICTURE_WITHIN)?;
            Some(frame.decode().map(drop))
        });
        match frame.await? {
            None => Err(anyhow!("no picture within {PICTURE_WITHIN:?}")).with_context(place),
            Some(picture) => picture.with_context(|| format!("{}: no picture", place())),
        }
    }

    /// The photograph of whoever stands before it.
    pub(crate) fn portrait(&self) -> anyhow::Result<Option<image::RgbImage>> {
        let Some(file) = &self.portrait else {
            return Ok(None);
        };
        let line = self.line;
        let picture = gate_sim::camera::portrait(file).with_context(|| {
            let file = file.display();
            format!("line {line}: camera: `portrait`: a photograph expected, found {file}")
        })?;
        ensure!(
            picture.width() > 0,
            "line {line}: camera: `portrait`: it is empty"
        );
        Ok(Some(picture))
    }
}
