"""What an endpoint's address must look like."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from llm_extract.errors import SettingsError


def checked_base_url(url: str) -> str:
    """The address without its last slash. Raises SettingsError if it is no plain http or https address."""
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError as error:
        raise _refusal(url, f"is malformed ({error})") from None
    if parts.username or parts.password:
        raise _refusal(url, "contains a user name or password")
    if parts.query or parts.fragment:
        raise _refusal(url, "has a part after ? or #")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", url.strip()):
        raise _refusal(url, f"{url!r} is no http or https address")
    return parts.geturl().rstrip("/")


def _refusal(url: str, why: str) -> SettingsError:
    """An error without a password: what stands before an @ may be one, whatever else is wrong with the address."""
    if "@" in url:
        return SettingsError(
            "the base URL contains a user name or password, before its @: leave them out, "
            "and put the key into LLM_EXTRACT_API_KEY"
        )
    return SettingsError(f"the base URL {why}: it must look like https://host/v1")
