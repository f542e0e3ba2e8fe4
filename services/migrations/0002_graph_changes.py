from __future__ import annotations

from django.db import migrations

# Whoever changes the graph leaves a random mark, in the same transaction; the set of marks tells one state of the
# graph from another (`services.graph.store`). Marks are only added, so writers never wait for each other.
_FORWARD = """
CREATE TABLE services_graph_change (
    token bigint PRIMARY KEY,
    at timestamptz NOT NULL
);
CREATE FUNCTION services_graph_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO services_graph_change (token, at)
    VALUES ((random() * 9e15)::bigint, clock_timestamp()) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER services_graph_changed
AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF slug, name, team_id, tier, kind ON services_service
FOR EACH STATEMENT EXECUTE FUNCTION services_graph_changed();
CREATE TRIGGER services_graph_changed
AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE ON services_dependency
FOR EACH STATEMENT EXECUTE FUNCTION services_graph_changed();
"""
_BACKWARD = """
DROP TRIGGER services_graph_changed ON services_dependency;
DROP TRIGGER services_graph_changed ON services_service;
DROP FUNCTION services_graph_changed();
DROP TABLE services_graph_change;
"""


class Migration(migrations.Migration):
    """Marks of changes to the graph."""

    dependencies = [("services", "0001_initial")]
    operations = [
        migrations.RunSQL(_FORWARD, _BACKWARD),
    ]
