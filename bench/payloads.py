"""The scripts that are sent and read: small, of one megabyte, and an archive of twenty."""

import hashlib
import io
import tarfile
from functools import cache

SMALL_SCRIPT = """\
import http from 'k6/http';
import { check, sleep } from 'k6';

export const options = {
  stages: [{ duration: '30s', target: 20 }, { duration: '1m', target: 20 }, { duration: '10s', target: 0 }],
  thresholds: { http_req_failed: ['rate<0.01'], http_req_duration: ['p(95)<500'] },
};

export default function () {
  const answer = http.get(`${__ENV.SHOP}/products?page=${__ITER % 20}`);
  check(answer, { 'answers 200': (r) => r.status === 200, 'is not empty': (r) => r.body.length > 0 });
  sleep(Math.random() * 2);
}
"""


_METADATA = b'{"type":"js","options":{},"filename":"file:///load.js","pwd":"file:///","env":{}}'
_MARK = "// 000"


@cache
def large_script(size: int = 1_000_000) -> str:
    """JavaScript of `size` bytes."""
    return SMALL_SCRIPT + _text(size - len(SMALL_SCRIPT))


@cache
def archive(size: int = 20_000_000) -> str:
    """A k6 archive of about `size` bytes, all of it ASCII, so that a peer can send it as a JSON string."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, "metadata.json", _METADATA)
        _add(tar, "data", SMALL_SCRIPT.encode())
        for number in range(4):
            _add(tar, f"file/data{number}.csv", _text(size // 4).encode())
    return target.getvalue().decode()


def varied(script: str, number: int) -> str:
    """A script or archive of the same size, different for each number below 1,000."""
    return script.replace(_MARK, f"// {number:03}", 1)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))


def _text(size: int) -> str:
    """Comment lines of digits that look random, `size` bytes in all."""
    line = f"{_MARK} {hashlib.sha512(b'bench').hexdigest()}\n"
    return (line * (size // len(line) + 1))[: size - 1] + "\n"
