//! Good inputs for each decoder, by name.

use std::sync::OnceLock;

use gate_boot::image::{BOARD_NUCLEO_L476RG, CHUNK, HEADER_LEN, Header, PRODUCT};
use gate_boot::slot::Slot;
use gate_document::algorithm::Digest;
use gate_document::conversation::Conversation;
use gate_document::seal::idb::{self, IdbHeader};
use gate_document::seal::imager::Symbology;
use gate_document::seal::profile::PermitProfile;
use gate_document::seal::symbol::Modules;
use gate_document::seal::vds::{self, VdsHeader};
use gate_document::seal::{SealFormat, Tag, vds_nc};
use gate_document::{ApduLength, Card, CardError, ElementaryFile, Mrz, read};
use gate_protocol::body::FromHost;
use gate_protocol::hello::Entropy;
use gate_protocol::keys::Secret;
use gate_protocol::link::Next;
use gate_protocol::link::controller::Identity;
use gate_protocol::{
    Answer, Board, ControllerLink, Door, Event, Failure, FailureKind, HostLink, Instant, Lock,
    Mode, Refusal, ResetCause, Shape, Sign, Site, State, Text, ToController, ToHost, UpdateRequest,
    body,
};
use gate_sim::chip::{Chip, Cipher};

use gate_sim::chip::field::InField;
use gate_sim::emulator::{TEST_SERIAL, site_record, test_page};
use gate_sim::issuer::details::{Making, Notified};
use gate_sim::issuer::electronics::{ChipOffer, FaceRecord, Mapping, PaceOffer, SignatureOffer};
use gate_sim::issuer::{
    Authority, Deviating, DocumentRequest, Electronics, Encoding, Format, IssuerError, Portrait,
    Scheme, Sex, State as Issuing, TestDocument,
};
use gate_sim::keys;
use gate_sim::reader::rte_native;
use gate_sim::recording::{Header as RecordingHeader, Side, Writer};
use image::{GrayImage, ImageFormat, Rgb, RgbImage};
use jiff::civil::{Date, date};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::targets;

/// A name that says what it is, and the bytes.
pub type Seed = (&'static str, Vec<u8>);

/// A genuine document of the test authority.
pub fn document() -> &'static TestDocument {
    static DOCUMENT: OnceLock<TestDocument> = OnceLock::new();
    DOCUMENT.get_or_init(|| issue(Encoding::Jpeg2000, Format::Td3).expect("a test document"))
}

/// The same of these days: PACE, Chip Authentication, Active Authentication.
pub fn modern_document() -> &'static TestDocument {
    static DOCUMENT: OnceLock<TestDocument> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let elliptic = SignatureOffer::Elliptic { announced: true };
        issue_with(Encoding::Jpeg2000, Format::Td3, &electronics(elliptic))
            .expect("a test document")
    })
}

fn electronics(signature: SignatureOffer) -> Electronics {
    Electronics {
        pace: vec![PaceOffer {
            mapping: Mapping::Generic,
            cipher: Cipher::Aes128,
            parameters: 12,
        }],
        chip: vec![ChipOffer {
            cipher: Cipher::Aes128,
            parameters: 12,
            number: None,
            announced: true,
        }],
        signature: Some(signature),
        ..Electronics::default()
    }
}

/// One for all: its signatures are random, and two would not have the same certificate.
fn authority() -> Result<&'static Authority, IssuerError> {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    if let Some(authority) = AUTHORITY.get() {
        return Ok(authority);
    }
    let authority = Authority::new(Issuing::UTOPIA, Scheme::Elliptic, 1)?;
    Ok(AUTHORITY.get_or_init(|| authority))
}

fn issue(encoding: Encoding, format: Format) -> Result<TestDocument, IssuerError> {
    issue_with(encoding, format, &Electronics::default())
}

fn issue_with(
    encoding: Encoding,
    format: Format,
    electronics: &Electronics,
) -> Result<TestDocument, IssuerError> {
    let picture = RgbImage::from_fn(64, 80, |x, y| Rgb([(x * 4) as u8, (y * 3) as u8, 90]));
    let request = DocumentRequest {
        format,
        surname: "Eriksson".into(),
        given_names: "Anna Maria".into(),
        number: "L898902C3".into(),
        nationality: "UTO",
        birth: date(1974, 8, 12),
        sex: Sex::Female,
        expiry: date(2032, 4, 15),
        optional: String::new(),
        portrait: Portrait::encode(&picture, encoding, 2_000)?,
    };
    authority()?.issue_with(&request, electronics)
}

