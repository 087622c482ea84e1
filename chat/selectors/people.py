"""Who somebody is here: their organization and the principal that they act as."""

from __future__ import annotations

from uuid import UUID

from django.db.models import OuterRef, Subquery, UUIDField

from chat.models import ApiKey, Membership, User
from chat.prepared import Prepared
from chat.principals import Principal


def membership_of(user: User) -> Membership | None:
    """The organization in which a person acts: the one they have belonged to longest."""
    return user.memberships.select_related("organization").order_by("created_at").first()


def member_principal(user: User) -> Principal | None:
    """None: the account is inactive or belongs to no organization."""
    membership = membership_of(user) if user.is_active else None
    if membership is None:
        return None
    return Principal("member", user.pk, membership.organization_id, str(user))


_oldest = Membership.objects.filter(user=OuterRef("pk")).order_by("created_at").values("organization")[:1]
_active: Prepared[User] = Prepared(
    lambda id: User.objects.filter(pk=id, is_active=True).annotate(
        # A foreign key would come as SQLite has it.
        organization=Subquery(_oldest, output_field=UUIDField())
    ),
    id=UUID,
)


def active_member(id: UUID) -> tuple[User, Principal] | None:
    """An account with what ``member_principal`` makes of it, in one compiled query."""
    for user in _active(id=id):
        if organization := getattr(user, "organization", None):
            return user, Principal("member", user.pk, organization, str(user))
    return None


def user_of(principal: Principal) -> UUID | None:
    """The account that it acts for: a member's, or that of the person whom a key was made for."""
    match principal.kind:
        case "member":
            return principal.id
        case "key":
            return ApiKey.objects.filter(pk=principal.id).values_list("user", flat=True).first()
        case _:
            return None
