//! Barcodes out of pictures, and pictures of barcodes.
//!
//! The decoder is `rxing`, pure Rust. A picture comes from a camera that anybody may hold anything
//! before, so its size is bounded before the decoder sees a pixel. Each symbology is looked for in the
//! whole picture, and then where something is printed: there is no search in several scales or turns.

use super::BYTES_MAX;
use super::imager::{Scanned, Symbology};
use crate::sensitive::Sensitive;
use core::cell::LazyCell;
use image::GrayImage;
use rxing::aztec::AztecReader;
use rxing::common::HybridBinarizer;
use rxing::datamatrix::DataMatrixReader;
use rxing::pdf417::PDF417Reader;
use rxing::qrcode::cpp_port::QrReader;
use rxing::{
    BarcodeFormat, BinaryBitmap, EncodeHints, Luma8LuminanceSource, MultiFormatWriter, RXingResult,
    Reader as _, Writer as _,
};

/// Most pixels of a picture: twice what a full-page reader gives in 300 dpi is needed by nobody.
pub const PIXELS_MAX: u32 = 4_000_000;
/// Longest side of a picture.
pub const SIDE_MAX: u32 = 4_096;
/// Shortest side of a picture: the smallest barcode with a pixel a module.
const SIDE_MIN: u32 = 10;

/// Why a picture cannot be searched, or a barcode not be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// Cut the picture, or take a smaller one.
    #[error(
        "picture of {width} × {height} px, 10 to 4096 a side and 4,000,000 altogether expected"
    )]
    Size {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// Take another symbology, or put less into the seal.
    #[error("{bytes} bytes cannot be drawn as {symbology}")]
    Draw {
        /// How many bytes.
        bytes: usize,
        /// As what.
        symbology: Symbology,
    },
}

/// Looks for one barcode of each of `wanted`, in that order.
///
/// # Errors
///
/// [`SymbolError::Size`] before anything is looked for. A picture without a barcode is an empty list.
pub fn find(picture: &GrayImage, wanted: &[Symbology]) -> Result<Vec<Scanned>, SymbolError> {
    let (width, height) = picture.dimensions();
    let sides = SIDE_MIN..=SIDE_MAX;
    if !sides.contains(&width) || !sides.contains(&height) || width * height > PIXELS_MAX {
        return Err(SymbolError::Size { width, height });
    }
    let regions = LazyCell::new(|| regions(picture));
    let mut found = Vec::new();
    for symbology in wanted {
        // Some readers begin in the middle: what lies elsewhere is looked at by itself.
        let whole = look(picture, *symbology);
        let scanned = whole.or_else(|| {
            regions.iter().find_map(|&(x, y, width, height)| {
                let part = image::imageops::crop_imm(picture, x, y, width, height).to_image();
                look(&part, *symbology)
            })
        });
        found.extend(scanned);
    }
    Ok(found)
}

/// The barcode of one symbology in a picture.
fn look(picture: &GrayImage, symbology: Symbology) -> Option<Scanned> {
    let (width, height) = picture.dimensions();
    let source = Luma8LuminanceSource::new(picture.as_raw().clone(), width, height).ok()?;
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let result = match symbology {
        Symbology::DataMatrix => DataMatrixReader.decode(&mut bitmap),
        Symbology::Qr => QrReader.decode(&mut bitmap),
        Symbology::Aztec => AztecReader.decode(&mut bitmap),
        Symbology::Pdf417 => PDF417Reader.decode(&mut bitmap),
    };
    let bytes = bytes(symbology, &result.ok()?)?;
    (bytes.len() <= BYTES_MAX).then(|| Scanned {
        symbology: Some(symbology),
        bytes: Sensitive::new(bytes),
    })
}

/// Side of a cell in the search for regions, in pixels.
const CELL: u32 = 16;
/// Difference between the darkest and the brightest pixel of a cell in which something is printed.
const CONTRAST: u8 = 64;
/// Most regions that are looked at, the largest first.
const REGIONS_MAX: usize = 8;