/// One file of a genuine document.
fn file(encoding: Encoding, format: Format, file: ElementaryFile) -> Vec<u8> {
    let document = issue(encoding, format).expect("a test document");
    let bytes = document.file(file.identifier()).expect("every file");
    bytes.to_vec()
}

/// What the true host asks for in the seeds.
pub const COMMANDS: [ToController; 4] = [
    ToController::Permit {
        door: Door::Exit,
        for_ms: 8_000,
        passage: 1,
    },
    ToController::SetMode { mode: Mode::WalkIn },
    ToController::Show {
        sign: Sign::Welcome,
    },
    ToController::ReadHealth,
];

/// When the session of [`opened`] has been opened, in milliseconds.
pub const OPENED_MS: u64 = 50;

/// A session that has just been opened, and what was said on the line before and afterwards.
pub struct Opened {
    /// The controller's end, before the first command.
    pub controller: ControllerLink,
    /// The host's frames that open the session.
    call: Vec<u8>,
    /// The host's frames behind those.
    commands: Vec<u8>,
    /// All of the controller's frames.
    answers: Vec<u8>,
}

/// The host's end, which has sent its call. Its keys are always the same.
pub fn calling_host() -> HostLink {
    let keys = keys::of_host(&test_page(TEST_SERIAL));
    let mut host = HostLink::new(Instant::ZERO, keys, Secret::derive("host's seed", &[]));
    let called = matches!(host.next(Instant::ZERO), Next::Transmit(_));
    assert!(called, "a host that has just begun calls");
    host
}

/// A conversation of the true ends.
pub fn opened() -> &'static Opened {
    static OPENED: OnceLock<Opened> = OnceLock::new();
    OPENED.get_or_init(converse)
}

fn converse() -> Opened {
    let keys = keys::of_host(&test_page(TEST_SERIAL));
    let mut host = HostLink::new(Instant::ZERO, keys, Secret::derive("host's seed", &[]));
    let identity = Identity {
        firmware: [0, 1, 0],
        board: Board::Simulated,
        reset: ResetCause::PowerOn,
        boot: 1,
        entropy: Entropy::Weak,
    };
    let keys = keys::of_controller(&test_page(TEST_SERIAL));
    let seed = Secret::derive("controller's seed", &[]);
    let mut controller = ControllerLink::new(Instant::ZERO, identity, keys, seed);
    let (mut said, mut answers) = (Vec::new(), Vec::new());
    let mut talk = |controller: &mut ControllerLink, host: &mut HostLink, until: u64| {
        let mut newly_said = Vec::new();
        for millis in (until - OPENED_MS..until).step_by(5) {
            let now = Instant::from_millis(millis);
            let heard = transmitted(|| host.next(now));
            controller.receive(now, &heard);
            newly_said.extend(heard);
            let answered = transmitted(|| controller.next(now));
            host.receive(now, &answered);
            answers.extend(answered);
        }
        newly_said
    };
    said.extend(talk(&mut controller, &mut host, OPENED_MS));
    let opened = controller.clone();
    assert!(opened.has_session() && host.is_connected());
    let mut commands = Vec::new();
    for (round, command) in (2..).zip(COMMANDS) {
        host.send(command).expect("a session");
        commands.extend(talk(&mut controller, &mut host, round * OPENED_MS));
        // Nobody answers for the lane here; the next command waits for that.
        controller.answer(u32::try_from(round).unwrap_or(0) - 1, Answer::Accepted);
    }
    Opened {
        controller: opened,
        call: said,
        commands,
        answers,
    }
}

/// All that an end has to say now.
fn transmitted<D>(mut next: impl FnMut() -> Next<D>) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        match next() {
            Next::Transmit(wire) => bytes.extend(wire),
            Next::Deliver(_) => {}
            Next::Wait(_) => return bytes,
        }
    }
}

/// Frames of both ends.
pub fn frames() -> Vec<Seed> {
    let opened = opened();
    vec![
        ("call", opened.call.clone()),
        ("commands", opened.commands.clone()),
        ("answers", opened.answers.clone()),
    ]
}

/// What the true host says in the open session, and its call again.
pub fn controller_link() -> Vec<Seed> {
    let opened = opened();
    vec![
        ("commands", opened.commands.clone()),
        ("call-again", [&opened.call[..], &opened.commands].concat()),
    ]
}

/// What the true controller answers.
pub fn host_link() -> Vec<Seed> {
    vec![("answers", opened().answers.clone())]
}

fn said(number: u32, message: ToController) -> Vec<u8> {
    let said = FromHost {
        knows_ms: 70_000,
        number,
        message,
    };
    body::to_controller(&said).to_vec()
}

