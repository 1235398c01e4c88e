"""Scripts of several files, bundled by the real k6."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from support.servers import World, content_of, open_world, text_of

from k6_cloud.errors import ScriptError, ScriptNotRead
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.script_options import ScriptOptions
from k6_cloud_mcp.local_k6 import literal_options_of, script_bundler, script_inspector
from k6_cloud_mcp.state.trusted_folders import TrustedFolders
from k6_runner.binary import find_k6
from k6_runner.confinement.terms import Abilities
from k6_runner.limits import RunLimits
from k6_runner.reading.inspection import inspect

MAIN = """
import { greeting } from './lib/greet.js';
const users = JSON.parse(open('./users.json'));
export const options = { vus: 1, iterations: 1, cloud: { token: 'glc_very-secret-token-of-mine' } };
export default function () { console.log(greeting, users.length); }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "lib").mkdir(parents=True)
    (folder / "main.js").write_text(MAIN.replace("cloud: { token: 'glc_very-secret-token-of-mine' }", ""))
    (folder / "lib/greet.js").write_text("export const greeting = 'hi';")
    (folder / "users.json").write_text("[1, 2]")
    (folder / "unused.json").write_text("{}")
    return folder


async def bundle(entry: Path, folder: Path, limit: int = 1_000_000) -> Script:
    script = await script_bundler(limit)(entry, folder)
    assert script is not None
    return script


def names(script: Script) -> set[str]:
    return {Path(member.path).name for member in script.members()}


async def create(client: Client, path: Path) -> dict[str, Any]:
    arguments = {"name": path.name, "script_path": str(path)}
    return content_of(await client.call_tool("create_load_test", arguments))


async def test_only_what_the_script_uses_is_bundled(project: Path):
    with await bundle(project / "main.js", project) as script:
        assert names(script) == {"metadata.json", "data", "main.js", "greet.js", "users.json"}


async def test_a_folder_may_hold_any_number_of_files(project: Path):
    for number in range(3000):
        (project / f"a-file-with-a-name-of-some-length-{number}.json").touch()
    with await bundle(project / "main.js", project) as script:
        assert "users.json" in names(script)


async def test_bundling_again_gives_the_same_bytes(project: Path):
    with await bundle(project / "main.js", project) as first:
        await anyio.sleep(1.1)
        with await bundle(project / "main.js", project) as second:
            assert first.sha256 == second.sha256


async def test_paths_that_are_long_or_not_ascii_are_bundled_and_run(tmp_path: Path):
    folder = tmp_path.joinpath(*["a-rather-long-folder-name-of-a-monorepo"] * 5, "проверка-試験")
    library = folder / ("checkout-service-load-test-scenario-definitions-and-shared-helpers" * 2 + ".js")
    folder.mkdir(parents=True)
    library.write_text("export const greeting = 'hi from afar';")
    (folder / "main.js").write_text(
        f"import {{ greeting }} from './{library.name}'; export const options = {{ vus: 7, iterations: 7 }};"
        "export default function () { console.log(greeting); }"
    )
    with await bundle(folder / "main.js", tmp_path) as script:
        assert script.member(f"file/{library.relative_to(tmp_path)}") == library.read_bytes()
        k6 = await find_k6(None)
        assert k6
        assert (await inspect(k6, script, RunLimits(), {})).max_vus == 7


async def test_an_archive_knows_no_folder_of_this_machine_and_runs(project: Path):
    with await bundle(project / "lib/../main.js", project) as script:
        assert {member.path for member in script.members()} >= {"file/main.js", "file/lib/greet.js"}
        assert str(project).encode() not in script.read()
        metadata = script.metadata()
        assert (metadata["filename"], metadata["pwd"]) == ("file:///main.js", "file:///")
        k6 = await find_k6(None)
        assert k6
        assert (await inspect(k6, script, RunLimits(), {})).options["iterations"] == 1


async def test_the_same_files_in_another_folder_give_the_same_bytes(project: Path):
    with await bundle(project / "main.js", project) as first:
        moved = project.rename(project.parent / "shop with blanks, ü")
        with await bundle(moved / "main.js", moved) as second:
            assert first.sha256 == second.sha256


async def test_a_script_that_names_its_folder_keeps_its_paths(project: Path):
    source = MAIN.replace("./users.json", f"{project}/users.json").replace("cloud:", "ext:")
    (project / "main.js").write_text(source.replace("ext: { token: 'glc_very-secret-token-of-mine' }", ""))
    with await bundle(project / "main.js", project) as script:
        assert f"file{project}/users.json" in {member.path for member in script.members()}
        k6 = await find_k6(None)
        assert k6
        assert (await inspect(k6, script, RunLimits(), {})).options["iterations"] == 1


