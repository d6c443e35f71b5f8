"""Writes tests/golden/tokenizer.jsonl and tests/golden/tokenizer_chat.json, what the tokenizers are compared with.

Token ids come from llama.cpp (PyPI llama-cpp-python 0.3.36), chat texts from the models' own templates rendered by
Jinja. Run with a Python that has llama-cpp-python, gguf and jinja2, from the repository root, with models/ in place:
    python tools/golden_tokenizer.py
Each line of tokenizer.jsonl is {"text": hex, "special": bool, "ids": {vocabulary: [ids]}}. The vocabularies are the two
models, the first with other pre-tokenizers (smollm's tokens, another tokenizer.ggml.pre) and the second with the space
prefix on.
"""
import ctypes
import json
import random
import tempfile
from pathlib import Path

import jinja2
import llama_cpp
from gguf import GGUFReader, GGUFValueType, GGUFWriter

SMOLLM = "models/SmolLM2-135M-Instruct.Q4_1.gguf"
GEMMA = "models/gemma-3-270m-q4_k_m.gguf"
PRE = ["gpt-2", "llama-bpe", "qwen2", "default", "falcon", "tekken"]

BAD = [b"\x80", b"\xbf\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf",
       b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xff\xfe", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80",
       b"\xc3", b"\xe2\x96", b"\xf0\x9f\x98", b"\xf0", b"\xc3(", b"\xe2\x28\xa1", b"\xf0\x28\x8c\xbc", b"\xe2 a\xc3\xa9"]
TEXTS = ["a", " a", "a ", "Hello, world!", "I'm sure they'll say it's DON'T, you'VE 'd 'S", "don\u2019t",
         "x'sy 're 'r 've'v", "1234567890 12 3.14", "\u0661\u0662\u0663 \u00bd \u2167 \u00b2 \U0001d7d8 \u09ea",
         "na\u00efve Stra\u00dfe \u041f\u0440\u0438\u0432\u0435\u0442", "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u3053\u308c \ud55c\uad6d\uc5b4",
         "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22",
         "e\u0301 a\u0308 n\u0303 a\u0300\u0316", "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f1e9\U0001f1ea\u270b\U0001f3fd",
         "def f(x):\n\treturn x  # ok\n", "a\r\nb\r\n\r\nc\rd", "\n\n\n\n \n\n\t\n x", "   leading and trailing   ",
         "tab\ttab\t\t\ttab", "a  b   c    d", "\x00\x01\x1f\x7f", "a\x0bb\x0cc\x85d\xa0e\u1680f\u2003g\u2028h\u3000i\u200bj\ufeffk",
         "!!!???...---===", "\"quoted\" 'single' `code`", "https://example.org/a?b=c&d=e#f", "C:\\path\\file.txt",
         "$100 \u20ac5 \u00a33 ^~ a|b", "<0x0A><0xE2>\u2581\u2581 \u2581",
         "camelCase JavaScript GitHub YouTube iPhone HTTPServer McDONALD aB Ab AB AbC", "//a\n/\n//\r\n/ x/y =/\n/",
         "\u00c9coleCOLE \u00e9\u00c9A Z\u00e9Z\u00e9a \u0416AB A\u0416B AB\u0416 a\u0416b ABcd\u0416D (JavaScript) _iPhone"]
SPECIAL = ["<|im_start|>user\nhi<|im_end|>\n", "<|endoftext|>", "<s>a</s>", "<bos>x<eos>", "<unk>", "<pad>",
           "<start_of_turn>user\nhi<end_of_turn>\n", "<unused12>", "<|eot_id|>", "<h1>a</h1><b>c</b>", "<table><tr>",
           "<repo_name>a<file_sep>b", "[INST] x [/INST]", "[multimodal]", "<end_of<end_of_turn>_turn>", "a <|im_end|> b",
           "<|im_start|><|im_start|>", "a\n\n\n<b>\n\n</b>  \t\t"]


