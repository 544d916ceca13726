"""Everything about the package: ``pip install .`` reads it here."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages
from setuptools import setup

HERE = Path(__file__).parent
VERSION = re.search(r'VERSION = "(.+)"', (HERE / "flask_clerk/version.py").read_text())[1]

REDIS = ["redis>=5"]
WEBHOOKS = ["standardwebhooks>=1"]
BENCH = ["flask-jwt-extended>=4.6", "matplotlib>=3.8"]
TEST = [
    *REDIS,
    *WEBHOOKS,
    "ada-url>=1.20",
    "apiflask>=2.3",
    "clerk-backend-api>=7",
    "coverage[toml]>=7.4",
    "flask-smorest>=0.42",
    "flask-talisman>=1.1",
    "flask-jwt-extended>=4.6",
    "flask[async]>=3.0",
    "gevent>=24.2",
    "gunicorn>=22",
    "hypothesis>=6.100",
    "playwright>=1.40",
    "pytest>=8.2",
]
FUZZ = [*TEST, "atheris>=3; python_version >= '3.11' and platform_system == 'Linux'"]
DEV = [
    *TEST,
    *BENCH,
    "mypy>=1.11",
    "ruff>=0.9",
    "types-Authlib",
    "types-cachetools",
    "types-requests",
]

setup(
    name="flask-clerk",
    version=VERSION,
    description="Clerk sign-in and sessions for Flask: verified, refreshed, and local in tests",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    packages=find_packages(include=["flask_clerk", "flask_clerk.*"]),
    package_data={
        "flask_clerk": ["py.typed"],
        "flask_clerk.local": ["templates/**/*", "static/**/*"],
    },
    python_requires=">=3.10",
    install_requires=[
        "flask>=3.0",
        "authlib>=1.7",
        "cachetools>=5.3",
        "requests>=2.31",
    ],
    extras_require={
        "redis": REDIS,
        "webhooks": WEBHOOKS,
        "bench": BENCH,
        "test": TEST,
        "dev": DEV,
        "fuzz": FUZZ,
    },
    entry_points={
        "flask.commands": ["clerk = flask_clerk.cli:clerk"],
        "pytest11": ["flask_clerk = flask_clerk.pytest_plugin"],
    },
    keywords=["flask", "clerk", "authentication", "sessions", "jwt"],
    classifiers=[
        "Framework :: Flask",
        "Intended Audience :: Developers",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Security",
        "Typing :: Typed",
    ],
)
