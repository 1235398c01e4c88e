import pytest
from k6_cloud.errors import ScriptTooLarge
from k6_cloud.scripts import Script


async def test_a_script_past_the_limit_is_refused():
    with pytest.raises(ScriptTooLarge, match="larger than the limit"):
        Script.from_chunks([b"x" * 20], limit=10)
