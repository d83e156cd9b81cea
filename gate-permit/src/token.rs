//! A key that never leaves its PKCS#11 token.

use anyhow::{Context as _, bail};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use gate_document::algorithm::Digest;
use gate_document::seal::sign;
use gate_document::tlv::Reader;
use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};
use std::path::PathBuf;

/// Where the token is, and which key in it.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenArguments {
    /// The token's PKCS#11 library, for example /usr/lib/softhsm/libsofthsm2.so.
    #[arg(long, requires_all = ["token", "label", "pin_file"])]
    module: Option<PathBuf>,
    /// Label of the token.
    #[arg(long)]
    token: Option<String>,
    /// Label of the key in the token.
    #[arg(long)]
    label: Option<String>,
    /// A file with the user's PIN.
    #[arg(long)]
    pin_file: Option<PathBuf>,
}

/// An open session with the token, logged in. It is closed when dropped.
pub(crate) struct Token {
    session: Session,
    label: String,
}

impl TokenArguments {
    pub(crate) const fn is_given(&self) -> bool {
        self.module.is_some()
    }

    /// Opens the token and logs in.
    pub(crate) fn open(&self) -> anyhow::Result<Token> {
        let (Some(module), Some(wanted), Some(label), Some(pin_file)) =
            (&self.module, &self.token, &self.label, &self.pin_file)
        else {
            bail!("a key is missing: give --key, or --module, --token, --label and --pin-file");
        };
        let library = Pkcs11::new(module)
            .with_context(|| format!("{}: a PKCS#11 library expected", module.display()))?;
        library
            .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
            .context("PKCS#11 library does not start")?;
        let mut slots = Vec::new();
        for slot in library.get_slots_with_initialized_token()? {
            if library.get_token_info(slot)?.label().trim_end() == wanted {
                slots.push(slot);
            }
        }
        let [slot] = slots[..] else {
            bail!(
                "{} tokens with the label {wanted:?} found, one expected",
                slots.len()
            );
        };
        let session = library.open_rw_session(slot)?;
        let pin = crate::file::text(pin_file)?;
        session
            .login(
                UserType::User,
                Some(&AuthPin::from(pin.trim_end().to_owned())),
            )
            .context("the token refuses the PIN")?;
        Ok(Token {
            session,
            label: label.clone(),
        })
    }
}

impl Token {
    /// Signs: r and s one after the other, as tokens do by themselves (PKCS#11 2.40, 2.3.1).
    pub(crate) fn sign(&self, digest: Digest, unsigned: &[u8]) -> anyhow::Result<Vec<u8>> {
        let key = self.find(ObjectClass::PRIVATE_KEY)?;
        let digest = sign::digest(digest, unsigned)?;
        self.session
            .sign(&Mechanism::Ecdsa, key, &digest)
            .context("the token refuses to sign")
    }

    /// Makes a key pair that cannot be taken out, and hands its public half over.
    pub(crate) fn generate(&self, curve: Nid) -> anyhow::Result<PKey<Public>> {
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Label(self.label.clone().into_bytes()),
        ];
        if !self.session.find_objects(&template)?.is_empty() {
            bail!(
                "the token has a key with the label {:?} already",
                self.label
            );
        }
        let label = || Attribute::Label(self.label.clone().into_bytes());
        let parameters = EcGroup::from_curve_name(curve)?;
        let parameters = object_identifier(&parameters)?;
        let public = [
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(parameters),
            label(),
        ];
        let private = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
            label(),
        ];
        let (public, _) = self
            .session
            .generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)
            .context("the token refuses to make a key")?;
        self.public(public, curve)
    }

    fn public(&self, key: ObjectHandle, curve: Nid) -> anyhow::Result<PKey<Public>> {
        let attributes = self
            .session
            .get_attributes(key, &[AttributeType::EcPoint])?;
        let Some(Attribute::EcPoint(point)) = attributes.first() else {
            bail!("the token does not tell the public key");
        };
        // An octet string with the point in it (PKCS#11 2.40, 2.3.3).
        let point = Reader::new(point)
            .expect(0x04, "point in an octet string")?
            .value;
        let group = EcGroup::from_curve_name(curve)?;
        let mut context = BigNumContext::new()?;
        let point = EcPoint::from_bytes(&group, point, &mut context)?;
        Ok(PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)?)
    }

    fn find(&self, class: ObjectClass) -> anyhow::Result<ObjectHandle> {
        let label = Attribute::Label(self.label.clone().into_bytes());
        let found = self
            .session
            .find_objects(&[Attribute::Class(class), label])?;
        let [key] = found[..] else {
            bail!(
                "{} keys with the label {:?} found, one expected",
                found.len(),
                self.label
            );
        };
        Ok(key)
    }
}

/// The curve's object identifier in DER.
fn object_identifier(group: &EcGroup) -> anyhow::Result<Vec<u8>> {
    let key = EcKey::generate(group)?;
    let public = PKey::from_ec_key(key)?.public_key_to_der()?;
    // SubjectPublicKeyInfo: the algorithm, and its parameters.
    let mut algorithm = Reader::new(&public)
        .expect(0x30, "key")?
        .reader()
        .expect(0x30, "algorithm")?
        .reader();
    algorithm.expect(0x06, "algorithm identifier")?;
    Ok(algorithm.expect(0x06, "curve identifier")?.raw.to_vec())
}
