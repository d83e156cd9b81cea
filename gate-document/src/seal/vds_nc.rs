//! VDS-NC: a seal as JSON (ICAO TR "VDS-NC"; Doc 9303-13).
//!
//! ```text
//! {"data":{"hdr":{"t":"icao.test","v":1,"is":"UTO"},"msg":{…}},
//!  "sig":{"alg":"ES256","cer":"…","sigvl":"…"}}
//! ```
//!
//! The signature covers the canonical form of `data` (JCS, RFC 8785). JSON with two values under one
//! name is refused: two readers could see two documents in it.

use super::{
    DayOf, DocumentType, FEATURES_MAX, Feature, Seal, SealError, SealFormat, SealSignature,
    SignerReference, Tag,
};
use crate::algorithm::Digest;
use crate::sensitive::Sensitive;
use core::fmt;
use data_encoding::BASE64URL_NOPAD;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads a seal.
///
/// # Errors
///
/// [`SealError`] for the first rule that the text breaks.
pub fn read(text: &[u8]) -> Result<Seal, SealError> {
    let Strict(mut root) = serde_json::from_slice(text).map_err(|error| SealError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    let data = root.get_mut("data").map(Value::take).unwrap_or_default();
    let signed = serde_json_canonicalizer::to_vec(&data).map_err(|_| SealError::Member {
        member: "data",
        expected: "JSON of RFC 8785",
    })?;
    let header = |name: &str| data.pointer(name);
    let kind = text_of(header("/hdr/t"), "data.hdr.t")?;
    let issuer = text_of(header("/hdr/is"), "data.hdr.is")?;
    if header("/hdr/v").and_then(Value::as_u64).is_none() {
        return Err(SealError::Member {
            member: "data.hdr.v",
            expected: "a number",
        });
    }
    if !(1..=3).contains(&issuer.len()) || !issuer.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(SealError::Member {
            member: "data.hdr.is",
            expected: "a country of up to three letters",
        });
    }
    let Some(message @ Value::Object(_)) = data.get("msg") else {
        return Err(SealError::Member {
            member: "data.msg",
            expected: "an object",
        });
    };
    let mut features = Vec::new();
    flatten(message, String::new(), &mut features)?;

    let digest = match text_of(root.pointer("/sig/alg"), "sig.alg")? {
        "ES256" => Digest::Sha256,
        "ES384" => Digest::Sha384,
        "ES512" => Digest::Sha512,
        _ => {
            return Err(SealError::Member {
                member: "sig.alg",
                expected: "ES256, ES384 or ES512",
            });
        }
    };
    let bytes = base64(
        text_of(root.pointer("/sig/sigvl"), "sig.sigvl")?,
        "sig.sigvl",
    )?;
    let certificate = base64(text_of(root.pointer("/sig/cer"), "sig.cer")?, "sig.cer")?;
    Ok(Seal {
        format: SealFormat::VdsNc,
        issuer: issuer.to_owned(),
        signer: Some(SignerReference::Embedded),
        issued: Sensitive::default(),
        signed_on: Sensitive::new(DayOf::default()),
        document: Some(DocumentType::Name(kind.chars().take(64).collect())),
        features,
        signed: Sensitive::new(signed),
        signature: Some(SealSignature {
            digest: Some(digest),
            bytes,
        }),
        certificate: Some(certificate),
    })
}

fn text_of<'a>(value: Option<&'a Value>, member: &'static str) -> Result<&'a str, SealError> {
    value.and_then(Value::as_str).ok_or(SealError::Member {
        member,
        expected: "a text",
    })
}

/// Base64 of either alphabet, padded or not: all of them are in use.
pub(super) fn base64(text: &str, field: &'static str) -> Result<Vec<u8>, SealError> {
    let plain: Vec<u8> = text
        .trim_end_matches('=')
        .bytes()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        })
        .collect();
    BASE64URL_NOPAD
        .decode(&plain)
        .map_err(|_| SealError::Encoding {
            field,
            encoding: "base64",
        })
}

