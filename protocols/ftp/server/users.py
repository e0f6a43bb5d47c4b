"""Who may log in and may do what, in the form that pyftpdlib asks for.

It must not know how passwords are typed or sent.
"""

from __future__ import annotations

import hmac
from typing import Any

from protocols.ftp.server.library import exceptions
from protocols.ftp.server.setup import ANONYMOUS, FtpSetup, User, rights_of

_NO: Any = exceptions.AuthenticationFailed


class Users:
    """pyftpdlib's authorizer, from a setup. Its method names are the library's."""

    def __init__(self, setup: FtpSetup) -> None:
        self._setup = setup
        self._users = {user.name: user for user in setup.users}
        if setup.anonymous:
            self._users[ANONYMOUS] = User(ANONYMOUS, "")

    def validate_authentication(self, username: str, password: str, handler: Any) -> None:
        """Raises AuthenticationFailed for an unknown user or a wrong password, without telling which."""
        user = self._users.get(username)
        known = user is not None and username == ANONYMOUS and self._setup.anonymous
        given, wanted = password.encode("utf-8", "surrogateescape"), (user.password if user else "").encode()
        if not (hmac.compare_digest(given, wanted) or known) or user is None:
            text = "Anonymous access not allowed." if username == ANONYMOUS else "Name or password is wrong."
            raise _NO(text)

    def get_home_dir(self, username: str) -> str:
        """The user's root folder."""
        return self._setup.home_of(self._users[username])

    def has_user(self, username: str) -> bool:
        """Whether there is such a user."""
        return username in self._users

    def has_perm(self, username: str, perm: str, path: str | None = None) -> bool:
        """Whether the user has a right, by its letter."""
        return perm in self.get_perms(username)

    def get_perms(self, username: str) -> str:
        """The letters of the user's rights."""
        user = self._users.get(username)
        return "" if user is None else rights_of(user.rights) or self._setup.usual_rights()

    def get_msg_login(self, username: str) -> str:
        """What the 230 reply says."""
        return f"{username} is logged in."

    def get_msg_quit(self, username: str) -> str:
        """What the 221 reply says."""
        return "Goodbye."

    def impersonate_user(self, username: str, password: str) -> None:
        """Files are the server's own user's: nobody is impersonated."""

    def terminate_impersonation(self, username: str) -> None:
        """See `impersonate_user`."""
