//! The ciphers of a session: two-key triple DES, which Basic Access Control uses, and AES (Doc
//! 9303-11, 4.3, 9.7 and 9.8).
//!
//! Written apart from gate-document on purpose: the two check each other. Single DES is gone from
//! OpenSSL 3's default provider, but triple DES with three equal keys is single DES.

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::sha::sha1;
use openssl::sign::Signer;
use openssl::symm::{Cipher as Method, Crypter, Mode};

/// Bytes of a DES block.
pub(super) const BLOCK: usize = 8;

/// A block cipher of a session, with the length of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// Two-key triple DES and the retail MAC.
    TripleDes,
    /// AES with 128 bits and CMAC.
    Aes128,
    /// AES with 192 bits and CMAC.
    Aes192,
    /// AES with 256 bits and CMAC.
    Aes256,
}

impl Cipher {
    /// Bytes of a block.
    pub(super) fn block(self) -> usize {
        if self == Self::TripleDes { BLOCK } else { 16 }
    }

    /// Bytes of a key.
    pub(super) fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Last byte of the object identifiers.
    pub(crate) fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Key number `counter` from a secret (Doc 9303-11, 9.7.1).
    pub(super) fn derive(self, secret: &[u8], counter: u8) -> Vec<u8> {
        let input = [secret, &[0, 0, 0, counter]].concat();
        let mut key = match self {
            Self::TripleDes | Self::Aes128 => sha1(&input).to_vec(),
            Self::Aes192 | Self::Aes256 => openssl::sha::sha256(&input).to_vec(),
        };
        key.truncate(self.key_length());
        key
    }

    /// CBC over whole blocks, without padding.
    pub(super) fn cbc(
        self,
        key: &[u8],
        mode: Mode,
        vector: &[u8],
        blocks: &[u8],
    ) -> Result<Vec<u8>, ErrorStack> {
        let (method, key) = match self {
            Self::TripleDes => {
                let key = key.first_chunk().copied().unwrap_or_default();
                (Method::des_ede3_cbc(), two_key(&key).to_vec())
            }
            Self::Aes128 => (Method::aes_128_cbc(), key.to_vec()),
            Self::Aes192 => (Method::aes_192_cbc(), key.to_vec()),
            Self::Aes256 => (Method::aes_256_cbc(), key.to_vec()),
        };
        whole_blocks(method, &key, mode, vector, blocks)
    }
}

/// Keys for encryption and for authentication.
#[derive(Clone)]
pub(super) struct KeyPair {
    cipher: Cipher,
    encryption: Vec<u8>,
    authentication: Vec<u8>,
}

impl KeyPair {
    /// Derives both keys of triple DES from `seed`: counter 1 for encryption, 2 for authentication
    /// (Doc 9303-11, 9.7.1).
    pub(super) fn derive(seed: &[u8; 16]) -> Self {
        Self::of(Cipher::TripleDes, seed)
    }

    /// Derives both keys of any cipher.
    pub(super) fn of(cipher: Cipher, secret: &[u8]) -> Self {
        Self {
            cipher,
            encryption: cipher.derive(secret, 1),
            authentication: cipher.derive(secret, 2),
        }
    }

    /// Which cipher.
    pub(super) fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// Enciphers whole blocks, CBC with a zero vector.
    pub(super) fn encipher(&self, blocks: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let zero = vec![0; self.cipher.block()];
        self.cipher
            .cbc(&self.encryption, Mode::Encrypt, &zero, blocks)
    }

    /// Deciphers whole blocks, CBC with a zero vector.
    pub(super) fn decipher(&self, blocks: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let zero = vec![0; self.cipher.block()];
        self.cipher
            .cbc(&self.encryption, Mode::Decrypt, &zero, blocks)
    }

    /// CBC inside a session: AES starts from the enciphered counter.
    pub(super) fn in_session(
        &self,
        mode: Mode,
        counter: &[u8],
        blocks: &[u8],
    ) -> Result<Vec<u8>, ErrorStack> {
        let vector = match self.cipher {
            Cipher::TripleDes => vec![0; BLOCK],
            // One block in CBC with a zero vector is that block enciphered.
            _ => self.encipher(counter)?,
        };
        self.cipher.cbc(&self.encryption, mode, &vector, blocks)
    }

    /// Authentication code over whole blocks (the caller has padded), or over anything with AES.
    pub(super) fn code(&self, blocks: &[u8]) -> Result<[u8; 8], ErrorStack> {
        if self.cipher == Cipher::TripleDes {
            return self.mac(blocks);
        }
        let method = match self.cipher {
            Cipher::Aes192 => Method::aes_192_cbc(),
            Cipher::Aes256 => Method::aes_256_cbc(),
            _ => Method::aes_128_cbc(),
        };
        let key = PKey::cmac(&method, &self.authentication)?;
        let code = Signer::new_without_digest(&key)?.sign_oneshot_to_vec(blocks)?;
        Ok(code.first_chunk().copied().unwrap_or_default())
    }

    /// ISO/IEC 9797-1 MAC algorithm 3 over whole blocks; the caller has padded.
    ///
    /// All blocks but the last go through single DES in CBC; the last one through triple DES.
    pub(super) fn mac(&self, blocks: &[u8]) -> Result<[u8; BLOCK], ErrorStack> {
        let (first, last) = blocks.split_at(blocks.len().saturating_sub(BLOCK));
        let chained = cbc(&one_key(&self.two()), Mode::Encrypt, first)?;
        let mut block = chained.last_chunk::<BLOCK>().copied().unwrap_or_default();
        for (byte, other) in block.iter_mut().zip(last) {
            *byte ^= other;
        }
        let sealed = cbc(&two_key(&self.two()), Mode::Encrypt, &block)?;
        Ok(sealed.last_chunk().copied().unwrap_or_default())
    }

    fn two(&self) -> [u8; 16] {
        self.authentication
            .first_chunk()
            .copied()
            .unwrap_or_default()
    }
}

/// Padding method 2: one bit, then zeros up to a whole block of DES.
pub(super) fn pad(bytes: &[u8]) -> Vec<u8> {
    pad_to(bytes, BLOCK)
}

/// The same for blocks of another length.
pub(super) fn pad_to(bytes: &[u8], block: usize) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(block), 0);
    padded
}

/// Removes padding method 2; `None` if there is none.
pub(super) fn unpad(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().rposition(|&byte| byte != 0)?;
    (bytes[end] == 0x80).then(|| &bytes[..end])
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
    whole_blocks(Method::des_ede3_cbc(), key, mode, &[0; BLOCK], blocks)
}

fn whole_blocks(
    method: Method,
    key: &[u8],
    mode: Mode,
    vector: &[u8],
    blocks: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(method, mode, key, Some(vector))?;
    crypter.pad(false);
    let mut out = vec![0; blocks.len() + method.block_size()];
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
