//! Which photographs make pairs: out of lists, or of a folder with a person a folder.

use super::list::{self, Row};
use crate::file::FileError;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// More pictures than this are not taken: templates are kept in memory, 2.6 kB each.
const PICTURES_MAX: usize = 200_000;

/// Why a list or a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    /// See [`FileError`].
    #[error(transparent)]
    Read(#[from] FileError),
    /// Correct the path.
    #[error("{}: {source}", .path.display())]
    File {
        /// The list or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Correct the line.
    #[error("{}: {problem}", .path.display())]
    Line {
        /// The list.
        path: PathBuf,
        /// Which line, and what is wrong.
        problem: String,
    },
    /// Split the evaluation.
    #[error("more than {PICTURES_MAX} pictures")]
    Many,
    /// Split the list.
    #[error("more than {most} lines")]
    Long {
        /// How many are taken.
        most: usize,
    },
    /// Write the pairs into it: two paths a line.
    #[error("{}: no pairs", .path.display())]
    NoPairs {
        /// The list.
        path: PathBuf,
    },
    /// Add folders: pairs of different persons are needed.
    #[error("{}: one person alone, expected at least two", .path.display())]
    OnePerson {
        /// The folder.
        path: PathBuf,
    },
    /// There must be a folder a person, with a photograph a file.
    #[error("{}: no person has two photographs", .path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// The copies must lie as the photographs do: a folder a person, a file of the same name.
    #[error("{}: no copy of any photograph", .path.display())]
    NoCopies {
        /// The folder of copies.
        path: PathBuf,
    },
}

/// Pictures, and which of them make pairs.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// Each picture once.
    pub(crate) pictures: Vec<PathBuf>,
    /// Pairs of one person, as indices of `pictures`.
    pub(crate) genuine: Vec<[usize; 2]>,
    /// Pairs of different persons.
    pub(crate) impostors: Vec<[usize; 2]>,
    /// The pictures of each person; empty for lists.
    pub(crate) people: Vec<Vec<usize>>,
}

impl Trial {
    /// A folder with a folder a person: every two photographs of a person are a genuine pair, the first
    /// photographs of any two persons an impostor pair.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self, ListError> {
        let mut trial = Self::default();
        for person in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
            let photographs = entries(&person)?;
            let from = trial.pictures.len();
            trial
                .pictures
                .extend(photographs.into_iter().filter(|path| path.is_file()));
            let own: Vec<usize> = (from..trial.pictures.len()).collect();
            if !own.is_empty() {
                trial.people.push(own);
            }
            if trial.pictures.len() > PICTURES_MAX {
                return Err(ListError::Many);
            }
        }
        trial = Self::of_people(trial.pictures, trial.people);
        if trial.genuine.is_empty() {
            return Err(ListError::Empty {
                path: folder.to_owned(),
            });
        }
        if trial.impostors.is_empty() {
            return Err(ListError::OnePerson {
                path: folder.to_owned(),
            });
        }
        Ok(trial)
    }

    /// Every two photographs of a person, and the first ones of any two persons; nobody is without a photograph.
    pub(crate) fn of_people(pictures: Vec<PathBuf>, people: Vec<Vec<usize>>) -> Self {
        let first: Vec<usize> = people.iter().map(|own| own[0]).collect();
        Self {
            genuine: people.iter().flat_map(|own| couples(own)).collect(),
            impostors: couples(&first).collect(),
            pictures,
            people,
        }
    }

    /// Lets the copies in `portraits`, which has the layout of `folder`, stand for the first picture of
    /// each pair. Only the file's extension may differ. A folder without any copy is an error.
    pub(crate) fn portraits(&mut self, folder: &Path, portraits: &Path) -> Result<(), ListError> {
        let mut copies = HashMap::new();
        for index in 0..self.pictures.len() {
            let copy = self.pictures[index]
                .strip_prefix(folder)
                .ok()
                .and_then(|name| copy_of(&portraits.join(name)));
            if let Some(copy) = copy {
                self.pictures.push(copy);
                copies.insert(index, self.pictures.len() - 1);
            }
        }
        if copies.is_empty() {
            return Err(ListError::NoCopies {
                path: portraits.to_owned(),
            });
        }
        for [one, _] in self.genuine.iter_mut().chain(&mut self.impostors) {
            if let Some(copy) = copies.get(one) {
                *one = *copy;
            }
        }
        Ok(())
    }

    /// Two lists of pairs.
    pub(crate) fn of_lists(genuine: &Path, impostors: &Path) -> Result<Self, ListError> {
        let mut trial = Self::default();
        let mut known = HashMap::new();
        let mut index = |path: PathBuf, pictures: &mut Vec<PathBuf>| {
            *known.entry(path.clone()).or_insert_with(|| {
                pictures.push(path);
                pictures.len() - 1
            })
        };
        for (list, pairs) in [
            (genuine, &mut trial.genuine),
            (impostors, &mut trial.impostors),
        ] {
            for pair in list::pairs(list)? {
                let paths = pair.paths.map_err(|fields| ListError::Line {
                    path: list.to_owned(),
                    problem: format!("line {} has {}", pair.line, Row::problem(fields)),
                })?;
                pairs.push(paths.map(|path| index(path, &mut trial.pictures)));
            }
            if pairs.is_empty() {
                return Err(ListError::NoPairs {
                    path: list.to_owned(),
                });
            }
        }
        if trial.pictures.len() > PICTURES_MAX {
            return Err(ListError::Many);
        }
        Ok(trial)
    }
}

