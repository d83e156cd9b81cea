//! The signer's key: a file, or somewhere in a token.

use crate::token::{Token, TokenArguments};
use anyhow::{Context as _, bail};
use gate_document::algorithm::Digest;
use gate_document::seal::sign;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use std::fs;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Which key signs, and whose it is.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyArguments {
    /// The signer's private key in PEM.
    #[arg(long, required_unless_present = "module", conflicts_with = "module")]
    key: Option<PathBuf>,
    #[command(flatten)]
    token: TokenArguments,
    /// The signer's certificate in PEM.
    #[arg(long)]
    certificate: PathBuf,
}

/// A signer at work.
pub(crate) struct Signer {
    pub(crate) certificate: X509,
    key: Key,
}

enum Key {
    File(PKey<Private>),
    Token(Box<Token>),
}

impl KeyArguments {
    /// Opens key and certificate, which have to belong together.
    pub(crate) fn open(&self) -> anyhow::Result<Signer> {
        let certificate = certificate(&self.certificate)?;
        let key = match &self.key {
            Some(path) => {
                let pem = Zeroizing::new(read(path)?);
                let key = PKey::private_key_from_pem(&pem).with_context(|| {
                    format!("{}: a private key in PEM expected", path.display())
                })?;
                if !key.public_eq(certificate.public_key()?.as_ref()) {
                    bail!(
                        "{} is not the key of the certificate {}",
                        path.display(),
                        self.certificate.display()
                    );
                }
                Key::File(key)
            }
            None => Key::Token(Box::new(self.token.open()?)),
        };
        Ok(Signer { certificate, key })
    }
}

impl Signer {
    /// Bits of the key, which decide about the digest.
    pub(crate) fn digest(&self) -> anyhow::Result<Digest> {
        Ok(sign::digest_for(self.certificate.public_key()?.bits()))
    }

    /// Signs: r and s one after the other.
    pub(crate) fn sign(&self, digest: Digest, unsigned: &[u8]) -> anyhow::Result<Vec<u8>> {
        match &self.key {
            Key::File(key) => sign::sign(key, digest, unsigned).context("signing"),
            Key::Token(token) => token.sign(digest, unsigned),
        }
    }
}

pub(crate) fn certificate(path: &Path) -> anyhow::Result<X509> {
    X509::from_pem(&read(path)?)
        .with_context(|| format!("{}: a certificate in PEM expected", path.display()))
}

pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
