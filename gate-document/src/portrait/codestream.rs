//! The headers of a JPEG 2000 codestream, before the decoder sees them (ISO/IEC 15444-1, Annex A).
//!
//! Everything that a decoder allocates or loops for is announced there: pixels, tiles, components,
//! resolutions, precincts, code blocks and layers. A few hundred bytes can announce any number of each.
//! What tile-parts may announce anew, portraits never do: it is refused.
//!
//! A decoder finds the next marker where the one before ends for it, whatever that one's length says, and
//! some markers have no length. So only markers with a length are taken, and only with the length that
//! their content has: what is checked here is what the decoder finds.

use super::{PortraitError, check_size};

/// First bytes of a codestream: its start, then image and tile size.
pub(super) const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];

/// Most tiles. Portraits have one; a tile costs memory even when it is empty.
const TILES_MAX: u64 = 256;
/// Most components: three colours and alpha.
const COMPONENTS_MAX: u64 = 4;
/// Most bits of a sample (Doc 9303-10, 4.7.2: 8 bits of grey, 24 of colour).
const BITS_MAX: u8 = 8;
/// Most reductions by half: a side of 2 000 pixels has eleven.
const LEVELS_MAX: u8 = 16;
/// Most packets: precincts times layers. A portrait has less than a hundred.
const PACKETS_MAX: u64 = 1 << 17;
/// Most code blocks times layers. The largest picture in blocks of 32 × 32 has 20 000 of them.
const BLOCKS_MAX: u64 = 1 << 19;
/// Most work on samples: their count times [`WORK_A_SAMPLE`] and one for each bit-plane. A decoder walks through
/// the samples of a code block three times a bit-plane, whether a byte of them is there or not. A portrait of
/// 600 × 800 in colour with twelve bit-planes has a fourth of this; this much takes a second.
const WORK_MAX: u64 = 96_000_000;
/// What a sample costs without any bit-plane, in bit-planes.
const WORK_A_SAMPLE: u64 = 4;
/// Most changes of the progression. Each may go through all packets.
const PROGRESSIONS_MAX: u64 = 32;
/// Bytes of a change (A.6.6).
const PROGRESSION: usize = 7;

const COD: u16 = 0xFF52;
const COC: u16 = 0xFF53;
const TLM: u16 = 0xFF55;
const PLT: u16 = 0xFF58;
const QCD: u16 = 0xFF5C;
const QCC: u16 = 0xFF5D;
const RGN: u16 = 0xFF5E;
const POC: u16 = 0xFF5F;
const PPM: u16 = 0xFF60;
const PPT: u16 = 0xFF61;
const CRG: u16 = 0xFF63;
const COM: u16 = 0xFF64;
const SOT: u16 = 0xFF90;
const SOD: u16 = 0xFF93;
const EOC: u16 = 0xFFD9;

const NO_END: &str = "the end of the codestream is missing";

const fn wrong(problem: &'static str) -> PortraitError {
    PortraitError::Header { problem }
}

const fn cut_short(problem: &'static str) -> PortraitError {
    PortraitError::CutShort { problem }
}

/// How a whole codestream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With its marker (A.4.4).
    Marked,
    /// With its last tile-part: the marker is missing, or padding stands in its place.
    Unmarked,
}

/// Checks the main header and the header of each tile-part of the only codestream in `bytes`.
///
/// Packed packet headers and comments cost no more than their bytes: of them only the length is checked.
///
/// # Errors
///
/// [`PortraitError::Size`], [`PortraitError::Header`] and [`PortraitError::CutShort`].
pub(super) fn check(bytes: &[u8]) -> Result<End, PortraitError> {
    let mut streams = bytes.windows(START.len()).enumerate();
    let mut streams = streams.by_ref().filter(|(_, window)| *window == START);
    let (start, _) = streams.next().ok_or_else(|| wrong("no codestream"))?;
    // With one codestream in the file, the one checked is the one decoded.
    if streams.next().is_some() {
        return Err(wrong("more than one codestream"));
    }
    let stream = Stream(&bytes[start..]);
    let first = stream
        .segment(2)
        .ok_or_else(|| wrong("no room for the size"))?;
    let size = Size::read(first.body)?;
    let tiles = check_main(&stream, first.end, &size)?;
    check_tiles(&stream, tiles, &size)
}

