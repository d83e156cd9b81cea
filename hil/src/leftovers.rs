//! What would be left behind if this process ended at once: programs that it started, folders, mounts.
//!
//! Work that comes to its end cleans up by itself. This is for whoever presses Ctrl-C twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// `folder` is this process's own, and goes with it.
pub(crate) fn owns(folder: &Path) {
    folders().push(folder.to_owned());
}

/// Ends every program that this process started, and removes its folders.
pub(crate) fn clear() {
    let children = children();
    for signal in ["-CONT", "-KILL"] {
        // Who has ended meanwhile needs no signal.
        let _ = quietly(Command::new("kill").arg(signal).args(&children));
    }
    for folder in folders().drain(..) {
        // Where no disk was mounted there is none to be taken away.
        let _ = quietly(
            Command::new("umount")
                .arg("--lazy")
                .arg(folder.join("journal")),
        );
        let _ = fs::remove_dir_all(folder);
    }
}

fn quietly(command: &mut Command) -> std::io::Result<process::ExitStatus> {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status()
}

/// Numbers of the processes whose parent is this one: nobody else's.
fn children() -> Vec<String> {
    let own = process::id().to_string();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().into_string().ok());
    let is_child = |number: &String| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        parent(&stat) == Some(own.as_str())
    };
    numbers.filter(is_child).collect()
}

/// The parent in a line of `/proc/N/stat`: the second word behind the name, which may hold anything.
fn parent(stat: &str) -> Option<&str> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)
}

fn folders() -> MutexGuard<'static, Vec<PathBuf>> {
    // Nobody panics while holding it.
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_hides_no_parent() {
        assert_eq!(parent("77 (a) b (c) S 12 77 77 0"), Some("12"));
        assert_eq!(parent(""), None);
    }

    #[test]
    fn a_program_that_was_started_is_found() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let found = children();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.contains(&child.id().to_string()), "{found:?}");
        assert!(!found.contains(&process::id().to_string()));
    }
}
