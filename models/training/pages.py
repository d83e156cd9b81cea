"""Sets of pages for measuring, each made worse in one way: pictures and the zones on them.

usage: pages.py FONT.otf OUT_FOLDER COUNT [SET...]

Writes OUT_FOLDER/SET/0000.png (or .jpg) and beside it 0000.txt with the lines of the zone. The pages are made
by other code than the strips of the training, so that the same mistake is not made twice; `mild` and
`hard` follow the sets that readers were compared with before.
"""
import pathlib
import random
import sys

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

import zones

# mm: Doc 9303-4 to -6. The zone's left edge and the middle of its last line stand as on real pages.
PAGES = {"TD3": (125, 88), "TD1": (85.6, 54), "TD2": (105, 74), "MRVA": (120, 80), "MRVB": (105, 74)}
PITCH = 2.54


def page(r, kind, font, dots):
    """A page of `kind` at `dots` px a mm, grey float32, and its lines."""
    width, height = (int(side * dots) for side in PAGES[kind])
    paper = r.uniform(205, 240)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    grey = np.full((height, width), paper, np.float32)
    for _ in range(3):
        wave, angle = r.uniform(.5, 2.5) * dots, r.uniform(0, np.pi)
        bend = np.sin(x / (r.uniform(4, 15) * dots)) * r.uniform(0, 2) * dots
        grey += r.uniform(2, 5) * np.sin((x * np.cos(angle) + y * np.sin(angle) + bend) * 2 * np.pi / wave)
    image = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    # A portrait, and the text of the page beside it.
    left, top = int(6 * dots), int(12 * dots)
    if height > 65 * dots:  # a card has its portrait on the other side
        pen.ellipse([left + 3 * dots, top + 2 * dots, left + 20 * dots, top + 25 * dots], fill=r.randint(90, 150))
        pen.rectangle([left, top + 22 * dots, left + 24 * dots, top + 30 * dots], fill=r.randint(40, 100))
    small = ImageFont.load_default(int(2.4 * dots))
    label = ImageFont.load_default(int(1.5 * dots))
    at = 6
    while at < PAGES[kind][1] - 32:
        text = "".join(r.choice(zones.LETTERS) for _ in range(r.randint(4, 18)))
        pen.text((left + 32 * dots, int(at * dots)), text.title(), font=label, fill=90)
        pen.text((left + 32 * dots, int((at + 2) * dots)), text, font=small, fill=40)
        at += 6.5
    lines = zones.zone(r, kind)
    pitch = PITCH * dots
    unit = ImageFont.truetype(font, 400).getlength("0") / 400
    type_ = ImageFont.truetype(font, int(round(pitch / unit)))
    _, rise, _, low = type_.getbbox("H")
    ink = r.randint(15, 55)
    first = (PAGES[kind][0] - PITCH * len(lines[0])) / 2 * dots
    for i, line in enumerate(lines):
        middle = height - (8 + 6.35 * (len(lines) - 1 - i)) * dots
        for j, character in enumerate(line):
            place = (first + j * pitch + r.uniform(-.02, .02) * pitch, middle - (low + rise) / 2)
            pen.text(place, character, font=type_, fill=ink)
    return np.asarray(image).astype(np.float32), lines


def turned(grey, degrees, value):
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    across, down = int(height * sine + width * cosine), int(height * cosine + width * sine)
    matrix[:, 2] += ((across - width) / 2, (down - height) / 2)
    return cv2.warpAffine(grey, matrix, (across, down), flags=cv2.INTER_CUBIC, borderValue=value)


def perspective(r, grey, amount, value):
    height, width = grey.shape
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    moved = corners + np.float32([[r.uniform(0, amount) * width, r.uniform(0, amount) * height] for _ in range(4)])
    matrix = cv2.getPerspectiveTransform(corners, moved)
    size = (int(width * (1 + amount)), int(height * (1 + amount)))
    return cv2.warpPerspective(grey, matrix, size, flags=cv2.INTER_CUBIC, borderValue=value)


def noise(r, grey, deviation):
    return grey + np.random.default_rng(r.getrandbits(32)).normal(0, deviation, grey.shape)


def desk(r, grey):
    """The page on a table, with a margin."""
    height, width = grey.shape
    value = r.uniform(50, 120)
    table = np.full((int(height * 1.35), int(width * 1.25)), value, np.float32)
    x, y = r.randint(0, table.shape[1] - width), r.randint(0, table.shape[0] - height)
    table[y:y + height, x:x + width] = grey
    return noise(r, table, 3), value


def coloured(r, grey):
    """Another colour for the paper, with waves of two more across it."""
    height, width = grey.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    layers = []
    for _ in "bgr":
        wave = np.sin(x / r.uniform(20, 90) + y / r.uniform(20, 90) + r.uniform(0, 6))
        layers.append((r.uniform(140, 220) + 25 * wave) * grey / 235)
    return np.stack(layers, -1)


