"""Who belongs to which organization, and in which role. Who manages one is staff: ``is_staff`` follows."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Conflict, NotAllowed
from chat.models import Membership, Organization, Role, User

#: The roles that manage an organization: its people, chatbots and conversations.
MANAGERS = (Role.OWNER, Role.ADMIN)
_RANK = {Role.MEMBER: 0, Role.ADMIN: 1, Role.OWNER: 2}


def administered_by(user: User) -> QuerySet[Organization]:
    """The organizations that they own or administer."""
    return Organization.objects.filter(memberships__user=user, memberships__role__in=MANAGERS)


def manages(user: User, organization: Organization) -> bool:
    return user.is_superuser or administered_by(user).filter(pk=organization.pk).exists()


def default_organization() -> Organization | None:
    """What an account without an invitation joins: ``DEFAULT_ORGANIZATION``, or the only one there is."""
    wanted: str = settings.DEFAULT_ORGANIZATION
    found = Organization.objects.order_by("created_at")
    if not wanted:
        only = found[:2]
        return only[0] if len(only) == 1 else None
    try:
        return found.get(pk=wanted)
    except (Organization.DoesNotExist, ValidationError):
        return found.filter(name=wanted).first()


@transaction.atomic
def join(*, user: User, organization: Organization, role: Role = Role.MEMBER) -> Membership:
    """Make them a member. Who is one already keeps the higher of the two roles."""
    membership, made = Membership.objects.get_or_create(
        organization=organization, user=user, defaults={"role": role}
    )
    if not made and _RANK[role] > _RANK[Role(membership.role)]:
        membership.role = role
        membership.save(update_fields=["role"])
    _staff_follows(user)
    return membership


@transaction.atomic
def set_role(*, membership: Membership, role: Role, by: User) -> None:
    """Change a role. Only owners make owners or change them, and an organization keeps one owner."""
    _lock(membership.organization)
    check_may_grant(membership.organization, role, by=by)
    _check_may_touch(membership, by=by)
    if role != Role.OWNER:
        _check_keeps_an_owner(membership)
    Membership.objects.filter(pk=membership.pk).update(role=role)
    _staff_follows(membership.user)


@transaction.atomic
def remove_member(*, membership: Membership, by: User) -> None:
    """End a membership. The person's account and conversations stay."""
    _lock(membership.organization)
    _check_may_touch(membership, by=by)
    _check_keeps_an_owner(membership)
    membership.delete()
    _staff_follows(membership.user)


def check_may_grant(organization: Organization, role: Role | str, *, by: User) -> None:
    """Managers make members and admins; only owners make owners."""
    if not manages(by, organization) or (role == Role.OWNER and not _owns(by, organization)):
        raise NotAllowed


def _check_may_touch(membership: Membership, *, by: User) -> None:
    check_may_grant(membership.organization, _role_now(membership), by=by)


def _check_keeps_an_owner(membership: Membership) -> None:
    others = membership.organization.memberships.filter(role=Role.OWNER).exclude(pk=membership.pk)
    if _role_now(membership) == Role.OWNER and not others.exists():
        raise Conflict(_("An organization needs an owner. Make somebody else an owner first."))


def _role_now(membership: Membership) -> str:
    return Membership.objects.values_list("role", flat=True).get(pk=membership.pk)


def _owns(user: User, organization: Organization) -> bool:
    owner = organization.memberships.filter(user=user, role=Role.OWNER)
    return user.is_superuser or owner.exists()


def _lock(organization: Organization) -> None:
    """Two owners who remove each other at once must not both succeed: the row is held until the commit."""
    Organization.objects.filter(pk=organization.pk).update(name=F("name"))


def _staff_follows(user: User) -> None:
    User.objects.filter(pk=user.pk, is_superuser=False).update(is_staff=administered_by(user).exists())
