"""The stack behind a call: the server's own, one of its profiles, or the one the caller brings along."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud_mcp.access.caller_credentials import fingerprint
from k6_cloud_mcp.access.grant import Grant
from k6_cloud_mcp.config.reloading_file import BrokenFile, Watched
from k6_cloud_mcp.local_k6 import literal_options_of
from k6_cloud_mcp.stacks.connections import Pool
from k6_cloud_mcp.stacks.profiles import Profile
from k6_cloud_mcp.state.audit_log import Audit
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.callers import caller
from k6_cloud_mcp_tools.guard.policy import Policy
from k6_cloud_mcp_tools.guard.start_ledger import StartLedger
from k6_cloud_mcp_tools.storage.kept_scripts import KeepsNothing, KeptScripts

Keeper = Callable[[str], KeptScripts]
# Some fields of an App, by name.
Fields = dict[str, Any]


class NoStack(Exception):
    """It is not clear, or not allowed, which stack a call is about; the message says what to do."""


@dataclass(frozen=True)
class Unreachable(App):
    """The app of a call for which there is no stack."""

    reason: str = ""


class Stacks:
    """Gives each call an app of its own: the connection, the confirmations and the rules of caller and stack.

    `keeper` opens the kept scripts of a profile, `ledger_of` the ledger of a stack. Without `profiles` the server's own stack serves whoever brings
    none along; with `needs_own` there is no such stack.
    """

    def __init__(
        self,
        pool: Pool,
        keeper: Keeper,
        ledger_of: Callable[[Credentials], StartLedger],
        profiles: Watched[Mapping[str, Profile]] | None = None,
        *,
        needs_own: bool = False,
    ) -> None:
        self.pool = pool
        self._keeper = keeper
        self._ledger_of = ledger_of
        self._profiles = profiles
        self._needs_own = needs_own
        # Opened and closed by the server.
        self.sandbox: App | None = None

    @property
    def has_sandbox(self) -> bool:
        """Whether a profile is the sandbox."""
        return any(profile.is_sandbox for profile in self._all().values())

    def names(self, grant: Grant) -> list[str]:
        """The profiles that this caller may use; none for one that brings its own stack."""
        if grant.own is not None:
            return []
        return [name for name in self._all() if grant.stacks is None or name in grant.stacks]

    def is_sandbox(self, base: App, grant: Grant) -> bool:
        """Whether all that this caller reaches is the sandbox."""
        if self._profiles is None or grant.own is not None:
            return base.sandbox and grant.own is None
        return all(self._all()[name].is_sandbox for name in self.names(grant))

    def problems(self) -> list[str]:
        """Name the setting of a file that is broken, for anyone to read; the log has the details."""
        files = [self._profiles, *(profile.file for profile in self._all().values())]
        return ["K6_MCP_PROFILES_FILE"] if any(file.is_broken() for file in files if file) else []

    @asynccontextmanager
    async def app(self, base: App, grant: Grant, name: str | None) -> AsyncGenerator[App, None]:
        """The app for a call of this caller to this profile, made from the server's. Raises NoStack."""
        policy = grant.tighten(base.policy)
        if grant.own is not None:
            async with self._own(base, policy, grant.own) as app:
                yield app
        elif name is None:
            self._require_own_of_server(grant)
            # Without rules it is the server's own app, whose client is limited already.
            yield replace(base, policy=policy) if grant.rules else base
        else:
            async with self._profile(base, policy, self._all()[name]) as app:
                yield app

    def _require_own_of_server(self, grant: Grant) -> None:
        if self._needs_own:
            raise NoStack(
                "This server works with the caller's own credentials, and none came with the request. Nothing was called."
            )
        if self._profiles is not None or grant.stacks is not None:
            raise NoStack(
                "Your token may use no stack of this server. Nothing was called. Ask its operator to name one that exists."
            )

    def _all(self) -> Mapping[str, Profile]:
        return self._profiles.current() if self._profiles else {}

    @asynccontextmanager
    async def _own(self, base: App, policy: Policy, own: Credentials) -> AsyncGenerator[App, None]:
        label = f"own {fingerprint(own)}"
        async with self._client(base, label, own) as k6:
            yield replace(
                base,
                policy=policy,
                project_id=None,
                # Never store scripts of callers who bring their own credentials.
                kept_scripts=KeepsNothing(),
                ledger=self._ledger_of(own),
                **_of_cloud(base, k6),
                **_of_stack(base, label, own.token),
            )

    @asynccontextmanager
    async def _profile(self, base: App, policy: Policy, profile: Profile) -> AsyncGenerator[App, None]:
        async with self._service(base, profile) as service:
            yield replace(
                base,
                policy=policy,
                project_id=profile.project_id,
                kept_scripts=self._keeper(profile.name),
                **service,
            )

    @asynccontextmanager
    async def _service(self, base: App, profile: Profile) -> AsyncGenerator[Fields, None]:
        """The fields of the app that say which service is behind a profile."""
        if profile.is_sandbox:
            yield self._of_sandbox() | _of_stack(base, "sandbox", "")
            return
        try:
            credentials = profile.credentials()
        except BrokenFile as error:
            raise NoStack(f"{error} Nothing was called. Ask the operator of this server.") from error
        async with self._client(base, profile.name, credentials) as k6:
            cloud = _of_cloud(base, k6) | {"ledger": self._ledger_of(credentials)}
            yield cloud | _of_stack(base, profile.name, credentials.token)

    @asynccontextmanager
    async def _client(self, base: App, label: str, credentials: Credentials) -> AsyncGenerator[K6Cloud, None]:
        """A client over a connection of this caller alone."""
        async with self.pool.lease((caller(), label, fingerprint(credentials)), credentials) as http:
            yield K6Cloud(http, max_script_bytes=base.unscoped.max_script_bytes)

    def _of_sandbox(self) -> Fields:
        if (sandbox := self.sandbox) is None:
            raise NoStack("A sandbox among the profiles is only opened at start-up: restart the server.")
        return {
            "unscoped": sandbox.unscoped,
            "sandbox": True,
            "network_rules": sandbox.network_rules,
            "ledger": sandbox.ledger,
            "inspect_script": sandbox.inspect_script,
            "poll_seconds": sandbox.poll_seconds,
        }


def _of_cloud(base: App, k6: K6Cloud) -> Fields:
    return {
        "unscoped": k6,
        "sandbox": False,
        "network_rules": None,
        # Evaluating a script runs its code: only for the user whose machine this is.
        "inspect_script": base.inspect_script if base.local_files else literal_options_of,
        "poll_seconds": App.poll_seconds,
    }


def _of_stack(base: App, label: str, secret: str) -> Fields:
    """Confirmations and an audit of this stack; the audit never quotes the secret."""
    audit = base.audit.of_stack(label, secret) if isinstance(base.audit, Audit) else base.audit
    return {"audit": audit, "confirmations": base.confirmations.within(label)}
