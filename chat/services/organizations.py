"""New organizations and their first owner."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from chat.exceptions import Conflict
from chat.models import Chatbot, Membership, Organization, Role, User
from chat.services.memberships import join


@transaction.atomic
def create_organization(*, name: str, owner_email: str, owner_username: str = "") -> Membership:
    """A new organization with a chatbot to begin with; returns its owner's membership.

    The owner is the account with that e-mail address, or a new one, without a password, that is made for it.
    """
    if Organization.objects.filter(name=name).exists():
        raise Conflict(_("There is an organization with this name already."))
    organization = Organization.objects.create(name=name)
    Chatbot.objects.create(organization=organization, name=_("Assistant"))
    owner = _account(owner_email.strip().lower(), owner_username.strip())
    return join(user=owner, organization=organization, role=Role.OWNER)


def _account(email: str, username: str) -> User:
    known = User.objects.filter(email__iexact=email).first()
    if known is not None:
        return known
    if username and User.objects.filter(username__iexact=username).exists():
        raise Conflict(_("This user name is taken by somebody with another e-mail address."))
    return User.objects.create_user(username or _free_username(email.partition("@")[0]), email)


def _free_username(wanted: str) -> str:
    taken = set(User.objects.filter(username__istartswith=wanted).values_list("username", flat=True))
    lowered = {name.lower() for name in taken}
    candidates = (f"{wanted}{number or ''}" for number in range(len(lowered) + 1))
    return next(name for name in candidates if name.lower() not in lowered)
