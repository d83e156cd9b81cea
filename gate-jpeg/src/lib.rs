//! Whether the compressed data of a JPEG adds up.
//!
//! Decoders show what they can of damaged data: from the damage on, blocks of another place in other
//! colours, and a face among them would be compared. This walks through the codes of sequential and
//! progressive JPEGs (ITU-T T.81, F.2.2 and G.2) without decoding a pixel: each code must be one of the
//! tables', no block may have more than 64 coefficients, the last block must end where the data ends, and no
//! coefficient may be larger than eight bits a sample can make it; the scans of a progressive one must bring
//! every bit of every coefficient. Codes have no fixed length and brightness is told by differences, so damage
//! spreads and mostly makes one of these wrong. Not always: a few changed bits can stay unseen
//! (figures: docs/decisions/0046-damaged-jpegs.md).
#![forbid(unsafe_code)]

mod progressive;

use progressive::{Part, Progress};

/// The compressed data is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// Coefficients of a block.
const BLOCK: usize = 64;

/// Largest coefficient of 8 x 8 samples of 8 bits before it is divided (T.81, A.3.3).
const COEFFICIENT_MAX: i32 = 1_024;

/// Most bits of a coefficient's difference (DC) and of a coefficient (AC) at 8 bits a sample (T.81, tables
/// F.1 and F.2).
const BITS_MAX: [u8; 2] = [11, 10];

/// Checks a JPEG file. `Ok` also for a lossless or arithmetic one, and for a sequential one whose code tables are
/// left out, as in the frames of some cameras (motion JPEG): decoders know the usual ones, and judge the rest.
///
/// # Errors
///
/// [`Damaged`].
pub fn check(bytes: &[u8]) -> Result<(), Damaged> {
    let mut walk = Walk {
        rest: bytes.get(2..).ok_or(Damaged)?,
        tables: Default::default(),
        divisors: [[0; BLOCK]; 4],
        frame: None,
        restart: 0,
    };
    while walk.segment()? {}
    Ok(())
}

/// What was read so far.
struct Walk<'a> {
    rest: &'a [u8],
    /// DC and AC tables by number.
    tables: [[Option<Table>; 4]; 2],
    /// Divisors in the order of coefficients, by number; 0 where nobody said.
    divisors: [[i32; BLOCK]; 4],
    frame: Option<Frame>,
    /// Units between restart markers; 0 for none.
    restart: usize,
}

/// The start of frame (T.81, B.2.2).
struct Frame {
    width: usize,
    height: usize,
    components: Vec<Component>,
    /// What the scans of each component brought; empty if each has one scan alone.
    progress: Vec<Progress>,
}

/// A component with its sampling factors.
struct Component {
    id: u8,
    across: usize,
    down: usize,
    divisors: u8,
}

/// A component in a scan.
struct Coded<'a> {
    blocks: usize,
    divisors: &'a [i32; BLOCK],
    /// The DC coefficient of the block before.
    before: i32,
    dc: &'a Table,
    ac: &'a Table,
}

