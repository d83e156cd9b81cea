//! Prints how long this machine needs for every check of a document after its last byte, for documents of
//! several kinds; for a printed zone; and for a trust bundle.
//!
//! ```text
//! cargo run --release -p gate-sim --example inspection_time
//! ```
//!
//! Times are processor time of the one thread that does the work, as the system counts it: what else the machine does
//! beside does not count. The time on the wall stands behind it, and there it does.
//!
//! With `GATE_MODELS`, the folder that `cargo xtask models` fills, it also loads the certificates that States have
//! really published.
//!
//! Each document is the richest that its kind can be: PACE, Chip Authentication, Active Authentication, EF.CardSecurity,
//! personal details in DG11, 12, 13 and 16, a chain over a link certificate, revocation lists, lists of defects,
//! the text of the page and a visa beside it. An inspection is everything: signature, chain, digests, comparisons, the
//! portrait's pixels, the policy's verdict, and the report as JSON.
#![expect(clippy::unwrap_used, reason = "an example fails by panicking")]

use data_encoding::BASE64;
use gate_document::beside::{Beside, PageText};
use gate_document::inspect::{Inspection, inspect_without_portrait};
use gate_document::mrz::Mrz;
use gate_document::policy::{Policy, Verdict};
use gate_document::report::Report;
use gate_document::trust::bundle::Contents;
use gate_document::trust::crl::Crl;
use gate_document::trust::master_list::MasterList;
use gate_document::trust::{Anchor, Certificate, Source, SourceKind};
use gate_document::{
    AccessKey, ApduLength, ChipFiles, Finding, Outcome, Request, TrustStore, inspect, read,
};
use gate_sim::chip::field::InField;
use gate_sim::chip::{Chip, Cipher};
use gate_sim::issuer::details::{Details, Making, Notified, Valid};
use gate_sim::issuer::electronics::{ChipOffer, FaceRecord, Mapping, PaceOffer, SignatureOffer};
use gate_sim::issuer::{
    Authority, DocumentRequest, Electronics, Encoding, Portrait, Scheme, Sex, State, pki, trust,
};
use jiff::civil::{Date, date};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use std::collections::BTreeSet;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const TODAY: Date = date(2026, 11, 22);
/// As many as the German and Dutch master lists have distinct ones.
const AUTHORITIES: usize = 692;
/// Serial numbers in each revocation list, and written defects.
const REVOKED: u32 = 500;
const DEFECTS: usize = 200;
/// Inspections of each kind.
const RUNS: usize = 2_000;

const SPECIMEN: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                        L898902C36UTO7408122F1204159ZE184226B<<<<<10";
const VISA: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                    L8988901C4UTO7408122F2712310<<<<<<<<<<<<<<<<";

/// A kind of document.
struct Kind {
    name: &'static str,
    scheme: Scheme,
    encoding: Encoding,
    face: FaceRecord,
    mapping: Mapping,
    parameters: u8,
    signature: SignatureOffer,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "ECDSA, brainpoolP384r1 and P256r1 written out; JPEG 2000; PACE-CAM",
        scheme: Scheme::Elliptic,
        encoding: Encoding::Jpeg2000,
        face: FaceRecord::Iso19794,
        mapping: Mapping::ChipAuthentication,
        parameters: 13,
        signature: SignatureOffer::Elliptic { announced: true },
    },
    Kind {
        name: "RSA-PSS 2048 under RSA 3072; JPEG 2000; PACE-GM",
        scheme: Scheme::Rsa,
        encoding: Encoding::Jpeg2000,
        face: FaceRecord::Iso19794,
        mapping: Mapping::Generic,
        parameters: 12,
        signature: SignatureOffer::RsaSha256(2048),
    },
    Kind {
        name: "RSA-PSS 4096 under RSA 6144; JPEG; PACE-IM",
        scheme: Scheme::LongRsa,
        encoding: Encoding::Jpeg,
        face: FaceRecord::Iso19794,
        mapping: Mapping::Integrated,
        parameters: 13,
        signature: SignatureOffer::RsaSha256(2048),
    },
    Kind {
        name: "ECDSA, brainpoolP512r1 written out; JPEG 2000; PACE-GM on it",
        scheme: Scheme::Brainpool512,
        encoding: Encoding::Jpeg2000,
        face: FaceRecord::Iso19794,
        mapping: Mapping::Generic,
        parameters: 17,
        signature: SignatureOffer::Elliptic { announced: true },
    },
    Kind {
        name: "ECDSA, secp521r1 written out; JPEG 2000 in ISO 39794-5; PACE-GM",
        scheme: Scheme::Nist521,
        encoding: Encoding::Jpeg2000,
        face: FaceRecord::Iso39794,
        mapping: Mapping::Generic,
        parameters: 18,
        signature: SignatureOffer::Elliptic { announced: true },
    },
    Kind {
        name: "ECDSA, brainpoolP384r1 and P256r1 written out; JPEG in ISO 39794-5",
        scheme: Scheme::Elliptic,
        encoding: Encoding::Jpeg,
        face: FaceRecord::Iso39794,
        mapping: Mapping::Generic,
        parameters: 13,
        signature: SignatureOffer::RsaSha1(1024),
    },
];

