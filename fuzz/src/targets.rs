//! One function for each decoder, which says whether the decoder took anything. None may panic,
//! hang, or grow without bound on any bytes; where a decoder has an encoder, what it took must come
//! out of that again.

use std::io::Cursor;
use std::path::Path;
use std::sync::OnceLock;

use gate_boot::flash::Flash as _;
use gate_boot::image::{BOARD_NUCLEO_L476RG, CHUNK, HEADER_LEN, PRODUCT, Wanted, public_key};
use gate_boot::records::{Records, Trial};
use gate_boot::slot::Slot;
use gate_boot::update::Writer;
use gate_document::active_authentication;
use gate_document::beside::{self, Beside, PageText};
use gate_document::document_details::DocumentDetails;
use gate_document::domain::Domain;
use gate_document::notified;
use gate_document::personal;
use gate_document::policy::Policy;
use gate_document::portrait::{Portrait, PortraitKind};
use gate_document::seal::hint::IdentityHint;
use gate_document::seal::imager::{
    Coding, End, Frames as Barcodes, Heard as Scan, ImagerSettings, Symbology,
};
use gate_document::seal::profile::{Gate, PermitProfile};
use gate_document::seal::{self, SealCheck, SignerList, idb, symbol};
use gate_document::security_info::SecurityInfos;
use gate_document::sod::Sod;
use gate_document::tlv::{Reader, to_definite};
use gate_document::trust::Certificate;
use gate_document::trust::bilateral::HandOver;
use gate_document::trust::bundle::BundleKey;
use gate_document::trust::crl::Crl;
use gate_document::trust::defect_list::DefectList;
use gate_document::trust::defects::Defects;
use gate_document::trust::ldif::Directory;
use gate_document::trust::master_list::MasterList;
use gate_document::{
    AccessKey, ApduLength, Card, CardError, Check, ChipFiles, Finding, Mrz, Outcome, Sensitive,
    TrustStore, inspect_without_portrait, lds, portrait, read,
};
use gate_face::Picture;
use gate_face::calibration::Calibration;
use gate_face::picture::header_limits;
use gate_host::keys::HostKeys;
use gate_host::ports::camera::parts::{FRAME_MAX, Parts};
use gate_host::ports::lists::Lists;
use gate_host::ports::reader::{Frames, Framing, Heard, Profile};
use gate_host::settings::Settings;
use gate_protocol::body::FromHost;
use gate_protocol::link::Next;
use gate_protocol::link::controller::{Delivery, Lane};
use gate_protocol::print::{ForController, ForHost};
use gate_protocol::{
    Answer, Decoder, Instant, SiteRecord, ToController, UpdateRequest, body, hello,
};
use gate_sim::chip::Chip;
use gate_sim::chip::field::InField;
use gate_sim::emulator::site_record;
use gate_sim::issuer::TestDocument;
use gate_sim::recording;
use gate_zone::decode::{self, Allowed};
use gate_zone::find::{self, Search};
use gate_zone::strip::{self, Cut, Strips};
use gate_zone::{Grey, level};
use image::GrayImage;
use image::codecs::png::PngDecoder;
use jiff::civil::date;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use crate::flash::Memory;
use crate::seeds;

/// Far more than a link end has to do at once.
const DUTIES_MAX: usize = 1_000;

/// Frames, and what a `Hello` says in either direction.
pub fn frames(bytes: &[u8]) -> bool {
    let mut took = false;
    let mut decoder = Decoder::new();
    for byte in bytes {
        let Some(Ok(frame)) = decoder.push(*byte) else {
            continue;
        };
        took = true;
        let _ = ForController(&frame).to_string();
        let _ = ForHost(&frame).to_string();
        let _ = hello::read_call(&frame.content);
        let _ = hello::read_reply(&frame.content);
        let mut again = Decoder::new();
        let wire = frame.encode();
        let decoded = wire.iter().find_map(|byte| again.push(*byte));
        assert_eq!(decoded, Some(Ok(frame)));
    }
    let known = decoder.statistics();
    let counted = known.frame_bytes + known.discarded_bytes;
    assert!(counted as usize <= bytes.len());
    took
}

