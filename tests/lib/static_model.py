"""Small Model2Vec models for tests, and what their vectors must be.

    model = StaticModel(dims=8, dtype="F16")
    model.save(folder)              # model.safetensors, tokenizer.json
    model.encode("a text")          # in plain Python, by the definition

The reference here is written from the description of WordPiece and of the
BERT normaliser, apart from the C code on purpose.
"""
import json
import math
import random
import statistics
import struct
import unicodedata
from pathlib import Path

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS = ["ada", "like", "likes", "tea", "coffee", "dark", "roast", "cafe",
         "noir", "un", "token", "house", "zurich", "don", "t", "'", ".", ",",
         "!", "?", "-", "$", "東", "京", "都", "\u1112\u1161\u11ab", "привет",
         "\u304b", "e", "mail", "@", "3", "2024", "ß", "i", "σ", "🚀", "fi"]
PARTS = ["##s", "##ing", "##ise", "##d", "##able", "##believ", "##e", "##0",
         "##24", "##\u1100\u116e\u11a8", "##ς", "##e", "##a"]
HAN = ((0x4e00, 0x9fff), (0x3400, 0x4dbf), (0x20000, 0x2a6df),
       (0x2a700, 0x2b81f), (0x2b920, 0x2ceaf), (0xf900, 0xfaff),
       (0x2f800, 0x2fa1f))


def words_of(text, rules):
    """The words of a text after BertNormalizer and BertPreTokenizer."""
    if rules["clean_text"]:
        kept = []
        for c in text:
            if c in "\t\n\r":
                kept.append(" ")
            elif unicodedata.category(c)[0] != "C" and c != "\ufffd":
                kept.append(" " if unicodedata.category(c)[0] == "Z" else c)
        text = "".join(kept)
    if rules["handle_chinese_chars"]:
        text = "".join(f" {c} " if any(a <= ord(c) <= b for a, b in HAN)
                       else c for c in text)
    strip = rules["strip_accents"]
    if strip or (strip is None and rules["lowercase"]):
        text = "".join(c for c in unicodedata.normalize("NFD", text)
                       if unicodedata.category(c) != "Mn")
    if rules["lowercase"]:
        text = "".join(c.lower() for c in text)
    words = []
    for part in text.split():
        begin = 0
        for i, c in enumerate(part):
            ascii_sign = c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
            if ascii_sign or unicodedata.category(c)[0] == "P":
                words += [part[begin:i], c]
                begin = i + 1
        words.append(part[begin:])
    return [w for w in words if w]


class StaticModel:
    def __init__(self, dims=16, dtype="F32", weights=False, mapping=False,
                 seed=1, **rules):
        r = random.Random(seed)
        self.vocab = {t: i for i, t in
                      enumerate(dict.fromkeys(SPECIAL + WORDS + PARTS))}
        self.dims, self.dtype = dims, dtype
        self.rules = {"clean_text": True, "handle_chinese_chars": True,
                      "strip_accents": None, "lowercase": True, **rules}
        self.max_chars = 100
        n = len(self.vocab)
        rows = n // 2 if mapping else n
        values = [[r.gauss(0, 1) for _ in range(dims)] for _ in range(rows)]
        if dtype == "I8":
            values = [[max(-127, min(127, round(x * 40))) for x in row]
                      for row in values]
        self.raw = b"".join(self.pack(x) for row in values for x in row)
        self.rows = [self.unpack(i, dims) for i in range(rows)]
        self.weights = [r.random() + .5 for _ in range(n)] if weights else None
        self.mapping = [r.randrange(rows) for _ in range(n)] if mapping \
            else None

    FORMAT = {"F32": "<f", "F16": "<e", "I8": "<b", "F64": "<d"}

    def pack(self, x):
        if self.dtype == "BF16":
            return struct.pack("<f", x)[2:]
        return struct.pack(self.FORMAT[self.dtype], x)

    def unpack(self, row, dims):
        """Values as they were rounded when stored."""
        size = len(self.pack(0))
        cells = [self.raw[(row * dims + k) * size:][:size]
                 for k in range(dims)]
        if self.dtype == "BF16":
            return [struct.unpack("<f", b"\0\0" + c)[0] for c in cells]
        return [struct.unpack(self.FORMAT[self.dtype], c)[0] for c in cells]

    # --- files ---------------------------------------------------------------

    def tensors(self):
        t = {"embeddings": (self.dtype, [len(self.rows), self.dims], self.raw)}
        if self.weights:
            t["weights"] = ("F32", [len(self.weights)], struct.pack(
                f"<{len(self.weights)}f", *self.weights))
        if self.mapping:
            t["mapping"] = ("I32", [len(self.mapping)], struct.pack(
                f"<{len(self.mapping)}i", *self.mapping))
        return t

    @staticmethod
    def safetensors(tensors, **extra):
        header, body = {"__metadata__": {"format": "np"}}, b""
        for name, (dtype, shape, data) in tensors.items():
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets":
                            [len(body), len(body) + len(data)]}
            header[name].update(extra)
            body += data
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + body

    def tokenizer(self):
        return {"version": "1.0", "truncation": None, "padding": None,
                "added_tokens": [{"id": self.vocab[t], "content": t,
                                  "special": True} for t in SPECIAL],
                "normalizer": {"type": "BertNormalizer", **self.rules},
                "pre_tokenizer": {"type": "BertPreTokenizer"},
                "post_processor": None,
                "decoder": {"type": "WordPiece", "prefix": "##"},
                "model": {"type": "WordPiece", "unk_token": "[UNK]",
                          "continuing_subword_prefix": "##",
                          "max_input_chars_per_word": self.max_chars,
                          "vocab": self.vocab}}

    def save(self, folder, pretty=False):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.safetensors").write_bytes(
            self.safetensors(self.tensors()))
        (folder / "tokenizer.json").write_text(json.dumps(
            self.tokenizer(), indent=2 if pretty else None,
            ensure_ascii=not pretty), encoding="utf-8")
        (folder / "config.json").write_text('{"normalize": true}')
        return folder

    # --- the reference -------------------------------------------------------

    def pieces(self, word):
        if len(word) > self.max_chars:
            return ["[UNK]"]
        found, at = [], 0
        while at < len(word):
            for end in range(len(word), at, -1):
                t = word[at:end] if at == 0 else "##" + word[at:end]
                if t in self.vocab:
                    found.append(t)
                    at = end
                    break
            else:
                return ["[UNK]"]
        return found

    def tokens(self, text):
        usual = int(statistics.median(map(len, self.vocab)))
        text = text[:512 * usual]
        found = [t for w in words_of(text, self.rules)
                 for t in self.pieces(w)]
        return [t for t in found if t != "[UNK]"][:512]

    def encode(self, text):
        total = [0.0] * self.dims
        for t in self.tokens(text):
            i = self.vocab[t]
            row = self.rows[self.mapping[i] if self.mapping else i]
            weight = self.weights[i] if self.weights else 1
            for k, x in enumerate(row):
                total[k] += weight * x
        norm = math.sqrt(sum(x * x for x in total))
        return [x / norm for x in total] if norm else total
