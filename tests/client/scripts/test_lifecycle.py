import pytest

from k6_cloud.scripts.lifecycle import Lifecycle, lifecycle_of

PLAIN = "export default function () {}\n"


@pytest.mark.parametrize(
    ("source", "setup", "teardown"),
    [
        (PLAIN, False, False),
        (PLAIN + "export function setup() {}", True, False),
        (PLAIN + "export async function setup() {}\nexport const teardown = () => {};", True, True),
        (PLAIN + "function begin() {}\nexport { begin as setup };", True, False),
        (PLAIN + "export { teardown } from './after.js';", False, True),
        ("exports.setup = () => {}; exports.default = () => {};", True, False),
        (PLAIN + "// export function setup() {}\nconst text = 'export function setup() {}';", False, False),
        (PLAIN + "function setup() {}", False, False),
        # What comes from another module is not known.
        (PLAIN + "export * from './shared.js';", True, True),
    ],
)
def test_functions_that_run_once_are_found_where_k6_finds_them(source: str, setup: bool, teardown: bool):
    assert lifecycle_of(source) == Lifecycle(setup, teardown, browser=False)


def test_a_browser_is_one_that_is_imported():
    assert lifecycle_of(f"import {{ browser }} from 'k6/browser';\n{PLAIN}").browser
    assert not lifecycle_of(f"// import from 'k6/browser'\n{PLAIN}").browser
