//! Zones, files of chips, and what is said beside a document.

use super::Seed;
use super::issuer::{document, electronics, file, issue_with};
use gate_document::conversation::Conversation;
use gate_document::{ApduLength, ElementaryFile, Mrz, read};
use gate_sim::chip::Chip;
use gate_sim::chip::field::InField;
use gate_sim::issuer::details::{Making, Notified};
use gate_sim::issuer::electronics::{FaceRecord, Mapping, SignatureOffer};
use gate_sim::issuer::{Electronics, Encoding, Format, TestDocument};
use jiff::civil::{Date, date};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use std::sync::OnceLock;

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
