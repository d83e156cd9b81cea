//! Test travel documents, made and signed by test authorities.
//!
//! Nothing of it is anybody's: the people are invented, the keys come out of a seed and protect
//! nothing. What a forger does to a finished document is in [`TestDocument::exchange_portrait`] and
//! [`TestDocument::reprint_name`]; what a false authority does, in [`Authority::impostor`].

mod certificate;
pub mod cheat;
mod defects;
pub(crate) mod der;
pub mod details;
pub mod electronics;
mod keys;
mod lds;
mod mrz;
pub mod oddity;
pub mod permit;
pub mod pki;
pub mod portrait;
mod sod;
pub mod trust;

use std::collections::BTreeMap;
use std::fmt;

use gate_document::TrustStore;
use jiff::ToSpan as _;
use jiff::civil::{self, Date};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use self::certificate::Certified;
pub use self::defects::Deviating;
pub use self::electronics::Electronics;
use self::electronics::Secrets;
pub use self::portrait::{Encoding, Portrait};

/// A state that issues test documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Three letters, as in the machine readable zone (Doc 9303-3, 5).
    pub code: &'static str,
    /// Two letters, as in certificates (ISO 3166-1).
    pub country: &'static str,
}

impl State {
    /// Utopia, the specimen state of Doc 9303.
    pub const UTOPIA: Self = Self {
        code: "UTO",
        country: "UT",
    };
    /// Vietnam's layout, under a test authority that has nothing to do with Vietnam.
    pub const VIETNAM: Self = Self {
        code: "VNM",
        country: "VN",
    };
}

/// Which signatures an authority makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// CSCA on brainpoolP384r1 with SHA-384, signer on brainpoolP256r1 with SHA-256; parameters
    /// written out.
    Elliptic,
    /// CSCA with RSA 3072 and PKCS #1 v1.5, signer with RSA 2048 and PSS; SHA-256.
    Rsa,
    /// Both on brainpoolP512r1; SHA-512 in certificates.
    Brainpool512,
    /// Both on secp521r1; SHA-512 in certificates.
    Nist521,
    /// CSCA with RSA 6144, signer with RSA 4096 and PSS. The keys are the same for every seed: see
    /// [`long_keys`].
    LongRsa,
    /// Both with RSA 1024, as it was once: too short to rely on.
    ShortRsa,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 6] = [
        Self::Elliptic,
        Self::Rsa,
        Self::Brainpool512,
        Self::Nist521,
        Self::LongRsa,
        Self::ShortRsa,
    ];
}

/// The keys of [`Scheme::LongRsa`] as PEM. To find their primes takes many seconds, so they are
/// committed: `cargo run -p gate-sim --example long_keys > gate-sim/src/issuer/long_rsa.pem`.
///
/// # Errors
///
/// [`IssuerError::Crypto`] if OpenSSL cannot compute them.
pub fn long_keys() -> Result<Vec<u8>, IssuerError> {
    let mut rng = ChaCha20Rng::seed_from_u64(6144);
    let mut pem = Vec::new();
    for bits in [6144, 4096] {
        pem.extend(keys::rsa(bits, &mut rng)?.private_key_to_pem_pkcs8()?);
    }
    Ok(pem)
}

/// Size and layout of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Passport booklet: two lines of 44 characters.
    Td3,
    /// Card: three lines of 30 characters.
    Td1,
}

/// Sex as printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// F.
    Female,
    /// M.
    Male,
    /// The filler.
    Unspecified,
}

/// What the holder of a test document is to be.
#[derive(Clone)]
pub struct DocumentRequest {
    /// Booklet or card.
    pub format: Format,
    /// Primary identifier: A to Z, space, hyphen, apostrophe.
    pub surname: String,
    /// Secondary identifier, likewise; may be empty.
    pub given_names: String,
    /// A to Z and digits, at most 9 characters; 22 on a card.
    pub number: String,
    /// Three letters.
    pub nationality: &'static str,
    /// Day of birth.
    pub birth: Date,
    /// Sex.
    pub sex: Sex,
    /// Last day of validity. One in the past makes an expired document.
    pub expiry: Date,
    /// Optional data: at most 14 characters on a booklet, 15 on a card.
    pub optional: String,
    /// The portrait.
    pub portrait: Portrait,
}

