"""Addresses below ``/accounts/`` and ``/invitations/``: our own pages first, then django-allauth's."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from chat.web import embedding, invitations, people
from chat.web.language import choose_language
from chat.web.profile import profile

accounts: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="account_profile")),
    path("profile/", profile, name="account_profile"),
    path("language/", choose_language, name="account_language"),
    path("people/", people.people, name="account_people"),
    path("people/invite/", people.invite, name="account_people_invite"),
    path("people/invitations/<uuid:id>/revoke/", people.revoke, name="account_people_revoke"),
    path("people/<uuid:id>/role/", people.change_role, name="account_people_role"),
    path("people/<uuid:id>/remove/", people.remove, name="account_people_remove"),
    path("web-chats/", embedding.embedding_list, name="account_embedding_list"),
    path("web-chats/<uuid:id>/", embedding.embedding, name="account_embedding"),
    path("", include("allauth.urls")),
]

urlpatterns = [
    path("accounts/", include(accounts)),
    path("invitations/", invitations.current_invitation, name="invitation_current"),
    path("invitations/accept/", invitations.accept_invitation, name="invitation_accept"),
    path("invitations/another-account/", invitations.use_another_account, name="invitation_another_account"),
    path("invitations/<str:token>/", invitations.open_invitation, name="invitation"),
]
