"""The wiring app: holds the management commands that start and fill the product."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    label = "watchbill_config"
