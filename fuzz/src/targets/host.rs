//! The host's devices and files.

use super::document::mrz;
use gate_host::ports::camera::parts::{FRAME_MAX, Parts};
use gate_host::ports::lists::Lists;
use gate_host::ports::reader::{Frames, Framing, Heard, Profile};
use gate_host::settings::Settings;
use gate_sim::recording;
use std::path::Path;

/// Frames of every document reader.
pub fn reader(bytes: &[u8]) -> bool {
    let framings = Profile::ALL.map(Profile::framing);
    framings
        .map(|framing| zones(framing, bytes))
        .contains(&true)
}

fn zones(framing: Framing, bytes: &[u8]) -> bool {
    let mut found = 0;
    let mut frames = Frames::new(framing);
    frames.receive(bytes, |heard| {
        if let Heard::Zone(zone) = heard {
            mrz(zone.text().as_bytes());
            found += 1;
        }
    });
    let _ = frames.quiet();
    assert!(!frames.is_open());
    assert!(frames.discards().bytes <= bytes.len() as u64);
    found > 0
}

/// Parts of a camera's stream: the boundary, a zero, the stream.
pub fn camera(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| *byte == 0);
    let (boundary, stream) = bytes.split_at(end.unwrap_or(0));
    let mut parts = Parts::new(&String::from_utf8_lossy(boundary));
    let mut took = false;
    for piece in stream.chunks(97) {
        match parts.push(piece) {
            Ok(frame) => took |= frame.is_some_and(|frame| frame.len() <= FRAME_MAX),
            Err(_) => break,
        }
    }
    took
}

/// The list of lost documents.
pub fn lists(bytes: &[u8]) -> bool {
    let list = Lists::parse(&String::from_utf8_lossy(bytes), Path::new("list"));
    list.is_ok_and(|list| list.contains("UTO", "L898902C3"))
}

/// The daemon's settings.
pub fn settings(bytes: &[u8]) -> bool {
    Settings::parse(&String::from_utf8_lossy(bytes), Path::new("settings")).is_ok()
}

/// Recordings of serial lines: what is read comes out again.
pub fn recordings(bytes: &[u8]) -> bool {
    let Ok(mut reader) = recording::Reader::open(bytes) else {
        return false;
    };
    let mut file = Vec::new();
    let written = recording::Writer::begin(&mut file, reader.header());
    let mut writer = written.expect("memory takes everything");
    let mut chunks = Vec::new();
    while let Ok(Some(chunk)) = reader.chunk() {
        let added = writer.add(chunk.at, chunk.from, &chunk.bytes);
        added.expect("memory takes everything");
        if !chunk.bytes.is_empty() {
            chunks.push(chunk);
        }
    }
    let mut again = recording::Reader::open(&*file).expect("what was written");
    assert_eq!(again.header(), reader.header());
    for chunk in chunks {
        assert_eq!(again.chunk().expect("what was written"), Some(chunk));
    }
    assert!(!again.is_torn());
    true
}
