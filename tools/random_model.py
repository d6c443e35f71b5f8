#!/usr/bin/env python3
"""Writes a GGUF model of a known shape with random weights, to measure speed and memory where the real one is not at hand.

usage: random_model.py SHAPE OUT.gguf --tokenizer FROM.gguf [--seed N]      (needs the PyPI packages gguf and numpy)

Shapes: `8b` is Llama 3 8B (4.9 GB), `tiny` a few MB to try things with. The types of the tensors are those of llama.cpp's
Q4_K_M. Weights dequantise to roughly a normal distribution with standard deviation 1/sqrt(inputs), so activations neither
die nor explode; what the model says is noise. The tokenizer is FROM's, its tokens cut or padded to the shape's vocabulary.
The same shape, seed and tokenizer make the same file.
"""
import argparse
import dataclasses
import statistics
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import TokenType

PIECE = 1 << 14  # blocks made at a time: what is in memory beside the tensor being written
SPECIAL = {TokenType.UNKNOWN, TokenType.CONTROL, TokenType.USER_DEFINED, TokenType.BYTE}


@dataclasses.dataclass(frozen=True)
class Shape:
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    feed_forward: int
    vocabulary: int
    context: int = 8192
    rope_base: float = 500000.0


SHAPES = {
    "8b": Shape(layers=32, width=4096, heads=32, kv_heads=8, head_dim=128, feed_forward=14336, vocabulary=128256),
    "tiny": Shape(layers=4, width=256, heads=4, kv_heads=2, head_dim=64, feed_forward=512, vocabulary=8192),
}


# Tensors and their types

def uses_more_bits(layer, layers):
    """llama.cpp's use_more_bits: the layers whose attn_v and ffn_down are Q6_K in a Q4_K_M file."""
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def layer_tensors(shape, layer):
    queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    more = Type.Q6_K if uses_more_bits(layer, shape.layers) else Type.Q4_K
    for name, kind, size in [
        ("attn_norm", Type.F32, (shape.width,)),
        ("attn_q", Type.Q4_K, (queries, shape.width)),
        ("attn_k", Type.Q4_K, (keys, shape.width)),
        ("attn_v", more, (keys, shape.width)),
        ("attn_output", Type.Q4_K, (shape.width, queries)),
        ("ffn_norm", Type.F32, (shape.width,)),
        ("ffn_gate", Type.Q4_K, (shape.feed_forward, shape.width)),
        ("ffn_up", Type.Q4_K, (shape.feed_forward, shape.width)),
        ("ffn_down", more, (shape.width, shape.feed_forward)),
    ]:
        yield f"blk.{layer}.{name}.weight", kind, size


def tensors(shape):
    """(name, type, (outputs, inputs) or (width,)) of every tensor, in the file's order."""
    yield "token_embd.weight", Type.Q4_K, (shape.vocabulary, shape.width)
    for layer in range(shape.layers):
        yield from layer_tensors(shape, layer)
    yield "output_norm.weight", Type.F32, (shape.width,)
    yield "output.weight", Type.Q6_K, (shape.vocabulary, shape.width)


def stored(kind, size):
    """Shape and number type of the array that holds a tensor: bytes of blocks, or float32."""
    if kind == Type.F32:
        return size, np.dtype(np.float32)
    return gguf.quant_shape_to_byte_shape(size, kind), np.dtype(np.uint8)


# Random blocks

def normal_quants(levels, middle):
    """256 equally likely numbers from 0 to levels - 1, as a normal distribution around `middle` rounds to."""
    normal = np.array([statistics.NormalDist().inv_cdf((i + 0.5) / 256) for i in range(256)])
    return np.clip(np.rint(middle + normal * levels / 6), 0, levels - 1).astype(np.uint8)


Q4 = normal_quants(16, 7.5)
Q4_PAIRS = (Q4[:, None] | Q4[None, :] << 4).reshape(-1)  # two of them to a byte, by 16 random bits
Q6 = normal_quants(64, 32)


def block_scales(rng, count, deviation, quants, low, high):
    """The scale of each block (a column, float32), its parts' being whole numbers from low to high - 1."""
    part = np.sqrt(np.mean(np.arange(low, high) ** 2.0))
    return (rng.uniform(0.8, 1.2, (count, 1)) * (deviation / (part * quants.std()))).astype(np.float32)


def halves(column):
    return column.astype(np.float16).view(np.uint8)


def fill_q4_k(rng, blocks, deviation):
    """d * s * q - dmin * m with m = s and dmin = 7.5 d: the mean is 0."""
    count, low, high = len(blocks), 40, 64
    d = block_scales(rng, count, deviation, Q4, low, high)
    scales = rng.integers(low, high, (count, 8), dtype=np.uint8)
    first, second = scales[:, :4], scales[:, 4:]
    blocks[:, 0:2] = halves(d)
    blocks[:, 2:4] = halves(d * 7.5)
    blocks[:, 4:8] = blocks[:, 8:12] = first | second >> 4 << 6
    blocks[:, 12:16] = (second & 15) * 17
    blocks[:, 16:] = Q4_PAIRS[rng.integers(0, 1 << 16, (count, 128), dtype=np.uint16)]