/// Messages behind the seal.
pub fn bodies_to_controller() -> Vec<Seed> {
    let named = ["permit", "set-mode", "show", "read-health"];
    let commands = named.into_iter().zip(COMMANDS);
    let others = [
        (
            "heartbeat",
            ToController::Heartbeat {
                lease_ms: 1_000,
                at_ms: 70_000,
            },
        ),
        ("event-seen", ToController::EventSeen { number: 1 }),
        (
            "configure",
            ToController::Configure {
                site: Site::default(),
            },
        ),
    ];
    let body = |(name, message): (&'static str, ToController)| {
        let number = u32::from(message.is_command()) * 9;
        (name, said(number, message))
    };
    commands.chain(others).map(body).collect()
}

/// Messages behind the seal.
pub fn bodies_to_host() -> Vec<Seed> {
    let text = Text::tail_of("v0.1.0-4-gabcdef0");
    [
        (
            "status",
            ToHost::Status {
                uptime_ms: 70_000,
                state: State::Occupied,
                inputs: 0x00cf_ffff,
                outputs: 0x0001_6082,
                passage: 7,
                newest_event: 4,
                heartbeat_ms: 60_000,
            },
        ),
        (
            "event",
            ToHost::Event {
                number: 1,
                uptime_ms: 9,
                event: Event::Entered(1),
            },
        ),
        (
            "refused",
            ToHost::Done {
                command: 1,
                answer: Answer::Refused(Refusal::NotSingle),
            },
        ),
        (
            "site",
            ToHost::Site {
                site: Site::default(),
            },
        ),
        (
            "last-failure",
            ToHost::LastFailure {
                failure: Failure {
                    kind: FailureKind::Panic,
                    firmware: [0, 1, 0],
                    build: text,
                    uptime_ms: 70_000,
                    pc: 0,
                    lr: 0,
                    file: Text::tail_of("src/scan.rs"),
                    line: 42,
                    in_a_row: 1,
                },
            },
        ),
    ]
    .map(|(name, message)| (name, body::to_host(&message).to_vec()))
    .into()
}

/// Zones: the specimens of Doc 9303.
pub fn mrz() -> Vec<Seed> {
    let td3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
               L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    let td2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
    let td1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\n\
               ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    [("td3", td3), ("td2", td2), ("td1", td1)]
        .map(|(name, text)| (name, text.into()))
        .into()
}

/// Files of chips.
pub fn files() -> Vec<Seed> {
    vec![
        (
            "com",
            file(Encoding::Jpeg, Format::Td3, ElementaryFile::Com),
        ),
        (
            "dg1",
            file(Encoding::Jpeg, Format::Td3, ElementaryFile::DG1),
        ),
        (
            "dg1-card",
            file(Encoding::Jpeg, Format::Td1, ElementaryFile::DG1),
        ),
        (
            "dg2-jpeg",
            file(Encoding::Jpeg, Format::Td3, ElementaryFile::DG2),
        ),
        (
            "dg2-jpeg2000",
            file(Encoding::Jpeg2000, Format::Td3, ElementaryFile::DG2),
        ),
        ("dg2-iso39794", {
            let electronics = Electronics {
                face: FaceRecord::Iso39794,
                ..Electronics::default()
            };
            let document = issue_with(Encoding::Jpeg, Format::Td3, &electronics);
            let document = document.expect("a test document");
            let dg2 = document.file(ElementaryFile::DG2.identifier());
            dg2.expect("every file").to_vec()
        }),
    ]
}

/// The day of inspections.
pub const TODAY: Date = date(2026, 11, 22);

/// A document that proves its chip in PACE, with a key of EF.CardSecurity.
fn mapped_document() -> &'static TestDocument {
    static DOCUMENT: OnceLock<TestDocument> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut electronics = electronics(SignatureOffer::Elliptic { announced: true });
        electronics.pace[0].mapping = Mapping::ChipAuthentication;
        issue_with(Encoding::Jpeg2000, Format::Td3, &electronics).expect("a test document")
    })
}

/// The zone of every document here.
pub fn printed() -> &'static Mrz {
    static ZONE: OnceLock<Mrz> = OnceLock::new();
    ZONE.get_or_init(|| Mrz::parse(&document().lines().join("\n")).expect("a zone"))
}

/// What was said with the chip that has EF.CardSecurity.
pub fn mapped_conversation() -> &'static Conversation {
    static CONVERSATION: OnceLock<Conversation> = OnceLock::new();
    CONVERSATION.get_or_init(|| {
        let mut card = InField::new(Chip::new(mapped_document(), 1));
        let key = printed().access_key();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut habits = ApduLength::Extended.into();
        let files = read(&mut card, &key.into(), &mut habits, &mut rng, &mut |_| {});
        let files = files.expect("a genuine chip");
        files.conversation().cloned().expect("a conversation")
    })
}

