//! Good inputs for each decoder, by name.

use std::sync::OnceLock;

use gate_document::ElementaryFile;
use gate_protocol::frame::{Frame, Kind, WIRE_MAX};
use gate_protocol::{
    Answer, Board, CommandNumber, Door, Event, Mode, Refusal, ResetCause, Sign, State,
    ToController, ToHost, body,
};
use gate_sim::issuer::{
    Authority, DocumentRequest, Encoding, Format, IssuerError, Portrait, Scheme, Sex,
    State as Issuing, TestDocument,
};
use gate_sim::reader::rte_native;
use image::{Rgb, RgbImage};
use jiff::civil::date;

/// A name that says what it is, and the bytes.
pub type Seed = (&'static str, Vec<u8>);

/// The session that frames of the seeds belong to.
pub const SESSION: u8 = 5;

/// A genuine document of the test authority.
pub fn document() -> &'static TestDocument {
    static DOCUMENT: OnceLock<TestDocument> = OnceLock::new();
    DOCUMENT.get_or_init(|| issue(Encoding::Jpeg2000, Format::Td3).expect("a test document"))
}

fn authority() -> Result<Authority, IssuerError> {
    Authority::new(Issuing::UTOPIA, Scheme::Elliptic, 1)
}

fn issue(encoding: Encoding, format: Format) -> Result<TestDocument, IssuerError> {
    let picture = RgbImage::from_fn(64, 80, |x, y| Rgb([(x * 4) as u8, (y * 3) as u8, 90]));
    authority()?.issue(&DocumentRequest {
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
    })
}

/// One file of a genuine document.
fn file(encoding: Encoding, format: Format, file: ElementaryFile) -> Vec<u8> {
    let document = issue(encoding, format).expect("a test document");
    let bytes = document.file(file.identifier()).expect("every file");
    bytes.to_vec()
}

/// Frames of a host that opens a session and works the lane.
pub fn frames_to_controller() -> Vec<Seed> {
    let messages: [(&str, CommandNumber, ToController); 6] = [
        ("heartbeat", 0, ToController::Heartbeat { lease_ms: 1_000 }),
        ("event-seen", 0, ToController::EventSeen { number: 1 }),
        (
            "permit",
            1,
            ToController::Permit {
                door: Door::Exit,
                for_ms: 8_000,
                passage: 1,
            },
        ),
        ("set-mode", 2, ToController::SetMode { mode: Mode::WalkIn }),
        (
            "show",
            3,
            ToController::Show {
                sign: Sign::Welcome,
            },
        ),
        ("read-health", 4, ToController::ReadHealth),
    ];
    let hello = ToController::Hello {
        wire_min: 1,
        wire_max: WIRE_MAX,
    };
    let hello = frame(Kind::Hello, 0, body::to_controller(0, &hello));
    let frames = (1..)
        .zip(messages)
        .map(|(counter, (name, number, message))| {
            let body = body::to_controller(number, &message);
            (name, frame(Kind::Plain, counter, body))
        });
    in_session(hello, frames)
}

/// Frames of a controller.
pub fn frames_to_host() -> Vec<Seed> {
    let messages = [
        (
            "status",
            ToHost::Status {
                uptime_ms: 70_000,
                state: State::Occupied,
                inputs: 0x00cf_ffff,
                outputs: 0x0001_6082,
                passage: 7,
                newest_event: 4,
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
    ];
    let hello = ToHost::Hello {
        wire_min: 1,
        wire_max: WIRE_MAX,
        firmware: [0, 1, 0],
        board: Board::NucleoL476rg,
        reset: ResetCause::PowerOn,
        uptime_ms: 1,
    };
    let hello = frame(Kind::Hello, 0, body::to_host(&hello));
    let frames = (1..).zip(messages).map(|(counter, (name, message))| {
        (name, frame(Kind::Plain, counter, body::to_host(&message)))
    });
    in_session(hello, frames)
}

/// Each frame behind the `Hello` that opens its session, and all of them together.
fn in_session(hello: Vec<u8>, frames: impl Iterator<Item = Seed>) -> Vec<Seed> {
    let frames: Vec<Seed> = frames.collect();
    let all = frames.iter().flat_map(|(_, frame)| frame.clone());
    let all = ("all", hello.iter().copied().chain(all).collect());
    let each = frames
        .iter()
        .map(|(name, frame)| (*name, [hello.as_slice(), frame].concat()));
    each.chain([all]).collect()
}

fn frame(kind: Kind, counter: u32, body: gate_protocol::frame::Body) -> Vec<u8> {
    let frame = Frame {
        kind,
        version: WIRE_MAX,
        session: SESSION,
        counter,
        body,
    };
    frame.encode().to_vec()
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
    ]
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
    let text = "[controller]\ndevice = \"/dev/gate/controller\"\n\
        [reader]\ndevice = \"/dev/gate/mrz\"\n\
        [chip]\nreader = \"OMNIKEY\"\ntrust = \"/etc/gate/csca.pem\"\n\
        [camera]\nurl = \"http://127.0.0.1:9/mjpeg\"\n\
        [face]\nmanifest = \"/m/manifest.toml\"\nmodels = \"/m\"\n\
        [lists]\nfile = \"/l\"\n[journal]\nfile = \"/j\"\n\
        [page]\nlisten = \"127.0.0.1:8080\"\n[limits]\nofficer = \"90 s\"\n";
    vec![("all", text.as_bytes().to_vec())]
}

/// What opens a session with the controller's end and works it.
pub fn controller_link() -> Vec<Seed> {
    frames_to_controller()
}

/// What opens a session with the host's end.
pub fn host_link() -> Vec<Seed> {
    frames_to_host()
}
