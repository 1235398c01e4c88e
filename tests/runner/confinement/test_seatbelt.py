"""The text of the profile; nobody has tried it on a Mac yet."""

from pathlib import Path

from k6_runner.confinement.seatbelt import confined_command, profile, seatbelt_works
from k6_runner.confinement.terms import Network, Terms


def test_a_script_that_is_read_gets_its_directory_and_no_network(tmp_path: Path):
    lines = profile(Terms(str(tmp_path), ["/project/a.js"], ["/opt/k6"])).splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    assert f'(allow file-read* file-write* (subpath "{tmp_path}"))' in lines
    assert '(allow file-read* (literal "/project/a.js"))' in lines
    assert '(allow process-exec (literal "/opt/k6"))' in lines
    assert not any("network" in line for line in lines)


def test_a_run_gets_the_ports_it_may_connect_to():
    lines = profile(
        Terms("/room", network=Network(internet=True, ports=[(80, 81), (6580, 6580)]))
    ).splitlines()
    network = [line for line in lines if "network" in line]
    assert network == [
        '(allow network-outbound (remote tcp "*:80"))',
        '(allow network-outbound (remote tcp "*:81"))',
        '(allow network-outbound (remote tcp "*:6580"))',
    ]
    ports = [(1, 6579), (6581, 65535)]
    all_but_ours = profile(Terms("/room", network=Network(internet=True, ports=ports))).splitlines()
    assert [line for line in all_but_ours if "network" in line] == [
        '(allow network-outbound (remote tcp "*:*"))',
        '(deny network-outbound (remote tcp "*:6580"))',
    ]
    open_network = profile(Terms("/room", network=Network(internet=True, datagrams=True, listen=True)))
    assert '(remote tcp "*:*")' in open_network
    assert "network-bind" in open_network


def test_names_cannot_end_the_expression_that_they_stand_in(tmp_path: Path):
    odd = tmp_path / 'a") (allow default) ("'
    odd.mkdir()
    assert '(subpath "' + str(odd).replace('"', '\\"') + '")' in profile(Terms(str(odd)))


def test_the_command_stands_behind_the_profile():
    command = confined_command(Terms("/room"), ["k6", "version"])
    assert command[:2] == ["/usr/bin/sandbox-exec", "-p"]
    assert command[-2:] == ["k6", "version"]
    assert seatbelt_works() in (True, False)
