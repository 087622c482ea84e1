"""What is of no use any more goes, a few rows at a time, so that nobody waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from chat.db import in_database, transact
from chat.models import Attachment, DailyUsage, Invitation, Job, Upload, VisitorToken, WebhookRecord, today
from chat.webhooks.payload import TRIAL

AT_ONCE = 200
KEPT_JOBS = timedelta(days=7)
#: Whoever opens an old link is told that it has expired, and whoever invited sees that it was not used.
KEPT_INVITATIONS = timedelta(days=30)
KEPT_UPLOADS = timedelta(days=1)
#: After their end; longer than a first token is signed for, which would otherwise count again.
KEPT_VISITOR_TOKENS = timedelta(days=2)
#: Replies of yesterday may still run.
KEPT_USAGE = timedelta(days=1)
KEPT_WEBHOOK_RECORDS = timedelta(days=30)
#: And not more than so many of one chatbot.
MOST_WEBHOOK_RECORDS = 10_000
#: Strangers and visitors share the room for what waits of them.
KEPT_FROM_STRANGERS = timedelta(hours=1)


async def clean() -> None:
    for rows in [*useless(), *await in_database(webhook_records_beyond)]:
        while await in_database(_delete_some, rows):
            pass


def useless() -> list[QuerySet[Any]]:
    return [
        Session.objects.filter(expire_date__lt=Now()),
        Job.objects.filter(done_at__lt=Now() - KEPT_JOBS),
        Invitation.objects.filter(accepted_at=None, expires_at__lt=Now() - KEPT_INVITATIONS),
        Attachment.objects.filter(message=None, created_at__lt=Now() - KEPT_UPLOADS),
        Attachment.objects.filter(
            message=None, created_by__startswith="visitor:", created_at__lt=Now() - KEPT_FROM_STRANGERS
        ),
        WebhookRecord.objects.filter(created_at__lt=Now() - KEPT_WEBHOOK_RECORDS),
        # Their message was deleted, and a copy of it stands in them. A test tells of no message.
        WebhookRecord.objects.filter(message=None).exclude(request_body__type=TRIAL),
        DailyUsage.objects.filter(day__lt=today() - KEPT_USAGE),
        VisitorToken.objects.filter(expires_at__lt=Now() - KEPT_VISITOR_TOKENS),
        VisitorToken.objects.filter(replaced_at__lt=Now() - KEPT_VISITOR_TOKENS),
        VisitorToken.objects.filter(revoked_at__lt=Now() - KEPT_VISITOR_TOKENS),
        Upload.objects.filter(created_at__lt=Now() - KEPT_UPLOADS),
        Upload.objects.filter(organization=None, created_at__lt=Now() - KEPT_FROM_STRANGERS),
    ]


def webhook_records_beyond(most: int = MOST_WEBHOOK_RECORDS) -> list[QuerySet[Any]]:
    """Of chatbots with more records than that, the older ones."""
    records = WebhookRecord.objects.order_by()
    many = records.values("chatbot").annotate(count=Count("pk")).filter(count__gt=most)
    beyond = []
    for chatbot in many.values_list("chatbot", flat=True):
        theirs = records.filter(chatbot=chatbot)
        newest = theirs.order_by("-created_at").values_list("created_at", flat=True)
        if edge := newest[most - 1 : most].first():
            beyond.append(theirs.filter(created_at__lt=edge))
    return beyond


@transact()
def _delete_some(rows: QuerySet[Any]) -> int:
    """Holds them first: a file that is attached at this moment is left out, and one that is held here can be
    attached no more."""
    some = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:AT_ONCE])
    rows.filter(pk__in=some).delete()
    return len(some)
