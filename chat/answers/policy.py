"""The policy that every page begins with (``docs/security.md``)."""

from __future__ import annotations

#: Nothing but our own files: no inline script or style, no eval, no other host, never in a frame.
STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
