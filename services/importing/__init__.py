"""Catalog files: reading them, planning what they change, applying that, and writing them.

`reading.read` (no database) makes a `Parsed`; `planning.plan` compares it with the catalog as the actor sees it;
`applying.apply` writes the plan; `exporting.export` writes a file of what the actor sees.
"""
