//! The signer's key: a file, or somewhere in a token.

use crate::failure::Step;
use crate::file;
use crate::token::{Token, TokenArguments};
use anyhow::{Context as _, bail};
use gate_document::algorithm::Digest;
use gate_document::seal::sign;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use std::path::{Path, PathBuf};

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
        let mut found = certificates(&self.certificate)?;
        let certificate = found.swap_remove(0);
        let key = match &self.key {
            Some(path) => Key::File(self.file(path, &certificate).context(Step::Key)?),
            None => Key::Token(Box::new(self.token.open().context(Step::Token)?)),
        };
        Ok(Signer { certificate, key })
    }

    fn file(&self, path: &Path, certificate: &X509) -> anyhow::Result<PKey<Private>> {
        let pem = file::read(path)?;
        // Nobody is asked for a password: the key of an issuer lies in a token.
        let Ok(key) = PKey::private_key_from_pem_callback(&pem, |_| Ok(0)) else {
            bail!(
                "{}: a private key in PEM without a password expected",
                path.display()
            );
        };
        if !key.public_eq(certificate.public_key()?.as_ref()) {
            bail!(
                "{} is not the key of the certificate {}",
                path.display(),
                self.certificate.display()
            );
        }
        Ok(key)
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
            Key::Token(token) => token.sign(digest, unsigned).context(Step::Token),
        }
    }
}

/// The certificates in a file, one at least.
pub(crate) fn certificates(path: &Path) -> anyhow::Result<Vec<X509>> {
    let read = || -> anyhow::Result<Vec<X509>> {
        let bytes = file::read(path)?;
        let found = match bytes.first() {
            // What every certificate in DER begins with.
            Some(0x30) => X509::from_der(&bytes).map(|one| vec![one]),
            _ => X509::stack_from_pem(&bytes),
        };
        let expected = || format!("{}: certificates in PEM or DER expected", path.display());
        let found = found.with_context(expected)?;
        if found.is_empty() {
            bail!("{}, none found in {} bytes", expected(), bytes.len());
        }
        Ok(found)
    };
    read().context(Step::Certificates)
}