/// Where something is printed: cells of contrast that touch each other, as left, top, width and height
/// with a cell of margin.
fn regions(picture: &GrayImage) -> Vec<(u32, u32, u32, u32)> {
    let (width, height) = picture.dimensions();
    let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
    let mut cells = vec![(u8::MAX, u8::MIN); (columns * rows) as usize];
    for (x, y, pixel) in picture.enumerate_pixels() {
        let (low, high) = &mut cells[(y / CELL * columns + x / CELL) as usize];
        *low = pixel.0[0].min(*low);
        *high = pixel.0[0].max(*high);
    }
    let mut busy: Vec<bool> = cells
        .iter()
        .map(|(low, high)| high - low >= CONTRAST)
        .collect();
    let mut regions = Vec::new();
    for start in 0..busy.len() {
        let (mut left, mut top, mut right, mut bottom) = (columns, rows, 0, 0);
        let mut open = vec![start as u32];
        while let Some(cell) = open.pop() {
            if !core::mem::replace(&mut busy[cell as usize], false) {
                continue;
            }
            let (x, y) = (cell % columns, cell / columns);
            (left, top) = (left.min(x), top.min(y));
            (right, bottom) = (right.max(x + 1), bottom.max(y + 1));
            for y in y.saturating_sub(1)..(y + 2).min(rows) {
                open.extend((x.saturating_sub(1)..(x + 2).min(columns)).map(|x| y * columns + x));
            }
        }
        if right > left {
            let (x, y) = (left.saturating_sub(1) * CELL, top.saturating_sub(1) * CELL);
            let (far_x, far_y) = ((right + 1) * CELL, (bottom + 1) * CELL);
            regions.push((x, y, far_x.min(width) - x, far_y.min(height) - y));
        }
    }
    regions.sort_by_key(|(_, _, width, height)| core::cmp::Reverse(width * height));
    regions.truncate(REGIONS_MAX);
    regions
}

/// The exact bytes. The text is theirs, one character for each, but for QR: there the decoder guesses
/// at character sets, and hands the bytes over beside the text.
fn bytes(symbology: Symbology, result: &RXingResult) -> Option<Vec<u8>> {
    if symbology == Symbology::Qr {
        return Some(result.getRawBytes().to_vec());
    }
    let characters = result.getText().chars();
    characters.map(|one| u8::try_from(one).ok()).collect()
}

/// Draws `bytes` as a barcode: black modules on white, `scale` pixels a module, with the margin that
/// the symbology asks for.
///
/// # Errors
///
/// [`SymbolError::Draw`] where they do not fit, [`SymbolError::Size`] where the picture would be too
/// large.
pub fn draw(symbology: Symbology, bytes: &[u8], scale: u32) -> Result<GrayImage, SymbolError> {
    let modules = Modules::of(symbology, bytes)?;
    let margin = modules.margin;
    let side = |modules: u32| (modules + 2 * margin).saturating_mul(scale);
    let (width, height) = (side(modules.width), side(modules.height));
    if scale == 0 || width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX {
        return Err(SymbolError::Size { width, height });
    }
    Ok(GrayImage::from_fn(width, height, |x, y| {
        let dark = (x / scale)
            .checked_sub(margin)
            .zip((y / scale).checked_sub(margin));
        let dark = dark.is_some_and(|(x, y)| modules.is_dark(x, y));
        image::Luma([if dark { 0 } else { 255 }])
    }))
}

/// Most bytes that are drawn: what fits in the largest barcode however badly its compaction goes. The
/// writers are never asked for more, because not all of them say no.
const fn drawn_max(symbology: Symbology) -> usize {
    match symbology {
        // 1,558 codewords, and two for a byte at worst.
        Symbology::DataMatrix => 750,
        // Version 40 with the lowest error correction.
        Symbology::Qr => 2_900,
        Symbology::Aztec => 1_400,
        Symbology::Pdf417 => 1_000,
    }
}

