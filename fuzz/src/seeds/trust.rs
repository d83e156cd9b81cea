//! Certificates and lists.

use super::Seed;
use super::issuer::authority;
use gate_sim::issuer::Deviating;
use jiff::civil::date;

/// Anchors of trust.
pub fn anchors() -> Vec<Seed> {
    let pem = authority().and_then(|authority| authority.csca_pem());
    vec![("csca", pem.expect("a test authority"))]
}

/// The test authority's certificate in PEM.
pub fn csca() -> Vec<u8> {
    let pem = authority().and_then(|authority| authority.csca_pem());
    pem.expect("a test authority")
}

/// Trust bundles.
pub fn bundle() -> Vec<Seed> {
    let bundle = gate_sim::issuer::trust::bundle(&csca());
    vec![("one-authority", bundle.expect("a test bundle"))]
}

/// Certificates.
pub fn certificate() -> Vec<Seed> {
    let der = authority().and_then(|authority| authority.csca_der());
    vec![("csca", der.expect("a test authority"))]
}

/// Master lists.
pub fn master_list() -> Vec<Seed> {
    let list = authority().and_then(|it| it.master_list(&[it.csca_der()?]));
    vec![("own", list.expect("a test authority"))]
}

/// Lists of defects, one of each form.
pub fn defect_list() -> Vec<Seed> {
    let documents = Deviating {
        kind: Some("P<".to_owned()),
        own_signer: true,
        issued: Some((date(2025, 1, 1), date(2025, 12, 31))),
        numbers: vec!["L898902C3".to_owned()],
    };
    let lists = authority().and_then(|it| {
        let deviations = it.deviation_list(&documents, &[2, 1], Some(11))?;
        Ok((deviations, it.defect_list(it, &[&[1, 1], &[4, 3]])?))
    });
    let (deviations, defects) = lists.expect("a test authority");
    vec![("deviations", deviations), ("defects", defects)]
}

/// Files of the public key directory.
pub fn directory() -> Vec<Seed> {
    let text = "version: 1\n\ndn: c=UT,dc=data\nuserCertificate;binary:: MAA=\n\
                pkdMasterListContent;binary:: MA\n AA\n# end\n";
    vec![("two-entries", text.into())]
}

/// Revocation lists.
pub fn revocation_list() -> Vec<Seed> {
    let list = authority()
        .and_then(|it| it.revocation_list(&[&[1], &[2]], "261101000000Z", "270101000000Z"));
    vec![("two-revoked", list.expect("a test authority"))]
}

/// Lists of defects and policies.
pub fn written_rules() -> Vec<Seed> {
    let defect = "[[defect]]\nid = \"a\"\nissuer = \"UTO\"\ncheck = \"portrait\"\n\
                  effect = \"note\"\nsource = \"x\"\nuntil = \"2027-01-01\"\n";
    let policy = "[checks]\nrevocation = \"mandatory\"\n[freshness]\nbundle = 3\n";
    vec![("defect", defect.into()), ("policy", policy.into())]
}

/// The test authority's certificate, as its State hands it over.
pub fn hand_over() -> Vec<Seed> {
    let certificates = certificate().into_iter();
    certificates
        .map(|(name, der)| (name, [&b"UT"[..], &der].concat()))
        .collect()
}