/// The file with this name, whatever its extension.
fn copy_of(path: &Path) -> Option<PathBuf> {
    ["jp2", "j2k", "jpg", "png"]
        .iter()
        .map(|kind| path.with_extension(kind))
        .find(|copy| copy.is_file())
}

/// Every two of them.
fn couples(of: &[usize]) -> impl Iterator<Item = [usize; 2]> {
    of.iter()
        .enumerate()
        .flat_map(|(place, one)| of[place + 1..].iter().map(|other| [*one, *other]))
}

/// What a folder holds, by name, without what is hidden.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ListError> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?;
        paths.retain(|path| {
            path.file_name()
                .is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
        });
        paths.sort();
        Ok(paths)
    };
    read().map_err(|source| ListError::File {
        path: folder.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_people_becomes_pairs() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg", "c/1.jpg", "c/.x",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let trial = Trial::of_folder(folder.path()).unwrap();
        assert_eq!(trial.pictures.len(), 5);
        assert_eq!(trial.genuine, [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(trial.impostors, [[0, 3], [0, 4], [3, 4]]);
        for person in ["b", "c"] {
            fs::remove_dir_all(folder.path().join(person)).unwrap();
        }
        let found = Trial::of_folder(folder.path());
        assert!(matches!(found, Err(ListError::OnePerson { .. })));
    }

    #[test]
    fn lists_name_each_picture_once_and_may_have_a_heading() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("one.jpg"), b"").unwrap();
        fs::write(
            at("genuine.csv"),
            "first,second\none.jpg,\"two, too.jpg\"\n",
        )
        .unwrap();
        fs::write(at("impostors.csv"), "# nobody else\none.jpg, three.jpg\n").unwrap();
        let trial = Trial::of_lists(&at("genuine.csv"), &at("impostors.csv")).unwrap();
        assert_eq!(trial.pictures.len(), 3);
        assert_eq!(trial.pictures[0], at("one.jpg"));
        assert_eq!(trial.genuine, [[0, 1]]);
        assert_eq!(trial.impostors, [[0, 2]]);
        fs::write(at("short.csv"), "one.jpg\n").unwrap();
        fs::write(at("empty.csv"), "# nothing\n").unwrap();
        for (list, expected) in [
            (
                "short.csv",
                "line 1 has 1 fields, expected 2 with a comma between them",
            ),
            ("empty.csv", "no pairs"),
            ("nowhere.csv", "No such file or directory (os error 2)"),
        ] {
            let found = Trial::of_lists(&at(list), &at("impostors.csv"));
            let found = found.unwrap_err().to_string();
            assert!(found.ends_with(expected), "{found}");
        }
    }
}
