"""Nasty bodies, and how another parser than the sanitizer's own reads what came out."""

import re
from typing import Any, NamedTuple

import html5lib

NASTY = [
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<svg><desc><a href=https://one.example>x<svg><foreignObject><a href=https://two.example>y",
    "<!--><a href=https://a.example>in a comment?</a>-->",
    "<p>x<!--></p><p>hidden <b>words</b> --></p>",
    "<!-- <a title=' --> <div><div>' --!> after",
    "<![CDATA[<a href=https://c.example>cdata</a>]]>",
    '<a href="https://one.example"><a href="https://two.example">nested</a></a>',
    '<a href="https://one.example" href="https://two.example">doubled</a>',
    "<a href=https://open.example>never closed <p>next",
    '<a href="https://quote.example>unclosed quote</a> and more',
    '<a href=" java\tscript:alert(1)">x</a><a href="&#106;avascript:alert(1)">y</a>',
    "<a href=//evil.example>relative</a><a href=/x>y</a><a href=?q>z</a><a href=#h>w</a>",
    "<a href=https:evil.example>no slashes</a><a href='https:\\\\evil.example\\a b'>back</a>",
    "<a href='https://good.example@evil.example/'>user</a>",
    "<a href='https://ex\u0430mple.com/\u202egpj.exe'>mixed alphabets</a>",
    "<a href='https://x.example/\u05d0\u202e/a b|c^`{}?\u0645=[1]'>odd</a>",
    "<a href='https://%65vil.example/%zz?a=1&copy=2&amp;b=3'>percent</a>",
    "<a href='mailto:help@x.example?subject=a b&body=<x>'>mail</a><a href=tel:+1>tel</a>",
    "<a href=https://empty.example></a><a href=https://blank.example>&nbsp;\u200b</a>",
    "<a href=https://split.example>a<br>b<p>c<ul><li>d<table><td>e</a>f",
    "<base href=https://evil.example><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<img src=https://p.example/1.png srcset='https://evil.example 2x' alt='a] (https://fake)'>",
    "<img src=http://p.example/1.png alt=plain><img src=data:image/png;base64,AA>",
    "<img src='https://p.example/a\"b.png' alt='\u202ex \" onerror=\"y'>",
    "<iframe src=https://www.youtube.com/embed/a><a href=https://in.example>x</a></iframe>",
    "<iframe src=https://evil.example></iframe><iframe src=https://player.vimeo.com/1 srcdoc=x>",
    "<embed src=https://www.youtube.com/embed/b><object data=https://o.example>words</object>",
    "<form action=https://f.example><input name=a value=b><button>go</button><textarea><b>t",
    "<select><option><a href=https://option.example>o</a><optgroup></select>",
    "<table>foster<tr><td>1<td colspan=2 rowspan=0>2<tr>more<th>3</table>",
    "<table><a href=https://foster.example>x<td>y</a>z<table><td>inner</table></table>",
    "<template><p>inert</p></template><plaintext>rest",
    "<xmp><b>x</xmp><listing>\n\nl</listing><title>t</title><noembed><i>n</noembed>",
    "<script>if (a<b) x()</script><style>p{color:red}</style><script><!--<script>",
    "<p hidden style='display:none'>hidden</p><span style=font-size:0>zero</span>",
    "&lt;b&gt; &lt &amp;amp; &copy &copy; &#0; &#x202e; &#xD800; &#128; &unknown; & &#",
    "a\u2028b\u2029c\u0085d\u000be\u000cf\x00g\x1b[0m",
    "\u202eturned\u202c \u2066iso\u2069 \u200bz\u200dw \ufeff\xad\u2062 \U000e0041\U000e007f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f 1\ufe0f\u20e3 \U0001f1e9\U0001f1ea",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u05e9\u05dc\u05d5\u05dd \u0939\u093f",
    "\ud83d\ude00 \ud83d lone \udc00",
    "<br><br><br><br><br>", "<br>", "<hr>", "<p>", "</p>", "<p> </p>", "<p>&nbsp;</p>",
    "<b>", "</b>", "<i>", "</i>", "<code>", "</code>", "<strong>", "</em>", "<u>", "<font a=b>",
    "<ul>", "</ul>", "<ol start=5>", "</ol>", "<li>", "</li>", "<blockquote>", "</blockquote>",
    "<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "<caption>c", "<tbody>", "<tfoot>",
    "<h1>", "</h1>", "<h3>", "</h6>", "<pre>", "</pre>", "<pre>\n\n  two\n spaces  </pre>", "<div>",
    "</div>", "<details><summary>s", "<dl><dt>t<dd>d", "</a>", "<svg>", "</svg>", "<math>",
    "<a href=https://a.example>", "<a href='https://b.example/?x=1&y=2'>", "<img src=https://i.example>",
    "<help@x.example>", "<https://x.example/>", "<3", "</3", "< b", "<", ">", "<!", "<?x", "<>",
    '"', "'", "=", "--", "]]>", "\n", "\n\n", "  ", "word", " word ", "1. ", "• ", "[picture: x]",
]  # fmt: skip

MESSAGE = {
    "p": set(), "br": set(), "ul": set(), "ol": set(), "li": set(), "b": set(), "i": set(),
    "code": set(), "pre": set(), "a": {"href"}, "img": {"src", "alt"},
}  # fmt: skip
ARTICLE = {
    **MESSAGE, **{f"h{n}": set() for n in range(1, 7)}, "blockquote": set(), "hr": set(),
    "table": set(), "tbody": set(), "tr": set(), "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"}, "iframe": {"src"},
}  # fmt: skip
ALLOWED = {"message": MESSAGE, "article": ARTICLE}


class Read(NamedTuple):
    """What html5lib saw."""

    shown: str
    addresses: tuple[str, ...]
    elements: list[tuple[str, set[str]]]
    strings: list[str]
    """Text nodes and the texts of pictures."""


def read_by_html5lib(html: str) -> Read:
    tree = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    read = Read("", (), [], [])
    addresses: list[str] = []
    shown = _walk(tree, addresses, read)
    return read._replace(shown=shown, addresses=tuple(addresses))


def bare(text: str) -> str:
    """Without space and the signs by which the shown text tells quotes and cells apart."""
    return re.sub(r"[\s>|/-]", "", text)


def _walk(element: Any, addresses: list[str], read: Read) -> str:
    parts = [_string(element.text, read)]
    number = 0
    for child in element:
        assert isinstance(child.tag, str), f"a comment came through: {child}"
        read.elements.append((child.tag, set(child.attrib)))
        addresses += [child.attrib[key] for key in ("href", "src") if key in child.attrib]
        if child.tag == "img":
            alt = _string(child.attrib["alt"], read)
            parts.append(f"[picture{': ' if alt else ''}{alt}] ({child.attrib['src']})")
        elif child.tag == "iframe":
            parts.append(f"[video] ({child.attrib['src']})")
        else:
            number += child.tag == "li"
            sign = {"ol": f"{number}. ", "ul": "• "}.get(element.tag, "")
            parts.append(sign if child.tag == "li" else "")
            inner = _walk(child, addresses, read)
            parts.append(inner)
            if child.tag == "a" and inner.strip() != child.attrib["href"]:
                parts.append(f" ({child.attrib['href']})")
        parts.append(_string(child.tail, read))
    return "".join(parts)


def _string(text: str | None, read: Read) -> str:
    read.strings.append(text or "")
    return text or ""
