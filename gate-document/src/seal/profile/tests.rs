use super::*;
use crate::finding::Outcome::{self, Failed, NotDone, Passed};
use crate::mrz::Mrz;
use crate::seal::test_signer::{BARCODES, SERIAL, certificate, list, public, sign};
use crate::seal::{
    SealCheck, SealInspection, SignerList, inspect, sign as signatures, vds, vds_nc,
};
use crate::test_issuer::{CSCA, Terms, ZONE, authority, p256};
use jiff::civil::{Date, date};
use openssl::pkey::{PKey, Private};

mod judged;
mod layout;
mod written;

const CREW: &str = include_str!("../../../permits/crew-shore-leave.toml");
const BOARDING: &str = include_str!("../../../permits/ship-boarding.toml");
const RESIDENT: &str = include_str!("../../../permits/border-resident.toml");
const GROUP: &str = include_str!("../../../permits/group-list.toml");
const PORT: &str = include_str!("../../../permits/port-pass.toml");

const TODAY: Date = date(2026, 11, 22);

fn profile(text: &str) -> PermitProfile {
    // Utopia issues the permits of the tests.
    let text = text.replacen("issuers = [\"VNM\"", "issuers = [\"UTO\"", 1);
    PermitProfile::parse("permit.toml", &text).unwrap()
}

struct Issuer {
    key: PKey<Private>,
    signers: SignerList,
    certificate: Vec<u8>,
}

fn issuer() -> Issuer {
    let csca = authority(p256(), CSCA, None);
    let key = p256();
    let terms = Terms {
        for_signatures: true,
        ..CSCA
    };
    let signer = certificate(&public(&key), "TS", terms, Some(BARCODES), &csca);
    Issuer {
        key,
        signers: list(&[&signer], &csca),
        certificate: signer.to_der().unwrap(),
    }
}

impl Issuer {
    fn vds(&self, document: u16, features: Vec<(Tag, Vec<u8>)>) -> Vec<u8> {
        let header = vds::VdsHeader {
            format: SealFormat::Vds4,
            issuer: "UTO".to_owned(),
            signer: "UTTS".to_owned(),
            reference: SERIAL.to_owned(),
            issued: date(2026, 11, 20),
            signed_on: date(2026, 11, 20),
            document,
        };
        let features: Vec<(u8, Vec<u8>)> = features
            .into_iter()
            .map(|(tag, value)| match tag {
                Tag::Number(tag) => (tag, value),
                Tag::Path(_) => panic!("a number"),
            })
            .collect();
        let unsigned = vds::unsigned(&header, &features).unwrap();
        let signature = sign(&self.key, signatures::digest_for(256), &unsigned);
        vds::seal(unsigned, &signature).unwrap()
    }
}

fn outcome(inspection: &SealInspection, check: SealCheck) -> (Outcome, &str) {
    let finding = inspection.finding(check).unwrap();
    (finding.outcome, finding.reason.as_str())
}

const SHORE_LEAVE: &str = "document-number = \"L898902C3\"\nship = \"IMO9074729\"\n\
                           ports = \"VNHPH VNCMT\"\nlast-day = 2026-11-30\nentries = 4\n";
