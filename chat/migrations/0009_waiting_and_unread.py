from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0008_rest_api"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="retry_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="asked again from"),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("unread_messages_count__gt", 0)),
                fields=["inbox"],
                name="conversation_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("superseded", True)),
                fields=["conversation", "id"],
                name="message_superseded",
            ),
        ),
        migrations.RemoveIndex(
            model_name="reply",
            name="reply_of_conversation",
        ),
        migrations.AddIndex(
            model_name="reply",
            index=models.Index(
                fields=["conversation", "state", "queued_at", "id", "outgoing"],
                name="reply_of_conversation",
            ),
        ),
    ]
