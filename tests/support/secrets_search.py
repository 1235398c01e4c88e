"""The secrets hunt: what is planted, where it may come in, and where it must not come out."""

import base64
import io
import json
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mcp import Client, MCPError
from mcp_types import PromptReference, ResourceTemplateReference
from pydantic import BaseModel
from pydantic_core import to_json

# Like Grafana's own: with characters that JSON, URLs and shells write in other ways.
CLOUD_TOKEN = "glsa_hunt/CLOUD+token/7Qx=="
HTTP_TOKEN = "hunt-HTTP-bearer-5tGb9"
SHARED_KEY = "hunt-SHARED-key-2wSx-and-long-enough-to-be-one"
OPTIONS_TOKEN = "hunt-OPTIONS-cloud-token-8uJm"
LOADIMPACT_TOKEN = "hunt-OPTIONS-loadimpact-token-4rFv"
ENV_VALUE = "hunt-ENV-value-3eDc"
NEW_ENV_VALUE = "hunt-NEW-ENV-value-6yHn"
SECRETS = (CLOUD_TOKEN, HTTP_TOKEN, SHARED_KEY, OPTIONS_TOKEN, LOADIMPACT_TOKEN, ENV_VALUE, NEW_ENV_VALUE)

SOURCE = "export default function () {}\n"
OPTIONS = {
    "vus": 1,
    "duration": "1s",
    "cloud": {"token": OPTIONS_TOKEN, "name": "Hunted"},
    "ext": {"loadimpact": {"token": LOADIMPACT_TOKEN}},
}


def archive(
    folder: Path, env_value: str = ENV_VALUE, source: str = SOURCE, options: dict[str, Any] = OPTIONS
) -> Path:
    """A k6 archive as `k6 archive -e` and `k6 cloud` make them: with tokens in its options, and values in `env`."""
    metadata = {
        "type": "js",
        "filename": "file:///main.js",
        "pwd": "file:///",
        "k6version": "1.1.0",
        "env": {"PASSWORD": env_value},
        "options": options,
    }
    members = {"metadata.json": json.dumps(metadata), "data": source, "file/main.js": source}
    path = folder / f"{env_value}.tar".replace("hunt-", "").lower()
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return path


@dataclass
class Haul:
    """All that came out, by where it came out."""

    found: dict[str, list[bytes]] = field(default_factory=dict[str, list[bytes]])

    def add(self, place: str, value: object) -> None:
        """Note something that came out; a document's bytes as they are, too."""
        data = (
            value
            if isinstance(value, bytes)
            else str(value).encode()
            if isinstance(value, str)
            else _json(value)
        )
        self.found.setdefault(place, []).append(data)
        for blob in re.findall(rb'"blob":"([^"]+)"', data):
            self.found[place].append(base64.b64decode(blob))

    def add_files(self, folder: Path) -> None:
        """Note all files below a folder, databases and their logs included, and their names."""
        for path in folder.rglob("*"):
            self.add(str(path), str(path))
            if path.is_file():
                self.add(str(path), path.read_bytes())

    def leaks(self, secrets: Iterable[str] = SECRETS) -> list[str]:
        """Where a secret came out, in whatever writing."""
        return [
            f"{secret} in {place}"
            for place, all_data in self.found.items()
            for secret in secrets
            if any(form in data for data in all_data for form in _forms(secret))
        ]


def _json(value: object) -> bytes:
    return value.model_dump_json(by_alias=True).encode() if isinstance(value, BaseModel) else to_json(value)


def _forms(secret: str) -> set[bytes]:
    """A secret as it is, as JSON may escape it, and the core of it in Base64 at each of the three offsets."""
    forms = {secret.encode(), secret.replace("/", "\\/").encode(), secret.encode().hex().encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + secret.encode()).decode()
        forms.add(encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4].encode())
    return forms


@dataclass(frozen=True)
class Objects:
    """What the calls are about."""

    test: int = 1
    run: int = 1
    schedule: int = 1
    project: int = 1
    label: int = 1
    # The one that is private, so that projects can be allowed to use it.
    zone: int = 22