/// Bytes from the start of a codestream.
struct Stream<'a>(&'a [u8]);

/// A marker with parameters.
struct Segment<'a> {
    marker: u16,
    body: &'a [u8],
    /// Where the next marker is.
    end: usize,
}

impl<'a> Stream<'a> {
    fn word(&self, at: usize) -> Option<u16> {
        let bytes = self.0.get(at..at.checked_add(2)?)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn segment(&self, at: usize) -> Option<Segment<'a>> {
        let marker = self.word(at)?;
        let end = at + 2 + usize::from(self.word(at + 2)?);
        let body = self.0.get(at + 4..end)?;
        Some(Segment { marker, body, end })
    }
}

/// Image and tile size (A.5.1).
struct Size {
    width: u64,
    height: u64,
    tiles_across: u64,
    tiles_down: u64,
    components: u64,
}

impl Size {
    fn read(body: &[u8]) -> Result<Self, PortraitError> {
        let (numbers, rest) = body
            .get(2..)
            .and_then(|body| body.split_at_checked(32))
            .ok_or_else(|| wrong("no room for the size"))?;
        let mut numbers = numbers.chunks_exact(4).map(|number| {
            let number = number.iter().map(|byte| u64::from(*byte));
            number.fold(0, |number, byte| number << 8 | byte)
        });
        let [x_end, y_end, x, y, tile_x, tile_y, tiles_x, tiles_y] =
            core::array::from_fn(|_| numbers.next().unwrap_or_default());
        let side = |side: u64| u32::try_from(side).unwrap_or(u32::MAX);
        let (width, height) = (x_end.saturating_sub(x), y_end.saturating_sub(y));
        check_size(side(width), side(height))?;
        if tile_x == 0 || tile_y == 0 || tiles_x > x || tiles_y > y {
            return Err(wrong("tiles that do not cover the image"));
        }
        let tiles_across = (x_end - tiles_x).div_ceil(tile_x);
        let tiles_down = (y_end - tiles_y).div_ceil(tile_y);
        if tiles_across.saturating_mul(tiles_down) > TILES_MAX {
            return Err(wrong("too many tiles"));
        }
        let (count, samples) = rest
            .split_first_chunk()
            .ok_or_else(|| wrong("no room for the size"))?;
        let count = u16::from_be_bytes(*count);
        let components = u64::from(count);
        if !(1..=COMPONENTS_MAX).contains(&components) {
            return Err(wrong("not 1 to 4 components"));
        }
        check_length(samples.len() == 3 * usize::from(count))?;
        // Precision is stored less one; the highest bit says that samples have a sign.
        let precise = |sample: &[u8]| sample[0] & 0x7F < BITS_MAX;
        if !samples.chunks(3).all(precise) {
            return Err(wrong("more than 8 bits a sample"));
        }
        Ok(Self {
            width,
            height,
            tiles_across,
            tiles_down,
            components,
        })
    }
}

/// What one component costs a decoder.
#[derive(Clone, Copy, Default)]
struct Cost {
    precincts: u64,
    blocks: u64,
}

