"""What a page would fetch is found; what a reader may follow is not."""

from __future__ import annotations

import html

import pytest

from medlab.report import external_addresses

FETCHED = [
    '<script src="https://example.org/x.js"></script>',
    '<script src="//example.org/x.js"></script>',
    '<link rel="stylesheet" href="http://example.org/x.css">',
    '<img src="https://example.org/x.png">',
    '<img src="data:," srcset="a.png 1x, https://example.org/x.png 2x">',
    '<iframe src="https://example.org"></iframe>',
    '<video poster="https://example.org/x.png"></video>',
    '<object data="https://example.org/x.pdf"></object>',
    '<svg><image xlink:href="https://example.org/x.png"/></svg>',
    '<svg><use href="https://example.org/x.svg#a"/></svg>',
    '<div style="background: url(https://example.org/x.png)"></div>',
    "<style>@font-face { src: url('https://example.org/x.woff2') }</style>",
    '<style>@import "https://example.org/x.css";</style>',
    '<script type="module">import x from "https://example.org/x.js"</script>',
    '<script>const a = await import("https://example.org/x.js")</script>',
    '<script>fetch("https://example.org/x.json")</script>',
    '<script>s.src = "https://example.org/x.js"</script>',
    '<base href="https://example.org/">',
    '<meta http-equiv="refresh" content="0; url=https://example.org/">',
]
HARMLESS = [
    '<a href="https://example.org">a link</a>',
    '<img src="data:image/png;base64,AAAA">',
    '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    '<math xmlns="http://www.w3.org/1998/Math/MathML"></math>',
    '<script type="application/json">{"source": "https://example.org/x.js"}</script>',
    "<p>https://example.org/x.js</p>",
    '<script>document.createElementNS("http://www.w3.org/2000/svg", "path")</script>',
    "<style>a { background: url(data:image/png;base64,AAAA) }</style>",
]


@pytest.mark.parametrize("page", FETCHED)
def test_what_would_be_fetched_is_found(page):
    (found,) = external_addresses(page)
    assert "example.org" in found


@pytest.mark.parametrize("page", FETCHED)
def test_it_is_found_in_a_page_inside_the_page(page):
    (found,) = external_addresses(f'<iframe srcdoc="{html.escape(page)}"></iframe>')
    assert found.startswith("inside iframe: ")


@pytest.mark.parametrize("page", HARMLESS)
def test_what_is_not_fetched_is_left_alone(page):
    assert external_addresses(page) == []