/// The modules of a barcode, for printers that draw themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modules {
    /// Modules in a row.
    pub width: u32,
    /// Rows of modules.
    pub height: u32,
    /// Modules of white that belong around it.
    pub margin: u32,
    dark: Vec<bool>,
}

impl Modules {
    /// Lays `bytes` out.
    ///
    /// # Errors
    ///
    /// [`SymbolError::Draw`] where they do not fit.
    pub fn of(symbology: Symbology, bytes: &[u8]) -> Result<Self, SymbolError> {
        let refused = SymbolError::Draw {
            bytes: bytes.len(),
            symbology,
        };
        if bytes.is_empty() || bytes.len() > drawn_max(symbology) {
            return Err(refused);
        }
        // One character for each byte; the writers turn them into the same bytes again.
        let text: String = bytes.iter().copied().map(char::from).collect();
        let hints = EncodeHints {
            CharacterSet: (symbology != Symbology::DataMatrix).then(|| "ISO-8859-1".to_owned()),
            Margin: Some("0".to_owned()),
            ..EncodeHints::default()
        };
        let (format, margin) = match symbology {
            Symbology::DataMatrix => (BarcodeFormat::DATA_MATRIX, 2),
            Symbology::Qr => (BarcodeFormat::QR_CODE, 4),
            Symbology::Aztec => (BarcodeFormat::AZTEC, 2),
            Symbology::Pdf417 => (BarcodeFormat::PDF_417, 6),
        };
        let Ok(matrix) = MultiFormatWriter.encode_with_hints(&text, &format, 0, 0, &hints) else {
            return Err(refused);
        };
        let (width, height) = (matrix.getWidth(), matrix.getHeight());
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Ok(Self {
            width,
            height,
            margin,
            dark: places.map(|(x, y)| matrix.get(x, y)).collect(),
        })
    }

