"""Which session options of ONNX Runtime are fastest for each model: the choice in `gate-face/src/engine.rs`.

python3 face_sessions.py MODELS ROUNDS      (pip install onnxruntime==1.31.1 onnx numpy)
Options take turns, so that other work on the machine meets all of them alike. Prints the least and the
median time of each in milliseconds; where the machine is not idle, compare the least ones.
"""

import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime import GraphOptimizationLevel as Level

models, rounds = Path(sys.argv[1]), int(sys.argv[2])
SIDES = {"yunet-2023mar-free-size": 320, "sface-2021dec-folded": 112, "fr_feature": 112, "fr_liveness": 128}
OPTIONS = {
    "1 thread (chosen)": {},
    "2 threads": {"intra_op_num_threads": 2},
    "2 threads that wait asleep": {"intra_op_num_threads": 2, "spin": "0"},
    "graph as it is": {"graph_optimization_level": Level.ORT_DISABLE_ALL},
    "graph, basic": {"graph_optimization_level": Level.ORT_ENABLE_BASIC},
    "graph, extended": {"graph_optimization_level": Level.ORT_ENABLE_EXTENDED},
    "no arena": {"enable_cpu_mem_arena": False},
    "no memory pattern": {"enable_mem_pattern": False},
}


def session(file, changes):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    for name, value in changes.items():
        if name == "spin":
            options.add_session_config_entry("session.intra_op.allow_spinning", value)
        else:
            setattr(options, name, value)
    for name in ("height", "width"):
        options.add_free_dimension_override_by_name(name, SIDES[file])
    return onnxruntime.InferenceSession(models / f"{file}.onnx", options, providers=["CPUExecutionProvider"])


for file, side in SIDES.items():
    sessions = {name: session(file, changes) for name, changes in OPTIONS.items()}
    picture = np.random.default_rng(1).uniform(0, 255, (1, 3, side, side)).astype(np.float32)
    times = {name: [] for name in OPTIONS}
    for _ in range(rounds):
        for name, loaded in sessions.items():
            start = time.perf_counter()
            loaded.run(None, {loaded.get_inputs()[0].name: picture})
            times[name].append(1e3 * (time.perf_counter() - start))
    for name, values in times.items():
        values = values[1:]
        print(f"{file:24} {name:28} least {min(values):7.2f} ms  p50 {np.median(values):7.2f} ms")


def batched(file, count):
    """An embedder for `count` faces in one batch, on one thread; the graphs are written for one face."""
    model = onnx.load(models / f"{file}.onnx")
    weights = {value.name for value in model.graph.initializer}
    fed = [value for value in model.graph.input if value.name not in weights]
    for value in [*fed, *model.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = count
    del model.graph.value_info[:]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


# A face and its mirror image in one batch, or one after the other: processor time, so that other work counts little.
for file in ["sface-2021dec-folded", "fr_feature"]:
    one, two = batched(file, 1), batched(file, 2)
    views = np.random.default_rng(1).uniform(0, 255, (2, 3, 112, 112)).astype(np.float32)
    name = one.get_inputs()[0].name
    ways = {
        "two views, one after the other": lambda: [one.run(None, {name: views[at : at + 1]}) for at in range(2)],
        "two views in one batch": lambda: two.run(None, {name: views}),
    }
    times = {way: [] for way in ways}
    for _ in range(rounds):
        for way, embed in ways.items():
            start = time.thread_time()
            embed()
            times[way].append(1e3 * (time.thread_time() - start))
    for way, values in times.items():
        print(f"{file:24} {way:32} least {min(values):7.2f} ms  p50 {np.median(values[1:]):7.2f} ms of processor time")
