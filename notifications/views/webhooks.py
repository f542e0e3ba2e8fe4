"""Outgoing webhooks of the teams one manages."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core import clock
from core.errors import NotVisible
from core.pages import done, wants_part
from notifications import hooks, selectors
from notifications.actions import webhooks
from notifications.forms import WebhookForm
from notifications.models import WebhookSubscription
from notifications.views.base import Page
from teams.views.base import applied, keep_secret, take_secret

LIST = "notifications:webhooks"
_RECENT = 10


class ManagerPage(Page):
    """For those who manage a team; the others find nothing here."""

    needs = "manager"

    def crumbs_to(self, label: str = "") -> list[tuple[str, str]]:
        first = (_("Webhooks"), reverse(LIST) if label else "")
        return [first, (label, "")] if label else [first]

    def webhook(self, webhook_id: int) -> WebhookSubscription:
        found = selectors.webhooks(self.actor).filter(pk=webhook_id).first()
        if found is None:
            raise NotVisible
        return found


class WebhooksView(ManagerPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        if not self.actor.manages_any:
            raise NotVisible
        return self.page("webhooks", webhooks=selectors.webhooks(self.actor), crumbs=self.crumbs_to())


class NewWebhookView(ManagerPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._form(WebhookForm(actor=self.actor))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WebhookForm(request.POST, actor=self.actor)
        actor = self.actor
        made = applied(
            form,
            lambda data: webhooks.create_webhook(
                actor=actor,
                team_id=data["team"].pk if data["team"] else None,
                name=data["name"],
                url=data["url"],
                events=data["events"],
            ),
        )
        if made is None:
            return self._form(form, status=422)
        webhook, secret = made
        keep_secret(request, "webhook", secret)
        return redirect("notifications:webhook", webhook.pk)

    def _form(self, form: WebhookForm, *, status: int = 200) -> HttpResponse:
        if not self.actor.manages_any:
            raise NotVisible
        crumbs = self.crumbs_to(_("New webhook"))
        return self.page("webhook_new", status=status, form=form, known=hooks.webhook_events(), crumbs=crumbs)


class WebhookView(ManagerPage):
    """Change a webhook, and see its last deliveries."""

    def get(self, request: HttpRequest, webhook_id: int) -> HttpResponse:
        webhook = self.webhook(webhook_id)
        form = WebhookForm(actor=self.actor, webhook=webhook, initial=WebhookForm.initial_for(webhook))
        return self._page(webhook, form)

    def post(self, request: HttpRequest, webhook_id: int) -> HttpResponse:
        webhook = self.webhook(webhook_id)
        form = WebhookForm(request.POST, actor=self.actor, webhook=webhook)
        actor = self.actor
        changed = applied(
            form, lambda data: webhooks.update_webhook(actor=actor, webhook_id=webhook_id, **data)
        )
        if changed is None:
            return self._page(webhook, form, status=422)
        messages.success(request, _("The webhook is saved."))
        return redirect("notifications:webhook", webhook_id)

    def _page(self, webhook: WebhookSubscription, form: WebhookForm, *, status: int = 200) -> HttpResponse:
        recent = webhook.deliveries.prefetch_related("attempt_log").order_by("-id")[:_RECENT]
        return self.page(
            "webhook",
            status=status,
            webhook=webhook,
            form=form,
            recent=recent,
            known=hooks.webhook_events(),
            secret=take_secret(self.request, "webhook"),
            crumbs=self.crumbs_to(webhook.name),
        )


class WebhookActionView(ManagerPage):
    """What the buttons of a webhook do; `verb` comes from the address. Questions are asked by GET."""

    def get(self, request: HttpRequest, webhook_id: int, verb: str) -> HttpResponse:
        webhook = self.webhook(webhook_id)
        back = reverse("notifications:webhook", args=[webhook_id])
        if verb == "delete":
            title = _("Delete the webhook %(name)s?") % {"name": webhook.name}
            text = _("Its log goes with it; what still waits is not sent.")
            return self.confirm(title=title, text=text, action=_("Delete"), back=back)
        if verb == "rotate":
            title = _("Make a new secret for %(name)s?") % {"name": webhook.name}
            text = _("Signatures made with the present secret stop at once: change the receiver too.")
            return self.confirm(title=title, text=text, action=_("New secret"), back=back)
        return redirect(back)

    def post(self, request: HttpRequest, webhook_id: int, verb: str) -> HttpResponse:
        back = reverse("notifications:webhook", args=[webhook_id])
        if verb == "delete":
            webhooks.delete_webhook(actor=self.actor, webhook_id=webhook_id)
            messages.success(request, _("Deleted."))
            return redirect(LIST)
        if verb == "rotate":
            keep_secret(request, "webhook", webhooks.rotate_secret(actor=self.actor, webhook_id=webhook_id))
            return redirect(back)
        webhooks.send_test_event(actor=self.actor, webhook_id=webhook_id, now=clock.now())
        text = _("A test is on its way.")
        if not wants_part(request):
            messages.success(request, text)
        return done(request, back, text)
