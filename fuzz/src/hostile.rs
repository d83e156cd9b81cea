//! Pictures that cost a decoder as much as their few bytes can: made for that, not damaged by chance.
//!
//! A JPEG 2000 code block that says it has ninety coding passes costs ninety walks through its samples, whether
//! a byte of them is there or not; so does a scan of a progressive JPEG, where each bit may come alone. Headers can announce layers, precincts,
//! tiles and levels without end. [`pictures`] has one of each.

use image::codecs::jpeg::JpegEncoder;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A picture that was made to be dear.
pub struct Hostile {
    /// What is hostile in it.
    pub name: &'static str,
    /// It is more than a portrait may be; else it decodes.
    pub is_refused: bool,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Every hostile picture, JPEG 2000 and JPEG.
pub fn pictures() -> Vec<Hostile> {
    let plain = Codestream::default();
    let million = sized(1_000, 1_000, 8);
    let decoded = |name, bytes| Hostile {
        name,
        is_refused: false,
        bytes,
    };
    let refused = |name, bytes| Hostile {
        name,
        is_refused: true,
        bytes,
    };
    vec![
        decoded("portrait of the usual size", plain.write()),
        decoded("usual size, 30 planes", sized(413, 531, 29).write()),
        decoded(
            "30 planes by a region of interest",
            sized(413, 531, 8).with(|it| it.region = 21),
        ),
        decoded("a million pixels, 9 planes", million.write()),
        refused(
            "a million pixels, 30 planes",
            sized(1_000, 1_000, 29).write(),
        ),
        decoded(
            "as many pixels as 30 planes allow",
            sized(960, 960, 29).write(),
        ),
        decoded(
            "as many pixels as 11 planes allow",
            sized(1_400, 1_500, 10).write(),
        ),
        refused(
            "four million pixels, 9 planes",
            sized(2_000, 2_000, 8).write(),
        ),
        refused("four million pixels, no data", empty(2_000, 2_000).write()),
        decoded(
            "half a megabyte of noise",
            million.with(|it| it.bytes_a_block = 600),
        ),
        decoded("reset, causal, symbols", million.with(|it| it.style = 0x2A)),
        decoded(
            "each pass by itself",
            million.with(|it| (it.style, it.bytes_a_block) = (0x04, 0)),
        ),
        decoded("code blocks of 4 x 4", million.with(|it| it.block = (2, 2))),
        decoded(
            "code blocks of 1,024 x 4",
            million.with(|it| it.block = (10, 2)),
        ),
        refused("65,535 layers", plain.with(|it| it.layers = 65_535)),
        decoded("30 layers", plain.with(|it| it.layers = 30)),
        decoded("16 levels", plain.with(|it| it.levels = 16)),
        refused("32 levels", plain.with(|it| it.levels = 32)),
        refused(
            "precincts of a pixel",
            plain.with(|it| it.precinct = Some(0)),
        ),
        decoded("precincts of 8 x 8", plain.with(|it| it.precinct = Some(3))),
        decoded(
            "256 tiles",
            empty(1_024, 1_024).with(|it| it.tile = Some((64, 64))),
        ),
        refused(
            "40,000 tiles",
            empty(2_000, 2_000).with(|it| it.tile = Some((10, 10))),
        ),
        refused("255 components", plain.with(|it| it.components = 255)),
        refused("16,384 components", plain.with(|it| it.components = 16_384)),
        refused(
            "one row of four thousand million",
            empty(0xFFFF_FFFF, 1).write(),
        ),
        refused(
            "four thousand million pixels each way",
            empty(0xFFFF_FFFF, 0xFFFF_FFFF).write(),
        ),
        refused("one row of four million", empty(4_000_000, 1).write()),
        decoded(
            "JPEG of four million pixels, 11 scans over nothing",
            Progressive::default().with(|it| it.bits = 9),
        ),
        decoded("JPEG, half a megabyte of noise", noise(900)),
        refused(
            "JPEG of 65,535 pixels each way",
            Progressive::default().with(|it| it.side = 65_535),
        ),
        refused(
            "JPEG, each bit of each coefficient in a scan of its own",
            Progressive::default().with(|it| (it.bits, it.is_apart) = (13, true)),
        ),
        refused(
            "JPEG, 5,000 scans of the same bit",
            Progressive::default().with(|it| it.repeated = 5_000),
        ),
        refused(
            "JPEG, 90 scans over a megabyte of noise",
            Progressive::default().with(|it| (it.repeated, it.has_noise) = (90, true)),
        ),
    ]
}

fn empty(width: u32, height: u32) -> Codestream {
    Codestream {
        width,
        height,
        passes: 0,
        ..Codestream::default()
    }
}

/// A picture whose code blocks have every pass that so many magnitude bits allow.
fn sized(width: u32, height: u32, exponent: u8) -> Codestream {
    Codestream {
        width,
        height,
        exponent,
        passes: 1 + 3 * (u32::from(exponent) + 1),
        ..Codestream::default()
    }
}

/// What a codestream announces (ISO/IEC 15444-1, Annex A), and how full it is.
#[derive(Clone, Copy)]
struct Codestream {
    width: u32,
    height: u32,
    components: u16,
    /// The whole image, unless it is said otherwise: then the tiles have no data.
    tile: Option<(u32, u32)>,
    levels: u8,
    /// Exponents of a code block's sides, 2 to 10.
    block: (u8, u8),
    /// Of code blocks: bypass, reset, termination, causal, predictable, symbols.
    style: u8,
    layers: u16,
    /// Exponent of the precincts' sides.
    precinct: Option<u8>,
    /// Of the quantization of every band; there are two guard bits.
    exponent: u8,
    /// Shift of a region of interest.
    region: u8,
    /// Coding passes of each code block, in the first layer; none at all for 0.
    passes: u32,
    bytes_a_block: u32,
}

impl Default for Codestream {
    fn default() -> Self {
        Self {
            width: 413,
            height: 531,
            components: 3,
            tile: None,
            levels: 5,
            block: (6, 6),
            style: 0,
            layers: 1,
            precinct: None,
            exponent: 8,
            region: 0,
            passes: 10,
            bytes_a_block: 1,
        }
    }
}

impl Codestream {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Vec<u8> {
        change(&mut self);
        self.write()
    }

