"""What a person sees and can do in a reply: code, tables, formulas, sources, links, the caret."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def show(page: Page, text: str, **options: Any) -> None:
    page.evaluate("async ([text, options]) => void (await workshop.whole(text, options))", [text, options])


CODE = '```python\ndef f(x):\n    return "<b>" + x  # why\n```\n'


def test_code_has_its_language_and_its_colours(page: Page) -> None:
    show(page, CODE)
    figure = page.locator("figure.code")
    expect(figure.locator("figcaption > span")).to_have_text("python")
    expect(figure.locator("pre")).to_have_attribute("tabindex", "0")
    expect(figure.locator("pre")).to_have_attribute("aria-label", "Code, python")
    expect(figure.locator(".hljs-keyword").first).to_have_text("def")
    expect(figure.locator(".hljs-comment")).to_have_text("# why")


def test_code_of_an_unknown_language_stays_plain(page: Page) -> None:
    show(page, "```klingon\nif x\n```\n\n```\nno language\n```\n")
    expect(page.locator("figure.code pre span")).to_have_count(0)
    expect(page.locator("figure.code pre").nth(1)).to_have_attribute("aria-label", "Code")


def test_copy_takes_the_code_and_says_so_for_a_while(page: Page) -> None:
    page.clock.install()
    show(page, CODE)
    button = page.locator("figure.code button")
    expect(button).to_have_accessible_name("Copy code")
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == 'def f(x):\n    return "<b>" + x  # why'
    page.clock.run_for(2100)
    expect(button).to_have_text("Copy")


def test_copy_works_where_the_clipboard_is_withheld(page: Page) -> None:
    """On plain http there is no ``navigator.clipboard``; a frame of another site is refused."""
    show(page, CODE)
    read = """async () => {
      let copied = "";
      document.addEventListener("copy", () => { copied = document.activeElement.value; }, { once: true });
      const button = document.querySelector("figure.code button");
      const said = [];
      const seen = new MutationObserver(() => said.push(button.textContent));
      seen.observe(button, { childList: true, subtree: true });
      button.click();
      await workshop.calm();
      return [copied, said.includes("Copied")];
    }"""
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    assert page.evaluate(read) == ['def f(x):\n    return "<b>" + x  # why', True]


def test_a_table_is_a_region_with_its_numbers_to_the_right(page: Page) -> None:
    head = "| way | time | price | note |\n|---|---|--:|:-:|\n"
    show(page, head + "| a | 6 min | x | y |\n| b | – | z | " + "long " * 12 + "|\n")
    region = page.get_by_role("region", name="Table: way, time, price, note")
    expect(region).to_have_attribute("tabindex", "0")
    expect(region.locator("thead th").nth(0)).to_have_attribute("scope", "col")
    classes = [cell.get_attribute("class") for cell in region.locator("tbody tr").nth(1).locator("td").all()]
    assert classes == [None, "num", "num", "mid long"]


def test_a_list_goes_on_counting_where_it_was_told_to(page: Page) -> None:
    show(page, "3. three\n4. four\n\nText\n\n- [ ] open\n- [x] done")
    expect(page.locator("ol")).to_have_attribute("start", "3")
    expect(page.locator("li.task")).to_have_text(["\u2610 open", "\u2611 done"])


@pytest.mark.parametrize(
    ("column", "is_numeric"),
    [
        (["12", "1,200.50"], True),
        (["$5", "NT$1,200"], True),
        (["6 分鐘", "14 分鐘"], True),
        (["45%", "-3 °C"], True),
        (["2 GB/s", "n/a"], True),
        (["1", "two"], False),
        (["—", ""], False),
        (["v1.2.3b", "x"], False),
    ],
)
def test_a_column_is_numeric_if_all_of_it_is(page: Page, column: list[str], is_numeric: bool) -> None:
    show(page, "| a |\n|---|\n" + "".join(f"| {cell} |\n" for cell in column))
    assert (page.locator("th.num").count() == 1) == is_numeric


@pytest.mark.parametrize(
    "text",
    [
        r"$e^{i\pi} + 1 = 0$",
        r"Let $x$ be",
        r"\(a_1\)",
        r"\[ \frac{1}{2} \]",
        "$$\na\n= b\n$$",
        "($n$-th)",
        "so $f(x)$ is",
        "公式$x^2$很短",
    ],
)
def test_formulas_are_drawn_as_mathml(page: Page, text: str) -> None:
    show(page, text)
    expect(page.locator("span.math > math")).to_have_count(1)


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "From $20, or 20$.",
        "US$5 = NT$150",
        "A$5=B$6",
        "between $5-$10",
        "$HOME/$USER and $PATH",
        "費用約 NT$1,200 到 $1,500 元",
        "$5k + $10k a year",
        "a \\$5 = \\$6 price",
        "`$x$` and `\\(x\\)`",
        "$ x $",
        "$5 million = 5$ million",
    ],
)
def test_money_and_variables_are_no_formulas(page: Page, text: str) -> None:
    show(page, text)
    expect(page.locator(".math")).to_have_count(0)


def test_a_formula_with_a_mistake_stays_as_written(page: Page) -> None:
    show(page, r"Look: $\frac{1$ and $x^2$")
    assert page.locator(".math").first.text_content() == r"$\frac{1$"
    expect(page.locator("math")).to_have_count(1)


def test_a_formula_in_the_open_block_is_drawn_while_it_grows(page: Page) -> None:
    page.evaluate(
        """async () => {
          const node = workshop.place();
          window.renderer = new workshop.StreamRenderer(node);
          renderer.update("Since $x^2 = 4$ we");
        }"""
    )
    expect(page.locator("math")).to_have_count(1)
    page.evaluate("renderer.update('Since $x^2 = 4$ we know')")
    expect(page.locator("p")).to_contain_text("we know")
    expect(page.locator("math")).to_have_count(1)


CITATIONS = [{"number": 1, "title": "Backup policy", "href": "#source-1"}]


def test_a_number_becomes_its_source_and_others_stay_text(page: Page) -> None:
    show(page, "Use it. [1] Not [2], not `[1]`, not [a [1] b](https://example.org).", citations=CITATIONS)
    chip = page.locator("a.cite")
    expect(chip).to_have_count(1)
    expect(chip).to_have_accessible_name("Source 1, Backup policy")
    expect(chip).to_have_attribute("href", "#source-1")
    expect(page.locator("p")).to_have_text("Use it.\u20601 Not [2], not [1], not a [1] b.")


def test_a_click_on_a_source_is_told_to_the_page(page: Page) -> None:
    show(page, "Use it [1].", citations=CITATIONS)
    page.evaluate(
        """() => document.getElementById("out").addEventListener("cite", (event) => {
          window.cited = [event.detail.number, event.detail.anchor.className];
          event.preventDefault();
        })"""
    )
    page.locator("a.cite").click()
    assert page.evaluate("window.cited") == [1, "cite"]
    assert not page.url.endswith("#source-1")


def test_sources_that_come_late_make_their_numbers_live(page: Page) -> None:
    page.evaluate(
        """() => {
          const node = workshop.place();
          window.renderer = new workshop.StreamRenderer(node);
          renderer.finish("One [1].\\n\\nTwo [2].");
        }"""
    )
    expect(page.locator("a.cite")).to_have_count(0)
    page.evaluate("renderer.setCitations([{ number: 1 }, { number: 2, title: 'Second' }])")
    expect(page.locator("a.cite")).to_have_count(2)
    page.evaluate("renderer.setCitations([{ number: 2, title: 'Other' }])")
    expect(page.locator("a.cite")).to_have_count(1)
    expect(page.locator("a.cite")).to_have_accessible_name("Source 2, Other")


def test_links_open_apart_and_show_their_true_address(page: Page) -> None:
    show(
        page,
        '[https://bank.example](https://other.example/x "Your bank") ![picture](https://other.example/p.png)',
    )
    link = page.get_by_role("link", name="bank.example")
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert link.get_attribute("target") == "_blank"
    assert link.get_attribute("title") == "https://other.example/x"
    assert page.get_by_role("link", name="picture").get_attribute("href") == "https://other.example/p.png"
    expect(page.locator("img")).to_have_count(0)


def test_headings_begin_at_the_third_level(page: Page) -> None:
    show(page, "## First\n\n### Under it\n\n# Above it\n\n###### Deep")
    tags = page.locator("#out > div").evaluate("node => Array.from(node.children, (child) => child.tagName)")
    assert tags == ["H3", "H4", "H3", "H6"]


def test_html_is_shown_as_what_it_is(page: Page) -> None:
    show(page, "a <b>c</b>\n\n<div>d</div>\n\n| e<br>f |\n|---|\n")
    expect(page.locator("#out")).to_contain_text("a <b>c</b>")
    expect(page.locator("#out")).to_contain_text("<div>d</div>")
    expect(page.locator("th br")).to_have_count(1)


@pytest.mark.parametrize("mark", [">", "> ", "1. ", "- "])
def test_what_is_nested_too_deeply_is_shown_as_written(page: Page, mark: str) -> None:
    show(page, "Before.\n\n" + mark * 8000 + "the end")
    expect(page.locator("#out")).to_contain_text("Before.")
    expect(page.locator("#out")).to_contain_text("the end")


#: Quadratic where every mark is matched with all the others: minutes of a page that does not answer.
COSTLY = {
    "emphasis": "*a_" * 60_000,
    "links": "[a](" * 50_000,
    "pictures": "![" * 100_000,
    "notes": "[^a]" * 50_000,
    "angles": "<a " * 60_000,
    "a wide table": "|a" * 5000 + "\n" + "|-" * 5000 + "\n" + ("|b" * 100 + "\n") * 300,
    "a long table": "|a" * 90 + "\n" + "|-" * 90 + "\n" + "|b\n" * 50_000,
}


@pytest.mark.parametrize("kind", COSTLY)
def test_no_text_holds_up_the_page(page: Page, kind: str) -> None:
    took, elements = page.evaluate(
        """async (text) => {
          const began = performance.now();
          const out = await workshop.whole(text);
          out.getBoundingClientRect();  // lays it out
          return [performance.now() - began, out.querySelectorAll("*").length];
        }""",
        f"{COSTLY[kind]}\n\nthe end",
    )
    assert took < 60_000  # what each of them once cost is minutes
    assert elements < 50_000
    expect(page.locator("#out")).to_contain_text("the end")


def test_a_large_table_and_a_long_paragraph_of_marks_are_still_drawn(page: Page) -> None:
    show(page, "|a" * 10 + "\n" + "|-" * 10 + "\n" + ("|b" * 10 + "\n") * 500 + "\n" + "word **bold** " * 300)
    expect(page.locator("#out tr")).to_have_count(501)
    expect(page.locator("#out strong")).to_have_count(300)


def test_the_language_is_found_out_unless_it_is_given(page: Page) -> None:
    for text, lang in [
        ("請用線上備份 SQLite，不要複製。", "zh-Hant"),
        ("Please use the 備份 command", ""),
        ("日本語です", ""),
        ("", ""),
        ("42", ""),
    ]:
        show(page, text)
        assert page.locator("#out > div").get_attribute("lang") == lang, text
    show(page, "請用線上備份", lang="en")
    assert page.locator("#out > div").get_attribute("lang") == "en"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Words", "P"),
        ("- a\n- b", "LI"),
        ("- a\n  1. b", "LI"),
        ("```\nx = 1", "CODE"),
        ("> q", "P"),
        ("| a |\n|---|\n| b", "TD"),
        ("", "DIV"),
        ("a\n\n---\n", "DIV"),
    ],
)
def test_the_caret_stands_behind_the_last_character(page: Page, text: str, place: str) -> None:
    parent = page.evaluate(
        """async (text) => {
          const node = workshop.place();
          workshop.stopClock();
          const renderer = new workshop.StreamRenderer(node);
          renderer.update(text);
          workshop.startClock();
          const caret = node.querySelector(".caret");
          window.renderer = renderer;
          return [caret.parentNode.tagName, caret.nextSibling, caret.getAttribute("aria-hidden")];
        }""",
        text,
    )
    assert parent == [place, None, "true"]
    page.evaluate("renderer.finish()")
    expect(page.locator(".caret")).to_have_count(0)


def test_what_a_person_selected_stays_selected_while_the_text_grows(page: Page) -> None:
    kept = page.evaluate(
        """async () => {
          const node = workshop.place();
          workshop.stopClock();
          const renderer = new workshop.StreamRenderer(node);
          renderer.update("One two three **four");
          const text = node.querySelector("p").firstChild;
          getSelection().setBaseAndExtent(text, 4, text, 7);
          for (const end of [" five", " five** six", " five** six\\n\\nseven"]) {
            await new Promise((resolve) => setTimeout(resolve));
            renderer.update("One two three **four" + end);
          }
          workshop.startClock();
          return String(getSelection());
        }"""
    )
    assert kept == "two"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**先備份。**再檢查", "<strong>先備份。</strong>再檢查"),
        ("他說**「可以」**然後離開", "他說<strong>「可以」</strong>然後離開"),
        ("版本**（1.2）**可用", "版本<strong>（1.2）</strong>可用"),
        ("**總計：**100 元", "<strong>總計：</strong>100 元"),
        ("先*「輕聲」*說", "先<em>「輕聲」</em>說"),
        ("**`ok`**就通知", "<strong><code>ok</code></strong>就通知"),
        ("**甲。** **乙。**", "<strong>甲。</strong> <strong>乙。</strong>"),
        ("**bold**,next and 2*3*4", "<strong>bold</strong>,next and 2<em>3</em>4"),
        ("a**(b)**c", "a**(b)**c"),
    ],
)
def test_chinese_emphasis_needs_no_spaces(page: Page, text: str, html: str) -> None:
    show(page, text)
    assert page.locator("p").inner_html() == html


@pytest.mark.parametrize(("free", "most"), [(50, 10), (0, 200)])
def test_an_idle_moment_colours_as_much_as_there_is_time_for(page: Page, free: int, most: int) -> None:
    """Of a long conversation, where the last block would wait for as many moments as there are blocks."""
    moments = page.evaluate(
        """async ([text, free]) => {
          const ask = window.requestIdleCallback;
          let asked = 0;
          window.requestIdleCallback = (work) => {
            asked += 1;
            setTimeout(() => work({ timeRemaining: () => free, didTimeout: false }));
          };
          await workshop.whole(text);
          window.requestIdleCallback = ask;
          return asked;
        }""",
        ["```python\ndef one(): pass\n```\n\n" * 200, free],
    )
    expect(page.locator(".hljs-keyword")).to_have_count(400)
    assert moments <= most
    assert free or moments == most
