"""Training strips: one printed line each, as the finder of gate-zone cuts it, seen by a bad camera.

A strip is 32 px high and 768 px wide, 8 bit grey. A capital letter is about 15 px high and the pitch
about 16 px; the line begins where it likes. Everything is drawn from one `random.Random`.
"""
import random

import cv2
import numpy as np
from PIL import ImageFont, Image, ImageDraw

import zones

HEIGHT, WIDTH = 32, 768
CAPITAL = 15.0
# Doc 9303-3, 4.2 (OCR-B size 1): 10 characters an inch; lines 1/4 inch apart, more or less.
LINE_SPACING = 2.5
CHARACTERS_MAX = 44

_fonts = {}


def _font(path, pitch):
    key = (path, int(round(pitch * 1.7)))
    if key not in _fonts:
        unit = ImageFont.truetype(path, 200).getlength("0") / 200
        font = ImageFont.truetype(path, int(round(pitch / unit)))
        _, top, _, bottom = font.getbbox("H")
        _fonts[key] = (font, top, bottom - top)
    return _fonts[key]


def _background(r, height, width):
    """Paper and printed security patterns."""
    paper = np.full((height, width), r.uniform(120, 245), np.float32)
    y, x = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]
    for _ in range(r.choice([0, 1, 1, 2])):
        wave, angle = r.uniform(4, 40), r.uniform(0, np.pi)
        bend = r.uniform(0, 8) * np.sin(x / r.uniform(20, 90) + r.uniform(0, 6))
        lines = np.sin((x * np.cos(angle) + bend + y * np.sin(angle)) * (2 * np.pi / wave))
        if r.random() < .5:
            lines = np.clip(lines * 6 - 4, -1, 1)
        paper += r.uniform(2, 22) * lines
    if r.random() < .3:
        blobs = np.random.default_rng(r.getrandbits(32)).normal(0, 1, (4, 24)).astype(np.float32)
        paper += r.uniform(4, 18) * cv2.resize(blobs, (width, height), interpolation=cv2.INTER_CUBIC)
    return paper


