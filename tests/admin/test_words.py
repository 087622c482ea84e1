"""What the admin's pages say: words instead of codes, and Chinese for who reads Chinese."""

from __future__ import annotations

import re
from html import unescape

from django.db.models import Model
from django.test import Client, TestCase
from django.utils import timezone

from chat.models import ApiKey, Attachment, Job, KnowledgeFile, Reply
from tests.admin.world import admins, furnish
from tests.people import alice, make_organization, root

LABEL = re.compile(r"<label[^>]*>(.*?)</label>", re.DOTALL)
CHINESE = re.compile(r"[一-鿿]")
#: The same in every language: a name, and the icon of a file field.
NAMES = {"Webhook", "file_upload"}


class WordTests(TestCase):
    def setUp(self) -> None:
        self.home = make_organization()
        self.rows = furnish(self.home, alice())
        self.rows[Job] = Job.objects.create(kind="webhook", payload={}, run_at=timezone.now())
        self.client = Client(headers={"accept-language": "zh-TW"})
        self.client.force_login(root())

    def page(self, model: type[Model], path: str = "") -> str:
        url = next(url for url, registered, _admin in admins() if registered is model)
        return self.client.get(url + path).content.decode()

    def one(self, model: type[Model]) -> str:
        return self.page(model, f"{self.rows[model].pk}/change/")

    def test_every_field_of_every_page_is_named_in_the_readers_language(self) -> None:
        english: dict[str, set[str]] = {}
        for url, model, admin in admins():
            paths = [f"{self.rows[model].pk}/change/"] if model in self.rows else []
            if admin.may_add:
                paths.append("add/")
            for path in paths:
                page = self.client.get(url + path).content.decode()
                labels = {unescape(re.sub(r"<[^>]+>", "", label)).strip() for label in LABEL.findall(page)}
                found = {label for label in labels if label and not CHINESE.search(label)} - NAMES
                if found:
                    english[url + path] = found
        self.assertEqual(english, {})

    def test_no_page_shows_a_pair_of_a_value_and_its_words(self) -> None:
        for model in (Job, KnowledgeFile, Reply):
            with self.subTest(model=model.__name__):
                page = unescape(self.one(model))
                self.assertIsNone(re.search(r"\(\s*['\w.]+, '", page))

    def test_free_values_that_hold_nothing_are_a_dash(self) -> None:
        for model, row in self.rows.items():
            if model in {registered for _url, registered, _admin in admins()}:
                with self.subTest(model=model.__name__):
                    page = self.page(model, f"{row.pk}/change/")
                    self.assertNotRegex(page, r"<pre[^>]*>(<[^>]*>)*(null|\[\]|\{\})(<[^>]*>|\s)*</pre>")

    def test_who_did_something_is_named_not_numbered(self) -> None:
        file, key = self.rows[Attachment], self.rows[ApiKey]
        Attachment.objects.filter(pk=file.pk).update(created_by=f"key:{key.pk}")
        self.assertIn(str(key), unescape(self.one(Attachment)))
        listed = self.page(Attachment)
        self.assertIn("API 金鑰", listed)
        self.assertNotIn(f"key:{key.pk}", listed)