    fn write(&self) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0x4F];
        self.write_headers(&mut bytes);
        let tiles = match self.tile {
            Some((width, height)) => self.width.div_ceil(width) * self.height.div_ceil(height),
            None => 1,
        };
        for tile in 0..tiles.min(65_535) {
            let body = match self.tile {
                Some(_) => Vec::new(),
                None => self.packets(),
            };
            let length = 12 + 2 + body.len() as u32;
            segment(
                &mut bytes,
                0x90,
                &[
                    &(tile as u16).to_be_bytes()[..],
                    &length.to_be_bytes(),
                    &[0, 1],
                ]
                .concat(),
            );
            bytes.extend([0xFF, 0x93]);
            bytes.extend(body);
        }
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    fn write_headers(&self, bytes: &mut Vec<u8>) {
        let (tile_width, tile_height) = self.tile.unwrap_or((self.width, self.height));
        let mut size = vec![0, 0];
        for number in [self.width, self.height, 0, 0, tile_width, tile_height, 0, 0] {
            size.extend(number.to_be_bytes());
        }
        size.extend(self.components.to_be_bytes());
        size.extend([7, 1, 1].repeat(usize::from(self.components)));
        segment(bytes, 0x51, &size);
        let [high, low] = self.layers.to_be_bytes();
        let mut style = vec![u8::from(self.precinct.is_some()), 0, high, low, 0];
        style.extend([
            self.levels,
            self.block.0 - 2,
            self.block.1 - 2,
            self.style,
            1,
        ]);
        if let Some(side) = self.precinct {
            style.extend(vec![side << 4 | side; usize::from(self.levels) + 1]);
        }
        segment(bytes, 0x52, &style);
        let bands = 3 * usize::from(self.levels) + 1;
        let exponents = vec![self.exponent << 3; bands];
        segment(bytes, 0x5C, &[&[2 << 5], &exponents[..]].concat());
        for component in (0..self.components.min(4)).filter(|_| self.region > 0) {
            segment(bytes, 0x5E, &[component as u8, 0, self.region]);
        }
    }

