"""Who logs in to pymap, and what they get: the house's users and their folders.

It must not know connections.
"""

from __future__ import annotations

import ssl
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from pymap.backend.session import BaseSession
from pymap.concurrent import Subsystem
from pymap.config import BackendCapability, IMAPConfig
from pymap.exceptions import AuthorizationFailure, InvalidAuth, NotAllowedError, UserNotFound
from pymap.imap.state import ConnectionState
from pymap.interfaces.login import IdentityInterface, LoginInterface
from pymap.parsing.command.any import CapabilityCommand
from pymap.parsing.command.auth import SelectCommand
from pymap.parsing.command.select import FetchCommand
from pymap.parsing.response import CommandResponse, ResponseOk, UntaggedResponse
from pymap.parsing.response.code import Capability
from pymap.parsing.response.specials import ExistsResponse, FetchResponse
from pymap.selected import SelectedMailbox
from pymap.token import AllTokens
from pymap.user import UserMetadata
from pysasl import SASLAuth
from pysasl.creds.server import ServerCredentials
from pysasl.hashing import BuiltinHash
from pysasl.identity import ClearIdentity

from protocols.mail.server.house import House
from protocols.mail.server.imap_box import BoxSet, special_use
from protocols.mail.server.imap_message import Message, streamed
from protocols.mail.server.link import Link

_MECHANISMS: Final = (b"PLAIN", b"LOGIN", b"CRAM-MD5")


class LabConfig(IMAPConfig):
    """pymap's settings for our server."""

    def __init__(self, house: House, *, sealed: bool) -> None:
        self._house = house
        self._sealed = sealed
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None), host=None, port=0,
            ssl_context=house.context or ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            tls_enabled=house.context is not None and not sealed, hash_context=BuiltinHash(),
            invalid_user_sleep=0.0, reject_dnsbl=False, admin_key=b"none", bad_command_limit=20,
            max_append_len=house.setup.size_limit, cpu_subsystem=Subsystem.for_asyncio(),
        )  # fmt: skip

    @property
    def backend_capability(self) -> BackendCapability:
        """See IMAPConfig."""
        return BackendCapability(idle=True, object_id=False, multi_append=True, custom=[b"SPECIAL-USE"])

    @property
    def tls_auth(self) -> SASLAuth:
        """See IMAPConfig."""
        return SASLAuth.named(_MECHANISMS)

    @property
    def initial_auth(self) -> SASLAuth:
        """Logins work in plain unless they are forbidden."""
        may = self._sealed or not self._house.setup.login_needs_tls
        return self.tls_auth if may else SASLAuth([])

    @property
    def greeting(self) -> bytes:
        """See IMAPConfig."""
        return b"NetLab IMAP ready"


class LabSession(BaseSession[Message]):
    """One user's session."""

    def __init__(self, owner: str, config: IMAPConfig, boxes: BoxSet) -> None:
        super().__init__(owner)
        self._config = config
        self._boxes = boxes

    @property
    def config(self) -> IMAPConfig:
        """See BaseSession."""
        return self._config

    @property
    def mailbox_set(self) -> BoxSet:
        """See BaseSession."""
        return self._boxes

    async def list_mailboxes(
        self, ref_name: str, filter_: str, subscribed: bool = False, selected: SelectedMailbox | None = None
    ) -> tuple[Iterable[tuple[str, str | None, Sequence[bytes]]], SelectedMailbox | None]:
        """LIST, with what the folders are for (RFC 6154)."""
        found, updates = await super().list_mailboxes(ref_name, filter_, subscribed, selected)
        return [(name, sep, [*attributes, *special_use(name)]) for name, sep, attributes in found], updates


