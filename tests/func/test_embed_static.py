"""Static models: vectors are those of the definition, in every number format;
files that are damaged or of another kind are refused with their reason."""
import json
import os
import random
import statistics
import struct
import subprocess

from harness import BUILD, SLOW, TestCase, main
from static_model import PARTS, WORDS, StaticModel

TEXTS = [
    "Ada likes tea.", "ada LIKES TEA", "unbelievable!", "tokenise tokens",
    "Café noir, caf\u0065\u0301", "Zürich house", "don't", "東京都 tea東京",
    "한국", "привет Привет", "ΣΣ Σς", "e-mail@house", "3$ 2024 20240",
    "tea\u200bcoffee tea\u00adcoffee", "tea\u00a0coffee\u2028dark\ttea\r\n",
    "tea\x0bcoffee tea\x85coffee\x7f", "か が", "🚀 tea🚀", "ﬁ ß İi",
    "xyzzy", "xyzzy tea", "", "   ", "a" * 101, "tea" + "s" * 97,
    "tea" + "s" * 98, "[UNK] [SEP] tea", "\ufffdtea\ufffd", "\ue000tea",
    "tea " * 2000, "teas" * 3, "s tea", "##s", "un##able",
    "tea—coffee…dark‘roast’", "¿tea?", "x" * 300 + " tea",
]


def ask(spec, lines, timeout=60):
    """What the driver says: [what it opened, answers...]."""
    done = subprocess.run(
        [str(BUILD / "lib/embed_driver"), spec], text=True,
        input="".join(json.dumps(x) + "\n" for x in lines),
        capture_output=True, timeout=timeout * SLOW)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [json.loads(x) for x in done.stdout.splitlines()]


class Vectors(TestCase):
    def setUp(self):
        super().setUp()
        self.dir = self.folder()

    def check(self, model, texts, name="model", **save):
        folder = model.save(self.dir / name, **save)
        opened, *answers = ask(f"static:{folder}", [
            ["stored", *texts[i:i + 64]] for i in range(0, len(texts), 64)])
        self.assertEqual(opened["provider"], "static", opened)
        self.assertEqual(opened["dims"], model.dims)
        vectors = [v for a in answers for v in a["vectors"]]
        self.assertEqual(len(vectors), len(texts))
        for text, got in zip(texts, vectors):
            for a, b in zip(got, model.encode(text)):
                self.assertAlmostEqual(a, b, delta=2e-5, msg=repr(text[:80]))
        return opened["model"]

    def test_formats(self):
        names = set()
        for dtype in ("F32", "F16", "I8", "BF16", "F64"):
            with self.subTest(dtype):
                names.add(self.check(StaticModel(dtype=dtype), TEXTS, dtype,
                                     pretty=dtype == "F16"))
        self.assertEqual(len(names), 5)

    def test_weights_and_mapping(self):
        for i, (w, m) in enumerate([(True, False), (False, True),
                                    (True, True)]):
            self.check(StaticModel(dims=7, weights=w, mapping=m), TEXTS,
                       f"m{i}")

    def test_rules(self):
        for i, rules in enumerate([
                {"lowercase": False}, {"strip_accents": False},
                {"strip_accents": True, "lowercase": False},
                {"handle_chinese_chars": False}, {"clean_text": False}]):
            # NUL cannot be in a text, and control characters that are kept
            # separate nothing but where they are white space.
            self.check(StaticModel(**rules), TEXTS, f"r{i}")

    def test_random_texts(self):
        r = random.Random(7)
        signs = [".", " ", "  ", "-", "'", "\u0301", "\n", "東", "É", "ẞ"]
        texts = []
        for _ in range(600):
            texts.append("".join(
                r.choice(r.choice([WORDS, signs,
                                   [p[2:] for p in PARTS]]))
                for _ in range(r.randrange(1, 30))))
        self.check(StaticModel(), texts)

    def test_cut_at_512_tokens(self):
        model = StaticModel()
        # More tokens than count, in fewer characters than count.
        text = "!" * 600 + "tea"
        self.assertEqual(len(model.tokens(text)), 512)
        texts = [text, "!" * 511 + "tea", "!" * 512 + "tea"]
        # More characters than 512 tokens of the usual length have.
        usual = int(statistics.median(map(len, model.vocab)))
        for n in range(-5, 2):
            texts.append("東" + " " * (512 * usual + n) + "tea")
        self.assertEqual(model.tokens(texts[-1]), ["東"])
        self.assertEqual(model.tokens(texts[3]), ["東", "tea"])
        self.check(model, texts)

    def test_name_follows_the_files(self):
        a = self.check(StaticModel(), TEXTS[:1], "a")
        self.assertEqual(a, self.check(StaticModel(), TEXTS[:1], "b"))
        self.assertRegex(a, r"^static:[0-9a-f]{32}$")
        self.assertNotEqual(a, self.check(StaticModel(seed=2), TEXTS[:1],
                                          "c"))

    def test_large_model_is_sampled(self):
        # Above what is hashed in full; another last row, another name.
        model = StaticModel(dims=4096, dtype="F32")
        model.raw += model.raw[:4096 * 4] * 60
        model.rows += [model.rows[0]] * 60
        names = []
        for i in range(2):
            names.append(self.check(model, TEXTS[:2], f"l{i}"))
            model.raw = model.raw[:-4096] + b"\0" * 4096
        self.assertNotEqual(*names)


