"""What the bot knows of a tool: one declaration, from which everything else is read.

Policy, card, titles, outcomes, permissions, signature and verification all come from here, so a
new tool is one entry in the file of its area. Fields are declared down to the innermost, since
the connector's schemas leave most objects open; the inner ones are those of Intercom's OpenAPI
description (2.14) and of the connector's own words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.intercom.verification.probe import Verification
from bot.intercom.verification.verdict import within
from bot.state.models import Effect

Input = Mapping[str, Any]
"""A call's input, as Claude wrote it or as it is sent."""
Stored = Mapping[str, Any]
"""The object that a call changes, as Intercom has it now: the answer of its retrieve tool."""

ObjectKind = Literal[
    "admin",
    "article",
    "company",
    "contact",
    "conversation",
    "conversation_part",
    "data_attribute",
    "help_center",
    "help_center_collection",
    "news_item",
    "newsfeed",
    "note",
    "segment",
    "subscription_type",
    "tag",
    "team",
    "ticket",
    "ticket_type",
    "ticket_type_attribute",
    "visitor",
]
"""What an id can name. An `admin` may turn out to be a team where a tool takes both."""

FieldKind = Literal[
    "text",
    "long_text",
    "message_html",
    "article_html",
    "choice",
    "flag",
    "number",
    "moment",
    "list",
    "query",
    "object_id",
    "external_id",
    "email",
]
"""How a value reads and how a person edits it.

text: one line. long_text: several lines of plain text. message_html, article_html: a body, rebuilt
by `bot.intercom.html` with that profile. moment: Unix seconds. list: plain values. query: a search.
object_id, external_id, email: name the object of kind `names`.
"""

Told = Literal["headline", "text", "details", "signature"]
"""Where the card tells a field. `signature`: it says who writes, which the bot decides."""

AttributesOf = Literal["contact", "company", "conversation", "ticket"]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a tool's input, inner ones too.

    `path` is dotted; `[]` stands for any item of a list and a final `*` for any name, for example
    `contacts[].id` or `ticket_attributes.*`.
    """

    path: str
    label: str
    """A person's word for it, as it stands on cards and in the edit modal."""
    kind: FieldKind = "text"
    told: Told = "details"
    names: ObjectKind | None = None
    """Which kind of object its value names, for kinds that name one."""
    choices: Mapping[str, str] | None = None
    """For a `choice`: each value in a person's words, in the order in which they are offered."""
    attributes_of: AttributesOf | None = None
    """For a final `*`: whose attributes in the workspace the names are."""
    editable: bool = False
    """Whether a person may change it before approving."""
    required: bool = False
    """Whether emptying it makes no sense; said in the edit modal."""
    stored: str | None = None
    """Where the object has its present value, dotted; None: under the same path. "": nowhere."""


@dataclass(frozen=True)
class ByValue:
    """A text that depends on the value of one field, a flag's being "true" or "false".

    `given` is for any other value, `otherwise` for where the field is not there; without `given`
    `otherwise` is for both.
    """

    path: str
    texts: Mapping[str, str]
    otherwise: str
    given: str = ""


Template = str | ByValue
"""Words with `{path}` for fields: a headline's become the names of objects, a title's the values
as they are. `{a|b}` is the first of these fields that the input has, `{a[].id}` all of them.
`bot.intercom.catalogue.templates` fills them in.
"""


When = Callable[[Input, Stored | None], bool]


@dataclass(frozen=True)
class Rule:
    """When a call does more than its tool's usual `effect`, and what the card warns of.

    `when` gets the input and, if it could be looked up, the stored object that `Tool.judged_by`
    or `Tool.changes` names. With None for it the stricter answer holds.
    """

    effect: Effect
    warning: str
    when: When = lambda given, stored: True


@dataclass(frozen=True)
class Listed:
    """The outcome of a read that finds several: "12 conversations"."""

    path: tuple[str, ...]
    """Where the list is in the answer."""
    singular: str
    plural: str


@dataclass(frozen=True)
class Named:
    """The outcome of a read that finds one: its name, by the first of these that it has."""

    paths: tuple[str, ...]
    otherwise: str


