"""Starts and supervises the whole product on one machine: `make run`, `manage.py dev`.

Plain Python on purpose: nothing here imports Django, so a start costs no second application and set-up
can run before any package is installed.
"""
