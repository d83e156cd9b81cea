//! Files of a desk: regular ones, and no longer than any that belongs here.

use anyhow::{Context as _, bail};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Longer than a picture of a barcode, and than the certificates of all States in PEM, in bytes.
const LONGEST: u64 = 16 << 20;

/// Reads a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    bounded(path).with_context(|| path.display().to_string())
}

fn bounded(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let refused = |problem: String| Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    let found = fs::metadata(path)?;
    if !found.is_file() {
        // A pipe would be waited for, and a device has no end.
        let kind = if found.is_dir() {
            "folder"
        } else {
            "pipe or device"
        };
        return refused(format!("a {kind} found, a regular file expected"));
    }
    let length = found.len().min(LONGEST) as usize;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    File::open(path)?
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return refused(format!("longer than {LONGEST} bytes"));
    }
    Ok(bytes)
}

/// Reads a text in UTF-8, without the mark that some editors put before it.
pub(crate) fn text(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let bytes = read(path)?;
    let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    match std::str::from_utf8(bare) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(problem) => {
            let before = &bare[..problem.valid_up_to()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            bail!("{}:{line}: text in UTF-8 expected", path.display())
        }
    }
}
