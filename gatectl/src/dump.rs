//! Folders of dumped files.

use gate_document::{ChipFiles, ElementaryFile};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// For `--help`.
pub(crate) const NAMES: &str = "Names of files, in any case, with .bin, .dat, .der or no ending:
  EF.COM  COM  EF_COM  011E        EF.SOD  SOD  EF_SOD  011D
  DG1  EF.DG1  EF_DG1  DataGroup1  Datagroup1  0101    and so on up to DG16 and 0110
Files of other names in a folder are left alone.";

/// Nothing on a chip is longer than what two bytes of offset and INS B1 reach in practice.
const LONGEST: u64 = 1 << 20;

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
            fs::metadata(path).map_err(|problem| at(path, problem))?;
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

/// Writes every file as `EF.COM.bin`, `DG1.bin` and so on.
pub(crate) fn write(folder: &Path, files: &ChipFiles) -> Result<(), DumpError> {
    fs::create_dir_all(folder).map_err(|problem| at(folder, problem))?;
    for (file, bytes) in files.iter() {
        let path = folder.join(format!("{file}.bin"));
        fs::write(&path, bytes).map_err(|problem| at(&path, problem))?;
    }
    Ok(())
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