fn main() {
    print("a thousand zones", 100, || {
        for _ in 0..1_000 {
            drop(black_box(Mrz::parse(black_box(SPECIMEN))));
        }
    });
    let confused = SPECIMEN.replace("L898902C3", "L8989O2C3");
    print("a thousand zones with one confusion each", 100, || {
        for _ in 0..1_000 {
            drop(black_box(Mrz::read(black_box(&confused))));
        }
    });
    if let Some(folder) = std::env::var_os("GATE_MODELS") {
        load_published(Path::new(&folder));
    }
    let crowd = pki::crowd(AUTHORITIES - 1, 7).unwrap();
    for (number, kind) in (1..).zip(&KINDS) {
        println!("\n{}", kind.name);
        inspect_kind(kind, number, &crowd);
    }
}

/// One signed bundle of every authority in the collection and the master list that the tests read.
fn load_published(folder: &Path) {
    let folder = folder.join("certificates");
    let text = fs::read_to_string(folder.join("csca.js")).unwrap();
    let collection: BTreeSet<Vec<u8>> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|base64| {
            let characters: Vec<u8> = base64.bytes().filter(u8::is_ascii_graphic).collect();
            BASE64.decode(&characters).unwrap()
        })
        .collect();
    let collection = collection.iter();
    let collection: Vec<_> = collection
        .map(|der| Certificate::parse(der).unwrap())
        .collect();
    let german = collection.iter();
    let german: Vec<_> = german
        .filter(|one| one.country().as_deref() == Some("DE"))
        .cloned()
        .collect();
    let list = fs::read(folder.join("germany-2024-04-10.ml")).unwrap();
    let list = MasterList::import(&list, &german, date(2024, 4, 11)).unwrap();
    let source = list.anchors[0].source.clone();
    let mut anchors = list.anchors;
    for certificate in collection {
        if anchors.iter().all(|known| known.certificate != certificate) {
            let source = source.clone();
            anchors.push(Anchor {
                certificate,
                source,
            });
        }
    }
    let contents = Contents {
        anchors,
        ..Contents::new(1, TODAY)
    };
    let signer = trust::signer().unwrap();
    let (bundle, key) = (contents.sign(&signer).unwrap(), signer.pinned().unwrap());
    let count = TrustStore::open(&bundle, &key).unwrap().count();
    let name = format!("a bundle of {count} published authorities verified and loaded");
    print(&name, 100, || {
        drop(black_box(TrustStore::open(black_box(&bundle), &key)))
    });
}

