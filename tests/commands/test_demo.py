"""``manage.py demo``: what scripts, tests and a first start rely on."""

from __future__ import annotations

import json
import tempfile
from io import StringIO
from pathlib import Path

from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, TestCase, override_settings

from chat.knowledge.search import search
from chat.models import ApiKey, Chatbot, Contact, Inbox, KnowledgeFile, Organization, User, WebChat
from chat.services.keys import digest_of

NAMES = {
    "organizationId", "apiKey", "chatbotId", "inboxId", "webChatId", "contactId",
    "adminUsername", "adminPassword", "username", "password",
}  # fmt: skip
SECRETS = ("apiKey", "adminPassword", "password")


class DemoTests(TestCase):
    def setUp(self) -> None:
        self.data = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(
            override_settings(DATA_DIR=self.data, ALLOWED_HOSTS=["localhost", "127.0.0.1"], PUBLIC_URL="")
        )

    def run_demo(self, *options: str) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command("demo", *options, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    def demo(self) -> dict[str, str]:
        out, err = self.run_demo("--json")
        self.assertEqual(err, "")
        told: dict[str, str] = json.loads(out)
        return told

    def test_it_prints_one_object_with_all_that_a_script_needs(self) -> None:
        self.assertEqual(set(self.demo()), NAMES)

    def test_it_says_the_same_on_each_call_and_makes_nothing_twice(self) -> None:
        first = self.demo()
        self.assertEqual(self.demo(), first)
        for model in (Organization, Chatbot, Inbox, WebChat, Contact, ApiKey):
            self.assertEqual(model._default_manager.count(), 1, model)
        self.assertEqual(User.objects.count(), 2)

    def test_both_accounts_can_log_in_and_only_the_admin_manages(self) -> None:
        told = self.demo()
        for username, password, manages in (
            (told["adminUsername"], told["adminPassword"], True),
            (told["username"], told["password"], False),
        ):
            client = Client(headers={"host": "localhost"})
            client.post("/accounts/login/", {"login": username, "password": password})
            self.assertEqual(client.get("/admin/").status_code == 200, manages, username)
            user = User.objects.get(username=username)
            self.assertEqual((user.is_staff, user.is_superuser), (manages, False))

    def test_the_ids_belong_together(self) -> None:
        told = self.demo()
        web_chat = WebChat.objects.get(pk=told["webChatId"])
        self.assertEqual(str(web_chat.organization_id), told["organizationId"])
        self.assertEqual(str(web_chat.inbox_id), told["inboxId"])
        self.assertEqual(str(web_chat.chatbot_id), told["chatbotId"])
        self.assertTrue(Contact.objects.get(pk=told["contactId"]).inboxes.filter(pk=told["inboxId"]).exists())
        key = ApiKey.objects.get(digest=digest_of(told["apiKey"]))
        self.assertEqual(str(key.organization_id), told["organizationId"])

    def test_its_web_chat_can_be_tried_on_pages_of_this_machine_and_nowhere_else(self) -> None:
        page = Client(headers={"host": "localhost"}).get(f"/web-chats/{self.demo()['webChatId']}")
        policy = page.headers["Content-Security-Policy"]
        self.assertTrue(
            policy.endswith(
                "frame-ancestors 'self' http://localhost:* http://127.0.0.1:* http://*.localhost:*"
            )
        )

    def test_the_secrets_are_in_a_file_for_its_owner_alone_and_nowhere_in_the_database(self) -> None:
        told = self.demo()
        self.assertEqual((self.data / "demo.json").stat().st_mode & 0o777, 0o600)
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                everything = repr(cursor.fetchall())
                for secret in SECRETS:
                    self.assertNotIn(told[secret], everything, table)

    def test_a_lost_file_means_new_secrets_for_the_same_rows_and_it_says_so(self) -> None:
        before = self.demo()
        (self.data / "demo.json").unlink()
        out, err = self.run_demo("--json")
        after = json.loads(out)
        self.assertIn("demo.json was lost", err)
        self.assertEqual({n for n in NAMES if before[n] != after[n]}, set(SECRETS))
        self.assertIsNotNone(ApiKey.objects.get(digest=digest_of(before["apiKey"])).revoked_at)
        self.assertEqual(self.demo(), after)

    def test_a_password_that_was_changed_is_set_anew_and_it_says_so(self) -> None:
        told = self.demo()
        user = User.objects.get(username=told["username"])
        user.set_password("something else entirely")
        user.save()
        out, err = self.run_demo("--json")
        self.assertIn("are new", err)
        self.assertTrue(User.objects.get(pk=user.pk).check_password(json.loads(out)["password"]))

    def test_a_damaged_file_is_as_good_as_lost(self) -> None:
        self.demo()
        (self.data / "demo.json").write_text('["not", "ours"]')
        self.assertIn("are new", self.run_demo("--json")[1])

    def test_what_an_admin_changed_stays_as_it_is(self) -> None:
        told = self.demo()
        Chatbot.objects.update(name="Our guide", starters=[])
        Organization.objects.update(name="Our house")
        Inbox.objects.update(name="Our inbox")
        self.assertEqual(self.demo(), told)
        self.assertEqual(Chatbot.objects.get().name, "Our guide")

    def test_the_chatbot_knows_the_documentation_and_its_starters_are_answered(self) -> None:
        chatbot = Chatbot.objects.get(pk=self.demo()["chatbotId"])
        bases = [base.pk for base in chatbot.knowledge_bases.all()]
        self.assertTrue(
            KnowledgeFile.objects.filter(filename="zh-hant/faq.md", knowledge_base__in=bases).exists()
        )
        for starter in chatbot.starters:
            self.assertTrue(search(knowledge_bases=bases, question=starter["text"]), starter)

    def test_the_documentation_is_read_again_each_time(self) -> None:
        self.demo()
        KnowledgeFile.objects.filter(filename="embed.md").delete()
        self.demo()
        self.assertTrue(KnowledgeFile.objects.filter(filename="embed.md").exists())

    def test_for_people_it_prints_how_to_log_in(self) -> None:
        told, out = self.demo(), self.run_demo()[0]
        for name in ("adminUsername", "adminPassword", "username", "password"):
            self.assertIn(told[name], out)
        self.assertNotIn(told["apiKey"], out)

    def test_it_takes_over_no_account_that_is_somebody_elses(self) -> None:
        User.objects.create_user("demo", password="correct horse")
        with self.assertRaisesMessage(CommandError, "account named demo"):
            self.run_demo()
        self.assertFalse(Organization.objects.exists())

    def test_it_refuses_on_a_server_that_others_can_reach_unless_told_otherwise(self) -> None:
        for reachable in (
            {"PUBLIC_URL": "https://chat.example.com"},
            {"ALLOWED_HOSTS": ["*"]},
            {"ALLOWED_HOSTS": ["localhost", "192.168.0.7"]},
            {"ALLOWED_HOSTS": [".example.com"]},
        ):
            with self.subTest(reachable), override_settings(**reachable):
                with self.assertRaisesMessage(CommandError, "manage.py demo --yes"):
                    self.run_demo()
                self.assertFalse(Organization.objects.exists())
        with override_settings(PUBLIC_URL="https://chat.example.com"):
            self.run_demo("--yes")
        self.assertTrue(Organization.objects.exists())

    def test_every_name_of_this_machine_is_allowed(self) -> None:
        own = ["localhost", ".localhost", "chat.localhost", "127.0.0.1", "127.0.0.2", "[::1]", "::1"]
        with override_settings(ALLOWED_HOSTS=own, PUBLIC_URL="http://localhost:9000"):
            self.run_demo()
