//! Portraits, photographs and pages.

use gate_document::portrait;
use gate_document::portrait::{Portrait, PortraitKind};
use gate_face::Picture;
use gate_face::calibration::Calibration;
use gate_zone::decode::{self, Allowed};
use gate_zone::find::{self, Search};
use gate_zone::picture::png;
use gate_zone::strip::{self, Cut, Strips};
use gate_zone::{Grey, level};

/// Pictures as chips hold them; `tests/bounds.rs` holds memory and time against limits.
pub fn pictures(bytes: &[u8]) -> bool {
    PortraitKind::of_image(bytes).is_some_and(|kind| {
        let bytes = bytes.to_vec().into();
        portrait::decode(&Portrait { kind, bytes }).is_ok()
    })
}

/// Camera frames and photographs, up to their pixels.
pub fn photographs(bytes: &[u8]) -> bool {
    match bytes.starts_with(b"\x89PNG") {
        true => png(bytes).is_ok_and(|decoder| Picture::from_decoder(decoder).is_ok()),
        false => Picture::from_jpeg(bytes).is_ok(),
    }
}

/// The file of a model's calibration.
pub fn calibration(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    Calibration::parse("calibration", &text).is_ok_and(|calibration| {
        let written = calibration.to_text();
        let again = Calibration::parse("again", &written).map(|again| again.to_text());
        assert_eq!(again.ok(), Some(written));
        true
    })
}

/// Pictures of pages, from the file to the lines of a zone; then the bytes as pixels, and as what a model
/// says of a line.
pub fn pages(bytes: &[u8]) -> bool {
    let search = |page: &Grey| {
        let lie = level::lie(&level::small(page));
        let search = Search::new(page, lie.slope);
        for gap in find::GAPS {
            for zone in search.zones(gap) {
                let pitch = strip::pitch(&zone.lines[0], 30);
                let _ = Strips::cut(page, &zone.lines[..1], Cut { pitch, down: 0.1 });
            }
        }
    };
    let read = Grey::decode(bytes);
    if let Ok(page) = &read {
        search(page);
    }
    let width = bytes.len().clamp(1, 48);
    search(&Grey::new(width, bytes.len() / width, bytes.to_vec()));
    let says: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|each| f32::from_le_bytes([each[0], each[1], each[2], each[3]]))
        .collect();
    let _ = decode::count(&says);
    let _ = decode::line(&says, bytes.len() % 50, Allowed::Letters).spread();
    read.is_ok()
}
