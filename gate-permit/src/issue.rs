//! From data to a permit.

use crate::failure::Step;
use crate::file;
use crate::key::{KeyArguments, Signer};
use crate::picture;
use anyhow::{Context as _, bail};
use gate_document::seal::idb::{self, IdbHeader};
use gate_document::seal::imager::Symbology;
use gate_document::seal::profile::{PermitProfile, ProfileFormat};
use gate_document::seal::vds::{self, VdsHeader};
use gate_document::seal::{DocumentType, SealFormat, Tag, vds_nc, verify};
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// Makes a signed permit.
#[derive(Debug, clap::Args)]
pub(crate) struct Issue {
    /// What the permit looks like.
    #[arg(long)]
    profile: PathBuf,
    /// What is in it: one line for each feature of the profile.
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    key: KeyArguments,
    /// Issuing State, where the profile names several.
    #[arg(long)]
    issuer: Option<String>,
    /// Day of issue and of signature; today if it is not given.
    #[arg(long)]
    day: Option<Date>,
    /// Header version of binary seals: 3 or 4.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(3..=4))]
    header: u8,
    /// How the barcode is drawn: data-matrix, qr, aztec or pdf417; the profile's first if it is not
    /// given.
    #[arg(long)]
    symbology: Option<String>,
    /// Pixels a module.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    scale: u32,
    /// Where to write to: `.png` and `.svg` for a picture, `.bin` for the bytes of the barcode.
    #[arg(long)]
    out: PathBuf,
}

impl Issue {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let ending = picture::Ending::of(&self.out).context(Step::Output)?;
        let profile = profile(&self.profile)?;
        let day = self.day.unwrap_or_else(|| jiff::Zoned::now().date());
        let features = self.features(&profile, day).context(Step::Data)?;
        let issuer = self.issuer(&profile)?;
        let symbology = self.symbology(&profile)?;
        let signer = self.key.open()?;
        let seal = match profile.format {
            ProfileFormat::Vds => self.vds(&profile, &signer, issuer, day, features),
            ProfileFormat::Idb => idb(&signer, issuer, day, features),
            ProfileFormat::VdsNc => vds_nc(&profile, &signer, issuer, features),
            ProfileFormat::Text => signed_text(&profile, &signer, features),
        };
        let seal = seal.context(Step::Signature)?;
        picture::write(&self.out, ending, &seal, symbology, self.scale).context(Step::Output)?;
        println!("{}: {} bytes", self.out.display(), seal.len());
        Ok(())
    }

    fn features(&self, profile: &PermitProfile, day: Date) -> anyhow::Result<Vec<(Tag, Vec<u8>)>> {
        let text = file::text(&self.data)?;
        Ok(profile.encode_on(day, &self.data.display().to_string(), &text)?)
    }

    fn issuer<'a>(&'a self, profile: &'a PermitProfile) -> anyhow::Result<&'a str> {
        match (&self.issuer, &profile.issuers[..]) {
            (Some(issuer), issuers) if issuers.contains(issuer) => Ok(issuer),
            (None, [issuer]) => Ok(issuer),
            (found, issuers) => bail!(
                "--issuer: one of {} expected, {} found",
                issuers.join(", "),
                found.as_deref().unwrap_or("none")
            ),
        }
    }

    fn symbology(&self, profile: &PermitProfile) -> anyhow::Result<Symbology> {
        let allowed = &profile.symbologies;
        let Some(name) = &self.symbology else {
            return Ok(allowed.first().copied().unwrap_or(Symbology::Qr));
        };
        let names = || Symbology::ALL.map(Symbology::name).join(", ");
        let symbology = Symbology::named(name)
            .with_context(|| format!("--symbology: one of {} expected, {name:?} found", names()))?;
        if !allowed.is_empty() && !allowed.contains(&symbology) {
            bail!("--symbology: the profile does not print this permit as {symbology}");
        }
        Ok(symbology)
    }

    fn vds(
        &self,
        profile: &PermitProfile,
        signer: &Signer,
        issuer: &str,
        day: Date,
        features: Vec<(Tag, Vec<u8>)>,
    ) -> anyhow::Result<Vec<u8>> {
        let Some(DocumentType::Number(document)) = profile.document else {
            bail!("the profile has no document number");
        };
        let (name, reference) = verify::name_of(&signer.certificate)
            .context("the signer's certificate has no country, common name or serial number")?;
        let header = VdsHeader {
            format: match self.header {
                3 => SealFormat::Vds3,
                _ => SealFormat::Vds4,
            },
            issuer: issuer.to_owned(),
            signer: name,
            reference,
            issued: day,
            signed_on: day,
            document,
        };
        let unsigned = vds::unsigned(&header, &numbered(features)?)?;
        let signature = signer.sign(signer.digest()?, &unsigned)?;
        Ok(vds::seal(unsigned, &signature)?)
    }
}

