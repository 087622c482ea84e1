"""What all views of the API have in common.

A view for one noun::

    class InboxListView(ApiView):
        @extend_schema(responses=page_of(InboxSerializer), parameters=PAGE)
        def get(self, request: Request) -> Response:
            rows = selectors.inboxes_of(self.principal)
            return Response(numbered(request, rows, inbox_shape))

1. It parses with ``self.body(Input)`` and ``self.query("page_size")``, calls a selector or a service with
   ``self.principal``, and answers with a shape of ``chat.shapes``, whose names are camelCase already.
2. It returns no errors: it raises (``chat.api.errors``).
3. What a stranger may call stands in ``anonymous``; there ``self.caller`` may be None. Those methods are also
   the ones that pages of other sites may call (CORS).
4. Reading needs the scope ``read``, everything else ``write``, unless ``scope`` says otherwise.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from chat.api import query
from chat.api.auth import KeyAuthentication
from chat.api.errors import handle
from chat.api.hostile import check_text
from chat.api.parsers import FormParser, JsonParser, MultiPartParser
from chat.api.renderers import AlwaysJson, JsonRenderer
from chat.exceptions import NotAllowed
from chat.limits import count_key, count_stranger
from chat.models import ApiKey
from chat.principals import Principal
from chat.services import keys

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class ApiView(APIView):
    #: Methods that may be called without a key.
    anonymous: ClassVar[frozenset[str]] = frozenset()
    #: The scope that a key needs; empty: ``read`` or ``write``, by the method.
    scope: ClassVar[str] = ""

    authentication_classes = (KeyAuthentication,)
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (JsonParser, FormParser, MultiPartParser)
    renderer_classes = (JsonRenderer,)
    content_negotiation_class = AlwaysJson
    metadata_class = None

    @property
    def caller(self) -> Principal | None:
        """The key that calls, as a principal; None for a stranger."""
        return self.request.user if isinstance(self.request.user, Principal) else None

    @property
    def principal(self) -> Principal:
        """The key that calls. Raises 401 for a stranger."""
        if self.caller is None:
            raise NotAuthenticated
        return self.caller

    @property
    def key(self) -> ApiKey | None:
        return self.request.auth if isinstance(self.request.auth, ApiKey) else None

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the address by its name in snake_case, sent in either case."""
        return query.text(self.request, name, default)

    def body(self, serializer: type[BaseSerializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """What the body says, by the serializer. Raises 400 with the fields that are wrong; unknown ones are
        ignored."""
        given = serializer(data=self.input_data(), partial=partial, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        found: dict[str, Any] = given.validated_data
        return found

    def input_data(self) -> Any:
        """What ``body`` reads. A view overrides it where something may also stand in the address."""
        return self.request.data

    def get_serializer_context(self) -> dict[str, Any]:
        return {"request": self.request, "view": self}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """In the order in which an answer says least to whoever may not have it."""
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        super().initial(request, *args, **kwargs)
        for name, values in request.query_params.lists():
            check_text((name, *values))

    def perform_authentication(self, request: Request) -> None:
        """Who has no key that works counts by address, also while guessing one."""
        try:
            super().perform_authentication(request)
        except (NotAuthenticated, AuthenticationFailed):
            count_stranger(request.META)
            raise
        if self.caller is None:
            count_stranger(request.META)
        else:
            count_key(self.caller)

    def check_permissions(self, request: Request) -> None:
        method = request.method or ""
        if method == "OPTIONS":
            return
        if self.caller is None:
            if ("GET" if method == "HEAD" else method) not in self.anonymous:
                raise NotAuthenticated
            return
        needed = self.scope or ("read" if method in SAFE else "write")
        if self.key is not None and not keys.allows(self.key, needed):
            sentence = _("This key has not the scope “%(scope)s”. Take another key, or ask an admin for one.")
            raise NotAllowed(sentence % {"scope": needed})

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, NotAuthenticated) or getattr(exc, "status_code", 0) == 401:
            vars(exc)["auth_header"] = self.get_authenticate_header(self.request)
        response = handle(exc, self.get_exception_handler_context())
        if response is None:
            raise exc
        response.exception = True
        return response

    def options(self, request: HttpRequest | Request, *args: Any, **kwargs: Any) -> Response:
        """What a browser asks before it lets a page of another site call; it sends no key then."""
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answered = super().finalize_response(request, response, *args, **kwargs)
        answered.setdefault("Cache-Control", "no-store")
        patch_vary_headers(answered, ["Authorization"])
        if self.anonymous:
            self.allow_other_sites(request, answered)
        return answered

    def allow_other_sites(self, request: HttpRequest | Request, response: HttpResponseBase) -> None:
        """CORS, without cookies: what a stranger may call, any page may call in a stranger's name."""
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
        if request.method == "OPTIONS":
            response["Access-Control-Allow-Methods"] = ", ".join(sorted(self.anonymous | {"OPTIONS"}))
            response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key"
            response["Access-Control-Max-Age"] = "86400"
