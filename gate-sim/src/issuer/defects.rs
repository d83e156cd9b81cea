//! Lists of known defects, as authorities publish them: ICAO's deviation list (Doc 9303-12, 10) and
//! the defect list of BSI TR-03129-2, each signed by the country signing CA itself.

use super::der::{integer, octets, oid, sequence, tlv};
use super::{Authority, IssuerError, sod};
use jiff::civil::{Date, date};

const DEVIATION_LIST: [u32; 6] = [2, 23, 136, 1, 1, 7];
const DEFECT_LIST: [u32; 8] = [0, 4, 0, 127, 0, 7, 3, 1];
const SHA_256: [u32; 9] = [2, 16, 840, 1, 101, 3, 4, 2, 1];
const SIGNED: Date = date(2026, 1, 1);

/// Documents that a deviation is about: all that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deviating {
    /// Document code as in the zone, with fillers: `P<`.
    pub kind: Option<String>,
    /// Those that this authority's document signer has signed.
    pub own_signer: bool,
    /// First and last day of issue.
    pub issued: Option<(Date, Date)>,
    /// Document numbers.
    pub numbers: Vec<String>,
}

impl Authority {
    /// A deviation list with one deviation: `branch` is what follows `id-icao-DeviationList` in its
    /// type, `parameter` the data group or field.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`].
    pub fn deviation_list(
        &self,
        documents: &Deviating,
        branch: &[u32],
        parameter: Option<u8>,
    ) -> Result<Vec<u8>, IssuerError> {
        let mut named = Vec::new();
        if let Some(kind) = &documents.kind {
            named.extend(tlv(0x80, kind.as_bytes()));
        }
        if documents.own_signer {
            named.extend(tlv(0xA1, &self.own_signer()?));
        }
        if let Some((first, last)) = documents.issued {
            let moment = |day: Date, time| {
                let text = format!("{}{time}", day.strftime("%Y%m%d"));
                tlv(0x18, text.as_bytes())
            };
            let period = [moment(first, "000000Z"), moment(last, "235959Z")];
            named.extend(tlv(0xA4, &period.concat()));
        }
        if !documents.numbers.is_empty() {
            let numbers = documents.numbers.iter();
            let numbers = numbers.flat_map(|number| tlv(0x13, number.as_bytes()));
            named.extend(tlv(0xA5, &numbers.collect::<Vec<u8>>()));
        }
        let parameter = parameter.map(|number| tlv(0xA0, &integer(number)));
        let kind = oid(&[&DEVIATION_LIST[..], branch].concat());
        let description = sequence(&[&kind, &parameter.unwrap_or_default()]);
        let deviation = sequence(&[&tlv(0x30, &named), &tlv(0x31, &description)]);
        let content = sequence(&[&integer(0), &tlv(0x31, &deviation)]);
        let list = sod::signed_data(&DEVIATION_LIST, &content, &self.csca, SIGNED)?;
        Ok(list)
    }

    /// A defect list that says of the document signer of `other` what the `branches` stand for, each
    /// what follows `id-DefectList` in its type.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`].
    pub fn defect_list(&self, other: &Self, branches: &[&[u32]]) -> Result<Vec<u8>, IssuerError> {
        let list = [&DEFECT_LIST[..], &[5]].concat();
        let known: Vec<u8> = branches
            .iter()
            .flat_map(|branch| sequence(&[&oid(&[&list[..], branch].concat())]))
            .collect();
        let signer = tlv(0x30, &other.own_signer()?);
        let digest = openssl::sha::sha256(&other.signer.certificate.to_der()?);
        let defect = sequence(&[&signer, &octets(&digest), &tlv(0x31, &known)]);
        let content = sequence(&[&integer(0), &oid(&SHA_256), &tlv(0x31, &defect)]);
        Ok(sod::signed_data(&list, &content, &self.csca, SIGNED)?)
    }

    /// The document signer's certificate in DER, as a directory publishes it.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`] if OpenSSL cannot encode it.
    pub fn signer_der(&self) -> Result<Vec<u8>, IssuerError> {
        Ok(self.signer.certificate.to_der()?)
    }

    /// Issuer and serial number of the document signer.
    fn own_signer(&self) -> Result<Vec<u8>, IssuerError> {
        let issuer = self.signer.certificate.issuer_name().to_der()?;
        let serial = tlv(0x02, &self.signer_serial()?);
        Ok([issuer, serial].concat())
    }
}
