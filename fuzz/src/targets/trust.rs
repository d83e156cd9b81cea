//! What trust is made of.

use crate::seeds;
use gate_document::TrustStore;
use gate_document::policy::Policy;
use gate_document::trust::Certificate;
use gate_document::trust::bilateral::HandOver;
use gate_document::trust::bundle::BundleKey;
use gate_document::trust::crl::Crl;
use gate_document::trust::defect_list::DefectList;
use gate_document::trust::defects::Defects;
use gate_document::trust::ldif::Directory;
use gate_document::trust::master_list::MasterList;
use jiff::civil::date;
use std::sync::OnceLock;

/// The anchors of trust, which come from outside as well.
pub fn anchors(bytes: &[u8]) -> bool {
    TrustStore::from_pem(bytes).is_ok_and(|store| store.count() > 0)
}

/// The trust bundle, under the pinned test key.
pub fn bundle(bytes: &[u8]) -> bool {
    static KEY: OnceLock<Option<BundleKey>> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let pem = gate_sim::issuer::trust::signer().and_then(|signer| signer.public_pem());
        BundleKey::from_pem(&pem.ok()?).ok()
    });
    key.as_ref()
        .is_some_and(|key| TrustStore::open(bytes, key).is_ok())
}

/// A certificate of anybody's: structure, names, key, and its signature by itself.
pub fn certificate(bytes: &[u8]) -> bool {
    Certificate::parse(bytes).is_ok_and(|read| {
        let _ = (read.country(), read.common_name(), read.is_self_issued());
        read.is_signed_by(&read)
    })
}

/// A master list: whatever it holds, nothing of it is believed without the pinned signer.
pub fn master_list(bytes: &[u8]) -> bool {
    MasterList::import(bytes, pinned(), date(2026, 11, 22)).is_ok()
}

/// A list of defects, in ICAO's form or the BSI's: the same.
pub fn defect_list(bytes: &[u8]) -> bool {
    DefectList::import(bytes, pinned(), date(2026, 11, 22)).is_ok()
}

/// The signer of the lists that are believed.
fn pinned() -> &'static [Certificate] {
    static PINNED: OnceLock<Vec<Certificate>> = OnceLock::new();
    PINNED.get_or_init(|| {
        let pem = seeds::csca();
        let store = TrustStore::from_pem(&pem).unwrap_or_default();
        let anchors = store.anchors().iter();
        anchors.map(|anchor| anchor.certificate.clone()).collect()
    })
}

/// A file of the public key directory.
pub fn directory(bytes: &[u8]) -> bool {
    Directory::parse(bytes).is_ok()
}

/// A revocation list, looked through for a serial number.
pub fn revocation_list(bytes: &[u8]) -> bool {
    Crl::parse(bytes).is_ok_and(|list| {
        let _ = (list.country(), list.reason(&[1]));
        true
    })
}

/// Lists of defects and policies.
pub fn written_rules(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes)
        .is_ok_and(|text| Defects::parse(text).is_ok() | Policy::parse(text).is_ok())
}

/// A certificate that a State, the first two letters, hands over by itself.
pub fn hand_over(bytes: &[u8]) -> bool {
    let Some((country, certificate)) = bytes.split_at_checked(2) else {
        return false;
    };
    let Ok(read) = Certificate::parse(certificate) else {
        return false;
    };
    let handed = HandOver {
        certificate,
        country: &String::from_utf8_lossy(country),
        received: date(2026, 11, 22),
        fingerprints: [read.fingerprint(); 2],
    };
    handed.import().is_ok()
}
