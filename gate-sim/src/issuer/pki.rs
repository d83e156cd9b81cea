//! What authorities publish beside documents: link certificates, revocation lists, master lists; and
//! a crowd of other authorities, as gates have them in their trust store.

use super::certificate::{self, Certified};
use super::der::{integer, oid, sequence, tlv};
use super::sod::{ECDSA_WITH_SHA_256, pss_algorithm, sign};
use super::{Authority, IssuerError, State, keys};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

const MASTER_LIST: &[u32] = &[2, 23, 136, 1, 1, 2];

impl Authority {
    /// The country signing CA's certificate in DER.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`] if OpenSSL cannot encode it.
    pub fn csca_der(&self) -> Result<Vec<u8>, IssuerError> {
        Ok(self.csca.certificate.to_der()?)
    }

    /// The document signer's serial number, as a revocation list names it.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`] if OpenSSL cannot encode it.
    pub fn signer_serial(&self) -> Result<Vec<u8>, IssuerError> {
        Ok(self.signer.certificate.serial_number().to_bn()?.to_vec())
    }

    /// A link certificate (Doc 9303-12, 7.1.1): this authority vouches for the key of `newer`.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`].
    pub fn link_to(&self, newer: &Self) -> Result<Vec<u8>, IssuerError> {
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed ^ newer.seed.rotate_left(1));
        let key = newer.csca.key.clone();
        let digest = MessageDigest::sha256();
        let link = certificate::link(self.state, &self.csca, key, digest, &mut rng)?;
        Ok(link.to_der()?)
    }

    /// A revocation list (Doc 9303-12, 7.1.4) with these serial numbers. Times as
    /// `261122000000Z`.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`].
    pub fn revocation_list(
        &self,
        revoked: &[&[u8]],
        made: &str,
        next: &str,
    ) -> Result<Vec<u8>, IssuerError> {
        let entries: Vec<u8> = revoked
            .iter()
            .flat_map(|serial| {
                let serial = [&[0], *serial].concat();
                sequence(&[&tlv(0x02, &serial), &tlv(0x17, made.as_bytes())])
            })
            .collect();
        let entries = match entries.is_empty() {
            true => Vec::new(),
            false => sequence(&[&entries]),
        };
        let algorithm = if self.csca.key.id() == Id::RSA {
            pss_algorithm()
        } else {
            sequence(&[&oid(ECDSA_WITH_SHA_256)])
        };
        let signed = sequence(&[
            &integer(1),
            &algorithm,
            &self.csca.certificate.subject_name().to_der()?,
            &tlv(0x17, made.as_bytes()),
            &tlv(0x17, next.as_bytes()),
            &entries,
        ]);
        let (algorithm, signature) = sign(&self.csca, &signed)?;
        Ok(sequence(&[&signed, &algorithm, &bits(&signature)]))
    }

    /// A master list (Doc 9303-12, 9) of `certificates`, signed by the country signing CA itself.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`].
    pub fn master_list(&self, certificates: &[Vec<u8>]) -> Result<Vec<u8>, IssuerError> {
        let content = sequence(&[&integer(0), &tlv(0x31, &certificates.concat())]);
        Ok(super::sod::signed_data(
            MASTER_LIST,
            &content,
            &self.csca,
            jiff::civil::date(2026, 1, 1),
        )?)
    }
}

/// BIT STRING without unused bits.
fn bits(value: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], value].concat())
}

/// Countries of a crowd: those near the Vietnamese border, and some that many travellers come from.
const COUNTRIES: [&str; 12] = [
    "CN", "TH", "MY", "SG", "KR", "JP", "DE", "FR", "GB", "US", "AU", "NZ",
];

