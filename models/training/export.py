"""From the trained network to ONNX, with batch normalisation folded into the convolutions.

Input `strips`: float32 [n, 1, 32, width]. Output `log_probabilities`: float32 [n, width / 4, 38]; classes are
`0` to `9`, `A` to `Z`, `<`, and CTC's blank.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def _same(size, kernel, stride):
    """The padding of one axis that TensorFlow calls SAME."""
    missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return missing // 2, missing - missing // 2


def export(model, out):
    convolutions = [layer for layer in model.layers if layer.__class__.__name__ == "Conv2D"]
    norms = [layer for layer in model.layers if layer.__class__.__name__ == "BatchNormalization"]
    nodes, weights, last = [], [], "strips"
    height, width = model.input_shape[1:3]
    for i, layer in enumerate(convolutions):
        kernel = layer.get_weights()[0]
        if i < len(norms):
            gamma, beta, mean, variance = norms[i].get_weights()
            scale = gamma / np.sqrt(variance + norms[i].epsilon)
            kernel, bias = kernel * scale, beta - mean * scale
        else:
            bias = layer.get_weights()[1]
        (kh, kw), (sh, sw) = layer.kernel_size, layer.strides
        (top, bottom), (left, right) = _same(height, kh, sh), _same(width, kw, sw)
        height, width = -(-height // sh), -(-width // sw)
        weights.append(numpy_helper.from_array(
            np.ascontiguousarray(kernel.transpose(3, 2, 0, 1), np.float32), f"w{i}"))
        weights.append(numpy_helper.from_array(bias.astype(np.float32), f"b{i}"))
        nodes.append(helper.make_node("Conv", [last, f"w{i}", f"b{i}"], [f"c{i}"],
                                      kernel_shape=[kh, kw], strides=[sh, sw],
                                      pads=[top, left, bottom, right]))
        last = f"c{i}"
        if i < len(norms):
            nodes.append(helper.make_node("Relu", [last], [f"r{i}"]))
            last = f"r{i}"
    weights.append(numpy_helper.from_array(np.array([2], np.int64), "rows"))
    nodes += [
        helper.make_node("Squeeze", [last, "rows"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["steps"], perm=[0, 2, 1]),
        helper.make_node("LogSoftmax", ["steps"], ["log_probabilities"], axis=2),
    ]
    float_ = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "mrz-reader",
        [helper.make_tensor_value_info("strips", float_, ["n", 1, model.input_shape[1], "width"])],
        [helper.make_tensor_value_info("log_probabilities", float_, ["n", "steps", kernel.shape[3]])],
        weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="gate")
    made.ir_version = 8
    onnx.checker.check_model(made)
    onnx.save(made, str(out))
