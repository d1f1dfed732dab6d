"""The HTTP session to Shopify: what must never be left to a library's defaults."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter


class UnredirectedSession(requests.Session):
    """A session that takes no redirect: `requests` would carry the access token along.

    Even told not to follow one, `requests` would read its body, and without a deadline.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is none."""


def shopify_session(connections: int) -> requests.Session:
    """A session for as many threads, without cookies, proxies or .netrc of the environment.

    It retries nothing by itself.
    """
    session = UnredirectedSession()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["Accept-Encoding"] = "gzip"
    adapter = HTTPAdapter(pool_connections=connections, pool_maxsize=connections, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