impl Walk<'_> {
    /// One marker with what belongs to it; whether more follows.
    fn segment(&mut self) -> Result<bool, Damaged> {
        let marker = self.marker()?;
        match marker {
            0xd9 => return self.end(),
            // Alone: a restart where none is due, or a temporary one.
            0x01 | 0xd0..=0xd8 => return Ok(true),
            _ => {}
        }
        let length = self.rest.get(..2).ok_or(Damaged)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let content = self.rest.get(2..length).ok_or(Damaged)?;
        self.rest = &self.rest[length..];
        match marker {
            0xc0..=0xc2 => {
                let mut frame = Frame::read(content)?;
                if marker == 0xc2 {
                    frame.progress = frame.components.iter().map(|_| Progress::new()).collect();
                }
                self.frame = Some(frame);
            }
            // Lossless, arithmetic.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Ok(false),
            0xc4 => self.tables(content)?,
            0xdb => self.divisors(content)?,
            0xdd => {
                let interval: [u8; 2] = content.try_into().map_err(|_| Damaged)?;
                self.restart = u16::from_be_bytes(interval).into();
            }
            0xda => return self.scan(content),
            _ => {}
        }
        Ok(true)
    }

    /// The end of the picture: nothing follows.
    fn end(&self) -> Result<bool, Damaged> {
        let progress = self.frame.iter().flat_map(|frame| &frame.progress);
        match progress.into_iter().all(Progress::is_complete) {
            true => Ok(false),
            false => Err(Damaged),
        }
    }

    /// The next marker; any number of 0xff may stand before it.
    fn marker(&mut self) -> Result<u8, Damaged> {
        let [0xff, rest @ ..] = self.rest else {
            return Err(Damaged);
        };
        let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
        let (marker, rest) = rest[fill..].split_first().ok_or(Damaged)?;
        self.rest = rest;
        Ok(*marker)
    }

    fn tables(&mut self, mut content: &[u8]) -> Result<(), Damaged> {
        while let Some((place, rest)) = content.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or(Damaged)?;
            let codes = counts.iter().map(|count| usize::from(*count)).sum();
            let symbols = rest.get(..codes).ok_or(Damaged)?;
            let (class, number) = (usize::from(place >> 4), usize::from(place & 15));
            let class = self.tables.get_mut(class).ok_or(Damaged)?;
            *class.get_mut(number).ok_or(Damaged)? = Some(Table::new(counts, symbols));
            content = &rest[codes..];
        }
        Ok(())
    }

    fn divisors(&mut self, mut content: &[u8]) -> Result<(), Damaged> {
        while let Some((place, rest)) = content.split_first() {
            let size = 1 + usize::from(place >> 4 != 0);
            let values = rest.get(..size * BLOCK).ok_or(Damaged)?;
            let number = usize::from(place & 15);
            let divisors = self.divisors.get_mut(number).ok_or(Damaged)?;
            for (divisor, bytes) in divisors.iter_mut().zip(values.chunks_exact(size)) {
                *divisor = bytes
                    .iter()
                    .fold(0, |value, byte| value << 8 | i32::from(*byte));
            }
            content = &rest[size * BLOCK..];
        }
        Ok(())
    }

    /// A scan; whether more can be walked through: not without its code tables.
    fn scan(&mut self, header: &[u8]) -> Result<bool, Damaged> {
        let frame = self.frame.as_ref().ok_or(Damaged)?;
        if !frame.progress.is_empty() {
            return self.progressive_scan(header);
        }
        let (count, rest) = header.split_first().ok_or(Damaged)?;
        let named = rest.get(..2 * usize::from(*count)).ok_or(Damaged)?;
        let interleaved = *count > 1;
        let mut coded = Vec::new();
        let mut units = 0;
        for pair in named.chunks_exact(2) {
            let component = frame.component(pair[0])?;
            let table = |class: usize, number: u8| {
                let table = self.tables[class].get(usize::from(number));
                table.ok_or(Damaged).map(Option::as_ref)
            };
            let (Some(dc), Some(ac)) = (table(0, pair[1] >> 4)?, table(1, pair[1] & 15)?) else {
                return Ok(false);
            };
            coded.push(Coded {
                blocks: match interleaved {
                    true => component.across * component.down,
                    false => 1,
                },
                divisors: {
                    let number = usize::from(component.divisors);
                    self.divisors.get(number).ok_or(Damaged)?
                },
                before: 0,
                dc,
                ac,
            });
            units = frame.units(component, interleaved);
        }
        if coded.is_empty() {
            return Err(Damaged);
        }
        let mut bits = Bits::new(self.rest);
        for unit in 0..units {
            if self.restart > 0 && unit > 0 && unit % self.restart == 0 {
                bits.restart()?;
                coded.iter_mut().for_each(|component| component.before = 0);
            }
            for component in &mut coded {
                for _ in 0..component.blocks {
                    bits.block(component)?;
                }
            }
        }
        self.rest = bits.end()?;
        Ok(true)
    }

    /// A scan of a progressive JPEG (T.81, annex G).
    fn progressive_scan(&mut self, header: &[u8]) -> Result<bool, Damaged> {
        let mut frame = self.frame.take().ok_or(Damaged)?;
        let (count, rest) = header.split_first().ok_or(Damaged)?;
        let (named, rest) = rest
            .split_at_checked(2 * usize::from(*count))
            .ok_or(Damaged)?;
        let part = Part::read(rest)?;
        let interleaved = *count > 1;
        if *count == 0 || interleaved && !part.is_dc() {
            return Err(Damaged);
        }
        let mut coded = Vec::new();
        let mut units = 0;
        for pair in named.chunks_exact(2) {
            let place = frame.components.iter().position(|one| one.id == pair[0]);
            let place = place.ok_or(Damaged)?;
            let component = &frame.components[place];
            let number = match part.is_dc() {
                true => pair[1] >> 4,
                false => pair[1] & 15,
            };
            let table = self.tables[usize::from(!part.is_dc())].get(usize::from(number));
            let table = table.and_then(Option::as_ref);
            if part.has_codes() && table.is_none() {
                return Err(Damaged);
            }
            let blocks = match interleaved {
                true => component.across * component.down,
                false => 1,
            };
            let divisors = self.divisors.get(usize::from(component.divisors));
            units = frame.units(component, interleaved);
            frame.progress[place].begin(part, units)?;
            let component = progressive::Coded {
                divisors: divisors.ok_or(Damaged)?,
                table,
                before: 0,
                empty: 0,
            };
            coded.push((place, blocks, component));
        }
        let mut bits = Bits::new(self.rest);
        for unit in 0..units {
            if self.restart > 0 && unit > 0 && unit % self.restart == 0 {
                bits.restart()?;
                for (_, _, component) in &mut coded {
                    if component.empty > 0 {
                        return Err(Damaged);
                    }
                    component.before = 0;
                }
            }
            for (place, blocks, component) in &mut coded {
                for _ in 0..*blocks {
                    frame.progress[*place].block(&mut bits, part, component, unit)?;
                }
            }
        }
        // Blocks beyond the last one cannot be empty.
        if coded.iter().any(|(_, _, component)| component.empty > 0) {
            return Err(Damaged);
        }
        self.rest = bits.end()?;
        self.frame = Some(frame);
        Ok(true)
    }
}