/// EF.CardSecurity.
pub fn card_security() -> Vec<Seed> {
    let file = mapped_conversation().card_security.as_ref();
    vec![("elliptic", file.expect("a file").expose().clone())]
}

/// The profile of signed text, in both of its layouts.
pub fn text_profiles() -> &'static [PermitProfile] {
    static PROFILES: OnceLock<Vec<PermitProfile>> = OnceLock::new();
    PROFILES.get_or_init(|| {
        let fixed = PORT
            .replace("separator = \"|\"", "widths = [20, 10, 10, 40]")
            .replace("PORTPASS", "PORTFIXED");
        let parse = |text: &str| PermitProfile::parse("permit.toml", text).expect("a profile");
        vec![parse(PORT), parse(&fixed)]
    })
}

/// Signed texts, with a signature of nobody's.
pub fn texts() -> Vec<Seed> {
    let data = "document-number = \"L898902C3\"\nfirst-day = 2026-11-20\n\
                last-day = 2026-11-30\nareas = \"VNHPH\"\n";
    let text = |profile: &PermitProfile| {
        let features = profile.encode("data.toml", data).expect("data");
        let number = |(tag, value)| match tag {
            Tag::Number(number) => (number, value),
            Tag::Path(_) => unreachable!("fields have numbers"),
        };
        let features: Vec<(u8, Vec<u8>)> = features.into_iter().map(number).collect();
        let layout = profile.text.as_ref().expect("a layout");
        let unsigned = layout.unsigned(&features).expect("a text");
        layout.seal(unsigned, &[0x5A; 64]).into_bytes()
    };
    let [separated, fixed] = text_profiles() else {
        unreachable!("two profiles")
    };
    vec![("separated", text(separated)), ("fixed", text(fixed))]
}

/// Signatures over a chip's files.
pub fn signature() -> Vec<Seed> {
    vec![(
        "elliptic",
        file(Encoding::Jpeg, Format::Td3, ElementaryFile::Sod),
    )]
}

/// Data objects: files again, and one with an indefinite length.
pub fn tlv() -> Vec<Seed> {
    let mut seeds = files();
    seeds.retain(|(name, _)| !name.starts_with("dg2"));
    seeds.push(("indefinite", vec![0x30, 0x80, 0x04, 0x01, 0x2A, 0x00, 0x00]));
    seeds
}

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

/// Details of person and document in DG11, DG12, DG13 and DG16.
pub fn details() -> Vec<Seed> {
    let name = "Trần".as_bytes();
    let length = u8::try_from(name.len()).expect("a short name");
    let dg11 = [&[0x6B, length + 3, 0x5F, 0x0E, length][..], name].concat();
    let field = [&[0x30, length + 5, 0x02, 1, 2, 0x0C, length][..], name].concat();
    let dg13 = [&[0x6D, length + 7][..], &field].concat();
    let electronics = Electronics {
        dg12: Some(Making {
            authority: "Zenith".into(),
            issued: date(2022, 4, 16),
            others: vec!["Eriksson<<Emma".into()],
            observations: "None".into(),
        }),
        dg16: vec![Notified {
            name: "Eriksson<<Erik".into(),
            telephone: "+000 1234".into(),
        }],
        ..Electronics::default()
    };
    let document = issue_with(Encoding::Jpeg, Format::Td3, &electronics).expect("a test document");
    let file = |id| document.file(id).unwrap_or_default().to_vec();
    vec![
        ("dg11", dg11),
        ("dg12", file(0x010C)),
        ("dg13", dg13),
        ("dg16", file(0x0110)),
    ]
}

/// Pictures as chips hold them.
pub fn pictures() -> Vec<Seed> {
    let picture = |encoding| {
        let document = issue(encoding, Format::Td3).expect("a test document");
        document.portrait().bytes.clone()
    };
    vec![
        ("jpeg", picture(Encoding::Jpeg)),
        ("jpeg2000", picture(Encoding::Jpeg2000)),
    ]
}

/// A picture with some detail, as files of photographs hold it.
pub fn photographs() -> Vec<Seed> {
    let picture = RgbImage::from_fn(24, 16, |x, y| Rgb([10 * x as u8, 15 * y as u8, 90]));
    let written = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture
            .write_to(&mut bytes, format)
            .expect("memory takes every picture");
        bytes.into_inner()
    };
    vec![
        ("jpeg", written(ImageFormat::Jpeg)),
        ("png", written(ImageFormat::Png)),
    ]
}

