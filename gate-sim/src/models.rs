//! Models that fail in the lane: a folder as the gate's, but for one file that answers dark pictures with no number.

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A model that answers with the square root of how far the darkest value of its input lies above a floor: below
/// the floor that is no number.
#[derive(Clone, Copy, Debug)]
pub struct RootModel {
    /// The file whose place it takes.
    pub file: &'static str,
    /// How many values it answers with.
    pub values: usize,
    /// In units of the model's input.
    pub floor: f32,
}

impl RootModel {
    /// Fills `folder` with the models of `models`, this one in the place of the one that it replaces, and with a
    /// manifest and calibrations which name it as if it had been calibrated. Tells the manifest.
    ///
    /// # Errors
    ///
    /// What the system says, or that the manifest does not know the file.
    pub fn replace(self, manifest: &Path, models: &Path, folder: &Path) -> Result<PathBuf> {
        let bytes = self.to_bytes();
        fs::create_dir_all(folder.join("calibration"))?;
        for entry in fs::read_dir(models)? {
            let entry = entry?;
            if entry.file_name() != self.file {
                symlink(
                    fs::canonicalize(entry.path())?,
                    folder.join(entry.file_name()),
                )?;
            }
        }
        fs::write(folder.join(self.file), &bytes)?;

        let mut table: Table = toml::from_str(&fs::read_to_string(manifest)?)?;
        let known = table.get_mut("model").and_then(Value::as_array_mut);
        let model = known
            .into_iter()
            .flatten()
            .filter_map(Value::as_table_mut)
            .find(|model| model.get("file").and_then(Value::as_str) == Some(self.file))
            .with_context(|| format!("no model {}", self.file))?;
        let hash: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let role = text(model, "role")?;
        model.insert("bytes".into(), Value::Integer(i64::try_from(bytes.len())?));
        model.insert("sha256".into(), hash.as_str().into());
        let place = folder.join("manifest.toml");
        fs::write(&place, toml::to_string(&table)?)?;

        let beside = manifest.with_file_name("calibration");
        let mut named = 0;
        for entry in fs::read_dir(beside)? {
            let entry = entry?;
            let mut table: Table = toml::from_str(&fs::read_to_string(entry.path())?)?;
            let models = table.get_mut("models").and_then(Value::as_table_mut);
            if let Some(calibrated) = models.and_then(|models| models.get_mut(&role)) {
                *calibrated = hash.as_str().into();
                named += 1;
            }
            let copy = folder.join("calibration").join(entry.file_name());
            fs::write(copy, toml::to_string(&table)?)?;
        }
        ensure!(named > 0, "no calibration names the {role} model");
        Ok(place)
    }

    /// The model in the ONNX format (onnx.proto, IR version 8): `ReduceMin`, `Sub`, `Sqrt`, `Mul`.
    fn to_bytes(self) -> Vec<u8> {
        let ones = vec![1.0; self.values];
        let graph = [
            node("ReduceMin", &["input"], "least"),
            node("Sub", &["least", "floor"], "above"),
            node("Sqrt", &["above"], "root"),
            node("Mul", &["root", "ones"], "output"),
            part(2, b"root"),
            constant("floor", &[self.floor]),
            constant("ones", &ones),
            tensor(11, "input"),
            tensor(12, "output"),
        ]
        .concat();
        // Operators of version 13, in the standard domain.
        [number(1, 8), part(7, &graph), part(8, &number(2, 13))].concat()
    }
}

fn text(table: &Table, key: &str) -> Result<String> {
    let value = table.get(key).and_then(Value::as_str);
    Ok(value.with_context(|| format!("no {key}"))?.to_owned())
}

/// `NodeProto`.
fn node(operator: &str, inputs: &[&str], output: &str) -> Vec<u8> {
    let mut node: Vec<u8> = inputs
        .iter()
        .flat_map(|input| part(1, input.as_bytes()))
        .collect();
    node.extend(part(2, output.as_bytes()));
    node.extend(part(4, operator.as_bytes()));
    part(1, &node)
}

/// `TensorProto` of 32-bit floating point, `[1, values]`.
fn constant(name: &str, values: &[f32]) -> Vec<u8> {
    let raw: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let constant = [
        number(1, 1),
        number(1, values.len() as u64),
        number(2, 1),
        part(8, name.as_bytes()),
        part(9, &raw),
    ];
    part(5, &constant.concat())
}

/// `ValueInfoProto` of a tensor of 32-bit floating point whose shape is not told.
fn tensor(field: u64, name: &str) -> Vec<u8> {
    let kind = part(1, &number(1, 1));
    part(field, &[part(1, name.as_bytes()), part(2, &kind)].concat())
}

/// A field of bytes, in protocol buffers.
fn part(field: u64, bytes: &[u8]) -> Vec<u8> {
    [
        varint(field << 3 | 2),
        varint(bytes.len() as u64),
        bytes.to_vec(),
    ]
    .concat()
}

/// A field that is a number.
fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
