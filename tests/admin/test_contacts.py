"""What the admin's pages and the programs that call MAAX's API know of each other."""

from __future__ import annotations

from django.test import Client, TestCase

from chat.models import Contact, Conversation, Feedback, Message
from chat.services.integer_ids import integer_id
from tests.maax.program import INITIATE, QUESTION, Program
from tests.people import HOME, alice, chatbot_of, organization_of


class ContactTests(TestCase):
    def setUp(self) -> None:
        self.client = Client()
        self.client.force_login(alice(), "allauth.account.auth_backends.AuthenticationBackend")

    def test_a_contact_that_was_changed_here_is_found_by_what_was_entered(self) -> None:
        contact = Contact.objects.create(organization=organization_of(alice()), name="Ada")
        form = {
            "organization": contact.organization_id,
            "name": "Ada",
            "email": "Ada@Example.com",
            "phone_number": "+1 (555) 010-99",
            **{f"places-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")},
        }
        saved = self.client.post(f"/admin/chat/contact/{contact.pk}/change/", form)
        self.assertEqual(saved.status_code, 302, saved.content[:2000])
        program = Program(HOME)
        for info in ({"email": "ada@example.com"}, {"phone": "155501099"}):
            self.assertEqual(program.ask(prospect_info=info).sender_contact, contact)

    def test_a_strangers_name_turns_nothing_around_in_what_is_shown(self) -> None:
        home = organization_of(alice())
        turned = "\u202emoc.knab\u2067"
        contact = Contact.objects.create(organization=home, name=turned, email=f"a@{turned}.example")
        conversation = Conversation.objects.create(
            organization=home,
            chatbot=chatbot_of(alice()),
            contact=contact,
            title=turned,
            created_by=f"visitor:{contact.pk}",
        )
        message = Message.objects.create(
            conversation=conversation, position=1, type="incoming", content=turned, sender_contact=contact
        )
        Feedback.objects.create(message=message, type="like", suggestion=turned, created_by="system:")
        for path in (
            "contact/",
            "conversation/",
            "message/",
            "feedback/",
            f"contact/{contact.pk}/delete/",
        ):
            page = self.client.get(f"/admin/chat/{path}", follow=True).content.decode()
            self.assertIn("moc.knab", page, path)
            for turn in turned[0], turned[-1]:
                self.assertNotIn(turn, page, path)
        page = self.client.get(f"/admin/chat/conversation/{conversation.pk}/change/").content.decode()
        self.assertIn(">Visitor: moc.knab</a>", page)

    def test_a_chatbots_page_says_its_ai_id(self) -> None:
        chatbot = chatbot_of(alice())
        page = self.client.get(f"/admin/chat/chatbot/{chatbot.pk}/change/").content.decode()
        number = integer_id("chatbot", chatbot.pk)
        self.assertIn(str(number), page)
        self.assertEqual(self.client.get("/admin/chat/chatbot/add/").status_code, 200)
        sales = QUESTION | {"service_type": "sales_automation", "ai_id": number}
        self.assertEqual(Program(HOME).post(INITIATE, sales)[0], 200)
