"""The site's settings, and the only place that decides what the environment may change."""

from __future__ import annotations

import warnings
from datetime import timedelta
from pathlib import Path

import drf_spectacular_sidecar
from csp.constants import NONE, SELF

from digitsite.environment import (
    read_aws_key,
    read_bool,
    read_bucket,
    read_bytes,
    read_cache,
    read_cluster,
    read_count,
    read_database,
    read_folder,
    read_hosts,
    read_license,
    read_limit,
    read_path,
    read_secret_key,
    read_share,
    read_token,
)

BASE_DIR = Path(__file__).resolve().parent.parent

# What the environment may change

DEBUG = read_bool("DEBUG", default=False)
# A site that is reached by https alone, and by strangers: all that follows from it is below.
HTTPS = read_bool("HTTPS", default=False)
TRUST_X_FORWARDED_PROTO = read_bool("TRUST_X_FORWARDED_PROTO", default=False)
SECRET_KEY = read_secret_key(
    "SECRET_KEY", path=BASE_DIR / ".secret_key", required_by="HTTPS" if HTTPS else None
)
ALLOWED_HOSTS = read_hosts("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Under a path of a host that has other sites, too. Their cookies and ours are not each other's.
SCRIPT_NAME = read_path("SCRIPT_NAME")
FORCE_SCRIPT_NAME = SCRIPT_NAME or None
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = SCRIPT_NAME or "/"
DATABASES = {
    "default": read_database(
        "DATABASE_URL",
        default="sqlite:///db.sqlite3",
        folder=BASE_DIR,
        # As many as a gunicorn worker has threads, so that no request waits for another's.
        pool_size=read_count("DATABASE_POOL", default=4),
    )
}
CACHES = {"default": read_cache("CACHE_URL", default="dbcache://cache")}
ARTIFACTS_DIR = read_folder("ARTIFACTS_DIR", default=BASE_DIR / "artifacts", folder=BASE_DIR)
# Model files on object storage; the folder then has copies of them alone.
ARTIFACTS_URL = read_bucket("ARTIFACTS_URL")
AWS_KEY = read_aws_key() if ARTIFACTS_URL else None
MAX_ARCHIVE = read_bytes("MAX_ARCHIVE", default="20GB")
DATASET_LICENSE = read_license("DATASET_LICENSE")
KEEP_MODELS = read_count("KEEP_MODELS", default=10)
# A cookie costs nothing, so of strangers' labels only a person can tell which are true.
RETRAIN_REVIEWED_ONLY = read_bool("RETRAIN_REVIEWED_ONLY", default=HTTPS)
RETRAIN_AFTER = read_count("RETRAIN_AFTER", default=0)
RETRAIN_WORKER = read_bool("RETRAIN_WORKER", default=True)
RETRAIN_CLUSTER = read_cluster("RETRAIN_CLUSTER")
RETRAIN_VISITOR_LABELS = read_count("RETRAIN_VISITOR_LABELS", default=100)
RETRAIN_VISITOR_SHARE = read_share("RETRAIN_VISITOR_SHARE", default=0.1)
# A minute, but for what is stored, which is a day's; a person at the page meets none of them, nor
# do 30 behind one router.
THROTTLE_VISITOR = read_limit("THROTTLE_VISITOR", default=120)  # drawings
THROTTLE_KEY = read_limit("THROTTLE_KEY", default=600)  # requests
THROTTLE_ADDRESS = read_limit("THROTTLE_ADDRESS", default=120)  # requests without cookie or key
THROTTLE_EXPLAINED = read_limit("THROTTLE_EXPLAINED", default=1200)  # for one address
THROTTLE_DRAFTS = read_limit("THROTTLE_DRAFTS", default=1500)  # for one address, in each process
THROTTLE_ALL = read_limit("THROTTLE_ALL", default=30_000)  # requests
THROTTLE_STORED = read_limit("THROTTLE_STORED", default=10_000)  # drawings from one address
THROTTLE_STORED_MB = read_limit("THROTTLE_STORED_MB", default=200)  # from one network
THROTTLE_WORK = read_limit("THROTTLE_WORK", default=6000)  # ordinary drawings, for one address
NUM_PROXIES = read_count("NUM_PROXIES", default=0)

# How many processes answer; 0 is as many as there are cores.
WEB_CONCURRENCY = read_count("WEB_CONCURRENCY", default=0)
# Seconds for which a client may neither send nor take anything; 0 is without limit.
CLIENT_TIMEOUT = read_count("CLIENT_TIMEOUT", default=60)
METRICS_TOKEN = read_token("METRICS_TOKEN")

# Data that comes with the project

BUNDLED_MODEL = BASE_DIR / "fixtures" / "model.joblib"
BASE_DATASET = BASE_DIR / "fixtures" / "tmnist.csv.gz"
LETTERS_DATASET = BASE_DIR / "fixtures" / "letters.csv.gz"

# Application

INSTALLED_APPS = [
    "digitsite.apps.Admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "axes",
    "whitenoise.runserver_nostatic",
    "digitsite.apps.StaticFiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "csp",
    "django_guid",
    "django_prometheus",
    "django_tasks",
    "django_tasks_db",
    "recognizer",
]

MIDDLEWARE = [
    "recognizer.middleware.lighten_static_files",
    "django_guid.middleware.guid_middleware",
    "recognizer.middleware.refuse_unknown_methods",
    "recognizer.middleware.answer_probes",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "recognizer.middleware.restrict_content",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "recognizer.middleware.keep_private",
    "recognizer.middleware.check_body",
    "recognizer.middleware.refuse_zero_bytes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "recognizer.middleware.PageLocaleMiddleware",
    "recognizer.middleware.explain_refused_methods",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "recognizer.middleware.AdminFiltersMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

# The id under which a proxy knows a request, if it is a UUID; else one of our own.
DJANGO_GUID = {"GUID_HEADER_NAME": "X-Request-ID", "EXPOSE_HEADER": False}

ROOT_URLCONF = "digitsite.urls"
WSGI_APPLICATION = "digitsite.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"
# Where a log-in leads if its `next` is another site; Django's default does not exist here.
LOGIN_REDIRECT_URL = "admin:index"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Log-in: a client that guesses passwords has to pause, in all processes (`manage.py axes_reset`)

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Not by name: a stranger could keep a reviewer out.
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_HANDLER = "recognizer.access.lockout.LockOuts"
AXES_CLIENT_IP_CALLABLE = "recognizer.access.lockout.address_of"
AXES_LOCKOUT_CALLABLE = "recognizer.access.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # log-ins are not recorded
AXES_VERBOSE = False

TIME_ZONE = "UTC"
USE_TZ = True

# Languages of the pages; English where a browser asks for neither

# Retraining in the background waits in the database for `manage.py db_worker`.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "recognizer" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Static files: hashed names, compressed once, kept by browsers

STATIC_URL = f"{SCRIPT_NAME}/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Of the package with Swagger UI only that: as an app it would bring Redoc, too.
SWAGGER_UI = Path(
    drf_spectacular_sidecar.__path__[0], "static/drf_spectacular_sidecar/swagger-ui-dist"
)
STATICFILES_DIRS = [BASE_DIR / "static", ("swagger-ui", SWAGGER_UI)]
# Plain names are never requested; without their copies collectstatic takes half as long.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Model files
    "artifacts": {
        "BACKEND": "recognizer.services.versions.object_storage.BucketStorage"
        if ARTIFACTS_URL
        else "recognizer.services.versions.artifact_files.AtomicFileStorage"
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "digitsite.storage.HashedModulesStorage"
    },
}

# Limits: a picture has at most 15 MiB as a file, and the rest is room for the form

MAX_BODY_BYTES = 16 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FILES = 1001  # one more than a batch may have, so that it is told so

# Security

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "recognizer.problems.pages.stale_form"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# The owner of a domain decides about the browsers' preload list, not one of its sites.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
# Any client can send the header; only a proxy that always sets it makes it true.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_X_FORWARDED_PROTO else None
# No page uses these, so no script may.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Previews of digits travel inside the answers, as data: addresses.
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "recognizer.access.callers.KeyAuthentication",
        "recognizer.access.visitors.VisitorAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["recognizer.access.callers.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["recognizer.access.throttles.CallerThrottle"],
    "NUM_PROXIES": NUM_PROXIES,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "recognizer.api.parsers.CautiousJSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "recognizer.api.parsers.AlwaysJSON",
    "DEFAULT_FILTER_BACKENDS": ["recognizer.api.filters.NamedFilters"],
    "DEFAULT_SCHEMA_CLASS": "recognizer.api.schema.Schema",
    "EXCEPTION_HANDLER": "recognizer.problems.kinds.handle_exception",
    "STRICT_JSON": True,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Digit recognizer",
    "DESCRIPTION": "Reads digits that somebody drew, keeps them, and learns from what people say "
    "to its answers. What cannot be answered is told as `application/problem+json` (RFC 9457), "
    "whose `type` is a page. An unsafe request that carries cookies needs the CSRF token; one "
    "without them, or with an API key, does not.",
    "VERSION": "1",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": SCRIPT_NAME}] if SCRIPT_NAME else [],
    "TAGS": [
        {"name": "drawings", "description": "Drawings that are kept."},
        {"name": "reviews", "description": "What reviewers decide about drawings."},
        {"name": "predictions", "description": "Answers alone."},
        {"name": "models", "description": "The versions, and how they do."},
        {"name": "description", "description": "This description."},
        {"name": "health", "description": "Whether the site is well, for what watches over it."},
    ],
    "PREPROCESSING_HOOKS": ["recognizer.api.schema.add_plain_views"],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "metrics": {
                "type": "http",
                "scheme": "bearer",
                "description": "`METRICS_TOKEN`, as the operator set it.",
            }
        }
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # Choices stand where they belong; as components they would have generated names.
    "POSTPROCESSING_HOOKS": [],
    "SORT_OPERATION_PARAMETERS": False,
}

# What Pillow says of odd pictures, which clients send; what matters of it is in the answer.
warnings.filterwarnings("ignore", module=r"PIL\.")

# Logging: to standard error, where the thing that runs us collects it; what a command prints on
# standard output is for other programs to read

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "digitsite.logs.LineFormatter",
            "format": "{asctime} {levelname} {name}{request_id}: {message}",
            "style": "{",
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "formatter": "line",
        },
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "recognizer": {"level": "INFO"},
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django_guid": {"handlers": ["nowhere"], "propagate": False},
    },
}