    /// Every packet of the only tile, by layer, resolution and component (B.9, B.10, B.12.1.1).
    fn packets(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let is_full = self.passes > 0 && self.precinct.is_none() && self.components <= 4;
        for layer in 0..self.layers.min(4_096) {
            for resolution in 0..=self.levels {
                for _ in 0..self.components.min(4) {
                    match layer {
                        0 if is_full => self.packet(resolution, &mut bytes, &mut rng),
                        _ => bytes.push(0),
                    }
                }
            }
        }
        bytes
    }

    /// A packet with every code block of the resolution.
    fn packet(&self, resolution: u8, bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
        let mut header = Bits::default();
        header.push(1, 1);
        let mut blocks = 0;
        for (width, height) in self.bands(resolution) {
            let across = width.div_ceil(1 << self.block.0);
            let down = height.div_ceil(1 << self.block.1);
            let (mut included, mut planes) = (Tree::new(across, down), Tree::new(across, down));
            for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x, y))) {
                included.push(x, y, &mut header);
                planes.push(x, y, &mut header);
                self.push_block(&mut header);
                blocks += 1;
            }
        }
        bytes.extend(header.end());
        bytes.extend((0..blocks * self.bytes_a_block).map(|_| rng.random_range(0..0xFF_u8)));
    }

    /// How many passes, and the length of each codeword segment (B.10.6, B.10.7).
    fn push_block(&self, header: &mut Bits) {
        match self.passes {
            1 => header.push(0, 1),
            2 => header.push(0b10, 2),
            passes @ 3..=5 => header.push(0b1100 | (passes - 3), 4),
            passes @ 6..=36 => header.push(0b1111 << 5 | (passes - 6), 9),
            passes => header.push(0x1FF << 7 | (passes - 37), 16),
        }
        // Ten bits for a length of one pass.
        header.push(0b1111_1110, 8);
        let one_each = self.style & 0x04 != 0;
        let (segments, passes) = if one_each {
            (self.passes, 1)
        } else {
            (1, self.passes)
        };
        for _ in 0..segments {
            header.push(self.bytes_a_block, 10 + passes.ilog2());
        }
    }

    /// Sizes of the bands of a resolution that have samples (B.5).
    fn bands(&self, resolution: u8) -> Vec<(u32, u32)> {
        let side = |side: u32, level: u8, high: bool| {
            let offset = if high { 1 << (level - 1) } else { 0 };
            u64::from(side).saturating_sub(offset).div_ceil(1 << level) as u32
        };
        let level = match resolution {
            0 => self.levels,
            _ => self.levels - resolution + 1,
        };
        let kinds: &[(bool, bool)] = match resolution {
            0 => &[(false, false)],
            _ => &[(true, false), (false, true), (true, true)],
        };
        kinds
            .iter()
            .map(|(x, y)| (side(self.width, level, *x), side(self.height, level, *y)))
            .filter(|(width, height)| *width > 0 && *height > 0)
            .collect()
    }
}

fn segment(bytes: &mut Vec<u8>, marker: u8, content: &[u8]) {
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
    bytes.extend([0xFF, marker]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(content);
}

/// A tag tree in which every value is 0: one bit for each node, once (B.10.2).
struct Tree {
    levels: Vec<(u32, Vec<bool>)>,
}

impl Tree {
    fn new(mut across: u32, mut down: u32) -> Self {
        let mut levels = Vec::new();
        loop {
            levels.push((across, vec![false; (across * down) as usize]));
            if across * down <= 1 {
                return Self { levels };
            }
            (across, down) = (across.div_ceil(2), down.div_ceil(2));
        }
    }

    fn push(&mut self, x: u32, y: u32, bits: &mut Bits) {
        for (level, (across, known)) in self.levels.iter_mut().enumerate().rev() {
            let at = ((y >> level) * *across + (x >> level)) as usize;
            if !std::mem::replace(&mut known[at], true) {
                bits.push(1, 1);
            }
        }
    }
}

/// Bits with a zero behind each byte of ones (B.10.1).
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    byte: u8,
    used: u8,
}

impl Bits {
    fn push(&mut self, bits: u32, count: u32) {
        for at in (0..count).rev() {
            self.byte = self.byte << 1 | (bits >> at & 1) as u8;
            self.used += 1;
            if self.used == 8 {
                self.used = u8::from(self.byte == 0xFF);
                self.bytes.push(std::mem::take(&mut self.byte));
            }
        }
    }