impl Frame {
    fn read(content: &[u8]) -> Result<Self, Damaged> {
        let [_precision, high, low, wide, narrow, count, rest @ ..] = content else {
            return Err(Damaged);
        };
        let components = rest.chunks_exact(3).map(|component| Component {
            id: component[0],
            across: usize::from(component[1] >> 4).max(1),
            down: usize::from(component[1] & 15).max(1),
            divisors: component[2],
        });
        let frame = Self {
            width: u16::from_be_bytes([*wide, *narrow]).into(),
            height: u16::from_be_bytes([*high, *low]).into(),
            components: components.collect(),
            progress: Vec::new(),
        };
        match frame.components.len() == usize::from(*count) {
            true => Ok(frame),
            false => Err(Damaged),
        }
    }

    fn component(&self, id: u8) -> Result<&Component, Damaged> {
        let mut components = self.components.iter();
        components
            .find(|component| component.id == id)
            .ok_or(Damaged)
    }

    /// How many units a scan has (T.81, A.2): groups of blocks that cover the same pixels if several
    /// components are interleaved, blocks of the one component if not.
    fn units(&self, component: &Component, interleaved: bool) -> usize {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        let (across, down) = (most(|one| one.across), most(|one| one.down));
        let size = match interleaved {
            true => (
                self.width.div_ceil(8 * across),
                self.height.div_ceil(8 * down),
            ),
            false => (
                (self.width * component.across).div_ceil(across).div_ceil(8),
                (self.height * component.down).div_ceil(down).div_ceil(8),
            ),
        };
        size.0 * size.1
    }
}

/// A code table (T.81, annex C): codes of one length follow each other.
struct Table {
    /// For each length the first code beyond it, and what to add to a code for its symbol's place.
    lengths: [(i32, i32); 16],
    symbols: Vec<u8>,
    /// Length and symbol of the code that the next eight bits begin with; length 0 for longer codes.
    short: [(u8, u8); 256],
}

impl Table {
    fn new(counts: &[u8; 16], symbols: &[u8]) -> Self {
        let (mut code, mut place) = (0, 0);
        let lengths = counts.map(|count| {
            let to_place = place - code;
            code += i32::from(count);
            place += i32::from(count);
            let length = (code, to_place);
            code <<= 1;
            length
        });
        let mut table = Self {
            lengths,
            symbols: symbols.to_vec(),
            short: [(0, 0); 256],
        };
        table.short = std::array::from_fn(|bits| {
            (1_u8..=8)
                .find_map(|length| Some((length, table.symbol(bits >> (8 - length), length)?)))
                .unwrap_or((0, 0))
        });
        table
    }

