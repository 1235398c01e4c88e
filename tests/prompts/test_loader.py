import re
from string import Template

import pytest

from k6_cloud_mcp_prompts import Prompt, load_prompts
from k6_cloud_mcp_prompts.loader import parse_prompt
from k6_cloud_mcp_tools import toolsets

PROMPTS = load_prompts()
TOOLS = {tool.name for tool in toolsets.TOOLS}
TOOL_LIKE = re.compile(
    r"`((?:abort|activate|compare|create|deactivate|delete|download|get|lint|list|move|query|start|update|upload|validate|wait)_\w+)`"
)


def test_the_prompts_are_loaded_by_name():
    assert [prompt.name for prompt in PROMPTS] == [
        "capacity_plan",
        "compare_test_runs",
        "design_load_test",
        "nightly_schedule",
        "openapi_to_load_test",
        "regression_hunt",
        "review_script",
        "run_and_report",
        "triage_failed_run",
    ]


def test_front_matter_becomes_fields_and_the_rest_becomes_the_text():
    prompt = parse_prompt(
        "+++\n"
        'name = "greeting"\n'
        'title = "Greeting"\n'
        'description = "Greets."\n'
        "arguments = [\n"
        '  { name = "who", description = "Whom to greet", required = true },\n'
        '  { name = "why", description = "The occasion" },\n'
        "]\n"
        "+++\n"
        "\n"
        "Greet $who.\n"
        "+++\n"
        "The end.\n"
    )

    assert (prompt.name, prompt.title, prompt.description) == ("greeting", "Greeting", "Greets.")
    assert [(a.name, a.required) for a in prompt.arguments] == [("who", True), ("why", False)]
    assert prompt.template == "Greet $who.\n+++\nThe end.\n"


def test_a_prompt_may_have_no_arguments():
    assert parse_prompt('+++\nname = "a"\ntitle = "A"\ndescription = "A."\n+++\nHello.\n').arguments == ()


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_every_declared_argument_is_used_and_every_used_one_declared(prompt: Prompt):
    template = Template(prompt.template)

    assert template.is_valid()
    assert sorted(template.get_identifiers()) == sorted(a.name for a in prompt.arguments)


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_every_prompt_renders_with_its_required_arguments_alone(prompt: Prompt):
    text = prompt.render({a.name: "17" for a in prompt.arguments if a.required})

    assert '"17"' in text
    assert "$" not in text


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_every_prompt_names_tools_and_only_tools_that_exist(prompt: Prompt):
    named = set(TOOL_LIKE.findall(prompt.template))

    assert len(named) >= 3
    assert named <= TOOLS


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_every_prompt_is_described_and_neither_curt_nor_endless(prompt: Prompt):
    assert prompt.title
    assert prompt.description.endswith(".")
    assert all(argument.description for argument in prompt.arguments)
    assert 150 <= len(prompt.template.split()) <= 450


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_every_prompt_says_that_what_it_reads_is_data(prompt: Prompt):
    assert re.search(r"\bdata\b.*(not instructions|never follow)", prompt.template)


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)
def test_a_prompt_that_goes_on_with_another_names_one_that_exists(prompt: Prompt):
    names = {other.name for other in PROMPTS}
    for sentence in re.findall(
        r"(?:go on with|the prompt|then a|compare steps with)([^.:]+)[.:]", prompt.template
    ):
        for word in re.findall(r"\b[a-z]+_[a-z_]+\b", sentence):
            assert word in names | TOOLS | {"load_test_id"}
