//! Writing of tag, length and value: just what the files of a chip consist of (ITU-T X.690).

/// One object. `tag` holds the tag's bytes, most significant first: `0x30`, `0x7F61`.
pub(crate) fn tlv(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = tag
        .to_be_bytes()
        .into_iter()
        .skip_while(|&byte| byte == 0)
        .collect();
    let length = value.len().to_be_bytes();
    let significant = &length[value.len().leading_zeros() as usize / 8..];
    match (value.len(), significant) {
        (0..0x80, _) => out.push(significant.last().copied().unwrap_or(0)),
        _ => {
            out.push(0x80 | significant.len().to_be_bytes().last().copied().unwrap_or(0));
            out.extend(significant);
        }
    }
    out.extend(value);
    out
}

/// SEQUENCE of `parts`, which are complete objects.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// The value of a SET OF `parts`, in the order that DER wants.
pub(super) fn sorted(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    parts.concat()
}

/// A small, non-negative INTEGER.
pub(super) fn integer(value: u8) -> Vec<u8> {
    if value < 0x80 {
        vec![0x02, 1, value]
    } else {
        vec![0x02, 2, 0, value]
    }
}

/// OBJECT IDENTIFIER with these arcs.
pub(super) fn oid(arcs: &[u32]) -> Vec<u8> {
    let [first, second, rest @ ..] = arcs else {
        return tlv(0x06, &[]);
    };
    let mut value = Vec::new();
    for arc in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        let septets = (32 - arc.leading_zeros()).div_ceil(7).max(1);
        for at in (0..septets).rev() {
            let more = if at > 0 { 0x80 } else { 0 };
            value.push((arc >> (7 * at)) as u8 & 0x7F | more);
        }
    }
    tlv(0x06, &value)
}

/// OCTET STRING.
pub(super) fn octets(value: &[u8]) -> Vec<u8> {
    tlv(0x04, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_as_many_bytes_as_they_need() {
        let cases: [(usize, &[u8]); 6] = [
            (0, &[0x00]),
            (0x7F, &[0x7F]),
            (0x80, &[0x81, 0x80]),
            (0xFF, &[0x81, 0xFF]),
            (0x100, &[0x82, 0x01, 0x00]),
            (0x1_0000, &[0x83, 0x01, 0x00, 0x00]),
        ];
        for (length, encoded) in cases {
            let object = tlv(0x7F61, &vec![0; length]);
            assert_eq!(object[..2], [0x7F, 0x61]);
            assert_eq!(&object[2..2 + encoded.len()], encoded, "{length}");
            assert_eq!(object.len(), 2 + encoded.len() + length);
        }
    }

    #[test]
    fn object_identifiers_are_encoded_as_openssl_does() {
        for text in [
            "2.23.136.1.1.1",
            "1.2.840.113549.1.9.4",
            "1.2.840.10045.4.3.2",
        ] {
            let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
            let right = openssl::asn1::Asn1Object::from_str(text).unwrap();
            assert_eq!(oid(&arcs)[2..], *right.as_slice());
        }
    }
}
