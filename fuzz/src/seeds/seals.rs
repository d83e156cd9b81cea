//! Signed barcodes and permits.

use super::Seed;
use gate_document::algorithm::Digest;
use gate_document::seal::idb::{self, IdbHeader};
use gate_document::seal::imager::Symbology;
use gate_document::seal::profile::PermitProfile;
use gate_document::seal::symbol::Modules;
use gate_document::seal::vds::{self, VdsHeader};
use gate_document::seal::{SealFormat, Tag, vds_nc};
use jiff::civil::date;
use std::sync::OnceLock;

/// The profile of signed text, in both of its layouts.
pub fn text_profiles() -> &'static [PermitProfile] {
    static PROFILES: OnceLock<Vec<PermitProfile>> = OnceLock::new();
    PROFILES.get_or_init(|| {
        let fixed = PORT
            .replace("separator = \"|\"", "widths = [20, 10, 10, 40]")
            .replace("PORTPASS", "PORTFIXED");
        let parse = |text: &str| PermitProfile::parse("permit.toml", text).expect("a profile");
        vec![parse(PORT), parse(&fixed)]
    })
}

/// Signed texts, with a signature of nobody's.
pub fn texts() -> Vec<Seed> {
    let data = "document-number = \"L898902C3\"\nfirst-day = 2026-11-20\n\
                last-day = 2026-11-30\nareas = \"VNHPH\"\n";
    let text = |profile: &PermitProfile| {
        let features = profile.encode("data.toml", data).expect("data");
        let number = |(tag, value)| match tag {
            Tag::Number(number) => (number, value),
            Tag::Path(_) => unreachable!("fields have numbers"),
        };
        let features: Vec<(u8, Vec<u8>)> = features.into_iter().map(number).collect();
        let layout = profile.text.as_ref().expect("a layout");
        let unsigned = layout.unsigned(&features).expect("a text");
        layout.seal(unsigned, &[0x5A; 64]).into_bytes()
    };
    let [separated, fixed] = text_profiles() else {
        unreachable!("two profiles")
    };
    vec![("separated", text(separated)), ("fixed", text(fixed))]
}

const CREW: &str = include_str!("../../../gate-document/permits/crew-shore-leave.toml");

const BOARDING: &str = include_str!("../../../gate-document/permits/ship-boarding.toml");

const GROUP: &str = include_str!("../../../gate-document/permits/group-list.toml");

const PORT: &str = include_str!("../../../gate-document/permits/port-pass.toml");

const CREW_DATA: &str = "document-number = \"L898902C3\"\nship = \"IMO9074729\"\n\
                         ports = \"VNHPH\"\nlast-day = 2026-11-30\nentries = 4\n";

const BOARDING_DATA: &str = "document-identifier = 0x21\nzone = \"\"\"\nP<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                             L898902C36UTO7408122F1204159ZE184226B<<<<<10\"\"\"\nemployer = \"A\"\n\
                             first-day = 2026-11-01\nlast-day = 2026-12-31\narea = \"A;B\"\n";

const GROUP_DATA: &str = "organiser = \"A\"\ndocuments = \"X1234567 L898902C3\"\n\
                          first-day = 2026-11-22\nlast-day = 2026-11-23\n";

/// The profiles of the example permits.
pub fn profiles() -> &'static [PermitProfile] {
    static PROFILES: OnceLock<Vec<PermitProfile>> = OnceLock::new();
    PROFILES.get_or_init(|| {
        let parse = |text| PermitProfile::parse("permit.toml", text).expect("a profile");
        [CREW, BOARDING, GROUP].map(parse).to_vec()
    })
}

/// What `data` puts into the permit `index`.
fn features(index: usize, data: &str) -> Vec<(Tag, Vec<u8>)> {
    profiles()[index]
        .encode("data.toml", data)
        .expect("a permit")
}

fn numbered(features: Vec<(Tag, Vec<u8>)>) -> Vec<(u8, Vec<u8>)> {
    let number = |(tag, value)| match tag {
        Tag::Number(number) => Some((number, value)),
        Tag::Path(_) => None,
    };
    features.into_iter().filter_map(number).collect()
}

/// What stands where a signature would: nobody's signer is known to the targets.
const SIGNATURE: [u8; 64] = [0x5A; 64];

