import io
import json
import tarfile

from k6_runner.reading.script_archive import archive_of


def test_an_archive_holds_the_script_and_the_options_that_k6_is_to_use():
    with archive_of("script.js", io.BytesIO(b"export default () => {}"), {"vus": 3}) as script:
        assert script.kind == "archive"
        assert script.options() == {"vus": 3}
        assert script.member("data") == script.member("file/script.js") == b"export default () => {}"
        with tarfile.open(fileobj=script.file()) as tar:
            member = tar.extractfile("metadata.json")
            assert member
            assert json.load(member)["filename"] == "file:///script.js"
