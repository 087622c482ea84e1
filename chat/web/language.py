"""The language of the pages: a cookie, and for members also a column, so that it follows them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

#: The routes that answer the same in every language.
WITHOUT_LANGUAGE = frozenset({"loader-script"})


class LanguageMiddleware(LocaleMiddleware):
    """Django's, but a cache need not keep what has no language once for each."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        found = request.resolver_match
        if found and found.url_name in WITHOUT_LANGUAGE:
            return response
        return super().process_response(request, response)


def remember(response: HttpResponseBase, language: str) -> None:
    """Set Django's language cookie, which ``LanguageMiddleware`` reads."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Choose one of ``LANGUAGES`` and go back to ``next``; anything else changes nothing."""
    language, back = request.POST.get("language", ""), request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        remember(response, language)
        if request.user.is_authenticated:
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response


def forget(response: HttpResponseBase) -> None:
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
