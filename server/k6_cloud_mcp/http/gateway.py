"""The gateway of the HTTP transport: identifies each request and its caller, and admits the call or answers it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from mcp.server.auth.middleware.auth_context import auth_context_var
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from k6_cloud_mcp.access.authentication import Authentication, is_open, user_of
from k6_cloud_mcp.access.caller_credentials import BadCredentials, own_credentials, with_own
from k6_cloud_mcp.access.grant import Grant, carry
from k6_cloud_mcp.access.policy_headers import rules_in
from k6_cloud_mcp.access.refusals import Refused, refused
from k6_cloud_mcp.config.policy_rules import RulesError
from k6_cloud_mcp.config.settings import CallerCredentials, SettingsError
from k6_cloud_mcp.http.origins import Origins
from k6_cloud_mcp.http.rate_limits import RateLimits, caller_of
from k6_cloud_mcp.http.readiness import Readiness
from k6_cloud_mcp.telemetry import request_ids
from k6_cloud_mcp.telemetry.exception_groups import first_of

PATH = "/mcp"
_NOTHING = "Nothing was called."


@dataclass(frozen=True)
class Gateway:
    """ASGI middleware in one step: request id, host, token, limits, the caller's own credentials and rules."""

    app: ASGIApp
    authentication: Authentication
    limits: RateLimits
    origins: Origins
    readiness: Readiness
    credentials: CallerCredentials
    at_end: Callable[[], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._live(scope, receive, send)
            return
        scope = _normalised(scope)
        name = request_ids.identify(scope)
        token = request_ids.request_id.set(name)
        answered = self._answered(send, name)
        try:
            await self._admit(scope, receive, answered)
        except Refused as refusal:
            await refusal.response()(scope, receive, answered)
        finally:
            request_ids.request_id.reset(token)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises Refused."""
        request = HTTPConnection(scope)
        if is_open(scope["path"]):
            await self.app(scope, receive, send)
        elif scope["path"] == PATH:
            self.origins.require_host(request)
            self.origins.require_origin(request)
            grant = await self.authentication.grant(request)
            async with self._limited(grant, request):
                await self._call(_merged(grant, request.headers, self.credentials), scope, receive, send)
        else:
            # Without tokens the host is all that keeps a page elsewhere from reading what is here.
            if not self.authentication.is_needed:
                self.origins.require_host(request)
            await self.authentication.grant(request)
            await self.app(scope, receive, send)

    def _limited(self, grant: Grant, request: HTTPConnection) -> AbstractAsyncContextManager[None]:
        # A GET is the stream of an older client, which may stay open for hours: it is no call.
        if request.scope["method"] != "POST":
            return nullcontext()
        return self.limits.call(caller_of(grant, request))

    async def _call(self, grant: Grant, scope: Scope, receive: Receive, send: Send) -> None:
        carry(scope, grant)
        scope["user"] = user = user_of(grant)
        token = auth_context_var.set(user)
        try:
            await self.app(scope, receive, send)
        finally:
            auth_context_var.reset(token)

    def _answered(self, send: Send, name: str) -> Send:
        """Answers carry the id of the request, and let go of their connection while the server drains."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[request_ids.HEADER] = name
                if self.readiness.draining:
                    # A connection that is kept alive would bring further calls to a server about to close.
                    headers["connection"] = "close"
            await send(message)

        return answer

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start readiness with the application, and end what is left with it."""
        failed: list[Message] = []

        async def watch(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)
                return
            if message["type"] == "lifespan.startup.complete":
                self.readiness.started = True
            elif message["type"] == "lifespan.shutdown.complete":
                # The process ends by the signal that stopped it, which leaves nothing time later on.
                self.at_end()
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except* SettingsError as failures:
            # The caller of the server tells it in one line; the traceback is of no use to anybody.
            self.readiness.failure = first_of(failures)
            await send({"type": "lifespan.startup.failed", "message": ""})
        except* Exception:
            for message in failed:
                await send(message)
            raise


def _merged(grant: Grant, headers: Headers, mode: CallerCredentials) -> Grant:
    """The grant of the token, with the credentials and the rules of the request. Raises Refused."""
    try:
        own, rules = own_credentials(headers, mode), rules_in(headers)
        merged = with_own(grant, own) if own else grant
    except BadCredentials as error:
        raise refused(400, "invalid_credentials", f"{error} {_NOTHING}") from error
    except RulesError as error:
        raise refused(400, "invalid_rules", f"{error} {_NOTHING}") from error
    return merged.model_copy(update={"rules": (*merged.rules, rules)}) if rules else merged


def _normalised(scope: Scope) -> Scope:
    """The request in the one spelling that the SDK knows: without a slash at the end, its media type in small letters."""
    headers = [
        (name, value.lower() if name == b"content-type" else value) for name, value in scope["headers"]
    ]
    path = PATH if scope["path"] == f"{PATH}/" else scope["path"]
    return {**scope, "path": path, "headers": headers}
