//! JSON Schema for tests: as many of its words as the committed schema uses.

use serde_json::Value;

/// Whether `value` has the form that `schema` describes: the words of JSON Schema that the committed
/// one uses, and a panic for any other.
pub(crate) fn fits(schema: &Value, value: &Value, root: &Value) -> Result<(), String> {
    let wrong = |word: &str| Err(format!("{word}: {value}"));
    let kind = schema.get("type").and_then(Value::as_str);
    if kind == Some("object") && !value.is_object() || kind == Some("array") && !value.is_array() {
        return wrong("type");
    }
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" | "$defs" => {}
            "$ref" => {
                let path = rule.as_str().unwrap().strip_prefix('#').unwrap();
                fits(root.pointer(path).unwrap(), value, root)?;
            }
            "type" => {
                let right = match rule.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    other => panic!("type {other}"),
                };
                if !right {
                    return wrong(word);
                }
            }
            "const" if value != rule => return wrong(word),
            "const" => {}
            "enum" if !rule.as_array().unwrap().contains(value) => return wrong(word),
            "enum" => {}
            "required" => {
                for name in rule.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        return wrong(name.as_str().unwrap());
                    }
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        fits(rule, value, root)?;
                    }
                }
            }
            "additionalProperties" => {
                let named = schema.get("properties");
                for (name, value) in value.as_object().unwrap() {
                    let known = named.is_some_and(|named| named.get(name).is_some());
                    if !known && rule.is_boolean() {
                        return wrong(name);
                    }
                    if !known {
                        fits(rule, value, root)?;
                    }
                }
            }
            "items" => {
                for item in value.as_array().unwrap() {
                    fits(rule, item, root)?;
                }
            }
            "minItems" if (value.as_array().unwrap().len() as u64) < rule.as_u64().unwrap() => {
                return wrong(word);
            }
            "minItems" => {}
            "uniqueItems" => {
                let items = value.as_array().unwrap();
                if items
                    .iter()
                    .enumerate()
                    .any(|(at, item)| items[..at].contains(item))
                {
                    return wrong(word);
                }
            }
            "pattern" => {
                let text = value.as_str().unwrap();
                let (allowed, most): (&[char], usize) = match rule.as_str().unwrap() {
                    "^[A-Z0-9<]{1,2}$" => (&['A', '0', '<'], 2),
                    "^[A-Z<]{1,3}$" => (&['A', '<'], 3),
                    "^[a-z][a-z-]+$" => (&['a', '-'], 64),
                    other => panic!("pattern {other}"),
                };
                let class = |letter: char| match letter {
                    'A'..='Z' => 'A',
                    'a'..='z' => 'a',
                    '0'..='9' => '0',
                    other => other,
                };
                let right = text.chars().all(|letter| allowed.contains(&class(letter)));
                if !right || text.is_empty() || text.len() > most {
                    return wrong(word);
                }
            }
            other => panic!("{other} is not understood by this test"),
        }
    }
    Ok(())
}
