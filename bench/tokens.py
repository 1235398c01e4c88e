"""What the list of tools costs: bytes on the wire, and tokens in every turn."""

import dataclasses
import json

import bpe_openai  # pyright: ignore[reportMissingTypeStubs]
from lab import Lab
from peers import FLOOR, GENERATED, OURS, Peer
from session import Json
from table import Row

SEED_TOOLS = (
    "list_load_tests,get_load_test,delete_load_test,update_load_test,move_load_test,download_load_test_script,"
    "upload_load_test_script,start_load_test,list_project_load_tests,create_load_test,validate_options"
)
_ENCODING = bpe_openai.get_encoding("o200k_base")


def count(text: str) -> int:
    """Tokens of a text, in o200k_base."""
    return len(_ENCODING.encode(text))


def compact(document: object) -> str:
    """A document as JSON without spaces."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


async def measure(lab: Lab) -> list[Row]:
    """Bytes and tokens of the eleven tools of all peers, and of our default toolsets."""
    peers = {peer.name: peer for peer in lab.peers}
    whole = await _tools(lab, peers[OURS])
    lists = {OURS: await _tools(lab, _with_seed_tools(peers[OURS]))}
    lists |= {name: await _tools(lab, peers[name]) for name in (FLOOR, GENERATED) if name in peers}
    return [
        Row("`tools/list`, eleven tools, bytes", {name: _bytes(tools) for name, tools in lists.items()}),
        Row(
            "`tools/list`, eleven tools, tokens a model sees",
            {name: _seen(tools) for name, tools in lists.items()},
            "≤ 1,600",
        ),
        Row(f"`tools/list`, default toolsets ({len(whole)} tools), bytes", {OURS: _bytes(whole)}),
        Row("`tools/list`, default toolsets, tokens a model sees", {OURS: _seen(whole)}, "≤ 5,500"),
    ]


def _with_seed_tools(peer: Peer) -> Peer:
    return dataclasses.replace(
        peer, command=[*peer.command, "serve", "--toolsets", "", "--tools", SEED_TOOLS]
    )


async def _tools(lab: Lab, peer: Peer) -> list[Json]:
    async with peer.on_stdio(lab.era) as served:
        return (await served.session.list_tools())["tools"]


def _bytes(tools: list[Json]) -> int:
    return len(compact(tools).encode())


def _seen(tools: list[Json]) -> int:
    """Tokens of name, description and arguments: what hosts put before a model."""
    shown = [
        {"name": tool["name"], "description": tool.get("description"), "parameters": tool["inputSchema"]}
        for tool in tools
    ]
    return count(compact(shown))
