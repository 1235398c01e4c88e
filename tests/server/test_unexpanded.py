import pytest

from k6_cloud_mcp.config.settings import Settings
from k6_cloud_mcp.unexpanded import without_reference


@pytest.mark.parametrize(
    "reference",
    [
        "${K6_CLOUD_TOKEN}",
        "${K6_CLOUD_TOKEN:-}",
        "${env:K6_CLOUD_TOKEN}",
        "${input:k6-cloud-token}",
        "${user_config.token}",
        "{env:K6_CLOUD_TOKEN}",
        "$K6_CLOUD_TOKEN",
    ],
)
def test_a_reference_that_the_host_could_not_resolve_is_no_value(reference: str):
    assert without_reference(reference) is None


@pytest.mark.parametrize(
    "value", ["glsa_abc", "$2b$12$abc", "${a}b", "https://a.grafana.net", "12", 12, None]
)
def test_every_other_value_stays(value: object):
    assert without_reference(value) == value


def test_unresolved_references_mean_the_sandbox_and_not_a_broken_start(monkeypatch: pytest.MonkeyPatch):
    for name in ("K6_CLOUD_TOKEN", "K6_CLOUD_STACK_URL", "K6_CLOUD_STACK_ID", "K6_CLOUD_PROJECT_ID"):
        monkeypatch.setenv(name, f"${{{name}}}")
    assert Settings().uses_sandbox
