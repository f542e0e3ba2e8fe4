"""Lists, navigation, timeline and the pieces that hold other content."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.templatetags._vocabulary import TONE_ICONS

COMPONENTS = "core/components/"
DROPPED = ("cursor", "page")


def render(name: str, values: dict[str, Any]) -> SafeString:
    return render_to_string(f"{COMPONENTS}{name}.html", values)


def query_of(context: Context) -> QueryDict:
    """The page's own query string without its place in the pages, as a copy to change."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else QueryDict(mutable=True)
    for name in DROPPED:
        query.pop(name, None)
    return query


def _address(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else "?"


def filter_group(
    context: Context, label: str, name: str, choices: Iterable[tuple[Any, ...]], multiple: bool = True
) -> dict[str, Any]:
    """Chips that switch `?name=value` on and off. Choices: (value, label) or (value, label, count)."""
    base = query_of(context)
    chosen = base.getlist(name)
    chips = []
    for value, text, *rest in choices:
        word = str(value)
        active = word in chosen
        kept = [each for each in chosen if each != word] if multiple else []
        query = base.copy()
        query.setlist(name, kept if active else [*kept, word])
        chips.append(
            {"label": text, "url": _address(query), "active": active, "count": rest[0] if rest else None}
        )
    return {"label": label, "chips": chips}


def filter_clear(context: Context, *names: str) -> dict[str, Any]:
    """The link "Clear" behind filter groups, shown when one of `names` filters."""
    query = query_of(context)
    active = any(query.getlist(name) for name in names)
    for name in names:
        query.pop(name, None)
    return {"active": active, "url": _address(query)}


def sort_header(context: Context, label: str, key: str, css: str = "", name: str = "sort") -> dict[str, Any]:
    """A `<th>` that sorts: `?sort=key`, then `?sort=-key`."""
    query = query_of(context)
    current = query.get(name, "")
    direction = "ascending" if current == key else "descending" if current == f"-{key}" else ""
    query[name] = f"-{key}" if current == key else key
    arrow = {"ascending": "arrow-up", "descending": "arrow-down"}.get(direction, "arrow-up-down")
    return {"label": label, "url": _address(query), "direction": direction, "arrow": arrow, "css": css}


def query_with(context: Context, **changes: Any) -> str:
    """The present query string with some values changed; None removes. For links that keep the filters."""
    query = query_of(context)
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return _address(query)


def cursor_url(context: Context, cursor: str) -> str:
    """The present address with another page cursor."""
    query = query_of(context)
    query["cursor"] = cursor
    return f"?{urlencode(list(query.lists()), doseq=True)}"


def card(
    content: str,
    title: str = "",
    icon_name: str = "",
    action: str = "",
    action_url: str = "",
    css: str = "",
    id: str = "",
) -> SafeString:
    """A card. css: card-flush (no padding), card-quiet, card-edge + severity class. One quiet action in its head."""
    names = {
        "title": title,
        "icon_name": icon_name,
        "action": action,
        "action_url": action_url,
        "css": css,
        "id": id,
    }
    return render("card", {"content": content, **names})


def section_head(content: str, title: str, sub: str = "", id: str = "") -> SafeString:
    """An h2 with a line below; the content are its actions."""
    return render("section_head", {"content": content, "title": title, "sub": sub, "id": id})


def page_head(content: str, title: str, sub: str = "") -> SafeString:
    """The page's only h1 with a line below; the content are its actions."""
    return render("page_head", {"content": content, "title": title, "sub": sub})


def table(content: str, label: str, css: str = "", list_keys: bool = True) -> SafeString:
    """`<table>` in a frame that scrolls sideways; css table-stack makes cards of it on phones. j/k move in it."""
    return render("table", {"content": content, "label": label, "css": css, "list_keys": list_keys})


def dialog(content: str, id: str, title: str, size: str = "", auto: bool = False) -> SafeString:
    """A modal dialog; `data-dialog="id"` opens it, `data-close` closes it, `auto` opens on arrival. Size lg."""
    return render("dialog", {"content": content, "id": id, "title": title, "size": size, "auto": auto})


def menu(
    content: str,
    label: str,
    icon_name: str = "ellipsis",
    show_label: bool = False,
    align: str = "end",
    variant: str = "quiet",
) -> SafeString:
    """A button that opens a small panel with `menu_item`s. align: end or start."""
    names = {
        "label": label,
        "icon_name": icon_name,
        "show_label": show_label,
        "align": align,
        "variant": variant,
    }
    return render("menu", {"content": content, **names})


def callout(content: str, tone: str = "info", title: str = "", icon_name: str = "") -> SafeString:
    """A note in the page; tones info, ok, warn, danger (spoken at once)."""
    shown = icon_name or TONE_ICONS[tone]
    return render("callout", {"content": content, "tone": tone, "title": title, "icon_name": shown})


def empty_state(content: str, title: str, text: str = "", icon_name: str = "inbox") -> SafeString:
    """What a list says when it has nothing; the content are actions: what to do next."""
    return render("empty_state", {"content": content, "title": title, "text": text, "icon_name": icon_name})


def kv_row(content: str, label: str) -> SafeString:
    """One pair of `<dl class="kv">`."""
    return render("kv_row", {"content": content, "label": label})


def code(content: str, id: str, label: str = "", wrap: bool = False) -> SafeString:
    """Preformatted text with a copy button; `id` must be unique in the page."""
    return render(
        "code",
        {
            "content": mark_safe(content.strip("\n")),
            "id": id,
            "label": label,
            "wrap": wrap,
        },
    )


def ack(
    content: str, url: str, token: str, label: str = "", size: str = "lg", acknowledged: str = ""
) -> SafeString:
    """The acknowledge button; the content is another way, shown when it cannot be sent. `acknowledged` is the
    sentence when that has happened already."""
    names = {"label": label or _("Acknowledge"), "size": size, "acknowledged": acknowledged, "token": token}
    return render("ack", {"content": content, "url": url, **names})
