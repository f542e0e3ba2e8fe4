from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"

    def ready(self) -> None:
        from core import housekeeping
        from oncall.hooks import register_names
        from services.graph.store import old_marks
        from services.selectors import names

        register_names("service", names)
        housekeeping.register("services.graph_changes", old_marks)