/// A calibration of a matcher.
pub fn calibration() -> Vec<Seed> {
    let text = "schema = 1\npipeline = 3\nthreshold = 0.4\nhigh = 0.46\nfused = 0.41\n\
                command = \"evaluate\"\ndata = \"692 people\"\nfigures = \"FNMR 1 %\"\n\n\
                [models]\nembedder = \"2fb6d399\"\n";
    vec![("matcher", text.into())]
}

/// Pages with two rows of strokes, as long as each other.
pub fn pages() -> Vec<Seed> {
    let page = GrayImage::from_fn(96, 40, |x, y| {
        let in_row = (12..15).contains(&(y % 16)) && y > 16 || (20..24).contains(&y);
        image::Luma([if in_row && x % 3 == 0 { 20 } else { 220 }])
    });
    let file = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        page.write_to(&mut bytes, format).expect("a picture");
        bytes.into_inner()
    };
    vec![
        ("png", file(ImageFormat::Png)),
        ("jpeg", file(ImageFormat::Jpeg)),
    ]
}

/// Chips that answer: refusing, asking for another length, announcing more.
pub fn wild_chip() -> Vec<Seed> {
    vec![
        ("refuses", vec![2, 0x69, 0x82, 2, 0x6A, 0x82]),
        (
            "other-length",
            vec![2, 0x90, 0x00, 2, 0x6C, 0x08, 2, 0x90, 0x00],
        ),
        (
            "more",
            vec![2, 0x90, 0x00, 4, 1, 2, 0x61, 0x02, 4, 3, 4, 0x90, 0x00],
        ),
        (
            "challenge",
            vec![
                2, 0x90, 0x00, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0x00, 2, 0x63, 0x00,
            ],
        ),
        ("opens-by-bac", opening(document())),
        ("opens-by-pace", opening(modern_document())),
    ]
}

/// The first answers of a genuine chip, each behind its length, up to the first long one: whoever
/// is given them again has opened the chip.
fn opening(document: &TestDocument) -> Vec<u8> {
    struct Recorded {
        chip: InField,
        answers: Vec<u8>,
        whole: bool,
    }
    impl Card for Recorded {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
            let answer = self.chip.transmit(command)?;
            match u8::try_from(answer.len()) {
                Ok(length) if !self.whole => {
                    self.answers.push(length);
                    self.answers.extend(&answer);
                }
                _ => self.whole = true,
            }
            Ok(answer)
        }
    }
    let mut card = Recorded {
        chip: InField::new(Chip::new(document, 1)),
        answers: Vec::new(),
        whole: false,
    };
    assert!(targets::converse(&mut card), "a genuine chip");
    card.answers
}

/// Faults of a chip that does every protocol.
pub fn damaged_modern_chip() -> Vec<Seed> {
    vec![
        ("none", Vec::new()),
        ("card-access", vec![1, 9, 1]),
        ("nonce", vec![5, 8, 0x40]),
        ("mapping", vec![6, 20, 1]),
        ("late", vec![14, 30, 1, 22, 60, 2]),
    ]
}

/// What chips announce of themselves.
pub fn security_infos() -> Vec<Seed> {
    let announced = |file: ElementaryFile| {
        let bytes = modern_document().file(file.identifier());
        bytes.expect("a file of the document").to_vec()
    };
    vec![
        ("dg14", announced(ElementaryFile::DataGroup(14))),
        ("card-access", card_access()),
    ]
}

/// EF.CardAccess of the modern document: PACE-ECDH-GM-AES-CBC-CMAC-128 with secp256r1.
fn card_access() -> Vec<u8> {
    vec![
        0x31, 0x14, 0x30, 0x12, 0x06, 0x0A, 4, 0, 0x7F, 0, 7, 2, 2, 4, 2, 2, 2, 1, 2, 2, 1, 12,
    ]
}

/// Keys of Active Authentication.
pub fn active_key() -> Vec<Seed> {
    let key = |signature| {
        let electronics = electronics(signature);
        let document = issue_with(Encoding::Jpeg, Format::Td3, &electronics);
        let document = document.expect("a test document");
        let file = document.file(ElementaryFile::DataGroup(15).identifier());
        file.expect("a key").to_vec()
    };
    vec![
        ("rsa", key(SignatureOffer::RsaSha256(2048))),
        (
            "elliptic",
            key(SignatureOffer::Elliptic { announced: true }),
        ),
    ]
}

