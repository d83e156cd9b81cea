//! Cuts a `multipart/x-mixed-replace` stream into its parts: bytes in, frames out.
//!
//! Cameras are careless with this format. A boundary may be announced with or without its dashes, and
//! the length of a part may be missing; both are understood here. Nothing grows beyond [`FRAME_MAX`].

use zeroize::Zeroizing;

/// Largest frame. A JPEG of 1 920 x 1 080 px at full quality has less than 2 MB.
pub const FRAME_MAX: usize = 4 << 20;

/// Longest head of a part; usual ones have a hundred bytes.
const HEAD_MAX: usize = 4 << 10;

/// Why a stream cannot be cut.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    /// The camera is set to a resolution that no lane needs, or sends something else.
    #[error("frame has more than {FRAME_MAX} bytes")]
    Frame,
    /// Not a multipart stream.
    #[error("no boundary and head of a frame within {HEAD_MAX} bytes")]
    Head,
    /// The part announces a length that is no number.
    #[error("length of a frame is no number")]
    Length,
}

/// A frame's bytes, zeroed when dropped.
type Bytes = Zeroizing<Vec<u8>>;

/// What comes next in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Head,
    /// A frame of announced length.
    Sized(usize),
    /// A frame that ends where the boundary comes again; so many bytes were searched already.
    Bounded(usize),
}

/// What a step brought.
enum Step {
    /// More bytes are needed.
    Wait,
    /// Something was cut off; look again.
    On,
    /// A frame is complete.
    Frame(Bytes),
}

/// The cutter. Its buffer holds pictures: it never moves and is zeroed when dropped.
pub struct Parts {
    boundary: Vec<u8>,
    buffer: Bytes,
    next: Next,
}

impl Parts {
    /// A cutter for the boundary that the stream's head announces.
    #[must_use]
    pub fn new(boundary: &str) -> Self {
        let boundary = format!("--{}", boundary.trim_start_matches('-')).into_bytes();
        let buffer = Zeroizing::new(Vec::with_capacity(HEAD_MAX + FRAME_MAX));
        Self {
            boundary,
            buffer,
            next: Next::Head,
        }
    }

    /// Takes the next bytes and gives the last frame that they complete: older ones are of no use.
    ///
    /// # Errors
    ///
    /// [`PartsError`]: the stream cannot be cut any further.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Option<Bytes>, PartsError> {
        let mut newest = None;
        while !bytes.is_empty() {
            let room = self.buffer.capacity() - self.buffer.len();
            if room == 0 {
                return Err(PartsError::Frame);
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            loop {
                match self.step()? {
                    Step::Wait => break,
                    Step::On => {}
                    Step::Frame(frame) => newest = Some(frame),
                }
            }
        }
        Ok(newest)
    }

    fn step(&mut self) -> Result<Step, PartsError> {
        match self.next {
            Next::Head => self.head(),
            Next::Sized(length) if self.buffer.len() < length => Ok(Step::Wait),
            Next::Sized(length) => Ok(self.take(length, length)),
            Next::Bounded(searched) => self.bounded(searched),
        }
    }

    fn head(&mut self) -> Result<Step, PartsError> {
        let found = find(&self.buffer, &self.boundary).and_then(|start| {
            find(&self.buffer[start..], b"\r\n\r\n").map(|end| (start, start + end))
        });
        let Some((start, end)) = found else {
            return if self.buffer.len() > HEAD_MAX {
                Err(PartsError::Head)
            } else {
                Ok(Step::Wait)
            };
        };
        self.next = match announced(&self.buffer[start..end])? {
            Some(length) if length > FRAME_MAX => return Err(PartsError::Frame),
            Some(length) => Next::Sized(length),
            None => Next::Bounded(0),
        };
        self.buffer.drain(..end + 4);
        Ok(Step::On)
    }

