//! Countries without an authority.

use super::*;

#[test]
fn a_report_names_the_countries_without_an_authority() {
    let csca = authority(p256(), CSCA, None);
    let expired = authority(
        p256(),
        Terms {
            until: FROM + 1,
            ..CSCA
        },
        None,
    );
    let list = Crl::parse(&make_crl(
        &csca,
        &[],
        "261101000000Z",
        Some("261115000000Z"),
    ))
    .unwrap();
    let store = TrustStore::of(vec![
        anchor(&csca, SourceKind::Bilateral, Some(date(2026, 1, 1))),
        anchor(&expired, SourceKind::MasterList, None),
    ])
    .with_crls(vec![list]);
    let report = coverage::report(&store, &["LAO", "KH", "D"], TODAY);
    assert_eq!(report.keys().collect::<Vec<_>>(), ["DE", "KH", "LA", "UT"]);
    assert!(
        ["DE", "KH", "LA"]
            .iter()
            .all(|code| report[*code].is_missing())
    );
    let own = &report["UT"];
    assert_eq!((own.authorities, own.valid, own.bilateral), (2, 1, 1));
    assert_eq!(own.as_of, Some(date(2026, 1, 1)));
    assert_eq!(own.revocation_list_days, Some(21));
    assert!(own.revocation_list_overdue && !own.is_missing());
}