    /// The symbol of `code`, if a code of this length, 1 to 16 bits, is there.
    fn symbol(&self, code: usize, length: u8) -> Option<u8> {
        let code = i32::try_from(code).ok()?;
        let (beyond, to_place) = *self.lengths.get(usize::from(length) - 1)?;
        let place = (code < beyond).then(|| usize::try_from(code + to_place).ok())??;
        self.symbols.get(place).copied()
    }
}

/// The bits of a scan.
struct Bits<'a> {
    rest: &'a [u8],
    held: u64,
    count: u8,
}

impl<'a> Bits<'a> {
    const fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            held: 0,
            count: 0,
        }
    }

    /// Holds at least 32 bits, or all that are there: a marker ends them; after 0xff a 0 is stuffed.
    fn fill(&mut self) {
        while self.count <= 32 {
            let (byte, used) = match *self.rest {
                [0xff, 0, ..] => (0xff, 2),
                [0xff, ..] | [] => return,
                [byte, ..] => (byte, 1),
            };
            self.rest = &self.rest[used..];
            self.held = self.held << 8 | u64::from(byte);
            self.count += 8;
        }
    }

    /// The next `bits`, at most 16.
    fn take(&mut self, bits: u8) -> Result<usize, Damaged> {
        if self.count < bits {
            self.fill();
        }
        self.count = self.count.checked_sub(bits).ok_or(Damaged)?;
        Ok((self.held >> self.count) as usize & ((1 << bits) - 1))
    }

    fn symbol(&mut self, table: &Table) -> Result<u8, Damaged> {
        if self.count < 16 {
            self.fill();
        }
        if let Some(beyond) = self.count.checked_sub(8) {
            let (length, symbol) = table.short[(self.held >> beyond) as usize & 0xff];
            if length > 0 {
                self.count -= length;
                return Ok(symbol);
            }
        }
        let mut code = 0;
        for length in 1..=16 {
            code = code << 1 | self.take(1)?;
            if let Some(symbol) = table.symbol(code, length) {
                return Ok(symbol);
            }
        }
        Err(Damaged)
    }

    fn block(&mut self, component: &mut Coded<'_>) -> Result<(), Damaged> {
        let bits = self.symbol(component.dc)?;
        component.before += self.value(bits, BITS_MAX[0])?;
        in_range(component.before, component.divisors[0], 1)?;
        let mut place = 1;
        while place < BLOCK {
            let symbol = self.symbol(component.ac)?;
            let (zeros, bits) = (usize::from(symbol >> 4), symbol & 15);
            match (zeros, bits) {
                (0, 0) => return Ok(()),
                (15, 0) => place += 16,
                (_, 0) => return Err(Damaged),
                _ => {
                    place += zeros;
                    let divisor = component.divisors.get(place).ok_or(Damaged)?;
                    in_range(self.value(bits, BITS_MAX[1])?, *divisor, 1)?;
                    place += 1;
                }
            }
        }
        match place == BLOCK {
            true => Ok(()),
            false => Err(Damaged),
        }
    }

    /// A signed number of so many bits (T.81, F.2.2.1).
    fn value(&mut self, bits: u8, most: u8) -> Result<i32, Damaged> {
        if bits > most {
            return Err(Damaged);
        }
        let value = i32::try_from(self.take(bits)?).map_err(|_| Damaged)?;
        Ok(match bits > 0 && value >> (bits - 1) == 0 {
            true => value + 1 - (1 << bits),
            false => value,
        })
    }

    fn restart(&mut self) -> Result<(), Damaged> {
        let [0xff, 0xd0..=0xd7, rest @ ..] = self.end()? else {
            return Err(Damaged);
        };
        *self = Self::new(rest);
        Ok(())
    }

    /// What follows the data: a marker, after less than a byte of padding.
    fn end(&mut self) -> Result<&'a [u8], Damaged> {
        self.fill();
        match (self.count < 8, self.rest) {
            (true, [0xff, next, ..]) if *next != 0 => Ok(self.rest),
            _ => Err(Damaged),
        }
    }
}