/// Messages to the controller, behind the seal.
pub fn bodies_to_controller(bytes: &[u8]) -> bool {
    body::read_to_controller(bytes).is_ok_and(|said| {
        let _ = said.message.to_string();
        let again = body::to_controller(&said);
        assert_eq!(body::read_to_controller(&again), Ok(said));
        true
    })
}

/// Messages to the host, behind the seal.
pub fn bodies_to_host(bytes: &[u8]) -> bool {
    body::read_to_host(bytes).is_ok_and(|message| {
        let _ = message.to_string();
        let again = body::to_host(&message);
        assert_eq!(body::read_to_host(&again), Ok(message));
        true
    })
}

/// The controller's end of the link with an open session, and with its cabinet open too. It asks
/// for nothing that the true host has not said.
pub fn controller_link(bytes: &[u8]) -> bool {
    let mut link = seeds::opened().controller.clone();
    link.let_pair(true);
    let mut took = false;
    for (millis, part) in (seeds::OPENED_MS..).step_by(5).zip(bytes.chunks(64)) {
        let now = Instant::from_millis(millis);
        link.receive(now, part);
        link.set_lane(Lane::default());
        let waits = (0..DUTIES_MAX).any(|_| match link.next(now) {
            Next::Deliver(Delivery::Request { number, message }) => {
                assert!(seeds::COMMANDS.contains(&message), "{message}");
                link.answer(number, Answer::Accepted);
                took = true;
                false
            }
            Next::Deliver(_) | Next::Transmit(_) => false,
            Next::Wait(_) => true,
        });
        assert!(waits, "the controller's end never rests");
    }
    took
}

/// The host's end of the link, which has just called.
pub fn host_link(bytes: &[u8]) -> bool {
    let mut link = seeds::calling_host();
    for (millis, part) in (0..).step_by(5).zip(bytes.chunks(64)) {
        let now = Instant::from_millis(millis);
        link.receive(now, part);
        let waits = (0..DUTIES_MAX).any(|_| matches!(link.next(now), Next::Wait(_)));
        assert!(waits, "the host's end never rests");
    }
    link.is_connected()
}

/// The printed zone.
pub fn mrz(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    // What is read as it stands is read first of all readings, and each of those holds together.
    let zone = Mrz::read(&text);
    assert!(
        Mrz::parse(&text).is_err() || zone.as_ref().is_ok_and(|zone| zone.repairs().is_empty())
    );
    // What is taken with wrong check digits is refused by the strict, and for nothing else.
    let tolerant = Mrz::read_tolerant(&text);
    assert!(zone.is_err() || tolerant.is_ok());
    let others = tolerant.iter().flat_map(Mrz::alternatives);
    for reading in tolerant.iter().chain(others) {
        let lines: String = reading.lines().collect();
        assert_eq!(
            Mrz::parse(&lines).is_ok(),
            reading.wrong_digits().is_empty()
        );
        assert!(!reading.access_key().mrz_information().is_empty());
    }
    zone.is_ok_and(|zone| {
        for other in zone.alternatives() {
            let lines: String = other.lines().collect();
            assert!(Mrz::parse(&lines).is_ok());
        }
        !zone.access_key().mrz_information().is_empty()
    })
}

/// Data objects.
pub fn tlv(bytes: &[u8]) -> bool {
    descend(Reader::new(bytes), 0);
    let definite = to_definite(bytes);
    definite.is_ok_and(|definite| {
        assert!(definite.len() <= bytes.len() * 8 + 8);
        true
    })
}

fn descend(mut reader: Reader<'_>, depth: usize) {
    while !reader.is_empty() {
        let Ok(object) = reader.any("anything") else {
            return;
        };
        assert!(object.raw.len() >= object.value.len());
        if depth < 16 {
            descend(object.reader(), depth + 1);
        }
    }
}

/// Files of a chip.
pub fn files(bytes: &[u8]) -> bool {
    lds::com(bytes).is_ok() | lds::dg1(bytes).is_ok() | lds::portrait(bytes).is_ok()
}

/// The signature over a chip's files.
pub fn signature(bytes: &[u8]) -> bool {
    let object = Sod::parse(bytes);
    object.is_ok_and(|object| {
        let _ = object.signing_time();
        true
    })
}

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

