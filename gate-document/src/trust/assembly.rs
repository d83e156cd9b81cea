//! From what States publish and hand over to the contents of a bundle: every source is verified by
//! itself, what nobody vouches for is left out, and all of it is said.

use super::bilateral::{BilateralError, HandOver};
use super::bundle::Contents;
use super::crl::Crl;
use super::defect_list::{DefectList, DefectListError};
use super::ldif::{Directory, LdifError};
use super::master_list::{MasterList, MasterListError};
use super::{Anchor, TrustStore};
use crate::certificate::{Certificate, Fingerprint};
use crate::tlv::TlvError;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// What bar code signers are for: 2.23.136.1.1.14 and below (Doc 9303-12, 7.1.3).
const BARCODE_SIGNERS: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x0E];

/// Why a source is not taken. Nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyError {
    /// See [`MasterListError`].
    #[error(transparent)]
    MasterList(#[from] MasterListError),
    /// See [`DefectListError`].
    #[error(transparent)]
    DefectList(#[from] DefectListError),
    /// See [`LdifError`].
    #[error(transparent)]
    Directory(#[from] LdifError),
    /// See [`BilateralError`].
    #[error(transparent)]
    HandOver(#[from] BilateralError),
    /// Fetch it again, or do not name it: whoever names a source expects something of it.
    #[error("{what} expected, none found")]
    Empty {
        /// What a source of this kind holds.
        what: &'static str,
    },
    /// Fetch the certificate or list again.
    #[error("certificate or revocation list {0}")]
    Structure(#[from] TlvError),
    /// A revocation list that its own State did not make could hide revocations: look where it came
    /// from, or bring the certificate of its issuer first.
    #[error("revocation list of {country} that no trusted authority has signed")]
    StrayList {
        /// Country that it names.
        country: String,
    },
}

/// Sources, as they are taken in.
#[derive(Clone, Debug)]
pub struct Assembly {
    today: Date,
    anchors: BTreeMap<Fingerprint, Anchor>,
    signers: Vec<Certificate>,
    links: Vec<Certificate>,
    crls: Vec<Crl>,
    directory_crls: Vec<Crl>,
    defect_lists: Vec<DefectList>,
    notes: Vec<String>,
}

impl Assembly {
    /// Nothing yet, on the day `today`.
    #[must_use]
    pub const fn new(today: Date) -> Self {
        Self {
            today,
            anchors: BTreeMap::new(),
            signers: Vec::new(),
            links: Vec::new(),
            crls: Vec::new(),
            directory_crls: Vec::new(),
            defect_lists: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Takes a master list whose signer is `pinned`.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`].
    pub fn master_list(
        &mut self,
        name: &str,
        bytes: &[u8],
        pinned: &[Certificate],
    ) -> Result<(), AssemblyError> {
        let list = MasterList::import(bytes, pinned, self.today)?;
        if list.anchors.is_empty() {
            let what = "certificates of authorities in the master list";
            return Err(AssemblyError::Empty { what });
        }
        let mut doubts: BTreeMap<String, usize> = BTreeMap::new();
        for (_, doubt) in &list.doubts {
            *doubts.entry(doubt.to_string()).or_default() += 1;
        }
        self.note(format!(
            "{name}: master list of {}, {} certificates",
            list.country,
            list.anchors.len()
        ));
        for (doubt, count) in doubts {
            self.note(format!(
                "{name}: certificates with a doubt: {count} {doubt}"
            ));
        }
        for anchor in list.anchors {
            self.anchor(anchor);
        }
        Ok(())
    }

    /// Takes a file of the directory; its master lists must be signed by one of `pinned`, and those
    /// that are not are left out.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`].
    pub fn directory(
        &mut self,
        name: &str,
        bytes: &[u8],
        pinned: &[Certificate],
    ) -> Result<(), AssemblyError> {
        let directory = Directory::parse(bytes)?;
        if directory == Directory::default() {
            let what = "entries with certificates or lists in the LDIF file";
            return Err(AssemblyError::Empty { what });
        }
        for (index, list) in (1..).zip(&directory.master_lists) {
            let list_name = format!("{name}, master list {index}");
            if let Err(problem) = self.master_list(&list_name, list, pinned) {
                self.note(format!("{list_name} left out: {problem}"));
            }
        }
        let mut unreadable = 0;
        let mut read = |list: Vec<Vec<u8>>| -> Vec<Certificate> {
            let parsed: Vec<_> = list.iter().map(|der| Certificate::parse(der)).collect();
            unreadable += parsed.iter().filter(|result| result.is_err()).count();
            parsed.into_iter().filter_map(Result::ok).collect()
        };
        self.signers.extend(read(directory.signers));
        self.links.extend(read(directory.authorities));
        for der in &directory.crls {
            match Crl::parse(der) {
                Ok(list) => self.directory_crls.push(list),
                Err(_) => unreadable += 1,
            }
        }
        if unreadable > 0 {
            self.note(format!(
                "{name}: {unreadable} entries cannot be read, left out"
            ));
        }
        for (attribute, count) in &directory.passed_over {
            self.note(format!("{name}: {count} values of {attribute} passed over"));
        }
        Ok(())
    }

    /// Takes a certificate that a State handed over.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::HandOver`].
    pub fn hand_over(&mut self, what: &HandOver<'_>) -> Result<(), AssemblyError> {
        self.anchor(what.import()?);
        Ok(())
    }

    /// Takes a revocation list, which an authority must have signed that is taken as well.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::Structure`].
    pub fn revocation_list(&mut self, bytes: &[u8]) -> Result<(), AssemblyError> {
        self.crls.push(Crl::parse(bytes)?);
        Ok(())
    }

    /// Takes a list of defects whose signer is `pinned`.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::DefectList`].
    pub fn defect_list(
        &mut self,
        name: &str,
        bytes: &[u8],
        pinned: &[Certificate],
    ) -> Result<(), AssemblyError> {
        let list = DefectList::import(bytes, pinned, self.today)?;
        self.note(format!(
            "{name}: list of {}, {} entries",
            list.country,
            list.entries.len()
        ));
        self.defect_lists.push(list);
        Ok(())
    }

    /// Takes the certificate of a document signer, a seal signer or a link: it counts where it chains
    /// to an authority.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::Structure`].
    pub fn certificate(&mut self, der: &[u8]) -> Result<(), AssemblyError> {
        let certificate = Certificate::parse(der)?;
        match certificate.extensions.authority {
            true => self.links.push(certificate),
            false => self.signers.push(certificate),
        }
        Ok(())
    }

    /// The contents of a bundle of `version`, with `defects` as TOML, and what there is to say.
    ///
    /// # Errors
    ///
    /// [`AssemblyError::StrayList`] for a revocation list that was brought by itself. Those of a
    /// directory are left out, and counted.
    pub fn finish(
        mut self,
        version: u64,
        defects: String,
    ) -> Result<(Contents, Vec<String>), AssemblyError> {
        let anchors: Vec<Anchor> = core::mem::take(&mut self.anchors).into_values().collect();
        let store = TrustStore::of(anchors.clone());
        let links = self.keep_links(&store);
        let store = store.with_links(links.clone());
        let (document_signers, seal_signers) = self.keep_signers(&store);
        let crls = self.keep_crls(&store)?;
        let contents = Contents {
            anchors,
            links,
            crls,
            seal_signers,
            document_signers,
            defects,
            defect_lists: self.defect_lists,
            ..Contents::new(version, self.today)
        };
        Ok((contents, self.notes))
    }

    /// The better source of one certificate counts, and of equal ones the newer.
    fn anchor(&mut self, anchor: Anchor) {
        let worth = |of: &Anchor| (of.source.kind, of.source.as_of);
        let known = self.anchors.entry(anchor.certificate.fingerprint());
        let known = known.or_insert_with(|| anchor.clone());
        if worth(&anchor) > worth(known) {
            *known = anchor;
        }
    }

    fn keep_links(&mut self, store: &TrustStore) -> Vec<Certificate> {
        let known: BTreeSet<_> = store
            .anchors()
            .iter()
            .map(|anchor| anchor.certificate.fingerprint())
            .collect();
        let mut seen = BTreeSet::new();
        let mut links = core::mem::take(&mut self.links);
        links.retain(|link| {
            let fingerprint = link.fingerprint();
            !known.contains(&fingerprint) && seen.insert(fingerprint)
        });
        let all = store.clone().with_links(links.clone());
        let before = links.len();
        links.retain(|link| all.leads_to_an_anchor(link));
        if links.len() < before {
            self.note(format!(
                "{} authorities left out: nobody vouches for them",
                before - links.len()
            ));
        }
        links
    }

    fn keep_signers(&mut self, store: &TrustStore) -> (Vec<Certificate>, Vec<Certificate>) {
        let mut seen = BTreeSet::new();
        let mut signers = core::mem::take(&mut self.signers);
        signers.retain(|signer| seen.insert(signer.fingerprint()));
        let before = signers.len();
        signers.retain(|signer| {
            let began = signer.not_before();
            began.is_some_and(|began| store.chain(signer, began).is_ok())
        });
        if signers.len() < before {
            self.note(format!(
                "{} signers left out: they chain to no authority",
                before - signers.len()
            ));
        }
        signers.into_iter().partition(|signer| {
            let purposes = &signer.extensions.purposes;
            !purposes
                .iter()
                .any(|purpose| purpose.as_bytes().starts_with(BARCODE_SIGNERS))
        })
    }

    fn keep_crls(&mut self, store: &TrustStore) -> Result<Vec<Crl>, AssemblyError> {
        for list in &self.crls {
            if !list.is_genuine(store) {
                let country = list.country().unwrap_or_default();
                return Err(AssemblyError::StrayList { country });
            }
        }
        let mut of_directory = core::mem::take(&mut self.directory_crls);
        let before = of_directory.len();
        of_directory.retain(|list| list.is_genuine(store));
        if of_directory.len() < before {
            self.note(format!(
                "{} revocation lists left out: no authority here has signed them",
                before - of_directory.len()
            ));
        }
        let mut all = core::mem::take(&mut self.crls);
        for list in of_directory {
            if !all.contains(&list) {
                all.push(list);
            }
        }
        Ok(all)
    }

    fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}
