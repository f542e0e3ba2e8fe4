"""Django settings. Everything an operator may change comes from `config.env`."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from config.env import load_env
from config.logs import logging_config
from config.periodic import BEAT_SCHEDULE

ENV = load_env()
BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = ENV.debug
DEMO = ENV.demo
TESTING = False
SECRET_KEY = ENV.secret_key
BASE_URL = ENV.base_url
DATA_DIR = ENV.data_dir
_base = urlsplit(BASE_URL)
_secure = _base.scheme == "https"
ALLOWED_HOSTS = ["*"] if DEBUG and not ENV.allowed_hosts else [*ENV.allowed_hosts, _base.hostname or ""]
CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"]

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "web",
    "statuspage",
    "postmortems",
    "alerts",
    "incidents",
    "services",
    "oncall",
    "notifications",
    "teams",
    "core",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "guardian",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_celery_beat",
    "django_htmx",
    "template_partials",
    "django_vite",
    "csp",
    "django_prometheus",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "channels",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.static.StaticFilesMiddleware",
    "core.middleware.DatabaseUnavailableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "web.middleware.ViewerMiddleware",
    "core.middleware.DomainErrorMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "web.context.shell",
            ],
        },
    }
]

DATABASES = {
    "default": {
        **dj_database_url.parse(ENV.database_url),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "application_name": "watchbill",
            "connect_timeout": 5,
        },
    }
}
# Whether `config.pool.use_pool`, called by the web processes, does so.
POOL_CONNECTIONS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ANONYMOUS_USER_NAME = None
# Access is in the querysets; guardian only stores exceptions, so its backend is not hooked.
GUARDIAN_MONKEY_PATCH_USER = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 9}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "teams.accounts.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "teams.accounts.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Watchbill"
SOCIALACCOUNT_PROVIDERS = ENV.oidc_providers
# A form that leads to the provider would be stopped by the form-action policy.
SOCIALACCOUNT_LOGIN_ON_GET = True
OIDC_GROUPS = ENV.oidc_groups
OIDC_GROUPS_CLAIM = ENV.oidc_groups_claim

# Rate limits only: sessions, locks and promises never depend on the cache.
CACHES = {
    "default": {
        "BACKEND": "core.cache.FailOpenRedisCache",
        "LOCATION": ENV.redis_url,
        "KEY_PREFIX": "wb",
        "OPTIONS": {"socket_timeout": 0.1, "socket_connect_timeout": 0.1, "max_connections": 64},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _secure
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# TLS ends at the operator's proxy, which also redirects: http inside is wanted.
SILENCED_SYSTEM_CHECKS = ["guardian.W001", *(["security.W008"] if _secure else [])]

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ("/admin/", "/api/docs/"),
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "frame-src": [SELF],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist"] if (BASE_DIR / "frontend" / "dist").is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
MEDIA_ROOT = DATA_DIR / "media"
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "frontend" / "dist" / ".vite" / "manifest.json",
        "static_url_prefix": "",
    }
}

WEBHOOK_ALLOWED_NETWORKS = ENV.webhook_allowed_networks
WEBHOOK_ALLOWED_PORTS = ENV.webhook_allowed_ports
PROVIDER_TIMEOUT = ENV.provider_timeout
KEEP_DELIVERIES_DAYS = ENV.keep_deliveries_days
KEEP_MAIL_DAYS = ENV.keep_mail_days
EMAIL_URL = ENV.email_url
MAIL_INTAKE_PORT = ENV.mail_intake_port
MAIL_INTAKE_HOST = ENV.mail_intake_host
MAIL_INTAKE_DOMAIN = ENV.mail_intake_domain
MAIL_BOUNCES = ENV.mail_bounces
DEFAULT_FROM_EMAIL = ENV.email_from

CELERY_BROKER_URL = ENV.redis_url
# Without options in the address Kombu encrypts and does not look at the certificate.
CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED} if ENV.redis_url.startswith("rediss:") else False
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
WAKEUPS = True
CLOCK_FOLLOWS_PROCESS = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "teams.api.authentication.BearerAuthentication",
        "teams.api.authentication.SessionAuthentication401",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["teams.api.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["teams.api.throttling.TokenThrottle"],
    "EXCEPTION_HANDLER": "core.api.errors.problem_response",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Watchbill API",
    "DESCRIPTION": "Incidents, on-call, services, postmortems and status pages.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "TrackerKindEnum": "incidents.choices.TrackerKind",
        "IncidentStatusEnum": "incidents.choices.IncidentStatus",
        "IncidentKindEnum": "incidents.choices.IncidentKind",
        "IncidentVisibilityEnum": "incidents.choices.Visibility",
        "IncidentRoleEnum": "incidents.choices.Role",
        "UpdateAudienceEnum": "incidents.choices.UpdateAudience",
        "EntryAudienceEnum": "incidents.choices.EntryAudience",
        "EntryKindEnum": "incidents.choices.EntryKind",
        "CauseStateEnum": "incidents.choices.CauseState",
        "UpdateStateEnum": "incidents.choices.UpdateState",
        "FieldKindEnum": "incidents.choices.FieldKind",
        "CriterionKindEnum": "incidents.choices.CriterionKind",
        "RelationKindEnum": ("related", "duplicate"),
        "TaskKindEnum": "incidents.choices.TaskKind",
        "TaskStateEnum": "incidents.choices.TaskState",
        "StageEnum": "incidents.choices.Stage",
        "AlertStatusEnum": "alerts.choices.AlertStatus",
        "IntakeStatusEnum": "alerts.choices.IntakeStatus",
        "SourceKindEnum": "alerts.choices.SourceKind",
        "ServiceKindEnum": "services.choices.ServiceKind",
        "ServiceFieldKindEnum": "services.choices.FieldKind",
        "HeartbeatStatusEnum": "alerts.choices.HeartbeatStatus",
        "CheckStatusEnum": "alerts.choices.CheckStatus",
        "CheckKindEnum": "alerts.choices.CheckKind",
        "ObjectiveSourceEnum": "alerts.choices.ObjectiveSource",
        "SignSeverityEnum": ("critical", "error", "warning", "info"),
        "DeliveryStatusEnum": "notifications.choices.DeliveryStatus",
        "OverrideKindEnum": "oncall.choices.OverrideKind",
        "PostmortemStatusEnum": "postmortems.choices.PostmortemStatus",
        "ItemStatusEnum": "postmortems.choices.ItemStatus",
        "MeetingKindEnum": "postmortems.choices.MeetingKind",
        "FactorKindEnum": "postmortems.choices.FactorKind",
        "WeekdayEnum": ("mo", "tu", "we", "th", "fr", "sa", "su"),
        "EdgeKindEnum": "services.choices.EdgeKind",
        "LinkKindEnum": "services.choices.LinkKind",
        "ChangeKindEnum": "services.choices.ChangeKind",
        "ComponentStatusEnum": "statuspage.choices.ComponentStatus",
        "NoticeKindEnum": "statuspage.choices.NoticeKind",
        "NoticeStatusEnum": "statuspage.choices.NoticeStatus",
        "NoticeStateEnum": "statuspage.choices.NoticeState",
        "SubscriberKindEnum": "statuspage.choices.SubscriberKind",
        "SubscriberStateEnum": "statuspage.choices.SubscriberState",
        "PageLanguageEnum": "statuspage.choices.Language",
        "TeamVisibilityEnum": "teams.choices.TeamVisibility",
        "TeamRoleEnum": "teams.choices.TeamRole",
    },
}
UNFOLD = {
    "SITE_TITLE": "Watchbill",
    "SITE_HEADER": "Watchbill",
    "SITE_URL": "/",
    "DASHBOARD_CALLBACK": "web.admin.dashboard",
}
API_SCHEMA_PUBLIC = ENV.api_schema_public
METRICS_PUBLIC = ENV.metrics_public

LOGGING = logging_config(debug=DEBUG)
