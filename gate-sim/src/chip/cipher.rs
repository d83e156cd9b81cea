//! Two-key triple DES as Basic Access Control uses it (Doc 9303-11, 4.3 and 9.7).
//!
//! Written apart from gate-document on purpose: the two check each other. Single DES is gone from
//! OpenSSL 3's default provider, but triple DES with three equal keys is single DES.

use openssl::error::ErrorStack;
use openssl::sha::sha1;
use openssl::symm::{Cipher, Crypter, Mode};

/// Bytes of a DES block.
pub(super) const BLOCK: usize = 8;

/// Keys for encryption and for authentication, 16 bytes each.
#[derive(Clone)]
pub(super) struct KeyPair {
    encryption: [u8; 16],
    authentication: [u8; 16],
}

impl KeyPair {
    /// Derives both keys from `seed`: counter 1 for encryption, 2 for authentication
    /// (Doc 9303-11, 9.7.1).
    pub(super) fn derive(seed: &[u8; 16]) -> Self {
        Self {
            encryption: derive(seed, 1),
            authentication: derive(seed, 2),
        }
    }

    /// Enciphers whole blocks, CBC with a zero vector.
    pub(super) fn encipher(&self, blocks: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        cbc(&two_key(&self.encryption), Mode::Encrypt, blocks)
    }

    /// Deciphers whole blocks, CBC with a zero vector.
    pub(super) fn decipher(&self, blocks: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        cbc(&two_key(&self.encryption), Mode::Decrypt, blocks)
    }

    /// ISO/IEC 9797-1 MAC algorithm 3 over whole blocks; the caller has padded.
    ///
    /// All blocks but the last go through single DES in CBC; the last one through triple DES.
    pub(super) fn mac(&self, blocks: &[u8]) -> Result<[u8; BLOCK], ErrorStack> {
        let (first, last) = blocks.split_at(blocks.len().saturating_sub(BLOCK));
        let chained = cbc(&one_key(&self.authentication), Mode::Encrypt, first)?;
        let mut block = chained.last_chunk::<BLOCK>().copied().unwrap_or_default();
        for (byte, other) in block.iter_mut().zip(last) {
            *byte ^= other;
        }
        let sealed = cbc(&two_key(&self.authentication), Mode::Encrypt, &block)?;
        Ok(sealed.last_chunk().copied().unwrap_or_default())
    }
}

/// Padding method 2: one bit, then zeros up to a whole block.
pub(super) fn pad(bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(BLOCK), 0);
    padded
}

/// Removes padding method 2; `None` if there is none.
pub(super) fn unpad(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().rposition(|&byte| byte != 0)?;
    (bytes[end] == 0x80).then(|| &bytes[..end])
}

fn derive(seed: &[u8; 16], counter: u8) -> [u8; 16] {
    let mut input = seed.to_vec();
    input.extend([0, 0, 0, counter]);
    let digest = sha1(&input);
    digest.first_chunk().copied().unwrap_or_default()
}

fn two_key(key: &[u8; 16]) -> [u8; 24] {
    let mut long = [0; 24];
    long[..16].copy_from_slice(key);
    long[16..].copy_from_slice(&key[..8]);
    long
}

fn one_key(key: &[u8; 16]) -> [u8; 24] {
    let mut long = [0; 24];
    for part in long.chunks_exact_mut(BLOCK) {
        part.copy_from_slice(&key[..BLOCK]);
    }
    long
}

fn cbc(key: &[u8; 24], mode: Mode, blocks: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(Cipher::des_ede3_cbc(), mode, key, Some(&[0; BLOCK]))?;
    crypter.pad(false);
    let mut out = vec![0; blocks.len() + BLOCK];
    let mut written = crypter.update(blocks, &mut out)?;
    written += crypter.finalize(&mut out[written..])?;
    out.truncate(written);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    /// Doc 9303-11, appendix D.2 and D.3.
    #[test]
    fn the_worked_example_of_doc_9303_comes_out() {
        let keys = KeyPair::derive(&hex("239AB9CB282DAF66231DC5A4DF6BFBAE").try_into().unwrap());
        let plain = hex("781723860C06C2264608F919887022120B795240CB7049B01C19B33E32804F0B");
        let cipher = hex("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2");
        assert_eq!(keys.encipher(&plain).unwrap(), cipher);
        assert_eq!(keys.decipher(&cipher).unwrap(), plain);
        assert_eq!(
            keys.mac(&pad(&cipher)).unwrap().to_vec(),
            hex("5F1448EEA8AD90A7")
        );
    }

    #[test]
    fn padding_is_found_again_or_reported_missing() {
        assert_eq!(pad(&[1, 2, 3]), [1, 2, 3, 0x80, 0, 0, 0, 0]);
        assert_eq!(pad(&[0; 8]).len(), 16);
        assert_eq!(unpad(&pad(&[1, 0])), Some(&[1, 0][..]));
        assert_eq!(unpad(&[0; 8]), None);
        assert_eq!(unpad(&[1; 8]), None);
    }
}