/// Details of person and document in optional data groups.
pub fn details(bytes: &[u8]) -> bool {
    let _ = personal::fold(&String::from_utf8_lossy(bytes));
    personal::dg11(bytes).is_ok()
        | personal::dg13(bytes).is_ok()
        | DocumentDetails::parse(bytes).is_ok()
        | notified::dg16(bytes).is_ok()
}

/// Pictures as chips hold them; `tests/bounds.rs` holds memory and time against limits.
pub fn pictures(bytes: &[u8]) -> bool {
    PortraitKind::of_image(bytes).is_some_and(|kind| {
        let bytes = bytes.to_vec().into();
        portrait::decode(&Portrait { kind, bytes }).is_ok()
    })
}

/// Camera frames and photographs, up to their pixels.
pub fn photographs(bytes: &[u8]) -> bool {
    match bytes.starts_with(b"\x89PNG") {
        true => PngDecoder::with_limits(Cursor::new(bytes), header_limits())
            .is_ok_and(|decoder| Picture::from_decoder(decoder).is_ok()),
        false => Picture::from_jpeg(bytes).is_ok(),
    }
}

/// The file of a model's calibration.
pub fn calibration(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    Calibration::parse("calibration", &text).is_ok_and(|calibration| {
        let written = calibration.to_text();
        let again = Calibration::parse("again", &written).map(|again| again.to_text());
        assert_eq!(again.ok(), Some(written));
        true
    })
}

/// Pictures of pages, from the file to the lines of a zone; then the bytes as pixels, and as what a model
/// says of a line.
pub fn pages(bytes: &[u8]) -> bool {
    let search = |page: &Grey| {
        let lie = level::lie(&level::small(page));
        let search = Search::new(page, lie.slope);
        for gap in find::GAPS {
            for zone in search.zones(gap) {
                let pitch = strip::pitch(&zone.lines[0], 30);
                let _ = Strips::cut(page, &zone.lines[..1], Cut { pitch, down: 0.1 });
            }
        }
    };
    let read = Grey::decode(bytes);
    if let Ok(page) = &read {
        search(page);
    }
    let width = bytes.len().clamp(1, 48);
    search(&Grey::new(width, bytes.len() / width, bytes.to_vec()));
    let says: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|each| f32::from_le_bytes([each[0], each[1], each[2], each[3]]))
        .collect();
    let _ = decode::count(&says);
    let _ = decode::line(&says, bytes.len() % 50, Allowed::Letters).spread();
    read.is_ok()
}

/// What a chip announces of itself, in EF.CardAccess and DG14, and the keys in there.
pub fn security_infos(bytes: &[u8]) -> bool {
    let read = [SecurityInfos::parse(bytes), SecurityInfos::of_dg14(bytes)];
    read.into_iter().flatten().fold(false, |_, infos| {
        for key in &infos.keys {
            let _ = Domain::of_public_key(&key.public_key);
        }
        true
    })
}

/// A key of Active Authentication, in DG15, and a signature behind it that is nobody's.
pub fn active_key(bytes: &[u8]) -> bool {
    use active_authentication::Verdict;
    let signature = &bytes[bytes.len().saturating_sub(64)..];
    match active_authentication::verify(bytes, None, &[1; 8], signature) {
        Verdict::Right(way) => unreachable!("nobody has signed with {way}"),
        Verdict::Wrong(reason) => reason != "DG15 holds no public key",
        Verdict::Unsupported(_) => false,
    }
}

/// A chip that answers whatever it likes: each answer has its length before it.
pub fn wild_chip(bytes: &[u8]) -> bool {
    struct Wild<'a>(&'a [u8]);
    impl Card for Wild<'_> {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, CardError> {
            let (length, rest) = self.0.split_first().ok_or(CardError::Removed)?;
            let (answer, rest) = rest.split_at(usize::from(*length).min(rest.len()));
            self.0 = rest;
            match answer.len() {
                found @ 0..2 => Err(CardError::TooShort { found }),
                _ => Ok(answer.to_vec()),
            }
        }
    }
    converse(&mut Wild(bytes))
}

/// A genuine chip of the first years whose answers are damaged: which answer, which byte, and what
/// is flipped there, three bytes for each.
pub fn damaged_chip(bytes: &[u8]) -> bool {
    damaged(seeds::document(), bytes)
}

