"""Ids in paths: 64 bits; what lies beyond names nothing and is answered with 404."""

from typing import Annotated

from fastapi import Path

Id = Annotated[int, Path(ge=-(2**63), le=2**63 - 1)]
