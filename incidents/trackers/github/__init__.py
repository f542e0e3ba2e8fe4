"""GitHub issues, by its REST API of 2022-11-28 and its signed webhooks; GitHub Enterprise by its own address."""

from incidents.trackers.github.client import GitHub

__all__ = ["GitHub"]