    fn end(mut self) -> Vec<u8> {
        while self.used > 0 {
            self.push(0, 1);
        }
        self.bytes
    }
}

/// A grey picture of noise, which no coder makes short.
fn noise(side: u32) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let pixels = image::GrayImage::from_fn(side, side, |_, _| image::Luma([rng.random()]));
    let mut bytes = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut bytes, 75).encode_image(&pixels);
    assert!(written.is_ok(), "a picture in memory");
    bytes
}

/// A progressive JPEG (ISO/IEC 10918-1, Annex G): one scan for the first coefficients, then for the others one that
/// leaves some bits open, and one for each of those.
#[derive(Clone, Copy)]
struct Progressive {
    side: u16,
    /// Bits that are left open at first.
    bits: u8,
    /// Each coefficient has scans of its own.
    is_apart: bool,
    /// So many more scans for the last bit, which came already.
    repeated: usize,
    /// The others' first scan is full of coefficients; else no scan has any.
    has_noise: bool,
}

impl Default for Progressive {
    fn default() -> Self {
        Self {
            side: 2_000,
            bits: 1,
            is_apart: false,
            repeated: 0,
            has_noise: false,
        }
    }
}

impl Progressive {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Vec<u8> {
        change(&mut self);
        self.write()
    }

    fn write(self) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8];
        segment(&mut bytes, 0xDB, &[&[0], &[1_u8; 64][..]].concat());
        let [high, low] = self.side.to_be_bytes();
        segment(&mut bytes, 0xC2, &[8, high, low, high, low, 1, 1, 0x11, 0]);
        // One code for the first coefficients: no difference. Two for the others: 0 for a coefficient of one bit behind
        // no zeros, 10 for a run of 16,384 to 32,767 blocks without any more.
        let lengths = |counts: &[u8]| -> Vec<u8> { [counts, &[0; 16][counts.len()..]].concat() };
        for (place, counts, symbols) in [(0x00, &[1][..], &[0][..]), (0x10, &[1, 1], &[0x01, 0xE0])]
        {
            segment(
                &mut bytes,
                0xC4,
                &[&[place], &lengths(counts)[..], symbols].concat(),
            );
        }
        scan(&mut bytes, [0, 0, 0]);
        bytes.extend(vec![0; (self.blocks() / 8).min(16_000) as usize + 1]);
        let bands: Vec<(u8, u8)> = match self.is_apart {
            true => (1..64).map(|at| (at, at)).collect(),
            false => vec![(1, 63)],
        };
        for (first, last) in bands {
            scan(&mut bytes, [first, last, self.bits]);
            match self.has_noise {
                // 63 coefficients a block, each 0 for its code and a bit for its sign.
                true => bytes.extend(vec![0x11; (self.blocks() * 126 / 8) as usize]),
                false => self.write_nothing(&mut bytes),
            }
            for bit in (0..self.bits).rev() {
                scan(&mut bytes, [first, last, (bit + 1) << 4 | bit]);
                self.write_nothing(&mut bytes);
            }
        }
        for _ in 0..self.repeated {
            scan(&mut bytes, [1, 63, 0x10]);
            self.write_nothing(&mut bytes);
        }
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    fn blocks(self) -> u32 {
        u32::from(self.side).div_ceil(8).pow(2)
    }

    /// Runs of blocks without any coefficient, as long as they can be: 10, then fourteen bits.
    fn write_nothing(self, bytes: &mut Vec<u8>) {
        let mut left = self.blocks().min(64 * 32_767);
        while left > 0 {
            let run = left.clamp(16_384, 32_767);
            left = left.saturating_sub(run);
            for byte in (0x8000 + run as u16 - 16_384).to_be_bytes() {
                bytes.push(byte);
                if byte == 0xFF {
                    bytes.push(0);
                }
            }
        }
    }
}

/// The header of a scan of the only component.
fn scan(bytes: &mut Vec<u8>, spectrum: [u8; 3]) {
    segment(bytes, 0xDA, &[&[1, 1, 0][..], &spectrum].concat());
}
