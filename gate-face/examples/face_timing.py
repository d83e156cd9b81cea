"""The walk of `face_timing.rs` with the same models, driven from Python: OpenCV for pixels, onnxruntime.

python3 face_timing.py MODELS RUNS      (pip install onnxruntime==1.31.1 numpy opencv-python-headless)
Prints one line for each number of threads: threads, p50 and p99 in milliseconds.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

SIDE, FACE = 320, 200
REFERENCE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
models, runs = Path(sys.argv[1]), int(sys.argv[2])
cv2.setNumThreads(1)


def sessions(threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    files = ["yunet-2023mar-free-size", "sface-2021dec-folded", "fr_feature", "fr_liveness"]
    return [onnxruntime.InferenceSession(models / f"{file}.onnx", options) for file in files]


def planes(picture):
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], dtype=np.float32)


def detect(session, square):
    """Best face in a square of 320 px: box and five points."""
    answer = session.run(None, {"input": planes(square)})
    found = []
    for level, stride in enumerate((8, 16, 32)):
        score = np.sqrt(answer[level][0, :, 0].clip(0, 1) * answer[3 + level][0, :, 0].clip(0, 1))
        for cell in np.flatnonzero(score >= 0.6):
            corner = np.array([cell % (SIDE // stride), cell // (SIDE // stride)])
            box, points = answer[6 + level][0, cell], answer[9 + level][0, cell].reshape(5, 2)
            found.append((score[cell], (corner + box[:2]) * stride, np.exp(box[2:]) * stride, (corner + points) * stride))
    return max(found, key=lambda face: face[0])[1:]


def look(frame, left, top, side):
    scale = SIDE / side
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    return cv2.warpAffine(frame, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)


def aligned(frame, points):
    a, b = points - points.mean(0), REFERENCE - REFERENCE.mean(0)
    turn = np.array([(a * b).sum(), (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()]) / (a**2).sum()
    linear = np.array([[turn[0], -turn[1]], [turn[1], turn[0]]])
    shift = REFERENCE.mean(0) - linear @ points.mean(0)
    return cv2.warpAffine(frame, np.column_stack([linear, shift]), (112, 112), flags=cv2.INTER_LINEAR)


def unit(values):
    return values / np.linalg.norm(values)


def template(crop, first, second):
    views = [crop, crop[:, ::-1]]
    one = sum(unit(first.run(None, {"data": planes(view[:, :, ::-1])})[0][0]) for view in views)
    other = sum(unit(second.run(None, {"input": (planes(view) - 127) / 128})[0][0]) for view in views)
    return np.concatenate([unit(one) * 0.65**0.5, unit(other) * 0.35**0.5])


def examine(frame, portrait, detector, first, second, attack):
    height, width = frame.shape[:2]
    longest = max(height, width)
    centre, size, _ = (value * longest / SIDE for value in detect(detector, look(frame, 0, 0, longest)))
    side = SIDE * max(size[0] / FACE, size[1] / (0.9 * SIDE))
    left, top = centre - side / 2
    square = look(frame, left, top, side)
    points = detect(detector, square)[2]
    mirrored = detect(detector, square[:, ::-1])[2]
    mirrored = np.column_stack([SIDE - 1 - mirrored[:, 0], mirrored[:, 1]])[[1, 0, 2, 4, 3]]
    points = (points + mirrored) / 2 * side / SIDE + [left, top]
    crop = aligned(frame, points)
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[32:84, 32:84].astype(np.float32)
    sharpness = (cv2.Laplacian(grey, cv2.CV_32F) ** 2).mean() / grey.var()
    wide = size * min(2.7, width / size[0], height / size[1])
    x, y = np.clip(centre - wide / 2, 0, [width - wide[0], height - wide[1]]).astype(int)
    around = cv2.resize(frame[y : y + int(wide[1]), x : x + int(wide[0])], (128, 128))
    logits = attack.run(None, {"input": planes(around)})[0][0]
    living = np.exp(logits[0] - logits.max()) / np.exp(logits - logits.max()).sum()
    found = template(crop, first, second)
    return found, sharpness, living, 0.0 if portrait is None else found @ portrait


person = cv2.resize(cv2.imread(str(models / "faces/macron-2025.jpg")), (450, 560))
frame = np.full((720, 1280, 3), (124, 121, 118), np.uint8)
frame[160:720, 415:865] = person
for threads in (1, 2):
    loaded = sessions(threads)
    portrait = examine(frame, None, *loaded)[0]
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        likeness = examine(frame, portrait, *loaded)[3]
        times.append(1e3 * (time.perf_counter() - start))
    assert likeness > 0.99, likeness
    print(threads, *np.percentile(times, [50, 99]))
