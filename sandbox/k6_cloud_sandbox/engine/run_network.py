"""The network of a sandbox's runs: one function, for the runs and for the preview of their start."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from k6_cloud.models import Json
from k6_cloud.scripts.endpoints import Endpoint
from k6_cloud.scripts.reach import NetworkRules, Opening, Reach, reach_of
from k6_cloud.scripts.script import Script
from k6_cloud.scripts.targets import targets_of
from k6_runner.network_policy import limits_ports
from k6_runner.own_ports import announced_ports

_A_SERVER = "a k6-cloud-mcp server"


@dataclass(frozen=True)
class RunNetwork:
    """The demo target, what the operator opens, and the sandbox's own ports, each with what listens there."""

    demo: Endpoint
    openings: tuple[Opening, ...] = ()
    own: Mapping[int, str] = field(default_factory=dict[int, str])

    @property
    def demo_url(self) -> str:
        """The address of the demo target."""
        return f"http://{self.demo}"

    @property
    def variables(self) -> dict[str, str]:
        """The variables that scripts get in `__ENV`."""
        return {"SANDBOX_URL": self.demo_url}

    def rules(self) -> NetworkRules:
        """The rules for a run that starts now: servers of ours that listen elsewhere are closed as well."""
        others = dict.fromkeys(announced_ports(), _A_SERVER)
        return NetworkRules(self.demo, self.openings, others | dict(self.own), limits_ports())

    def reach_of(self, script: Script, options: Json) -> Reach:
        """Derive the reach of a run of `script` with these options. Reads the whole script, so call it in a thread."""
        return reach_of(targets_of(script, options), self.rules())
