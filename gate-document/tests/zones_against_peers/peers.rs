//! The parsers by others: two crates, and two programs in other languages.

use serde::Deserialize;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The day on which centuries are found, where a parser can be told.
pub(crate) const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 22);

/// A parser by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// The crate `mrz`.
    Crate,
    /// PyPI's `mrz`.
    Python,
    /// npm's `mrz`.
    Node,
    /// The crate `mrtd`.
    Mrtd,
}

impl Peer {
    pub(crate) const ALL: [Self; 4] = [Self::Crate, Self::Python, Self::Node, Self::Mrtd];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Crate => "`mrz` 0.9.1 (crates.io)",
            Self::Python => "`mrz` 0.6.2 (PyPI)",
            Self::Node => "`mrz` 5.0.2 (npm)",
            Self::Mrtd => "`mrtd` 0.5.2 (crates.io)",
        }
    }

    /// Whether it knows formats that begin like this: two of the four know no visas, and one no TD2.
    pub(crate) fn knows(self, zone: &[String]) -> bool {
        let is_visa = zone.first().is_some_and(|line| line.starts_with('V'));
        let is_td2 = zone.len() == 2 && zone[0].len() == 36;
        match self {
            Self::Crate | Self::Python => true,
            Self::Node => !is_visa,
            Self::Mrtd => !is_visa && !is_td2,
        }
    }
}

/// What parsers can agree on. `None` where one has no such field.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Reading {
    pub(crate) code: Option<String>,
    pub(crate) state: String,
    pub(crate) number: String,
    pub(crate) surname: String,
    pub(crate) given: String,
    pub(crate) nationality: String,
    /// As the peer writes it, from [`Reading::sex`] on one letter.
    pub(crate) sex: String,
    /// A day with its century, or the six characters.
    pub(crate) birth: String,
    pub(crate) expiry: String,
    pub(crate) optional: Option<String>,
    pub(crate) optional_2: Option<String>,
}

impl Reading {
    /// `F`, `M`, or `X` for what nobody has specified.
    pub(crate) fn sex(&self) -> char {
        match self.sex.as_str() {
            "F" | "female" => 'F',
            "M" | "male" => 'M',
            "<" | "X" | "nonspecified" => 'X',
            _ => '?',
        }
    }
}

/// A peer's answer: a reading, or what it finds wrong in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    Refused(Vec<String>),
    Read(Box<Reading>),
}

fn refused(reason: impl std::fmt::Debug) -> Answer {
    Answer::Refused(vec![format!("{reason:?}")])
}

/// The peers that are programs of their own: where they are.
pub(crate) struct Programs {
    wheel: PathBuf,
    module: PathBuf,
}

impl Programs {
    /// Out of the folder that `cargo xtask models` fills; `None` where `GATE_MODELS` names none.
    pub(crate) fn find() -> Option<Self> {
        let Some(folder) = std::env::var_os("GATE_MODELS") else {
            // Nothing may be passed over in the whole check.
            assert!(
                std::env::var_os("GATE_ALL").is_none(),
                "GATE_MODELS is not set"
            );
            println!("passed over: GATE_MODELS is not set, run `cargo xtask test`");
            return None;
        };
        let peers = Path::new(&folder).join("peers");
        let unpacked = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mrz-5.0.2");
        fs::create_dir_all(&unpacked).expect("a folder");
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(peers.join("mrz-5.0.2.tgz"));
        let done = tar.arg("-C").arg(&unpacked).status();
        assert!(
            done.is_ok_and(|done| done.success()),
            "tar: {}",
            peers.display()
        );
        Some(Self {
            wheel: peers.join("mrz-0.6.2.whl"),
            module: unpacked.join("package/lib/index.js"),
        })
    }

