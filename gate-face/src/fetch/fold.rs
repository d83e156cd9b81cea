//! Derives the models that are used from the models that are shipped.

use std::collections::{HashMap, HashSet};

use crate::manifest::Made;
use prost::Message as _;

use super::onnx::{
    Attribute, FLOAT, Graph, INT8, INT64, Length, Model, Node, Shape, Side, TensorData, Value,
};

/// Why a shipped model is not what this code expects.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// Not an ONNX file.
    #[error("model is no ONNX file")]
    Format(#[from] prost::DecodeError),
    /// The file holds no network or the network no input of four dimensions.
    #[error("model has no {0}")]
    Absent(&'static str),
    /// A constant is missing or of another kind.
    #[error("constant {name} is not {expected}")]
    Constant {
        /// Name in the network.
        name: String,
        /// What was looked for.
        expected: &'static str,
    },
    /// Weights, scales and zero points do not fit together.
    #[error("constant {name} has {found} values, expected {expected}")]
    Length {
        /// Name in the network.
        name: String,
        /// How many values belong there.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

/// Turns the shipped bytes into the used bytes.
///
/// # Errors
///
/// [`FoldError`].
pub(super) fn make(made: Made, shipped: Vec<u8>) -> Result<Vec<u8>, FoldError> {
    let change = match made {
        Made::AsShipped => return Ok(shipped),
        Made::FreeSize => free_size,
        Made::Fold => fold,
    };
    let mut model = Model::decode(&shipped[..])?;
    let graph = model.graph.as_mut().ok_or(FoldError::Absent("network"))?;
    change(graph)?;
    remove_unfed_inputs(graph);
    Ok(model.encode_to_vec())
}

/// Declares height and width of the first input as free, and with them the shapes of the outputs.
fn free_size(graph: &mut Graph) -> Result<(), FoldError> {
    let input = graph.inputs.first_mut().ok_or(FoldError::Absent("input"))?;
    match &mut shape(input)?.sides[..] {
        [_, _, height, width] => {
            *height = free("height");
            *width = free("width");
        }
        _ => return Err(FoldError::Absent("input of four dimensions")),
    }
    for output in &mut graph.outputs {
        let name = output.name.clone();
        if let [_, cells, ..] = &mut shape(output)?.sides[..] {
            *cells = free(&format!("cells_{name}"));
        }
    }
    Ok(())
}

fn shape(value: &mut Value) -> Result<&mut Shape, FoldError> {
    let tensor = value.kind.as_mut().and_then(|kind| kind.tensor.as_mut());
    tensor
        .and_then(|tensor| tensor.shape.as_mut())
        .ok_or(FoldError::Absent("shape"))
}

fn free(name: &str) -> Side {
    Side {
        length: Some(Length::Free(name.to_owned())),
    }
}

/// Inputs that are constants, or that no operator reads, are no inputs. Runtimes refuse the latter and
/// cannot fold or fuse the former.
fn remove_unfed_inputs(graph: &mut Graph) {
    let constants: HashSet<_> = graph
        .initializers
        .iter()
        .map(|constant| &constant.name)
        .collect();
    let read: HashSet<_> = graph.nodes.iter().flat_map(|node| &node.inputs).collect();
    graph
        .inputs
        .retain(|input| !constants.contains(&input.name) && read.contains(&input.name));
}

/// Multiplies block-quantised weights out: `(value − zero point) · scale`, in fp32. The operators that
/// did so at run time, and those that reshaped the result, become constants.
fn fold(graph: &mut Graph) -> Result<(), FoldError> {
    let mut constants: HashMap<String, TensorData> = graph
        .initializers
        .drain(..)
        .map(|constant| (constant.name.clone(), constant))
        .collect();
    let mut kept = Vec::new();
    for node in graph.nodes.drain(..) {
        match folded(&node, &constants)? {
            Some(constant) => drop(constants.insert(constant.name.clone(), constant)),
            None => kept.push(node),
        }
    }
    graph.nodes = kept;
    // In the order in which the network reads them, so that the result is always the same file.
    for name in graph.nodes.iter().flat_map(|node| &node.inputs) {
        graph.initializers.extend(constants.remove(name));
    }
    Ok(())
}

/// The constant that an operator gives, if it only works on constants.
fn folded(
    node: &Node,
    constants: &HashMap<String, TensorData>,
) -> Result<Option<TensorData>, FoldError> {
    let given = |index: usize| node.inputs.get(index).and_then(|name| constants.get(name));
    let name = node.outputs.first().cloned().unwrap_or_default();
    match (&node.operator[..], given(0), given(1), given(2)) {
        ("DequantizeLinear", Some(weights), Some(scales), Some(zeros)) => {
            let attributes = attributes(node)?;
            let axis = usize::try_from(attributes.get("axis").copied().unwrap_or(1)).unwrap_or(0);
            let block =
                usize::try_from(attributes.get("block_size").copied().unwrap_or(0)).unwrap_or(0);
            let values = dequantised(weights, scales, zeros, axis, block)?;
            Ok(Some(floats(name, weights.shape.clone(), &values)))
        }
        ("Reshape", Some(values), Some(shape), _) if values.kind == FLOAT => {
            let shape = longs(shape)?;
            Ok(Some(TensorData {
                name,
                shape,
                ..values.clone()
            }))
        }
        _ => Ok(None),
    }
}

fn attributes(node: &Node) -> Result<HashMap<String, i64>, FoldError> {
    let decode = |bytes: &Vec<u8>| {
        let attribute = Attribute::decode(&bytes[..])?;
        Ok((attribute.name, attribute.number))
    };
    node.attributes.iter().map(decode).collect()
}

/// Each run of `block` neighbours along `axis` shares one scale and one zero point.
fn dequantised(
    weights: &TensorData,
    scales: &TensorData,
    zeros: &TensorData,
    axis: usize,
    block: usize,
) -> Result<Vec<f32>, FoldError> {
    let name = &weights.name;
    let sides: Vec<usize> = weights
        .shape
        .iter()
        .map(|side| usize::try_from(*side).unwrap_or(0))
        .collect();
    let (Some(&length), true) = (sides.get(axis), block > 0) else {
        return Err(FoldError::Constant {
            name: name.clone(),
            expected: "quantised in blocks",
        });
    };
    let outer: usize = sides[..axis].iter().product();
    let inner: usize = sides[axis + 1..].iter().product();
    let blocks = length.div_ceil(block);
    let values = of_length(bytes(weights)?, outer * length * inner, name)?;
    let zeros = of_length(bytes(zeros)?, outer * blocks * inner, &zeros.name)?;
    let scales = of_length(numbers(scales)?, outer * blocks * inner, &scales.name)?;
    let value = |(index, value): (usize, i8)| {
        let (row, column) = (index / (length * inner), index / inner % length);
        let share = (row * blocks + column / block) * inner + index % inner;
        (f32::from(value) - f32::from(zeros[share])) * scales[share]
    };
    Ok(values.into_iter().enumerate().map(value).collect())
}

fn of_length<T>(values: Vec<T>, expected: usize, name: &str) -> Result<Vec<T>, FoldError> {
    match values.len() {
        found if found == expected => Ok(values),
        found => Err(FoldError::Length {
            name: name.to_owned(),
            expected,
            found,
        }),
    }
}

fn bytes(constant: &TensorData) -> Result<Vec<i8>, FoldError> {
    let raw = raw(constant, INT8, "signed bytes")?;
    Ok(raw.iter().map(|byte| byte.cast_signed()).collect())
}

fn numbers(constant: &TensorData) -> Result<Vec<f32>, FoldError> {
    let (numbers, _) = raw(constant, FLOAT, "fp32 numbers")?.as_chunks();
    Ok(numbers
        .iter()
        .map(|number| f32::from_le_bytes(*number))
        .collect())
}

fn longs(constant: &TensorData) -> Result<Vec<i64>, FoldError> {
    let (numbers, _) = raw(constant, INT64, "64-bit integers")?.as_chunks();
    Ok(numbers
        .iter()
        .map(|number| i64::from_le_bytes(*number))
        .collect())
}

fn raw<'a>(
    constant: &'a TensorData,
    kind: i32,
    expected: &'static str,
) -> Result<&'a [u8], FoldError> {
    if constant.kind == kind && !constant.raw.is_empty() {
        return Ok(&constant.raw);
    }
    Err(FoldError::Constant {
        name: constant.name.clone(),
        expected,
    })
}

fn floats(name: String, shape: Vec<i64>, values: &[f32]) -> TensorData {
    let raw = values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    TensorData {
        name,
        shape,
        kind: FLOAT,
        raw,
        ..TensorData::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::onnx::{Kind, TensorKind};
    use super::*;

    fn constant(name: &str, shape: &[i64], kind: i32, raw: Vec<u8>) -> TensorData {
        TensorData {
            name: name.into(),
            shape: shape.into(),
            kind,
            raw,
            ..TensorData::default()
        }
    }

    fn node(operator: &str, inputs: &[&str], output: &str, numbers: &[(&str, i64)]) -> Node {
        let attribute = |(name, number): &(&str, i64)| {
            Attribute {
                name: (*name).into(),
                number: *number,
            }
            .encode_to_vec()
        };
        Node {
            operator: operator.into(),
            inputs: inputs.iter().map(|name| (*name).into()).collect(),
            outputs: vec![output.into()],
            attributes: numbers.iter().map(attribute).collect(),
            ..Node::default()
        }
    }

    fn value(name: &str, sides: &[i64]) -> Value {
        let side = |side: &i64| Side {
            length: Some(Length::Fixed(*side)),
        };
        let shape = Some(Shape {
            sides: sides.iter().map(side).collect(),
        });
        Value {
            name: name.into(),
            kind: Some(Kind {
                tensor: Some(TensorKind {
                    element: FLOAT,
                    shape,
                }),
            }),
        }
    }

    fn little_endian(values: &[f32]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    /// Two rows of three weights in blocks of two, reshaped to a column and added to the input.
    fn quantised() -> Model {
        let graph = Graph {
            nodes: vec![
                node(
                    "DequantizeLinear",
                    &["q", "s", "z"],
                    "d",
                    &[("axis", 1), ("block_size", 2)],
                ),
                node("Reshape", &["d", "shape"], "r", &[]),
                node("Add", &["data", "r"], "sum", &[]),
            ],
            initializers: vec![
                constant("q", &[2, 3], INT8, vec![10, 20, 30, 0xff, 0, 1]),
                constant("s", &[2, 2], FLOAT, little_endian(&[0.5, 2.0, 1.0, 4.0])),
                constant("z", &[2, 2], INT8, vec![10, 0, 0xff, 1]),
                constant(
                    "shape",
                    &[2],
                    INT64,
                    [6_i64, 1].into_iter().flat_map(i64::to_le_bytes).collect(),
                ),
            ],
            inputs: vec![
                value("data", &[6, 1]),
                value("r", &[6, 1]),
                value("nobody", &[1]),
            ],
            outputs: vec![value("sum", &[6, 1])],
            ..Graph::default()
        };
        Model {
            ir_version: 7,
            graph: Some(graph),
            ..Model::default()
        }
    }

    #[test]
    fn weights_are_multiplied_out_block_by_block() {
        let made = make(Made::Fold, quantised().encode_to_vec()).unwrap();
        let graph = Model::decode(&made[..]).unwrap().graph.unwrap();
        assert_eq!(graph.nodes.len(), 1);
        let [weights] = &graph.initializers[..] else {
            panic!("{graph:?}")
        };
        assert_eq!((&weights.name[..], &weights.shape[..]), ("r", &[6, 1][..]));
        assert_eq!(numbers(weights).unwrap(), [0.0, 5.0, 60.0, 0.0, 1.0, 0.0]);
        let inputs: Vec<_> = graph.inputs.iter().map(|input| &input.name[..]).collect();
        assert_eq!(inputs, ["data"]);
    }

    #[test]
    fn weights_that_do_not_fit_are_refused() {
        let changes: [fn(&mut Graph); 4] = [
            |graph| graph.initializers[0].raw.truncate(5),
            |graph| graph.initializers[1].shape.clear(),
            |graph| graph.initializers[2].kind = FLOAT,
            |graph| graph.nodes[0].attributes.clear(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut model = quantised();
            change(model.graph.as_mut().unwrap());
            let found = make(Made::Fold, model.encode_to_vec());
            // The declared shape of scales is not used, their number is.
            assert_eq!(found.is_err(), number != 1, "{number}: {found:?}");
        }
        assert!(make(Made::Fold, b"no model".to_vec()).is_err());
        assert!(make(Made::Fold, Vec::new()).is_err());
    }

    #[test]
    fn a_freed_model_declares_no_height_and_width() {
        let graph = Graph {
            nodes: vec![node("Conv", &["input"], "cls_8", &[])],
            inputs: vec![value("input", &[1, 3, 640, 640])],
            outputs: vec![value("cls_8", &[1, 6_400, 1])],
            ..Graph::default()
        };
        let model = Model {
            graph: Some(graph),
            ..Model::default()
        };
        let made = make(Made::FreeSize, model.encode_to_vec()).unwrap();
        let mut graph = Model::decode(&made[..]).unwrap().graph.unwrap();
        assert_eq!(
            shape(&mut graph.inputs[0]).unwrap().sides[2..],
            [free("height"), free("width")]
        );
        assert_eq!(
            shape(&mut graph.outputs[0]).unwrap().sides[1],
            free("cells_cls_8")
        );
        assert_eq!(
            shape(&mut graph.outputs[0]).unwrap().sides[2].length,
            Some(Length::Fixed(1))
        );
    }

    #[test]
    fn a_file_that_is_used_as_shipped_is_not_touched() {
        assert_eq!(
            make(Made::AsShipped, b"anything".to_vec()).unwrap(),
            b"anything"
        );
    }
}