/// The same with a chip that does PACE, Chip Authentication and Active Authentication.
pub fn damaged_modern_chip(bytes: &[u8]) -> bool {
    damaged(seeds::modern_document(), bytes)
}

fn damaged(document: &TestDocument, bytes: &[u8]) -> bool {
    struct Damaged<'a> {
        chip: InField,
        faults: std::slice::ChunksExact<'a, u8>,
        answers: usize,
    }
    impl Card for Damaged<'_> {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
            let mut answer = self.chip.transmit(command)?;
            for fault in self.faults.clone() {
                if usize::from(fault[0]) == self.answers {
                    let at = usize::from(fault[1]) % answer.len();
                    answer[at] ^= fault[2];
                }
            }
            self.answers += 1;
            Ok(answer)
        }
    }
    converse(&mut Damaged {
        chip: InField::new(Chip::new(document, 1)),
        faults: bytes.chunks_exact(3),
        answers: 0,
    })
}

/// Reads `card` as a gate does that knows the printed zone. What the gate draws is always the same.
pub(crate) fn converse(card: &mut dyn Card) -> bool {
    let key = AccessKey::from_mrz_information(seeds::document().key_information());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut habits = ApduLength::Extended.into();
    read(card, &key.into(), &mut habits, &mut rng, &mut |_| {}).is_ok()
}

/// EF.CardSecurity beside a chip that was opened with it: whatever it says, judged with the right trust.
pub fn card_security(bytes: &[u8]) -> bool {
    static TRUST: OnceLock<TrustStore> = OnceLock::new();
    let trust = TRUST.get_or_init(|| TrustStore::from_pem(&seeds::csca()).expect("an anchor"));
    let mut conversation = seeds::mapped_conversation().clone();
    conversation.card_security = Some(bytes.to_vec().into());
    let mut files = ChipFiles::new();
    files.set_conversation(conversation);
    let found = inspect_without_portrait(seeds::printed(), &files, trust, Some(seeds::TODAY));
    let passed = Finding::passed(Check::CardSecurity);
    found
        .iter()
        .any(|finding| finding.check == passed.check && finding.outcome == passed.outcome)
}

/// Signed texts of a permit's own layout. No signer is known, so that signatures are not looked at: what
/// this finds is panics on the way there.
pub fn texts(bytes: &[u8]) -> bool {
    let profiles = seeds::text_profiles();
    let inspection = seal::inspect(bytes, profiles, &SignerList::default(), &Gate::default());
    assert!(!inspection.accepted());
    let structure = inspection.finding(SealCheck::SealStructure);
    structure.is_some_and(|finding| finding.outcome == Outcome::Passed)
}

/// Frames of every document reader.
pub fn reader(bytes: &[u8]) -> bool {
    let framings = Profile::ALL.map(Profile::framing);
    framings
        .map(|framing| zones(framing, bytes))
        .contains(&true)
}

fn zones(framing: Framing, bytes: &[u8]) -> bool {
    let mut found = 0;
    let mut frames = Frames::new(framing);
    frames.receive(bytes, |heard| {
        if let Heard::Zone(zone) = heard {
            mrz(zone.text().as_bytes());
            found += 1;
        }
    });
    let _ = frames.quiet();
    assert!(!frames.is_open());
    assert!(frames.discards().bytes <= bytes.len() as u64);
    found > 0
}

/// Parts of a camera's stream: the boundary, a zero, the stream.
pub fn camera(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| *byte == 0);
    let (boundary, stream) = bytes.split_at(end.unwrap_or(0));
    let mut parts = Parts::new(&String::from_utf8_lossy(boundary));
    let mut took = false;
    for piece in stream.chunks(97) {
        match parts.push(piece) {
            Ok(frame) => took |= frame.is_some_and(|frame| frame.len() <= FRAME_MAX),
            Err(_) => break,
        }
    }
    took
}

/// The list of lost documents.
pub fn lists(bytes: &[u8]) -> bool {
    let list = Lists::parse(&String::from_utf8_lossy(bytes), Path::new("list"));
    list.is_ok_and(|list| list.contains("UTO", "L898902C3"))
}

