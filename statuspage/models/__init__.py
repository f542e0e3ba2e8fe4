from statuspage.models.notice import Notice, NoticeUpdate
from statuspage.models.page import Component, StatusPage, StatusSnapshot

__all__ = ["Component", "Notice", "NoticeUpdate", "StatusPage", "StatusSnapshot"]
