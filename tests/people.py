"""The people who recur in the tests.

*alice* owns an organization, *bob* is a member of the same one, *charlie* is a stranger who owns another.
Each function makes what it needs once a test and returns the same row when it is asked again.
"""

from __future__ import annotations

from chat.models import Chatbot, Inbox, Membership, Organization, Role, User, WebChat

PASSWORD = "correct horse battery staple"
HOME = "Home"
ELSEWHERE = "Elsewhere"


def make_organization(name: str = HOME) -> Organization:
    """The organization of that name, with one active chatbot that the built-in provider answers for."""
    organization, made = Organization.objects.get_or_create(name=name)
    if made:
        Chatbot.objects.create(organization=organization, name=f"{name} handbook")
    return organization


def make_member(organization: Organization, username: str, role: Role = Role.MEMBER) -> User:
    """A person who can log in with ``PASSWORD``; owners and admins are staff, nobody is a superuser."""
    user = User.objects.filter(username=username).first() or User.objects.create_user(
        username,
        f"{username}@example.com",
        PASSWORD,
        display_name=username.title(),
        is_staff=role in (Role.OWNER, Role.ADMIN),
    )
    Membership.objects.get_or_create(organization=organization, user=user, defaults={"role": role})
    return user


def alice() -> User:
    """Owner of ``HOME``."""
    return make_member(make_organization(HOME), "alice", Role.OWNER)


def bob() -> User:
    """Member of ``HOME``: alice's colleague, not staff."""
    return make_member(make_organization(HOME), "bob", Role.MEMBER)


def charlie() -> User:
    """Owner of ``ELSEWHERE``: a stranger to alice and bob, and staff, so that only scoping keeps him out."""
    return make_member(make_organization(ELSEWHERE), "charlie", Role.OWNER)


def root() -> User:
    """The superuser, who belongs to no organization."""
    return User.objects.filter(username="root").first() or User.objects.create_superuser(
        "root", "root@example.com", PASSWORD
    )


def organization_of(user: User) -> Organization:
    return user.memberships.select_related("organization").earliest("created_at").organization


def chatbot_of(user: User) -> Chatbot:
    """The first chatbot of the person's organization."""
    return organization_of(user).chatbots.earliest("created_at")


def web_chat_of(user: User) -> WebChat:
    """The person's own web chat, which any site of ``shop.example`` may show."""
    organization, name = organization_of(user), f"{user.username.title()}'s site"
    found = WebChat.objects.filter(organization=organization, name=name).first()
    return found or WebChat.objects.create(
        organization=organization,
        inbox=Inbox.objects.create(organization=organization, name=name),
        chatbot=chatbot_of(user),
        name=name,
        allowed_origins=["https://shop.example", "https://*.shop.example"],
    )
