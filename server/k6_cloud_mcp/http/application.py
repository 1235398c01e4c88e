"""The HTTP application around a server: MCP, probes and figures, behind the gateway."""

from collections.abc import Sequence

from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette

from k6_cloud.scripts.script import MIB
from k6_cloud_mcp.access.authentication import Authentication
from k6_cloud_mcp.access.verifier import verifier_of
from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.http.gateway import PATH, Gateway
from k6_cloud_mcp.http.origins import Origins, add_cors
from k6_cloud_mcp.http.rate_limits import Ceilings, RateLimits
from k6_cloud_mcp.http.readiness import Readiness
from k6_cloud_mcp.server import K6Server
from k6_cloud_mcp.stacks.stacks import Stacks
from k6_cloud_mcp.telemetry import otlp
from k6_cloud_mcp.telemetry.prometheus import PrometheusMeasures


def application(
    server: K6Server,
    settings: Settings,
    stacks: Stacks,
    measures: PrometheusMeasures,
    allowed_hosts: Sequence[str] = (),
) -> Starlette:
    """The application of a server, under the limits and the authentication of these settings. Raises SettingsError."""
    verifier = verifier_of(settings)
    readiness = Readiness(settings.drain_seconds, lambda: [*verifier.problems(), *stacks.problems()])
    authentication = Authentication(verifier, settings)
    origins = Origins(allowed_hosts)
    ceilings = Ceilings(settings.max_calls, settings.max_calls_per_minute, settings.max_calls_in_all)
    _add_pages(server, readiness, measures)
    app = _over_mcp(server, settings)
    app.state.readiness = readiness
    authentication.publish(app)
    app.add_middleware(
        Gateway,
        authentication=authentication,
        limits=RateLimits(ceilings, measures),
        origins=origins,
        readiness=readiness,
        credentials=settings.caller_credentials,
        at_end=otlp.flush,
    )
    # What is added last stands outermost: a preflight request carries no token.
    add_cors(app, origins)
    return app


def _add_pages(server: K6Server, readiness: Readiness, measures: PrometheusMeasures) -> None:
    server.custom_route("/healthz", methods=["GET"])(readiness.live)
    server.custom_route("/readyz", methods=["GET"])(readiness.ready)
    server.custom_route("/metrics", methods=["GET"])(measures.page)


def _over_mcp(server: K6Server, settings: Settings) -> Starlette:
    return server.streamable_http_app(
        streamable_http_path=PATH,
        # The gateway checks hosts and origins, of every path.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        # Calls that any of several replicas may get: none of them can keep a session.
        stateless_http=settings.shared_key is not None,
        max_request_body_size=settings.max_body_mib * MIB,
    )