class Refusals(TestCase):
    def refused(self, *parts, spec=None):
        opened, = ask(spec or f"static:{self.place}", [])
        self.assertEqual(opened.get("code"), "invalid", opened)
        for part in parts:
            self.assertIn(part, opened["error"])

    def setUp(self):
        super().setUp()
        self.dir = self.folder()
        self.model = StaticModel(dims=4)
        self.place = self.model.save(self.dir / "model")
        self.tensors = self.place / "model.safetensors"
        self.tokenizer = self.place / "tokenizer.json"

    def test_folders(self):
        self.refused("absolute path", spec="static:model")
        self.refused("absolute path", spec="static:")
        self.refused("No such file", "tokenizer.json",
                     spec=f"static:{self.dir}/nothing")
        self.tensors.unlink()
        self.refused("No such file", "model.safetensors")
        self.tensors.mkdir()
        self.refused("no regular file")

    def test_no_regular_file(self):
        self.tensors.unlink()
        os.mkfifo(self.tensors)
        self.refused("no regular file")
        self.tensors.unlink()
        self.tensors.write_bytes(b"")
        self.refused("0 bytes")

    def test_other_tokenizers(self):
        for part, kind in (("model", "Unigram"), ("model", "BPE"),
                           ("normalizer", "Sequence"),
                           ("pre_tokenizer", "Metaspace")):
            t = self.model.tokenizer()
            t[part]["type"] = kind
            self.tokenizer.write_text(json.dumps(t))
            self.refused(part, kind, "only ", "WordPiece")
        for part in ("model", "normalizer", "pre_tokenizer"):
            t = self.model.tokenizer()
            t[part] = None
            self.tokenizer.write_text(json.dumps(t))
            self.refused(part, "required")

    def test_broken_tokenizers(self):
        def put(**members):
            t = self.model.tokenizer()
            t["model"].update(members)
            self.tokenizer.write_text(json.dumps(t))

        put(vocab={})
        self.refused("empty")
        put(vocab={"a": -1})
        self.refused("'a'", "from 0")
        put(vocab={"a": "b"})
        self.refused("'a'", "integer")
        put(vocab={"a": 1 << 40})
        self.refused("'a'", "integer")
        put(vocab={"a": 5000})
        self.refused("do not belong together", "5000")
        put(vocab=[])
        self.refused("vocab", "object")
        put(max_input_chars_per_word=0)
        self.refused("max_input_chars_per_word")
        self.tokenizer.write_text("{\"model\":")
        self.refused("not valid JSON")
        self.tokenizer.write_bytes(b"\0" * 100)
        self.refused("not valid JSON")

    def test_damaged_tensors(self):
        whole = self.tensors.read_bytes()
        size, = struct.unpack("<Q", whole[:8])
        for n in (1, 7, 8, 9, 8 + size - 1, 8 + size, len(whole) - 1):
            self.tensors.write_bytes(whole[:n])
            self.refused("model.safetensors")
        for lie in (0, 1, size - 1, size + 1, len(whole), 1 << 62,
                    (1 << 64) - 1):
            self.tensors.write_bytes(struct.pack("<Q", lie) + whole[8:])
            self.refused("model.safetensors")

    def test_lying_headers(self):
        t = self.model.tensors()
        n = len(t["embeddings"][2])
        for extra, part in [
                ({"data_offsets": [0, n + 4]}, "cut short or damaged"),
                ({"data_offsets": [4, n]}, "cut short or damaged"),
                ({"data_offsets": [n, 0]}, "cut short or damaged"),
                ({"data_offsets": [-4, n - 4]}, "integers from 0"),
                ({"data_offsets": [n << 40, (n << 40) + n]}, "cut short"),
                ({"data_offsets": [0]}, "2 to 2 entries"),
                ({"data_offsets": None}, "data_offsets"),
                ({"shape": [1 << 62, 1 << 62]}, "cut short or damaged"),
                ({"shape": [1 << 32, 1 << 32]}, "cut short or damaged"),
                ({"shape": [1, 2, 3]}, "entries"),
                ({"shape": []}, "entries"),
                ({"shape": [n // 4]}, "rows of 2 to 4096"),
                ({"shape": "4"}, "must be an array"),
                ({"shape": ["4", 4]}, "integers"),
                ({"dtype": "U8"}, "dtype U8"),
                ({"dtype": 5}, "dtype"),
                ({"dtype": "F16"}, "cut short or damaged"),
                ({"dtype": "I32"}, "real numbers")]:
            with self.subTest(extra):
                self.tensors.write_bytes(
                    StaticModel.safetensors(t, **extra))
                self.refused(part)
        self.tensors.write_bytes(StaticModel.safetensors(
            {"other": t["embeddings"]}))
        self.refused("no tensor 'embeddings'")
        header = b'{"embeddings": 7}'
        self.tensors.write_bytes(struct.pack("<Q", len(header)) + header)
        self.refused("not by an object")

    def test_no_numbers(self):
        t = self.model.tensors()
        raw = t["embeddings"][2]
        for bad in (float("nan"), float("inf"), float("-inf")):
            t["embeddings"] = ("F32", t["embeddings"][1],
                               raw[:-4] + struct.pack("<f", bad))
            self.tensors.write_bytes(StaticModel.safetensors(t))
            self.refused("no number", "damaged")

    def test_bad_row_between_the_sampled(self):
        """Only the token of a damaged row is lost, not the text."""
        model = StaticModel(dims=4)
        t = model.tensors()
        rows, dims = 5000, 4
        at = model.vocab["tea"]
        while at % (rows // 256 + 1) == 0:
            at += 1
        word = [w for w, i in model.vocab.items() if i == at][0]
        raw = bytearray(model.raw + b"\0" * (rows - len(model.rows)) * 16)
        raw[at * 16:at * 16 + 4] = struct.pack("<f", float("nan"))
        t["embeddings"] = ("F32", [rows, dims], bytes(raw))
        self.tensors.write_bytes(StaticModel.safetensors(t))
        _, answer = ask(f"static:{self.place}",
                        [["stored", f"{word} house", word, "house"]])
        both, bad, alone = answer["vectors"]
        self.assertEqual(bad, [0.0] * 4)
        self.assertEqual(both, alone)
        self.assertNotEqual(alone, [0.0] * 4)

    def test_bad_weights_and_mappings(self):
        model = StaticModel(dims=4, weights=True, mapping=True)
        n = len(model.vocab)

        def put(name, value, part):
            t = model.tensors()
            t[name] = value
            self.tensors.write_bytes(StaticModel.safetensors(t))
            self.refused(part)

        put("mapping", ("I32", [n], struct.pack("<i", -1) * n), "row -1")
        put("mapping", ("I32", [n], struct.pack("<i", 1 << 30) * n),
            "damaged")
        put("mapping", ("I64", [n], struct.pack("<q", 1 << 62) * n),
            "damaged")
        put("mapping", ("F32", [n], b"\0" * 4 * n), "integer")
        put("mapping", ("I32", [n // 2], b"\0" * 4 * (n // 2)),
            "do not belong together")
        put("weights", ("F32", [n], struct.pack("<f", float("nan")) * n),
            "no number")
        put("weights", ("F32", [n - 1], b"\0" * 4 * (n - 1)),
            "do not belong together")
        put("weights", ("F32", [n, 2], b"\0" * 8 * n), "one real number")


if __name__ == "__main__":
    main()
