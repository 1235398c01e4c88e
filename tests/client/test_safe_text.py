import json
import unicodedata

import pytest

from k6_cloud.safe_text import clip, escape, escape_all, escape_json, one_line, quote

TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all rules")
ENGLAND = "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "gbeng") + "\U000e007f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\x00\x07\x08\x7f", r"a\x00\x07\x08\x7f"),
        ("a\x85\x9b31m", r"a\x85\x9b31m"),
        ("a\r\nb", "a\\r\nb"),
        ("safe\u202egpj.exe", r"safe\u202egpj.exe"),
        ("\u2066\u2067\u2068\u2069", r"\u2066\u2067\u2068\u2069"),
        ("\u200ea\u200f\u061c", r"\u200ea\u200f\u061c"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("a\u200bb\u2060c\u2063\ufeff\xad", r"a\u200bb\u2060c\u2063\ufeff\xad"),
        ("\u3164\uffa0", r"\u3164\uffa0"),
        ("half \ud83d", r"half \ud83d"),
        ("\U000e0041\U000e0042", r"\U000e0041\U000e0042"),
        ("🏴" + TAGS[:2], r"🏴\U000e0069\U000e0067"),
        ("ab\u200c\u200d", r"ab\u200c\u200d"),
        ("字\u200c\u200d\u200c", "字\u200c\\u200d\\u200c"),
        ("\u200da", r"\u200da"),
        ("a \u200db", r"a \u200db"),
        ("a\ufe0f\ufe00", "a\ufe0f\\ufe00"),
        ("a\U000e0101", r"a\U000e0101"),
    ],
)  # fmt: skip
def test_what_hides_is_spelled_out(text: str, shown: str):
    assert escape(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Checkout\tfast\nsecond line",
        "Grüße, naïve café — “quoted” €",
        "Привет, γειά, مرحبا, שלום, नमस्ते, สวัสดี, 你好, こんにちは、　全角, 안녕",
        "می\u200cخواهم",  # noqa: RUF001
        "क्\u200dष র‍্য",
        "👩\u200d👩\u200d👧\u200d👦 ❤\ufe0f 👍🏽 🇩🇪 1\ufe0f\u20e3",
        ENGLAND,
        "葛\U000e0100城",
        "ᠮᠣᠩᠭᠣᠯ\u180e",
        "\u0601\u06dd\U000110bd",
        "a\u0301\u0323",
        "1\xa0000",
    ],
)
def test_letters_joiners_and_emoji_of_all_scripts_stay(text: str):
    assert escape(text) == text


def test_no_letter_or_mark_of_any_script_is_changed_on_its_own():
    kept = {"L", "M", "N", "P", "S", "Z", "C"}
    fillers = {"\u3164", "\uffa0"}
    changed = [
        character
        for character in map(chr, range(0x110000))
        if unicodedata.category(character)[0] in kept - {"C"}
        and character not in fillers
        and escape("字" + character) != "字" + character
    ]
    assert changed == ["\u2028", "\u2029"]


def test_every_control_and_mark_of_direction_is_changed():
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    raw = [
        character
        for character in map(chr, range(0x110000))
        if unicodedata.category(character) == "Cc" or unicodedata.bidirectional(character) in directions
        if escape("a" + character) == "a" + character
    ]
    assert raw == ["\t", "\n"]


def test_one_line_has_no_other():
    assert one_line("a\nb\tc\r") == r"a\nb\tc\r"


def test_a_text_is_cut_to_its_length():
    assert (clip("abcdef", 6), clip("abcdefg", 6)) == ("abcdef", "abcde…")


def test_names_of_members_are_escaped_too():
    assert escape_all({"a\x1b": ["\u202e", 1, None, {"b": True}]}) == {
        r"a\x1b": [r"\u202e", 1, None, {"b": True}]
    }


@pytest.mark.parametrize("text", ["a\u202eb\x9bc\x1b\n", TAGS, ENGLAND, "\ufeff中文 \U0001f600", "plain"])
def test_json_says_the_same_and_shows_nothing_raw(text: str):
    written = escape_json(json.dumps({text: text}, ensure_ascii=False))
    assert json.loads(written) == {text: text}
    assert escape(written) == written


@pytest.mark.parametrize(
    "text",
    [
        "Checkout",
        "it's",
        'say "hi"',
        "both ' and \"",
        "back\\slash",
        "a\nb\t\x1b[2J\u202e",
        "\\n",
        "x' (id 7)",
    ],
)
def test_a_quotation_is_python_s_own(text: str):
    assert quote(text) == repr(text)


@pytest.mark.parametrize("text", ["می\u200cخواهم", "👩\u200d👧", "全\u3000角", "1\xa0000"])  # noqa: RUF001
def test_a_quotation_keeps_joiners_and_blanks_of_all_scripts(text: str):
    assert quote(text) == f"'{text}'"