/// `count` certificates of different authorities in DER, in the mix of published master lists: seven
/// in ten RSA with 2048 to 4096 bits, a fifth of all RSA-PSS, the others on brainpool and NIST curves
/// whose parameters are written out. RSA keys take seconds, so there are only a few of them.
///
/// # Errors
///
/// [`IssuerError::Crypto`].
pub fn crowd(count: usize, seed: u64) -> Result<Vec<Vec<u8>>, IssuerError> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let rsa = [4096, 4096, 3072, 2048]
        .into_iter()
        .map(|bits| keys::rsa(bits, &mut rng))
        .collect::<Result<Vec<PKey<Private>>, ErrorStack>>()?;
    let curves = [
        Nid::BRAINPOOL_P256R1,
        Nid::BRAINPOOL_P384R1,
        Nid::BRAINPOOL_P512R1,
        Nid::SECP384R1,
        Nid::X9_62_PRIME256V1,
    ];
    (0..count)
        .map(|index| {
            let state = State {
                code: "UTO",
                country: COUNTRIES[index % COUNTRIES.len()],
            };
            let key = if rng.random_bool(0.72) {
                rsa[index % rsa.len()].clone()
            } else {
                keys::elliptic(curves[index % curves.len()], &mut rng)?
            };
            let csca = certificate::country_signing(state, key, MessageDigest::sha256(), &mut rng)?;
            if csca.key.id() == Id::RSA && rng.random_bool(0.3) {
                return Ok(with_pss(&csca)?);
            }
            Ok(csca.certificate.to_der()?)
        })
        .collect()
}

/// The certificate signed anew with RSA-PSS.
fn with_pss(csca: &Certified) -> Result<Vec<u8>, ErrorStack> {
    let der = csca.certificate.to_der()?;
    certificate::signed_anew(csca, &der, |_, part| part.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::Scheme;
    use gate_document::trust::crl::{Crl, Status};
    use gate_document::trust::master_list::MasterList;
    use gate_document::trust::{Anchor, Certificate, Source, TrustStore};
    use jiff::Timestamp;
    use jiff::civil::date;

    fn certificate(der: &[u8]) -> Certificate {
        Certificate::parse(der).unwrap()
    }

    fn store(der: &[u8]) -> TrustStore {
        TrustStore::of(vec![Anchor {
            certificate: certificate(der),
            source: Source::unstated(),
        }])
    }

    #[test]
    fn what_an_authority_publishes_is_believed_under_its_own_key() {
        for scheme in [Scheme::Elliptic, Scheme::Rsa] {
            let older = Authority::new(State::UTOPIA, scheme, 1).unwrap();
            let newer = Authority::new(State::UTOPIA, scheme, 2).unwrap();
            let (old, new) = (older.csca_der().unwrap(), newer.csca_der().unwrap());
            let link = certificate(&older.link_to(&newer).unwrap());
            let signer = certificate(&newer.signer.certificate.to_der().unwrap());
            let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
            assert!(store(&old).chain(&signer, now).is_err());
            let linked = store(&old).with_links(vec![link]);
            assert_eq!(linked.chain(&signer, now).unwrap().links, 1);

            let serial = newer.signer_serial().unwrap();
            for (revoked, expected) in [
                (vec![&serial[..]], true),
                (vec![&[1][..]], false),
                (vec![], false),
            ] {
                let list = newer
                    .revocation_list(&revoked, "261120000000Z", "270220000000Z")
                    .unwrap();
                let store = store(&new).with_crls(vec![Crl::parse(&list).unwrap()]);
                let status = store.revocation(&signer, Some(now));
                assert_eq!(matches!(status, Status::Revoked { .. }), expected);
                assert_eq!(status == Status::Good { days: 2 }, !expected);
            }

            let list = older.master_list(&[old.clone(), new.clone()]).unwrap();
            let found =
                MasterList::import(&list, &[certificate(&old)], date(2026, 11, 22)).unwrap();
            assert_eq!((found.anchors.len(), found.doubts.len()), (2, 0));
            assert!(MasterList::import(&list, &[certificate(&new)], date(2026, 11, 22)).is_err());
        }
    }
}