impl Cost {
    /// The cost of coding style parameters (A.6.1, SPcod) for an image of `size`: an upper bound, for
    /// wherever the borders of tiles and precincts lie.
    fn of(parameters: &[u8], own_precincts: bool, size: &Size) -> Result<Self, PortraitError> {
        let [levels, across, down, _, _, precincts @ ..] = parameters else {
            return Err(wrong("no room for the coding style"));
        };
        if *levels > LEVELS_MAX {
            return Err(wrong("too many resolutions"));
        }
        let most = if own_precincts {
            usize::from(*levels) + 1
        } else {
            0
        };
        check_length(precincts.len() <= most)?;
        let mut cost = Self::default();
        for resolution in 0..=*levels {
            let precinct = match precincts.get(usize::from(resolution)) {
                Some(precinct) if own_precincts => *precinct,
                None if own_precincts => return Err(wrong("no room for the precincts")),
                _ => 0xFF,
            };
            let shrunk = *levels - resolution;
            // Three bands of half the side, but for the smallest resolution.
            let (bands, half) = if resolution == 0 { (1, 0) } else { (3, 1) };
            let count = |side: u64, tiles: u64, block: u8, precinct: u8| {
                let side = side.div_ceil(1 << shrunk);
                let block = (block & 0x0F)
                    .saturating_add(2)
                    .min(precinct.saturating_sub(half));
                let precincts = (side >> precinct).saturating_add(2 * tiles);
                let blocks = (side >> half >> block).saturating_add(2 * tiles);
                (precincts, blocks)
            };
            let x = count(size.width, size.tiles_across, *across, precinct & 0x0F);
            let y = count(size.height, size.tiles_down, *down, precinct >> 4);
            cost.precincts = cost.precincts.saturating_add(x.0.saturating_mul(y.0));
            let blocks = x.1.saturating_mul(y.1).saturating_mul(bands);
            cost.blocks = cost.blocks.saturating_add(blocks);
        }
        Ok(cost)
    }
}

/// A segment is as long as its content.
fn check_length(is_right: bool) -> Result<(), PortraitError> {
    match is_right {
        true => Ok(()),
        false => Err(wrong("a segment that is longer than its content")),
    }
}

/// Quantization parameters (A.6.4): nothing, one value for all bands, or one for each. The most bit-planes that a
/// band has then (E.1): exponent and guard bits, less one.
fn bit_planes(parameters: &[u8]) -> Result<u64, PortraitError> {
    let [style, values @ ..] = parameters else {
        return Err(wrong("no room for the quantization"));
    };
    let each = match style & 0x1F {
        0 => 1,
        1 if values.len() == 2 => 2,
        1 => return Err(wrong("a segment that is longer than its content")),
        _ => 2,
    };
    check_length(values.len() % each == 0)?;
    let exponents = values.iter().step_by(each).map(|value| value >> 3);
    let most = exponents.max().unwrap_or_default() + (style >> 5);
    Ok(u64::from(most.saturating_sub(1)))
}

/// The segments up to the first tile-part; where that begins.
fn check_main(stream: &Stream<'_>, mut at: usize, size: &Size) -> Result<usize, PortraitError> {
    let mut worst = Cost::default();
    let mut layers = None;
    let mut progressions = None;
    let (mut planes, mut shift) = (0, 0);
    while stream.word(at) != Some(SOT) {
        let segment = stream.segment(at).ok_or_else(|| wrong("no tile-part"))?;
        let mut cost = Cost::default();
        match (segment.marker, segment.body) {
            (COD, [style, _, high, low, _, parameters @ ..]) => {
                layers = Some(u16::from_be_bytes([*high, *low]));
                cost = Cost::of(parameters, style & 1 == 1, size)?;
            }
            (COC, [_, style, parameters @ ..]) => {
                cost = Cost::of(parameters, style & 1 == 1, size)?;
            }
            (COD | COC, _) => return Err(wrong("no room for the coding style")),
            (POC, changes) => {
                check_length(changes.len() % PROGRESSION == 0)?;
                let changes = (changes.len() / PROGRESSION) as u64;
                // One segment has them all (A.6.6).
                if changes > PROGRESSIONS_MAX || progressions.replace(changes).is_some() {
                    return Err(wrong("too many changes of the progression"));
                }
            }
            (QCD, parameters) | (QCC, [_, parameters @ ..]) => {
                planes = planes.max(bit_planes(parameters)?);
            }
            // A region of interest lies above the other bit-planes (H.1).
            (RGN, body) => {
                check_length(body.len() == 3)?;
                shift = body
                    .iter()
                    .map(|byte| u64::from(*byte))
                    .fold(shift, u64::max);
            }
            (TLM | PPM | CRG | COM, _) => {}
            _ => return Err(wrong("a marker that has no place in its header")),
        }
        worst.precincts = worst.precincts.max(cost.precincts);
        worst.blocks = worst.blocks.max(cost.blocks);
        at = segment.end;
    }
    let layers = layers.ok_or_else(|| wrong("no coding style"))?;
    let times = size.components.saturating_mul(u64::from(layers));
    let rounds = progressions.unwrap_or_default().max(1);
    let packets = worst.precincts.saturating_mul(times);
    if packets.saturating_mul(rounds) > PACKETS_MAX {
        return Err(wrong("too many precincts and layers"));
    }
    if worst.blocks.saturating_mul(times) > BLOCKS_MAX {
        return Err(wrong("too many code blocks and layers"));
    }
    let samples = size.width * size.height * size.components;
    if samples.saturating_mul(WORK_A_SAMPLE + planes + shift) > WORK_MAX {
        return Err(wrong("too many samples and bit-planes"));
    }
    Ok(at)
}