impl DocumentRequest {
    /// A passport for the specimen of Doc 9303-4, appendix B, in validity until April 2032.
    #[must_use]
    pub fn specimen(portrait: Portrait) -> Self {
        Self {
            format: Format::Td3,
            surname: "Eriksson".into(),
            given_names: "Anna Maria".into(),
            number: "L898902C3".into(),
            nationality: "UTO",
            birth: civil::date(1974, 8, 12),
            sex: Sex::Female,
            expiry: civil::date(2032, 4, 15),
            optional: String::new(),
            portrait,
        }
    }

    /// Number and optional data as on a Vietnamese identity card: the document number is the last
    /// nine digits of the twelve-digit personal number, which follows in full with a check digit of
    /// its own.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Characters`] unless `personal` is twelve digits.
    pub fn with_personal_number(mut self, personal: &str) -> Result<Self, IssuerError> {
        if personal.len() != 12 || !personal.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(IssuerError::Characters {
                field: "personal number",
            });
        }
        self.number = personal[3..].to_owned();
        self.optional = format!("{personal}<<{}", mrz::check_digit(personal));
        Ok(self)
    }
}

/// Why no test document could be made.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// Use the characters that the field's documentation names.
    #[error("the {field} cannot be written in a machine readable zone")]
    Characters {
        /// Name of the field.
        field: &'static str,
    },
    /// Use a shorter one.
    #[error("document number of {found} characters, at most {most} expected")]
    NumberLength {
        /// Characters given.
        found: usize,
        /// Characters that fit.
        most: usize,
    },
    /// Use another picture.
    #[error("portrait cannot be encoded: {problem}")]
    Portrait {
        /// What is wrong.
        problem: &'static str,
    },
    /// The date of issue lies ten years before the expiry; that date must exist.
    #[error("the date of expiry is too close to the beginning of the calendar")]
    Expiry,
    /// Make room in the directory for temporary files, or point `TMPDIR` elsewhere.
    #[error("temporary file for an image")]
    TemporaryFile(#[source] std::io::Error),
    /// See [`DataError`](gate_document::seal::profile::DataError).
    #[error(transparent)]
    PermitData(#[from] gate_document::seal::profile::DataError),
    /// See [`WriteError`](gate_document::seal::vds::WriteError).
    #[error(transparent)]
    Permit(#[from] gate_document::seal::vds::WriteError),
    /// OpenSSL 3 with its default provider is expected.
    #[error("openssl refused an operation")]
    Crypto(#[from] ErrorStack),
}

/// A test authority: a country signing CA and one document signer.
pub struct Authority {
    state: State,
    scheme: Scheme,
    seed: u64,
    csca: Certified,
    signer: Certified,
}

impl Authority {
    /// The authority of `state`; its keys come out of `seed`.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`] if OpenSSL has no brainpool curves.
    pub fn new(state: State, scheme: Scheme, seed: u64) -> Result<Self, IssuerError> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (csca_key, signer_key, digest) = match scheme {
            Scheme::Elliptic => (
                keys::elliptic(Nid::BRAINPOOL_P384R1, &mut rng)?,
                keys::elliptic(Nid::BRAINPOOL_P256R1, &mut rng)?,
                MessageDigest::sha384(),
            ),
            Scheme::Rsa => (
                keys::rsa(3072, &mut rng)?,
                keys::rsa(2048, &mut rng)?,
                MessageDigest::sha256(),
            ),
            Scheme::Brainpool512 => (
                keys::elliptic(Nid::BRAINPOOL_P512R1, &mut rng)?,
                keys::elliptic(Nid::BRAINPOOL_P512R1, &mut rng)?,
                MessageDigest::sha512(),
            ),
            Scheme::Nist521 => (
                keys::elliptic(Nid::SECP521R1, &mut rng)?,
                keys::elliptic(Nid::SECP521R1, &mut rng)?,
                MessageDigest::sha512(),
            ),
            Scheme::LongRsa => {
                let [csca, signer] = keys::long_rsa()?;
                (csca, signer, MessageDigest::sha256())
            }
            Scheme::ShortRsa => (
                keys::rsa(1024, &mut rng)?,
                keys::rsa(1024, &mut rng)?,
                MessageDigest::sha256(),
            ),
        };
        let csca = certificate::country_signing(state, csca_key, digest, &mut rng)?;
        let signer = certificate::document_signer(state, &csca, signer_key, digest, &mut rng)?;
        Ok(Self {
            state,
            scheme,
            seed,
            csca,
            signer,
        })
    }

    /// An authority of the same names with other keys, which no gate trusts.
    ///
    /// # Errors
    ///
    /// As [`Authority::new`].
    pub fn impostor(&self) -> Result<Self, IssuerError> {
        Self::new(self.state, self.scheme, !self.seed)
    }

    /// The country signing CA's certificate in PEM: what a gate is given as its trust anchor.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`] if OpenSSL cannot encode it.
    pub fn csca_pem(&self) -> Result<Vec<u8>, IssuerError> {
        Ok(self.csca.certificate.to_pem()?)
    }

    /// A trust store with this authority as its only anchor.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`] if OpenSSL cannot encode the certificate.
    pub fn trust_store(&self) -> Result<TrustStore, IssuerError> {
        // A certificate that was just written can be read.
        Ok(TrustStore::from_pem(&self.csca_pem()?).unwrap_or_default())
    }

    /// Makes and signs a document. Issued ten years before it expires, like a passport.
    ///
    /// # Errors
    ///
    /// [`IssuerError`] for what cannot be printed.
    pub fn issue(&self, request: &DocumentRequest) -> Result<TestDocument, IssuerError> {
        self.issue_with(request, &Electronics::default())
    }

    /// The same with a chip that can do more than hold files.
    ///
    /// # Errors
    ///
    /// [`IssuerError`] for what cannot be printed, or not computed.
    pub fn issue_with(
        &self,
        request: &DocumentRequest,
        electronics: &Electronics,
    ) -> Result<TestDocument, IssuerError> {
        let mut lines = mrz::lines(request, self.state)?;
        let mut key_information = mrz::key_information(request)?;
        if let Some(misprint) = electronics.misprint {
            mrz::misprint(&mut lines, misprint);
            if misprint.in_key {
                key_information = mrz::printed_key(&lines);
            }
        }
        let issued = request
            .expiry
            .checked_sub(10.years())
            .map_err(|_| IssuerError::Expiry)?;
        let odd = &electronics.odd[..];
        let group_1 = lds::data_group_1(&lines);
        let group_2 = lds::data_group_2(&request.portrait, electronics.face, odd);
        let secrets = Secrets::new(electronics, &mut ChaCha20Rng::seed_from_u64(self.seed))?;
        let mut groups = BTreeMap::from([(1, group_1), (2, group_2)]);
        groups.extend(
            electronics.groups.iter().filter_map(|(number, length)| {
                Some((*number, lds::other_group(*number, *length)?))
            }),
        );
        let (dg11, dg12) = (electronics.dg11.as_ref(), electronics.dg12.as_ref());
        let (dg13, dg16) = (electronics.dg13.as_ref(), &electronics.dg16[..]);
        let details = [
            (11, dg11.map(|holder| details::data_group_11(holder, odd))),
            (12, dg12.map(|making| details::data_group_12(making, odd))),
            (13, dg13.map(|holder| details::data_group_13(holder, odd))),
            (16, (!dg16.is_empty()).then(|| details::data_group_16(dg16))),
        ];
        for (number, file) in details {
            groups.extend(file.map(|file| (number, file)));
        }
        let group_14 = electronics::data_group_14(electronics, &secrets)?;
        groups.extend(group_14.map(|file| (14, file)));
        groups.extend(electronics::data_group_15(&secrets)?.map(|file| (15, file)));
        let listed: Vec<(u8, &[u8])> = groups
            .iter()
            .map(|(number, file)| (*number, &file[..]))
            .collect();
        let security_object = sod::security_object(&listed, &self.signer, issued, odd)?;
        let common = lds::common(groups.keys().copied());
        let mut files = BTreeMap::from([(lds::EF_COM, common), (lds::EF_SOD, security_object)]);
        files.extend(
            groups
                .into_iter()
                .map(|(number, file)| (0x0100 | u16::from(number), file)),
        );
        let mut master = BTreeMap::new();
        if let Some(file) = electronics::card_access(electronics) {
            master.insert(0x011C, file);
            let secured = electronics::card_security(electronics, &secrets, &self.signer, issued)?;
            master.insert(0x011D, secured);
        }
        Ok(TestDocument {
            request: request.clone(),
            state: self.state,
            lines,
            key_information,
            files,
            master,
            issued,
            electronics: electronics.clone(),
            secrets,
        })
    }
}

/// Neither keys nor seed.
impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, scheme, .. } = self;
        f.debug_struct("Authority")
            .field("state", state)
            .field("scheme", scheme)
            .finish_non_exhaustive()
    }
}

