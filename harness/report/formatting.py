"""Text as a report shows it: nothing invisible, nothing endless, numbers read at a glance."""

import re
from collections.abc import Iterator
from math import isfinite

#: What no reader of XML, HTML or a terminal should meet: controls, bidirectional overrides, lone surrogates, non-characters
#: (https://www.w3.org/TR/xml/#charsets, https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_ADDRESS = re.compile(r"(https?://[^\s<>()\[\]{}\"'`|\\^]*[^\s<>()\[\]{}\"'`|\\^.,:;!?])")
_SMALL, _MINUTE, _HOUR, _HUGE = 0.01, 60, 3600, 1e6


def printable(text: str) -> str:
    r"""The text with every character that cannot be shown replaced by its escape, for instance ``\x1b``; safe to encode as UTF-8."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text.replace("\r\n", "\n"))


def clipped(text: str, limit: int) -> str:
    """At most ``limit`` characters of the text, saying how many are left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit} characters more in report.json)"


def number(value: float) -> str:
    """Two decimals, fewer from ten on; ``-`` for what is not a number."""
    if not isfinite(value):
        return "-"
    size = abs(value)
    return f"{value:.3g}" if size >= _HUGE else f"{value:.{2 if size < 10 else 1 if size < 100 else 0}f}"


def amount(value: float, unit: str = "s") -> str:
    """A value with its unit; seconds read as milliseconds, minutes or hours where that says more, whole counts have no decimals."""
    if unit == "s" and 0 < abs(value) < _SMALL:
        return f"{number(value * 1000)} ms"
    if unit != "s" and value.is_integer() and abs(value) < _HUGE:
        return f"{value:.0f} {unit}".rstrip()
    if unit != "s" or not 2 * _MINUTE <= value < _HUGE:
        return f"{number(value)} {unit}".rstrip()
    minutes, seconds = divmod(round(value), _MINUTE)
    if value < _HOUR:
        return f"{minutes} min {seconds:02} s"
    return f"{minutes // _MINUTE} h {minutes % _MINUTE:02} min"


def web_address(text: str) -> str:
    """The text when it is an http address of a sane length, else nothing: a report links to nowhere else."""
    return text if re.match(r"https?://\S{1,2000}\Z", text) else ""


def addresses_apart(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with the web address that it is, or with nothing; an address ends before a bracket, a quote, a full stop."""
    for piece in _ADDRESS.split(text):
        yield piece, web_address(piece) if _ADDRESS.fullmatch(piece) else ""
