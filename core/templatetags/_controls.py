"""Buttons, chips and people."""

from collections.abc import Iterable
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.templatetags._html import format_html, format_html_join
from core.templatetags._markup import (
    attributes,
    hue_of,
    icon,
    initials_of,
    key_of,
    name_of,
)
from core.templatetags._vocabulary import (
    CONDITIONS,
    SEVERITIES,
    STATUSES,
    Look,
    plain_word,
)

EMPTY = mark_safe("")


def _classes(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _button_inside(label: str, icon_name: str, key: str, show_label: bool = True) -> SafeString:
    leading = format_html('<span class="button__icon">{}</span>', icon(icon_name)) if icon_name else EMPTY
    words = format_html('<span class="button__label">{}</span>', label) if show_label else EMPTY
    cap = format_html('<kbd class="kbd" aria-hidden="true">{}</kbd>', key) if key and show_label else EMPTY
    return format_html("{}{}{}{}", leading, icon("loader-circle", css="button__busy"), words, cap)


def _button_classes(variant: str, size: str, css: str) -> str:
    return _classes(
        "button", f"button-{variant}" if variant != "default" else "", f"button-{size}" if size else "", css
    )


def button(
    label: str,
    variant: str = "default",
    size: str = "",
    icon_name: str = "",
    type: str = "submit",
    busy: bool = False,
    disabled: bool = False,
    key: str = "",
    show_key: bool = False,
    css: str = "",
    **attrs: Any,
) -> SafeString:
    """A `<button>`; variants default, primary, quiet, danger, danger-fill; sizes "", sm, lg. `key` is its shortcut."""
    extra = {"disabled": disabled, "aria_busy": "true" if busy else None, "data_key": key or None, **attrs}
    inside = _button_inside(label, icon_name, key if show_key else "")
    classes = _button_classes(variant, size, css)
    return format_html('<button type="{}" class="{}"{}>{}</button>', type, classes, attributes(extra), inside)


def link_button(
    label: str,
    url: str,
    variant: str = "default",
    size: str = "",
    icon_name: str = "",
    key: str = "",
    show_key: bool = False,
    css: str = "",
    **attrs: Any,
) -> SafeString:
    """An `<a>` that looks like a button."""
    inside = _button_inside(label, icon_name, key if show_key else "")
    extra = attributes({"data_key": key or None, **attrs})
    return format_html(
        '<a class="{}" href="{}"{}>{}</a>', _button_classes(variant, size, css), url, extra, inside
    )


def icon_button(
    label: str,
    icon_name: str,
    url: str = "",
    variant: str = "quiet",
    size: str = "",
    type: str = "button",
    key: str = "",
    css: str = "",
    **attrs: Any,
) -> SafeString:
    """A square button (or link, with `url`) that shows an icon and says its label."""
    classes = _classes(_button_classes(variant, size, css), "button-icon")
    extra = attributes({"aria_label": label, "title": label, "data_key": key or None, **attrs})
    inside = _button_inside(label, icon_name, "", show_label=False)
    if url:
        return format_html('<a class="{}" href="{}"{}>{}</a>', classes, url, extra, inside)
    return format_html('<button type="{}" class="{}"{}>{}</button>', type, classes, extra, inside)


def menu_item(
    label: str, url: str = "", icon_name: str = "", danger: bool = False, **attrs: Any
) -> SafeString:
    """A link (with `url`) or a button in a menu; keywords become attributes (`data_dialog="…"`, `hx_post="…"`)."""
    css = "menu__item menu__item-danger" if danger else "menu__item"
    inside = format_html("{}{}", icon(icon_name) if icon_name else EMPTY, label)
    if url:
        return format_html('<a class="{}" href="{}"{}>{}</a>', css, url, attributes(attrs), inside)
    return format_html('<button type="button" class="{}"{}>{}</button>', css, attributes(attrs), inside)


def severity(rank: int | str | None, size: str = "", label: str = "") -> SafeString:
    """The filled severity chip: number and name; sizes sm (number alone, name spoken), "", lg. None: "Not set"."""
    if rank is None or rank == "":
        return format_html(
            '<span class="sev sev-unset{}">{}</span>', " sev-lg" if size == "lg" else "", _("Not set")
        )
    number = int(rank)
    name = label or SEVERITIES.get(number, "")
    name_class = "visually-hidden" if size == "sm" else "sev__name"
    return format_html(
        '<span class="sev is-sev-{}{}">Sev-{} <span class="{}">{}</span></span>',
        number,
        " sev-lg" if size == "lg" else "",
        number,
        name_class,
        name,
    )


def severity_class(rank: int | str | None) -> str:
    """`is-sev-N`, which gives an element `--sev-fill`: for card edges, timeline edges, table ticks."""
    return "is-sev-none" if rank is None or rank == "" else f"is-sev-{int(rank)}"


def _look_chip(look: Look, css: str) -> SafeString:
    return format_html(
        '<span class="chip chip-{} {}">{}<span class="chip__label">{}</span></span>',
        look.tone,
        css,
        icon(look.icon),
        look.label,
    )


def status(value: str) -> SafeString:
    """The outlined chip of an incident's status."""
    return _look_chip(STATUSES.get(value, Look(plain_word(value), "circle", "outline")), "status")


def condition(value: str) -> SafeString:
    """The chip of a service's or component's condition."""
    return _look_chip(CONDITIONS.get(value, CONDITIONS["unknown"]), "condition")


def chip(label: object, tone: str = "", icon_name: str = "", url: str = "", title: str = "") -> SafeString:
    """Any other chip; tones "", ok, warn, danger, info, violet, accent, quiet, outline, dashed."""
    classes = _classes("chip", f"chip-{tone}" if tone else "", "" if icon_name else "chip-plain")
    lead = icon(icon_name) if icon_name else EMPTY
    inside = format_html('{}<span class="chip__label">{}</span>', lead, label)
    extra = attributes({"title": title})
    if url:
        return format_html('<a class="{}" href="{}"{}>{}</a>', classes, url, extra, inside)
    return format_html('<span class="{}"{}>{}</span>', classes, extra, inside)


def badge(value: object, tone: str = "", label: str = "") -> SafeString:
    """A small count; tones "", accent, danger. `label` says what is counted to those who cannot see it."""
    spoken = format_html(' <span class="visually-hidden">{}</span>', label) if label else EMPTY
    return format_html('<span class="badge{}">{}{}</span>', f" badge-{tone}" if tone else "", value, spoken)


def kbd(keys: str) -> SafeString:
    """Keys as caps: `{% kbd "Ctrl K" %}`."""
    return format_html_join(" ", '<kbd class="kbd">{}</kbd>', ((key,) for key in keys.split()))


def avatar(subject: object, size: str = "", team: bool = False, label: str = "") -> SafeString:
    """Initials on the stable muted colour of a person (round) or team (square); sizes sm, "", lg, xl."""
    classes = _classes("avatar", f"avatar-{size}" if size else "", "avatar-team" if team else "")
    if subject is None:
        return format_html(
            '<span class="{} avatar-empty" aria-hidden="true">{}</span>', classes, icon("user", size=14)
        )
    name = name_of(subject)
    return format_html(
        '<span class="{} hue-{}" title="{}" {}>{}</span>',
        classes,
        hue_of(key_of(subject)),
        name,
        format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"'),
        initials_of(name),
    )


def _named(subject: object, size: str, url: str, note: str, nobody: str, team: bool) -> SafeString:
    name = nobody if subject is None else name_of(subject)
    after = format_html('<span class="person__note">{}</span>', note) if note else EMPTY
    inside = format_html('{}<span class="person__name">{}</span>{}', avatar(subject, size, team), name, after)
    muted = " muted" if subject is None else ""
    if url and subject is not None:
        return format_html('<a class="person" href="{}">{}</a>', url, inside)
    return format_html('<span class="person{}">{}</span>', muted, inside)


def person(subject: object, size: str = "sm", url: str = "", note: str = "", nobody: str = "") -> SafeString:
    """Avatar and name of a user (or dict with id and name); None reads `nobody` ("Nobody")."""
    return _named(subject, size, url, note, nobody or _("Nobody"), team=False)


def team(subject: object, size: str = "sm", url: str = "", note: str = "") -> SafeString:
    """Square mark and name of a team; None reads "Whole organisation"."""
    return _named(subject, size, url, note, _("Whole organisation"), team=True)


def person_stack(people: Iterable[object], maximum: int = 4, size: str = "") -> SafeString:
    """Overlapping avatars; each says its name, the rest is counted."""
    everybody = list(people)
    shown = everybody if len(everybody) <= maximum else everybody[: maximum - 1]
    rest = len(everybody) - len(shown)
    items = format_html_join(
        "", "<li>{}</li>", ((avatar(each, size, label=name_of(each)),) for each in shown)
    )
    more = EMPTY
    if rest:
        names = ", ".join(name_of(each) for each in everybody[len(shown) :])
        size_class = f" avatar-{size}" if size else ""
        more = format_html(
            '<li><span class="avatar person-stack__more{}" role="img" aria-label="{}" title="{}">+{}</span></li>',
            size_class,
            names,
            names,
            rest,
        )
    return format_html('<ul class="person-stack">{}{}</ul>', items, more)
