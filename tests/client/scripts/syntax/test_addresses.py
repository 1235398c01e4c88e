"""Addresses are found in strings and templates, and not in comments or imports."""

from k6_cloud.scripts.syntax.addresses import Address, addresses
from k6_cloud.scripts.syntax.tree import parse


def test_urls_are_found_in_strings_and_templates_with_their_lines() -> None:
    source = r"""
http.get('https://shop.test/a?b=1');
http.get(`http://${host}:8080/x/${id}`);
ws.connect("wss://chat.test", {});
const text = 'see http://a.test and http://b.test/c';
const escaped = 'http:\u002f/hidden.test';
"""
    assert addresses(parse(source)) == [
        Address("https://shop.test/a?b=1", 2),
        Address("http://${}:8080/x/${}", 3),
        Address("wss://chat.test", 4),
        Address("http://a.test", 5),
        Address("http://b.test/c", 5),
        Address("http://hidden.test", 6),
    ]


def test_what_is_dialled_is_an_address_and_other_text_with_a_colon_is_not() -> None:
    source = "client.connect('grpc.test:443', {});\nconst t = '12:30';\ntags['a:1'] = 1;\n"
    assert addresses(parse(source)) == [Address("grpc.test:443", 1)]


def test_comments_and_imported_modules_are_not_addresses() -> None:
    source = """// http://comment.test
import a from 'https://jslib.k6.io/a.js';
export { b } from 'https://jslib.k6.io/b.js';
const c = require('https://jslib.k6.io/c.js');
/* http://comment.test */
"""
    assert addresses(parse(source)) == []
