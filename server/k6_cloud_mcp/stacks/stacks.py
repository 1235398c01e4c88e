"""The stack behind a call: the server's own, one of its profiles, or the one the caller brings along."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

import anyio

from k6_cloud.auth import Credentials
from k6_cloud.client import K6Cloud
from k6_cloud_mcp.access.caller_credentials import fingerprint
from k6_cloud_mcp.access.grant import Grant
from k6_cloud_mcp.access.policy_headers import tightened
from k6_cloud_mcp.config.reloading_file import BrokenFile, Watched
from k6_cloud_mcp.stacks.connections import Pool
from k6_cloud_mcp.stacks.profiles import Profile
from k6_cloud_mcp.state.audit_log import Audit
from k6_cloud_mcp_tools.context import App
from k6_cloud_mcp_tools.guard.callers import caller
from k6_cloud_mcp_tools.guard.unresolved_starts import OpenStarts
from k6_cloud_mcp_tools.storage.kept_scripts import KeepsNothing, KeptScripts

Keeper = Callable[[str], KeptScripts]


class NoStack(Exception):
    """It is not clear, or not allowed, which stack a call is about; the message says what to do."""


class Stacks:
    """Gives each call an app of its own: the connection, the confirmations and the rules of caller and stack.

    `keeper` opens the kept scripts of a profile. Without `profiles` the server's own stack serves whoever brings
    none along; with `needs_own` there is no such stack.
    """

    def __init__(
        self,
        pool: Pool,
        keeper: Keeper,
        profiles: Watched[Mapping[str, Profile]] | None = None,
        *,
        needs_own: bool = False,
    ) -> None:
        self.pool = pool
        self._keeper = keeper
        self._profiles = profiles
        self._needs_own = needs_own
        self._starts: dict[str, OpenStarts] = {}
        self._turns: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()
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
        """Which setting stands for a file that is broken now, for anyone to read; the log has the details."""
        files = [self._profiles, *(profile.file for profile in self._all().values())]
        return ["K6_MCP_PROFILES_FILE"] if any(file.is_broken() for file in files if file) else []

    @asynccontextmanager
    async def app(self, base: App, grant: Grant, name: str | None) -> AsyncGenerator[App, None]:
        """The app for a call of this caller to this profile, made from the server's. Raises NoStack."""
        if grant.own is not None:
            async with self._own(base, grant.own) as app:
                yield under_rules(app, grant)
            return
        if name is None:
            self._require_own_of_server(grant)
            yield under_rules(base, grant)
            return
        async with self._profile(base, self._all()[name]) as app:
            yield under_rules(app, grant)

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
    async def _own(self, base: App, own: Credentials) -> AsyncGenerator[App, None]:
        mark = fingerprint(own)
        async with self._cloud(base, f"own {mark}", own) as app:
            turn = self._turn(f"own {own.stack_id or own.stack_url}")
            # What strangers' scripts say is not kept on this machine.
            yield replace(
                app, default_project_id=app.policy.only_project, kept_scripts=KeepsNothing(), turn=turn
            )

    @asynccontextmanager
    async def _profile(self, base: App, profile: Profile) -> AsyncGenerator[App, None]:
        if profile.is_sandbox:
            yield self._with_own_memory(self._sandbox(base), profile)
            return
        try:
            credentials = profile.credentials()
        except BrokenFile as error:
            raise NoStack(f"{error} Nothing was called. Ask the operator of this server.") from error
        async with self._cloud(base, profile.name, credentials) as app:
            yield self._with_own_memory(app, profile)

    @asynccontextmanager
    async def _cloud(self, base: App, label: str, credentials: Credentials) -> AsyncGenerator[App, None]:
        """The app with a connection of this caller alone."""
        async with self.pool.lease((caller(), label, fingerprint(credentials)), credentials) as http:
            app = replace(
                base,
                k6=K6Cloud(http, max_script_bytes=base.k6.max_script_bytes),
                sandbox=False,
                # Evaluating a script runs its code: only for the user whose machine this is.
                inspect_script=base.inspect_script if base.local_files else None,
                poll_seconds=App.poll_seconds,
            )
            yield _labelled(app, label, credentials.token)

    def _sandbox(self, base: App) -> App:
        if (sandbox := self.sandbox) is None:
            raise NoStack("A sandbox among the profiles is only opened at start-up: restart the server.")
        app = replace(
            base,
            k6=sandbox.k6,
            sandbox=True,
            inspect_script=sandbox.inspect_script,
            poll_seconds=sandbox.poll_seconds,
        )
        return _labelled(app, "sandbox", "")

    def _with_own_memory(self, app: App, profile: Profile) -> App:
        return replace(
            app,
            default_project_id=profile.project_id or app.policy.only_project,
            kept_scripts=self._keeper(profile.name),
            open_starts=self._starts.setdefault(profile.name, OpenStarts()),
            turn=self._turn(profile.name),
        )

    def _turn(self, label: str) -> anyio.Lock:
        """One lock for each stack, whoever calls: what it allows for a day is spent from by all."""
        return self._turns.setdefault(label, anyio.Lock())


def under_rules(app: App, grant: Grant) -> App:
    """The app under the server's policy, as the caller's token tightens it."""
    if grant.rules is None:
        return app
    policy = tightened(app.policy, grant.rules, frozenset(grant.rules.model_fields_set))
    return replace(app.under(policy), default_project_id=policy.only_project or app.default_project_id)


def _labelled(app: App, stack: str, secret: str) -> App:
    """The app whose confirmations and audit are of this stack, and whose audit never quotes the secret."""
    audit = app.audit.of_stack(stack, secret) if isinstance(app.audit, Audit) else app.audit
    ruled = replace(app, audit=audit, confirmations=app.confirmations.within(stack))
    # The connection is new: nothing limits it yet.
    return ruled.under(app.policy)
