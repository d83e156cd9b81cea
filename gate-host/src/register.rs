//! The register of used permits: a permit that may be used once is used once.
//!
//! A use is a clearance in the journal that names the permit by the SHA-256 of what was signed; nothing
//! else is kept of it. Clearance and use are one entry, so that neither a power cut nor a kill leaves
//! one without the other, and a traveller counts once however often the same case was decided.

use crate::journal::JournalError;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A view of the journal.
#[derive(Debug)]
pub struct Register {
    path: PathBuf,
    file: Connection,
}

impl Register {
    /// Looks into the journal at `path`, which is there already.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`].
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let storage = |problem| JournalError::Storage {
            path: path.into(),
            problem,
        };
        let file =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(storage)?;
        file.busy_timeout(Duration::from_secs(1)).map_err(storage)?;
        Ok(Self {
            path: path.into(),
            file,
        })
    }

    /// How many travellers were cleared with the permit of this digest.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`]: nobody is cleared with a permit that may have been used.
    pub fn uses(&self, seal: &[u8]) -> Result<u64, JournalError> {
        let digits: String = seal.iter().map(|byte| format!("{byte:02x}")).collect();
        let count = self
            .file
            .prepare_cached(USES)
            .and_then(|mut select| select.query_row([digits], |row| row.get::<_, i64>(0)))
            .map_err(|problem| JournalError::Storage {
                path: self.path.clone(),
                problem,
            })?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

/// Answered by the journal's index of permits.
const USES: &str = "
    SELECT count(DISTINCT json_extract(body, '$.traveller')) FROM entry
    WHERE json_extract(body, '$.permit.seal') = ?1
      AND json_extract(body, '$.outcome') = 'cleared'
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;
    use gate_session::{DecidedBy, Outcome, PermitRecord, Record, Referral, Timeline};
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    const AT: &str = "2026-11-22T00:00:00Z";

    fn decision(traveller: u64, outcome: Outcome, seal: u8) -> Record {
        Record::Decision {
            traveller,
            passage: 1,
            outcome,
            by: DecidedBy::Gate,
            findings: Vec::new(),
            timeline: Timeline::default(),
            permit: Some(PermitRecord {
                kind: None,
                seal: Some(format!("{seal:02x}").repeat(32)),
                findings: Vec::new(),
            }),
        }
    }

    #[test]
    fn a_use_is_a_traveller_who_was_cleared_and_nobody_counts_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let mut journal = Journal::open(&path).unwrap();
        let register = Register::open(&path).unwrap();
        let uses = |seal: u8| register.uses(&[seal; 32]).unwrap();
        assert_eq!(uses(1), 0);
        let disturbed = Outcome::Referred(Referral::LaneDisturbed);
        for (traveller, outcome, seal, expected) in [
            (1, disturbed, 1, 0),
            (2, Outcome::Cleared, 1, 1),
            // The exit was refused, and the officer cleared the same traveller.
            (2, disturbed, 1, 1),
            (2, Outcome::Cleared, 1, 1),
            (3, Outcome::Cleared, 2, 1),
            (4, Outcome::Cleared, 1, 2),
        ] {
            let record = decision(traveller, outcome, seal);
            journal.append(AT, &record).unwrap();
            assert_eq!(uses(1), expected, "traveller {traveller}");
        }
        assert_eq!((uses(2), uses(3)), (1, 0));
    }

    #[test]
    fn uses_are_looked_up_in_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        Journal::open(&path).unwrap();
        let register = Register::open(&path).unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {USES}");
        let mut plan = register.file.prepare(&explain).unwrap();
        let steps = plan.query_map(["00"], |row| row.get(3)).unwrap();
        let plan: String = steps.map(Result::<String, _>::unwrap).collect();
        assert!(plan.contains("USING INDEX permit"), "{plan}");
    }

    /// Names the journal to the process that is to be killed.
    const VICTIM: &str = "GATE_TEST_REGISTER";

    #[test]
    fn a_use_survives_a_kill() {
        if let Some(path) = std::env::var_os(VICTIM) {
            let mut journal = Journal::open(Path::new(&path)).unwrap();
            let record = decision(1, Outcome::Cleared, 7);
            journal.append(AT, &record).unwrap();
            println!("\nwritten");
            std::thread::park();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "register::tests::a_use_survives_a_kill",
            ])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(victim.stdout.take().unwrap()).lines();
        let written = said.map_while(Result::ok).any(|line| line == "written");
        victim.kill().unwrap();
        victim.wait().unwrap();
        assert!(written);
        let mut journal = Journal::open(&path).unwrap();
        let register = Register::open(&path).unwrap();
        assert_eq!(register.uses(&[7; 32]).unwrap(), 1);
        assert_eq!(journal.last_traveller().unwrap(), 1);
        journal
            .append(AT, &decision(2, Outcome::Cleared, 7))
            .unwrap();
        assert_eq!(register.uses(&[7; 32]).unwrap(), 2);
    }
}