class LabIdentity(IdentityInterface):
    """Who somebody has proved to be."""

    def __init__(self, login: LabLogin, name: str) -> None:
        self._login = login
        self._name = name

    @property
    def name(self) -> str:
        """See IdentityInterface."""
        return self._name

    @property
    def roles(self) -> frozenset[str]:
        """Nobody may act for others."""
        return frozenset()

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[LabSession]:
        """See IdentityInterface."""
        yield LabSession(self._name, self._login.config, self._login.boxes(self._name))

    async def new_token(self, *, expiration: datetime | None = None) -> str | None:
        """There are none."""
        return None

    async def get(self) -> UserMetadata:
        """Users are ordered with the server, not changed through it."""
        raise NotAllowedError

    async def set(self, metadata: UserMetadata) -> int | None:
        """See `get`."""
        raise NotAllowedError

    async def delete(self) -> None:
        """See `get`."""
        raise NotAllowedError


class LabLogin(LoginInterface):
    """Logins of one server."""

    def __init__(self, house: House, config: IMAPConfig, sets: dict[str, BoxSet]) -> None:
        self._house = house
        self.config: Final = config
        self._sets = sets
        self._tokens = AllTokens(config)

    @property
    def tokens(self) -> AllTokens:
        """See LoginInterface."""
        return self._tokens

    def boxes(self, name: str) -> BoxSet:
        """A user's folders, the same for all of their sessions."""
        if name not in self._sets:
            self._sets[name] = BoxSet(self._house.store.boxes[name])
        return self._sets[name]

    async def authenticate(self, credentials: ServerCredentials) -> LabIdentity:
        """Raises InvalidAuth."""
        name = credentials.authcid
        password = self._house.setup.users.get(name)
        if password is None or not credentials.verify(ClearIdentity(name, password)):
            raise InvalidAuth
        return LabIdentity(self, name)

    async def authorize(self, authenticated: IdentityInterface, authzid: str) -> LabIdentity:
        """Raises AuthorizationFailure for who would act for somebody else."""
        if authzid != authenticated.name:
            raise AuthorizationFailure
        if authzid not in self._house.store.boxes:
            raise UserNotFound(authzid)
        return LabIdentity(self, authzid)


class LabState(ConnectionState):
    """pymap's state of a connection, with rules that make it claim what is not so."""

    def __init__(self, house: House, link: Link, login: LabLogin, config: IMAPConfig) -> None:
        super().__init__(login, config)
        self._house = house
        self._link = link

    def _claimed(self) -> Capability:
        words = [bytes(one).decode("ascii") for one in self.capability.capabilities]
        claimed = self._house.rules.capability(self._house.occasion(self._link, "CAPABILITY"), words)
        return Capability([one.encode("ascii", "replace") for one in claimed])

    async def do_capability(self, cmd: CapabilityCommand) -> Any:
        """What it says it can do."""
        response = ResponseOk(cmd.tag, b"Capabilities listed.")
        response.add_untagged(UntaggedResponse(self._claimed().string))
        return response, None

    async def do_greeting(self) -> CommandResponse:
        """As pymap's, but being on this machine is no reason to take passwords in plain where that is forbidden."""
        return ResponseOk(b"*", self.config.greeting, self._claimed())

    async def do_authenticate(self, cmd: Any, creds: ServerCredentials | None) -> CommandResponse:
        """LOGIN and AUTHENTICATE."""
        response = await super().do_authenticate(cmd, creds)
        if creds is not None and self._session is not None:
            self._link.user = self._session.owner
            response = ResponseOk(cmd.tag, b"Authentication successful.", self._claimed())
        return response

    async def do_fetch(self, cmd: FetchCommand) -> Any:
        """FETCH; a whole message goes from its file to the client, and never into memory."""
        response, updates = await super().do_fetch(cmd)
        if any(attribute.section is not None for attribute in cmd.attributes):
            for one in response._untagged:
                if isinstance(one, FetchResponse):
                    one.data = {name: streamed(value) for name, value in one.data.items()}
        return response, updates

    async def do_select(self, cmd: SelectCommand) -> Any:
        """SELECT and EXAMINE."""
        response, updates = await super().do_select(cmd)
        for one in response._untagged:
            if isinstance(one, ExistsResponse):
                one.num = self._house.rules.count(self._house.occasion(self._link, "SELECT"), one.num)
        return response, updates
