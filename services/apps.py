from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServicesConfig(AppConfig):
    name = "services"

    def ready(self) -> None:
        from core import housekeeping
        from oncall.hooks import register_names
        from services.graph.store import old_marks
        from services.selectors import names
        from teams import settings_nav

        register_names("service", names)
        settings_nav.register(
            "organisation",
            _("Catalog"),
            "/settings/catalog/",
            "layers",
            "admin",
            _("Environments services run in, and fields of your own."),
        )
        housekeeping.register("services.graph_changes", old_marks)
