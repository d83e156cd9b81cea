//! From a signer to a trusted authority (Doc 9303-12, 6.1): directly, or over link certificates.

use super::country::{is_under, state_of};
use super::{Anchor, TrustStore};
use crate::algorithm::Oid;
use crate::certificate::{Certificate, Usage};
use jiff::Timestamp;

/// Longest chain of link certificates. A country changes its key every three to five years, and a
/// document is valid for ten.
const LINKS_MAX: usize = 5;

/// anyExtendedKeyUsage (RFC 5280, 4.2.1.12).
const ANY_PURPOSE: &[u8] = &[0x55, 0x1D, 0x25, 0x00];

/// Signatures verified for one chain at most.
const SIGNATURES_MAX: usize = 64;

/// How a signer is trusted.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    /// The trusted certificate at its end.
    pub anchor: &'a Anchor,
    /// Link certificates between signer and anchor.
    pub links: usize,
    /// They themselves, the signer's issuer first.
    pub(crate) over: Vec<Certificate>,
}

/// Why a signer is not trusted. The reasons name countries and counts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Nothing of that issuer is trusted: import its certificate, if it is to be believed.
    #[error("no CSCA of {country} in the trust store")]
    Unknown {
        /// Country of the issuer.
        country: String,
    },
    /// There are authorities of that name, and none has signed. Forged, or a new key is missing.
    #[error("signed by none of {tried} CSCA certificates of {country}")]
    NotSigned {
        /// Country of the issuer.
        country: String,
        /// Certificates tried.
        tried: usize,
    },
    /// A certificate of the chain was not valid at the time.
    #[error("the {certificate} certificate was not valid {when}")]
    NotValid {
        /// Which one.
        certificate: &'static str,
        /// At what time.
        when: &'static str,
    },
    /// A certificate of the chain says no time that can be read.
    #[error("the {certificate} certificate has no readable validity")]
    NoValidity {
        /// Which one.
        certificate: &'static str,
    },
    /// A key was used for what it is not meant for (RFC 5280, 4.2.1.3).
    #[error("the {certificate}'s key is not for this kind of signature")]
    Usage {
        /// Whose key.
        certificate: &'static str,
    },
    /// A critical extension that nobody here knows (RFC 5280, 4.2).
    #[error("the {certificate} certificate has an unknown critical extension")]
    Critical {
        /// Which one.
        certificate: &'static str,
    },
    /// The key of another State's authority has signed it (Doc 9303-12, 7.1.1.1). Ask both States: an
    /// authority signs what it should not, or somebody has its key.
    #[error("a certificate of {signed} is signed by a CSCA of {authority}")]
    Country {
        /// Country of what is signed.
        signed: String,
        /// Country of the authority.
        authority: String,
    },
    /// The certificate is one for something else: barcodes, lists, other certificates. Whoever holds that
    /// key may sign no documents; tell the State.
    #[error("the {certificate} certificate is not one for documents")]
    Purpose {
        /// Which one.
        certificate: &'static str,
    },
}

/// The moment at which certificates must have been valid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    /// For reasons: the day itself is the day of issue, which is the traveller's.
    pub(crate) name: &'static str,
}

impl TrustStore {
    /// The way from `signer`, a certificate for signatures over documents or seals, to a trusted
    /// authority, all of them valid at `moment`.
    ///
    /// # Errors
    ///
    /// [`ChainError`].
    pub fn chain(&self, signer: &Certificate, moment: Timestamp) -> Result<Chain<'_>, ChainError> {
        let moment = Moment {
            at: moment,
            name: "when it signed",
        };
        self.chain_with(signer, "signer", &[], moment)
    }

    /// As [`TrustStore::chain`], for the signer of EF.SOD or EF.CardSecurity, with the links that the
    /// file encloses.
    ///
    /// Such a signer is no authority, and has no extended key usage (Doc 9303-12, 7.1.1): one that has
    /// says what else its key is for (RFC 5280, 4.2.1.12), be it barcodes, lists or a web server.
    pub(crate) fn chain_of_document(
        &self,
        signer: &Certificate,
        links: &[&Certificate],
        moment: Moment,
    ) -> Result<Chain<'_>, ChainError> {
        const NAME: &str = "document signer";
        let found = self.chain_with(signer, NAME, links, moment)?;
        let purposes = &signer.extensions.purposes;
        let any = |purpose: &Oid| purpose.as_bytes() == ANY_PURPOSE;
        if signer.extensions.authority || !(purposes.is_empty() || purposes.iter().any(any)) {
            return Err(ChainError::Purpose { certificate: NAME });
        }
        Ok(found)
    }

    /// As [`TrustStore::chain`], with more link certificates, and the signer's name in reasons.
    fn chain_with(
        &self,
        signer: &Certificate,
        name: &'static str,
        links: &[&Certificate],
        moment: Moment,
    ) -> Result<Chain<'_>, ChainError> {
        let mut walk = Walk {
            store: self,
            links: links.iter().copied().chain(&self.links).collect(),
            left: SIGNATURES_MAX,
            tried: 0,
        };
        let found = walk.from(signer, moment, LINKS_MAX)?;
        may_sign(signer, name, Usage::DigitalSignature, moment)?;
        Ok(found)
    }

    /// Certificates that are named as the issuer of `signer`: trusted authorities, and links that
    /// lead to one. Whether their keys have signed it is not asked.
    pub(crate) fn authorities_above(&self, signer: &Certificate) -> Vec<&Certificate> {
        let key = signer.extensions.authority_key.as_deref();
        let above = self.authorities(key, signer.issuer());
        above.map(|(authority, _)| authority).collect()
    }

    /// Authorities of this key identifier or name, each with the State that it speaks for: trusted ones,
    /// and links that lead to one.
    pub(super) fn authorities<'a, 'b>(
        &'a self,
        key: Option<&'b [u8]>,
        name: &'b [u8],
    ) -> impl Iterator<Item = (&'a Certificate, Option<String>)> {
        let anchors = self.issuers(key, name).into_iter();
        let links = self.links.iter().filter(move |link| {
            link.extensions.authority
                && link.is_named_as_issuer(key, name)
                && self.leads_to_an_anchor(link)
        });
        anchors
            .map(|anchor: &'a Anchor| (&anchor.certificate, anchor.country()))
            .chain(links.map(|link| (link, state_of(link))))
    }

    /// Whether `link` chains to a trusted authority that was valid when it signed it.
    pub(super) fn leads_to_an_anchor(&self, link: &Certificate) -> bool {
        let mut walk = Walk {
            store: self,
            links: self.links.iter().collect(),
            left: SIGNATURES_MAX,
            tried: 0,
        };
        let linked = link.not_before().map(Moment::of_link);
        linked.is_some_and(|moment| walk.from(link, moment, LINKS_MAX - 1).is_ok())
    }
}

