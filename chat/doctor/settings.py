"""What the environment says: secrets, addresses, cookies, and what this process may use."""

from __future__ import annotations

import resource
import stat
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.utils.http import is_same_domain
from django.utils.translation import gettext as _

from chat.doctor.findings import Finding, Subject
from chat.services.demo import answers_others

STRONG = 50
#: What other lines say in our words: debugging, the key, the hosts; and, without TLS, what needs it.
SAID_ELSEWHERE = {"security.W018", "security.W009", "security.W020"}
ONLY_WITH_HTTPS = {"security.W004", "security.W012", "security.W016"}
#: The upstream's socket and the reader's, for each running reply.
DESCRIPTORS_A_REPLY = 2
OTHER_DESCRIPTORS = 200


def examine_settings() -> list[Finding]:
    return [
        secret_key(),
        debug(),
        public_url(),
        allowed_hosts(),
        https(),
        deployment(),
        descriptors(),
    ]


def secret_key() -> Finding:
    subject = Subject("settings.secret_key", _("Secret key"))
    file = settings.DATA_DIR / "secret_key"
    from_file = file.is_file() and file.read_text().strip() == settings.SECRET_KEY
    source = str(file) if from_file else _("the environment")
    found = _("%(length)d characters, from %(source)s.") % {
        "length": len(settings.SECRET_KEY),
        "source": source,
    }
    if from_file and stat.S_IMODE(file.stat().st_mode) & 0o077:
        return subject.warning(
            found + " " + _("Other users of this machine can read it."),
            _("Take their rights away: chmod 600 %(file)s") % {"file": file},
        )
    if len(settings.SECRET_KEY) < STRONG:
        return subject.warning(
            found,
            _(
                "Use at least 50 random characters, and keep the old key in SECRET_KEY_FALLBACKS for two "
                "weeks: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
            ),
        )
    return subject.ok(found)


def debug() -> Finding:
    subject = Subject("settings.debug", _("Debug mode"))
    if not settings.DEBUG:
        return subject.ok(_("Off."))
    advice = _("Set DEBUG=false: errors show source code and settings to whoever causes them.")
    if answers_others():
        return subject.wrong(_("On, and others can reach this server."), advice)
    return subject.warning(_("On."), advice)


def public_url() -> Finding:
    subject = Subject("settings.public_url", _("Public address"))
    example = _("Set PUBLIC_URL to what people type, such as PUBLIC_URL=https://chat.example.com")
    if not settings.PUBLIC_URL:
        found = _("PUBLIC_URL is not set: only %(address)s is answered.") % {
            "address": settings.PUBLIC_ORIGINS[0]
        }
        return subject.warning(found, example) if answers_others() else subject.ok(found)
    address = urlsplit(settings.PUBLIC_URL)
    if address.scheme not in ("http", "https") or not address.hostname:
        return subject.wrong(
            _("%(address)s is no address of a web site.") % {"address": settings.PUBLIC_URL}, example
        )
    if address.path or address.query:
        return subject.wrong(
            _("%(address)s has a path, and pages can only be served from the root of a host.")
            % {"address": settings.PUBLIC_URL},
            example,
        )
    return subject.ok(settings.PUBLIC_URL)


def allowed_hosts() -> Finding:
    subject = Subject("settings.allowed_hosts", _("Allowed hosts"))
    found = ", ".join(settings.ALLOWED_HOSTS)
    host = urlsplit(settings.PUBLIC_ORIGINS[0]).hostname or ""
    if not any(one == "*" or is_same_domain(host, one) for one in settings.ALLOWED_HOSTS):
        return subject.wrong(
            _("%(host)s of the public address is not among them: %(found)s") % {"host": host, "found": found},
            _("Add it: ALLOWED_HOSTS=%(hosts)s") % {"hosts": ",".join([*settings.ALLOWED_HOSTS, host])},
        )
    if "*" in settings.ALLOWED_HOSTS:
        return subject.warning(
            _("Every host name is answered."),
            _("Name those that people use: ALLOWED_HOSTS=%(host)s") % {"host": host},
        )
    return subject.ok(found)


def https() -> Finding:
    subject = Subject("settings.https", _("Encryption"))
    if settings.PUBLIC_URL.startswith("https://"):
        if settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE:
            return subject.ok(_("https; cookies are sent over TLS only."))
        return subject.wrong(
            _("https, but cookies are sent without TLS too."),
            _("Leave SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE as config/settings.py sets them."),
        )
    if answers_others():
        return subject.warning(
            _("Passwords and messages travel without encryption."),
            _(
                "Let nginx or Caddy answer with a certificate and set PUBLIC_URL=https://… "
                '(docs/operate.md, "Behind nginx or Caddy").'
            ),
        )
    return subject.ok(_("Without TLS, on this machine only."))


def deployment() -> Finding:
    """Django's own ``check --deploy``."""
    subject = Subject("settings.deployment", _("Django's deployment check"))
    encrypted = settings.PUBLIC_URL.startswith("https://")
    quiet = SAID_ELSEWHERE | (set() if encrypted else ONLY_WITH_HTTPS)
    messages = [
        one
        for one in checks.run_checks(include_deployment_checks=True)
        if not one.is_silenced() and one.level >= checks.WARNING and one.id not in quiet
    ]
    if not messages:
        return subject.ok(_("Nothing to say."))
    found = "; ".join(f"{one.id}: {one.msg.splitlines()[0]}" for one in messages)
    advice = _("Read it in full: manage.py check --deploy")
    serious = any(one.is_serious() for one in messages)
    return subject.wrong(found, advice) if serious else subject.warning(found, advice)


def descriptors() -> Finding:
    subject = Subject("settings.descriptors", _("Open files"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.MAX_RUNNING_REPLIES * DESCRIPTORS_A_REPLY + OTHER_DESCRIPTORS
    named = {"soft": soft, "needed": needed, "replies": settings.MAX_RUNNING_REPLIES}
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return subject.ok(
            _("A process may hold %(soft)d; %(replies)d running replies take about %(needed)d.") % named
        )
    fitting = max((soft - OTHER_DESCRIPTORS) // DESCRIPTORS_A_REPLY, 1)
    return subject.warning(
        _("A process may hold %(soft)d; %(replies)d running replies take about %(needed)d.") % named,
        _(
            "Raise the limit (LimitNOFILE=%(needed)d under systemd, `ulimit -n %(needed)d` in a shell), or "
            "set MAX_RUNNING_REPLIES=%(fitting)d."
        )
        % {**named, "fitting": fitting},
    )