fn boarding() -> Vec<u8> {
    let header = IdbHeader {
        issuer: "VNM".into(),
        digest: Digest::Sha256,
        reference: [1, 2, 3, 4, 5],
        signed_on: date(2026, 11, 1),
    };
    idb::unsigned(&header, &numbered(features(1, BOARDING_DATA))).expect("a seal")
}

/// A permit of each format, not signed by anybody.
pub fn seals() -> Vec<Seed> {
    let binary = |format| {
        let header = VdsHeader {
            format,
            issuer: "VNM".into(),
            signer: "VNTS".into(),
            reference: "5B".into(),
            issued: date(2026, 11, 20),
            signed_on: date(2026, 11, 20),
            document: 0xF101,
        };
        let unsigned = vds::unsigned(&header, &numbered(features(0, CREW_DATA)));
        vds::seal(unsigned.expect("a seal"), &SIGNATURE).expect("a seal")
    };
    let message: serde_json::Map<String, serde_json::Value> = features(2, GROUP_DATA)
        .into_iter()
        .map(|(tag, value)| (tag.to_string(), String::from_utf8_lossy(&value).into()))
        .collect();
    let data = serde_json::json!({
        "hdr": {"t": "vn.group", "v": 1, "is": "VNM"}, "msg": message,
    });
    let text = idb::seal(boarding(), Some(&[0x30, 0]), &SIGNATURE).expect("a seal");
    vec![
        ("vds-3", binary(SealFormat::Vds3)),
        ("vds-4", binary(SealFormat::Vds4)),
        ("idb", text.into_bytes()),
        (
            "idb-zipped",
            b"NDB1CPDNACFQA5H7WVPDBCICRBMFRWKZ3JNNWW64LTOV3XS635P4DDIGSO".to_vec(),
        ),
        (
            "vds-nc",
            vds_nc::seal(&data, Digest::Sha256, &[0x30, 0], &SIGNATURE).into_bytes(),
        ),
    ]
}

/// A payload with every part.
pub fn seal_payload() -> Vec<Seed> {
    let text = idb::seal(boarding(), Some(&[0x30, 0]), &SIGNATURE).expect("a seal");
    let payload = gate_document::seal::base32::decode(&text.as_bytes()[5..]);
    vec![("signed", payload.expect("base32"))]
}

/// The example permits, with data.
pub fn permits() -> Vec<Seed> {
    let with = |profile: &str, data: &str| [profile, "\0", data].concat().into_bytes();
    vec![
        ("crew", with(CREW, CREW_DATA)),
        ("boarding", with(BOARDING, BOARDING_DATA)),
        ("group", with(GROUP, GROUP_DATA)),
    ]
}

/// Barcodes as imagers send them, behind how they are set up.
pub fn imager() -> Vec<Seed> {
    vec![
        ("pause", b"\x84]d1AB\x00\r".to_vec()),
        ("length", b"\xE5\x02\x00\x0C]Q2A\\000026B\r\n".to_vec()),
        ("hex", b"\xC5]z0DC03\r\n".to_vec()),
    ]
}

/// A hint of nobody.
pub fn hints() -> Vec<Seed> {
    let text = "001199000001||Trần Thị A|01011999|Nữ|Hà Nội|02012022";
    vec![("card", text.as_bytes().to_vec())]
}

/// A small barcode of each symbology.
pub fn symbols() -> Vec<Seed> {
    let seed = |(index, symbology): (u8, Symbology)| {
        let modules = Modules::of(symbology, b"AB").expect("a barcode");
        // Two modules of white around it.
        let (width, height) = (modules.width + 4, modules.height + 4);
        let mut bytes = vec![index, u8::try_from(width).expect("a small barcode")];
        let mut bits = vec![0; (width * height).div_ceil(8) as usize];
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let dark = x.checked_sub(2).zip(y.checked_sub(2));
            if dark.is_some_and(|(x, y)| modules.is_dark(x, y)) {
                let at = (y * width + x) as usize;
                bits[at / 8] |= 1 << (at % 8);
            }
        }
        bytes.extend(bits);
        (symbology.name(), bytes)
    };
    (0..).zip(Symbology::ALL).map(seed).collect()
}
