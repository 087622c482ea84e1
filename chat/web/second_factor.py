"""Staff without a second factor are sent to set one up, where an installation asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

#: The pages on which staff have powers that others have not.
GUARDED = ("/admin/", "/accounts/people/")


class StaffSecondFactorMiddleware(MiddlewareMixin):
    """Costs nothing where ``REQUIRE_MFA_FOR_STAFF`` is off: then it is not in the chain at all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.REQUIRE_MFA_FOR_STAFF:
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user = request.user
        if not request.path.startswith(GUARDED) or not user.is_authenticated or not user.is_staff:
            return None
        if is_mfa_enabled(user):
            return None
        messages.warning(request, _("Set up a second factor first: this server asks all staff for one."))
        return redirect("mfa_activate_totp")