/// Faults of an otherwise genuine chip: none, one in the opening, one in each file.
pub fn damaged_chip() -> Vec<Seed> {
    vec![
        ("none", Vec::new()),
        ("challenge", vec![1, 0, 1]),
        ("authentication", vec![2, 7, 0x80]),
        ("first-file", vec![4, 3, 0xFF]),
        ("late", vec![9, 200, 1, 12, 60, 2]),
    ]
}

/// Frames of the document reader.
pub fn reader() -> Vec<Seed> {
    mrz()
        .into_iter()
        .map(|(name, zone)| {
            let text = String::from_utf8_lossy(&zone).into_owned();
            (name, rte_native(&text.lines().collect::<Vec<_>>()))
        })
        .collect()
}

/// Streams of cameras, each behind its boundary.
pub fn camera() -> Vec<Seed> {
    let sized = b"frame\0--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\r\n\xff\xd8\xff\xd9\r\n";
    let bounded = b"--b\0--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xd9\r\n--b\r\n\r\n";
    vec![
        ("sized", [&sized[..], &sized[6..]].concat()),
        ("bounded", bounded.to_vec()),
    ]
}

/// Lists of lost documents.
pub fn lists() -> Vec<Seed> {
    let key = [7; 16];
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mark = gate_host::ports::lists::line(&key, "UTO", "L898902C3");
    vec![("one", format!("key {digits}\n{mark}\n").into_bytes())]
}

/// Settings of the daemon.
pub fn settings() -> Vec<Seed> {
    let text = "[controller]\ndevice = \"/dev/gate/controller\"\nkeys = \"/k\"\n\
        [reader]\ndevice = \"/dev/gate/mrz\"\n\
        [chip]\nreader = \"OMNIKEY\"\ntrust = \"/etc/gate/trust.bundle\"\n\
        trust_key = \"/etc/gate/trust.pub\"\n\
        [camera]\nurl = \"http://127.0.0.1:9/mjpeg\"\n\
        [face]\nmanifest = \"/m/manifest.toml\"\nmodels = \"/m\"\n\
        [lists]\nfile = \"/l\"\n[journal]\nfile = \"/j\"\n\
        [page]\nlisten = \"127.0.0.1:8080\"\n[limits]\nofficer = \"90 s\"\n";
    vec![("all", text.as_bytes().to_vec())]
}

/// Signing key of the images here; nobody else's.
pub const SIGNING: [u8; 32] = *b"test key of gate-fuzz: no secret";

/// A small image for the slot that does not run.
pub struct Image {
    header: Header,
    head: [u8; HEADER_LEN],
    body: Vec<u8>,
}

impl Image {
    /// What it says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }
}

/// The one image that is signed.
pub fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let body: Vec<u8> = (0..2 * CHUNK).map(|at| (at * 37) as u8).collect();
        let like = Header {
            product: PRODUCT,
            board: BOARD_NUCLEO_L476RG,
            slot: Slot::B,
            version: [1, 0, 0],
            security_version: 0,
            length: 0,
            digest: [0; 64],
        };
        let header = Header::of(&body, &like);
        let head = header.sign(&SIGNING);
        Image { header, head, body }
    })
}

/// Updates, step by step: one without a break, and one that begins anew and repeats itself.
pub fn update() -> Vec<Seed> {
    let Image { head, body, .. } = image();
    let mut header = [[0; 8]; HEADER_LEN / 8];
    header.as_flattened_mut().copy_from_slice(head);
    let begin = UpdateRequest::Begin { header };
    let chunk = |from: u32| {
        let mut bytes = [[0; 32]; CHUNK as usize / 32];
        let part = &body[from as usize..(from + CHUNK) as usize];
        bytes.as_flattened_mut().copy_from_slice(part);
        UpdateRequest::Chunk { from, bytes }
    };
    let (finish, activate) = (UpdateRequest::Finish, UpdateRequest::Activate);
    let straight = [
        UpdateRequest::Ask,
        begin,
        chunk(0),
        chunk(CHUNK),
        finish,
        activate,
    ];
    let repeated = [
        activate,
        begin,
        chunk(CHUNK),
        chunk(0),
        begin,
        chunk(0),
        chunk(CHUNK),
        finish,
        finish,
        activate,
    ];
    vec![
        ("straight", steps(&straight)),
        ("repeated", steps(&repeated)),
    ]
}

fn steps(requests: &[UpdateRequest]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, request) in (1..).zip(requests) {
        let body = said(number, ToController::Update(*request));
        let length = u16::try_from(body.len()).expect("a body is short");
        bytes.extend(length.to_le_bytes());
        bytes.extend(&body);
    }
    bytes
}

