from django.apps import AppConfig


class ServicesConfig(AppConfig):
    name = "services"

    def ready(self) -> None:
        from oncall.hooks import register_names
        from services.selectors import names

        register_names("service", names)
