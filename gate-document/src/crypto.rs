//! The few primitives of the chip conversation, on OpenSSL.
//!
//! OpenSSL 3 keeps single DES in its legacy provider, which a gate need not load: two-key triple
//! DES with equal keys is single DES, and the retail MAC needs no more.

use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::symm::{Cipher, Crypter, Mode};
use zeroize::Zeroizing;

/// A key of two DES keys, K1 and K2.
pub type TripleDesKey = Zeroizing<[u8; 16]>;

/// Bytes in a DES block.
pub const DES_BLOCK: usize = 8;

/// OpenSSL would not do what every build of it can do.
///
/// It was built or configured without the algorithm: look at `openssl list -providers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("OpenSSL refuses {operation}")]
pub struct CryptoError {
    /// What it was asked for.
    pub operation: &'static str,
}

/// For which purpose a key is derived: the counter of Doc 9303-11, 9.7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// Encryption.
    Encryption = 1,
    /// Message authentication.
    Mac = 2,
    /// Encryption of the nonce of PACE with a key from the password.
    Password = 3,
}

/// SHA-1 of `data`, which key derivation for triple DES prescribes.
///
/// # Errors
///
/// [`CryptoError`] when OpenSSL has no SHA-1.
pub fn sha1(data: &[u8]) -> Result<Zeroizing<[u8; 20]>, CryptoError> {
    let digest =
        hash(MessageDigest::sha1(), data).map_err(|_| CryptoError { operation: "SHA-1" })?;
    let mut bytes = Zeroizing::new([0; 20]);
    bytes.copy_from_slice(&digest);
    Ok(bytes)
}

/// SHA-256 of `data`, which key derivation for the longer AES keys prescribes.
///
/// # Errors
///
/// [`CryptoError`] when OpenSSL has no SHA-256.
pub fn sha256(data: &[u8]) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
    let digest = hash(MessageDigest::sha256(), data).map_err(|_| CryptoError {
        operation: "SHA-256",
    })?;
    let mut bytes = Zeroizing::new([0; 32]);
    bytes.copy_from_slice(&digest);
    Ok(bytes)
}

/// Derives a triple DES key from `seed` (Doc 9303-11, 9.7.1.1). Parity bits are adjusted.
///
/// # Errors
///
/// [`CryptoError`] when OpenSSL has no SHA-1.
pub fn triple_des_key(seed: &[u8], key_use: KeyUse) -> Result<TripleDesKey, CryptoError> {
    let mut input = Zeroizing::new(seed.to_vec());
    input.extend_from_slice(&(key_use as u32).to_be_bytes());
    let digest = sha1(&input)?;
    let mut key = Zeroizing::new([0; 16]);
    for (byte, source) in key.iter_mut().zip(digest.iter()) {
        // Bit 0 makes the number of ones odd.
        *byte = (source & 0xFE) | u8::from(source.count_ones() % 2 == u32::from(source & 1));
    }
    Ok(key)
}

/// Encrypts whole blocks: two-key triple DES, CBC, zero IV, no padding.
///
/// # Errors
///
/// [`CryptoError`] when `data` is no multiple of eight bytes.
pub fn triple_des_encrypt(key: &TripleDesKey, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
    triple_des(&key[..8], &key[8..], Mode::Encrypt, data)
}

/// Decrypts what [`triple_des_encrypt`] made.
///
/// # Errors
///
/// [`CryptoError`] when `data` is no multiple of eight bytes.
pub fn triple_des_decrypt(
    key: &TripleDesKey,
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    triple_des(&key[..8], &key[8..], Mode::Decrypt, data).map(Zeroizing::new)
}

/// MAC algorithm 3 of ISO/IEC 9797-1 with DES, zero IV and padding method 2 (Doc 9303-11, 4.3.3.2).
///
/// # Errors
///
/// [`CryptoError`] when OpenSSL has no triple DES.
pub fn retail_mac(key: &TripleDesKey, data: &[u8]) -> Result<[u8; DES_BLOCK], CryptoError> {
    let (k1, k2) = key.split_at(DES_BLOCK);
    let chain = triple_des(k1, k1, Mode::Encrypt, &pad(data, DES_BLOCK))?;
    let last = &chain[chain.len() - DES_BLOCK..];
    let middle = triple_des(k2, k2, Mode::Decrypt, last)?;
    let mac = triple_des(k1, k1, Mode::Encrypt, &middle)?;
    let mut bytes = [0; DES_BLOCK];
    bytes.copy_from_slice(&mac);
    Ok(bytes)
}

