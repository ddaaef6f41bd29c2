"""Elements of HTML and SVG. Text and attributes are escaped by the library that writes them, whatever they hold."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, tostring

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is no Char of XML 1.0 (section 2.2); HTML takes no more."""


def element(tag: str, *content: Element | str | None, **attributes: str | float) -> Element:
    """An element with what is in it. ``class_`` and ``stroke_width`` stand for class and stroke-width."""
    names = {name.rstrip("_").replace("_", "-"): _text(value) for name, value in attributes.items()}
    made = Element(tag, names)
    for each in content:
        if each is None:
            continue
        if not isinstance(each, str):
            made.append(each)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + clean(each)
        else:
            made.text = (made.text or "") + clean(each)
    return made


def written(root: Element) -> str:
    """As HTML that is well-formed XML, too: only void elements are without an end tag."""
    return tostring(root, encoding="unicode", short_empty_elements=False).replace("></meta>", " />")


def clean(text: str) -> str:
    """``text`` without the characters that no document can hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def _text(value: str | float) -> str:
    """Numbers of a picture: a tenth of a pixel is enough."""
    return clean(value) if isinstance(value, str) else f"{round(value, 1):g}"
