"""From an announcement to what each subscriber gets.

`queueing` writes one message for each subscriber concerned, in batches that a killed worker goes on with; `claims`
hands due messages to workers under a lease; `sending` sends them; `outcomes` writes what became of each.
"""
