"""Made-up results in the form that `focusllm eval` writes: several tasks, methods, lengths and depths, with graded scores,
refusals, a line that is cut, and names that are markup if nobody escapes them."""

import json
import math
import random

LENGTHS = [4096, 8192, 16384, 32768, 65536, 131072, 262144, 409600]
DEPTHS = list(range(0, 100, 10))
TRAINED = 32768  # the made-up model's context: full refuses more
METHODS = {"focus": (200, 4000), "infllm": (150, 1500), "full": (40, 2500), "streaming": (120, 3500)}
RUN = {"machine": "Made-up Processor 9000 <b>not bold</b>", "threads": 2, "isa": "avx512_vnni", "commit": "0123abc-dirty",
       "version": "0.1.0", "model_file": "Sample-135M & friends.gguf", "model_hash": "00112233445566778899aabbccddeeff"}


def identity(task, variant, method, length, **more):
    return {"task": task, "variant": variant, "model": "Sample 135M <i>&</i>",
            "adapter": "ffeeddccbbaa99887766554433221100" if method == "focus" else "", "method": method,
            "sizes": {"local": 0, "initial": 0, "block": 0, "top_k": 0, "chunk": 256, "renew": 0, "exact": False},
            "kv_type": "auto", "length": length, **more}


def speed(method, length, chance):
    first, rate = METHODS[method]
    slower = 1 + length / 40000 if method == "full" else 1
    return {"tokens": length - chance.randrange(5), "read_seconds": length / rate * slower * chance.uniform(0.95, 1.05),
            "first_token_seconds": first / 1000 * slower * chance.uniform(0.9, 1.1), "generated_tokens": 7,
            "generate_seconds": 7 / 60 * slower, "memory_bytes": 15000 * length if method != "streaming" else 40_000_000}


def score(task, method, length, depth, chance):
    lost = {"focus": 0.04, "infllm": 0.25, "full": 0.01, "streaming": 0.9}[method]
    right = 1 - lost * math.log2(length / 2048) / 8 * (1.5 if 30 < depth < 80 else 1)
    if task == "multikey":
        return round(min(1, max(0, chance.gauss(right, 0.1))), 2)
    return 1 if chance.random() < right else 0


def scored(task, variant, methods, trials, chance):
    for method in methods:
        for length in LENGTHS:
            for depth in DEPTHS:
                for trial in range(trials):
                    line = {"identity": identity(task, variant, method, length, depth=depth, trial=trial, seed=1)}
                    if method == "full" and length > TRAINED:
                        line["error"] = f"{length} tokens are more than the {TRAINED} that the model was trained for <script>"
                    else:
                        line["score"] = score(task, method, length, depth, chance)
                        line.update(speed(method, length, chance))
                    yield line


def perplexities(chance):
    for window in range(6):
        base = chance.uniform(2.6, 3.2)
        for method in ("focus", "infllm"):
            for length in (0, 4096, 16384, 65536):
                for variant in ["no memory"] if length == 0 else ["own memory", "memory of another text"]:
                    gain = {"no memory": 0, "own memory": -0.03, "memory of another text": 0.004}[variant]
                    nll = base + gain * math.log2(max(length, 2048) / 1024) + chance.gauss(0, 0.01)
                    yield {"identity": identity("perplexity", variant, method, length, window=f"text.txt to {window}",
                                                scored=512, before=512), "nll": nll}


def lines(seed=1):
    chance = random.Random(seed)
    yield from scored("passkey", "focus layout, published filler", ["focus", "infllm", "full", "streaming"], 3, chance)
    yield from scored("multikey", "4 keys", ["focus", "infllm"], 2, chance)
    yield from perplexities(chance)


def write(path):
    """Writes all of them, and the beginning of one more."""
    with path.open("w") as file:
        for number, line in enumerate(lines()):
            line["run"] = {**RUN, "time": f"2024-05-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"}
            file.write(json.dumps(line) + "\n")
        file.write('{"identity": {"task": "passkey", "varia')
