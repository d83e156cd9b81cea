"""Trains the reader of printed lines on rendered strips, and exports it to ONNX.

usage: train.py FONT_FOLDER WORK_FOLDER OUT.onnx [--shards 12] [--steps 4000]

Strips are rendered shard by shard by a process of its own, beside the training; step k draws from the
shards that are due by then, so a run sees the same batches however fast either of them is.
"""
import argparse
import multiprocessing
import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

import strips
import zones

SHARD = 2000
BATCH = 32
STEPS_A_SHARD = 120
SHARDS_AT_START = 2
CLASSES = len(zones.ALPHABET) + 1
# The square-ended OCRBS stays out: it tells whether letters are known by shape or by heart.
FONTS = ["OCRB.otf", "OCRB.otf", "OCRB.otf", "OCRBL.otf"]
CHANNELS = [16, 32, 48, 80, 96]
STRIDES = [(2, 2), (2, 2), (2, 1), (2, 1), (2, 1)]
BLANK = len(zones.ALPHABET)
CONTEXT = 128


def render(fonts, folder, shards):
    os.nice(2)
    for shard in range(shards):
        file = folder / f"strips-{shard:03d}.npz"
        if not file.exists():
            grey, texts = strips.strips(1_000 + shard, SHARD, fonts)
            part = file.with_suffix(".part.npz")
            np.savez(part, grey=grey, texts=np.array(texts))
            part.rename(file)


def normalised(grey):
    """What the reader sees: mean 0, deviation 1, each strip by itself; shape [n, 32, 768, 1]."""
    grey = grey.astype(np.float32)
    mean = grey.mean((1, 2), keepdims=True)
    deviation = np.maximum(grey.std((1, 2), keepdims=True), 4)
    return ((grey - mean) / deviation)[..., None]


def labels(texts):
    """Classes of each character, `BLANK` behind the last."""
    table = np.full((len(texts), strips.CHARACTERS_MAX), BLANK, np.int32)
    for row, text in zip(table, texts):
        row[: len(text)] = [zones.ALPHABET.index(c) for c in text]
    return table


def decode(logits):
    texts = []
    for best in logits.argmax(-1):
        steps = [k for i, k in enumerate(best) if k != BLANK and (i == 0 or k != best[i - 1])]
        texts.append("".join(zones.ALPHABET[k] for k in steps))
    return texts


def network(tf):
    keras = tf.keras
    x = entry = keras.Input((strips.HEIGHT, strips.WIDTH, 1))
    for channels, stride in zip(CHANNELS, STRIDES):
        x = keras.layers.Conv2D(channels, 3, strides=stride, padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    for _ in range(2):
        x = keras.layers.Conv2D(CONTEXT, (1, 5), padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Conv2D(CLASSES, 1)(x)
    return keras.Model(entry, keras.layers.Reshape((-1, CLASSES))(x))


def main():
    args = argparse.ArgumentParser()
    args.add_argument("fonts", type=pathlib.Path)
    args.add_argument("work", type=pathlib.Path)
    args.add_argument("out", type=pathlib.Path)
    args.add_argument("--shards", type=int, default=12)
    args.add_argument("--steps", type=int, default=4000)
    args = args.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    fonts = [str(args.fonts / name) for name in FONTS]
    renderer = multiprocessing.get_context("spawn").Process(
        target=render, args=(fonts, args.work, args.shards), daemon=True)
    renderer.start()

    import tensorflow as tf
    import export
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.keras.utils.set_random_seed(1)
    model = network(tf)
    print("parameters", model.count_params(), flush=True)
    seen = strips.strips(1, 200, fonts)
    unseen = strips.strips(2, 200, [str(args.fonts / "OCRBS.otf")])
    rate = tf.keras.optimizers.schedules.CosineDecay(
        0.0, args.steps - 300, alpha=.01, warmup_target=2e-3, warmup_steps=300)
    optimiser = tf.keras.optimizers.Adam(rate, clipnorm=5.0)

    @tf.function
    def step(grey, table):
        places = tf.where(table != BLANK)
        with tf.GradientTape() as tape:
            logits = model(grey, training=True)
            # The older operation: in C++, and on processors several times as fast as the newer one.
            losses, _ = tf.raw_ops.CTCLoss(
                inputs=tf.transpose(logits, [1, 0, 2]), labels_indices=places,
                labels_values=tf.gather_nd(table, places),
                sequence_length=tf.fill([tf.shape(grey)[0]], tf.shape(logits)[1]))
            loss = tf.reduce_mean(losses)
        slopes = tape.gradient(loss, model.trainable_variables)
        optimiser.apply_gradients(zip(slopes, model.trainable_variables))
        return loss

    random = np.random.default_rng(1)
    shards, total, since = [], 0.0, time.time()
    for k in range(args.steps):
        while len(shards) < min(args.shards, SHARDS_AT_START + k // STEPS_A_SHARD):
            file = args.work / f"strips-{len(shards):03d}.npz"
            while not file.exists():
                time.sleep(1)
            with np.load(file) as shard:
                shards.append((shard["grey"], labels(shard["texts"])))
        grey, table = shards[random.integers(len(shards))]
        rows = random.integers(0, SHARD, BATCH)
        total += float(step(normalised(grey[rows]), table[rows]))
        if (k + 1) % 250 == 0 or k + 1 == args.steps:
            read = []
            for grey_, texts in (seen, unseen):
                found = decode(model.predict(normalised(grey_), batch_size=50, verbose=0))
                read.append(sum(a == b for a, b in zip(found, texts)) / len(texts))
            print(f"step {k + 1} loss {total / 250:.3f} lines read: seen fonts {read[0]:.3f}, "
                  f"unseen font {read[1]:.3f}; {(time.time() - since) / 250:.3f} s a step, "
                  f"{len(shards)} shards", flush=True)
            total, since = 0.0, time.time()
            model.save_weights(str(args.work / "weights.h5"))
    export.export(model, args.out)
    print(args.out, args.out.stat().st_size)


if __name__ == "__main__":
    main()
