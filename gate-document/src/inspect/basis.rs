//! What each check rests on: what was compared, and with which file, algorithm, certificate and day.
//!
//! Only words that belong to the document's kind, its signer or the gate: never what stands in a zone
//! or a data group.

use crate::access::Protocol;
use crate::authenticity;
use crate::beside::{Beside, PageText};
use crate::certificate::Certificate;
use crate::conversation::{ChallengeProof, ChipProof, MappingProof};
use crate::file::{ChipFiles, ElementaryFile};
use crate::finding::Check;
use crate::lds;
use crate::mrz::vietnam::PersonalNumber;
use crate::mrz::{Expiry, Format, Mrz};
use crate::report::{Evidence, format_name};
use crate::security_info::SecurityInfos;
use crate::sod::Sod;
use crate::trust::TrustStore;
use jiff::civil::Date;

/// What an inspection has to go by.
pub(super) struct Basis<'a> {
    pub(super) printed: Option<&'a Mrz>,
    /// The zone to go by: the printed one; where there is none, that of DG1.
    pub(super) zone: Option<&'a Mrz>,
    pub(super) dg1: Option<&'a Mrz>,
    pub(super) chip: &'a ChipFiles,
    pub(super) sod: Option<&'a Sod>,
    pub(super) signer: Option<&'a Certificate>,
    pub(super) trust: &'a TrustStore,
    pub(super) today: Option<Date>,
    /// Day of issue as it was signed, or of the signature.
    pub(super) issued: Option<Date>,
}

