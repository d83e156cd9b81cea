//! What the chip says of the document itself, in DG12 and DG16: whatever is no person's.

use gate_document::document_details::DocumentDetails;
use gate_document::{ChipFiles, ElementaryFile, notified};
use serde::Serialize;

/// Nothing here names anybody: other persons, and those to be notified, are counted.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Details {
    /// Day of issue, as `2022-04-16`.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<String>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    /// Other persons on the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_persons: Option<usize>,
    /// There are observations of the issuer, or tax and exit requirements.
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<bool>,
    /// Persons to be notified in an emergency.
    #[serde(skip_serializing_if = "Option::is_none")]
    persons_to_notify: Option<usize>,
}

impl Details {
    /// What can be read of both groups; findings say what it is worth.
    pub(crate) fn of(files: &ChipFiles) -> Self {
        let group = |number| files.get(ElementaryFile::DataGroup(number));
        let mut details = Self::default();
        if let Some(Ok(found)) = group(12).map(DocumentDetails::parse) {
            details.issued = found.issued.map(|day| day.to_string());
            details.authority = found.authority.map(|name| name.expose().clone());
            details.other_persons = Some(found.others.len());
            let remarks = found.observations.is_some() || found.exit_requirements.is_some();
            details.observations = Some(remarks);
        }
        if let Some(Ok(persons)) = group(16).map(notified::dg16) {
            details.persons_to_notify = Some(persons.len());
        }
        details
    }

    /// One line for a person, `None` where the chip says nothing.
    pub(crate) fn in_words(&self) -> Option<String> {
        let issued = self.issued.as_ref().map(|day| format!("issued {day}"));
        let by = self.authority.as_ref().map(|name| format!("by {name}"));
        let others = self.other_persons.filter(|count| *count > 0);
        let others = others.map(|count| format!("other persons: {count}"));
        let remarks = self.observations.filter(|there| *there);
        let remarks = remarks.map(|_| "with observations".to_owned());
        let notify = self.persons_to_notify;
        let notify = notify.map(|count| format!("persons to notify: {count}"));
        let parts: Vec<String> = [issued, by, others, remarks, notify]
            .into_iter()
            .flatten()
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