/// The daemon's settings.
pub fn settings(bytes: &[u8]) -> bool {
    Settings::parse(&String::from_utf8_lossy(bytes), Path::new("settings")).is_ok()
}

/// The steps of an update: bodies as they come out of sealed frames, each with its length, two
/// bytes, before it. Whoever has a session and not the signing key gets nothing started, and
/// writes nothing but the slot that does not run.
pub fn update(bytes: &[u8]) -> bool {
    let wanted = Wanted {
        key: public_key(&seeds::SIGNING),
        product: PRODUCT,
        board: BOARD_NUCLEO_L476RG,
        security_floor: 0,
    };
    let mut writer = Writer::new(wanted.clone(), Slot::A);
    let mut flash = Memory::erased(writer.slot());
    let proved = Records {
        confirmed: Some(Slot::A),
        ..Records::default()
    };
    assert_eq!(proved.store(&mut flash), Ok(()));
    let mut rest = bytes;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes(*length)).min(behind.len());
        let (body, behind) = behind.split_at(length);
        rest = behind;
        if let Ok(FromHost {
            message: ToController::Update(step),
            ..
        }) = body::read_to_controller(body)
        {
            take_step(&mut writer, &mut flash, &step);
        }
    }
    assert!(flash.kept_the_rest());
    let tried = Records::load(&flash).trial == Some(Trial::Ahead(Slot::B));
    let good = wanted.check_slot(|region| flash.read(region), Slot::B);
    assert!(
        !tried || good.is_ok(),
        "an image that must not run is tried"
    );
    let signed = good.is_ok_and(|header| header == *seeds::image().header());
    assert!(!tried || signed, "an image that nobody signed is tried");
    tried
}

/// As the firmware hands it on.
fn take_step(writer: &mut Writer, flash: &mut Memory, step: &UpdateRequest) {
    let next = match step {
        UpdateRequest::Ask => return,
        UpdateRequest::Begin { header } => {
            let mut head = [0; HEADER_LEN];
            head.copy_from_slice(header.as_flattened());
            writer.begin(flash, &head)
        }
        UpdateRequest::Chunk { from, bytes } => {
            let mut chunk = [0; CHUNK as usize];
            chunk.copy_from_slice(bytes.as_flattened());
            writer.chunk(flash, *from, &chunk)
        }
        UpdateRequest::Finish => writer.finish(flash).map(|()| 0),
        UpdateRequest::Activate => writer.activate(flash).map(|()| 0),
    };
    // What is wanted next is always a whole number of chunks.
    assert!(next.is_err() || next.is_ok_and(|next| next.is_multiple_of(CHUNK)));
}

/// The host's keys: what is taken is what stands there, digit for digit.
pub fn host_keys(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    HostKeys::parse(&text).is_ok_and(|keys| {
        let table: toml::Table = toml::from_str(&text).expect("it has been read once");
        for (name, key) in [
            ("own", keys.own.bytes()),
            ("controller", &keys.pairing.peer.0),
            ("shared", keys.pairing.shared.bytes()),
        ] {
            let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            let stands = table[name].as_str().unwrap_or_default();
            assert!(stands.eq_ignore_ascii_case(&digits), "another {name}");
        }
        true
    })
}

/// The record of a site as the controller finds it at its start: what is obeyed keeps the bounds,
/// and is read alike when it is written down anew.
pub fn stored_site(bytes: &[u8]) -> bool {
    SiteRecord::read(bytes).is_ok_and(|site| {
        assert!(site.get().check().is_ok(), "a site beyond its bounds");
        assert_eq!(SiteRecord::read(&site_record(site.get())), Ok(site));
        true
    })
}

/// Seals in every format, and what is found in them. Nobody's signer is known: none is accepted.
pub fn seals(bytes: &[u8]) -> bool {
    let signers = SignerList::default();
    let inspection = seal::inspect(bytes, seeds::profiles(), &signers, &Gate::default());
    assert!(!inspection.accepted());
    assert_eq!(inspection.findings.len(), SealCheck::ALL.len());
    seal::read(bytes).is_ok()
}

/// What is behind base32 and compression in a seal of text.
pub fn seal_payload(bytes: &[u8]) -> bool {
    idb::payload_of(bytes, true).is_ok() | idb::payload_of(bytes, false).is_ok()
}