fn inspect_kind(kind: &Kind, number: u64, crowd: &[Vec<u8>]) {
    // The older key of the State is the one that is trusted; it vouches for the one that signed.
    let older = Authority::new(State::UTOPIA, kind.scheme, 100 + number).unwrap();
    let authority = Authority::new(State::UTOPIA, kind.scheme, number).unwrap();
    let (printed, chip) = issue(kind, &authority);
    let (bundle, key) = bundle(&older, &authority, crowd);
    let trust = TrustStore::open(&bundle, &key).unwrap();
    println!(
        "  bundle of {} authorities, {} bytes",
        trust.count(),
        bundle.len()
    );
    print("  bundle verified and loaded", 50, || {
        drop(black_box(TrustStore::open(black_box(&bundle), &key)))
    });
    let beside = Beside {
        front: Some(PageText {
            name: Some("Anna Maria Eriksson".to_owned().into()),
            number: Some("L898902C3".to_owned().into()),
            ..PageText::default()
        }),
        visa: Some(Box::new(Mrz::parse(VISA).unwrap())),
        ..Beside::default()
    };
    let policy = Policy::default();
    let everything = |trust: &TrustStore| {
        let inspection = inspect(&printed, &chip, trust, Some(TODAY));
        let inspection = inspection.with_beside(&printed, &beside, Some(TODAY));
        let verdict = inspection.verdict(&policy);
        let report = Report::new(&printed, &inspection, &policy).to_json();
        (inspection, verdict, report)
    };
    let (inspection, verdict, report) = everything(&trust);
    tell(&inspection, verdict, report.len());
    let mut stores: Vec<TrustStore> = (0..100)
        .filter_map(|_| TrustStore::open(&bundle, &key).ok())
        .collect();
    print("  everything, and the portrait decoded", RUNS, || {
        drop(black_box(everything(black_box(&trust))))
    });
    print("  every check, the portrait decoded before", RUNS, || {
        drop(black_box(inspect_without_portrait(
            &printed,
            black_box(&chip),
            &trust,
            Some(TODAY),
        )))
    });
    print(
        "  the verdict, the report and what was read beside",
        RUNS,
        || {
            let inspection = inspection.clone();
            let inspection = inspection.with_beside(&printed, &beside, Some(TODAY));
            drop(black_box(
                Report::new(&printed, &inspection, &policy).to_json(),
            ));
        },
    );
    // The first document of a country after the start decodes its keys.
    print("  everything, first document after loading", 100, || {
        if let Some(trust) = stores.pop() {
            drop(black_box(everything(&trust)));
        }
    });
}

/// What the findings are, so that nobody takes a refused document for a fast one.
fn tell(inspection: &Inspection, verdict: Verdict, report: usize) {
    let with = |outcome| -> Vec<&Finding> {
        let all = inspection.findings.iter();
        all.filter(|finding| finding.outcome == outcome).collect()
    };
    println!(
        "  {} checks, {} passed; {verdict:?}; report of {report} bytes",
        inspection.findings.len(),
        with(Outcome::Passed).len(),
    );
    for finding in &inspection.findings {
        if finding.outcome != Outcome::Passed {
            println!(
                "    {:?}: {:?} {}",
                finding.check, finding.outcome, finding.reason
            );
        }
    }
    assert!(inspection.portrait.is_some());
}

