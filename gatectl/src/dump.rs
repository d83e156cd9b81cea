//! Folders of dumped files.

use crate::Exit;
use crate::failure::{Failing, Failure};
use crate::file::{self, FileError, LONGEST};
use gate_document::{ChipFiles, ElementaryFile};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// For `--help`.
pub(crate) const NAMES: &str = "Names of files, in any case, with .bin, .dat, .der or no ending:
  EF.COM  COM  EF_COM  011E        EF.SOD  SOD  EF_SOD  011D
  DG1  EF.DG1  EF_DG1  DataGroup1  Datagroup1  0101    and so on up to DG16 and 0110
Files of other names in a folder are left alone. A file of the document that cannot be read is left
out and said; the others are judged.";

/// Why a dump cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DumpError {
    /// See [`FileError`].
    #[error(transparent)]
    File(#[from] FileError),
    /// Look at the folder's permissions, and whether the disk is full.
    #[error("{path} cannot be written: {problem}")]
    Output {
        /// Which file or folder.
        path: String,
        /// What the system said.
        problem: io::Error,
    },
    /// Rename it; `gatectl document check --help` has the names.
    #[error("{path}: no file of a travel document has this name")]
    Name {
        /// Which file.
        path: String,
    },
    /// Two names of one file: keep the one that is the document's.
    #[error("{path}: {file} is there already, and is another one")]
    Twice {
        /// Which file of the document.
        file: ElementaryFile,
        /// The later of the two.
        path: String,
    },
    /// Name the right folder.
    #[error("{path}: no file of a travel document found, DG1, EF.SOD and their like expected")]
    Nothing {
        /// What was looked through.
        path: String,
    },
}

impl Failing for DumpError {
    fn failure(&self) -> Failure {
        const STEP: &str = "dumped files";
        let (kind, rule, next) = match self {
            Self::File(problem) => return problem.failure(STEP),
            Self::Output { .. } => (
                "unwritable-file",
                "the folder can be made, and files in it written",
                "correct the path or the permissions, or name another folder",
            ),
            Self::Name { .. } => (
                "dump-name",
                "the name says which file of the document it is",
                "rename it: gatectl document check --help has the names",
            ),
            Self::Twice { .. } => (
                "dump-twice",
                "each file of the document is there once",
                "keep the one that is the document's",
            ),
            Self::Nothing { .. } => (
                "dump-empty",
                "there is a file of the document",
                "name the folder with the dump: gatectl document check --help has the names",
            ),
        };
        Failure::new(kind, STEP, rule, next)
    }

    fn exit(&self) -> Exit {
        Exit::Fault
    }
}

/// What came of a dump.
#[derive(Debug)]
pub(crate) struct Dump {
    /// What was read.
    pub(crate) files: ChipFiles,
    /// What is there and was not read.
    pub(crate) left_out: Vec<LeftOut>,
}

/// A file of the document that is there and cannot be read. The others are judged without it.
#[derive(Debug)]
pub(crate) struct LeftOut {
    /// Which file.
    pub(crate) file: ElementaryFile,
    /// Why not.
    pub(crate) problem: FileError,
}

/// Reads folders and files. In a folder, files of other names are left alone.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Dump, DumpError> {
    let mut dump = Dump {
        files: ChipFiles::new(),
        left_out: Vec::new(),
    };
    for path in paths {
        let found = fs::metadata(path).map_err(|problem| at(path, problem))?;
        if found.is_dir() {
            let entries = fs::read_dir(path).map_err(|problem| at(path, problem))?;
            let mut inside: Vec<PathBuf> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect();
            inside.sort();
            for path in inside {
                if let Some(file) = file_of(&path) {
                    dump.insert(file, &path)?;
                }
            }
        } else {
            let file = file_of(path).ok_or_else(|| DumpError::Name {
                path: path.display().to_string(),
            })?;
            dump.insert(file, path)?;
        }
    }
    if dump.files.iter().next().is_none() && dump.left_out.is_empty() {
        let paths: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return Err(DumpError::Nothing {
            path: paths.join(", "),
        });
    }
    Ok(dump)
}

impl Dump {
    fn insert(&mut self, file: ElementaryFile, path: &Path) -> Result<(), DumpError> {
        let bytes = match file::read(path, LONGEST) {
            Ok(bytes) => bytes,
            Err(problem) => {
                self.left_out.push(LeftOut { file, problem });
                return Ok(());
            }
        };
        let before = self.files.get(file);
        if before.is_some_and(|before| *before != **bytes) {
            return Err(DumpError::Twice {
                file,
                path: path.display().to_string(),
            });
        }
        self.files.insert(file, bytes.to_vec());
        Ok(())
    }
}

/// Makes the folder of a dump, before anybody waits for a document in vain.
pub(crate) fn prepare(folder: &Path) -> Result<(), DumpError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|problem| unwritten(folder, problem))
}

/// Writes every file as `EF.COM.bin`, `DG1.bin` and so on, for nobody but the user: they are a
/// person's data. A folder that was there before keeps its permissions; files in it do not.
pub(crate) fn write(folder: &Path, files: &ChipFiles) -> Result<(), DumpError> {
    prepare(folder)?;
    for (file, bytes) in files.iter() {
        let path = folder.join(format!("{file}.bin"));
        write_private(&path, bytes).map_err(|problem| unwritten(&path, problem))?;
    }
    Ok(())
}

