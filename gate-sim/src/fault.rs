//! What goes wrong, by the names that scenarios, reports and technicians use.

use crate::stream::StreamFault;
use serde::{Deserialize, Serialize};

/// A fault. It begins, lasts, and ends.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Somebody presses an emergency stop: both channels open.
    EmergencyStop,
    /// One channel of the emergency stop opens and the other does not: a broken wire.
    EmergencyStopWire,
    /// The fire alarm opens its loop.
    Fire,
    /// Somebody breaks the glass beside the exit.
    BreakGlass,
    /// Mains fail; the battery takes over.
    MainsLost,
    /// The battery is nearly empty.
    BatteryLow,
    /// Somebody opens the cabinet.
    CabinetOpen,
    /// The service key is turned.
    ServiceKey,
    /// A door drive reports that it is not healthy.
    DriveFault,
    /// The wire of the unicity sensor's "nobody and nothing" is broken.
    EmptyWire,
    /// Something lies between the entry's leaves.
    EntryObstructed,
    /// Something lies between the exit's leaves.
    ExitObstructed,
    /// The entry's leaves do not move.
    EntryStuck,
    /// The exit's leaves do not move.
    ExitStuck,
    /// Somebody pushes the entry open against its bolt.
    EntryForced,
    /// Somebody pushes the exit open against its bolt.
    ExitForced,

    /// The controller's line is cut, both ways.
    LineCut,
    /// One frame in twenty has a bit flipped.
    LineNoise,
    /// One frame in three is lost.
    LineLoss,
    /// Every frame arrives twice.
    LineDoubles,

    /// The daemon is killed; it starts anew when the fault ends.
    HostKilled,
    /// The daemon stands still and goes on when the fault ends.
    HostHangs,
    /// The controller has no power; it starts anew when the fault ends.
    ControllerOff,

    /// The document reader is unplugged.
    MrzReaderLost,
    /// The document reader sends garbage in place of a zone.
    MrzReaderGarbage,
    /// The contactless reader is unplugged.
    ChipReaderLost,
    /// Chips do not answer.
    ChipSilent,
    /// Chips take three times their time.
    ChipSlow,
    /// The camera is unplugged.
    CameraLost,
    /// The camera sees nothing.
    CameraDark,
    /// The lists are gone.
    ListsLost,
    /// The lists do not answer.
    ListsSilent,
    /// The journal's disk is full.
    DiskFull,
    /// The journal's disk takes a second and a half for an entry.
    DiskSlow,
    /// The gate does not know what day it is.
    DateUnknown,
    /// The gate's calendar is eleven years ahead.
    ClockJump,
    /// The lane's network is cut: the camera's connection ends, and lists elsewhere do not answer.
    NetworkCut,

    /// The document reader's line loses bytes.
    MrzReaderDrops,
    /// The document reader's line turns bits over.
    MrzReaderFlips,
    /// The document reader's line brings a few bytes at a time.
    MrzReaderSplits,
    /// The document reader's line stands still in the middle of what is said.
    MrzReaderStalls,
    /// The barcode reader's line loses bytes.
    BarcodeDrops,
    /// The barcode reader's line turns bits over.
    BarcodeFlips,
    /// The barcode reader's line brings a few bytes at a time.
    BarcodeSplits,
    /// The barcode reader's line stands still in the middle of what is said.
    BarcodeStalls,
    /// The camera's stream loses bytes.
    CameraDrops,
    /// The camera's stream turns bits over.
    CameraFlips,
    /// The camera's stream brings a few bytes at a time.
    CameraSplits,
    /// The camera's stream stands still in the middle of what is said.
    CameraStalls,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 49] = [
        Self::EmergencyStop,
        Self::EmergencyStopWire,
        Self::Fire,
        Self::BreakGlass,
        Self::MainsLost,
        Self::BatteryLow,
        Self::CabinetOpen,
        Self::ServiceKey,
        Self::DriveFault,
        Self::EmptyWire,
        Self::EntryObstructed,
        Self::ExitObstructed,
        Self::EntryStuck,
        Self::ExitStuck,
        Self::EntryForced,
        Self::ExitForced,
        Self::LineCut,
        Self::LineNoise,
        Self::LineLoss,
        Self::LineDoubles,
        Self::HostKilled,
        Self::HostHangs,
        Self::ControllerOff,
        Self::MrzReaderLost,
        Self::MrzReaderGarbage,
        Self::ChipReaderLost,
        Self::ChipSilent,
        Self::ChipSlow,
        Self::CameraLost,
        Self::CameraDark,
        Self::ListsLost,
        Self::ListsSilent,
        Self::DiskFull,
        Self::DiskSlow,
        Self::DateUnknown,
        Self::ClockJump,
        Self::NetworkCut,
        Self::MrzReaderDrops,
        Self::MrzReaderFlips,
        Self::MrzReaderSplits,
        Self::MrzReaderStalls,
        Self::BarcodeDrops,
        Self::BarcodeFlips,
        Self::BarcodeSplits,
        Self::BarcodeStalls,
        Self::CameraDrops,
        Self::CameraFlips,
        Self::CameraSplits,
        Self::CameraStalls,
    ];

    /// The word for files and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::EmergencyStop => "emergency-stop",
            Self::EmergencyStopWire => "emergency-stop-wire",
            Self::Fire => "fire",
            Self::BreakGlass => "break-glass",
            Self::MainsLost => "mains-lost",
            Self::BatteryLow => "battery-low",
            Self::CabinetOpen => "cabinet-open",
            Self::ServiceKey => "service-key",
            Self::DriveFault => "drive-fault",
            Self::EmptyWire => "empty-wire",
            Self::EntryObstructed => "entry-obstructed",
            Self::ExitObstructed => "exit-obstructed",
            Self::EntryStuck => "entry-stuck",
            Self::ExitStuck => "exit-stuck",
            Self::EntryForced => "entry-forced",
            Self::ExitForced => "exit-forced",
            Self::LineCut => "line-cut",
            Self::LineNoise => "line-noise",
            Self::LineLoss => "line-loss",
            Self::LineDoubles => "line-doubles",
            Self::HostKilled => "host-killed",
            Self::HostHangs => "host-hangs",
            Self::ControllerOff => "controller-off",
            Self::MrzReaderLost => "mrz-reader-lost",
            Self::MrzReaderGarbage => "mrz-reader-garbage",
            Self::ChipReaderLost => "chip-reader-lost",
            Self::ChipSilent => "chip-silent",
            Self::ChipSlow => "chip-slow",
            Self::CameraLost => "camera-lost",
            Self::CameraDark => "camera-dark",
            Self::ListsLost => "lists-lost",
            Self::ListsSilent => "lists-silent",
            Self::DiskFull => "disk-full",
            Self::DiskSlow => "disk-slow",
            Self::DateUnknown => "date-unknown",
            Self::ClockJump => "clock-jump",
            Self::NetworkCut => "network-cut",
            Self::MrzReaderDrops => "mrz-reader-drops",
            Self::MrzReaderFlips => "mrz-reader-flips",
            Self::MrzReaderSplits => "mrz-reader-splits",
            Self::MrzReaderStalls => "mrz-reader-stalls",
            Self::BarcodeDrops => "barcode-drops",
            Self::BarcodeFlips => "barcode-flips",
            Self::BarcodeSplits => "barcode-splits",
            Self::BarcodeStalls => "barcode-stalls",
            Self::CameraDrops => "camera-drops",
            Self::CameraFlips => "camera-flips",
            Self::CameraSplits => "camera-splits",
            Self::CameraStalls => "camera-stalls",
        }
    }
}

