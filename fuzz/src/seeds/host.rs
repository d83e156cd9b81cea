//! The host's devices and files.

use super::Seed;
use super::document::mrz;
use gate_protocol::Instant;
use gate_sim::reader::rte_native;
use gate_sim::recording::Header as RecordingHeader;
use gate_sim::recording::{Side, Writer};

/// Frames of the document reader.
pub fn reader() -> Vec<Seed> {
    mrz()
        .into_iter()
        .map(|(name, zone)| {
            let text = String::from_utf8_lossy(&zone).into_owned();
            (name, rte_native(&text.lines().collect::<Vec<_>>()))
        })
        .collect()
}

/// Streams of cameras, each behind its boundary.
pub fn camera() -> Vec<Seed> {
    let sized = b"frame\0--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\r\n\xff\xd8\xff\xd9\r\n";
    let bounded = b"--b\0--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xd9\r\n--b\r\n\r\n";
    vec![
        ("sized", [&sized[..], &sized[6..]].concat()),
        ("bounded", bounded.to_vec()),
    ]
}

/// Lists of lost documents.
pub fn lists() -> Vec<Seed> {
    let key = [7; 16];
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mark = gate_host::ports::lists::line(&key, "UTO", "L898902C3");
    vec![("one", format!("key {digits}\n{mark}\n").into_bytes())]
}

/// Settings of the daemon.
pub fn settings() -> Vec<Seed> {
    let text = "[controller]\ndevice = \"/dev/gate/controller\"\nkeys = \"/k\"\n\
        [reader]\ndevice = \"/dev/gate/mrz\"\n\
        [chip]\nreader = \"OMNIKEY\"\ntrust = \"/etc/gate/trust.bundle\"\n\
        trust_key = \"/etc/gate/trust.pub\"\n\
        [camera]\nurl = \"http://127.0.0.1:9/mjpeg\"\n\
        [face]\nmanifest = \"/m/manifest.toml\"\nmodels = \"/m\"\n\
        [lists]\nfile = \"/l\"\n[journal]\nfile = \"/j\"\n\
        [page]\nlisten = \"127.0.0.1:8080\"\n[limits]\nofficer = \"90 s\"\n";
    vec![("all", text.as_bytes().to_vec())]
}

/// A line on which both sides speak, and the same after a power cut.
pub fn recordings() -> Vec<Seed> {
    let header = RecordingHeader {
        port: "/dev/gate/mrz".to_owned(),
        baud: 9_600,
        line: "rte-native".to_owned(),
        began: "2026-01-05T08:00:00Z".to_owned(),
    };
    let mut file = Vec::new();
    let mut writer = Writer::begin(&mut file, &header).expect("memory takes everything");
    for (us, from, bytes) in [
        (1_203_456, Side::Device, &b"\x01\x0e\x00OU"[..]),
        (1_207_001, Side::Host, b"\x06"),
    ] {
        let added = writer.add(Instant::from_micros(us), from, bytes);
        added.expect("memory takes everything");
    }
    let torn = file[..file.len() - 9].to_vec();
    vec![("whole", file), ("torn", torn)]
}
