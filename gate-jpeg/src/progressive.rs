//! Scans of progressive JPEGs (ITU-T T.81, annex G): each brings some bits of some coefficients of all
//! blocks.

use super::{BITS_MAX, BLOCK, Bits, Damaged, Table, in_range};

/// Which bits of which coefficients a scan brings (T.81, B.2.3 and G.1.1.1).
#[derive(Clone, Copy)]
pub(super) struct Part {
    first: usize,
    last: usize,
    /// Bits that are still missing before and after the scan; `None` before the first one.
    before: Option<u8>,
    after: u8,
}

/// What the scans so far have brought of one component.
pub(super) struct Progress {
    /// Bits that are still missing of each coefficient; `None` where no scan said anything.
    missing: [Option<u8>; BLOCK],
    /// For each block which coefficients are not zero.
    known: Vec<u64>,
}

/// A component in a progressive scan.
pub(super) struct Coded<'a> {
    pub(super) divisors: &'a [i32; BLOCK],
    pub(super) table: Option<&'a Table>,
    /// The DC coefficient of the block before.
    pub(super) before: i32,
    /// Blocks from here on that have nothing new in this scan.
    pub(super) empty: usize,
}

impl Part {
    /// From the last three bytes of the scan's header.
    pub(super) fn read(rest: &[u8]) -> Result<Self, Damaged> {
        let &[first, last, bits] = rest else {
            return Err(Damaged);
        };
        let part = Self {
            first: first.into(),
            last: last.into(),
            before: (bits >> 4 > 0).then_some(bits >> 4),
            after: bits & 15,
        };
        let alone = part.first == 0 && part.last == 0;
        let band = 0 < part.first && part.first <= part.last && part.last < BLOCK;
        let next = part.before.is_none_or(|before| before == part.after + 1);
        match (alone || band) && next && part.after <= 13 {
            true => Ok(part),
            false => Err(Damaged),
        }
    }

    /// Whether it brings the DC coefficient, which alone several components may have in one scan.
    pub(super) const fn is_dc(self) -> bool {
        self.first == 0
    }

    /// Whether its codes come out of a table: the DC coefficient's further bits stand as they are.
    pub(super) const fn has_codes(self) -> bool {
        !self.is_dc() || self.before.is_none()
    }
}

impl Progress {
    pub(super) const fn new() -> Self {
        Self {
            missing: [None; BLOCK],
            known: Vec::new(),
        }
    }

    /// Takes note of a scan, which must follow those before it.
    pub(super) fn begin(&mut self, part: Part, blocks: usize) -> Result<(), Damaged> {
        for missing in &mut self.missing[part.first..=part.last] {
            if *missing != part.before {
                return Err(Damaged);
            }
            *missing = Some(part.after);
        }
        if !part.is_dc() {
            self.known.resize(blocks, 0);
        }
        Ok(())
    }

    /// Whether every bit of every coefficient came.
    pub(super) fn is_complete(&self) -> bool {
        self.missing.iter().all(|missing| *missing == Some(0))
    }

    /// One block of a scan; `place` counts blocks from the upper left one.
    pub(super) fn block(
        &mut self,
        bits: &mut Bits<'_>,
        part: Part,
        coded: &mut Coded<'_>,
        place: usize,
    ) -> Result<(), Damaged> {
        if part.is_dc() {
            return dc(bits, part, coded);
        }
        let known = self.known.get_mut(place).ok_or(Damaged)?;
        let table = coded.table.ok_or(Damaged)?;
        match part.before {
            None => first(bits, part, coded, table, known),
            Some(_) => further(bits, part, coded, table, known),
        }
    }
}

fn dc(bits: &mut Bits<'_>, part: Part, coded: &mut Coded<'_>) -> Result<(), Damaged> {
    if part.before.is_some() {
        return bits.take(1).map(drop);
    }
    let length = bits.symbol(coded.table.ok_or(Damaged)?)?;
    coded.before += bits.value(length, BITS_MAX[0])?;
    let value = coded.before.saturating_mul(1 << part.after);
    in_range(value, coded.divisors[0], 1 << part.after)
}

/// The first scan of AC coefficients (T.81, G.1.2.2).
fn first(
    bits: &mut Bits<'_>,
    part: Part,
    coded: &mut Coded<'_>,
    table: &Table,
    known: &mut u64,
) -> Result<(), Damaged> {
    if coded.empty > 0 {
        coded.empty -= 1;
        return Ok(());
    }
    let mut at = part.first;
    while at <= part.last {
        let symbol = bits.symbol(table)?;
        let (zeros, length) = (usize::from(symbol >> 4), symbol & 15);
        match (zeros, length) {
            (15, 0) => at += 16,
            (_, 0) => {
                coded.empty = (1 << zeros) - 1 + bits.take(symbol >> 4)?;
                return Ok(());
            }
            _ => {
                at += zeros;
                if at > part.last {
                    return Err(Damaged);
                }
                let value = bits.value(length, BITS_MAX[1])? * (1 << part.after);
                in_range(value, coded.divisors[at], 1)?;
                *known |= 1 << at;
                at += 1;
            }
        }
    }
    match at == part.last + 1 {
        true => Ok(()),
        false => Err(Damaged),
    }
}

/// One more bit of AC coefficients (T.81, G.1.2.3): coefficients that are known have a bit each, others
/// become known.
fn further(
    bits: &mut Bits<'_>,
    part: Part,
    coded: &mut Coded<'_>,
    table: &Table,
    known: &mut u64,
) -> Result<(), Damaged> {
    let mut at = part.first;
    while coded.empty == 0 && at <= part.last {
        let symbol = bits.symbol(table)?;
        let mut zeros = symbol >> 4;
        let is_new = match symbol & 15 {
            0 if zeros < 15 => {
                coded.empty = (1 << zeros) + bits.take(zeros)?;
                break;
            }
            0 => false,
            1 => {
                bits.take(1)?;
                true
            }
            _ => return Err(Damaged),
        };
        while *known >> at & 1 == 1 || zeros > 0 {
            match *known >> at & 1 {
                1 => bits.take(1).map(drop)?,
                _ => zeros -= 1,
            }
            at += 1;
            if at > part.last {
                return Err(Damaged);
            }
        }
        *known |= u64::from(is_new) << at;
        at += 1;
    }
    if coded.empty > 0 {
        for at in at..=part.last {
            if *known >> at & 1 == 1 {
                bits.take(1)?;
            }
        }
        coded.empty -= 1;
    }
    Ok(())
}