def calls(at: Objects, tar: Path, other: Path) -> list[tuple[str, dict[str, Any]]]:
    """Every tool at least once, with secrets wherever they may be given; `tar` and `other` are archives."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    test, run = {"load_test_id": at.test}, {"test_run_id": at.run}
    project, label = {"project_id": at.project}, {"label_key_id": at.label}
    schedule, zone = {"schedule_id": at.schedule}, {"load_zone_id": at.zone}
    return [
        ("create_load_test", {"name": "From an archive", "script_path": str(tar)}),
        ("list_load_tests", {}),
        ("list_load_tests", {"search": "hunt"}),
        ("list_project_load_tests", project),
        ("get_load_test", test),
        ("update_load_test", test | {"name": "Hunted"}),
        ("validate_options", {"options": OPTIONS}),
        ("upload_load_test_script", test | {"script_path": str(tar)}),
        ("upload_load_test_script", test | {"script_path": str(other)}),
        ("lint_script", test),
        ("lint_script", {"script_path": str(tar)}),
        ("download_load_test_script", test),
        ("download_load_test_script", test | {"path": "metadata.json"}),
        ("restore_load_test_script", test | {"sha256": "0" * 64}),
        ("start_load_test", test),
        ("list_load_test_runs", test),
        ("list_test_runs", {}),
        ("get_test_run", run),
        ("wait_for_test_run", run | {"max_seconds": 45}),
        ("abort_test_run", run),
        ("update_test_run", run | {"note": "Looked at"}),
        ("star_test_run", run),
        ("unstar_test_run", run),
        ("download_test_run_script", run),
        ("download_test_run_script", run | {"path": "metadata.json"}),
        ("get_test_run_distribution", run),
        ("list_test_run_metrics", run),
        ("query_test_run_metrics", run | {"metric": "iterations"}),
        ("chart_test_run", {"test_run_ids": [at.run]}),
        ("compare_test_runs", {"test_run_ids": [at.run, at.run + 1]}),
        ("create_load_test_schedule", test | {"starts": tomorrow}),
        ("list_schedules", {}),
        ("get_schedule", schedule),
        ("get_load_test_schedule", test),
        ("deactivate_schedule", schedule),
        ("activate_schedule", schedule),
        ("delete_schedule", schedule),
        ("list_projects", {}),
        ("get_project", project),
        ("create_project", {"name": "Hunting ground"}),
        ("update_project", project | {"name": "Hunted project"}),
        ("list_load_zones", {}),
        ("get_project_load_zones", project),
        ("set_project_load_zones", project | {"load_zone_ids": []}),
        ("get_load_zone_projects", zone),
        ("set_load_zone_projects", zone | {"project_ids": [at.project]}),
        ("list_project_limits", {}),
        ("get_project_limits", project),
        ("update_project_limits", project | {"vu_max_per_test": 50}),
        ("create_labels", {"keys": ["team"]}),
        ("list_labels", {}),
        ("update_label", label | {"description": "Who"}),
        ("set_project_labels", project | {"labels": {"team": "hunters"}}),
        ("list_project_labels", project),
        ("delete_project_label", project | {"key": "team"}),
        ("delete_label", label),
        ("move_load_test", test | {"project_id": at.project + 1}),
        ("delete_test_run", run),
        ("delete_load_test", test),
        ("delete_project", {"project_id": at.project + 1}),
    ]


_GUARD = {"confirmation_token", "dry_run"}


async def call_all(client: Client, haul: Haul, wanted: list[tuple[str, dict[str, Any]]]) -> set[str]:
    """Make the calls, guarded ones as a dry run and with a false token first, and keep all answers.

    Returns the tools that worked; those that this server does not offer are left out.
    """
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    haul.add("tools", [*tools.values()])
    worked: set[str] = set()
    for name, arguments in [(name, arguments) for name, arguments in wanted if name in tools]:
        is_guarded = tools[name].input_schema["properties"].keys() >= _GUARD
        first = [{"dry_run": True}, {"confirmation_token": "forged"}] if is_guarded else []
        for more in [*first, {}]:
            if await _call(client, haul, name, arguments | more):
                worked.add(name)
    return worked


async def _call(client: Client, haul: Haul, name: str, arguments: dict[str, Any]) -> bool:
    """One call, and the one that spends its token if it gets one; whether it came to its end."""
    result = await client.call_tool(name, arguments)
    haul.add(f"result of {name}", result)
    content: dict[str, Any] = result.structured_content or {}
    if token := content.get("confirmation_token"):
        return await _call(client, haul, name, arguments | {"confirmation_token": token})
    return not result.is_error and not arguments.get("dry_run")


async def read_all(client: Client, haul: Haul, at: Objects) -> None:
    """Every document, prompt and completion, and what it says where there is none."""
    listed = await _noted(haul, "resources", client.list_resources)
    templates = (await client.list_resource_templates()).resource_templates
    uris = [str(one.uri) for one in listed.resources] if listed else []
    for template in [one.uri_template for one in templates]:
        for number in (at.test, 10_000):
            uri = template.replace("{id}", str(number)).replace("{+path}", "metadata.json")
            uris.append(uri.replace("{sha256}", "0" * 64))
        reference = ResourceTemplateReference(uri=template)
        haul.add("completions", await client.complete(reference, {"name": "id", "value": "1"}))
    for uri in uris:
        await _noted(haul, f"document {uri}", client.read_resource, uri)
    for prompt in (await client.list_prompts()).prompts:
        given = {argument.name: "1" for argument in prompt.arguments or []}
        await _noted(haul, f"prompt {prompt.name}", client.get_prompt, prompt.name, given)
        for argument in given:
            reference = PromptReference(name=prompt.name)
            await _noted(haul, "completions", client.complete, reference, {"name": argument, "value": "1"})


async def _noted(haul: Haul, place: str, call: Any, *arguments: Any) -> Any:
    """Keep the answer, or the failure, and return the answer if there is one."""
    try:
        answer = await call(*arguments)
    except MCPError as error:
        haul.add(place, f"{error} {error.error.data}")
        return None
    haul.add(place, answer)
    return answer
