//! Conversations with chips.

use crate::seeds;
use gate_document::domain::Domain;
use gate_document::security_info::SecurityInfos;
use gate_document::{AccessKey, ApduLength, Card, CardError, active_authentication, read};
use gate_sim::chip::Chip;
use gate_sim::chip::field::InField;
use gate_sim::issuer::TestDocument;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

/// What a chip announces of itself, in EF.CardAccess and DG14, and the keys in there.
pub fn security_infos(bytes: &[u8]) -> bool {
    let read = [SecurityInfos::parse(bytes), SecurityInfos::of_dg14(bytes)];
    read.into_iter().flatten().fold(false, |_, infos| {
        for key in &infos.keys {
            let _ = Domain::of_public_key(&key.public_key);
        }
        true
    })
}

/// A key of Active Authentication, in DG15, and a signature behind it that is nobody's.
pub fn active_key(bytes: &[u8]) -> bool {
    use active_authentication::Verdict;
    let signature = &bytes[bytes.len().saturating_sub(64)..];
    match active_authentication::verify(bytes, None, &[1; 8], signature) {
        Verdict::Right(way) => unreachable!("nobody has signed with {way}"),
        Verdict::Wrong(reason) => reason != "DG15 holds no public key",
        Verdict::Unsupported(_) => false,
    }
}

/// A chip that answers whatever it likes: each answer has its length before it.
pub fn wild_chip(bytes: &[u8]) -> bool {
    struct Wild<'a>(&'a [u8]);
    impl Card for Wild<'_> {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, CardError> {
            let (length, rest) = self.0.split_first().ok_or(CardError::Removed)?;
            let (answer, rest) = rest.split_at(usize::from(*length).min(rest.len()));
            self.0 = rest;
            match answer.len() {
                found @ 0..2 => Err(CardError::TooShort { found }),
                _ => Ok(answer.to_vec()),
            }
        }
    }
    converse(&mut Wild(bytes))
}

/// A genuine chip of the first years whose answers are damaged: which answer, which byte, and what
/// is flipped there, three bytes for each.
pub fn damaged_chip(bytes: &[u8]) -> bool {
    damaged(seeds::document(), bytes)
}

/// The same with a chip that does PACE, Chip Authentication and Active Authentication.
pub fn damaged_modern_chip(bytes: &[u8]) -> bool {
    damaged(seeds::modern_document(), bytes)
}

fn damaged(document: &TestDocument, bytes: &[u8]) -> bool {
    struct Damaged<'a> {
        chip: InField,
        faults: std::slice::ChunksExact<'a, u8>,
        answers: usize,
    }
    impl Card for Damaged<'_> {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
            let mut answer = self.chip.transmit(command)?;
            for fault in self.faults.clone() {
                if usize::from(fault[0]) == self.answers {
                    let at = usize::from(fault[1]) % answer.len();
                    answer[at] ^= fault[2];
                }
            }
            self.answers += 1;
            Ok(answer)
        }
    }
    converse(&mut Damaged {
        chip: InField::new(Chip::new(document, 1)),
        faults: bytes.chunks_exact(3),
        answers: 0,
    })
}

/// Reads `card` as a gate does that knows the printed zone. What the gate draws is always the same.
pub(crate) fn converse(card: &mut dyn Card) -> bool {
    let key = AccessKey::from_mrz_information(seeds::document().key_information());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut habits = ApduLength::Extended.into();
    read(card, &key.into(), &mut habits, &mut rng, &mut |_| {}).is_ok()
}
