//! What cargo cannot say: set-up, demonstration, the whole check.
#![forbid(unsafe_code)]

mod models;

use clap::Parser;
use gate_face::Manifest;
use indicatif::{ProgressBar, ProgressStyle};

/// Tasks of the project.
#[derive(Parser)]
enum Task {
    /// Fetches and verifies models, runtime and test pictures.
    Models,
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Models => fetch_models(),
    }
}

fn fetch_models() -> anyhow::Result<()> {
    let style =
        ProgressStyle::with_template("{spinner} {msg} [{bar:30}] {bytes}/{total_bytes} {elapsed}")?;
    let progress = ProgressBar::no_length().with_style(style);
    models::fetch(&Manifest::built_in()?, &models::folder(), &progress)?;
    Ok(())
}