/// Permissions first: an older file may have wider ones.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)
}

fn unwritten(path: &Path, problem: io::Error) -> DumpError {
    DumpError::Output {
        path: path.display().to_string(),
        problem,
    }
}

fn at(path: &Path, problem: io::Error) -> DumpError {
    DumpError::File(FileError::System {
        path: path.display().to_string(),
        problem,
    })
}

/// Which file of a chip a name means.
fn file_of(path: &Path) -> Option<ElementaryFile> {
    let name = path.file_name()?.to_str()?.to_ascii_uppercase();
    let name = [".BIN", ".DAT", ".DER"]
        .into_iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(&name);
    let short = name
        .strip_prefix("EF.")
        .or_else(|| name.strip_prefix("EF_"))
        .unwrap_or(name);
    match short {
        "COM" | "011E" => return Some(ElementaryFile::Com),
        "SOD" | "011D" => return Some(ElementaryFile::Sod),
        _ => {}
    }
    let group = short
        .strip_prefix("DATAGROUP")
        .or_else(|| short.strip_prefix("DG"));
    let number = match group {
        Some(number) => number.parse().ok()?,
        None if short.len() == 4 => {
            let identifier = u16::from_str_radix(short, 16).ok()?;
            u8::try_from(identifier.checked_sub(0x0100)?).ok()?
        }
        None => return None,
    };
    (1..=16)
        .contains(&number)
        .then_some(ElementaryFile::DataGroup(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_other_programs_give_are_known() {
        for (name, expected) in [
            ("EF.COM", Some(ElementaryFile::Com)),
            ("EF_SOD.bin", Some(ElementaryFile::Sod)),
            ("sod.der", Some(ElementaryFile::Sod)),
            ("DG1.bin", Some(ElementaryFile::DG1)),
            ("EF_DG2.BIN", Some(ElementaryFile::DG2)),
            ("Datagroup14.bin", Some(ElementaryFile::DataGroup(14))),
            ("0101.bin", Some(ElementaryFile::DG1)),
            ("0110", Some(ElementaryFile::DataGroup(16))),
            ("011d.dat", Some(ElementaryFile::Sod)),
            ("DG17.bin", None),
            ("DG0", None),
            ("0111.bin", None),
            ("notes.txt", None),
            ("EF.", None),
        ] {
            assert_eq!(file_of(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn two_files_that_both_claim_to_be_one_are_refused_unless_they_are_alike() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, bytes: &[u8]| {
            fs::write(folder.path().join(name), bytes).expect("written");
        };
        put("DG1.bin", &[0x61, 0]);
        put("0101", &[0x61, 0]);
        let read_it = || read(&[folder.path().to_owned()]);
        assert!(read_it().is_ok());
        put("0101", &[0x61, 1, 0]);
        let refused = read_it().err().map(|error| error.to_string());
        let expected = format!(
            "{}: EF.DG1 is there already, and is another one",
            folder.path().join("DG1.bin").display()
        );
        assert_eq!(
            refused,
            Some(expected.replace("EF.DG1", &ElementaryFile::DG1.to_string()))
        );
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_the_rest_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("DG1.bin"), [0x61, 0]).expect("written");
        fs::create_dir(path("DG11.bin")).expect("a folder");
        let long = fs::File::create(path("DG13.bin")).expect("made");
        long.set_len(LONGEST + 1).expect("stretched");
        let dump = read(&[folder.path().to_owned(), PathBuf::from("/dev/null")]);
        assert!(matches!(dump, Err(DumpError::Name { .. })));
        let dump = read(&[folder.path().to_owned()]).expect("read");
        assert_eq!(dump.files.iter().count(), 1);
        let left: Vec<ElementaryFile> = dump.left_out.iter().map(|left| left.file).collect();
        assert_eq!(left, [11, 13].map(ElementaryFile::DataGroup));
    }

    #[test]
    fn nobody_but_the_user_reads_what_was_dumped() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = parent.path().join("dump");
        let mode = |path: &Path| {
            let permissions = fs::metadata(path).expect("written").permissions();
            permissions.mode() & 0o777
        };
        let mut files = ChipFiles::new();
        files.insert(ElementaryFile::DG1, vec![0x61, 0]);
        write(&folder, &files).expect("written");
        let file = folder.join("DG1.bin");
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("widened");
        write(&folder, &files).expect("written again");
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn what_was_written_is_read_again_and_other_files_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = ChipFiles::new();
        files.insert(ElementaryFile::Com, vec![0x60, 0]);
        files.insert(ElementaryFile::DataGroup(14), vec![0x6E, 1, 2]);
        write(folder.path(), &files).expect("written");
        fs::write(folder.path().join("readme.txt"), "beside it").expect("written");
        let dump = read(&[folder.path().to_owned()]).expect("read");
        assert_eq!(dump.files, files);
        let stranger = read(&[folder.path().join("readme.txt")]);
        assert!(matches!(stranger, Err(DumpError::Name { .. })));
        let empty = tempfile::tempdir().expect("a folder");
        let nothing = read(&[empty.path().to_owned()]);
        assert!(matches!(nothing, Err(DumpError::Nothing { .. })));
    }
}