/// Keys of the host, as pairing writes them.
pub fn host_keys() -> Vec<Seed> {
    let digits = |byte: &str| byte.repeat(32);
    let text = format!(
        "# Keys of a test.\nown = \"{}\"\ncontroller = \"{}\"\nshared = \"{}\"\n",
        digits("11"),
        digits("22"),
        digits("aB"),
    );
    vec![("paired", text.into_bytes())]
}

/// Sites as a controller keeps them.
pub fn stored_site() -> Vec<Seed> {
    let turnstile = Site {
        shape: Shape::Turnstile,
        exit_lock: Lock::FailSecure,
        ..Site::DEFAULT
    };
    vec![
        ("lane", site_record(Site::DEFAULT)),
        ("turnstile", site_record(turnstile)),
    ]
}

const CREW: &str = include_str!("../../gate-document/permits/crew-shore-leave.toml");
const BOARDING: &str = include_str!("../../gate-document/permits/ship-boarding.toml");
const GROUP: &str = include_str!("../../gate-document/permits/group-list.toml");
const PORT: &str = include_str!("../../gate-document/permits/port-pass.toml");
const CREW_DATA: &str = "document-number = \"L898902C3\"\nship = \"IMO9074729\"\n\
                         ports = \"VNHPH\"\nlast-day = 2026-11-30\nentries = 4\n";
const BOARDING_DATA: &str = "document-identifier = 0x21\nzone = \"\"\"\nP<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                             L898902C36UTO7408122F1204159ZE184226B<<<<<10\"\"\"\nemployer = \"A\"\n\
                             first-day = 2026-11-01\nlast-day = 2026-12-31\narea = \"A;B\"\n";
const GROUP_DATA: &str = "organiser = \"A\"\ndocuments = \"X1234567 L898902C3\"\n\
                          first-day = 2026-11-22\nlast-day = 2026-11-23\n";

/// The profiles of the example permits.
pub fn profiles() -> &'static [PermitProfile] {
    static PROFILES: OnceLock<Vec<PermitProfile>> = OnceLock::new();
    PROFILES.get_or_init(|| {
        let parse = |text| PermitProfile::parse("permit.toml", text).expect("a profile");
        [CREW, BOARDING, GROUP].map(parse).to_vec()
    })
}

/// What `data` puts into the permit `index`.
fn features(index: usize, data: &str) -> Vec<(Tag, Vec<u8>)> {
    profiles()[index]
        .encode("data.toml", data)
        .expect("a permit")
}

fn numbered(features: Vec<(Tag, Vec<u8>)>) -> Vec<(u8, Vec<u8>)> {
    let number = |(tag, value)| match tag {
        Tag::Number(number) => Some((number, value)),
        Tag::Path(_) => None,
    };
    features.into_iter().filter_map(number).collect()
}

/// What stands where a signature would: nobody's signer is known to the targets.
const SIGNATURE: [u8; 64] = [0x5A; 64];

fn boarding() -> Vec<u8> {
    let header = IdbHeader {
        issuer: "VNM".into(),
        digest: Digest::Sha256,
        reference: [1, 2, 3, 4, 5],
        signed_on: date(2026, 11, 1),
    };
    idb::unsigned(&header, &numbered(features(1, BOARDING_DATA))).expect("a seal")
}

/// A permit of each format, not signed by anybody.
pub fn seals() -> Vec<Seed> {
    let binary = |format| {
        let header = VdsHeader {
            format,
            issuer: "VNM".into(),
            signer: "VNTS".into(),
            reference: "5B".into(),
            issued: date(2026, 11, 20),
            signed_on: date(2026, 11, 20),
            document: 0xF101,
        };
        let unsigned = vds::unsigned(&header, &numbered(features(0, CREW_DATA)));
        vds::seal(unsigned.expect("a seal"), &SIGNATURE).expect("a seal")
    };
    let message: serde_json::Map<String, serde_json::Value> = features(2, GROUP_DATA)
        .into_iter()
        .map(|(tag, value)| (tag.to_string(), String::from_utf8_lossy(&value).into()))
        .collect();
    let data = serde_json::json!({
        "hdr": {"t": "vn.group", "v": 1, "is": "VNM"}, "msg": message,
    });
    let text = idb::seal(boarding(), Some(&[0x30, 0]), &SIGNATURE).expect("a seal");
    vec![
        ("vds-3", binary(SealFormat::Vds3)),
        ("vds-4", binary(SealFormat::Vds4)),
        ("idb", text.into_bytes()),
        (
            "idb-zipped",
            b"NDB1CPDNACFQA5H7WVPDBCICRBMFRWKZ3JNNWW64LTOV3XS635P4DDIGSO".to_vec(),
        ),
        (
            "vds-nc",
            vds_nc::seal(&data, Digest::Sha256, &[0x30, 0], &SIGNATURE).into_bytes(),
        ),
    ]
}

