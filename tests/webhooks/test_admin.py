"""Webhooks in the admin: the address, the secret, the calls, and what can be done about those that failed."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack

from django.db.models.functions import Now
from django.test import Client, TransactionTestCase, override_settings
from standardwebhooks import WebhookVerificationError

from chat.models import Chatbot, Job, Message, WebhookRecord
from chat.services.housekeeping import clean
from chat.services.webhooks import trials
from tests import people
from tests.admin.test_access import without_tokens
from tests.jobs.working import work_off
from tests.webhooks.answering import answered, listening, program
from tests.webhooks.receiver import Reaction, Receiver

SECRET = re.compile(r"whsec_[\w+/=]{44}")


@override_settings(WEBHOOK_PRIVATE_ADDRESSES=True)
class WebhookAdminTests(TransactionTestCase):
    def setUp(self) -> None:
        self.receiver = self.enterContext(Receiver())
        self.client.force_login(people.alice())
        self.home = people.make_organization()
        self.chatbot = listening(self.home, self.receiver.url)
        self.program = program(self.home)
        self.page = f"/admin/chat/chatbot/{self.chatbot.pk}/webhook/"
        self.records = "/admin/chat/webhookrecord/"

    def press(self, button: str, **more: str) -> str:
        response = self.client.post(self.page, {"press": button, **more}, follow=True)
        self.assertEqual(response.status_code, 200)
        return response.content.decode()

    def save(self, url: str) -> str:
        form = {"name": "Handbook", "starters": "[]", "is_active": "on", "webhook_url": url}
        change = f"/admin/chat/chatbot/{self.chatbot.pk}/change/"
        return self.client.post(change, form, follow=True).content.decode()

    def deliver(self, status: int = 200) -> None:
        self.receiver.reaction = Reaction(status)
        answered(self.program)
        work_off()

    def test_a_secret_is_shown_once_signs_what_follows_and_is_encrypted(self) -> None:
        response = self.client.post(self.page, {"press": "secret"})
        found = SECRET.search(response.content.decode())
        assert found
        self.assertIn("no-store", response.headers["Cache-Control"])
        for address in (self.page, f"/admin/chat/chatbot/{self.chatbot.pk}/change/", "/admin/"):
            self.assertNotIn("whsec_", self.client.get(address).content.decode(), address)
        self.deliver()
        self.receiver.heard[0].verified(found[0])

    def test_an_earlier_secret_signs_too_unless_it_is_to_end_at_once(self) -> None:
        first, second, third = (
            SECRET.search(self.press("secret", **more))[0]  # type: ignore[index]
            for more in ({}, {}, {"at_once": "on"})
        )
        self.deliver()
        for old in (first, second):
            with self.assertRaises(WebhookVerificationError):
                self.receiver.heard[0].verified(old)
        self.receiver.heard[0].verified(third)
        fourth = SECRET.search(self.press("secret"))[0]  # type: ignore[index]
        self.assertIn("the earlier one signs too.", self.client.get(self.page).content.decode())
        self.deliver()
        for valid in (third, fourth):
            self.receiver.heard[1].verified(valid)

    def test_looking_changes_nothing(self) -> None:
        before = Chatbot.objects.values().get(pk=self.chatbot.pk)
        for _ in range(2):
            self.client.get(self.page, {"press": "secret"})
        self.assertEqual(Chatbot.objects.values().get(pk=self.chatbot.pk), before)

    def test_one_that_is_gone_says_so_and_is_switched_on_again(self) -> None:
        self.deliver(410)
        for address in (self.page, f"/admin/chat/chatbot/{self.chatbot.pk}/change/"):
            self.assertIn("Switched off by its receiver", self.client.get(address).content.decode())
        self.assertIn("The webhook is on again.", self.press("on"))
        self.deliver()
        self.assertEqual(len(self.receiver.heard), 2)

    def test_another_address_is_asked_although_the_first_was_gone(self) -> None:
        self.deliver(410)
        with Receiver() as other:
            self.save(other.url)
            self.deliver()
            self.assertEqual(len(other.heard), 1)

    def test_what_was_not_delivered_is_sent_again_under_its_id(self) -> None:
        self.deliver(500)
        self.deliver(500)
        waiting = Job.objects.filter(kind="webhook").order_by("created_at")
        Job.objects.filter(pk=waiting[0].pk).update(done_at=Now(), given_up=True)
        self.assertIn("Send 2 undelivered messages again", self.client.get(self.page).content.decode())
        self.receiver.reaction = Reaction(200)
        self.assertIn("2 messages are sent again.", self.press("again"))
        work_off()
        failed, delivered = self.receiver.heard[:2], self.receiver.heard[2:]
        self.assertEqual({one.id for one in failed}, {one.id for one in delivered})
        self.assertNotIn("undelivered", self.client.get(self.page).content.decode())

    def test_a_call_of_the_list_is_sent_again_even_if_it_was_delivered_and_its_job_is_long_gone(self) -> None:
        self.deliver()
        Job.objects.all().delete()
        chosen = {"action": "send_again", "_selected_action": [str(WebhookRecord.objects.get().pk)]}
        answer = self.client.post(self.records, chosen, follow=True).content.decode()
        self.assertIn("1 message is sent again.", answer)
        work_off()
        first, second = self.receiver.heard
        self.assertEqual((first.id, first.body), (second.id, second.body))
        attempts = WebhookRecord.objects.order_by("created_at").values_list("attempt", flat=True)
        self.assertEqual(list(attempts), [1, 2])

    def test_nothing_is_sent_again_to_one_that_is_gone(self) -> None:
        self.deliver(410)
        chosen = {"action": "send_again", "_selected_action": [str(WebhookRecord.objects.get().pk)]}
        answer = self.client.post(self.records, chosen, follow=True).content.decode()
        self.assertIn("The webhook is off. Switch it on first.", answer)
        self.assertFalse(Job.objects.filter(kind="webhook", done_at=None).exists())

    def test_a_call_is_shown_with_what_was_sent_and_answered_as_text(self) -> None:
        self.receiver.reaction = Reaction(500, piece=b"<script>alert(1)</script>")
        answered(self.program, "<img src=x onerror=alert(1)>")
        work_off()
        record = WebhookRecord.objects.get()
        page = self.client.get(f"{self.records}{record.pk}/change/").content.decode()
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", page)
        self.assertIn("the receiver did not take it", page)
        self.assertNotIn("&#x27;failed&#x27;", page)
        for shown in (page, self.client.get(self.page).content.decode()):
            self.assertNotIn("<script>alert", shown)
            self.assertNotIn("<img src=x", shown)

    def test_calls_are_filtered_by_their_outcome(self) -> None:
        self.deliver()
        self.deliver(500)
        for outcome, status in (("delivered", 200), ("failed", 500)):
            response = self.client.get(self.records, {"outcome": outcome})
            shown = [row.status_code for row in response.context["cl"].result_list]
            self.assertEqual(shown, [status])

    @override_settings(WEBHOOK_PRIVATE_ADDRESSES=False)
    def test_what_can_be_no_address_is_refused_when_it_is_saved(self) -> None:
        for url, sentence in (
            ("http://127.0.0.1/hook", "addresses of the public internet only"),
            ("http://[::ffff:169.254.169.254]/", "addresses of the public internet only"),
            ("https://alice:secret@example.com/hook", "without a user name and password"),
            ("ftp://example.com/hook", "Enter an address such as https://example.com/webhook"),
        ):
            self.assertTrue(sentence in self.save(url), url)
        self.chatbot.refresh_from_db()
        self.assertEqual(self.chatbot.webhook_url, self.receiver.url)
        self.save("https://example.com/hook")
        self.chatbot.refresh_from_db()
        self.assertEqual(self.chatbot.webhook_url, "https://example.com/hook")

    def test_a_test_is_sent_at_once_signed_and_of_a_type_of_its_own(self) -> None:
        self.deliver()
        (message,) = self.receiver.heard
        self.assertIn("The receiver took the test: 204 in", self.pressed_test(Reaction(204)))
        test = self.receiver.heard[1]
        secret = Chatbot.objects.get(pk=self.chatbot.pk).webhook_secret
        self.assertEqual(test.verified(secret), test.message)
        self.assertEqual((test.message["type"], message.message["type"]), ("test", "outgoing"))
        self.assertEqual(test.message.keys(), message.message.keys())
        self.assertEqual(test.id, test.message["id"])
        self.assertNotEqual(test.id, message.id)
        self.assertFalse(Job.objects.filter(kind="webhook", done_at=None).exists())
        record = WebhookRecord.objects.get(message=None)
        self.assertEqual((record.status_code, record.error, record.request_body), (204, "", test.message))
        for address in (self.page, self.records):
            self.assertIn("Test", without_tokens(self.client.get(address).content.decode()))

    def pressed_test(self, reaction: Reaction) -> str:
        self.receiver.reaction = reaction
        return self.press("test")

    def test_a_test_that_fails_says_why_and_is_not_tried_again(self) -> None:
        answer = self.pressed_test(Reaction(500))
        self.assertIn("The test was not taken: 500, the receiver did not take it.", answer)
        self.assertEqual(len(self.receiver.heard), 1)
        self.assertFalse(Job.objects.filter(kind="webhook").exists())
        self.pressed_test(Reaction(410))
        self.assertIn("Switched off by its receiver", self.client.get(self.page).content.decode())
        self.pressed_test(Reaction(200))
        self.assertEqual(len(self.receiver.heard), 3)

    @override_settings(WEBHOOK_PRIVATE_ADDRESSES=False)
    def test_a_test_goes_only_where_webhooks_may_go(self) -> None:
        answer = self.press("test")
        self.assertIn("The test was not taken: No answer, the address is not on the public internet.", answer)
        self.assertEqual(self.receiver.heard, [])
        Chatbot.objects.filter(pk=self.chatbot.pk).update(webhook_url=None)
        self.assertNotIn("Send a test", self.client.get(self.page).content.decode())
        self.assertIn("The chatbot has no webhook address.", self.press("test"))

    def test_few_tests_are_sent_at_a_time_and_a_person_sends_so_many_in_a_minute(self) -> None:
        with ExitStack() as others:
            for _ in range(trials.at_once):
                others.enter_context(trials.turn("others"))
            self.assertIn("Other tests are being sent.", self.press("test"))
        self.assertFalse(WebhookRecord.objects.exists())
        for _ in range(5):
            self.assertIn("The receiver took the test", self.pressed_test(Reaction(204)))
        self.assertIn("too many requests", self.press("test"))
        self.assertEqual(len(self.receiver.heard), 5)

    def test_the_record_of_a_test_is_kept_and_that_of_a_deleted_message_is_not(self) -> None:
        self.deliver()
        self.press("test")
        Message.objects.all().delete()
        asyncio.run(clean())
        self.assertEqual(WebhookRecord.objects.get().request_body["type"], "test")

    def test_a_name_of_one_label_is_an_address_where_private_ones_are(self) -> None:
        for url in ("http://receiver:8000/hook", "https://my-receiver_2/", "http://localhost:6666/webhook"):
            self.save(url)
            self.chatbot.refresh_from_db()
            self.assertEqual(self.chatbot.webhook_url, url)
        for private, url in ((False, "http://receiver:8000/hook"), (True, "http://-receiver:8000/")):
            with override_settings(WEBHOOK_PRIVATE_ADDRESSES=private):
                self.assertIn("Enter a valid URL.", self.save(url))

    def test_nobody_else_reaches_the_page(self) -> None:
        for person, status in ((people.charlie(), 403), (people.bob(), 302), (None, 302)):
            client = Client()
            if person:
                client.force_login(person)
            for response in (client.get(self.page), client.post(self.page, {"press": "secret"})):
                self.assertEqual(response.status_code, status)
        absent = "/admin/chat/chatbot/00000000-0000-4000-8000-000000000000/webhook/"
        stranger = Client()
        stranger.force_login(people.charlie())
        pages = [
            stranger.get(address).content.decode().replace(address, "") for address in (absent, self.page)
        ]
        self.assertEqual(without_tokens(pages[0]), without_tokens(pages[1]))
        self.chatbot.refresh_from_db()
        self.assertEqual(self.chatbot.webhook_secret, "")
