import pytest
from pydantic import SecretStr

from k6_cloud_mcp.config.settings import Settings, SettingsError
from k6_cloud_mcp.config.variables import forget_unresolved, is_unset, tidy

REFERENCES = [
    "${K6_CLOUD_TOKEN}",
    "${K6_CLOUD_TOKEN:-}",
    "${env:K6_CLOUD_TOKEN}",
    "${input:k6-cloud-token}",
    "${user_config.read_only}",
    "{env:K6_CLOUD_TOKEN}",
    "$K6_CLOUD_TOKEN",
    "$env:K6_CLOUD_TOKEN",
    "$(K6_CLOUD_TOKEN)",
    "%K6_CLOUD_TOKEN%",
    '"${K6_CLOUD_TOKEN}"',
]


@pytest.mark.parametrize("value", [*REFERENCES, "", "   ", "''", '" "', "\t\n"])
def test_a_reference_that_the_host_could_not_resolve_and_a_blank_say_nothing(value: str):
    assert is_unset(value)


@pytest.mark.parametrize(
    "value", ["glsa_abc", "$2b$12$abc", "${a}b", "https://a.grafana.net", "12", "100%", "%a", "'"]
)
def test_every_other_value_is_one(value: str):
    assert not is_unset(value)
    assert tidy(value) == value


@pytest.mark.parametrize(
    "quoted", ['"glsa_abc"', "'glsa_abc'", "`glsa_abc`", ' "glsa_abc" ', '" glsa_abc "', "glsa_abc\n"]
)
def test_quotes_and_blanks_around_a_value_are_not_part_of_it(quoted: str):
    assert tidy(quoted) == "glsa_abc"


@pytest.fixture
def nothing_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> pytest.MonkeyPatch:
    for name, field in Settings.model_fields.items():
        monkeypatch.delenv(str(field.validation_alias or f"K6_MCP_{name.upper()}"), raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    return monkeypatch


@pytest.mark.parametrize("value", ["${user_config.X}", "%X%", " ", "''"])
def test_no_setting_of_any_kind_is_taken_from_a_variable_that_says_nothing(
    nothing_set: pytest.MonkeyPatch, value: str
):
    as_it_is = Settings.load()
    for name, field in Settings.model_fields.items():
        nothing_set.setenv(str(field.validation_alias or f"K6_MCP_{name.upper()}"), value)
    assert Settings.load() == as_it_is
    assert Settings.load().uses_sandbox


def test_settings_in_quotes_are_those_without(nothing_set: pytest.MonkeyPatch):
    for name, value in {
        "K6_CLOUD_TOKEN": '"glsa_abc"',
        "K6_CLOUD_STACK_ID": "'42'",
        "K6_MCP_READ_ONLY": '"true"',
        "K6_MCP_PROJECTS": '"12,34"',
        "K6_MCP_HTTP_TOKEN": " 'open sesame' ",
    }.items():
        nothing_set.setenv(name, value)
    settings = Settings.load()
    assert (settings.token, settings.stack_id, settings.read_only) == (SecretStr("glsa_abc"), 42, True)
    assert (settings.projects, settings.http_token) == ({12, 34}, SecretStr("open sesame"))


@pytest.mark.parametrize(
    ("pasted", "address"),
    [
        ("https://acme.grafana.net/a/k6-app/projects?x=1#y", "https://acme.grafana.net"),
        ("https://acme.grafana.net/", "https://acme.grafana.net"),
        ("acme.grafana.net", "https://acme.grafana.net"),
        ("acme.grafana.net/d/1", "https://acme.grafana.net"),
        ("HTTPS://Acme.Grafana.Net", "https://acme.grafana.net"),
        ("https://acme.grafana.net:8443/x", "https://acme.grafana.net:8443"),
        ("http://localhost:3000/x", "http://localhost:3000"),
        ("http://[::1]:3000/x", "http://[::1]:3000"),
    ],
)
def test_a_stack_address_is_taken_as_it_is_pasted(nothing_set: pytest.MonkeyPatch, pasted: str, address: str):
    nothing_set.setenv("K6_CLOUD_STACK_URL", pasted)
    assert Settings.load().stack_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.grafana.net",
        "https://",
        "https://me:secret@acme.grafana.net",
        "ftp://acme.grafana.net",
        "https://[bad",
        "https://a:port",
    ],
)
def test_what_is_not_the_address_of_a_stack_stops_the_start_unquoted(
    nothing_set: pytest.MonkeyPatch, address: str
):
    nothing_set.setenv("K6_CLOUD_STACK_URL", address)
    with pytest.raises(
        SettingsError, match=r"^K6_CLOUD_STACK_URL: is not the address of a Grafana stack"
    ) as refused:
        Settings.load()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("value", ["1_0", "-1", "0", "2.5", "true"])
@pytest.mark.parametrize("name", ["K6_CLOUD_STACK_ID", "K6_CLOUD_PROJECT_ID", "K6_MCP_MAX_CALLS"])
def test_a_number_is_a_plain_positive_one(nothing_set: pytest.MonkeyPatch, name: str, value: str):
    nothing_set.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name}: "):
        Settings.load()


def test_unresolved_variables_of_ours_and_of_proxies_are_forgotten_and_others_are_left_alone():
    environment = {
        "K6_SANDBOX_DIR": "${K6_SANDBOX_DIR}",
        "K6_PATH": "%K6_PATH%",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "$OTEL_EXPORTER_OTLP_ENDPOINT",
        "https_proxy": "${HTTPS_PROXY}",
        "PS1": "${debian_chroot}",
        "K6_SANDBOX_RUNS": "2",
        "K6_CLOUD_TOKEN": "",
    }
    forget_unresolved(environment)
    assert environment == {"PS1": "${debian_chroot}", "K6_SANDBOX_RUNS": "2", "K6_CLOUD_TOKEN": ""}