/// A payload with every part.
pub fn seal_payload() -> Vec<Seed> {
    let text = idb::seal(boarding(), Some(&[0x30, 0]), &SIGNATURE).expect("a seal");
    let payload = gate_document::seal::base32::decode(&text.as_bytes()[5..]);
    vec![("signed", payload.expect("base32"))]
}

/// The example permits, with data.
pub fn permits() -> Vec<Seed> {
    let with = |profile: &str, data: &str| [profile, "\0", data].concat().into_bytes();
    vec![
        ("crew", with(CREW, CREW_DATA)),
        ("boarding", with(BOARDING, BOARDING_DATA)),
        ("group", with(GROUP, GROUP_DATA)),
    ]
}

/// Barcodes as imagers send them, behind how they are set up.
pub fn imager() -> Vec<Seed> {
    vec![
        ("pause", b"\x84]d1AB\x00\r".to_vec()),
        ("length", b"\xE5\x02\x00\x0C]Q2A\\000026B\r\n".to_vec()),
        ("hex", b"\xC5]z0DC03\r\n".to_vec()),
    ]
}

/// A hint of nobody.
pub fn hints() -> Vec<Seed> {
    let text = "001199000001||Trần Thị A|01011999|Nữ|Hà Nội|02012022";
    vec![("card", text.as_bytes().to_vec())]
}

/// A small barcode of each symbology.
pub fn symbols() -> Vec<Seed> {
    let seed = |(index, symbology): (u8, Symbology)| {
        let modules = Modules::of(symbology, b"AB").expect("a barcode");
        // Two modules of white around it.
        let (width, height) = (modules.width + 4, modules.height + 4);
        let mut bytes = vec![index, u8::try_from(width).expect("a small barcode")];
        let mut bits = vec![0; (width * height).div_ceil(8) as usize];
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            let dark = x.checked_sub(2).zip(y.checked_sub(2));
            if dark.is_some_and(|(x, y)| modules.is_dark(x, y)) {
                let at = (y * width + x) as usize;
                bits[at / 8] |= 1 << (at % 8);
            }
        }
        bytes.extend(bits);
        (symbology.name(), bytes)
    };
    (0..).zip(Symbology::ALL).map(seed).collect()
}

/// A line on which both sides speak, and the same after a power cut.
pub fn recordings() -> Vec<Seed> {
    let header = RecordingHeader {
        port: "/dev/gate/mrz".to_owned(),
        baud: 9_600,
        line: "rte-native".to_owned(),
        began: "2026-01-05T08:00:00Z".to_owned(),
    };
    let mut file = Vec::new();
    let mut writer = Writer::begin(&mut file, &header).expect("memory takes everything");
    for (us, from, bytes) in [
        (1_203_456, Side::Device, &b"\x01\x0e\x00OU"[..]),
        (1_207_001, Side::Host, b"\x06"),
    ] {
        let added = writer.add(Instant::from_micros(us), from, bytes);
        added.expect("memory takes everything");
    }
    let torn = file[..file.len() - 9].to_vec();
    vec![("whole", file), ("torn", torn)]
}

/// The zones of [`mrz`] that texts of pages are held against: a passport's and a card's.
pub fn zones() -> &'static [Mrz] {
    static ZONES: OnceLock<Vec<Mrz>> = OnceLock::new();
    ZONES.get_or_init(|| {
        let texts = mrz().into_iter().filter(|seed| seed.0 != "td2");
        let read =
            |(_, text): Seed| Mrz::read(&String::from_utf8_lossy(&text)).expect("a specimen");
        texts.map(read).collect()
    })
}

/// What stands on the pages of the specimens, and a visa.
pub fn page_texts() -> Vec<Seed> {
    let passport = "Anna Maria Eriksson\nL898902C3\nUTO\n\
                    V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                    L8988901C4XXX4009078F96121096ZE184226B<<<<<<";
    let card = "Eriksson, Anna Maria\nD23145890\nUTO";
    vec![("passport", passport.into()), ("card", card.into())]
}

/// The test authority's certificate, as its State hands it over.
pub fn hand_over() -> Vec<Seed> {
    let certificates = certificate().into_iter();
    certificates
        .map(|(name, der)| (name, [&b"UT"[..], &der].concat()))
        .collect()
}