/// Whether samples of 8 bits can have this coefficient; dividing may have rounded it away from zero by `step`.
fn in_range(coefficient: i32, divisor: i32, step: i32) -> Result<(), Damaged> {
    let most = COEFFICIENT_MAX + divisor.saturating_mul(step);
    match coefficient.saturating_mul(divisor).saturating_abs() <= most {
        true => Ok(()),
        false => Err(Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::{Rgb, RgbImage};

    /// A picture with detail everywhere.
    fn picture() -> Vec<u8> {
        let pixels = RgbImage::from_fn(75, 53, |x, y| {
            let value = x.wrapping_mul(2_654_435_761) ^ (y * y).wrapping_mul(40_503);
            Rgb([value as u8, (value >> 8) as u8, (x * 3) as u8])
        });
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 80)
            .encode_image(&pixels)
            .unwrap();
        bytes
    }

    /// Where the compressed data begins.
    fn data(bytes: &[u8]) -> usize {
        let scan = bytes.windows(2).position(|pair| pair == [0xff, 0xda]);
        scan.unwrap() + 14
    }

    #[test]
    fn whole_data_adds_up_and_cut_data_does_not() {
        let good = picture();
        assert_eq!(check(&good), Ok(()));
        let middle = usize::midpoint(data(&good), good.len());
        let mut cut = good.clone();
        cut.drain(middle..middle + 500);
        assert_eq!(check(&cut), Err(Damaged));
        for length in 0..good.len() - 2 {
            assert_eq!(check(&good[..length]), Err(Damaged), "{length}");
        }
    }

    #[test]
    fn nearly_all_damage_is_seen() {
        let good = picture();
        let middle = usize::midpoint(data(&good), good.len());
        let mut seen = 0;
        for start in 0..100 {
            let mut bytes = good.clone();
            for (index, byte) in bytes[middle + start..][..16].iter_mut().enumerate() {
                *byte ^= (index * 37 + start * 11 + 5) as u8;
            }
            seen += u32::from(check(&bytes).is_err());
        }
        assert!(seen >= 95, "{seen} of 100");
    }

    #[test]
    fn a_frame_without_its_code_tables_is_left_to_the_decoder() {
        let mut bytes = picture();
        let table = |bytes: &[u8]| bytes.windows(2).position(|pair| pair == [0xff, 0xc4]);
        while let Some(at) = table(&bytes[..data(&bytes)]) {
            let length = u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]);
            bytes.drain(at..at + 2 + usize::from(length));
        }
        assert_eq!(check(&bytes), Ok(()));
    }

    #[test]
    fn padding_between_segments_is_no_damage() {
        let good = picture();
        let mut padded = good[..2].to_vec();
        padded.extend([0xff, 0xff]);
        padded.extend(&good[2..]);
        assert_eq!(check(&padded), Ok(()));
    }

    /// 67 x 45 px of sines with noise, by Pillow 13.0 (libjpeg-turbo), quality 80, sampled 2 x 2: ten scans.
    const PROGRESSIVE: &[u8] = include_bytes!("progressive.jpg");

    /// Where each scan's header begins.
    fn scans(bytes: &[u8]) -> Vec<usize> {
        let marker = |at: &usize| bytes[*at..].starts_with(&[0xff, 0xda]);
        (0..bytes.len()).filter(marker).collect()
    }

    #[test]
    fn scans_of_a_progressive_jpeg_add_up_or_it_is_damaged() {
        let scans = scans(PROGRESSIVE);
        assert_eq!(scans.len(), 10);
        assert_eq!(check(PROGRESSIVE), Ok(()));
        let mut seen = 0;
        for start in scans[1]..scans[1] + 100 {
            let mut bytes = PROGRESSIVE.to_vec();
            bytes[start + 20..start + 84].fill(0);
            seen += u32::from(check(&bytes).is_err());
        }
        assert!(seen >= 95, "{seen} of 100");
    }

    #[test]
    fn a_progressive_jpeg_without_its_last_scans_is_damaged() {
        for scan in scans(PROGRESSIVE) {
            let torn = [&PROGRESSIVE[..scan], &[0xff, 0xd9]].concat();
            assert_eq!(check(&torn), Err(Damaged), "{scan}");
        }
    }

    #[test]
    fn another_kind_is_left_to_the_decoder() {
        let mut lossless = picture();
        let frame = lossless.windows(2).position(|pair| pair == [0xff, 0xc0]);
        lossless[frame.unwrap() + 1] = 0xc3;
        lossless.truncate(data(&lossless) + 9);
        assert_eq!(check(&lossless), Ok(()));
    }
}