/// The tile-parts that were met.
struct TileParts {
    /// Of each tile, how many were met, and of how many (A.4.2, `TNsot`; 0 while none has said so).
    of_tiles: Vec<(u8, u8)>,
}

impl TileParts {
    fn none_of(size: &Size) -> Self {
        let tiles = size.tiles_across * size.tiles_down;
        Self {
            of_tiles: vec![(0, 0); usize::try_from(tiles).unwrap_or_default()],
        }
    }

    fn met(&mut self, tile: u16, of: u8) {
        if let Some((met, all)) = self.of_tiles.get_mut(usize::from(tile)) {
            *met = met.saturating_add(1);
            *all = of.max(*all);
        }
    }

    fn are_all_there(&self) -> bool {
        let mut tiles = self.of_tiles.iter();
        tiles.all(|(met, all)| *all > 0 && met == all)
    }
}

/// Tile-parts announce no coding of their own, and all of them are there: the end of the codestream
/// follows the last one (A.4.4). Some issuers leave the end out. Then each tile has as many parts as it
/// announces, and nothing follows but padding.
fn check_tiles(stream: &Stream<'_>, mut at: usize, size: &Size) -> Result<End, PortraitError> {
    let mut parts = TileParts::none_of(size);
    loop {
        match stream.word(at) {
            Some(SOT) => {}
            Some(EOC) => return Ok(End::Marked),
            _ => {
                let behind = stream.0.get(at..).unwrap_or_default();
                let is_padding = behind.iter().all(|byte| *byte == 0);
                return match (is_padding, parts.are_all_there()) {
                    (true, true) => Ok(End::Unmarked),
                    (true, false) => Err(cut_short(NO_END)),
                    (false, _) => Err(wrong("no tile-part where one is announced")),
                };
            }
        }
        let part = stream.segment(at).ok_or_else(|| wrong("no tile-part"))?;
        let [high, low, a, b, c, d, _, of] = *part.body else {
            return Err(wrong("no tile-part"));
        };
        parts.met(u16::from_be_bytes([high, low]), of);
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let mut header = part.end;
        while stream.word(header) != Some(SOD) {
            let segment = stream
                .segment(header)
                .ok_or_else(|| wrong("no data in a tile-part"))?;
            match segment.marker {
                COD | COC | POC | QCD | QCC | RGN => {
                    return Err(wrong("a coding style in a tile-part"));
                }
                PLT | PPT | COM => {}
                _ => return Err(wrong("a marker that has no place in its header")),
            }
            header = segment.end;
        }
        // The last one may leave its length open: it goes up to the end, whose marker nothing in it
        // can be (A.1).
        if length == 0 {
            let end = EOC.to_be_bytes();
            let data = stream.0.get(header + 2..).unwrap_or_default();
            return match data.windows(end.len()).any(|marker| marker == end) {
                true => Ok(End::Marked),
                false => Err(cut_short(NO_END)),
            };
        }
        if length < header + 2 - at {
            return Err(wrong("a tile-part that is shorter than its header"));
        }
        at = at.saturating_add(length);
        if at > stream.0.len() {
            return Err(cut_short("a tile-part goes on beyond the data"));
        }
    }
}
