"""Stored files go with the rows to which they belong; what is of no use any more goes by itself."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models.functions import Now
from django.test import Client, TransactionTestCase, override_settings
from django.utils import timezone

from chat.exceptions import NotFound
from chat.jobs import queue
from chat.media.names import key_of, new_name
from chat.models import Attachment, Invitation, Job, KnowledgeBase, Message, Role, Upload
from chat.selectors import member_principal
from chat.services.documents import add_document
from chat.services.housekeeping import _delete_some, useless
from chat.services.invitations import invite
from chat.services.messages import post_message
from tests.jobs.working import work_off
from tests.people import alice, make_organization, web_chat_of


class StoredTestCase(TransactionTestCase):
    def setUp(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(override_settings(MEDIA_ROOT=folder))

    def upload(self, message: Message | None = None) -> Attachment:
        made = Attachment(organization=make_organization(), message=message, filename="note.txt")
        made.conversation = message.conversation if message else None
        made.file.save("note.txt", ContentFile(b"a note"))
        return made

    def message(self) -> Message:
        principal = member_principal(alice())
        assert principal
        return post_message(principal=principal, id=uuid4(), conversation=uuid4(), content="Hello").message


class FilesTests(StoredTestCase):
    def test_deleting_a_conversation_removes_its_files(self) -> None:
        message, other = self.message(), self.upload(self.message())
        gone = [self.upload(message).file.name for _ in range(3)]
        client = Client()
        client.force_login(alice())
        client.delete(f"/chat/conversations/{message.conversation_id}")
        work_off()
        self.assertEqual([name for name in gone if default_storage.exists(name)], [])
        self.assertTrue(default_storage.exists(other.file.name))

    def test_deleting_an_organization_removes_the_files_of_everything_in_it(self) -> None:
        base = KnowledgeBase.objects.create(organization=make_organization(), name="Rules")
        document = add_document(knowledge_base=base, filename="a.md", title="", text="Within 30 days.")
        names = [self.upload(self.message()).file.name, document.file.name]
        make_organization().delete()
        work_off()
        self.assertEqual([name for name in names if default_storage.exists(name)], [])

    def test_a_file_that_got_the_name_of_a_deleted_one_stays(self) -> None:
        new = self.upload()
        queue.enqueue("files", {"name": new.file.name})
        work_off()
        self.assertTrue(default_storage.exists(new.file.name))

    def test_a_replaced_document_leaves_no_file_behind(self) -> None:
        base = KnowledgeBase.objects.create(organization=make_organization(), name="Rules")
        for text in ("Within 30 days.", "Within 14 days."):
            file = add_document(knowledge_base=base, filename="a.md", title="", text=text)
        work_off()
        self.assertEqual(default_storage.listdir("knowledge")[1], [file.file.name.removeprefix("knowledge/")])
        self.assertEqual([one.text for one in file.passages.all()], ["Within 14 days."])


class HousekeepingTests(StoredTestCase):
    def test_what_is_of_no_use_goes_and_nothing_else(self) -> None:
        for number, expires in enumerate((timedelta(days=-1), timedelta(days=1))):
            Session.objects.create(session_key=f"s{number}", expire_date=timezone.now() + expires)
        old, new = self.upload(), self.upload()
        Attachment.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
        attached = self.upload(self.message())
        Attachment.objects.filter(pk=attached.pk).update(created_at=timezone.now() - timedelta(days=2))
        for number, days in enumerate((-31, -29, 3)):
            self.invitation(f"{number}@example.com", expires_at=timezone.now() + timedelta(days=days))
        self.invitation(
            "x@example.com", expires_at=timezone.now() - timedelta(days=90), accepted_at=timezone.now()
        )
        work_off()
        self.assertEqual([session.pk for session in Session.objects.all()], ["s1"])
        self.assertEqual({row.pk for row in Attachment.objects.all()}, {new.pk, attached.pk})
        self.assertFalse(default_storage.exists(old.file.name))
        left = Invitation.objects.order_by("email").values_list("email", flat=True)
        self.assertEqual(list(left), ["1@example.com", "2@example.com", "x@example.com"])

    def test_what_was_counted_for_limits_goes_after_a_day(self) -> None:
        usage = web_chat_of(alice()).usage
        for days in range(4):
            usage.create(day=timezone.now().date() - timedelta(days=days), messages=days)
        work_off()
        self.assertEqual(sorted(row.messages for row in usage.all()), [0, 1])

    def test_what_visitors_have_not_sent_goes_after_an_hour(self) -> None:
        kept = []
        for created_by, hours in (("visitor:x", 2), ("visitor:y", 0.5), ("member:x", 2)):
            made = self.upload()
            age = {"created_by": created_by, "created_at": timezone.now() - timedelta(hours=hours)}
            Attachment.objects.filter(pk=made.pk).update(**age)
            kept.append(made.pk)
        work_off()
        self.assertEqual({row.pk for row in Attachment.objects.all()}, set(kept[1:]))

    def test_uploads_that_nobody_registered_go_with_their_files(self) -> None:
        """Those of strangers after an hour, others after a day."""
        hours = {"": (2, 0.5), "key:x": (25, 2)}
        for created_by, ages in hours.items():
            for age in ages:
                name = new_name(".txt")
                default_storage.save(name, ContentFile(b"a note"))
                made = Upload.objects.create(
                    organization=make_organization() if created_by else None,
                    created_by=created_by,
                    key=key_of(name),
                    filename=f"{age}.txt",
                    size=6,
                )
                Upload.objects.filter(pk=made.pk).update(
                    created_at=timezone.now() - timedelta(hours=age), stored_at=timezone.now()
                )
        work_off()
        kept = list(Upload.objects.order_by("filename"))
        self.assertEqual([one.filename for one in kept], ["0.5.txt", "2.txt"])
        left = {f"media/chat/attachment/{name}" for name in default_storage.listdir("chat/attachment")[1]}
        self.assertEqual(left, {one.key for one in kept})

    def test_a_file_that_is_attached_while_it_is_cleaned_away_is_either_attached_or_gone(self) -> None:
        principal = member_principal(alice())
        assert principal
        old = self.upload()
        Attachment.objects.update(created_at=timezone.now() - timedelta(days=2), created_by=principal.label)
        sent: list[Message] = []

        def send() -> None:
            fields = {"id": uuid4(), "conversation": uuid4(), "content": "See", "attachments": [old.pk]}
            with suppress(NotFound):
                sent.append(post_message(principal=principal, **fields).message)
            connection.close()

        sending = Thread(target=send)

        def before_it_is_deleted(execute: Any, sql: str, *more: Any) -> Any:
            if sql.startswith('DELETE FROM "chat_attachment"') and not sending.ident:
                sending.start()
                sending.join(0.5)  # it ends at once if nothing holds it up
            return execute(sql, *more)

        with connection.execute_wrapper(before_it_is_deleted):
            for rows in useless():
                _delete_some(rows)
        sending.join(30)
        self.assertEqual(Attachment.objects.filter(message__in=sent).count(), len(sent))
        self.assertEqual(Attachment.objects.count(), len(sent))

    def test_ended_jobs_are_kept_for_a_week(self) -> None:
        for days in (8, 6):
            Job.objects.create(kind="files", done_at=Now() - timedelta(days=days))
        Job.objects.create(
            kind="files", run_at=Now() + timedelta(days=1), created_at=Now() - timedelta(days=90)
        )
        work_off()
        self.assertEqual(Job.objects.filter(kind="files").count(), 2)

    def test_many_rows_go_too(self) -> None:
        expired = timezone.now() - timedelta(days=1)
        Session.objects.bulk_create(
            Session(session_key=f"s{number}", expire_date=expired) for number in range(450)
        )
        work_off()
        self.assertFalse(Session.objects.exists())

    def invitation(self, email: str, **times: Any) -> None:
        made, _ = invite(
            organization=make_organization(), email=email, role=Role.MEMBER, by=alice(), base_url=""
        )
        Invitation.objects.filter(pk=made.pk).update(**times)
