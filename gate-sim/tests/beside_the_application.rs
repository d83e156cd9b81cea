//! EF.CardAccess, which nobody signs, and EF.CardSecurity, which proves a chip in PACE: chips that are
//! honest, chips that cheat, and somebody between chip and gate.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::Outcome::{self, Failed, NotDone, NotSupported, Passed};
use gate_document::{Check, Finding, Mrz, inspect_without_portrait};
use gate_sim::chip::field::read_placed;
use gate_sim::chip::{Chip, Cipher};
use gate_sim::issuer::electronics::{ChipOffer, Electronics, Mapping, PaceOffer};
use gate_sim::issuer::{
    Authority, DocumentRequest, Encoding, Portrait, Scheme, State, TestDocument,
};
use image::{Rgb, RgbImage};
use jiff::civil::date;

const GENERIC: PaceOffer = PaceOffer {
    mapping: Mapping::Generic,
    cipher: Cipher::Aes256,
    parameters: 13,
};
const OLD: PaceOffer = PaceOffer {
    cipher: Cipher::TripleDes,
    parameters: 12,
    ..GENERIC
};
const PROVING: PaceOffer = PaceOffer {
    mapping: Mapping::ChipAuthentication,
    ..GENERIC
};

fn electronics(pace: &[PaceOffer]) -> Electronics {
    Electronics {
        pace: pace.to_vec(),
        chip: vec![ChipOffer {
            cipher: Cipher::Aes128,
            parameters: 13,
            number: None,
            announced: true,
        }],
        ..Electronics::default()
    }
}

fn issue(authority: &Authority, electronics: &Electronics) -> TestDocument {
    let picture = RgbImage::from_pixel(120, 160, Rgb([90, 120, 60]));
    let request =
        DocumentRequest::specimen(Portrait::encode(&picture, Encoding::Jpeg, 2_000).unwrap());
    authority.issue_with(&request, electronics).unwrap()
}

/// Reads the chip, and judges it with a gate that trusts `authority`.
fn inspect(document: &TestDocument, authority: &Authority) -> Vec<Finding> {
    let files = read_placed(document, Chip::new(document, 4)).unwrap();
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let trust = authority.trust_store().unwrap();
    inspect_without_portrait(&printed, &files, &trust, Some(date(2026, 11, 22)))
}

fn expect(found: &[Finding], check: Check, outcome: Outcome, reason: &str) {
    let finding = found.iter().find(|finding| finding.check == check).unwrap();
    assert_eq!(
        (finding.outcome, finding.reason.as_str()),
        (outcome, reason),
        "{check:?}"
    );
}

#[test]
fn whoever_takes_better_ways_out_of_the_unsigned_list_is_found_out() {
    let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let both = || issue(&authority, &electronics(&[GENERIC, OLD]));
    let announced_by_nobody = issue(
        &authority,
        &Electronics {
            chip: vec![],
            ..electronics(&[])
        },
    );
    for (document, outcome, reason) in [
        (both(), Passed, ""),
        (
            both().with_other_access(&[OLD]),
            Failed,
            "EF.CardAccess lacks 1 of the ways of PACE in DG14",
        ),
        (
            issue(&authority, &electronics(&[GENERIC])).with_other_access(&[OLD]),
            Failed,
            "EF.CardAccess lacks 1 of the ways of PACE in DG14 and announces 1 ways of PACE that \
             DG14 does not",
        ),
        (
            both().without_card_access(),
            Failed,
            "DG14 announces PACE, and EF.CardAccess could not be read",
        ),
        (
            both().with_unsigned_protocol(),
            NotDone,
            "EF.CardAccess announces 1 other protocols that DG14 does not",
        ),
        (
            announced_by_nobody.clone(),
            NotSupported,
            "nothing announces PACE",
        ),
        // Nothing signed speaks of PACE, and the chip does.
        (
            announced_by_nobody.with_other_access(&[OLD]),
            NotDone,
            "nothing that is signed says what it should announce",
        ),
    ] {
        let found = inspect(&document, &authority);
        expect(&found, Check::CardAccess, outcome, reason);
        expect(&found, Check::SodSignature, Passed, "");
    }
}

#[test]
fn a_chip_proves_itself_in_pace_only_with_a_key_that_a_trusted_signer_has_signed() {
    let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let elsewhere = Authority::new(State::VIETNAM, Scheme::Elliptic, 2).unwrap();
    let impostor = authority.impostor().unwrap();
    let genuine = || issue(&authority, &electronics(&[PROVING]));
    let check = Check::CardSecurity;

    let found = inspect(&genuine(), &authority);
    expect(&found, check, Passed, "");
    expect(&found, Check::CardAccess, Passed, "");

    let found = inspect(&issue(&authority, &electronics(&[GENERIC])), &authority);
    let unneeded = "no chip authentication mapping needed it";
    expect(&found, check, NotSupported, unneeded);

    let not_signed = "signed by none of 1 CSCA certificates of UT";
    let unknown = "no CSCA of VN in the trust store";
    let damaged = "the signed digest is not that of the content";
    for (document, reason) in [
        (genuine().signed_security(&impostor).unwrap(), not_signed),
        (genuine().signed_security(&elsewhere).unwrap(), unknown),
        (genuine().with_damaged_security(), damaged),
    ] {
        let found = inspect(&document, &authority);
        expect(&found, check, Failed, reason);
    }

    // A copy with keys of its own: its proof is right, and nobody has signed the key.
    let copy = genuine().with_keys_of(&impostor).unwrap();
    let found = inspect(&copy, &authority);
    expect(&found, check, Failed, not_signed);
    let proof = |found: &[Finding]| {
        let of = |finding: &&Finding| finding.check == Check::ChipAuthentication;
        found.iter().find(of).unwrap().outcome
    };
    assert_eq!(proof(&found), Failed);
}

#[test]
fn a_signed_key_beside_the_application_is_proof_enough_where_dg14_has_none() {
    let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let only_beside = Electronics {
        keys_only_beside: true,
        ..electronics(&[PROVING])
    };
    let genuine = || issue(&authority, &only_beside);
    let check = Check::ChipAuthentication;
    let found = inspect(&genuine(), &authority);
    expect(
        &found,
        check,
        Passed,
        "PACE-CAM with a key of EF.CardSecurity",
    );
    let impostor = authority.impostor().unwrap();
    let found = inspect(&genuine().with_keys_of(&impostor).unwrap(), &authority);
    expect(
        &found,
        check,
        Failed,
        "PACE-CAM with a key that only EF.CardSecurity has, which nobody trusted has signed",
    );
}
