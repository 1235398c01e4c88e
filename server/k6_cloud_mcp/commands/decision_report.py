"""The report of `doctor --client`: how the guarded calls of a client are decided."""

from collections import defaultdict

from k6_cloud_mcp.config.policy_rules import GUARDED
from k6_cloud_mcp_tools.guard.decisions import NoDecision, decision_for
from k6_cloud_mcp_tools.guard.known_clients import Host, known_host
from k6_cloud_mcp_tools.guard.policy import Policy

_WORDS = {
    "policy": "done without asking, as the policy allows it",
    "person": "a person is asked in a form",
    "token": "two steps: a preview, then a second call with its one-time token",
}
_BEHAVIOURS = {
    "asks": "its forms reach a person",
    "hangs": "it promises forms and shows none, so that a call would hang",
    "answers by itself": "it promises forms and answers them by itself",
    "cannot ask": "it promises no forms",
}


def decision_report(policy: Policy, client: str) -> list[str]:
    """Lines that say what `client` is known for, and how its guarded calls are decided under `policy`."""
    host = known_host(client)
    if host is not None:
        return [f"{host.title}: {_BEHAVIOURS[host.behaviour]}", *_decisions(policy, client, _declares(host))]
    return [
        f"{client!r} is not a known host: it depends on whether it declares elicitation",
        *(f"where it does: {line}" for line in _decisions(policy, client, askable=True)),
        *(f"where it does not: {line}" for line in _decisions(policy, client, askable=False)),
    ]


def _declares(host: Host) -> bool:
    return host.behaviour != "cannot ask"


def _decisions(policy: Policy, client: str, askable: bool) -> list[str]:
    """Describe how the guarded tools are decided: one line for each way, with the tools if there are several."""
    tools: defaultdict[str, list[str]] = defaultdict(list)
    for tool in sorted(GUARDED):
        tools[_decision(policy, tool, client, askable)].append(tool)
    if len(tools) == 1:
        return [f"every guarded tool: {next(iter(tools))}"]
    return [
        f"{_named(names)}: {words}" for words, names in sorted(tools.items(), key=lambda item: len(item[1]))
    ]


def _decision(policy: Policy, tool: str, client: str, askable: bool) -> str:
    try:
        return _WORDS[decision_for(policy, tool, client=client, askable=askable).by]
    except NoDecision as error:
        # The reason names the tool, which would make each one a line of its own.
        return f"refused: {str(error).replace(f' {tool}', ' it')}"


def _named(tools: list[str]) -> str:
    return ", ".join(tools) if len(tools) <= 3 else f"the other {len(tools)} guarded tools"
