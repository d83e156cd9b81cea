"""Asks the parser `mrz` of PyPI about zones.

    python3 peer.py mrz.whl 2026-11-22 < zones > answers

A zone is a line of the input, its own lines apart by tabs; its answer is a line of JSON: what the parser
reads, or an array of what it finds wrong.

The parser finds centuries by the clock and tells nobody what it found. Its clock is set to the day of the
second argument, and hears what the parser asks of it.
"""

import datetime
import json
import sys
import tempfile
import zipfile

# The wheel has a folder that Python finds on the disk only.
FOLDER = tempfile.TemporaryDirectory()
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(FOLDER.name)
sys.path.insert(0, FOLDER.name)
TODAY = datetime.date.fromisoformat(sys.argv[2])

from mrz.checker import _fields
from mrz.checker.mrva import MRVACodeChecker
from mrz.checker.mrvb import MRVBCodeChecker
from mrz.checker.td1 import TD1CodeChecker
from mrz.checker.td2 import TD2CodeChecker
from mrz.checker.td3 import TD3CodeChecker


class Day(datetime.date):
    @classmethod
    def today(cls):
        return cls(TODAY.year, TODAY.month, TODAY.day)


class Moment(datetime.datetime):
    read = []

    @classmethod
    def today(cls):
        return cls(TODAY.year, TODAY.month, TODAY.day)

    @classmethod
    def strptime(cls, text, form):
        found = super().strptime(text, form)
        cls.read.append(found)
        return found

    def replace(self, **parts):
        found = super().replace(**parts)
        # A birth that would lie ahead was a hundred years earlier.
        if Moment.read and self is Moment.read[0]:
            Moment.read[0] = found
        return found


_fields.date = Day
_fields.datetime = Moment


def checker(lines):
    is_visa = lines[0].startswith("V")
    if len(lines) == 3:
        return TD1CodeChecker
    if len(lines[0]) == 36:
        return MRVBCodeChecker if is_visa else TD2CodeChecker
    return MRVACodeChecker if is_visa else TD3CodeChecker


def ask(lines):
    Moment.read = []
    # Whatever it throws, it refuses.
    try:
        found = checker(lines)("\n".join(lines))
        if not found:
            return [what for what, _ in found.report.falses]
        fields = found.fields()
    except Exception as error:
        return [type(error).__name__]
    birth, expiry = Moment.read
    return {
        "code": fields.document_type,
        "state": fields.country,
        "number": fields.document_number,
        "surname": fields.surname,
        "given": fields.name,
        "nationality": fields.nationality,
        "birth": birth.date().isoformat(),
        "sex": fields.sex,
        "expiry": expiry.date().isoformat(),
        "optional": fields.optional_data,
        "optional_2": getattr(fields, "optional_data_2", None),
    }


for line in sys.stdin:
    print(json.dumps(ask(line.rstrip("\n").split("\t"))))
