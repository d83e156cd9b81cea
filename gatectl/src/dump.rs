//! Folders of dumped files.

use gate_document::{ChipFiles, ElementaryFile};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// For `--help`.
pub(crate) const NAMES: &str = "Names of files, in any case, with .bin, .dat, .der or no ending:
  EF.COM  COM  EF_COM  011E        EF.SOD  SOD  EF_SOD  011D
  DG1  EF.DG1  EF_DG1  DataGroup1  Datagroup1  0101    and so on up to DG16 and 0110
Files of other names in a folder are left alone.";

/// Longer than any file of a chip, and than the certificates of all States in PEM (692 of them take
/// some 1.5 MB).
const LONGEST: u64 = 16 << 20;

/// Why a dump cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DumpError {
    /// Look at path and permissions.
    #[error("{path}: {problem}")]
    File {
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
    #[error("no file of a travel document found")]
    Nothing,
}

/// Reads folders and files. In a folder, files of other names are left alone.
pub(crate) fn read(paths: &[PathBuf]) -> Result<ChipFiles, DumpError> {
    let mut files = ChipFiles::new();
    for path in paths {
        if path.is_dir() {
            let entries = fs::read_dir(path).map_err(|problem| at(path, problem))?;
            let mut inside: Vec<PathBuf> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| path.is_file())
                .collect();
            inside.sort();
            for path in inside {
                if let Some(file) = file_of(&path) {
                    insert(&mut files, file, &path)?;
                }
            }
        } else {
            let kind = fs::metadata(path).map_err(|problem| at(path, problem))?;
            if !kind.is_file() {
                // A pipe would be waited for without end.
                let problem = io::Error::new(io::ErrorKind::InvalidInput, "no regular file");
                return Err(at(path, problem));
            }
            let file = file_of(path).ok_or_else(|| DumpError::Name {
                path: path.display().to_string(),
            })?;
            insert(&mut files, file, path)?;
        }
    }
    if files.iter().next().is_none() {
        return Err(DumpError::Nothing);
    }
    Ok(files)
}

/// Writes every file as `EF.COM.bin`, `DG1.bin` and so on, for nobody but the user: they are a
/// person's data. A folder that was there before keeps its permissions; files in it do not.
pub(crate) fn write(folder: &Path, files: &ChipFiles) -> Result<(), DumpError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|problem| at(folder, problem))?;
    for (file, bytes) in files.iter() {
        let path = folder.join(format!("{file}.bin"));
        write_private(&path, bytes).map_err(|problem| at(&path, problem))?;
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

/// A file that is not longer than anything here may be.
pub(crate) fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("longer than {LONGEST} bytes"),
        ));
    }
    Ok(bytes)
}

fn insert(files: &mut ChipFiles, file: ElementaryFile, path: &Path) -> Result<(), DumpError> {
    let bytes = bounded(path).map_err(|problem| at(path, problem))?;
    if files.get(file).is_some_and(|before| *before != *bytes) {
        return Err(DumpError::Twice {
            file,
            path: path.display().to_string(),
        });
    }
    files.insert(file, bytes);
    Ok(())
}

fn at(path: &Path, problem: io::Error) -> DumpError {
    DumpError::File {
        path: path.display().to_string(),
        problem,
    }
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
    fn what_is_no_regular_file_is_refused() {
        let refused = read(&[PathBuf::from("/dev/null")]).err();
        let refused = refused.map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("/dev/null: no regular file"));
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
    fn a_file_with_the_certificates_of_all_states_is_not_too_long() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("anchors.pem");
        fs::write(&path, vec![b'A'; 692 * 4_096]).expect("written");
        assert_eq!(bounded(&path).expect("read").len(), 692 * 4_096);
        let long = fs::File::create(&path).expect("made");
        long.set_len(LONGEST + 1).expect("stretched");
        assert!(bounded(&path).is_err());
    }

    #[test]
    fn what_was_written_is_read_again_and_other_files_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = ChipFiles::new();
        files.insert(ElementaryFile::Com, vec![0x60, 0]);
        files.insert(ElementaryFile::DataGroup(14), vec![0x6E, 1, 2]);
        write(folder.path(), &files).expect("written");
        fs::write(folder.path().join("readme.txt"), "beside it").expect("written");
        assert_eq!(read(&[folder.path().to_owned()]).expect("read"), files);
        let stranger = read(&[folder.path().join("readme.txt")]);
        assert!(matches!(stranger, Err(DumpError::Name { .. })));
        let empty = tempfile::tempdir().expect("a folder");
        let nothing = read(&[empty.path().to_owned()]);
        assert!(matches!(nothing, Err(DumpError::Nothing)));
    }
}
