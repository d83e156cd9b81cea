//! Every decoder with good inputs, with every one of them damaged, and with noise.
//!
//! `cargo bolero test <name> --package gate-fuzz` lets a fuzzer look for inputs that reach further:
//! see `docs/fuzzing.md`. An input that once broke something stands in `__fuzz__/<name>/crashes/` and
//! is tried in every run.

use gate_fuzz::{damage, seeds, targets};
use std::collections::BTreeSet;
use std::path::Path;

/// Longest input, in bytes; what is longer is cut off. Noise is short; a fuzzer has to see whole seeds.
const INPUT_MAX: usize = if cfg!(fuzzing) { 1 << 16 } else { 512 };

macro_rules! survive {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                bolero::check!()
                    .with_max_len(INPUT_MAX)
                    .for_each(|bytes: &[u8]| { targets::$name(bytes); });
            }
        )*

        mod with_one_thing_wrong {
            use super::*;
            $(
                #[test]
                fn $name() {
                    for (seed, bytes) in seeds::$name() {
                        let calls = damage::each_fault(&bytes, |bytes| {
                            targets::$name(bytes);
                        });
                        assert!(calls > bytes.len().min(100), "{seed}");
                    }
                }
            )*
        }

        /// Every target with what it is given.
        const TARGETS: &[(&str, fn(&[u8]) -> bool, fn() -> Vec<seeds::Seed>)] = &[
            $((stringify!($name), targets::$name, seeds::$name)),*
        ];
    };
}

survive!(
    frames,
    bodies_to_controller,
    bodies_to_host,
    controller_link,
    host_link,
    mrz,
    tlv,
    files,
    signature,
    anchors,
    pictures,
    wild_chip,
    damaged_chip,
    reader,
    camera,
    lists,
    settings,
    update,
    host_keys,
    seals,
    seal_payload,
    permits,
    imager,
    hints,
    symbols,
    bundle,
    certificate,
    master_list,
    defect_list,
    directory,
    revocation_list,
    written_rules,
    details,
    security_infos,
    active_key,
    damaged_modern_chip,
    photographs,
    calibration,
    stored_site,
    card_security,
    texts,
    pages,
    recordings,
    page_texts,
    hand_over,
    host_pairing,
    controller_pairing,
    boot_loader,
    release,
    factory_page,
);

#[test]
fn every_byte_is_changed_taken_away_doubled_and_cut_off() {
    let mut seen = Vec::new();
    let calls = damage::each_fault(&[0x41, 0x42], |bytes| seen.push(bytes.to_vec()));
    assert_eq!(calls, seen.len());
    for expected in [
        &[0x41, 0x42][..],
        &[0x40, 0x42],
        &[0x41, 0xC2],
        &[0x42],
        &[0x41],
        &[0x41, 0x41, 0x42],
        &[],
    ] {
        assert!(seen.iter().any(|bytes| bytes == expected), "{expected:?}");
    }
}

#[test]
fn every_decoder_takes_its_good_inputs() {
    for (name, target, seeds) in TARGETS {
        for (seed, bytes) in seeds() {
            // A chip that answers without a key never gets far.
            let good = match *name {
                "wild_chip" => false,
                "damaged_chip" | "damaged_modern_chip" => seed == "none",
                _ => true,
            };
            assert!(!good || target(&bytes), "{name}/{seed}");
        }
    }
}

/// What nobody reads of is not run for long either.
#[test]
fn every_target_stands_in_the_document_and_nothing_else_does() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fuzzing.md");
    let text = std::fs::read_to_string(document).expect("docs/fuzzing.md");
    let table = text
        .split("\n\n")
        .find(|part| part.starts_with("| Target | Decoder |"));
    let rows = table.expect("a table of targets").lines().skip(2);
    let named: BTreeSet<&str> = rows
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let targets: BTreeSet<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(named, targets);
}

#[test]
fn what_once_broke_something_is_survived_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/__fuzz__");
    for (name, target, _) in TARGETS {
        let crashes = std::fs::read_dir(folder.join(name).join("crashes"));
        for crash in crashes.into_iter().flatten().flatten() {
            target(&std::fs::read(crash.path()).expect("a file"));
        }
    }
}

/// Set `GATE_ACCEPT=1` to write them anew.
#[test]
fn the_committed_corpus_is_what_the_seeds_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/__fuzz__");
    let accept = std::env::var_os("GATE_ACCEPT").is_some();
    for (name, target, seeds) in TARGETS {
        for (seed, bytes) in seeds() {
            let path = folder.join(name).join("corpus").join(seed);
            if accept {
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                std::fs::write(&path, &bytes).expect("a file");
            }
            let committed = std::fs::read(&path).unwrap_or_default();
            // There is chance in a signature: what is committed is as good, and not the same.
            let same = match *name {
                "signature" | "anchors" | "bundle" | "certificate" | "revocation_list"
                | "card_security" | "hand_over" => target(&committed),
                // Its signer is pinned by a certificate that has a signature, too.
                "master_list" | "defect_list" => committed.len().abs_diff(bytes.len()) < 16,
                _ => committed == bytes,
            };
            assert!(same, "{name}/{seed} is not what is committed");
        }
    }
}
