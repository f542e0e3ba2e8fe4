"""The demo company: a shop in three time zones, its services, rotas and a year of incidents."""
