from postmortems.admin import documents, items, review

__all__ = ["documents", "items", "review"]
