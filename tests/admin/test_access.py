"""Who reaches what: every registered model x everybody, read from the admin itself."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin import site
from django.core.exceptions import FieldDoesNotExist
from django.db.models import ForeignKey, ManyToManyField, Model
from django.test import Client, TestCase

from chat.models import (
    ApiKey,
    Chatbot,
    Contact,
    Conversation,
    Inbox,
    KnowledgeBase,
    KnowledgeFile,
    LanguageModel,
    Membership,
    Organization,
    Role,
    User,
)
from tests.admin.world import admins, furnish
from tests.people import alice, bob, charlie, make_member, make_organization, root

#: What concerns the whole server: no organization's admin has any of it.
SERVER = {"integerid", "job", "processlease", "emailaddress", "socialaccount", "authenticator"}


class AdminTestCase(TestCase):
    home: dict[type[Model], Model]
    elsewhere: dict[type[Model], Model]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.home = furnish(make_organization("Home"), alice())
        cls.elsewhere = furnish(make_organization("Elsewhere"), charlie())

    def client_of(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client


class MatrixTests(AdminTestCase):
    def test_every_model_of_the_product_is_registered(self) -> None:
        missing = [
            model for model in apps.get_app_config("chat").get_models() if not site.is_registered(model)
        ]
        self.assertEqual(missing, [])

    def test_who_is_not_staff_gets_no_admin_at_all(self) -> None:
        for client in (Client(), self.client_of(bob())):
            for url, _model, _admin in [("/admin/", None, None), *admins()]:
                for path in (url, f"{url}add/"):
                    response = client.get(path)
                    self.assertIn(response.status_code, (302, 403, 404), path)
                    self.assertNotIn(b"changelist", response.content)

    def test_a_superuser_opens_every_list_and_every_row(self) -> None:
        client = self.client_of(root())
        for url, model, _admin in admins():
            self.assertEqual(client.get(url).status_code, 200, url)
            row = self.home.get(model)
            if row is not None:
                self.assertEqual(client.get(f"{url}{row.pk}/change/").status_code, 200, url)

    def test_an_organizations_admin_lists_their_own_rows_and_no_others(self) -> None:
        client = self.client_of(alice())
        for url, model, _admin in admins():
            response = client.get(url)
            if model._meta.model_name in SERVER:
                self.assertEqual(response.status_code, 403, url)
                continue
            listed = {row.pk for row in response.context["cl"].result_list}
            self.assertIn(self.home[model].pk, listed, url)
            self.assertNotIn(self.elsewhere[model].pk, listed, url)
            self.assertNotIn("Elsewhere", response.content.decode(), url)

    def test_an_organizations_admin_opens_their_own_rows_and_no_others(self) -> None:
        client = self.client_of(alice())
        for url, model, _admin in admins():
            if model._meta.model_name in SERVER:
                continue
            self.assertEqual(client.get(f"{url}{self.home[model].pk}/change/").status_code, 200, url)
            for page in ("change", "delete", "history"):
                foreign = client.get(f"{url}{self.elsewhere[model].pk}/{page}/")
                self.assertIn(foreign.status_code, (302, 403), f"{url} {page}")

    def test_a_foreign_row_looks_like_an_absent_one(self) -> None:
        client = self.client_of(alice())
        for url, model, _admin in admins():
            if model._meta.model_name in SERVER:
                continue
            foreign, absent = str(self.elsewhere[model].pk), "00000000-0000-4000-8000-000000000000"
            pages = [client.get(f"{url}{id}/change/", follow=True) for id in (foreign, absent)]
            texts = [
                page.content.decode().replace(id, "")
                for page, id in zip(pages, (foreign, absent), strict=True)
            ]
            self.assertEqual(without_tokens(texts[0]), without_tokens(texts[1]), url)

    def test_autocomplete_finds_their_own_rows_and_no_others(self) -> None:
        client = self.client_of(alice())
        for model, field in autocompleted():
            query = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field,
            }
            found = {result["id"] for result in client.get("/admin/autocomplete/", query).json()["results"]}
            target = related_model(model, field)
            self.assertIn(str(self.home[target].pk), found, f"{model} {field}")
            self.assertNotIn(str(self.elsewhere[target].pk), found, f"{model} {field}")

    def test_a_filter_names_no_foreign_rows(self) -> None:
        client = self.client_of(alice())
        foreign = str(self.elsewhere[Organization].pk)
        for url, model, _admin in admins():
            if model._meta.model_name not in SERVER:
                self.assertNotIn(foreign, client.get(url).content.decode(), url)

    def test_a_member_who_is_staff_by_mistake_sees_nothing(self) -> None:
        User.objects.filter(pk=bob().pk).update(is_staff=True)
        client = self.client_of(bob())
        for url, _model, _admin in admins():
            self.assertEqual(client.get(url).status_code, 403, url)

    def test_a_demoted_admin_loses_everything_at_once(self) -> None:
        anna = make_member(make_organization("Home"), "anna", Role.ADMIN)
        client = self.client_of(anna)
        self.assertEqual(client.get("/admin/chat/conversation/").status_code, 200)
        Membership.objects.filter(user=anna).update(role=Role.MEMBER)
        self.assertEqual(client.get("/admin/chat/conversation/").status_code, 403)


class WriteTests(AdminTestCase):
    def chatbot_form(self, **more: Any) -> dict[str, Any]:
        return {
            "name": "New",
            "starters": "[]",
            "is_active": "on",
            "instructions": "",
            "greeting": "",
            **more,
        }

    def test_a_new_row_belongs_to_the_admins_own_organization_whatever_is_sent(self) -> None:
        foreign = self.elsewhere[Organization].pk
        self.client_of(alice()).post("/admin/chat/chatbot/add/", self.chatbot_form(organization=foreign))
        self.assertEqual(Chatbot.objects.get(name="New").organization, self.home[Organization])

    def test_a_row_is_not_tied_to_one_of_another_organization(self) -> None:
        for user in (alice(), root()):
            client = self.client_of(user)
            for field, model in (("language_model", LanguageModel), ("knowledge_bases", KnowledgeBase)):
                form = self.chatbot_form(organization=self.home[Organization].pk)
                response = client.post("/admin/chat/chatbot/add/", form | {field: self.elsewhere[model].pk})
                self.assertIn(field, response.context["adminform"].form.errors)
        self.assertFalse(Chatbot.objects.filter(name="New").exists())

    def test_a_row_does_not_move_to_another_organization(self) -> None:
        make_member(make_organization("Elsewhere"), "alice", Role.OWNER)
        chatbot = self.home[Chatbot]
        form = self.chatbot_form(organization=self.elsewhere[Organization].pk)
        self.client_of(alice()).post(f"/admin/chat/chatbot/{chatbot.pk}/change/", form)
        chatbot = Chatbot.objects.get(pk=chatbot.pk)
        self.assertEqual((chatbot.name, chatbot.organization), ("New", self.home[Organization]))

    def test_foreign_rows_are_neither_changed_nor_deleted(self) -> None:
        client = self.client_of(alice())
        foreign = self.elsewhere[Chatbot]
        client.post(f"/admin/chat/chatbot/{foreign.pk}/change/", self.chatbot_form())
        talk = self.elsewhere[Conversation]
        client.post(f"/admin/chat/conversation/{talk.pk}/delete/", {"post": "yes"})
        chosen = {"action": "delete_selected", "_selected_action": [str(talk.pk)], "post": "yes"}
        client.post("/admin/chat/conversation/", chosen)
        self.assertNotEqual(Chatbot.objects.get(pk=foreign.pk).name, "New")
        self.assertTrue(Conversation.objects.filter(pk=talk.pk).exists())

    def test_records_are_not_written_by_anybody(self) -> None:
        client = self.client_of(root())
        for name in (
            "message",
            "reply",
            "feedback",
            "attachment",
            "passage",
            "conversation",
            "job",
            "processlease",
        ):
            self.assertEqual(client.get(f"/admin/chat/{name}/add/").status_code, 403, name)
        for model, row in self.home.items():
            if model._meta.model_name in ("message", "reply", "feedback", "attachment", "passage", "apikey"):
                url = f"/admin/chat/{model._meta.model_name}/{row.pk}/change/"
                self.assertEqual(client.post(url, {"content": "x"}).status_code, 403, url)

    def test_a_conversation_is_deleted_with_everything_in_it(self) -> None:
        talk = self.home[Conversation]
        self.client_of(alice()).post(f"/admin/chat/conversation/{talk.pk}/delete/", {"post": "yes"})
        self.assertFalse(Conversation.objects.filter(pk=talk.pk).exists())

    def test_records_go_with_what_they_belong_to(self) -> None:
        for user, model in (
            (alice(), KnowledgeFile),
            (alice(), KnowledgeBase),
            (alice(), Contact),
            (root(), User),
            (root(), Organization),
        ):
            row = self.home[model]
            url = f"/admin/chat/{model._meta.model_name}/{row.pk}/delete/"
            self.client_of(user).post(url, {"post": "yes"})
            self.assertFalse(model._default_manager.filter(pk=row.pk).exists(), model)

    def test_what_has_conversations_is_not_deleted_alone_or_among_others(self) -> None:
        talk = self.home[Conversation]
        Conversation.objects.filter(pk=talk.pk).update(inbox=self.home[Inbox])
        client = self.client_of(root())
        for model in (Chatbot, Inbox):
            row, url = self.home[model], f"/admin/chat/{model._meta.model_name}/"
            self.assertEqual(client.post(f"{url}{row.pk}/delete/", {"post": "yes"}).status_code, 403)
            client.post(url, {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
            self.assertTrue(model._default_manager.filter(pk=row.pk).exists(), model)

    def test_only_superusers_write_language_models_and_accounts(self) -> None:
        client = self.client_of(alice())
        for model in (LanguageModel, User, Organization):
            url = f"/admin/chat/{model._meta.model_name}/"
            self.assertEqual(client.get(f"{url}add/").status_code, 403)
        for model in (LanguageModel, User):
            url = f"/admin/chat/{model._meta.model_name}/{self.home[model].pk}/"
            self.assertEqual(client.post(f"{url}change/", {"name": "x", "username": "x"}).status_code, 403)
            self.assertEqual(client.post(f"{url}delete/", {"post": "yes"}).status_code, 403)
        self.assertIn(client.get(f"/admin/chat/user/{alice().pk}/password/").status_code, (302, 403))

    def test_an_admin_cannot_make_themselves_owner(self) -> None:
        anna = make_member(make_organization("Home"), "anna", Role.ADMIN)
        url = f"/admin/chat/membership/{anna.memberships.get().pk}/change/"
        response = self.client_of(anna).post(url, {"role": "owner"}, follow=True)
        self.assertIn("You are not allowed to do this.", response.content.decode())
        self.assertEqual(anna.memberships.get().role, "admin")

    def test_the_last_owner_stays(self) -> None:
        url = f"/admin/chat/membership/{self.home[Membership].pk}/"
        client = self.client_of(alice())
        for path, form in (("change/", {"role": "member"}), ("delete/", {"post": "yes"})):
            response = client.post(url + path, form, follow=True)
            self.assertIn("An organization needs an owner.", response.content.decode())
        self.assertEqual(alice().memberships.get().role, "owner")

    def test_starters_have_a_title_and_a_text(self) -> None:
        client = self.client_of(alice())
        for wrong in (
            '[{"title": "x"}]',
            '["x"]',
            '{"title": "x", "text": "y"}',
            '[{"title": "x", "text": 1}]',
        ):
            response = client.post("/admin/chat/chatbot/add/", self.chatbot_form(starters=wrong))
            self.assertIn("starters", response.context["adminform"].form.errors, wrong)

    def test_a_key_acts_only_for_a_member_of_its_organization(self) -> None:
        form = {"organization": self.home[Organization].pk, "name": "Sly", "user": charlie().pk}
        self.client_of(root()).post("/admin/chat/apikey/add/", form)
        self.assertFalse(ApiKey.objects.filter(name="Sly").exists())


def autocompleted() -> list[tuple[type[Model], str]]:
    return [
        (model, name) for _url, model, model_admin in admins() for name in model_admin.autocomplete_fields
    ]


def related_model(model: type[Model], field: str) -> type[Model]:
    found = model._meta.get_field(field)
    if not isinstance(found, ForeignKey | ManyToManyField):
        raise FieldDoesNotExist(field)
    related: Any = found.related_model
    return related


def without_tokens(page: str) -> str:
    """The page without what differs each time: the form's protection."""
    return "\n".join(line for line in page.splitlines() if "csrf" not in line)
