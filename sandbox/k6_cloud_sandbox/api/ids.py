"""Ids in paths and queries: decimal digits, within 64 bits. Anything else names nothing."""

import re
from typing import Annotated

from fastapi import Path
from pydantic import BeforeValidator

LARGEST = 2**63 - 1
_DECIMAL = re.compile(r"-?[0-9]{1,19}")


def id_in(text: str) -> int:
    """The id that `text` is. Raises ValueError; Python itself would also take `1_0`, ` 1` and `+1`."""
    if not _DECIMAL.fullmatch(text) or abs(number := int(text)) > LARGEST:
        raise ValueError("must be an id: digits, within 64 bits")
    return number


Id = Annotated[int, BeforeValidator(id_in), Path(ge=-LARGEST, le=LARGEST)]
