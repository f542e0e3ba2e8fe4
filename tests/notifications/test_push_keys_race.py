"""Many processes may ask for the keys at the same moment."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from notifications.models import ProviderAccount
from notifications.transports.push import vapid
from tests.notifications.support import NOW


@pytest.mark.concurrent
@pytest.mark.django_db(transaction=True)
def test_of_many_that_make_keys_at_once_all_use_the_same() -> None:
    found: list[str] = []
    begin = threading.Barrier(6)

    def ask() -> None:
        try:
            begin.wait(5)
            keys = vapid.keys(now=NOW)
            found.append(keys["public"] if keys else "")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(found), len(set(found)), ProviderAccount.objects.count()) == (6, 1, 1)