impl Moment {
    /// The older key had to be valid when it signed the link, not for ever.
    const fn of_link(at: Timestamp) -> Self {
        Self {
            at,
            name: "when it signed a link",
        }
    }
}

struct Walk<'a, 'b> {
    store: &'a TrustStore,
    links: Vec<&'b Certificate>,
    left: usize,
    tried: usize,
}

impl<'a> Walk<'a, '_> {
    fn from(
        &mut self,
        signer: &Certificate,
        moment: Moment,
        links_left: usize,
    ) -> Result<Chain<'a>, ChainError> {
        let key = signer.extensions.authority_key.as_deref();
        let candidates = self.store.issuers(key, signer.issuer());
        let mut problem = None;
        // Several certificates may hold one key: a self-signed one, and links from and to it.
        for anchor in candidates {
            if !self.verifies(signer, &anchor.certificate) {
                continue;
            }
            if let Err(error) = same_state(signer, &anchor.certificate, anchor.country()) {
                problem = Some(error);
                continue;
            }
            match may_sign(&anchor.certificate, "CSCA", Usage::CertificateSign, moment) {
                Ok(()) => {
                    return Ok(Chain {
                        anchor,
                        links: 0,
                        over: Vec::new(),
                    });
                }
                Err(error) => problem = Some(error),
            }
        }
        for link in self.links.clone() {
            if links_left == 0
                || !link.extensions.authority
                || link == signer
                || !link.is_named_as_issuer(key, signer.issuer())
                || !self.verifies(signer, link)
            {
                continue;
            }
            if let Err(error) = same_state(signer, link, state_of(link)) {
                problem = problem.or(Some(error));
                continue;
            }
            if let Err(error) = may_sign(link, "CSCA link", Usage::CertificateSign, moment) {
                problem = Some(error);
                continue;
            }
            let Some(linked) = link.not_before().map(Moment::of_link) else {
                continue;
            };
            match self.from(link, linked, links_left - 1) {
                Ok(mut chain) => {
                    chain.links += 1;
                    chain.over.insert(0, link.clone());
                    return Ok(chain);
                }
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        Err(problem.unwrap_or_else(|| {
            let country = crate::certificate::country(signer.issuer());
            let country = country.unwrap_or_else(|| "an unnamed country".to_owned());
            match self.tried {
                0 => ChainError::Unknown { country },
                tried => ChainError::NotSigned { country, tried },
            }
        }))
    }

    fn verifies(&mut self, signed: &Certificate, issuer: &Certificate) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.tried += 1;
        signed.is_signed_by(issuer)
    }
}

/// Whether `authority`, which speaks for `state`, may sign `signed`: its subject and its issuer's name
/// are of that State.
fn same_state(
    signed: &Certificate,
    authority: &Certificate,
    state: Option<String>,
) -> Result<(), ChainError> {
    let of = state_of(signed);
    if let (Some(of), Some(state)) = (&of, &state)
        && of == state
        && is_under(signed.issuer(), authority, state)
    {
        return Ok(());
    }
    let unnamed = || "no country".to_owned();
    let issuer = crate::certificate::country(signed.issuer());
    // Where the subject agrees, the issuer's name does not.
    let of = if of == state { issuer } else { of };
    Err(ChainError::Country {
        signed: of.unwrap_or_else(unnamed),
        authority: state.unwrap_or_else(unnamed),
    })
}

/// Whether the certificate was valid at `moment`, and its key is for `usage` if it says for what.
fn may_sign(
    certificate: &Certificate,
    name: &'static str,
    usage: Usage,
    moment: Moment,
) -> Result<(), ChainError> {
    if !certificate.allows(usage) {
        return Err(ChainError::Usage { certificate: name });
    }
    if certificate.extensions.unknown_critical.is_some() {
        return Err(ChainError::Critical { certificate: name });
    }
    match certificate.was_valid(moment.at) {
        Some(true) => Ok(()),
        Some(false) => Err(ChainError::NotValid {
            certificate: name,
            when: moment.name,
        }),
        None => Err(ChainError::NoValidity { certificate: name }),
    }
}
