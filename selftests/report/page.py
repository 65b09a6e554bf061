"""A strict reader of HTML pages: what a validator and a screen reader would complain about, with nothing but the standard library."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: Attributes through which a page loads something or leads somewhere.
ADDRESSES = ("href", "src", "action", "data", "poster", "srcset", "formaction", "xlink:href")
#: Attributes that point at the ids of other elements.
POINTERS = ("aria-labelledby", "aria-describedby", "aria-controls", "for", "headers")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """Every element in order, and every breach of nesting."""

    html: str
    elements: list[Element] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()
        self.breaches += [f"<{element.tag}> is never closed" for element in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.breaches.append(f"<{tag}> has an attribute twice: {names}")
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1].tag != tag:
            self.breaches.append(f"</{tag}> closes {[element.tag for element in self.open[-3:]]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def classed(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in element.attributes.get("class", "").split()]

    def ids(self) -> list[str]:
        return [element.attributes["id"] for element in self.elements if "id" in element.attributes]

    def addresses(self) -> list[tuple[str, str]]:
        return [(element.tag, element.attributes[name]) for element in self.elements for name in ADDRESSES if name in element.attributes]

    def pointers(self) -> list[str]:
        return [target for element in self.elements for name in POINTERS for target in element.attributes.get(name, "").split()]


def complaints(page: Page) -> list[str]:
    """Everything wrong with a page that has to be one file, open no connection, and be usable by ear and by keyboard."""
    ids = page.ids()
    found = list(page.breaches)
    found += [f"id {name!r} stands {ids.count(name)} times" for name in sorted(set(ids)) if ids.count(name) > 1]
    found += [f"{target!r} is pointed at and is no id" for target in page.pointers() if target not in ids]
    found += [f"<{tag}> leads to {address!r}" for tag, address in page.addresses() if not _allowed(tag, address, ids)]
    found += _headings(page)
    found += [f"<table> without a caption: {table.text[:40]!r}" for table in page.all("table") if not _captioned(page, table)]
    found += [f"<th> without a scope: {cell.text!r}" for cell in page.all("th") if not cell.attributes.get("scope")]
    found += [
        f"handler or inline style on <{one.tag}>"
        for one in page.elements
        if any(n.startswith("on") or n == "style" for n in one.attributes)
    ]
    found += [f"<svg> neither named nor hidden: {one.attributes}" for one in page.all("svg") if not _named(one)]
    found += [f"no <{tag}>" for tag in ("main", "header", "head", "h1") if len(page.all(tag)) != 1]
    titles = [one for one in page.elements[: page.elements.index(page.all("body")[0])] if one.tag == "title" and one.text.strip()]
    return found if len(titles) == 1 else [*found, "the document has no title"]


def _allowed(tag: str, address: str, ids: list[str]) -> bool:
    if address.startswith("#"):
        return address[1:] in ids
    if tag == "link":
        return address == "data:,"
    return tag == "a" and address.startswith(("https://", "http://", "./"))


def _headings(page: Page) -> list[str]:
    levels = [int(heading.tag[1]) for heading in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    jumps = [(one, two) for one, two in pairwise(levels) if two > one + 1]
    return [f"heading {two} follows heading {one}" for one, two in jumps] + (["the first heading is no h1"] if levels[:1] != [1] else [])


def _captioned(page: Page, table: Element) -> bool:
    return page.elements[page.elements.index(table) + 1].tag == "caption"


def _named(svg: Element) -> bool:
    return svg.attributes.get("aria-hidden") == "true" or bool(svg.attributes.get("role") == "img" and svg.attributes.get("aria-label"))
