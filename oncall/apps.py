from django.apps import AppConfig


class OncallConfig(AppConfig):
    name = "oncall"

    def ready(self) -> None:
        from oncall import handlers  # noqa: F401 - subscribers register on import
        from oncall.handover import PolicySteps, Shifts
        from teams.hooks import register_handover

        register_handover(Shifts())
        register_handover(PolicySteps())
