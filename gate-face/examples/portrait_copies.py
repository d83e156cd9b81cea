"""Copies of photographs as JPEG 2000, as small as a chip's portrait.

    python3 gate-face/examples/portrait_copies.py FACES COPIES [BITS_PER_PIXEL]

FACES has a folder a person with a photograph a file; COPIES gets the same layout. The encoder is OpenJPEG by
way of Pillow: irreversible wavelet, one layer, one tile, 0.55 bit a pixel if nothing else is said, which makes
15 kB of a portrait of 413 x 531 px. It prints the versions, for they decide the bytes.
"""

import sys
from pathlib import Path

from PIL import Image, __version__, features


def main():
    faces, copies = Path(sys.argv[1]), Path(sys.argv[2])
    bits = float(sys.argv[3]) if len(sys.argv) > 3 else 0.55
    print("Pillow", __version__, "OpenJPEG", features.version("jpg_2000"))
    size = pixels = 0
    for photograph in sorted(path for path in faces.glob("*/*") if path.is_file()):
        copy = (copies / photograph.relative_to(faces)).with_suffix(".jp2")
        copy.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.open(photograph).convert("RGB")
        picture.save(copy, irreversible=True, quality_mode="rates", quality_layers=[24 / bits])
        size += copy.stat().st_size
        pixels += picture.width * picture.height
    print(f"{8 * size / pixels:.3f} bit a pixel")


main()