async def test_tokens_and_the_environment_are_not_bundled(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_PASSWORD", "hunter2-hunter2")
    monkeypatch.setenv("K6_CLOUD_TOKEN", "glc_another-secret-token")
    (project / "main.js").write_text(MAIN)
    with await bundle(project / "main.js", project) as script:
        metadata = json.dumps(script.metadata())
    assert "secret" not in metadata
    assert "hunter2" not in metadata


async def test_typescript_is_taken_as_k6_takes_it(tmp_path: Path):
    (tmp_path / "lib.ts").write_text("export const one = (x: number): number => x;")
    (tmp_path / "main.ts").write_text(
        "import { one } from './lib.ts';\nexport default function (): void { one(1); }"
    )
    with await bundle(tmp_path / "main.ts", tmp_path) as script:
        assert {"main.ts", "lib.ts"} < names(script)


@pytest.mark.parametrize("stranger", ["../outside.json", "./link.json", "./.env", "./.aws/credentials"])
async def test_hidden_files_and_those_outside_are_not_bundled(project: Path, stranger: str):
    (project.parent / "outside.json").write_text("secret")
    (project / "link.json").symlink_to(project.parent / "outside.json")
    (project / ".aws").mkdir()
    (project / ".env").write_text("KEY=1")
    (project / ".aws/credentials").write_text("secret")
    (project / "main.js").write_text(f"open('{stranger}'); export default function () {{}}")
    with pytest.raises(
        ScriptError, match=r"permission denied.+ not hidden ones and no others\. Nothing was uploaded"
    ):
        await bundle(project / "main.js", project)


@pytest.mark.parametrize("stranger", ["./lib/.env", "./lib/.aws/credentials"])
async def test_hidden_files_deeper_in_the_project_are_not_bundled(project: Path, stranger: str):
    (project / "lib/.aws").mkdir()
    (project / "lib/.env").write_text("KEY=1")
    (project / "lib/.aws/credentials").write_text("secret")
    (project / "main.js").write_text(f"open('{stranger}'); export default function () {{}}")
    with pytest.raises(
        ScriptError, match=r"hidden or outside of .+ They were not bundled and nothing was uploaded\."
    ):
        await bundle(project / "main.js", project)


async def test_what_k6_cannot_read_is_told_in_its_words(project: Path):
    (project / "main.js").write_text("import './missing.js'; export default function () {}")
    with pytest.raises(ScriptError, match=r"k6 cannot bundle main.js: .*missing.js.* Nothing was uploaded\."):
        await bundle(project / "main.js", project)


async def test_a_bundle_past_the_limit_is_refused(project: Path):
    (project / "users.json").write_text(json.dumps(["x" * 100_000]))
    with pytest.raises(ScriptError):
        await bundle(project / "main.js", project, limit=50_000)


UNCONFINED = RunLimits(pretended=Abilities())


async def test_without_confinement_a_folder_is_bundled_only_once_it_is_trusted(project: Path, tmp_path: Path):
    trusted = TrustedFolders(tmp_path / "state")
    bundle_script = script_bundler(1_000_000, UNCONFINED, trusted)
    for other in (None, project / "lib", tmp_path / "elsewhere"):
        if other:
            other.mkdir(exist_ok=True)
            trusted.add(other)
        with pytest.raises(ScriptError) as caught:
            await bundle_script(project / "main.js", project)
        assert f"k6-cloud-mcp trust {project}" in str(caught.value)
        assert str(caught.value).endswith("Nothing was uploaded.")
    trusted.add(project)
    script = await bundle_script(project / "main.js", project)
    assert script
    with script:
        assert "users.json" in names(script)


async def test_a_list_of_trusted_folders_that_is_broken_trusts_none(project: Path, tmp_path: Path):
    trusted = TrustedFolders(tmp_path / "state")
    trusted.add(project)
    trusted.path.write_text("[")
    with pytest.raises(ScriptError, match="no folder is trusted"):
        await script_bundler(1_000_000, UNCONFINED, trusted)(project / "main.js", project)


LITERAL = "export const options = { vus: 3, iterations: 3 }; export default function () {}"
COMPUTED = LITERAL.replace("vus: 3", "vus: 1 + Number(__ENV.N)")


async def read_options(source: str, limits: RunLimits | None = None) -> ScriptOptions | None:
    with Script.from_chunks([source.encode()]) as script:
        return await script_inspector(limits=limits)(script)


async def test_without_confinement_literal_options_are_read_from_the_text():
    assert await read_options(LITERAL, UNCONFINED) == ScriptOptions({"vus": 3, "iterations": 3}, by_k6=False)


@pytest.mark.parametrize(
    "source", [COMPUTED, "while (true) {} " + COMPUTED, "open('/etc/passwd'); " + COMPUTED]
)
async def test_without_confinement_computed_options_are_unknown_and_no_code_runs(source: str):
    with pytest.raises(ScriptNotRead, match="the script's code was not run"):
        await read_options(source, UNCONFINED)


async def test_a_script_reads_the_same_while_a_confirmation_of_it_is_open():
    """Options of chance would make each preview another one, and no answer would fit."""
    source = COMPUTED.replace(
        "vus: 1 + Number(__ENV.N)", "vus: 1 + (Math.random() > 0.5), tags: { a: `${Math.random()}` }"
    )
    inspect_script = script_inspector()
    with (
        Script.from_chunks([source.encode()]) as script,
        Script.from_chunks([f"{source} ".encode()]) as other,
    ):
        first = await inspect_script(script)
        assert first
        assert first.uncertain
        assert await inspect_script(script) == first
        assert await inspect_script(other) != first


async def test_options_of_a_script_that_needs_the_network_are_read_from_its_text():
    library = "import { uuid } from 'https://jslib.invalid/uuid.js'; "
    assert await read_options(library + LITERAL) == ScriptOptions({"vus": 3, "iterations": 3}, by_k6=False)
    with pytest.raises(ScriptNotRead, match=r"It loads https://jslib\.invalid/uuid\.js from the network"):
        await read_options(library + COMPUTED)


async def test_the_operators_limits_hold_for_previews(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_SANDBOX_INSPECT_TIMEOUT", "0.7")
    with pytest.raises(ScriptError, match=r"did not end within 0\.7 s"):
        await read_options("while (true) {} " + LITERAL)
    monkeypatch.setenv("K6_SANDBOX_INSPECT_TIMEOUT", "soon")
    with pytest.raises(ScriptError, match="K6_SANDBOX_INSPECT_TIMEOUT is not valid"):
        await read_options(LITERAL)


async def test_on_a_shared_server_options_come_from_the_text_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_PATH", "/bin/false")
    with Script.from_chunks([LITERAL.encode()]) as script:
        assert await literal_options_of(script) == ScriptOptions({"vus": 3, "iterations": 3}, by_k6=False)
    with Script.from_chunks([COMPUTED.encode()]) as script:
        assert await literal_options_of(script) is None


@pytest.mark.parametrize(
    "code", ["client.load(null, 'hello.proto')", "client.load(['definitions'], 'sub.proto')"]
)
async def test_files_of_a_grpc_client_are_bundled(tmp_path: Path, code: str):
    proto = 'syntax = "proto3"; package hello; service Hello { rpc Say(Word) returns (Word); } message Word { string w = 1; }'
    (tmp_path / "definitions").mkdir()
    (tmp_path / "hello.proto").write_text(proto)
    (tmp_path / "definitions/sub.proto").write_text(proto)
    (tmp_path / "main.js").write_text(
        f"import grpc from 'k6/net/grpc'; const client = new grpc.Client(); {code}; export default function () {{}}"
    )
    with await bundle(tmp_path / "main.js", tmp_path) as script:
        assert names(script) & {"hello.proto", "sub.proto"}


async def test_without_k6_nothing_is_bundled(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("K6_PATH", "/nowhere/k6")
    assert await script_bundler(1_000_000)(project / "main.js", project) is None


async def test_a_script_of_several_files_is_created_and_replaced_after_one_question(project: Path):
    async with open_world() as world, world.connect(answer={"decision": "go ahead"}) as client:
        created = await create(client, project / "main.js")
        (project / "users.json").write_text("[1, 2, 3]")
        replaced = content_of(
            await client.call_tool(
                "upload_load_test_script", {"load_test_id": created["id"], "script_path": str(project)}
            )
        )
        run = await ended_run(world, created["id"])
    assert created["script"]["kind"] == "archive"
    assert replaced["confirmed_by"] == "person"
    assert run == "passed"


async def ended_run(world: World, load_test_id: int) -> str | None:
    started = (await world.k6.load_tests.start(load_test_id)).id
    with anyio.fail_after(60):
        while not (run := await world.k6.test_runs.get(started)).is_final:
            await anyio.sleep(0.1)
    return run.result


async def test_a_folder_of_several_entries_is_refused_with_their_names(project: Path):
    (project / "index.js").write_text("//")
    async with open_world() as world, world.connect() as client:
        refused = await client.call_tool("create_load_test", {"name": "Shop", "script_path": str(project)})
    assert "it could be index.js, main.js." in text_of(refused)
