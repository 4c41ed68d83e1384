"""What an endpoint's address must look like."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from llm_extract.errors import SettingsError


def checked_base_url(url: str) -> str:
    """The address without its last slash. Raises SettingsError if it is no plain http or https address."""
    allowed = "it must look like https://host/v1"
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError as error:
        raise SettingsError(f"the base URL is malformed ({error}): {allowed}") from None
    if parts.username or parts.password:
        raise SettingsError("the base URL contains a user name or password: put the key into LLM_EXTRACT_API_KEY")
    if parts.query or parts.fragment:
        raise SettingsError(f"the base URL has a part after ? or #: {allowed}")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", url.strip()):
        raise SettingsError(f"the base URL {url!r} is no http or https address: {allowed}")
    return parts.geturl().rstrip("/")
