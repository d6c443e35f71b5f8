#!/usr/bin/env python3
"""Golden values of the decoder from llama.cpp: perplexity, and the likeliest tokens after some prompts.

usage: golden_model.py MODEL.gguf TEXT OUT.json      (needs the PyPI packages gguf, numpy and llama-cpp-python)

The file is dequantised to F32 by the gguf package first: what llama.cpp computes from that, with keys and values in
F32, is the reference for every number type of ours. The quantised file's own figures stand beside it.
"""
import json
import os
import sys
import tempfile

import gguf
import llama_cpp
import numpy as np


def dequantised(path, out):
    reader = gguf.GGUFReader(path)
    arch = str(reader.fields["general.architecture"].contents())
    writer = gguf.GGUFWriter(out, arch)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        kind = field.types[0]
        sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=sub)
    for tensor in reader.tensors:
        data = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, data.reshape(list(reversed([int(n) for n in tensor.shape]))))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def load(path, context):
    return llama_cpp.Llama(path, n_ctx=context, n_batch=context, n_ubatch=512, logits_all=True, verbose=False,
                           type_k=0, type_v=0, flash_attn=False, n_threads=2)


def log_softmax(logits):
    logits = logits.astype(np.float64)
    top = logits.max(axis=-1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))


def perplexity(model, tokens, context, bos):
    """llama-perplexity's: chunks of `context`, scored over each one's second half."""
    nll, count = 0.0, 0
    for i in range(len(tokens) // context):
        chunk = list(tokens[i * context:(i + 1) * context])
        if bos is not None:
            chunk[0] = bos
        model.reset()
        model.eval(chunk)
        first = context // 2
        logp = log_softmax(np.array(model.scores[first:context - 1]))
        nll -= sum(logp[j, chunk[first + 1 + j]] for j in range(len(logp)))
        count += len(logp)
    return float(np.exp(nll / count)), count


def likeliest(model, ids, count=10):
    model.reset()
    model.eval(ids)
    logp = log_softmax(np.array(model.scores[len(ids) - 1]))
    order = np.argsort(-logp, kind="stable")[:count]
    return [[int(i), float(logp[i])] for i in order]


def measure(path, text, prompts, context):
    model = load(path, context)
    adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(model._model.vocab))
    bos = model.token_bos() if adds_bos else None
    tokens = model.tokenize(text, add_bos=adds_bos, special=False)
    ppl, count = perplexity(model, tokens, context, bos)
    cases = []
    for prompt in prompts:
        ids = model.tokenize(prompt.encode(), add_bos=adds_bos, special=False)
        cases.append({"prompt": prompt, "ids": ids, "top": likeliest(model, ids)})
    return {"perplexity": ppl, "scored": count, "cases": cases}


PROMPTS = ["In the beginning", "The capital of France is", "a", "1 2 3 4 5 6 7 8 9 10 11 12",
           "And God said, Let there be light: and there was light. " * 12]

path, text_path, out = sys.argv[1:4]
with open(text_path, "rb") as file:
    text = file.read()
with tempfile.TemporaryDirectory() as folder:
    plain = os.path.join(folder, "f32.gguf")
    dequantised(path, plain)
    result = {"model": os.path.basename(path), "context": 512,
              "f32": measure(plain, text, PROMPTS, 512), "quantised": measure(path, text, PROMPTS, 512)}
with open(out, "w") as file:
    json.dump(result, file, indent=1)
print(out, result["f32"]["perplexity"], result["quantised"]["perplexity"])