/// Profiles of permits, and data to issue from: profile, a zero, data.
pub fn permits(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (profile, data) = text.split_once('\0').unwrap_or((&text, ""));
    PermitProfile::parse("permit.toml", profile).is_ok_and(|profile| {
        let _ = profile.encode("data.toml", data);
        true
    })
}

/// Frames of a barcode imager: how it is set up, and its bytes.
pub fn imager(bytes: &[u8]) -> bool {
    let (setting, line) = bytes.split_first().unwrap_or((&0, &[]));
    let end = [End::Pause, End::Length, End::Suffix][usize::from(setting % 3)];
    let codings = [Coding::Raw, Coding::Hex, Coding::Base64, Coding::Utf8];
    let mark = |bit: u8, text: &str| match setting & bit {
        0 => String::new(),
        _ => text.to_owned(),
    };
    let settings = ImagerSettings {
        prefix: mark(0x20, "\u{2}"),
        suffix: mark(0x40, "\r\n"),
        end,
        aim: setting & 0x80 != 0,
        coding: codings[usize::from(setting / 3 % 4)],
    };
    let Ok(mut frames) = Barcodes::new(settings) else {
        return false;
    };
    let mut took = false;
    frames.receive(line, |heard| took |= matches!(heard, Scan::Code(_)));
    took |= matches!(frames.quiet(), Some(Scan::Code(_)));
    assert!(!frames.is_open());
    assert!(frames.discarded() <= line.len() as u64);
    took
}

/// The barcode of identity cards, which nobody signs.
pub fn hints(bytes: &[u8]) -> bool {
    IdentityHint::read(bytes).is_ok_and(|hint| hint.to_prefill().number.len() == 12)
}

/// Pictures of barcodes: symbology, width, and a bit for each pixel, each drawn two by two.
pub fn symbols(bytes: &[u8]) -> bool {
    let [symbology, width, bits @ ..] = bytes else {
        return false;
    };
    let width = u32::from(*width).max(1);
    let height = (bits.len() as u32 * 8 / width).min(200);
    let picture = GrayImage::from_fn(width * 2, height * 2, |x, y| {
        let at = (y / 2 * width + x / 2) as usize;
        let dark = bits
            .get(at / 8)
            .is_some_and(|byte| byte >> (at % 8) & 1 == 1);
        image::Luma([if dark { 0 } else { 255 }])
    });
    let symbology = Symbology::ALL[usize::from(*symbology) % 4];
    symbol::find(&picture, &[symbology]).is_ok_and(|found| !found.is_empty())
}

/// Recordings of serial lines: what is read comes out again.
pub fn recordings(bytes: &[u8]) -> bool {
    let Ok(mut reader) = recording::Reader::open(bytes) else {
        return false;
    };
    let mut file = Vec::new();
    let written = recording::Writer::begin(&mut file, reader.header());
    let mut writer = written.expect("memory takes everything");
    let mut chunks = Vec::new();
    while let Ok(Some(chunk)) = reader.chunk() {
        let added = writer.add(chunk.at, chunk.from, &chunk.bytes);
        added.expect("memory takes everything");
        if !chunk.bytes.is_empty() {
            chunks.push(chunk);
        }
    }
    let mut again = recording::Reader::open(&*file).expect("what was written");
    assert_eq!(again.header(), reader.header());
    for chunk in chunks {
        assert_eq!(again.chunk().expect("what was written"), Some(chunk));
    }
    assert!(!again.is_torn());
    true
}

/// The text of a page, a line for each of name, number and nationality, and behind them the zone of a
/// visa; held against a passport's zone and a card's.
pub fn page_texts(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().map(|line| Sensitive::new(line.to_owned()));
    let page = PageText {
        name: line(),
        number: line(),
        nationality: line(),
        ..PageText::default()
    };
    let visa = lines.next().and_then(|zone| Mrz::read(zone).ok());
    let beside = Beside {
        front: Some(page.clone()),
        back: Some(page),
        visa: visa.map(Box::new),
    };
    seeds::zones().iter().fold(false, |fits, printed| {
        let findings = beside::findings(printed, &beside, Some(date(2026, 11, 22)));
        fits | findings.iter().any(|one| one.outcome == Outcome::Passed)
    })
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