def corpus():
    rng = random.Random(20)
    cases = [b""] + [text.encode() for text in TEXTS]
    cases += BAD + [b"ab" + bad + b"c d" for bad in BAD] + [b"".join(BAD)]
    for run in ["a", " ", "\n", "\t", "1", "=", "é", "語", "😀", "\r\n", " \n", "'", "\x00"]:
        cases += [(run * n).encode() for n in (2, 3, 7, 33, 100)]
        cases += [("x" + run * 32 + "y " + run).encode()]
    for plane in range(17):  # samples of all planes, lone surrogates too
        for _ in range(4):
            text = "".join(chr(plane * 0x10000 + rng.randrange(0x10000)) + rng.choice(["", " ", "a", "\n", "1"])
                           for _ in range(12))
            cases.append(text.encode("utf8", "surrogatepass"))
    for start in range(0, 0x3000, 0x200):
        cases.append(" ".join(chr(c) for c in range(start, start + 0x200, 17)).encode())
    result = [(text, False) for text in cases]
    for text in SPECIAL:
        result += [(text.encode(), False), (text.encode(), True)]
    return result


class Peer:
    def __init__(self, path):
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = True
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)

    def encode(self, text, special):
        ids = (llama_cpp.llama_token * (4 * len(text) + 16))()
        count = llama_cpp.llama_tokenize(self.vocab, text, len(text), ids, len(ids), False, special)
        assert count >= 0
        return list(ids[:count])


def derive(source, target, changes):
    """A copy of the metadata with some values changed; no tensors."""
    reader = GGUFReader(source)
    writer = GGUFWriter(target, reader.fields["general.architecture"].contents())
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        sub_type = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, changes.get(field.name, field.contents()), field.types[0], sub_type=sub_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return Peer(target)


def write_ids(folder):
    peers = {"smollm": Peer(SMOLLM), "gemma": Peer(GEMMA)}
    for pre in PRE:
        peers[pre] = derive(SMOLLM, folder / f"{pre}.gguf", {"tokenizer.ggml.pre": pre})
    peers["gemma-prefix"] = derive(GEMMA, folder / "prefix.gguf", {"tokenizer.ggml.add_space_prefix": True})
    with open("tests/golden/tokenizer.jsonl", "w") as out:
        for text, special in corpus():
            ids = {name: peer.encode(text, special) for name, peer in peers.items()}
            out.write(json.dumps({"text": text.hex(), "special": special, "ids": ids}, separators=(",", ":")) + "\n")


