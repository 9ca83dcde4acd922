"""Django's settings, taken from the environment. Importing them touches no database.

``SUYUAN_HOME``           data folder; default: the user's data folder, or /var/lib/suyuan for root
``DATABASE_URL``          a PostgreSQL 15 or newer; without it the embedded one in the data folder
``DATABASE_OWNER_URL``    the same database for migrations, where another login shall be used
``SUYUAN_PUBLIC_URL``     address that people reach this installation at; printed on labels, so it must last
``SUYUAN_SECRET_KEY``     signs cursors; without it one is made and kept in the data folder
``SUYUAN_HOSTS``          names under which the server is reached, separated by commas
``SUYUAN_HTTPS``          1 where the server stands behind TLS
``SUYUAN_PROXIES``        how many proxies stand before the server, each adding to X-Forwarded-For; default: 0
``SUYUAN_LOG_BASE``       what the origins of the logs begin with: a name of this installation, for ever
``SUYUAN_LOG_FOLDER``     the logs' files; default: ``log`` in the data folder
``SUYUAN_LOG_URL``        address behind which these files are served, for receipts
``SUYUAN_LOG_SEAT``       province whose log takes companies without a division; default: 110000
``SUYUAN_LOG_SPLIT``      ``province`` for one log a province and year, ``none`` for one a year; default: province
``SUYUAN_KEY_FOLDER``     signing keys; default: ``keys`` in the data folder
``SUYUAN_SESSION_HOURS``   how long a sign-in on the pages lasts; default: 12
``SUYUAN_NOTICE_LEADS``   working days before a last day on which companies are told; default: 5,3,1,0
``SUYUAN_WEBHOOK_NETWORKS``  networks (10.0.0.0/8) to which webhooks may go though they are not public
``SUYUAN_DEBUG``          1 while developing, never in service
``SUYUAN_LOG``            how much is written down: debug (never in service), info, warning (default), error, critical

A login named in a URL must be a member of the roles ``suyuan_app`` and ``suyuan_owner``: each
connection acts as one of the two, whoever logged in.
"""

import os
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from psycopg.conninfo import conninfo_to_dict

from suyuan.kernel import Language
from suyuan.server.kit import journal, postgres, roles
from suyuan.server.kit.secret import secret_key


def _home() -> Path:
    named = os.environ.get("SUYUAN_HOME")
    if named:
        return Path(named).expanduser().absolute()
    return Path("/var/lib/suyuan") if os.geteuid() == 0 else user_data_path("suyuan", appauthor=False)


def _database(url: str | None, role: str) -> dict[str, Any]:
    parts = {key: str(value) for key, value in conninfo_to_dict(url or postgres.dsn(HOME, role)).items()}
    options: dict[str, object] = {
        **{key: value for key, value in parts.items() if key not in _DJANGO_NAMES},
        "options": f"{parts.get('options', '')} -c role={role}".strip(),
        "application_name": f"suyuan {role}",
        "prepare_threshold": 5,  # Django would turn prepared statements off
    }
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{name: parts[key] for key, name in _DJANGO_NAMES.items() if key in parts},
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}

HOME = _home()
DATABASE_URL = os.environ.get("DATABASE_URL") or None
EMBEDDED_DATABASE = DATABASE_URL is None  # then `suyuan.server.kit.postgres.ensure_running(HOME)` comes first
DATABASES = {
    "default": _database(DATABASE_URL, roles.APP),
    "owner": _database(os.environ.get("DATABASE_OWNER_URL") or DATABASE_URL, roles.OWNER),
}

PUBLIC_URL = os.environ.get("SUYUAN_PUBLIC_URL", "")
NOTICE_LEADS = tuple(sorted({int(days) for days in os.environ.get("SUYUAN_NOTICE_LEADS", "5,3,1,0").split(",")}))
WEBHOOK_NETWORKS = tuple(filter(None, os.environ.get("SUYUAN_WEBHOOK_NETWORKS", "").split(",")))
LOG_BASE = os.environ.get("SUYUAN_LOG_BASE", "localhost")
LOG_FOLDER = Path(os.environ.get("SUYUAN_LOG_FOLDER") or HOME / "log")
LOG_URL = os.environ.get("SUYUAN_LOG_URL", "")
LOG_SEAT = os.environ.get("SUYUAN_LOG_SEAT", "110000")  # whose log takes companies without a division
LOG_IS_ONE = os.environ.get("SUYUAN_LOG_SPLIT", "province") == "none"
KEY_FOLDER = Path(os.environ.get("SUYUAN_KEY_FOLDER") or HOME / "keys")

SECRET_KEY = os.environ.get("SUYUAN_SECRET_KEY") or secret_key(HOME)
DEBUG = os.environ.get("SUYUAN_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("SUYUAN_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "suyuan.server.accounts",
    "suyuan.server.registry",
    "suyuan.server.ledger",
    "suyuan.server.log",
    "suyuan.server.submissions",
    "suyuan.server.handover",
    "suyuan.server.laboratory",
    "suyuan.server.supervision",
    "suyuan.server.cases",
    "suyuan.server.answers",
]
MIDDLEWARE = [
    "suyuan.server.kit.observing.observing",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "suyuan.server.web.door.Door",  # sessions, sign-in and language: for pages alone, never for the API
    "allauth.account.middleware.AccountMiddleware",  # insists on standing in this list
]
ROOT_URLCONF = "suyuan.server.urls"
WSGI_APPLICATION = "suyuan.server.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans" if Language.from_environment() is Language.ZH else "en"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOGGING = journal.settings()
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

DATA_UPLOAD_MAX_MEMORY_SIZE = 32 << 20  # bodies read whole, bytes; files are streamed to disk instead
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
APPEND_SLASH = False

_HTTPS = os.environ.get("SUYUAN_HTTPS") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "suyuan.server.web.surroundings.surroundings",
            ],
            "builtins": ["suyuan.server.web.tags"],
        },
    }
]

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("login", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "web-home"
ACCOUNT_ADAPTER = "suyuan.server.web.signing_in.Adapter"
ACCOUNT_FORMS = {"login": "suyuan.server.web.signing_in.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "web-front"
ACCOUNT_SESSION_REMEMBER = False
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("SUYUAN_PROXIES") or 0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # people are invited by hand; nobody proves an address
MFA_TOTP_ISSUER = "Suyuan"
MFA_TOTP_TOLERANCE = 1  # half minutes that a telephone's clock may be wrong
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _HTTPS  # http://localhost, for trials
CACHES = {
    "default": {  # only what limits how often somebody may try; shared by all workers
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # beyond it counts are thrown away, and attempts with them
    }
}
SESSION_COOKIE_AGE = int(os.environ.get("SUYUAN_SESSION_HOURS") or 12) * 3600
SESSION_COOKIE_NAME = "suyuan_session"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "suyuan_csrf"
CSRF_FAILURE_VIEW = "suyuan.server.web.kept.strange_form"
SILENCED_SYSTEM_CHECKS = ["security.W003", "models.W042"]  # the door carries the CSRF check
# In a folder marked by `suyuan demo` simulated people sign in with a click, and every page says so.
SIMULATED = EMBEDDED_DATABASE and (HOME / ".suyuan-demo").is_file()

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"  # each room's background work