    /// What starts `peer`: it reads zones line by line, and answers line by line.
    fn program(&self, peer: Peer) -> Command {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zones_against_peers");
        let (language, script, parser) = match peer {
            Peer::Node => ("node", "peer.mjs", &self.module),
            _ => ("python3", "peer.py", &self.wheel),
        };
        let mut program = Command::new(language);
        // The day is Python's: npm's parser says nothing of centuries.
        program
            .arg(here.join(script))
            .arg(parser)
            .arg(TODAY.to_string());
        program
    }

    /// Asks `peer`, which is a program, about `zones`.
    pub(crate) fn ask(&self, peer: Peer, run: u64, zones: &[Vec<String>]) -> Vec<Answer> {
        let mut program = self.program(peer);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("zones-{peer:?}-{run}"));
        let lines: String = zones.iter().map(|zone| zone.join("\t") + "\n").collect();
        fs::write(&path, lines).expect("a file");
        program.stdin(File::open(&path).expect("a file"));
        let output = program
            .stderr(Stdio::inherit())
            .output()
            .expect("a program");
        assert!(output.status.success(), "{peer:?} ends badly");
        let answers = String::from_utf8(output.stdout).expect("text");
        let answers: Vec<Answer> = answers
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect();
        assert_eq!(answers.len(), zones.len());
        answers
    }
}

/// Asks a peer that is a crate.
pub(crate) fn ask(peer: Peer, zone: &[String]) -> Answer {
    match peer {
        Peer::Mrtd => ask_mrtd(zone),
        _ => ask_crate(zone),
    }
}

fn ask_mrtd(zone: &[String]) -> Answer {
    let words = |words: &[String]| words.join(" ");
    let sex = |sex: &mrtd::Gender| match sex {
        mrtd::Gender::Female => "F".to_owned(),
        mrtd::Gender::Male => "M".to_owned(),
        mrtd::Gender::Other => "X".to_owned(),
    };
    let found = match mrtd::parse(&zone.concat()) {
        Ok(found) => found,
        Err(error) => return refused(error),
    };
    // Two types with the same fields, but for the number's name.
    macro_rules! reading {
        ($found:ident, $number:ident) => {
            Reading {
                code: None,
                surname: words(&$found.surnames),
                given: words(&$found.given_names),
                sex: sex(&$found.gender),
                birth: $found.birth_date.to_string(),
                expiry: $found.expiry_date.to_string(),
                number: $found.$number,
                state: $found.country,
                nationality: $found.nationality,
                optional: None,
                optional_2: None,
            }
        };
    }
    Answer::Read(Box::new(match found {
        mrtd::Document::Passport(found) => reading!(found, passport_number),
        mrtd::Document::IdentityCard(found) => reading!(found, document_number),
    }))
}

fn ask_crate(zone: &[String]) -> Answer {
    let visa = zone.first().is_some_and(|line| line.starts_with('V'));
    let found = match zone {
        [one, two, three] => mrz::parse_td1(one, two, three),
        [one, two] if one.len() == 36 && visa => mrz::parse_mrv_b(one, two),
        [one, two] if one.len() == 36 => mrz::parse_td2(one, two),
        [one, two] if visa => mrz::parse_mrv_a(one, two),
        [one, two] => mrz::parse_td3(one, two),
        _ => return refused("lines"),
    };
    let found = match found {
        Ok(found) if found.checksum_consistent() => found,
        Ok(found) => return refused(&found.checks),
        Err(error) => return refused(error),
    };
    let is_td1 = zone.len() == 3;
    Answer::Read(Box::new(Reading {
        code: Some(found.document_type.clone()),
        number: match &found.document_number_full {
            Some(full) => full.clone(),
            None => found.document_number.clone(),
        },
        surname: found.surname.clone(),
        given: found.given_names.clone(),
        state: found.issuing_country.clone(),
        nationality: found.nationality.clone(),
        sex: found.sex.to_string(),
        birth: found.date_of_birth.to_string(),
        expiry: found.date_of_expiry.to_string(),
        optional: Some(found.optional_data_1.clone().unwrap_or_default()),
        optional_2: is_td1.then(|| found.optional_data_2.clone().unwrap_or_default()),
    }))
}
