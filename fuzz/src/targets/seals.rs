//! Signed barcodes and permits.

use crate::seeds;
use gate_document::Outcome;
use gate_document::seal::hint::IdentityHint;
use gate_document::seal::imager::Frames as Barcodes;
use gate_document::seal::imager::Heard as Scan;
use gate_document::seal::imager::{Coding, End, ImagerSettings, Symbology};
use gate_document::seal::profile::{Gate, PermitProfile};
use gate_document::seal::{self, SealCheck, SignerList, idb, symbol};
use image::GrayImage;

/// Signed texts of a permit's own layout. No signer is known, so that signatures are not looked at: what
/// this finds is panics on the way there.
pub fn texts(bytes: &[u8]) -> bool {
    let profiles = seeds::text_profiles();
    let inspection = seal::inspect(bytes, profiles, &SignerList::default(), &Gate::default());
    assert!(!inspection.accepted());
    let structure = inspection.finding(SealCheck::SealStructure);
    structure.is_some_and(|finding| finding.outcome == Outcome::Passed)
}

/// Seals in every format, and what is found in them. Nobody's signer is known: none is accepted.
pub fn seals(bytes: &[u8]) -> bool {
    let signers = SignerList::default();
    let inspection = seal::inspect(bytes, seeds::profiles(), &signers, &Gate::default());
    assert!(!inspection.accepted());
    assert_eq!(inspection.findings.len(), SealCheck::ALL.len());
    seal::read(bytes).is_ok()
}

/// What is behind base32 and compression in a seal of text.
pub fn seal_payload(bytes: &[u8]) -> bool {
    idb::payload_of(bytes, true).is_ok() | idb::payload_of(bytes, false).is_ok()
}

/// Profiles of permits, and data to issue from: profile, a zero, data.
pub fn permits(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (profile, data) = text.split_once('\0').unwrap_or((&text, ""));
    PermitProfile::parse("permit.toml", profile).is_ok_and(|profile| {
        let _ = profile.encode("data.toml", data);
        true
    })
}

/// Frames of a barcode imager: how it is set up, and its bytes.
pub fn imager(bytes: &[u8]) -> bool {
    let (setting, line) = bytes.split_first().unwrap_or((&0, &[]));
    let end = [End::Pause, End::Length, End::Suffix][usize::from(setting % 3)];
    let codings = [Coding::Raw, Coding::Hex, Coding::Base64, Coding::Utf8];
    let mark = |bit: u8, text: &str| match setting & bit {
        0 => String::new(),
        _ => text.to_owned(),
    };
    let settings = ImagerSettings {
        prefix: mark(0x20, "\u{2}"),
        suffix: mark(0x40, "\r\n"),
        end,
        aim: setting & 0x80 != 0,
        coding: codings[usize::from(setting / 3 % 4)],
    };
    let Ok(mut frames) = Barcodes::new(settings) else {
        return false;
    };
    let mut took = false;
    frames.receive(line, |heard| took |= matches!(heard, Scan::Code(_)));
    took |= matches!(frames.quiet(), Some(Scan::Code(_)));
    assert!(!frames.is_open());
    assert!(frames.discarded() <= line.len() as u64);
    took
}

/// The barcode of identity cards, which nobody signs.
pub fn hints(bytes: &[u8]) -> bool {
    IdentityHint::read(bytes).is_ok_and(|hint| hint.to_prefill().number.len() == 12)
}

/// Pictures of barcodes: symbology, width, and a bit for each pixel, each drawn two by two.
pub fn symbols(bytes: &[u8]) -> bool {
    let [symbology, width, bits @ ..] = bytes else {
        return false;
    };
    let width = u32::from(*width).max(1);
    let height = (bits.len() as u32 * 8 / width).min(200);
    let picture = GrayImage::from_fn(width * 2, height * 2, |x, y| {
        let at = (y / 2 * width + x / 2) as usize;
        let dark = bits
            .get(at / 8)
            .is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        image::Luma([if dark { 0 } else { 255 }])
    });
    let symbology = Symbology::ALL[usize::from(*symbology) % 4];
    symbol::find(&picture, &[symbology]).is_ok_and(|found| !found.is_empty())
}
