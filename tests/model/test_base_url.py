"""An endpoint's address is taken or refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.errors import SettingsError
from llm_extract.model.base_url import checked_base_url

KEY = "sk-very-secret-0123456789"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000",
        "ftp://host/v1",
        "http://",
        "https:///v1",
        "http://[::1/v1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "file:///etc/passwd",
        "https://host/v1?key=1",
        "https://host/v1#x",
        "https://ho st/v1",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_http_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="base URL"):
        checked_base_url(url)


@given(st.text(max_size=40).map("http://".__add__) | st.text(max_size=40))
def test_any_address_is_taken_or_refused_clearly(url: str) -> None:
    try:
        checked = checked_base_url(url)
    except SettingsError:
        return
    assert checked.startswith(("http://", "https://"))
    assert checked_base_url(checked) == checked


def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="LLM_EXTRACT_API_KEY") as caught:
        checked_base_url(f"https://user:{KEY}@host/v1")
    assert KEY not in str(caught.value)
