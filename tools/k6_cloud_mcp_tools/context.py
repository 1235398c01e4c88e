"""The context of a tool call: the service, and the rules of whoever calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Protocol, Self, TypeVar, TypeVarTuple

import anyio
from mcp.server.mcpserver import AcceptedElicitation, Context
from mcp.server.mcpserver.resolve import Resolve

from k6_cloud.client import K6Cloud
from k6_cloud.scripts.reach import NetworkRules
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.script_options import ScriptOptions
from k6_cloud.wrappers.step_reads import StepReads
from k6_cloud_mcp_tools.guard.audit import AuditLog, NoAudit
from k6_cloud_mcp_tools.guard.confirmations import Confirmations
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger
from k6_cloud_mcp_tools.storage.kept_scripts import KeepsNothing, KeptScripts, OnlyFinds

InspectScript = Callable[[Script], Awaitable[ScriptOptions | None]]
NetworkOfRuns = Callable[[], Awaitable[NetworkRules | None]]
BundleScript = Callable[[Path, Path], Awaitable[Script | None]]
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class InWorker(Protocol):
    """Calls a module's function over untrusted text where a limit of time and memory ends it, off the event loop.

    Raises NotAnalysed, about `what`, when it does. Function, arguments and result must be picklable.
    """

    async def __call__(self, function: Callable[[*Ts], T], *args: *Ts, what: str = "the script") -> T: ...


async def _in_thread(function: Callable[[*Ts], T], *args: *Ts, what: str = "the script") -> T:  # noqa: ARG001
    return await anyio.to_thread.run_sync(function, *args)


@dataclass(frozen=True)
class App:
    """The service behind the tools, and the rules they keep.

    `unscoped` reaches the whole stack: for what is counted over all of it, never for what a caller asks for.
    `audit` records guarded calls; `kept_scripts` keeps the scripts that a call replaces or deletes.
    `ledger` knows the starts of the stack, also those whose outcome is not known. `project_id` is its default project.
    `unreachable` are the clients whose questions reach nobody, with the reason.
    `ask_seconds` is the time for which a client that was sent a question is waited for.
    `network_rules` tells what runs of the sandbox may reach; None where k6 does not run on this machine.
    `inspect_script` reads the options of a JavaScript script; None if it cannot tell them.
    `in_worker` calls a function that reads untrusted text; without a server there is only a thread for it.
    `bundle_script` makes an archive of an entry file and what it imports from the folder that is given beside it.
    `local_files` allows scripts by path on this machine (stdio only). `poll_seconds` paces waiting for a run.
    """

    unscoped: K6Cloud
    confirmations: Confirmations = field(default_factory=Confirmations)
    policy: Policy = field(default_factory=Policy)
    audit: AuditLog = field(default_factory=NoAudit)
    kept_scripts: KeptScripts = field(default_factory=KeepsNothing)
    ledger: StartLedger = field(default_factory=StartLedger)
    unreachable: dict[str, str] = field(default_factory=dict[str, str])
    ask_seconds: float = 300.0
    sandbox: bool = False
    network_rules: NetworkOfRuns | None = None
    project_id: int | None = None
    inspect_script: InspectScript | None = None
    bundle_script: BundleScript | None = None
    in_worker: InWorker = _in_thread
    local_files: bool = False
    poll_seconds: float = 2.0

    @cached_property
    def k6(self) -> K6Cloud:
        """The client, which reaches only the projects of the policy."""
        projects = self.policy.projects
        return self.unscoped if projects is None else self.unscoped.limited_to(projects)

    @property
    def default_project_id(self) -> int | None:
        """The project of a call that names none, if the policy allows it; else the only one that it does allow."""
        projects = self.policy.projects
        if projects is None or self.project_id in projects:
            return self.project_id
        return self.policy.only_project

    def in_steps(self, reads: StepReads) -> Self:
        """This app for a call in steps, each of which reads an object once."""
        return replace(self, unscoped=self.unscoped.reading_once(reads))

    def rehearsing(self) -> Self:
        """This app for a dry run: it reads, and sends nothing that would change something."""
        return replace(
            self,
            unscoped=self.unscoped.rehearsing(),
            kept_scripts=OnlyFinds(self.kept_scripts),
            ledger=self.ledger.rehearsing(),
        )


Call = Context[App]


def app_of(ctx: Call) -> App:
    """The app behind a request."""
    return ctx.request_context.lifespan_context


# Coroutines: the SDK calls a plain function in another thread, which takes as long as the rest of a call.
async def _the_k6(ctx: Call) -> K6Cloud:
    return app_of(ctx).k6


async def _the_app(ctx: Call) -> App:
    return app_of(ctx)


# The SDK wraps what they return in this class. While nobody holds it, it is made anew for every few calls.
_HELD = AcceptedElicitation[Any]
K6 = Annotated[K6Cloud, Resolve(_the_k6)]
TheApp = Annotated[App, Resolve(_the_app)]
