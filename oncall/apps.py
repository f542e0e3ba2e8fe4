from django.apps import AppConfig


class OncallConfig(AppConfig):
    name = "oncall"

    def ready(self) -> None:
        from core import housekeeping
        from oncall import handlers  # noqa: F401 - subscribers register on import
        from oncall.handover import PolicySteps, Shifts
        from oncall.notices import stale_notices
        from teams.hooks import register_handover

        register_handover(Shifts())
        register_handover(PolicySteps())
        housekeeping.register("shift notices", stale_notices)
