use super::*;
use crate::finding::Outcome::{Failed, NotDone, Passed};
use crate::test_issuer::{
    Authority, CSCA, FROM, LDS, SIGNER, Scheme, SodIssuer, Terms, authority, ec_key, p256, rsa_key,
};
use hex_literal::hex;
use jiff::civil::date;
use openssl::ec::Asn1Flag;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use proptest::prelude::*;

mod oddities;
mod refused;
mod schemes;
mod signer;

const TODAY: Option<Date> = Some(date(2026, 11, 22));

fn store(authorities: &[&Authority]) -> TrustStore {
    let pem: Vec<u8> = authorities
        .iter()
        .flat_map(|authority| authority.certificate.to_pem().unwrap())
        .collect();
    TrustStore::from_pem(&pem).unwrap()
}

fn outcome(sod: &[u8], trust: &TrustStore, today: Option<Date>) -> (Finding, Finding) {
    let result = authenticate(&Sod::parse(sod).unwrap(), trust, today);
    (result.signature, result.trust)
}

const GROUPS: [(u8, &[u8]); 2] = [(1, b"one"), (2, b"two")];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damaged_sod_is_believed(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
    ) {
        let csca = authority(p256(), CSCA, None);
        let signer = authority(p256(), SIGNER, Some(&csca));
        let genuine = SodIssuer::new(&signer).sod(&GROUPS);
        let parsed = Sod::parse(&genuine).unwrap();
        let mut damaged = genuine.clone();
        for (index, bits) in damage {
            damaged[index.index(genuine.len())] ^= bits;
        }
        if let Ok(sod) = Sod::parse(&damaged) {
            let result = authenticate(&sod, &store(&[&csca]), TODAY);
            if result.signature.outcome == Passed && result.trust.outcome == Passed {
                // Damage where nothing is signed, such as the version, changes nothing that counts.
                prop_assert_eq!(sod.digests, parsed.digests);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_sod_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Sod::parse(&bytes);
        let _ = Sod::parse(&crate::test_issuer::object(0x77, &[&bytes]));
        let _ = TrustStore::from_pem(&bytes);
    }
}
