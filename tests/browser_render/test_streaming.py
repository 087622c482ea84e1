"""However a text arrives, whatever was shown in between, at the end it is what the whole text would be."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

TEXTS = {path.stem: path.read_text() for path in sorted(Path(__file__).with_name("texts").glob("*.md"))}
CITATIONS = [{"number": 1, "title": "Backup policy", "href": "#source-1"}, {"number": 2}]

COMPARE = """async ([text, cuts, options]) => {
  const whole = (await workshop.whole(text, options)).cloneNode(true);
  const streamed = await workshop.streamed(text, cuts, options);
  return streamed.isEqualNode(whole) ? "" : `${streamed.innerHTML}\\n\\n!==\\n\\n${whole.innerHTML}`;
}"""


def cuts_of(text: str, dice: random.Random) -> list[int]:
    """Where an unlucky network would cut: mostly short pieces, now and then a long one."""
    cuts, end = [], 0
    while end < len(text):
        end += dice.choice([1, 1, 2, 3, 4, 5, 8, 40, 200])
        cuts.append(min(end, len(text)))
    return cuts


def mixture(dice: random.Random) -> str:
    """Pieces of Markdown in an order that nobody had in mind."""
    pieces = [piece for text in TEXTS.values() for piece in text.split("\n\n")]
    glue = ["\n\n", "\n", "\n\n\n", " ", "\n    ", "\n> ", "\n- ", "```\n", "\n---\n"]
    return "".join(dice.choice(pieces) + dice.choice(glue) for _ in range(12))


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_came_character_by_character_is_the_whole_text(page: Page, name: str) -> None:
    text = TEXTS[name]
    cuts = list(range(1, len(text) + 1))
    assert page.evaluate(COMPARE, [text, cuts, {"citations": CITATIONS}]) == ""


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_came_in_random_pieces_is_the_whole_text(page: Page, name: str) -> None:
    dice = random.Random(name)
    for _ in range(10):
        cuts = cuts_of(TEXTS[name], dice)
        assert page.evaluate(COMPARE, [TEXTS[name], cuts, {"citations": CITATIONS}]) == "", cuts


def test_any_mixture_in_any_pieces_is_the_whole_text(page: Page) -> None:
    for seed in range(25):
        dice = random.Random(seed)
        text = mixture(dice)
        cuts = cuts_of(text, dice)
        assert page.evaluate(COMPARE, [text, cuts, {"citations": CITATIONS}]) == "", (seed, text)


def test_another_text_takes_the_place_of_the_first(page: Page) -> None:
    """A snapshot after a gap may disagree with what was shown before."""
    same = page.evaluate(
        """async ([first, second]) => {
          const node = workshop.place();
          const renderer = new workshop.StreamRenderer(node);
          workshop.stopClock();
          renderer.update(first);
          workshop.startClock();
          renderer.finish(second);
          await workshop.settled();
          const streamed = node.cloneNode(true);
          return streamed.isEqualNode(await workshop.whole(second));
        }""",
        [TEXTS["everything"], TEXTS["chinese"]],
    )
    assert same


def test_a_late_definition_turns_the_earlier_brackets_into_links(page: Page) -> None:
    text = "See [the manual].\n\n" + "Words.\n\n" * 5 + "[the manual]: https://example.org/manual\n"
    page.evaluate("([text, cuts]) => workshop.streamed(text, cuts)", [text, list(range(1, len(text) + 1))])
    assert page.get_by_role("link", name="the manual").get_attribute("href") == "https://example.org/manual"


def test_a_long_reply_is_not_parsed_again_and_again(page: Page) -> None:
    """Relative work, not time: every drawing of everything would parse this text 500 times over."""
    parts = (f"{TEXTS['chinese']}\n\nParagraph {index} with **words**.\n\n" for index in range(80))
    text = "".join(parts)[:20_000]
    work = page.evaluate(
        """async ([text, cuts]) => {
          const parse = DOMParser.prototype.parseFromString;
          let parsed = 0;
          DOMParser.prototype.parseFromString = function (html, type) {
            parsed += String(html).length;
            return parse.call(this, html, type);
          };
          await workshop.streamed(text, cuts);
          DOMParser.prototype.parseFromString = parse;
          return parsed / text.length;
        }""",
        [text, list(range(20, len(text) + 1, 20))],
    )
    assert work < 25


def test_drawing_leaves_most_of_the_time_to_the_person(page: Page) -> None:
    """Four times the cost of a drawing is rest, however often somebody asks: a fifth of the time at most."""
    drawings, elapsed, cost = page.evaluate(
        """async () => {
          const { Pacer } = await import("/chat/markdown/pacer.js");
          const cost = 20;
          let drawings = 0;
          const pacer = new Pacer(() => {
            drawings += 1;
            const start = performance.now();
            while (performance.now() - start < cost);
          });
          const start = performance.now();
          while (drawings < 8) {
            pacer.ask();
            await new Promise((resolve) => setTimeout(resolve));
          }
          pacer.cancel();
          return [drawings, performance.now() - start, cost];
        }"""
    )
    assert (drawings - 1) * 5 * cost <= elapsed


def test_nothing_is_drawn_after_dispose(page: Page) -> None:
    shown = page.evaluate(
        """async () => {
          const node = workshop.place();
          const renderer = new workshop.StreamRenderer(node);
          renderer.update("text");
          renderer.dispose();
          await workshop.calm();
          return node.textContent;
        }"""
    )
    assert shown == ""


HALF_WRITTEN = [
    ("a **bol", "<p>a <strong>bol</strong></p>"),
    ("a **bold*", "<p>a <strong>bold</strong></p>"),
    ("**a *b", "<p><strong>a <em>b</em></strong></p>"),
    ("a **", "<p>a</p>"),
    ("a `co", "<p>a <code>co</code></p>"),
    ("see [the man", "<p>see the man</p>"),
    ("see [the manual](https://exa", "<p>see the manual</p>"),
    ("see [1", "<p>see</p>"),
    ("price list[0", "<p>price list[0</p>"),
    ("Three things:\n-", "<p>Three things:</p>"),
    ("A line\n==", "<p>A line</p>"),
    ("Before\n\n| a | b |\n|--", "<p>Before</p>"),
    ("Before\n\n$$\nx = ", "<p>Before</p>"),
    ("snake_case and 2 * 3 * 4", "<p>snake_case and 2 * 3 * 4</p>"),
    ("- **Point", "<ul>\n<li><strong>Point</strong></li>\n</ul>"),
]


@pytest.mark.parametrize(("text", "html"), HALF_WRITTEN)
def test_half_a_mark_is_never_shown(page: Page, text: str, html: str) -> None:
    shown = page.evaluate(
        """async (text) => {
          const node = workshop.place();
          workshop.stopClock();
          new workshop.StreamRenderer(node).update(text);
          workshop.startClock();
          node.querySelector(".caret").remove();
          return node.innerHTML;
        }""",
        text,
    )
    assert shown == html


def test_a_mark_that_was_held_back_is_shown_when_the_text_is_whole(page: Page) -> None:
    assert page.evaluate("async () => (await workshop.streamed('1', [1])).innerText") == "1"
    assert page.evaluate("async () => (await workshop.streamed('a **b', [1, 5])).innerText") == "a **b"
