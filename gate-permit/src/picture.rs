//! Barcodes as files.

use crate::file;
use anyhow::{Context as _, bail};
use gate_document::seal::imager::Symbology;
use gate_document::seal::symbol::{self, Modules, SIDE_MAX};
use image::{GrayImage, ImageFormat, ImageReader, Limits};
use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::Path;

/// The form that a file has by its ending, in capitals or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Bytes,
    Png,
    Svg,
}

impl Ending {
    pub(crate) fn of(path: &Path) -> anyhow::Result<Self> {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        match &*ending.to_ascii_lowercase() {
            "bin" => Ok(Self::Bytes),
            "png" => Ok(Self::Png),
            "svg" => Ok(Self::Svg),
            _ => {
                let found = match &*ending {
                    "" => "no ending".to_owned(),
                    other => format!(".{other}"),
                };
                bail!(
                    "{}: .png, .svg or .bin expected, {found} found",
                    path.display()
                )
            }
        }
    }
}

/// Writes `seal` to `path`, in the form of `ending`.
pub(crate) fn write(
    path: &Path,
    ending: Ending,
    seal: &[u8],
    symbology: Symbology,
    scale: u32,
) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    match ending {
        Ending::Bytes => fs::write(path, seal).with_context(name),
        Ending::Png => symbol::draw(symbology, seal, scale)?
            .save_with_format(path, ImageFormat::Png)
            .with_context(name),
        Ending::Svg => fs::write(path, svg(&Modules::of(symbology, seal)?)).with_context(name),
    }
}

/// The picture in a file, whatever it is of.
pub(crate) fn read(path: &Path) -> anyhow::Result<GrayImage> {
    let name = || path.display().to_string();
    let bytes = file::read(path)?;
    let mut reader = ImageReader::new(Cursor::new(&**bytes))
        .with_guessed_format()
        .with_context(name)?;
    if reader.format().is_none() {
        bail!(
            "{}: no picture; bytes of a barcode end in .bin",
            path.display()
        );
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    reader.limits(limits);
    let broken = || format!("{}: the picture cannot be decoded", path.display());
    Ok(reader.decode().with_context(broken)?.to_luma8())
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
