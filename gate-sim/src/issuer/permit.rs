//! Permits with a signed barcode, as an issuing desk makes them.

use super::certificate::{self, Certified};
use super::{Authority, IssuerError, keys};
use gate_document::seal::profile::PermitProfile;
use gate_document::seal::sign::{digest_for, sign};
use gate_document::seal::vds::{self, VdsHeader};
use gate_document::seal::{DocumentType, SealFormat, Tag, verify};
use gate_document::trust::Certificate;
use jiff::civil::Date;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

/// Tells a desk's key from the authority's other ones.
const DESK: u64 = 0xB0A4_D000;

/// A desk that signs barcodes.
pub struct PermitDesk {
    issuer: &'static str,
    signer: Certified,
}

impl Authority {
    /// A desk of this authority.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`].
    pub fn permit_desk(&self) -> Result<PermitDesk, IssuerError> {
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed ^ DESK);
        let key = keys::elliptic(Nid::X9_62_PRIME256V1, &mut rng)?;
        let digest = MessageDigest::sha256();
        let signer = certificate::barcode_signer(self.state, &self.csca, key, digest, &mut rng)?;
        Ok(PermitDesk {
            issuer: self.state.code,
            signer,
        })
    }
}

impl PermitDesk {
    /// The desk's certificate, for a gate's trust bundle. `None` only if OpenSSL cannot encode it.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        let der = self.signer.certificate.to_der().ok()?;
        Certificate::parse(&der).ok()
    }

    /// A binary seal (Doc 9303-13) of the kind that `profile` describes, with `data` in it, signed on
    /// `day`.
    ///
    /// # Errors
    ///
    /// [`IssuerError::PermitData`] for data that the profile does not know, [`IssuerError::Permit`] for
    /// what no binary seal holds, [`IssuerError::Crypto`].
    pub fn issue(
        &self,
        profile: &PermitProfile,
        data: &str,
        day: Date,
    ) -> Result<Vec<u8>, IssuerError> {
        let (signer, reference) = verify::name_of(&self.signer.certificate).unwrap_or_default();
        let header = VdsHeader {
            format: SealFormat::Vds4,
            issuer: self.issuer.to_owned(),
            signer,
            reference,
            issued: day,
            signed_on: day,
            document: match profile.document {
                Some(DocumentType::Number(number)) => number,
                _ => 0,
            },
        };
        let features: Vec<(u8, Vec<u8>)> = profile
            .encode("data", data)?
            .into_iter()
            .filter_map(|(tag, value)| match tag {
                Tag::Number(tag) => Some((tag, value)),
                Tag::Path(_) => None,
            })
            .collect();
        let unsigned = vds::unsigned(&header, &features)?;
        let key = &self.signer.key;
        let signature = sign(key, digest_for(key.bits()), &unsigned)?;
        Ok(vds::seal(unsigned, &signature)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::{Scheme, State};
    use gate_document::seal::profile::Gate;
    use gate_document::seal::{PermitVerdict, SealCheck, inspect};

    use jiff::civil::date;

    const PASS: &str = "title = \"Pass\"\nformat = \"vds\"\ndocument = 0xF1FF\nissuers = [\"UTO\"]\n\
        [[feature]]\ntag = 1\nname = \"port\"\ntype = \"c40\"\n\
        [validity]\ndays = 9\n[area]\nfeature = \"port\"\n[holder]\nbinding = \"none\"\n";

    #[test]
    fn a_gate_that_knows_the_desk_accepts_its_permits_and_nobody_elses() {
        let profile = PermitProfile::parse("pass.toml", PASS).unwrap();
        let day = date(2026, 11, 22);
        for scheme in [Scheme::Elliptic, Scheme::Rsa] {
            let authority = Authority::new(State::UTOPIA, scheme, 1).unwrap();
            let desk = authority.permit_desk().unwrap();
            let store = authority.trust_store().unwrap();
            let store = store.with_seal_signers(desk.certificate().into_iter().collect());
            let gate = Gate {
                places: &["VNHPH"],
                today: Some(day),
                ..Gate::default()
            };
            let verdict = |desk: &PermitDesk| {
                let pass = desk.issue(&profile, "port = \"VNHPH\"", day).unwrap();
                inspect(&pass, std::slice::from_ref(&profile), &store, &gate).verdict()
            };
            assert_eq!(verdict(&desk), PermitVerdict::Accepted, "{scheme:?}");
            let forger = authority.impostor().unwrap().permit_desk().unwrap();
            let refused = PermitVerdict::Refused(SealCheck::SealSigner);
            assert_eq!(verdict(&forger), refused, "{scheme:?}");
        }
    }
}