/// A document: what is printed on it and what is in its chip.
#[derive(Clone)]
pub struct TestDocument {
    request: DocumentRequest,
    state: State,
    lines: Vec<String>,
    key_information: String,
    files: BTreeMap<u16, Vec<u8>>,
    /// Files beside the application.
    pub(crate) master: BTreeMap<u16, Vec<u8>>,
    issued: Date,
    pub(crate) electronics: Electronics,
    pub(crate) secrets: Secrets,
}

impl TestDocument {
    /// The printed machine readable zone, line by line.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// What opens the chip: number, birth and expiry with their check digits.
    #[must_use]
    pub fn key_information(&self) -> &str {
        &self.key_information
    }

    /// The chip's files by file identifier.
    pub fn files(&self) -> impl Iterator<Item = (u16, &[u8])> {
        self.files.iter().map(|(id, bytes)| (*id, &bytes[..]))
    }

    /// The file `id`, such as `0x0101` for DG1.
    #[must_use]
    pub fn file(&self, id: u16) -> Option<&[u8]> {
        self.files.get(&id).map(Vec::as_slice)
    }

    /// The portrait as it was issued.
    #[must_use]
    pub fn portrait(&self) -> &Portrait {
        &self.request.portrait
    }

    /// A forger writes another portrait into the chip; the signature no longer fits.
    #[must_use]
    pub fn exchange_portrait(mut self, portrait: &Portrait) -> Self {
        let group_2 = lds::data_group_2(portrait, self.electronics.face, &self.electronics.odd);
        self.files.insert(lds::EF_DG2, group_2);
        self
    }

    /// A forger prints another name on the page; the chip still opens, and says otherwise.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Characters`] for a name that cannot be printed.
    pub fn reprint_name(mut self, surname: &str, given_names: &str) -> Result<Self, IssuerError> {
        self.request.surname = surname.to_owned();
        self.request.given_names = given_names.to_owned();
        self.lines = mrz::lines(&self.request, self.state)?;
        Ok(self)
    }
}

/// Nothing of the holder.
impl fmt::Debug for TestDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<_> = self
            .files
            .iter()
            .map(|(id, bytes)| (*id, bytes.len()))
            .collect();
        f.debug_struct("TestDocument")
            .field("state", &self.state)
            .field("sizes", &sizes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
