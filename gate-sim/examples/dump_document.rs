//! Writes a test document as files, and a trust bundle of 692 authorities with its own among them;
//! also the master list of which `gatectl trust` makes such a bundle.
//!
//! ```text
//! cargo run --release -p gate-sim --example dump_document -- FOLDER
//! cargo run --release -p gatectl -- trust key FOLDER/key
//! cargo run --release -p gatectl -- trust build FOLDER/sources.toml --key FOLDER/key --out FOLDER/made.bundle
//! ```
use gate_document::ElementaryFile;
use gate_document::trust::bundle::Contents;
use gate_document::trust::crl::Crl;
use gate_document::trust::{Anchor, Certificate, Source, SourceKind};
use gate_sim::issuer::{Authority, DocumentRequest, Encoding, Portrait, Scheme, State, pki, trust};
use image::{Rgb, RgbImage};
use jiff::civil::date;

const AUTHORITIES: usize = 692;

/// What `gatectl trust build` makes the same bundle of.
const SOURCES: &str = "[[master-list]]\nfile = \"authorities.ml\"\npinned = [\"authority.cer\"]\n";

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1);
    let folder = folder.ok_or_else(|| anyhow::anyhow!("a folder is expected"))?;
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1)?;
    let picture = RgbImage::from_fn(413, 531, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    let document = authority.issue(&DocumentRequest::specimen(Portrait::encode(
        &picture,
        Encoding::Jpeg2000,
        15_000,
    )?))?;
    std::fs::write(folder.join("zone.txt"), document.lines().join("\n"))?;
    for file in [
        ElementaryFile::Sod,
        ElementaryFile::Com,
        ElementaryFile::DG1,
        ElementaryFile::DG2,
    ] {
        let bytes = document.file(file.identifier()).unwrap_or_default();
        std::fs::write(folder.join(file.to_string()), bytes)?;
    }
    let mut all = pki::crowd(AUTHORITIES - 1, 7)?;
    all.push(authority.csca_der()?);
    std::fs::write(folder.join("authorities.ml"), authority.master_list(&all)?)?;
    std::fs::write(folder.join("authority.cer"), authority.csca_der()?)?;
    std::fs::write(folder.join("sources.toml"), SOURCES)?;
    let source = Source {
        kind: SourceKind::MasterList,
        from: "UT".into(),
        as_of: Some(date(2026, 11, 1)),
    };
    let anchors = all.iter().map(|der| {
        Ok(Anchor {
            certificate: Certificate::parse(der)?,
            source: source.clone(),
        })
    });
    let revoked = authority.revocation_list(&[&[1]], "261101000000Z", "270101000000Z")?;
    let contents = Contents {
        anchors: anchors.collect::<anyhow::Result<_>>()?,
        crls: vec![Crl::parse(&revoked)?],
        ..Contents::new(1, date(2026, 11, 22))
    };
    let key = trust::signer()?;
    std::fs::write(folder.join("trust.bundle"), contents.sign(&key)?)?;
    std::fs::write(folder.join("trust.pub"), key.public_pem()?)?;
    Ok(())
}