Outcome = Listed | Named | str
"""What came back, in a few words; a str is said as it is."""


@dataclass(frozen=True)
class Area:
    """A part of Intercom, as people ask for it, with its permissions' names in the Developer Hub.

    developers.intercom.com/docs/build-an-integration/learn-more/authentication/oauth-scopes
    """

    name: str
    read_permission: str
    write_permission: str


Origin = Literal["intercom", "bot"]
"""Who runs the tool: Intercom through Scalekit, or the bot itself."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tool:
    """One tool. `name` is Scalekit's, without `intercom_`."""

    name: str
    area: Area
    effect: Effect
    """What a call does at least: `rules` can make it stricter, never looser."""
    title: Template
    """What a step of the thread is called: "Close conversation 4711"."""
    outcome: Outcome = "Done"
    headline: Template = ""
    """What the card says will happen, with the names of the objects acted on. Reads have none."""
    fields: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()
    author: tuple[str, ...] = ()
    """Paths that say who acts. Claude does not see them; the bot fills them in (rule 4)."""
    one_of: tuple[tuple[str, ...], ...] = ()
    """Fields of which a call gives exactly one, for each item of a list: two that name a person
    could name two different ones."""
    changes: str | None = None
    """Path of the field that names the changed object: its old values stand beside the new."""
    judged_by: str | None = None
    """Path of the field that names the object that `rules` look at, if it is not the changed one:
    a new ticket's type, for example."""
    verification: Verification | None = None
    """The read that can tell whether a write happened whose answer got lost."""
    usable: bool = True
    """False: Intercom takes it from customers only, so it is not offered."""
    loaded: bool = False
    """Whether Claude always sees it; the others wait behind tool search where there are many."""
    formerly: tuple[str, ...] = ()
    """Older names of the same tool. They get its rules."""
    origin: Origin = "intercom"

    def consequence(self, given: Input, stored: Stored | None = None) -> tuple[Effect, str]:
        """What a call with this input does, and the warning for its card; "" where there is none.

        Args:
            given: The call's input.
            stored: The object that the rules look at, as it is now; None if it is not known.
        """
        holding = [rule for rule in self.rules if rule.when(given, stored)]
        strictest = max(
            [self.effect, *(rule.effect for rule in holding)], key=STRICTNESS.__getitem__
        )
        warnings = dict.fromkeys(rule.warning for rule in holding)
        return strictest, " ".join(warnings)


STRICTNESS: Mapping[Effect, int] = {"read": 0, "write": 1, "destructive": 2}


def has(*paths: str) -> When:
    """Whether the input has one of these fields, whatever its value."""

    def when(given: Input, stored: Stored | None) -> bool:
        return any(_holder(given, path) is not None for path in paths)

    return when


def is_(path: str, *values: object) -> When:
    """Whether a field has one of these values."""

    def when(given: Input, stored: Stored | None) -> bool:
        holder = _holder(given, path)
        return holder is not None and _last(holder, path) in values

    return when


def is_not(path: str, *values: object) -> When:
    """Whether a field is given and has none of these values."""

    def when(given: Input, stored: Stored | None) -> bool:
        holder = _holder(given, path)
        return holder is not None and _last(holder, path) not in values

    return when


def shows(path: str, *values: object) -> When:
    """Whether the stored object is known and has one of these values there."""

    def when(given: Input, stored: Stored | None) -> bool:
        return within(stored, *path.split(".")) in values if stored else False

    return when


def both(*conditions: When) -> When:
    """Whether all of these hold."""
    return lambda given, stored: all(condition(given, stored) for condition in conditions)


def unless(condition: When) -> When:
    """Whether this does not hold."""
    return lambda given, stored: not condition(given, stored)


def _holder(given: Input, path: str) -> Input | None:
    """The object that has the last name of a dotted path; None where the input does not."""
    *outer, last = path.split(".")
    holder = within(given, *outer)
    return holder if isinstance(holder, Mapping) and last in holder else None


def _last(holder: Input, path: str) -> Any:
    return holder[path.rpartition(".")[2]]