    fn bounded(&mut self, searched: usize) -> Result<Step, PartsError> {
        let from = searched.saturating_sub(self.boundary.len());
        match find(&self.buffer[from..], &self.boundary) {
            Some(end) => {
                // The line break, and dashes beyond two, belong to the boundary; a JPEG ends in 0xD9.
                let whole = &self.buffer[..from + end];
                let last = whole
                    .iter()
                    .rposition(|byte| !matches!(byte, b'-' | b'\r' | b'\n'));
                Ok(self.take(last.map_or(0, |last| last + 1), from + end))
            }
            None if self.buffer.len() > FRAME_MAX => Err(PartsError::Frame),
            None => {
                self.next = Next::Bounded(self.buffer.len());
                Ok(Step::Wait)
            }
        }
    }

    /// Takes `length` bytes out and forgets `end` bytes.
    fn take(&mut self, length: usize, end: usize) -> Step {
        let frame = Zeroizing::new(self.buffer[..length].to_vec());
        self.buffer.drain(..end);
        self.next = Next::Head;
        Step::Frame(frame)
    }
}

/// The length that a part's head announces.
fn announced(head: &[u8]) -> Result<Option<usize>, PartsError> {
    let head = String::from_utf8_lossy(head);
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.trim().eq_ignore_ascii_case("content-length"));
    lengths
        .next()
        .map(|(_, length)| length.trim().parse().map_err(|_| PartsError::Length))
        .transpose()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(frame: &[u8]) -> Vec<u8> {
        let head = format!(
            "\r\n--cut\r\nContent-Type: image/jpeg\r\nContent-length: {}\r\n\r\n",
            frame.len()
        );
        [head.as_bytes(), frame].concat()
    }

    fn bounded(frame: &[u8]) -> Vec<u8> {
        [b"\r\n--cut\r\nContent-Type: image/jpeg\r\n\r\n", frame].concat()
    }

    /// All frames of a stream that arrives in pieces of `size` bytes.
    fn frames(stream: &[u8], size: usize, boundary: &str) -> Vec<Vec<u8>> {
        let mut parts = Parts::new(boundary);
        let pieces = stream.chunks(size);
        pieces
            .filter_map(|piece| parts.push(piece).unwrap())
            .map(|frame| frame.to_vec())
            .collect()
    }

    #[test]
    fn frames_come_out_however_the_bytes_arrive() {
        let (one, two): (&[u8], &[u8]) =
            (b"\xff\xd8 first \xff\xd9", b"\xff\xd8 --cu second \xff\xd9");
        let announced = [sized(one), sized(two)].concat();
        let searched = [bounded(one), bounded(two), b"\r\n--cut--\r\n".to_vec()].concat();
        for stream in [announced, searched] {
            for boundary in ["cut", "--cut"] {
                for size in 1..11 {
                    assert_eq!(
                        frames(&stream, size, boundary),
                        [one, two],
                        "pieces of {size}"
                    );
                }
                assert_eq!(
                    frames(&stream, stream.len(), boundary),
                    [two],
                    "only the newest counts"
                );
            }
        }
    }

    #[test]
    fn a_stream_without_measure_is_given_up() {
        let huge = format!("--cut\r\nContent-Length: {}\r\n\r\n", FRAME_MAX + 1);
        let cases: [(&[u8], PartsError); 4] = [
            (huge.as_bytes(), PartsError::Frame),
            (b"--cut\r\nContent-Length: many\r\n\r\n", PartsError::Length),
            (b"--cut\r\nContent-Length: -1\r\n\r\n", PartsError::Length),
            (&[b'x'; HEAD_MAX + 1], PartsError::Head),
        ];
        for (stream, expected) in cases {
            assert_eq!(Parts::new("cut").push(stream).err(), Some(expected));
        }
        let mut parts = Parts::new("cut");
        parts.push(&bounded(b"")).unwrap();
        let mut endless = (0..=FRAME_MAX / 65_536).map(|_| parts.push(&[0; 65_536]));
        assert_eq!(endless.find_map(Result::err), Some(PartsError::Frame));
    }
}
