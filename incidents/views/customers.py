"""Named customers: the contacts in the settings, and writing to them from an incident."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.errors import DomainError, InvalidInput, NotVisible
from core.pages import actor_of, keyset
from incidents import actions
from incidents.actions.customers import (
    choose,
    contacts,
    may_change_contacts,
    may_see_contacts,
    personal,
    words_for,
)
from incidents.forms.customers import ContactForm, MessageForm, TableForm, contact_initial
from incidents.models import CustomerContact, CustomerMessage, Incident, UpdateTemplate
from incidents.views.communications import IncidentView
from incidents.views.stakeholders import RoomPage
from incidents.views.verbs import attach as attach_to_dialog
from incidents.words import counts_of, deliveries_of
from teams.views.base import applied, attach

HOME = "incidents:customers"
SHOWN = 200


class ContactsPage(RoomPage):
    managers = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and not may_see_contacts(self.actor):
            raise NotVisible
        return super().dispatch(request, *args, **kwargs)


class ContactsView(ContactsPage):
    """All contacts, newest first, narrowed by `?q=`."""

    def get(self, request: HttpRequest) -> HttpResponse:
        query = request.GET.get("q", "").replace("\0", "")[:100].strip()
        rows = contacts(self.actor).prefetch_related("services")
        if query:
            words = Q(email__icontains=query) | Q(name__icontains=query) | Q(company__icontains=query)
            rows = rows.filter(words | Q(segment__icontains=query))
        page = keyset(rows, request.GET.get("cursor", ""))
        return self.page(
            "customers",
            page=page,
            query=query,
            may_change=may_change_contacts(self.actor),
            crumbs=[(_("Customers"), "")],
        )


class ContactView(ContactsPage):
    """One contact, or a new one. POST `op`: save, delete."""

    def get(self, request: HttpRequest, contact_id: int | None = None) -> HttpResponse:
        row = self._row(contact_id)
        form = ContactForm(initial=contact_initial(row) if row else {"active": True}, actor=self.actor)
        return self._page(row, form)

    def post(self, request: HttpRequest, contact_id: int | None = None) -> HttpResponse:
        row = self._row(contact_id)
        if request.POST.get("op") == "delete" and row is not None:
            actions.delete_contact(actor=self.actor, contact_id=row.pk)
            messages.success(request, _("The contact is deleted."))
            return redirect(HOME)
        form = ContactForm(request.POST, actor=self.actor)
        saved = applied(
            form,
            lambda _data: actions.save_contact(actor=self.actor, contact_id=contact_id, **form.values()),
        )
        if saved is None:
            return self._page(row, form, status=422)
        messages.success(request, _("Saved."))
        return redirect(HOME)

    def _row(self, contact_id: int | None) -> CustomerContact | None:
        if contact_id is None:
            return None
        row = contacts(self.actor).filter(pk=contact_id).first()
        if row is None:
            raise NotVisible
        return row

    def _page(self, row: CustomerContact | None, form: ContactForm, *, status: int = 200) -> HttpResponse:
        name = str(row) if row else _("New contact")
        return self.page(
            "customer",
            status=status,
            row=row,
            form=form,
            may_change=may_change_contacts(self.actor),
            crumbs=[(_("Customers"), "/settings/customers/"), (name, "")],
        )


class ImportView(ContactsPage):
    """A table of contacts: first what it would do, then all of it or nothing."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(TableForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TableForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(form, status=422)
        text = form.cleaned_data["rows"]
        try:
            if request.POST.get("op") == "apply":
                plan = actions.apply_csv(actor=self.actor, text=text)
                messages.success(
                    request, _("%(created)s new, %(updated)s changed, %(unchanged)s as before") % plan.counts
                )
                return redirect(HOME)
            plan = actions.plan_csv(actor=self.actor, text=text)
        except InvalidInput as error:
            attach(form, error)
            return self._page(form, status=422)
        shown = TableForm(initial={"rows": text})
        return self._page(shown, plan=plan, text=text, rows=(plan.faulty or plan.rows)[:SHOWN])

    def _page(self, form: TableForm, *, status: int = 200, **context: Any) -> HttpResponse:
        crumbs = [(_("Customers"), "/settings/customers/"), (_("Import"), "")]
        return self.page("customer_import", status=status, form=form, crumbs=crumbs, **context)


class MessageView(IncidentView):
    """Choose whom and with which text; see one example and everybody's name; send. POST `op`: look, send."""

    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        incident = self.permitted(number, "contact_customers")
        return self._show(incident, MessageForm(actor=actor_of(request), incident=incident))

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        incident = self.permitted(number, "contact_customers")
        form = MessageForm(request.POST, actor=actor_of(request), incident=incident)
        if not form.is_valid():
            return self._show(incident, form, status=422)
        if request.POST.get("op") != "send":
            return self._show(incident, form, **self._preview(incident, form))
        expected = request.POST.get("expected", "")
        try:
            row = actions.contact_customers(
                actor=actor_of(request),
                number=number,
                expected=int(expected) if expected.isdigit() and len(expected) < 9 else None,
                **form.values(),
            )
        except DomainError as error:
            attach_to_dialog(form, error)
            return self._show(incident, form, status=422, **self._preview(incident, form))
        count = row.recipients.count()
        words = ngettext("%(n)s message leaves in a minute", "%(n)s messages leave in a minute", count)
        messages.success(request, words % {"n": count})
        return redirect("incidents:customer_message", number, row.pk)

    def _preview(self, incident: Incident, form: MessageForm) -> dict[str, Any]:
        values = form.values()
        template = UpdateTemplate.objects.get(pk=values.pop("template_id"))
        people = choose(incident, **values)
        subject, body = words_for(incident, template, now=clock.now())
        example = people.first() or CustomerContact(name=_("Ada Example"), company=_("Example"))
        return {
            "people": people[:SHOWN],
            "count": people.count(),
            "subject": personal(subject, example),
            "body": personal(body, example),
            "example": example,
        }

    def _show(
        self, incident: Incident, form: MessageForm, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        sent = incident.customer_messages.select_related("author")[:20]
        context |= {"incident": incident, "form": form, "sent": sent}
        return render(self.request, "incidents/pages/customer_message.html", context, status=status)


class SentMessageView(IncidentView):
    """What became of each message; POST takes back what has not left."""

    def get(self, request: HttpRequest, number: int, message_id: int) -> HttpResponse:
        incident, row = self._find(number, message_id)
        deliveries = deliveries_of(incident, row.source)
        names = {f"{row.source}:c{one.pk}": str(one) for one in row.recipients.all()}
        context = {
            "incident": incident,
            "message": row,
            "results": [(names.get(one.key, one.address_hint), one) for one in deliveries],
            "counts": counts_of(deliveries),
            "total": len(names),
        }
        return render(request, "incidents/pages/customer_sent.html", context)

    def post(self, request: HttpRequest, number: int, message_id: int) -> HttpResponse:
        actions.withdraw_message(actor=actor_of(request), number=number, message_id=message_id)
        messages.success(request, _("Taken back, as far as it had not left."))
        return redirect("incidents:customer_message", number, message_id)

    def _find(self, number: int, message_id: int) -> tuple[Incident, CustomerMessage]:
        incident = self.permitted(number, "contact_customers")
        row = CustomerMessage.objects.filter(incident=incident, pk=message_id).first()
        if row is None:
            raise NotVisible
        return incident, row
