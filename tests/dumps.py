"""Invented records as arXiv's dump of all metadata has them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def make_record(number: int = 1, **fields: Any) -> Record:
    """Make a record with everything in it; keys are those of the dump with `_` for `-`."""
    record: Record = {
        "id": f"0704.{number:04}",
        "submitter": "Pavel Nadolsky",
        "authors": "C. Bal\\'azs, E. L. Berger, P. M. Nadolsky, C.-P. Yuan",
        "title": f"Calculation of prompt diphoton production,\n  part {number}",
        "comments": "37 pages, 15 figures; published version",
        "journal-ref": "Phys.Rev.D76:013009,2007",
        "doi": "10.1103/PhysRevD.76.013009",
        "report-no": "ANL-HEP-PR-07-12",
        "categories": "hep-ph hep-ex",
        "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        "abstract": "  A fully differential calculation\nis presented. It is\nfast.\n",
        "versions": [
            {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
            {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
        ],
        "update_date": "2008-11-26",
        "authors_parsed": [
            ["Bal\u00e1zs", "C.", ""],
            ["Berger", "E. L.", ""],
            ["Nadolsky", "P. M.", ""],
            ["Yuan", "C. -P.", ""],
        ],
    }
    return record | {
        name.replace("_", "-") if name == "journal_ref" else name: v for name, v in fields.items()
    }


def make_records(count: int) -> list[Record]:
    """Make records of so many papers, of changing categories and numbers of versions."""
    places = ("hep-ph hep-ex", "cs.AI", "math.NA cs.NA math.CO", "quant-ph", "cs.LG stat.ML cs.AI")
    records = (make_record(number, categories=places[number % len(places)]) for number in range(1, count + 1))
    return [record | {"versions": record["versions"][: 1 + i % 2]} for i, record in enumerate(records)]


def write_dump(path: Path, records: Iterable[Record | bytes]) -> Path:
    """Write a dump, packed if its name ends in `.gz`; bytes stand for a line as they are."""
    lines = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in records]
    body = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path
