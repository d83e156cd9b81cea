//! Portraits, photographs and pages.

use super::Seed;
use super::issuer::issue;
use gate_sim::issuer::{Encoding, Format};
use image::{GrayImage, ImageFormat, Rgb, RgbImage};

/// Pictures as chips hold them.
pub fn pictures() -> Vec<Seed> {
    let picture = |encoding| {
        let document = issue(encoding, Format::Td3).expect("a test document");
        document.portrait().bytes.clone()
    };
    vec![
        ("jpeg", picture(Encoding::Jpeg)),
        ("jpeg2000", picture(Encoding::Jpeg2000)),
    ]
}

/// A picture with some detail, as files of photographs hold it.
pub fn photographs() -> Vec<Seed> {
    let picture = RgbImage::from_fn(24, 16, |x, y| Rgb([10 * x as u8, 15 * y as u8, 90]));
    let written = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture
            .write_to(&mut bytes, format)
            .expect("memory takes every picture");
        bytes.into_inner()
    };
    vec![
        ("jpeg", written(ImageFormat::Jpeg)),
        ("png", written(ImageFormat::Png)),
    ]
}

/// A calibration of a matcher.
pub fn calibration() -> Vec<Seed> {
    let text = "schema = 1\npipeline = 3\nthreshold = 0.4\nhigh = 0.46\nfused = 0.41\n\
                command = \"evaluate\"\ndata = \"692 people\"\nfigures = \"FNMR 1 %\"\n\n\
                [models]\nembedder = \"2fb6d399\"\n";
    vec![("matcher", text.into())]
}

/// Pages with two rows of strokes, as long as each other.
pub fn pages() -> Vec<Seed> {
    let page = GrayImage::from_fn(96, 40, |x, y| {
        let in_row = (12..15).contains(&(y % 16)) && y > 16 || (20..24).contains(&y);
        image::Luma([if in_row && x % 3 == 0 { 20 } else { 220 }])
    });
    let file = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        page.write_to(&mut bytes, format).expect("a picture");
        bytes.into_inner()
    };
    vec![
        ("png", file(ImageFormat::Png)),
        ("jpeg", file(ImageFormat::Jpeg)),
    ]
}
