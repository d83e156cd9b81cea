"""Random machine readable zones with right check digits (ICAO Doc 9303-3, 4.9; parts 4 to 7)."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
LETTERS = ALPHABET[10:36]


def check_digit(text):
    """Weights 7, 3, 1; a filler counts 0, `A` to `Z` count 10 to 35."""
    values = (0 if c == "<" else ALPHABET.index(c) for c in text)
    return str(sum(value * (7, 3, 1)[i % 3] for i, value in enumerate(values)) % 10)


def _word(r, least, most):
    return "".join(r.choice(LETTERS) for _ in range(r.randint(least, most)))


def _day(r, years):
    return f"{r.randint(*years) % 100:02d}{r.randint(1, 12):02d}{r.randint(1, 28):02d}"


def _name(r, length):
    given = "<".join(_word(r, 2, 9) for _ in range(r.randint(1, 3)))
    return f"{_word(r, 3, 14)}<<{given}"[:length].ljust(length, "<")


def _number(r):
    length = r.choice([9, 9, 9, 8])
    return "".join(r.choice(LETTERS + "0123456789" * 3) for _ in range(length)).ljust(9, "<")


def _optional(r, length):
    used = r.choice([0, 0, length // 2, length])
    return "".join(r.choice(LETTERS + "0123456789") for _ in range(used)).ljust(length, "<")


def _proved(text):
    return text + check_digit(text)


def zone(r, kind):
    """Lines of a zone; `kind` is TD1, TD2, TD3, MRVA or MRVB, `r` a `random.Random`."""
    state, nationality = _word(r, 3, 3), _word(r, 3, 3)
    number, birth = _proved(_number(r)), _proved(_day(r, (1940, 2012)))
    expiry, sex = _proved(_day(r, (2025, 2035))), r.choice("MF<")
    if kind == "TD1":
        first = r.choice(["I<", "ID", "IR", "C<"]) + state + number + _optional(r, 15)
        second = birth + sex + expiry + nationality + _optional(r, 11)
        composite = check_digit(first[5:30] + second[:7] + second[8:15] + second[18:29])
        return [first, second + composite, _name(r, 30)]
    length = 44 if kind in ("TD3", "MRVA") else 36
    code = {"TD3": "P<", "TD2": "I<"}.get(kind, "V<")
    first = code + state + _name(r, length - 5)
    second = number + nationality + birth + sex + expiry
    if kind == "TD3":
        optional = _optional(r, 14)
        second += optional + (check_digit(optional) if optional.strip("<") else r.choice("<0"))
    else:
        second += _optional(r, {"TD2": 7, "MRVA": 16, "MRVB": 8}[kind])
    if kind in ("TD3", "TD2"):
        second += check_digit(second[:10] + second[13:20] + second[21:])
    return [first, second]


def noise(r, length):
    """A line of random characters, so that no grammar of fields is learnt."""
    return "".join(r.choice(ALPHABET + "<<<<") for _ in range(length))