/// Every text, number and truth value below `value`, with its path.
fn flatten(value: &Value, path: String, features: &mut Vec<Feature>) -> Result<(), SealError> {
    let below = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    let text = match value {
        Value::Null => return Ok(()),
        Value::Object(members) => {
            return members
                .iter()
                .try_for_each(|(name, value)| flatten(value, below(name), features));
        }
        Value::Array(elements) => {
            return elements.iter().enumerate().try_for_each(|(index, value)| {
                flatten(value, below(&index.to_string()), features)
            });
        }
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
    };
    if features.len() == FEATURES_MAX {
        return Err(SealError::TooManyFeatures);
    }
    features.push(Feature {
        tag: Tag::Path(path),
        value: Sensitive::new(text.into_bytes()),
    });
    Ok(())
}

/// JSON in which no object has two members of one name.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Strict(element)) = sequence.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = access.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("two members of one name"));
            }
        }
        Ok(Value::Object(members))
    }
}

/// The canonical bytes of `data`: what is signed.
///
/// # Errors
///
/// [`SealError::Member`] for JSON that RFC 8785 does not know.
pub fn unsigned(data: &Value) -> Result<Vec<u8>, SealError> {
    serde_json_canonicalizer::to_vec(data).map_err(|_| SealError::Member {
        member: "data",
        expected: "JSON of RFC 8785",
    })
}

/// The whole seal as text: `data`, and the signature over [`unsigned`] with the certificate in DER.
#[must_use]
pub fn seal(data: &Value, digest: Digest, certificate: &[u8], signature: &[u8]) -> String {
    let algorithm = match digest {
        Digest::Sha384 => "ES384",
        Digest::Sha512 => "ES512",
        _ => "ES256",
    };
    serde_json::json!({
        "data": data,
        "sig": {
            "alg": algorithm,
            "cer": BASE64URL_NOPAD.encode(certificate),
            "sigvl": BASE64URL_NOPAD.encode(signature),
        },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_made_canonical_as_the_rfc_shows() {
        // RFC 8785, 3.2.2, 3.2.3 and 3.2.4.
        let text = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let Strict(value) = serde_json::from_str(text).unwrap();
        let canonical = unsigned(&value).unwrap();
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,\
                        0.002,1e-27],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(String::from_utf8(canonical).unwrap(), expected);
        // RFC 8785, 3.2.3: names are sorted by their UTF-16.
        let text = r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#;
        let Strict(value) = serde_json::from_str(text).unwrap();
        let canonical = String::from_utf8(unsigned(&value).unwrap()).unwrap();
        let values: String = canonical
            .split(',')
            .filter_map(|member| member.trim_end_matches('}').chars().last())
            .collect();
        assert_eq!(values, "2467153");
    }

    #[test]
    fn two_values_under_one_name_are_refused() {
        let twice = br#"{"data":{"hdr":{"t":"a","t":"b"}}}"#;
        assert!(matches!(read(twice), Err(SealError::Json { line: 1, .. })));
        let deep = "[".repeat(10_000);
        assert!(matches!(read(deep.as_bytes()), Err(SealError::Json { .. })));
    }

    #[test]
    fn what_is_missing_is_named() {
        let whole = r#"{"data":{"hdr":{"t":"icao.test","v":1,"is":"UTO"},"msg":{}},"sig":{"alg":"ES256","cer":"AA","sigvl":"AA"}}"#;
        assert!(read(whole.as_bytes()).is_ok());
        for (from, to, error) in [
            (
                "\"t\"",
                "\"x\"",
                "data.hdr.t is absent or of another type, a text expected",
            ),
            (
                ":1",
                ":\"1\"",
                "data.hdr.v is absent or of another type, a number expected",
            ),
            (
                "UTO",
                "uto",
                "data.hdr.is is absent or of another type, a country of up to three letters expected",
            ),
            (
                "msg",
                "mes",
                "data.msg is absent or of another type, an object expected",
            ),
            (
                "ES256",
                "none",
                "sig.alg is absent or of another type, ES256, ES384 or ES512 expected",
            ),
            (
                "\"cer\":\"AA\"",
                "\"cer\":\"A\"",
                "sig.cer is not in base64",
            ),
            (
                "sigvl",
                "sig",
                "sig.sigvl is absent or of another type, a text expected",
            ),
        ] {
            let text = whole.replacen(from, to, 1);
            assert_eq!(read(text.as_bytes()).unwrap_err().to_string(), error);
        }
    }
}
