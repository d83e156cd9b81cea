//! An authority and a signer for tests.

use crate::failure::Step;
use crate::token::TokenArguments;
use anyhow::{Context as _, bail};
use clap::ValueEnum;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPrivate, HasPublic, PKey, PKeyRef, Public};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What ICAO's signers of barcodes are for.
const BARCODE_SIGNER: &str = "2.23.136.1.1.14.1";

/// Curves that gates verify.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Curve {
    /// NIST P-256.
    P256,
    /// brainpoolP256r1.
    Brainpool256,
    /// NIST P-384.
    P384,
}

impl Curve {
    const fn nid(self) -> Nid {
        match self {
            Self::P256 => Nid::X9_62_PRIME256V1,
            Self::Brainpool256 => Nid::BRAINPOOL_P256R1,
            Self::P384 => Nid::SECP384R1,
        }
    }
}

/// Makes an authority and a signer for tests: `csca.pem`, `signer.pem`, and `signer.key` unless the key
/// is made in a token. The authority's own key is thrown away.
#[derive(Debug, clap::Args)]
pub(crate) struct Keygen {
    /// The folder to write to. There are no keys but for tests: an issuer's are made by its own
    /// authority.
    #[arg(long)]
    test: PathBuf,
    /// Country of the signer, two letters.
    #[arg(long, default_value = "UT")]
    country: String,
    /// The signer's name within its country, two letters or digits.
    #[arg(long, default_value = "TS")]
    name: String,
    /// The certificate's serial number, in hexadecimal.
    #[arg(long, default_value = "5B")]
    serial: String,
    /// The signer's curve.
    #[arg(long, value_enum, default_value = "p256")]
    curve: Curve,
    #[command(flatten)]
    token: TokenArguments,
}

impl Keygen {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        for (name, value) in [("--country", &self.country), ("--name", &self.name)] {
            if value.len() != 2 || !value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                bail!("{name}: two letters or digits expected, {value:?} found");
            }
        }
        fs::create_dir_all(&self.test)
            .with_context(|| self.test.display().to_string())
            .context(Step::Output)?;
        let csca_key = key(Curve::P256.nid())?;
        let csca_name = self.subject("Test authority")?;
        let csca = {
            let mut builder = builder(&csca_key, &csca_name, &csca_name, "1")?;
            builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
            builder.append_extension(KeyUsage::new().critical().key_cert_sign().build()?)?;
            let identifier =
                SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
            builder.append_extension(identifier)?;
            signed(builder, &csca_key)?
        };
        let subject = self.subject(&self.name)?;
        let signer = if self.token.is_given() {
            let public = self.token().context(Step::Token)?;
            signer(&public, &subject, &csca, &csca_key, &self.serial)?
        } else {
            let own = key(self.curve.nid())?;
            self.write("signer.key", &own.private_key_to_pem_pkcs8()?, 0o600)?;
            signer(&own, &subject, &csca, &csca_key, &self.serial)?
        };
        self.write("csca.pem", &csca.to_pem()?, 0o644)?;
        self.write("signer.pem", &signer.to_pem()?, 0o644)?;
        println!(
            "test keys of {}{} in {}",
            self.country,
            self.name,
            self.test.display()
        );
        Ok(())
    }

    fn token(&self) -> anyhow::Result<PKey<Public>> {
        self.token.open()?.generate(self.curve.nid())
    }

    fn subject(&self, common: &str) -> anyhow::Result<X509Name> {
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_text("C", &self.country)?;
        name.append_entry_by_text("CN", common)?;
        Ok(name.build())
    }

    fn write(&self, name: &str, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
        let path = self.test.join(name);
        write_new(&path, bytes, mode)
            .with_context(|| path.display().to_string())
            .context(Step::Output)
    }
}

/// Keys are never written over.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(bytes)
}

fn key(curve: Nid) -> anyhow::Result<PKey<openssl::pkey::Private>> {
    let group = EcGroup::from_curve_name(curve)?;
    Ok(PKey::from_ec_key(EcKey::generate(&group)?)?)
}

fn signer<T: HasPublic>(
    key: &PKeyRef<T>,
    subject: &X509Name,
    csca: &X509,
    csca_key: &PKeyRef<openssl::pkey::Private>,
    serial: &str,
) -> anyhow::Result<X509> {
    let mut builder = builder(key, subject, csca.subject_name(), serial)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    builder.append_extension(ExtendedKeyUsage::new().other(BARCODE_SIGNER).build()?)?;
    let context = builder.x509v3_context(Some(csca), None);
    let above = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
    builder.append_extension(above)?;
    signed(builder, csca_key)
}

fn builder<T: HasPublic>(
    key: &PKeyRef<T>,
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
    serial: &str,
) -> anyhow::Result<X509Builder> {
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = BigNum::from_hex_str(serial).context("--serial: hexadecimal digits expected")?;
    builder.set_serial_number(Asn1Integer::from_bn(&serial)?.as_ref())?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    // Since yesterday: the permits of a test may be dated today anywhere on earth.
    let now = jiff::Timestamp::now().as_second();
    builder.set_not_before(Asn1Time::from_unix(now - 86_400)?.as_ref())?;
    builder.set_not_after(Asn1Time::days_from_now(365)?.as_ref())?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

fn signed<T: HasPrivate>(mut builder: X509Builder, key: &PKeyRef<T>) -> anyhow::Result<X509> {
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}