/// AES in `mode`: CBC with `iv`, or single blocks where there is none; no padding.
pub(crate) fn aes(
    key: &[u8],
    iv: Option<&[u8]>,
    mode: Mode,
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    const REFUSED: CryptoError = CryptoError { operation: "AES" };
    let cipher = match (key.len(), iv) {
        (16, Some(_)) => Cipher::aes_128_cbc(),
        (24, Some(_)) => Cipher::aes_192_cbc(),
        (32, Some(_)) => Cipher::aes_256_cbc(),
        (16, None) => Cipher::aes_128_ecb(),
        (24, None) => Cipher::aes_192_ecb(),
        (32, None) => Cipher::aes_256_ecb(),
        _ => return Err(REFUSED),
    };
    crypt(cipher, mode, key, iv, data).map_err(|_| REFUSED)
}

/// AES-CMAC (NIST SP 800-38B) of `data`, its first eight bytes.
pub(crate) fn cmac(key: &[u8], data: &[u8]) -> Result<[u8; 8], CryptoError> {
    const REFUSED: CryptoError = CryptoError {
        operation: "AES-CMAC",
    };
    let cipher = match key.len() {
        16 => Cipher::aes_128_cbc(),
        24 => Cipher::aes_192_cbc(),
        32 => Cipher::aes_256_cbc(),
        _ => return Err(REFUSED),
    };
    let mac = || -> Result<Vec<u8>, ErrorStack> {
        let key = PKey::cmac(&cipher, key)?;
        let mut signer = Signer::new_without_digest(&key)?;
        signer.sign_oneshot_to_vec(data)
    };
    let mac = mac().map_err(|_| REFUSED)?;
    mac.first_chunk().copied().ok_or(REFUSED)
}

/// Padding method 2 of ISO/IEC 9797-1: 80, then zeros up to a whole block.
#[must_use]
pub fn pad(data: &[u8], block: usize) -> Zeroizing<Vec<u8>> {
    let length = (data.len() / block + 1) * block;
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(data);
    padded.push(0x80);
    padded.resize(length, 0);
    padded
}

/// Length of `data` without the padding of [`pad`]. `None` where there is no such padding.
#[must_use]
pub fn unpadded_length(data: &[u8]) -> Option<usize> {
    let end = data.iter().rposition(|byte| *byte != 0)?;
    (data[end] == 0x80).then_some(end)
}

/// Compares without telling by its time where the difference is.
#[must_use]
pub fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && openssl::memcmp::eq(one, other)
}

fn triple_des(k1: &[u8], k2: &[u8], mode: Mode, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = Zeroizing::new([k1, k2, k1].concat());
    crypt(
        Cipher::des_ede3_cbc(),
        mode,
        &key,
        Some(&[0; DES_BLOCK]),
        data,
    )
    .map(|mut output| core::mem::take(&mut *output))
    .map_err(|_| CryptoError {
        operation: "triple DES",
    })
}

fn crypt(
    cipher: Cipher,
    mode: Mode,
    key: &[u8],
    iv: Option<&[u8]>,
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let mut crypter = Crypter::new(cipher, mode, key, iv)?;
    crypter.pad(false);
    let mut output = Zeroizing::new(vec![0; data.len() + cipher.block_size()]);
    let written = crypter.update(data, &mut output)?;
    let rest = crypter.finalize(&mut output[written..])?;
    output.truncate(written + rest);
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn keys_and_macs_are_those_of_the_worked_example() {
        // Doc 9303-11, Appendix D.1 to D.3.
        let digest = sha1(b"L898902C<369080619406236").unwrap();
        let seed = &digest[..16];
        assert_eq!(seed, hex!("239AB9CB282DAF66231DC5A4DF6BFBAE"));
        let encryption = triple_des_key(seed, KeyUse::Encryption).unwrap();
        let mac = triple_des_key(seed, KeyUse::Mac).unwrap();
        assert_eq!(*encryption, hex!("AB94FDECF2674FDFB9B391F85D7F76F2"));
        assert_eq!(*mac, hex!("7962D9ECE03D1ACD4C76089DCE131543"));
        let plain = hex!("781723860C06C2264608F919887022120B795240CB7049B01C19B33E32804F0B");
        let cryptogram = triple_des_encrypt(&encryption, &plain).unwrap();
        assert_eq!(
            cryptogram,
            hex!("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2")
        );
        assert_eq!(
            *triple_des_decrypt(&encryption, &cryptogram).unwrap(),
            plain
        );
        assert_eq!(
            retail_mac(&mac, &cryptogram).unwrap(),
            hex!("5F1448EEA8AD90A7")
        );
    }

    #[test]
    fn padding_comes_off_as_it_went_on() {
        for length in 0..20 {
            let data = vec![0x80; length];
            let padded = pad(&data, 8);
            assert_eq!(padded.len() % 8, 0);
            assert_eq!(unpadded_length(&padded), Some(length));
        }
        for unpadded in [&[][..], &[0, 0], &[0x80, 1], &[1, 0]] {
            assert_eq!(unpadded_length(unpadded), None);
        }
    }
}
