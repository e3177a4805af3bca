"""Texts that cost an index much: words that nobody has seen, and none at all."""
import base64

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def words(rnd, size):
    """Text of words that nobody has seen."""
    out, n = [], 0
    while n < size:
        out.append("".join(rnd.choices(LETTERS, k=rnd.randint(4, 9))))
        n += len(out[-1]) + 1
    return " ".join(out)[:size]


def letters(rnd, size):
    """A text without a space."""
    return base64.b64encode(rnd.randbytes(size * 3 // 4)).decode()[:size]
