//! Barcodes as files.

use anyhow::{Context as _, bail};
use gate_document::seal::imager::Symbology;
use gate_document::seal::symbol::{self, Modules, SIDE_MAX};
use image::{GrayImage, ImageReader, Limits};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes `seal` to `path`, in the form that its ending names.
pub(crate) fn write(
    path: &Path,
    seal: &[u8],
    symbology: Symbology,
    scale: u32,
) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    match ending(path) {
        "bin" => fs::write(path, seal).with_context(name),
        "png" => symbol::draw(symbology, seal, scale)?
            .save(path)
            .with_context(name),
        "svg" => fs::write(path, svg(&Modules::of(symbology, seal)?)).with_context(name),
        other => bail!(
            "{}: .png, .svg or .bin expected, .{other} found",
            path.display()
        ),
    }
}

/// The picture in a file, whatever it is of.
pub(crate) fn read(path: &Path) -> anyhow::Result<GrayImage> {
    let name = || path.display().to_string();
    let mut reader = ImageReader::open(path)
        .with_context(name)?
        .with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    reader.limits(limits);
    Ok(reader.decode().with_context(name)?.to_luma8())
}

pub(crate) fn ending(path: &Path) -> &str {
    path.extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
}

/// One path of dark modules, a unit each.
fn svg(modules: &Modules) -> String {
    let margin = modules.margin;
    let (width, height) = (modules.width + 2 * margin, modules.height + 2 * margin);
    let mut path = String::new();
    for y in 0..modules.height {
        let mut x = 0;
        while x < modules.width {
            let run = (x..modules.width)
                .take_while(|x| modules.is_dark(*x, y))
                .count() as u32;
            if run > 0 {
                // Writing to a text cannot fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + margin, y + margin);
            }
            x += run.max(1);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\
         <path d=\"{path}\"/></svg>\n"
    )
}