fn idb(
    signer: &Signer,
    issuer: &str,
    day: Date,
    features: Vec<(Tag, Vec<u8>)>,
) -> anyhow::Result<Vec<u8>> {
    let digest = signer.digest()?;
    let reference = verify::reference_of(&signer.certificate)
        .context("the signer's certificate has no digest")?;
    let header = IdbHeader {
        issuer: issuer.to_owned(),
        digest,
        reference,
        signed_on: day,
    };
    let unsigned = idb::unsigned(&header, &numbered(features)?)?;
    let signature = signer.sign(digest, &unsigned)?;
    Ok(idb::seal(unsigned, None, &signature)?.into_bytes())
}

fn vds_nc(
    profile: &PermitProfile,
    signer: &Signer,
    issuer: &str,
    features: Vec<(Tag, Vec<u8>)>,
) -> anyhow::Result<Vec<u8>> {
    let Some(DocumentType::Name(kind)) = &profile.document else {
        bail!("the profile has no document type");
    };
    let mut message = Map::new();
    for (tag, value) in features {
        let Tag::Path(path) = tag else {
            bail!("the profile's tag {tag} is no path");
        };
        let text = String::from_utf8(value).with_context(|| format!("{path} is no text"))?;
        put(&mut message, &path, text)?;
    }
    let data = json!({"hdr": {"t": kind, "v": 1, "is": issuer}, "msg": message});
    let digest = signer.digest()?;
    let unsigned = vds_nc::unsigned(&data)?;
    let signature = signer.sign(digest, &unsigned)?;
    let certificate = signer.certificate.to_der()?;
    Ok(vds_nc::seal(&data, digest, &certificate, &signature).into_bytes())
}

fn signed_text(
    profile: &PermitProfile,
    signer: &Signer,
    features: Vec<(Tag, Vec<u8>)>,
) -> anyhow::Result<Vec<u8>> {
    let layout = profile.text.as_ref();
    let layout = layout.context("the profile lays no text out")?;
    let own = openssl::sha::sha256(&signer.certificate.to_der()?);
    if !layout.signers.contains(&own) {
        bail!("the profile does not name this signer: no gate would take the permit");
    }
    let unsigned = layout.unsigned(&numbered(features)?)?;
    let signature = signer.sign(signer.digest()?, unsigned.as_bytes())?;
    Ok(layout.seal(unsigned, &signature).into_bytes())
}

/// Puts `text` where `path` leads, through objects that are made on the way.
fn put(message: &mut Map<String, Value>, path: &str, text: String) -> anyhow::Result<()> {
    match path.split_once('.') {
        None => {
            message.insert(path.to_owned(), text.into());
            Ok(())
        }
        Some((name, rest)) => {
            let below = message.entry(name).or_insert_with(|| Map::new().into());
            let Value::Object(below) = below else {
                bail!("the profile has a feature at {name:?} and another below it");
            };
            put(below, rest, text)
        }
    }
}

fn numbered(features: Vec<(Tag, Vec<u8>)>) -> anyhow::Result<Vec<(u8, Vec<u8>)>> {
    let number = |(tag, value)| match tag {
        Tag::Number(number) => Ok((number, value)),
        Tag::Path(path) => bail!("the profile's tag {path:?} is no number"),
    };
    features.into_iter().map(number).collect()
}

pub(crate) fn profile(path: &Path) -> anyhow::Result<PermitProfile> {
    let read = || -> anyhow::Result<PermitProfile> {
        let text = file::text(path)?;
        Ok(PermitProfile::parse(&path.display().to_string(), &text)?)
    };
    read().context(Step::Profile)
}
