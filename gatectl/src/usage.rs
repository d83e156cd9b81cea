//! What a wrong command line is told: by the parser, but for what may be somebody's name or number.

use crate::Exit;
use crate::failure::{self, Failing, Failure};
use clap::error::{ContextKind, ContextValue};
use std::fmt;

/// Why the command line is not understood.
struct Usage(clap::Error);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let said = text.strip_prefix("error: ").unwrap_or(&text);
        // What is missing, and what could be meant, stands in lines of its own above the usage.
        let (said, _) = said.split_once("\nUsage:").unwrap_or((said, ""));
        for (at, part) in said.trim().split("\n\n").enumerate() {
            let words: Vec<&str> = part.split_whitespace().collect();
            let before = if at == 0 { "" } else { "; " };
            write!(f, "{before}{}", words.join(" "))?;
        }
        Ok(())
    }
}

impl Failing for Usage {
    fn failure(&self) -> Failure {
        Failure::new(
            "usage",
            "command line",
            "the command line is one that --help describes",
            "see --help of the command",
        )
    }

    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// Prints help where it was asked for, and else what is wrong.
pub(crate) fn tell(mut problem: clap::Error) -> Exit {
    if !problem.use_stderr() {
        // Nobody is left to tell where standard output is closed.
        let _ = problem.print();
        return Exit::Done;
    }
    hide(&mut problem);
    let usage = Usage(problem);
    let asked = |word: &std::ffi::OsString| {
        let word = word.to_string_lossy();
        word == "--json" || word.starts_with("--json=")
    };
    if std::env::args_os().any(|word| asked(&word)) {
        say!("{}", failure::object(&usage, &usage.failure()));
    }
    let _ = usage.0.print();
    usage.exit()
}

/// A line of a zone or a number in the wrong place would be repeated.
fn hide(problem: &mut clap::Error) {
    const HIDDEN: &str = "(not repeated)";
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg] {
        let Some(ContextValue::String(found)) = problem.get(kind) else {
            continue;
        };
        // Nothing was given, or it is the parser's own name of an option or a place: --mrz, <IMAGE>.
        let harmless = found.is_empty() || found.starts_with("--") || found.starts_with('<');
        if !harmless {
            problem.insert(kind, ContextValue::String(HIDDEN.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[test]
    fn what_may_be_somebodys_is_not_repeated() {
        for words in [
            &["gatectl", "document", "mrz", "page.png", "L898902C36UTO"][..],
            &[
                "gatectl",
                "document",
                "read",
                "--mrz",
                "A",
                "B",
                "C",
                "L898902C36UTO",
            ],
            &["gatectl", "document", "read", "--wait", "L898902C36UTO"],
            &["gatectl", "document", "read", "-L898902C36UTO"],
        ] {
            let mut problem = crate::Arguments::try_parse_from(words).expect_err("refused");
            hide(&mut problem);
            let said = problem.to_string();
            assert!(!said.contains("L898902C"), "{said}");
            assert!(said.starts_with("error: "), "{said}");
        }
    }
}
