from statuspage.models.component import Component, ComponentGroup, ComponentInterval, UptimeCorrection
from statuspage.models.notice import Notice, NoticeTemplate, NoticeUpdate
from statuspage.models.page import (
    Metric,
    MetricPoint,
    PageLogo,
    StatusBlob,
    StatusPage,
    StatusSnapshot,
)
from statuspage.models.subscriber import Announcement, Subscriber, SubscriberMessage

__all__ = [
    "Announcement",
    "Component",
    "ComponentGroup",
    "ComponentInterval",
    "Metric",
    "MetricPoint",
    "Notice",
    "NoticeTemplate",
    "NoticeUpdate",
    "PageLogo",
    "StatusBlob",
    "StatusPage",
    "StatusSnapshot",
    "Subscriber",
    "SubscriberMessage",
    "UptimeCorrection",
]
