#!/usr/bin/env python3
"""Writes tests/golden/dequantize.bin and quantize.bin with the PyPI package `gguf` (0.10 or newer) and numpy.

Each file is a sequence of records: type, number of values, number of bytes (uint32, little-endian), then the bytes
of the blocks and the float32 values: decoded from the blocks (dequantize.bin), or to be encoded to them (quantize.bin).

    python3 tools/golden_dequantize.py [FOLDER]
"""
import pathlib
import struct
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

# Where the half-precision scales of a block stand.
SCALES = {
    Type.F32: [], Type.F16: [0], Type.BF16: [],
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.IQ4_NL: [0],
    Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208], Type.IQ4_XS: [0],
}
# As bits: 1, -1, +0, -0, the largest, the smallest subnormal and normal, infinities, NaN.
SPECIAL_HALVES = [0x3C00, 0xBC00, 0x0000, 0x8000, 0x7BFF, 0x0001, 0x8001, 0x03FF, 0x0400, 0x7C00, 0xFC00, 0x7E01]
WRITTEN = [Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1]


def random_blocks(rng, kind):
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    count = {1: 256, 32: 24, 256: 6}[elements]
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for offset in SCALES[kind]:
        halves = blocks[:, offset : offset + 2].copy().view(np.uint16)
        chosen = rng.choice(SPECIAL_HALVES, min(len(SPECIAL_HALVES), count // 2), replace=False)
        halves[: len(chosen), 0] = chosen
        # The others of ordinary size: exponents 2^-8 to 2^0, either sign.
        rest = rng.uniform(0.004, 1.0, count - len(chosen)) * rng.choice([-1, 1], count - len(chosen))
        halves[len(chosen) :, 0] = rest.astype(np.float16).view(np.uint16)
        blocks[:, offset : offset + 2] = halves.view(np.uint8)
    blocks[-1] = 255 if elements == 1 else np.where(np.arange(size) % 2, blocks[-1], 255)
    return blocks


def random_values(rng):
    blocks = rng.standard_normal((24, 32)).astype(np.float32)
    blocks *= np.float32(10.0) ** rng.integers(-6, 4, (24, 1)).astype(np.float32)
    blocks[0] = 0.0
    blocks[1] = -0.0
    blocks[2] = np.arange(32) - 16
    blocks[3] = 1.5
    blocks[4] = -abs(blocks[4])
    blocks[5] = 3e-8  # scales that are subnormal as halves
    blocks[6, ::2] = 0.0
    return blocks


def record(kind, blocks, values):
    blocks, values = blocks.tobytes(), np.ascontiguousarray(values, np.float32)
    return struct.pack("<III", kind, values.size, len(blocks)) + blocks + values.tobytes()


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/golden")
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20240901)
    with np.errstate(all="ignore"):
        decoded, encoded = b"", b""
        for kind in SCALES:
            blocks = random_blocks(rng, kind)
            decoded += record(kind, blocks, gguf.dequantize(blocks, kind))
        for kind in WRITTEN:
            values = random_values(rng)
            encoded += record(kind, gguf.quantize(values, kind), values)
    (folder / "dequantize.bin").write_bytes(decoded)
    (folder / "quantize.bin").write_bytes(encoded)


if __name__ == "__main__":
    main()
