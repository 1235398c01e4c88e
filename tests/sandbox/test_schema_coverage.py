"""The sandbox has every path and method of Grafana's own schema, where that file is at hand."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

SCHEMA = Path(__file__).parents[3] / "shared" / "openapi" / "grafana-cloud-k6-v6-1.12.0.yaml"


def operations(schema: dict[str, Any]) -> set[tuple[str, str]]:
    """Methods and paths below /cloud/v6, whatever their parameters are called."""
    return {
        (method, re.sub(r"\{\w+\}", "{}", path))
        for path, methods in schema["paths"].items()
        if path.startswith("/cloud/v6/")
        for method in methods.keys() & {"get", "post", "put", "patch", "delete"}
    }


@pytest.mark.skipif(not SCHEMA.exists(), reason=f"Grafana's schema is not at {SCHEMA}")
async def test_the_sandbox_has_every_operation_of_grafanas_schema_and_no_other(http: httpx.AsyncClient):
    theirs = operations(yaml.safe_load(SCHEMA.read_text("utf-8")))
    ours = operations((await http.get("/openapi.json")).json())

    assert len(theirs) == 51
    assert ours == theirs
