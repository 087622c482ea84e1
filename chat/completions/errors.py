"""How a completions endpoint can fail us.

* UpstreamError                     ``code`` is one of the closed list, ``detail`` is for the log only;
                                    ``retry_after`` are the seconds that the upstream asked for, if it did
  x UpstreamUnreachable             refused, no such host, no route, TLS         upstream_unreachable
  x UpstreamTimeout                 the whole reply took too long                upstream_timeout
    - UpstreamSlow                  nothing came within the first-byte deadline  upstream_timeout_first
    - UpstreamStalled               the stream paused longer than allowed        upstream_stalled
  x UpstreamCut                     the connection closed before the end         upstream_cut
  x UpstreamBadData                 what came is not the protocol                upstream_bad_data
  x UpstreamBusy                    429                                          upstream_busy
  x UpstreamFault                   any other error answer                       upstream_error
    - UpstreamUnavailable           503: starting or overloaded, worth a retry   upstream_error
  x UpstreamTooLong                 the reply passed its limit                   upstream_too_long
"""

from __future__ import annotations

from typing import ClassVar

from chat.exceptions import ChatError


class UpstreamError(ChatError):
    code: ClassVar[str] = "upstream_error"
    status = 502
    transient = True

    def __init__(self, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__()
        self.detail = detail[:500]
        self.retry_after = retry_after


class UpstreamUnreachable(UpstreamError):
    code = "upstream_unreachable"


class UpstreamTimeout(UpstreamError):
    code = "upstream_timeout"


class UpstreamSlow(UpstreamTimeout):
    code = "upstream_timeout_first"


class UpstreamStalled(UpstreamTimeout):
    code = "upstream_stalled"


class UpstreamCut(UpstreamError):
    code = "upstream_cut"


class UpstreamBadData(UpstreamError):
    code = "upstream_bad_data"


class UpstreamBusy(UpstreamError):
    code = "upstream_busy"


class UpstreamFault(UpstreamError):
    code = "upstream_error"


class UpstreamUnavailable(UpstreamFault):
    pass


class UpstreamTooLong(UpstreamError):
    code = "upstream_too_long"
    transient = False
