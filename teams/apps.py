from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"

    def ready(self) -> None:
        from teams import hooks, settings_nav
        from teams.handover import ManagedTeams

        hooks.register_handover(ManagedTeams())
        settings_nav.register_own()