/// A device's bytes on their way to the daemon. The controller's line has faults of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteStream {
    /// The document reader's serial line.
    MrzReader,
    /// The barcode reader's serial line.
    Barcode,
    /// The camera's connection.
    Camera,
}

impl Fault {
    /// Whose bytes suffer, and what happens to them; none for every other fault. A lane in virtual time
    /// knows no bytes but the controller's.
    #[must_use]
    pub const fn of_bytes(self) -> Option<(ByteStream, StreamFault)> {
        Some(match self {
            Self::MrzReaderDrops => (ByteStream::MrzReader, StreamFault::Drops),
            Self::MrzReaderFlips => (ByteStream::MrzReader, StreamFault::Flips),
            Self::MrzReaderSplits => (ByteStream::MrzReader, StreamFault::Splits),
            Self::MrzReaderStalls => (ByteStream::MrzReader, StreamFault::Stalls),
            Self::BarcodeDrops => (ByteStream::Barcode, StreamFault::Drops),
            Self::BarcodeFlips => (ByteStream::Barcode, StreamFault::Flips),
            Self::BarcodeSplits => (ByteStream::Barcode, StreamFault::Splits),
            Self::BarcodeStalls => (ByteStream::Barcode, StreamFault::Stalls),
            Self::CameraDrops => (ByteStream::Camera, StreamFault::Drops),
            Self::CameraFlips => (ByteStream::Camera, StreamFault::Flips),
            Self::CameraSplits => (ByteStream::Camera, StreamFault::Splits),
            Self::CameraStalls => (ByteStream::Camera, StreamFault::Stalls),
            _ => return None,
        })
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_tables_use_the_same_words() {
        for fault in Fault::ALL {
            let written = serde_json::to_string(&fault).unwrap();
            assert_eq!(written, format!("{:?}", fault.word()));
        }
    }

    #[test]
    fn no_fault_stands_twice_in_the_list() {
        let set: std::collections::BTreeSet<_> = Fault::ALL.into_iter().collect();
        assert_eq!(set.len(), Fault::ALL.len());
    }
}