def draw(r, lines, font, pitch):
    """The lines on a page of their own: grey, then left edge and top of the first line, line
    spacing and height of a capital, all in px."""
    type_, top, capital = _font(font, pitch * r.choice([.94, 1, 1, 1, 1.04]))
    spacing = pitch * LINE_SPACING * r.uniform(.93, 1.07)
    margin = int(pitch * 2.5)
    width = int(pitch * max(map(len, lines)) + 2 * margin)
    height = int(spacing * (len(lines) - 1) + capital + 2 * margin)
    page = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(page)
    for i, line in enumerate(lines):
        rise = 0.0
        for j, character in enumerate(line):
            rise = rise * .7 + r.uniform(-.015, .015) * pitch
            at = (margin + j * pitch + r.uniform(-.03, .03) * pitch, margin + i * spacing - top + rise)
            pen.text(at, character, font=type_, fill=255)
    ink = np.asarray(page).astype(np.float32) / 255
    if r.random() < .5:  # more or less ink
        ink = cv2.GaussianBlur(ink, (0, 0), pitch * .05)
        ink = np.clip((ink - r.uniform(.1, .6)) * 3, 0, 1)
    if r.random() < .25:  # worn print
        wear = np.random.default_rng(r.getrandbits(32)).uniform(0, 1, (height // 3 + 1, width // 3 + 1))
        wear = cv2.resize(wear.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        ink *= np.where(wear > 1 - r.uniform(0, .12), r.uniform(.2, .7), 1)
    paper = _background(r, height, width)
    black = np.minimum(r.uniform(5, 80), paper * r.uniform(.4, .65))
    page = paper * (1 - ink) + black * ink
    return page, margin, margin, spacing, capital


def _light(r, page):
    height, width = page.shape
    x, y = np.linspace(-1, 1, width)[None], np.linspace(-1, 1, height)[:, None]
    page = page * (1 + r.uniform(-.25, .25) * x + r.uniform(-.1, .1) * y)
    if r.random() < .3:  # glare
        centre, spread = r.uniform(-1, 1), r.uniform(.03, .25)
        page = page + r.uniform(20, 110) * np.exp(-((x + r.uniform(-.3, .3) * y - centre) / spread) ** 2)
    if r.random() < .15:  # a shadow's edge
        page = np.where(x + r.uniform(-.4, .4) * y > r.uniform(-1, 1), page, page * r.uniform(.55, .9))
    return page


def _camera(r, grey, capital):
    """Blur, noise and compression of a picture in which letters are `capital` px high."""
    kind = r.random()
    if kind < .6:
        grey = cv2.GaussianBlur(grey, (0, 0), capital * r.uniform(.02, .11))
    elif kind < .75:
        length = max(2, int(capital * r.uniform(.08, .3)))
        kernel = np.zeros((length, length), np.float32)
        angle = r.uniform(0, np.pi)
        middle = (length - 1) / 2
        for t in np.linspace(-middle, middle, 4 * length):
            kernel[int(round(middle + t * np.sin(angle))), int(round(middle + t * np.cos(angle)))] = 1
        grey = cv2.filter2D(grey, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    random = np.random.default_rng(r.getrandbits(32))
    grey = grey + random.normal(0, r.choice([0, 1, 3, 6, 10, 14]), grey.shape)
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    if r.random() < .6:
        quality = [cv2.IMWRITE_JPEG_QUALITY, r.randint(30, 92)]
        grey = cv2.imdecode(cv2.imencode(".jpg", grey, quality)[1], cv2.IMREAD_GRAYSCALE)
    return grey


def strip(r, fonts):
    """One strip and its text."""
    kind = r.choice(["TD3", "TD3", "TD1", "TD2", "MRVA"])
    lines = zones.zone(r, kind)
    if r.random() < .5:
        lines = [zones.noise(r, len(line)) for line in lines]
    pitch = r.choice([8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20])
    page, left, top, spacing, capital = draw(r, lines, r.choice(fonts), pitch)
    page = _camera(r, _light(r, page), capital)
    which = r.randrange(len(lines))
    # Where the finder thinks that the line is, with its errors.
    scale = CAPITAL / capital * r.uniform(.85, 1.15)
    stretch = scale * r.uniform(.92, 1.08)
    used = len(lines[which]) * pitch * stretch
    if used > WIDTH - 12:
        stretch *= (WIDTH - 12) / used
        used = WIDTH - 12
    x = r.uniform(4, min(48, WIDTH - 4 - used))
    centre = HEIGHT / 2 + r.uniform(-3, 3)
    slope = r.uniform(-5, 5) / WIDTH if r.random() < .6 else 0
    shear = r.uniform(-.12, .12) if r.random() < .4 else 0
    middle = top + which * spacing + capital / 2
    # Target = matrix * source: scale, shear, slope.
    matrix = np.array([[stretch, shear * scale, 0], [slope * stretch, scale, 0]], np.float32)
    matrix[0, 2] = x - matrix[0, 0] * left - matrix[0, 1] * middle
    matrix[1, 2] = centre - matrix[1, 0] * (left + used / stretch / 2) - matrix[1, 1] * middle
    border, value = r.choice([(cv2.BORDER_REPLICATE, 0), (cv2.BORDER_CONSTANT, r.randint(0, 255))])
    if scale < .7:
        page = cv2.GaussianBlur(page, (0, 0), .35 / scale)
    out = cv2.warpAffine(page, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=value)
    return out, lines[which]


def strips(seed, count, fonts):
    """`count` strips, `uint8 [count, 32, 768]`, and their texts."""
    r = random.Random(seed)
    grey = np.zeros((count, HEIGHT, WIDTH), np.uint8)
    texts = []
    for i in range(count):
        grey[i], text = strip(r, fonts)
        texts.append(text)
    return grey, texts