# The templates as the models' publishers ship them, of the same form but shortened: what is about tools or refuses wrong
# roles is left out. A family has several where they differ in spaces, or in what ends a turn.
CHAT = [
    ("chatml", "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"),
    ("llama2", "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"),
    # without BOS before later turns
    ("llama2", "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + eos_token }}{% endif %}{% endfor %}"),
    ("llama3", "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"),
    ("gemma", "{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{%- set first_user_prefix = messages[0]['content'] + '\n\n' -%}{%- set loop_messages = messages[1:] -%}{%- else -%}{%- set first_user_prefix = \"\" -%}{%- set loop_messages = messages -%}{%- endif -%}{%- for message in loop_messages -%}{%- if (message['role'] == 'assistant') -%}{%- set role = \"model\" -%}{%- else -%}{%- set role = message['role'] -%}{%- endif -%}{{ '<start_of_turn>' + role + '\n' + (first_user_prefix if loop.first else \"\") }}{{ message['content'] | trim }}{{ '<end_of_turn>\n' }}{%- endfor -%}{%- if add_generation_prompt -%}{{'<start_of_turn>model\n'}}{%- endif -%}"),
    # Mistral 7B v0.2 as it came out
    ("mistral-v1", "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% endif %}{% endfor %}"),
    # Mistral 7B v0.1 and v0.2, Mixtral
    ("mistral-v1", "{%- if messages[0]['role'] == 'system' %}\n    {%- set system_message = messages[0]['content'] %}\n    {%- set loop_messages = messages[1:] %}\n{%- else %}\n    {%- set loop_messages = messages %}\n{%- endif %}\n\n{{- bos_token }}\n{%- for message in loop_messages %}\n    {%- if message['role'] == 'user' %}\n        {%- if loop.first and system_message is defined %}\n            {{- ' [INST] ' + system_message + '\\n\\n' + message['content'] + ' [/INST]' }}\n        {%- else %}\n            {{- ' [INST] ' + message['content'] + ' [/INST]' }}\n        {%- endif %}\n    {%- elif message['role'] == 'assistant' %}\n        {{- ' ' + message['content'] + eos_token}}\n    {%- endif %}\n{%- endfor %}\n"),
    # Mistral 7B v0.3, Large 2407
    ("mistral-v3", "{%- if messages[0][\"role\"] == \"system\" %}\n    {%- set system_message = messages[0][\"content\"] %}\n    {%- set loop_messages = messages[1:] %}\n{%- else %}\n    {%- set loop_messages = messages %}\n{%- endif %}\n\n{{- bos_token }}\n{%- for message in loop_messages %}\n    {%- if message[\"role\"] == \"user\" %}\n        {%- if loop.last and system_message is defined %}\n            {{- \"[INST] \" + system_message + \"\\n\\n\" + message[\"content\"] + \"[/INST]\" }}\n        {%- else %}\n            {{- \"[INST] \" + message[\"content\"] + \"[/INST]\" }}\n        {%- endif %}\n    {%- elif message[\"role\"] == \"assistant\" %}\n        {{- \" \" + message[\"content\"]|trim + eos_token}}\n    {%- endif %}\n{%- endfor %}\n"),
    # Mistral Nemo
    ("mistral-v3-tekken", "{%- if messages[0][\"role\"] == \"system\" %}\n    {%- set system_message = messages[0][\"content\"] %}\n    {%- set loop_messages = messages[1:] %}\n{%- else %}\n    {%- set loop_messages = messages %}\n{%- endif %}\n\n{{- bos_token }}\n{%- for message in loop_messages %}\n    {%- if message[\"role\"] == \"user\" %}\n        {%- if loop.last and system_message is defined %}\n            {{- \"[INST]\" + system_message + \"\\n\\n\" + message[\"content\"] + \"[/INST]\" }}\n        {%- else %}\n            {{- \"[INST]\" + message[\"content\"] + \"[/INST]\" }}\n        {%- endif %}\n    {%- elif message[\"role\"] == \"assistant\" %}\n        {{- message[\"content\"] + eos_token}}\n    {%- endif %}\n{%- endfor %}\n"),
    # Mistral Large 2411
    ("mistral-v7", "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + '[/INST]' }}{% elif message['role'] == 'system' %}{{ '[SYSTEM_PROMPT] ' + message['content'] + '[/SYSTEM_PROMPT]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}"),
    # Mistral Small 3, without its own system message
    ("mistral-v7-tekken", "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST]' + message['content'] + '[/INST]' }}{% elif message['role'] == 'system' %}{{ '[SYSTEM_PROMPT]' + message['content'] + '[/SYSTEM_PROMPT]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}"),
    ("zephyr", "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"),
    # Falcon 3, Tulu 3
    ("falcon3", "{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|system|>\n' + message['content'] + '\n' }}{% elif message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + '\n' }}{% elif message['role'] == 'assistant' %}{% if not loop.last %}{{ '<|assistant|>\n'  + message['content'] + eos_token + '\n' }}{% else %}{{ '<|assistant|>\n'  + message['content'] + eos_token }}{% endif %}{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}{% endfor %}"),
    ("phi3", "{% for message in messages %}{% if message['role'] == 'system' %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"),
    # Phi-3 small
    ("phi3", "{{ bos_token }}{% for message in messages %}{{'<|' + message['role'] + '|>' + '\n' + message['content'] + '<|end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"),
    # Phi-4 mini
    ("phi3", "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"),
]


def write_chat():
    env = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    turns = [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "Two."}, {"role": "user", "content": "Three?"}]
    system = {"role": "system", "content": "Be brief."}
    entries = []
    for family, source in CHAT:
        template = env.from_string(source)

        def render(messages, template=template):
            return template.render(messages=messages, add_generation_prompt=True, bos_token="<s>", eos_token="</s>")

        entry = {"family": family, "template": source, "plain": render(turns)}
        # the answer with what the template has before it but not in a prompt: the model's own to write
        entry["answer"] = " Two." if " Two." in entry["plain"] else "Two."
        # in the first turn, where some templates move it to the last; some take none
        if "Be brief." in render([system, turns[0]]):
            entry["system"] = render([system, turns[0]])
        entries.append(entry)
    Path("tests/golden/tokenizer_chat.json").write_text(json.dumps(entries, indent=1) + "\n")


if __name__ == "__main__":
    quiet = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
    with tempfile.TemporaryDirectory() as name:
        write_ids(Path(name))
    write_chat()
