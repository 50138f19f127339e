"""Titles and headlines, filled in."""

import re
from collections.abc import Callable
from typing import NamedTuple

from bot.intercom.catalogue.declaration import ByValue, Input, Template, Tool
from bot.intercom.catalogue.values import Value, values

PLACE = re.compile(r"\{([^}]+)\}")


class Filled(NamedTuple):
    """A template's words, and which fields they tell."""

    text: str
    told: frozenset[str]
    """Paths, as they are declared."""


def fill(tool: Tool, template: Template, given: Input, words: Callable[[Value], str]) -> Filled:
    """Fill a template in.

    Args:
        tool: Whose template it is.
        template: Its title or headline.
        given: The call's input.
        words: A value of the input in words, for example the name of the object that it names.

    Returns:
        The text, where a place without a value is left out together with what leads to it, and
        the declared paths of what it tells.
    """
    text, told = _chosen(template, given)
    present = values(tool, given)

    def replaced(match: re.Match[str]) -> str:
        for path in match[2].split("|"):
            here = [item for item in present if item.field.path == path]
            if in_words := [word for item in here if (word := words(item))]:
                told.add(path)
                return match[1] + ", ".join(in_words)
        return ""

    # The connecting words go with the value that they lead to.
    leads = r"((?::|,)?(?: (?:to|for|with|in|into|of|on))? ?)"
    return Filled(re.sub(leads + r"\{([^}]+)\}", replaced, text).strip(), frozenset(told))


def _chosen(template: Template, given: Input) -> tuple[str, set[str]]:
    """The text for this input, and what its choice tells."""
    if isinstance(template, str):
        return template, set()
    value = given.get(template.path)
    key = str(value).lower() if isinstance(value, bool) else value
    if isinstance(key, str) and key in template.texts:
        return template.texts[key], {template.path}
    return (template.given if value is not None else "") or template.otherwise, set()


def paths_in(template: Template) -> frozenset[str]:
    """Every path that a template can tell."""
    texts = [template]
    if isinstance(template, ByValue):
        texts = [*template.texts.values(), template.otherwise, template.given]
    found = {
        path for text in texts for place in PLACE.findall(str(text)) for path in place.split("|")
    }
    return frozenset(found | ({template.path} if isinstance(template, ByValue) else set()))
