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


@pytest.mark.parametrize(
    "url",
    [
        "https://user:{}@host/v1",
        "https://{}@host/v1",
        "user:{}@host:8000/v1",  # read as an address of the scheme `user`
        "{}@host/v1",
        "ftp://user:{}@host/v1",
        "http://user:{}/x@host/v1",  # read as a port
        "http://user:{}@[::1/v1",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="LLM_EXTRACT_API_KEY") as caught:
        checked_base_url(url.format(KEY))
    assert KEY not in str(caught.value)


def test_an_at_sign_further_on_in_a_path_is_no_password() -> None:
    assert checked_base_url("https://host/@team/v1") == "https://host/@team/v1"
