import anyio

from k6_cloud.client import K6Cloud
from k6_cloud_sandbox.sandbox import open_sandbox
from k6_cloud_sandbox.settings import SandboxSettings


async def test_all_seed_tests_pass_against_the_demo_target():
    settings = SandboxSettings(dir=":memory:", max_concurrent_runs=3)
    async with open_sandbox(settings) as sandbox, sandbox.http() as http:
        k6 = K6Cloud(http)
        tests = (await k6.load_tests.list()).value
        runs = [await k6.load_tests.start(test.id) for test in tests]
        with anyio.fail_after(60):
            while not all(run.is_final for run in runs):
                await anyio.sleep(0.2)
                runs = [await k6.test_runs.get(run.id) for run in runs]

    assert [test.name for test in tests] == ["Smoke test", "Stages test", "Thresholds test"]
    assert [(run.result, run.result_details and run.result_details.message) for run in runs] == [
        ("passed", None)
    ] * 3
