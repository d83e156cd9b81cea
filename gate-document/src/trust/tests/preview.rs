//! What a new bundle changes.

use super::*;

#[test]
fn a_preview_says_what_a_bundle_takes_away() {
    let of = |country| authority(p256(), Terms { country, ..CSCA }, None);
    let germany: Vec<Authority> = (0..4).map(|_| of("DE")).collect();
    let (laos, china) = (of("LA"), of("CN"));
    let all: Vec<&Authority> = germany.iter().chain([&china]).collect();
    let old = store_of(&all);
    let new = store_of(&[&germany[0], &laos]);
    let change = Difference::between(&old, &new);
    assert_eq!(
        change.to_string(),
        "version none to none\nremoves 1 CSCA of CN\nCN is left without any\n\
         removes 3 CSCAs of DE\nadds 1 CSCA of LA"
    );
    assert!(change.is_suspicious());
    assert_eq!(change.lost().collect::<Vec<_>>(), ["CN"]);
    let same = Difference::between(&old, &old);
    assert_eq!(same.to_string(), "version none to none");
    assert!(!same.is_suspicious());
}