def sheet(r, grey, font):
    """The page on a larger sheet of paper with lines of other print above and below."""
    height, width = grey.shape
    image = Image.new("L", (int(width * 1.4), int(height * 2.2)), 235)
    pen, type_ = ImageDraw.Draw(image), ImageFont.truetype(font, 40)
    for top in [*range(40, height // 2 - 60, 70), *range(int(height * 1.6), int(height * 2.15), 70)]:
        words = ("".join(r.choice(zones.LETTERS) for _ in range(r.randint(2, 11))) for _ in range(9))
        pen.text((60, top), " ".join(words), font=type_, fill=60)
    image.paste(Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)), (width // 5, height // 2))
    return np.asarray(image).astype(np.float32)


def glare(r, grey, amount):
    height, width = grey.shape
    x, y = np.linspace(0, 1, width)[None], np.linspace(0, 1, height)[:, None]
    spot = np.exp(-(((x - r.random()) / .06) ** 2 + ((y - r.uniform(.7, 1)) / .25) ** 2))
    return grey + amount * spot


def blur(grey, dots, amount):
    return cv2.GaussianBlur(grey, (0, 0), amount * PITCH * dots)


def _scan(r, font, dots=11.8):
    return page(r, r.choice(list(PAGES)), font, dots)


def _simple(change):
    def make(r, font):
        grey, lines = _scan(r, font)
        return change(r, grey), lines, None
    return make


def _low(r, font):
    grey, lines = _scan(r, font)
    return 150 + (grey - 150) * .28, lines, None


def _small(dots):
    def make(r, font):
        grey, lines = _scan(r, font, 12)
        scale = dots / 12
        return cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), lines, None
    return make


def _phone(r, font):
    grey, lines = _scan(r, font, r.uniform(6, 11))
    grey, value = desk(r, grey)
    grey = perspective(r, turned(grey, r.uniform(-6, 6), value), .05, value)
    x = np.linspace(-1, 1, grey.shape[1])[None]
    grey = blur(grey * (1 + r.uniform(-.2, .2) * x), 8, r.uniform(.02, .07))
    return noise(r, grey, 5), lines, 70


def _sheet(r, font):
    grey, lines = _scan(r, font)
    return sheet(r, grey, font), lines, None


def _crop(level, pitch):
    """Only the zone, a passport's: the sets of earlier comparisons."""
    def make(r, font):
        lines = zones.zone(r, "TD3")
        unit = ImageFont.truetype(font, 400).getlength("0") / 400
        type_ = ImageFont.truetype(font, int(round(pitch / unit)))
        spacing, margin = int(2.5 * pitch), pitch
        height, width = spacing * 2 + 2 * margin, pitch * 44 + 2 * margin
        paper = 235 if level == 0 else r.randint(190, 230)
        image = Image.new("L", (width, height), paper)
        pen = ImageDraw.Draw(image)
        if level:
            for k in range(0, width + height, max(3, pitch // 3)):
                pen.line([(k, 0), (k - height, height)], fill=paper - r.randint(5, 12 + 10 * level))
        ink = 20 if level == 0 else r.randint(25, 40 + 25 * level)
        for i, line in enumerate(lines):
            for j, character in enumerate(line):
                dx, dy = ((r.uniform(-.04, .04) * pitch for _ in "xy") if level else (0, 0))
                pen.text((margin + j * pitch + dx, margin + i * spacing + dy), character, font=type_, fill=ink)
        grey = np.asarray(image).astype(np.float32)
        if level:
            grey *= np.linspace(1, 1 - .12 * level * r.random(), width)[None]
            if level > 1:
                grey += 45 * np.exp(-((np.arange(width) - r.randint(0, width)) / (width * .08)) ** 2)[None]
            matrix = cv2.getRotationMatrix2D((width / 2, height / 2), r.uniform(-.35, .35) * level, 1)
            grey = cv2.warpAffine(grey, matrix, (width, height), borderValue=float(paper))
            grey = noise(r, cv2.GaussianBlur(grey, (0, 0), (.035 + .02 * level) * pitch), 4 * level)
        return grey, lines, None if level == 0 else 85 - 15 * (level - 1)
    return make


SETS = {
    "crop-clean": _crop(0, 30),
    "crop-mild": _crop(1, 24),
    "crop-hard": _crop(2, 16),
    "scan": _simple(lambda r, g: g),
    "blur": _simple(lambda r, g: blur(g, 11.8, .1)),
    "noise": _simple(lambda r, g: noise(r, g, 22)),
    "low-contrast": _low,
    "glare": _simple(lambda r, g: glare(r, g, 140)),
    "rotation": _simple(lambda r, g: turned(g, r.uniform(-10, 10), 60)),
    "any-way-up": _simple(lambda r, g: np.rot90(g, r.randint(1, 3))),
    "perspective": _simple(lambda r, g: perspective(r, g, .06, 60)),
    "10px": _small(10 / 2.54),
    "8px": _small(8 / 2.54),
    "jpeg": lambda r, font: (*_scan(r, font), 25),
    "phone": _phone,
    "colour": _simple(coloured),
    "dark": _simple(lambda r, g: g * .35),
    "motion": _simple(lambda r, g: cv2.blur(g, (9, 1))),
    "more-noise": _simple(lambda r, g: noise(r, g, 35)),
    "steep": _simple(lambda r, g: turned(g, r.choice([-1, 1]) * r.uniform(14, 20), 60)),
    "sheet": _sheet,
    "mirrored": _simple(lambda r, g: g[:, ::-1]),
}


def main():
    font, folder, count = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    for name in sys.argv[4:] or SETS:
        out = folder / name
        out.mkdir(parents=True, exist_ok=True)
        r = random.Random(f"{name} 7")
        for i in range(count):
            grey, lines, quality = SETS[name](r, font)
            grey = np.clip(grey, 0, 255).astype(np.uint8)
            if quality:
                cv2.imwrite(str(out / f"{i:04d}.jpg"), grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
            else:
                cv2.imwrite(str(out / f"{i:04d}.png"), grey)
            (out / f"{i:04d}.txt").write_text("\n".join(lines) + "\n")
        print(name, count, flush=True)


if __name__ == "__main__":
    main()