def fill_q6_k(rng, blocks, deviation):
    """d * s * (q - 32); q's low four bits stand two to a byte, its high two bits four to a byte."""
    count, low, high = len(blocks), 80, 128
    q = Q6[rng.integers(0, 256, (count, 2, 4, 32), dtype=np.uint8)]
    nibbles, tops = q & 15, q >> 4
    blocks[:, :128] = (nibbles[:, :, :2] | nibbles[:, :, 2:] << 4).reshape(count, 128)
    tops = tops[:, :, 0] | tops[:, :, 1] << 2 | tops[:, :, 2] << 4 | tops[:, :, 3] << 6
    blocks[:, 128:192] = tops.reshape(count, 64)
    blocks[:, 192:208] = rng.integers(low, high, (count, 16), dtype=np.uint8)
    blocks[:, 208:] = halves(block_scales(rng, count, deviation, Q6, low, high))


FILL = {Type.Q4_K: fill_q4_k, Type.Q6_K: fill_q6_k}


def random_tensor(rng, kind, size):
    array = np.empty(*stored(kind, size))
    if kind == Type.F32:  # a norm's weights
        array[...] = 1
        return array
    blocks = array.reshape(-1, gguf.GGML_QUANT_SIZES[kind][1])
    for start in range(0, len(blocks), PIECE):
        FILL[kind](rng, blocks[start : start + PIECE], size[-1] ** -0.5)
    return array


# The tokenizer

def read_tokenizer(path):
    """{key: (value, type, type of an array's elements)} of all tokenizer.* keys."""
    keys = {}
    for name, field in gguf.GGUFReader(path).fields.items():
        if name.startswith("tokenizer."):
            kind = field.types[0]
            keys[name] = (field.contents(), kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    for needed in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type"):
        if needed not in keys:
            sys.exit(f"random_model: {path} has no {needed}; --tokenizer needs a model with a tokenizer")
    return keys


def kept_tokens(kinds, named, vocabulary):
    """The tokens that stay, in order: every special or named one, and the first of the others as far as there is room."""
    special = {token for token, kind in enumerate(kinds) if kind in SPECIAL} | named
    room = vocabulary - len(special)
    if room < 0:
        sys.exit(f"random_model: the tokenizer has {len(special)} special tokens, the shape a vocabulary of {vocabulary}; "
                 "take another file's tokenizer")
    others = [token for token in range(len(kinds)) if token not in special]
    return sorted(special.union(others[:room]))


def fit_tokenizer(keys, vocabulary):
    """The same keys for exactly `vocabulary` tokens: cut and renumbered, or padded with unused ones."""
    value = {name: entry[0] for name, entry in keys.items()}
    old_tokens = value["tokenizer.ggml.tokens"]
    ids = {name for name in keys if name.endswith("_token_id")}
    named = {value[name] for name in ids if value[name] < len(old_tokens)}
    kept = kept_tokens(value["tokenizer.ggml.token_type"], named, vocabulary)
    number = {old: new for new, old in enumerate(kept)}
    padding = range(len(kept), vocabulary)
    texts = {old_tokens[old] for old in kept}

    def is_merge(line):
        space = line.find(" ", 1)
        left, right = line[:space], line[space + 1 :]
        return left in texts and right in texts and left + right in texts

    pads = {"tokens": [f"[PAD{i}]" for i in padding], "token_type": [int(TokenType.UNUSED)] * len(padding),
            "scores": [-1e4] * len(padding)}
    for name in keys:
        last = name.rpartition(".")[2]
        if name in ids:
            value[name] = number.get(value[name])
        elif last in pads:
            value[name] = [value[name][old] for old in kept] + pads[last]
        elif last == "merges":
            value[name] = [line for line in value[name] if is_merge(line)]
    return {name: (value[name], *entry[1:]) for name, entry in keys.items() if value[name] is not None}


# The file

def add_metadata(writer, name, shape, tokenizer):
    writer.add_name(f"random {name}")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)
    for key, (value, kind, sub) in tokenizer.items():
        writer.add_key_value(key, value, kind, sub_type=sub)


def write(name, path, tokenizer, seed):
    shape = SHAPES[name]
    writer = gguf.GGUFWriter(path, "llama")
    add_metadata(writer, name, shape, fit_tokenizer(read_tokenizer(tokenizer), shape.vocabulary))
    for tensor, kind, size in tensors(shape):
        array_shape, number_type = stored(kind, size)
        nbytes = int(np.prod(array_shape)) * number_type.itemsize
        writer.add_tensor_info(tensor, array_shape, number_type, nbytes, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for index, (_, kind, size) in enumerate(tensors(shape)):
        rng = np.random.Generator(np.random.SFC64([seed, index]))
        writer.write_tensor_data(random_tensor(rng, kind, size))
    writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("out", metavar="OUT.gguf")
    parser.add_argument("--tokenizer", metavar="FROM.gguf", required=True, help="the file whose tokenizer is taken")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    write(arguments.shape, arguments.out, arguments.tokenizer, arguments.seed)


if __name__ == "__main__":
    main()
