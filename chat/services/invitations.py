"""Invitations: a link, sent by e-mail, that lets one person join an organization once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Conflict, NotAllowed, NotFound
from chat.models import Invitation, Membership, Organization, Role, User
from chat.services.memberships import check_may_grant, join, manages

LIFETIME = timedelta(days=7)


@transaction.atomic
def invite(
    *, organization: Organization, email: str, role: Role, by: User, base_url: str
) -> tuple[Invitation, str]:
    """Invite one person; returns the invitation and its link, which nobody can read again later.

    The link goes out by e-mail once this is committed, and begins with ``PUBLIC_URL`` or else ``base_url``.
    Earlier invitations of the same address to the same organization end.
    """
    check_may_grant(organization, role, by=by)
    email = email.strip().lower()
    if Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise Conflict(_("This person already belongs to the organization."))
    open_invitations().filter(organization=organization, email=email).delete()
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organization=organization,
        email=email,
        role=role,
        token_digest=_digest(token),
        invited_by=by,
        expires_at=timezone.now() + LIFETIME,
    )
    link = (settings.PUBLIC_URL or base_url.rstrip("/")) + reverse("invitation", args=[token])
    _send(invitation, link)
    return invitation, link


def open_invitations() -> QuerySet[Invitation]:
    """Invitations that can still be accepted."""
    return Invitation.objects.filter(accepted_at=None, expires_at__gt=timezone.now())


def invitation_with_token(token: str) -> Invitation:
    return _one(open_invitations().filter(token_digest=_digest(token)))


def invitation_with_id(id: UUID | str) -> Invitation:
    """For whoever has shown the token before: the session remembers the id, never the token."""
    return _one(open_invitations().filter(pk=id))


@transaction.atomic
def accept(*, invitation: Invitation, user: User) -> Membership:
    """Join with the invitation's role. Of two who accept at once, one gets a ``Conflict``."""
    if not open_invitations().filter(pk=invitation.pk).update(accepted_at=timezone.now()):
        raise Conflict(_("This invitation has been used already or has expired. Ask for a new one."))
    return join(user=user, organization=invitation.organization, role=Role(invitation.role))


def revoke(*, invitation: Invitation, by: User) -> None:
    """Take an invitation back; one that has been accepted stays as a record."""
    if not manages(by, invitation.organization):
        raise NotAllowed
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()


def _one(invitations: QuerySet[Invitation]) -> Invitation:
    found = invitations.select_related("organization", "invited_by").first()
    if found is None:
        raise NotFound
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _send(invitation: Invitation, link: str) -> None:
    context = {"invitation": invitation, "link": link, "days": LIFETIME.days}
    send_mail(
        " ".join(render_to_string("invitations/email_subject.txt", context).split()),
        render_to_string("invitations/email_message.txt", context),
        None,
        [invitation.email],
    )