type Notes = Vec<(&'static str, String)>;

impl Basis<'_> {
    /// Writes down what `checks` rest on. [`Check::Portrait`] and what is read beside the document
    /// are noted where they are judged.
    pub(super) fn note(&self, checks: &[Check], evidence: &mut Evidence) {
        for check in checks {
            for (name, value) in self.of(*check) {
                evidence.note(*check, name, value);
            }
        }
    }

    fn of(&self, check: Check) -> Notes {
        match check {
            Check::PrintedZone => self.printed_zone(),
            Check::ZoneCheckDigits => self.check_digits(),
            Check::Validity => [self.day(), self.expiry()].concat(),
            Check::DatesPlausible => [self.day(), self.expiry(), self.year_of_issue()].concat(),
            Check::NationalRules => [self.rules(), self.expiry(), self.year_of_issue()].concat(),
            Check::ChipAccess => self.access(),
            Check::ChipReading => self.files(),
            Check::ChipConversation => self.conversation(),
            Check::SodSignature => self.signature(),
            Check::SignerTrust => [self.signer(), self.anchors()].concat(),
            Check::Revocation => [self.signer(), self.day()].concat(),
            Check::TrustStatus => [self.anchors(), self.day()].concat(),
            Check::KeyPeriod => self.key_period(),
            Check::DocumentType => self.document_types(),
            Check::SignatureStrength => self.strength(),
            Check::Conformance => vec![(
                "looked-at",
                "EF.SOD, the certificates of its chain, DG1, the ends of all files".into(),
            )],
            Check::KnownDefects => self.model(),
            Check::DataGroupDigests => self.digests(),
            Check::ComAgainstSod => self.lists_of_files(),
            Check::IssuerAgainstSigner => self.countries(),
            Check::PrintedAgainstChip => self.zones(),
            Check::PersonalDetails => self.details(),
            Check::ChipAuthentication => self.chip_authentication(),
            Check::ActiveAuthentication => self.active_authentication(),
            Check::CardAccess | Check::CardSecurity => self.master_files(check),
            Check::Portrait
            | Check::FrontAgainstBack
            | Check::ZoneAgainstPage
            | Check::VisaAgainstDocument
            | Check::VisaValidity => Vec::new(),
            // The lane's own.
            Check::FaceLikeness | Check::PresentationAttack | Check::OnePerson | Check::Lists => {
                Vec::new()
            }
        }
    }

    fn printed_zone(&self) -> Notes {
        let Some(printed) = self.printed else {
            return Vec::new();
        };
        let corrected = printed.repairs().len().to_string();
        vec![
            ("format", format_name(printed.format).into()),
            ("corrected-places", corrected),
        ]
    }

    fn check_digits(&self) -> Notes {
        let Some(zone) = self.zone else {
            return Vec::new();
        };
        let own = usize::from(PersonalNumber::of(zone).is_some());
        let digits = own
            + match zone.format {
                Format::Td3 => 5,
                Format::Td1 | Format::Td2 => 4,
                Format::MrvA | Format::MrvB => 3,
            };
        vec![
            ("digits", digits.to_string()),
            ("wrong", zone.wrong_digits().len().to_string()),
        ]
    }

    fn day(&self) -> Notes {
        let day = self.today.map(|today| today.to_string());
        vec![("day-of-inspection", day.unwrap_or_else(|| "unknown".into()))]
    }

    /// Which day it is stays out: it is the traveller's.
    fn expiry(&self) -> Notes {
        let Some(zone) = self.zone else {
            return Vec::new();
        };
        let kind = match zone.expiry {
            Expiry::On(_) => "a day",
            Expiry::Unlimited => "none",
            Expiry::Unknown => "not stated",
        };
        vec![("expiry", kind.into())]
    }

    fn year_of_issue(&self) -> Notes {
        let year = self.issued.map(|day| day.year().to_string());
        year.map(|year| ("year-of-issue", year))
            .into_iter()
            .collect()
    }

    fn rules(&self) -> Notes {
        let Some(Mrz {
            issuing_state: issuer,
            document_code: code,
            ..
        }) = self.zone
        else {
            return Vec::new();
        };
        let mut notes = vec![("rules-of", format!("{issuer} {code}"))];
        if self.chip.get(ElementaryFile::DataGroup(13)).is_some() {
            notes.push(("files", "DG13".into()));
        }
        notes
    }

    fn access(&self) -> Notes {
        let Some(conversation) = self.chip.conversation() else {
            return Vec::new();
        };
        let access = &conversation.access;
        let protocol = match &access.protocol {
            Protocol::Pace(info) => vec![("protocol", info.to_string())],
            Protocol::Bac { without_pace } => vec![
                ("protocol", "BAC".into()),
                ("pace-not-used", without_pace.to_string()),
            ],
        };
        [protocol, vec![("password", access.password.to_string())]].concat()
    }

    fn files(&self) -> Notes {
        let read = self.chip.iter();
        let read = read.map(|(file, bytes)| format!("{file} {} bytes", bytes.len()));
        vec![("files", joined(read))]
    }

    fn conversation(&self) -> Notes {
        let notices = self.chip.conversation().map(|it| it.notices.len());
        let noted = notices.map(|count| ("count", count.to_string()));
        noted.into_iter().collect()
    }

    fn signature(&self) -> Notes {
        let bytes = self.chip.get(ElementaryFile::Sod).map(<[u8]>::len);
        let mut notes: Notes = bytes
            .map(|bytes| ("file", format!("EF.SOD {bytes} bytes")))
            .into_iter()
            .collect();
        if let Some(sod) = self.sod {
            notes.push(("algorithm", format!("{:?}", sod.data.signer.algorithm)));
            let enclosed = sod.data.certificates.len().to_string();
            notes.push(("certificates-enclosed", enclosed));
        }
        notes
    }

    fn signer(&self) -> Notes {
        let Some(signer) = self.signer else {
            return Vec::new();
        };
        vec![
            ("signer", signer.fingerprint().to_string()),
            ("country", signer.country().unwrap_or_default()),
        ]
    }

    fn anchors(&self) -> Notes {
        vec![("csca-certificates", self.trust.count().to_string())]
    }

    fn key_period(&self) -> Notes {
        let period = self.signer.and_then(|it| it.extensions.key_period);
        let Some((from, until)) = period else {
            return Vec::new();
        };
        let end =
            |name, moment: Option<jiff::Timestamp>| moment.map(|moment| (name, moment.to_string()));
        [end("from", from), end("until", until)]
            .into_iter()
            .flatten()
            .collect()
    }

    fn document_types(&self) -> Notes {
        let Some(signer) = self.signer else {
            return Vec::new();
        };
        let listed = signer.extensions.document_types.iter().cloned();
        let document = self.zone.map(|zone| zone.document_code.clone());
        let document = document.map(|code| ("document", code));
        document
            .into_iter()
            .chain([("signer", joined(listed))])
            .collect()
    }

    fn strength(&self) -> Notes {
        let mut notes = Notes::new();
        if let Some(sod) = self.sod {
            notes.push(("digest", format!("{:?}", sod.digest)));
            notes.push(("algorithm", format!("{:?}", sod.data.signer.algorithm)));
        }
        if let Some(key) = self.signer.and_then(Certificate::key) {
            notes.push(("key-bits", key.key.bits().to_string()));
        }
        notes
    }

    fn model(&self) -> Notes {
        let listed = self.trust.defects().entries().len().to_string();
        let model = self
            .zone
            .map(|zone| format!("{} {}", zone.issuing_state, zone.document_code));
        let model = model.map(|model| ("model", model));
        model
            .into_iter()
            .chain([("listed-defects", listed)])
            .collect()
    }

    fn digests(&self) -> Notes {
        let Some(sod) = self.sod else {
            return Vec::new();
        };
        let read = self.chip.iter().map(|(file, _)| file);
        let groups = read.filter(|file| matches!(file, ElementaryFile::DataGroup(_)));
        vec![
            ("digest", format!("{:?}", sod.digest)),
            ("compared", joined(groups.map(|file| file.to_string()))),
        ]
    }

    fn lists_of_files(&self) -> Notes {
        let names = |groups: Vec<u8>| joined(groups.into_iter().map(|group| format!("DG{group}")));
        let com = self.chip.get(ElementaryFile::Com);
        let com = com.and_then(|com| lds::com(com).ok());
        let in_com = com.map(|com| ("in-com", names(com.data_groups.into_iter().collect())));
        let in_sod = self.sod.map(|sod| {
            let groups = sod.digests.keys().copied().collect();
            ("in-sod", names(groups))
        });
        in_com.into_iter().chain(in_sod).collect()
    }

    fn countries(&self) -> Notes {
        let state = self
            .dg1
            .map(|zone| ("document", zone.issuing_state.clone()));
        let country = self.signer.and_then(Certificate::country);
        let country = country.map(|country| ("signer", country));
        state.into_iter().chain(country).collect()
    }

    fn zones(&self) -> Notes {
        let chip = self
            .dg1
            .map(|zone| ("chip", format_name(zone.format).into()));
        let printed = self.printed;
        let printed = printed.map(|zone| ("printed", format_name(zone.format).into()));
        printed.into_iter().chain(chip).collect()
    }

    fn details(&self) -> Notes {
        let there = [11, 13].map(ElementaryFile::DataGroup);
        let there = there
            .into_iter()
            .filter(|file| self.chip.get(*file).is_some());
        vec![("files", joined(there.map(|file| file.to_string())))]
    }

    fn chip_authentication(&self) -> Notes {
        let dg14 = self
            .sod
            .and_then(|sod| authenticity::signed_dg14(self.chip, sod));
        let infos = dg14.and_then(|dg14| SecurityInfos::of_dg14(dg14).ok());
        let announced = match infos {
            Some(infos) => format!(
                "DG14: {} keys, {} ways",
                infos.keys.len(),
                infos.chip_authentication.len()
            ),
            None => "no signed DG14".into(),
        };
        let mut notes = vec![("announced", announced)];
        if let Some(conversation) = self.chip.conversation() {
            let done = match (&conversation.chip_authentication, &conversation.mapping) {
                (ChipProof::Given(way), _) => way.clone(),
                (ChipProof::Failed(_), _) => "failed".into(),
                (ChipProof::Unsupported(_), _) => "not supported by the gate".into(),
                (ChipProof::NotAsked, MappingProof::Given(_)) => "PACE-CAM".into(),
                (ChipProof::NotAsked, MappingProof::Failed) => "PACE-CAM failed".into(),
                (ChipProof::NotAsked, MappingProof::NotAsked) => "not asked".into(),
            };
            notes.push(("done", done));
        }
        notes
    }

    fn active_authentication(&self) -> Notes {
        let signed = self
            .sod
            .and_then(|sod| authenticity::signed_group(self.chip, sod, 15));
        let announced = match signed {
            Some(dg15) => format!("DG15 {} bytes", dg15.len()),
            None => "no signed DG15".into(),
        };
        let mut notes = vec![("announced", announced)];
        if let Some(conversation) = self.chip.conversation() {
            let done = match &conversation.active_authentication {
                ChallengeProof::NotAsked => "not asked".into(),
                ChallengeProof::Answered { signature, .. } => {
                    format!("signature of {} bytes", signature.len())
                }
                ChallengeProof::Refused(status) => format!("refused with status {status}"),
                ChallengeProof::Broken(_) => "broken off".into(),
            };
            notes.push(("done", done));
        }
        notes
    }

    /// EF.CardAccess or EF.CardSecurity, which lie beside the application.
    fn master_files(&self, check: Check) -> Notes {
        let Some(conversation) = self.chip.conversation() else {
            return Vec::new();
        };
        let file = match check {
            Check::CardAccess => &conversation.card_access,
            _ => &conversation.card_security,
        };
        let there = match file {
            Some(bytes) => format!("{} bytes", bytes.expose().len()),
            None => "not read".into(),
        };
        vec![("file", there)]
    }
}

/// Writes down what the checks beside the document rest on: which fields were given, never what they
/// say.
pub(super) fn note_beside(printed: &Mrz, beside: &Beside, evidence: &mut Evidence) {
    let is_card = printed.format == Format::Td1;
    let page = if is_card { &beside.back } else { &beside.front };
    if let Some(front) = beside.front.as_ref().filter(|_| is_card) {
        evidence.note(Check::FrontAgainstBack, "given", given(front));
    }
    if let Some(page) = page {
        evidence.note(Check::ZoneAgainstPage, "given", given(page));
    }
    if let Some(visa) = &beside.visa {
        for check in [Check::VisaAgainstDocument, Check::VisaValidity] {
            evidence.note(check, "visa", format_name(visa.format));
        }
    }
}

fn given(page: &PageText) -> String {
    let fields = [
        ("name", page.name.is_some()),
        ("document number", page.number.is_some()),
        ("nationality", page.nationality.is_some()),
        ("date of birth", page.birth.is_some()),
        ("sex", page.sex.is_some()),
        ("date of expiry", page.expiry.is_some()),
    ];
    let there = fields.into_iter().filter(|(_, there)| *there);
    joined(there.map(|(name, _)| name.to_owned()))
}

fn joined(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}
