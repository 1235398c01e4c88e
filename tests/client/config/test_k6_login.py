import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from k6_cloud.config.k6_login import Login, read_login
from k6_cloud.errors import ConfigurationError

NOWHERE: dict[str, str] = {}


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def login_text(**cloud: object) -> str:
    return json.dumps({"collectors": {"cloud": cloud}})


def test_a_login_is_read_whole(tmp_path: Path):
    text = login_text(token="t", stackID=7, stackURL="https://a.grafana.net", defaultProjectID="3")
    path = written(tmp_path / "k6" / "config.json", text)

    assert read_login(tmp_path) == Login(path, SecretStr("t"), 7, "https://a.grafana.net", 3)
    assert "SecretStr('t')" not in repr(read_login(tmp_path))


def test_keys_are_read_in_any_case_as_k6_does(tmp_path: Path):
    written(tmp_path / "k6" / "config.json", '{"Collectors": {"CLOUD": {"Token": "t", "StackId": 7}}}')

    assert read_login(tmp_path).stack_id == 7


def test_the_older_place_of_the_login_is_read_too(tmp_path: Path):
    written(tmp_path / "loadimpact" / "k6" / "config.json", login_text(token="old"))

    assert read_login(tmp_path).token == SecretStr("old")


def test_the_file_that_k6_config_names_is_read_in_place_of_the_users(tmp_path: Path):
    path = written(tmp_path / "elsewhere.json", login_text(token="named"))
    env = {"K6_CONFIG": f" {path} "}

    assert read_login(env=env).token == SecretStr("named")
    assert read_login(env={"K6_CONFIG": str(tmp_path / "none.json")}) == Login()


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path):
    written(tmp_path / "k6" / "config.json", b"\xef\xbb\xbf" + login_text(token="t").encode())

    assert read_login(tmp_path).token == SecretStr("t")


@pytest.mark.parametrize("text", ["", " \n", "{}", '{"collectors": null}', '{"collectors": {"cloud": {}}}'])
def test_a_file_without_a_login_is_no_login(tmp_path: Path, text: str):
    written(tmp_path / "k6" / "config.json", text)

    assert read_login(tmp_path, NOWHERE) == Login()


def test_a_folder_in_its_place_is_no_login(tmp_path: Path):
    (tmp_path / "k6" / "config.json").mkdir(parents=True)

    assert read_login(tmp_path, NOWHERE) == Login()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "it is not JSON"),
        ('{"collectors": {"cloud": {"token": "t"', "it is not JSON"),
        (b"\xff\xfe{\x00}\x00", "it is not text"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "the document is not an object"),
        ('{"collectors": 3}', "collectors is not an object"),
        ('{"collectors": {"cloud": []}}', "cloud is not an object"),
        ('{"collectors": {"cloud": "abc"}}', "cloud is not an object"),
        (login_text(token=5), "token is not text"),
        (login_text(stackURL=["a"]), "stackurl is not text"),
    ],
)
def test_a_file_that_k6_cannot_read_either_is_an_error_that_names_it(
    tmp_path: Path, text: str | bytes, reason: str
):
    path = written(tmp_path / "k6" / "config.json", text)

    with pytest.raises(ConfigurationError, match=reason) as caught:
        read_login(tmp_path, NOWHERE)

    assert str(path) in str(caught.value)
    assert "run `k6 cloud login` again" in str(caught.value)


@pytest.mark.parametrize("value", ["x", -1, 0, None, 1e400])
def test_a_stack_id_that_is_no_number_counts_as_none(tmp_path: Path, value: object):
    written(tmp_path / "k6" / "config.json", login_text(token="t", stackID=value))

    assert read_login(tmp_path, NOWHERE).stack_id is None
