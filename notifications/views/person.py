"""How I am reached: contact methods, rules and what they come to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.pages import done, wants_part
from notifications import channels, selectors
from notifications.actions import contacts, rules
from notifications.channels import KINDS, TYPED
from notifications.choices import LOUD_CHANNELS, Channel, Urgency
from notifications.forms import CodeForm, MethodForm, RuleForm
from notifications.models import ContactMethod
from notifications.views.base import Page
from teams.models import User
from teams.views.base import applied, keep_secret, take_secret

HOME = "notifications:person"


class PersonPage(Page):
    """Methods, rules by urgency, and what would happen at three in the morning."""

    def home(self, *, status: int = 200, **forms: Any) -> HttpResponse:
        """The page; `forms` are bound ones that were refused: `add`, `rule`, or `code` with `code_for`."""
        user = self.request.user
        assert isinstance(user, User)
        now = clock.now()
        contacts.ensure_default_methods(user, now=now)
        methods = list(ContactMethod.objects.filter(user=user))
        ready = channels.ready()
        night = selectors.next_three_am(user, now)
        stored = list(selectors.person_rules(user.pk))
        ladders = [
            {
                "urgency": urgency,
                "rules": [rule for rule in stored if rule.urgency == urgency],
                "preview": selectors.preview(user, urgency, night),
                "form": _rule_form(urgency, methods, forms.get("rule")),
            }
            for urgency in Urgency
        ]
        context = {
            "rows": [_row(method, user, forms) for method in methods],
            "ladders": ladders,
            "night": night,
            "warnings": selectors.warnings_for(user),
            "can_be_loud": not ready.isdisjoint(LOUD_CHANNELS),
            "colleagues": selectors.quiet_colleagues(self.actor),
            "kinds": [KINDS[channel] for channel in TYPED if channel in ready],
            "missing": [channel.label for channel in TYPED if channel not in ready],
            "add_form": forms.get("add") or MethodForm(actor=self.actor, ready=ready),
            "secret": take_secret(self.request, "contact"),
            "crumbs": [(_("Notifications"), "")],
        }
        return self.page("person", status=status, **context)


class PersonView(PersonPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.home()


def _row(method: ContactMethod, user: User, forms: dict[str, Any]) -> dict[str, Any]:
    bound = forms.get("code") if forms.get("code_for") == method.pk else None
    form = bound or CodeForm(auto_id=f"code_{method.pk}_%s")
    return {
        "method": method,
        "form": form,
        "fixed": method.address == user.email or method.channel == Channel.BROWSER,
    }


def _rule_form(urgency: str, methods: list[ContactMethod], bound: RuleForm | None) -> RuleForm:
    if bound is not None and bound.data.get("urgency") == urgency:
        return bound
    return RuleForm(methods=methods, initial={"urgency": urgency}, auto_id=f"{urgency}_%s")


class AddMethodView(PersonPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect(HOME)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = MethodForm(request.POST, actor=self.actor, ready=channels.ready())
        actor, user_id = self.actor, int(request.user.pk or 0)
        added = applied(
            form, lambda data: contacts.add_method(actor=actor, user_id=user_id, now=clock.now(), **data)
        )
        if added is None:
            return self.home(status=422, add=form)
        method, secret = added
        if secret:
            keep_secret(request, "contact", secret)
        if method.verified_at is None:
            text = _("A code is on its way to %(place)s.")
            if method.channel == Channel.VOICE:
                text = _("%(place)s is being called; the code is read out.")
            messages.info(request, text % {"place": method.address})
        else:
            messages.success(request, _("Added."))
        return redirect(HOME)


class VerifyMethodView(PersonPage):
    def get(self, request: HttpRequest, method_id: int) -> HttpResponse:
        return redirect(HOME)

    def post(self, request: HttpRequest, method_id: int) -> HttpResponse:
        form = CodeForm(request.POST, auto_id=f"code_{method_id}_%s")
        actor = self.actor
        method = applied(
            form,
            lambda data: contacts.verify(
                actor=actor, method_id=method_id, code=data["code"], now=clock.now()
            ),
        )
        if method is None:
            return self.home(status=422, code=form, code_for=method_id)
        messages.success(request, _("%(method)s is verified.") % {"method": method})
        return redirect(HOME)


class MethodView(Page):
    """What a button beside a contact method does; `verb` comes from the address."""

    def get(self, request: HttpRequest, method_id: int, verb: str) -> HttpResponse:
        method = ContactMethod.objects.visible_to(self.actor).filter(pk=method_id, user=request.user).first()
        if method is None or verb != "delete":
            return redirect(HOME)
        text = _("Rules that name it go with it, and what waits for it is withdrawn.")
        title = _("Delete %(method)s?") % {"method": method}
        return self.confirm(title=title, text=text, action=_("Delete"), back=reverse(HOME))

    def post(self, request: HttpRequest, method_id: int, verb: str) -> HttpResponse:
        actor, now = self.actor, clock.now()
        if verb == "code":
            contacts.start_verification(actor=actor, method_id=method_id, now=now)
            text = _("A new code is on its way.")
        elif verb == "test":
            contacts.send_test(actor=actor, method_id=method_id, now=now)
            text = _("A test is on its way.")
        elif verb == "delete":
            contacts.delete_method(actor=actor, method_id=method_id, now=now)
            text = _("Deleted.")
        else:
            contacts.set_enabled(actor=actor, method_id=method_id, enabled=verb == "enable", now=now)
            text = _("Switched on.") if verb == "enable" else _("Switched off.")
        if not wants_part(request):
            messages.success(request, text)
        return done(request, reverse(HOME), text)


class AddRuleView(PersonPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect(HOME)

    def post(self, request: HttpRequest) -> HttpResponse:
        user_id = int(request.user.pk or 0)
        methods = list(ContactMethod.objects.filter(user_id=user_id))
        form = RuleForm(request.POST, methods=methods, auto_id=f"{request.POST.get('urgency', '')[:10]}_%s")
        actor = self.actor
        rule = applied(
            form,
            lambda data: rules.add_rule(
                actor=actor,
                user_id=user_id,
                urgency=data["urgency"],
                method_id=data["method"],
                delay_minutes=data["delay_minutes"],
            ),
        )
        if rule is None:
            return self.home(status=422, rule=form)
        messages.success(request, _("Your rules are changed."))
        return redirect(HOME)


class RemoveRuleView(Page):
    def post(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        rules.remove_rule(actor=self.actor, rule_id=rule_id)
        messages.success(request, _("Your rules are changed."))
        return redirect(HOME)
