//! Prints how long this machine needs to find a permit in a picture, and to inspect it.
//!
//! ```text
//! cargo run --release -p gate-document --features symbols --example barcode_time
//! ```
//!
//! A binary seal of 150 bytes is drawn in each symbology, four pixels a module, in a picture of
//! 1,280 × 960 pixels; then it is found, read and verified under a certificate of a test authority.
//! At the end the same for pictures with nothing but noise in them, which take longest.
use gate_document::algorithm::Digest;
use gate_document::seal::imager::Symbology;
use gate_document::seal::profile::{Gate, PermitProfile};
use gate_document::seal::vds::{self, VdsHeader};
use gate_document::seal::{SealFormat, SignerList, Tag, inspect, sign, symbol};
use image::{GrayImage, Luma};
use jiff::civil::date;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::x509::{X509, X509NameBuilder};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

const RUNS: usize = 200;
const PROFILE: &str = include_str!("../permits/crew-shore-leave.toml");
const DATA: &str = "document-number = \"L898902C3\"\nship = \"IMO9074729\"\nlast-day = 2026-11-30\n\
                    ports = \"VNHPH VNCMT VNSGN VNDAD VNHAN VNHUE\"\nentries = 4\n";

fn main() -> Result<(), Box<dyn Error>> {
    let profile = PermitProfile::parse("crew-shore-leave.toml", PROFILE)?;
    let (csca, csca_key) = certificate("Test authority", None)?;
    let (signer, key) = certificate("TS", Some(&csca_key))?;
    let signers = SignerList::new(vec![signer], vec![csca]);
    let seal = permit(&profile, &key)?;
    let gate = Gate {
        places: &["VNHPH"],
        today: Some(date(2026, 11, 22)),
        ..Gate::default()
    };
    println!(
        "a seal of {} bytes in 1280 × 960 px, {RUNS} runs each",
        seal.len()
    );
    let profiles = [profile];
    for symbology in Symbology::ALL {
        let picture = photograph(&symbol::draw(symbology, &seal, 4)?);
        let found = symbol::find(&picture, &[symbology])?;
        if found
            .first()
            .is_none_or(|scanned| *scanned.bytes.expose() != seal)
        {
            return Err(format!("{symbology} was not found").into());
        }
        print(&format!("find {symbology}"), RUNS, || {
            drop(black_box(symbol::find(&picture, &[symbology])));
        });
    }
    print("read, verify and judge", RUNS * 10, || {
        drop(black_box(inspect(&seal, &profiles, &signers, &gate)));
    });
    let mut rng = StdRng::seed_from_u64(1);
    let noise = GrayImage::from_fn(2_000, 2_000, |_, _| Luma([rng.random()]));
    for symbology in Symbology::ALL {
        print(
            &format!("find {symbology} in 2000 × 2000 px of noise"),
            5,
            || {
                drop(black_box(symbol::find(&noise, &[symbology])));
            },
        );
    }
    Ok(())
}

/// The barcode somewhere in the picture of a camera, a little grey.
fn photograph(barcode: &GrayImage) -> GrayImage {
    GrayImage::from_fn(1_280, 960, |x, y| {
        let (x, y) = (x.wrapping_sub(90), y.wrapping_sub(210));
        let inside = x < barcode.width() && y < barcode.height();
        let dark = inside && barcode.get_pixel(x, y).0[0] == 0;
        Luma([if dark { 40 } else { 215 }])
    })
}

fn permit(profile: &PermitProfile, key: &PKeyRef<Private>) -> Result<Vec<u8>, Box<dyn Error>> {
    let header = VdsHeader {
        format: SealFormat::Vds4,
        issuer: "VNM".to_owned(),
        signer: "VNTS".to_owned(),
        reference: "5B".to_owned(),
        issued: date(2026, 11, 20),
        signed_on: date(2026, 11, 20),
        document: 0xF101,
    };
    let features = profile.encode("data.toml", DATA)?;
    let features: Vec<(u8, Vec<u8>)> = features
        .into_iter()
        .filter_map(|(tag, value)| match tag {
            Tag::Number(number) => Some((number, value)),
            Tag::Path(_) => None,
        })
        .collect();
    let unsigned = vds::unsigned(&header, &features)?;
    let signature = sign::sign(key, Digest::Sha256, &unsigned)?;
    Ok(vds::seal(unsigned, &signature)?)
}

fn certificate(
    common: &str,
    issuer: Option<&PKeyRef<Private>>,
) -> Result<(X509, PKey<Private>), Box<dyn Error>> {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
    let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
    let name = |common: &str| {
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_text("C", "VN")?;
        name.append_entry_by_text("CN", common)?;
        Ok::<_, openssl::error::ErrorStack>(name.build())
    };
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = BigNum::from_hex_str("5B")?;
    builder.set_serial_number(Asn1Integer::from_bn(&serial)?.as_ref())?;
    builder.set_subject_name(name(common)?.as_ref())?;
    builder.set_issuer_name(name("Test authority")?.as_ref())?;
    builder.set_not_before(Asn1Time::from_unix(1_735_689_600)?.as_ref())?;
    builder.set_not_after(Asn1Time::from_unix(2_051_222_400)?.as_ref())?;
    builder.set_pubkey(&key)?;
    builder.sign(issuer.unwrap_or(&key), MessageDigest::sha256())?;
    Ok((builder.build(), key))
}

/// Median, 99th percentile and worst over `runs`.
fn print(name: &str, runs: usize, mut work: impl FnMut()) {
    let mut times: Vec<Duration> = (0..runs).map(|_| time(&mut work)).collect();
    times.sort_unstable();
    println!(
        "{name}: p50 {:?}, p99 {:?}, worst {:?}",
        times[runs / 2],
        times[runs * 99 / 100],
        times[runs - 1]
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "measuring is what this program is for"
)]
fn time(work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