/// The document, its zone, and what a gate reads of its chip.
fn issue(kind: &Kind, authority: &Authority) -> (Mrz, ChipFiles) {
    let portrait = Portrait::grainy(413, 531, kind.encoding, 15_000).unwrap();
    let request = DocumentRequest {
        optional: "ZE184226B".into(),
        ..DocumentRequest::specimen(portrait)
    };
    let details = |name: &str| Details {
        name: name.into(),
        personal_number: "ZE184226B".into(),
        birth: date(1974, 8, 12),
        sex: Sex::Female,
        issued: None,
        valid: Valid::default(),
    };
    let electronics = Electronics {
        pace: vec![PaceOffer {
            mapping: kind.mapping,
            cipher: Cipher::Aes256,
            parameters: kind.parameters,
        }],
        chip: vec![ChipOffer {
            cipher: Cipher::Aes256,
            parameters: kind.parameters,
            number: None,
            announced: true,
        }],
        signature: Some(kind.signature),
        dg11: Some(details("Eriksson<<Anna<Maria")),
        dg12: Some(Making {
            authority: "Zenith".into(),
            issued: date(2022, 4, 15),
            others: Vec::new(),
            observations: "None".into(),
        }),
        dg13: Some(details("Eriksson Anna Maria")),
        dg16: vec![Notified {
            name: "Eriksson<<Erik".into(),
            telephone: "+000 1234".into(),
        }],
        face: kind.face,
        ..Electronics::default()
    };
    let document = authority.issue_with(&request, &electronics).unwrap();
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let mut card = InField::new(Chip::new(&document, 1));
    let request = Request {
        passwords: AccessKey::from_mrz_information(document.key_information()).into(),
        also: vec![11, 12, 13, 16],
    };
    let mut habits = ApduLength::Extended.into();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let chip = read(&mut card, &request, &mut habits, &mut rng, &mut |_| {}).unwrap();
    assert_eq!(chip.iter().count(), document.files().count());
    (printed, chip)
}

/// A bundle that trusts the crowd and `older`, which vouches for `authority`.
fn bundle(
    older: &Authority,
    authority: &Authority,
    crowd: &[Vec<u8>],
) -> (Vec<u8>, gate_document::trust::bundle::BundleKey) {
    let source = Source {
        kind: SourceKind::MasterList,
        from: "UT".into(),
        as_of: Some(date(2026, 11, 1)),
    };
    let own = older.csca_der().unwrap();
    let anchors = crowd.iter().chain([&own]).map(|der| Anchor {
        certificate: Certificate::parse(der).unwrap(),
        source: source.clone(),
    });
    let serials: Vec<[u8; 4]> = (1..=REVOKED).map(u32::to_be_bytes).collect();
    let serials: Vec<&[u8]> = serials.iter().map(|serial| &serial[..]).collect();
    let crls = [older, authority].map(|issuer| {
        let list = issuer.revocation_list(&serials, "261101000000Z", "270101000000Z");
        Crl::parse(&list.unwrap()).unwrap()
    });
    let defects: Vec<String> = (0..DEFECTS)
        .map(|at| {
            format!(
                "[[defect]]\nid = \"d{at}\"\nissuer = \"UTO\"\ncheck = \"portrait\"\neffect = \"note\"\n\
                 numbers = {{ from = \"X{at:04}0000\", to = \"X{at:04}9999\" }}\nsource = \"test\"\n"
            )
        })
        .collect();
    let contents = Contents {
        anchors: anchors.collect(),
        links: vec![Certificate::parse(&older.link_to(authority).unwrap()).unwrap()],
        crls: crls.to_vec(),
        defects: defects.concat(),
        ..Contents::new(1, TODAY)
    };
    let signer = trust::signer().unwrap();
    (contents.sign(&signer).unwrap(), signer.pinned().unwrap())
}

/// Median and 99th percentile over `runs`, after a tenth as many that do not count: processor time, and
/// time on the wall.
fn print(name: &str, runs: usize, mut work: impl FnMut()) {
    for _ in 0..(runs / 10).min(100) {
        if runs > 100 {
            work();
        }
    }
    let times = (0..runs).map(|_| time(&mut work));
    let (mut worked, mut elapsed): (Vec<Duration>, Vec<Duration>) = times.unzip();
    worked.sort_unstable();
    elapsed.sort_unstable();
    let (half, most) = (runs / 2, runs * 99 / 100);
    println!(
        "{name}: p50 {:?}, p99 {:?}; on the wall p50 {:?}, p99 {:?}; {runs} times",
        worked[half], worked[most], elapsed[half], elapsed[most]
    );
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn time(work: &mut impl FnMut()) -> (Duration, Duration) {
    let start = worked();
    let begun = Instant::now();
    work();
    let elapsed = begun.elapsed();
    (worked().saturating_sub(start), elapsed)
}

/// Processor time of this thread so far. The system brings its count up to date when the thread gives way.
fn worked() -> Duration {
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}