    /// Whether the module in column `x` and row `y` is dark.
    #[must_use]
    pub fn is_dark(&self, x: u32, y: u32) -> bool {
        x < self.width && self.dark.get((y * self.width + x) as usize) == Some(&true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(symbology: Symbology, bytes: &[u8]) {
        let picture = draw(symbology, bytes, 3).unwrap();
        let found = find(&picture, &[symbology]).unwrap();
        let [scanned] = &found[..] else {
            panic!("{symbology}: {} found", found.len());
        };
        assert_eq!(scanned.bytes.expose(), bytes, "{symbology}");
        assert_eq!(scanned.symbology, Some(symbology));
    }

    #[test]
    fn every_byte_comes_through_every_symbology() {
        let all: Vec<u8> = (0..=255).collect();
        for symbology in Symbology::ALL {
            round_trip(symbology, &all);
            round_trip(
                symbology,
                b"RDB1BNK6ADJL2PECXOABAHIMWCFMCAYQDQM3TI2XIGCCZ5EQDQM3TNUSIMAIQ",
            );
            round_trip(symbology, "Đặng Nguyễn Thị Hương".as_bytes());
            round_trip(symbology, &[0x81, 0x40, 0x93, 0x50].repeat(20));
        }
    }

    /// The worked example of a visa, drawn by `zint --binary --dump` (2.11.1): a line for each row of
    /// modules, four of them in a digit.
    const DRAWN: [(Symbology, u32, &str); 4] = [
        (
            Symbology::DataMatrix,
            1,
            include_str!("fixtures/visa-data-matrix.txt"),
        ),
        (Symbology::Qr, 1, include_str!("fixtures/visa-qr.txt")),
        (Symbology::Aztec, 1, include_str!("fixtures/visa-aztec.txt")),
        (
            Symbology::Pdf417,
            3,
            include_str!("fixtures/visa-pdf417.txt"),
        ),
    ];

    #[test]
    fn barcodes_that_another_program_drew_are_read_byte_for_byte() {
        for (symbology, row_height, rows) in DRAWN {
            let rows: Vec<Vec<bool>> = rows
                .lines()
                .map(|line| {
                    let digits = line.chars().filter_map(|digit| digit.to_digit(16));
                    digits
                        .flat_map(|digit| [8, 4, 2, 1].map(|bit| digit & bit != 0))
                        .collect()
                })
                .collect();
            let width = rows.iter().map(Vec::len).max().unwrap() as u32;
            let height = rows.len() as u32 * row_height;
            let picture = GrayImage::from_fn((width + 16) * 3, (height + 16) * 3, |x, y| {
                let place = (x / 3).checked_sub(8).zip((y / 3).checked_sub(8));
                let dark = place.is_some_and(|(x, y)| {
                    let row = rows.get((y / row_height) as usize);
                    row.and_then(|row| row.get(x as usize)) == Some(&true)
                });
                image::Luma([if dark { 0 } else { 255 }])
            });
            let found = find(&picture, &[symbology]).unwrap();
            let bytes = found
                .first()
                .map(|scanned| scanned.bytes.expose().as_slice());
            assert_eq!(bytes, Some(super::super::examples::VISA), "{symbology}");
        }
    }

    #[test]
    fn a_barcode_is_found_wherever_it_lies() {
        for symbology in Symbology::ALL {
            let barcode = draw(symbology, b"RDB1ANK6GCEQECCYLDMVTWS23NN5YXG5LXPF5X27Q", 3).unwrap();
            for (left, top) in [(0, 0), (90, 210), (700, 20), (430, 500)] {
                let mut picture = GrayImage::from_pixel(1_280, 960, image::Luma([200]));
                image::imageops::replace(&mut picture, &barcode, left, top);
                let found = find(&picture, &[symbology]).unwrap();
                assert_eq!(found.len(), 1, "{symbology} at {left}, {top}");
            }
        }
    }

    #[test]
    fn a_picture_that_no_camera_gives_is_not_searched() {
        for (width, height) in [(4_097, 100), (9, 100), (0, 0), (3_000, 3_000)] {
            let picture = GrayImage::new(width, height);
            let refused = find(&picture, &Symbology::ALL);
            assert_eq!(refused, Err(SymbolError::Size { width, height }));
        }
        let nothing = GrayImage::from_pixel(400, 300, image::Luma([255]));
        assert_eq!(find(&nothing, &Symbology::ALL), Ok(vec![]));
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for symbology in Symbology::ALL {
            for length in [0, drawn_max(symbology) + 1, 5_000, BYTES_MAX + 1] {
                let refused = draw(symbology, &vec![0xAA; length], 3);
                let bytes = length;
                assert_eq!(refused, Err(SymbolError::Draw { bytes, symbology }));
            }
        }
    }

    #[test]
    fn the_largest_barcodes_are_drawn_whatever_is_in_them() {
        for symbology in Symbology::ALL {
            let length = drawn_max(symbology);
            let mixed: Vec<u8> = (0..length)
                .map(|at| [b'A', 0xFF, b'a', b'1', 0x80][at % 5])
                .collect();
            for bytes in [vec![0xFF; length], vec![b'a'; length], mixed] {
                let modules = Modules::of(symbology, &bytes).unwrap();
                assert!(modules.width > 0 && !modules.is_dark(modules.width, 0));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn binary_seals_come_through(bytes in proptest::collection::vec(any::<u8>(), 20..200)) {
            for symbology in Symbology::ALL {
                round_trip(symbology, &bytes);
            }
        }

        #[test]
        fn noise_is_no_barcode_and_breaks_nothing(
            pixels in proptest::collection::vec(any::<u8>(), 40 * 60),
        ) {
            let picture = GrayImage::from_raw(60, 40, pixels).unwrap();
            prop_assert_eq!(find(&picture, &Symbology::ALL), Ok(vec![]));
        }
    }
}
