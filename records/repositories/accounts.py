"""Accounts, vouchers, signed-in sessions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from records.errors import NoSuchRecord
from records.models import Account, Responder, SignedIn, Voucher
from records.repositories.repository import Repository
from records.sql import load
from records.values import Recognised


class AccountRepository(Repository):
    """Accounts, vouchers, signed-in sessions."""

    def add(
        self,
        *,
        account_id: int,
        alias: str,
        lineage: int,
        roles: Collection[str],
        created_on: date,
        kind: str = "person",
        passphrase_hash: str | None = None,
        lang: str = "en",
    ) -> Account:
        """Keep a new account; the alias must be free."""
        account = Account(
            network_id=self._network_id,
            id=account_id,
            alias=alias,
            kind=kind,
            lineage=lineage,
            roles=sorted(roles),
            passphrase_hash=passphrase_hash,
            lang=lang,
            created_on=created_on,
        )
        self._session.add(account)
        self._session.flush()
        return account

    def get(self, account_id: int) -> Account:
        """Return an account; raises NoSuchRecord."""
        found = self._session.get(Account, (self._network_id, account_id))
        if found is None:
            raise NoSuchRecord
        return found

    def find(self, alias: str) -> Account | None:
        """Return the account of this alias, or None."""
        return self._session.scalar(
            select(Account).where(Account.network_id == self._network_id, Account.alias == alias)
        )

    def aliases(self, account_ids: Collection[int]) -> dict[int, str]:
        """Return the aliases of these accounts, by id."""
        rows = self._session.execute(
            select(Account.id, Account.alias).where(
                Account.network_id == self._network_id, Account.id.in_(list(account_ids))
            )
        )
        return {row.id: row.alias for row in rows}

    def every(self) -> Sequence[Account]:
        """Return all accounts, by alias."""
        return self._session.scalars(
            select(Account).where(Account.network_id == self._network_id).order_by(Account.alias)
        ).all()

    def suspend(self, account_id: int, moment: datetime) -> None:
        """Mark an account as suspended since `moment`, and end its sessions."""
        self._session.execute(
            update(Account)
            .where(Account.network_id == self._network_id, Account.id == account_id)
            .values(suspended_at=moment)
        )
        self.end_sessions(account_id)

    def lift_suspension(self, account_id: int) -> None:
        """Let an account in again."""
        self._session.execute(
            update(Account)
            .where(Account.network_id == self._network_id, Account.id == account_id)
            .values(suspended_at=None)
        )

    def has_session(self, account_id: int, moment: datetime) -> bool:
        """Return whether an account has a session that has not run out at a moment."""
        query = select(SignedIn.account_id).where(
            SignedIn.network_id == self._network_id,
            SignedIn.account_id == account_id,
            SignedIn.expires_at > moment,
        )
        return self._session.scalar(query.limit(1)) is not None

    def recognised(self, token_sha256: bytes) -> Recognised | None:
        """Return the session of a token with its account and, where there is one, its responder."""
        return self.recognised_all([token_sha256]).get(token_sha256)

    def recognised_all(self, tokens_sha256: Collection[bytes]) -> dict[bytes, Recognised]:
        """Return the session of each of these tokens that has one, as `recognised` does: one query."""
        rows = self._session.execute(
            select(
                SignedIn.token_sha256,
                Account.id,
                Account.alias,
                Account.lineage,
                Account.roles,
                Account.suspended_at,
                Account.last_seen_on,
                SignedIn.kind,
                SignedIn.roles.label("of_session"),
                SignedIn.used_at,
                SignedIn.proved_at,
                SignedIn.expires_at,
                Account.zone_ids,
                Responder.id.label("responder_id"),
            )
            .join(Account, (Account.network_id == SignedIn.network_id) & (Account.id == SignedIn.account_id))
            .outerjoin(Responder, (Responder.network_id == Account.network_id) & (Responder.account_id == Account.id))
            .where(SignedIn.network_id == self._network_id, SignedIn.token_sha256.in_(tokens_sha256))
        )
        return {
            bytes(row.token_sha256): Recognised(
                account_id=row.id,
                alias=row.alias,
                lineage=row.lineage,
                roles=tuple(role for role in row.roles if row.of_session is None or role in row.of_session),
                suspended=row.suspended_at is not None,
                last_seen_on=row.last_seen_on,
                kind=row.kind,
                used_at=row.used_at,
                proved_at=row.proved_at,
                expires_at=row.expires_at,
                responder_id=row.responder_id,
                zone_ids=tuple(row.zone_ids),
            )
            for row in rows
        }

    def session_touch(self, token_sha256: Collection[bytes], *, moment: datetime, unused_since: datetime) -> None:
        """Note that sessions last used before `unused_since` are used at `moment`; never wait for another."""
        self._session.execute(
            load("session_touch"),
            {
                "network_id": self._network_id,
                "tokens": list(token_sha256),
                "moment": moment,
                "unused_since": unused_since,
                "day": moment.date(),
            },
        )

    def standing(
        self, token_sha256: Collection[bytes], *, moment: datetime, unused_since: datetime
    ) -> dict[bytes, datetime]:
        """Return which of these sessions hold at `moment`, each with its last noted use.

        A person's session must have been used since `unused_since`.
        """
        rows = self._session.execute(
            load("sessions_standing"),
            {
                "network_id": self._network_id,
                "tokens": list(token_sha256),
                "moment": moment,
                "unused_since": unused_since,
            },
        )
        return {bytes(row.token_sha256): row.used_at for row in rows}

    def begin_session(
        self,
        account_id: int,
        token_sha256: bytes,
        *,
        kind: str,
        moment: datetime,
        expires_at: datetime,
        roles: Collection[str] | None = None,
    ) -> None:
        """Keep a session that was proved at `moment`; a script's names the roles it is held to."""
        self._session.add(
            SignedIn(
                network_id=self._network_id,
                token_sha256=token_sha256,
                account_id=account_id,
                kind=kind,
                roles=None if roles is None else sorted(roles),
                created_at=moment,
                used_at=moment,
                proved_at=moment,
                expires_at=expires_at,
            )
        )
        self._session.execute(
            update(Account)
            .where(Account.network_id == self._network_id, Account.id == account_id)
            .values(last_seen_on=moment.date())
        )
        self._session.flush()

    def end_session(self, token_sha256: bytes) -> None:
        """Forget a session."""
        self._session.execute(
            delete(SignedIn).where(SignedIn.network_id == self._network_id, SignedIn.token_sha256 == token_sha256)
        )

    def end_sessions(self, account_id: int, *, but: bytes = b"") -> None:
        """Forget all sessions of an account, but the one of a token."""
        self._session.execute(
            delete(SignedIn).where(
                SignedIn.network_id == self._network_id,
                SignedIn.account_id == account_id,
                SignedIn.token_sha256 != but,
            )
        )

    def forget_sessions_before(self, moment: datetime) -> int:
        """Forget sessions that ended by themselves before `moment`; return how many."""
        return len(
            self._session.execute(
                delete(SignedIn)
                .where(SignedIn.network_id == self._network_id, SignedIn.expires_at < moment)
                .returning(SignedIn.account_id)
            ).all()
        )

    def sessions_of(self, account_id: int) -> int:
        """Return how many sessions an account has."""
        return self._session.scalars(
            select(func.count())
            .select_from(SignedIn)
            .where(SignedIn.network_id == self._network_id, SignedIn.account_id == account_id)
        ).one()

    def account_lock(self, account_id: int) -> None:
        """Let other acts that lock this account wait until this one has ended."""
        self._session.execute(load("account_lock"), {"network_id": self._network_id, "account_id": account_id})

    def vouchers_made(self, made_by: int, *, still_valid_at: datetime) -> int:
        """Return how many vouchers of an account have not run out, used ones too."""
        return self._session.scalars(
            select(func.count())
            .select_from(Voucher)
            .where(
                Voucher.network_id == self._network_id,
                Voucher.made_by == made_by,
                Voucher.expires_at > still_valid_at,
            )
        ).one()

    def add_voucher(
        self,
        code_sha256: bytes,
        *,
        roles: Collection[str],
        lineage: int | None,
        made_by: int | None,
        expires_at: datetime,
    ) -> Voucher:
        """Keep a voucher, or return the one that was kept before under the same code."""
        self._session.execute(
            insert(Voucher)
            .values(
                network_id=self._network_id,
                code_sha256=code_sha256,
                roles=sorted(roles),
                lineage=lineage,
                made_by=made_by,
                expires_at=expires_at,
            )
            .on_conflict_do_nothing()
        )
        return self._session.scalars(
            select(Voucher).where(Voucher.network_id == self._network_id, Voucher.code_sha256 == code_sha256)
        ).one()

    def find_voucher(self, code_sha256: bytes) -> Voucher | None:
        """Return the voucher of a code, used or not, or None."""
        return self._session.get(Voucher, (self._network_id, code_sha256))

    def use_voucher(self, code_sha256: bytes, moment: datetime) -> Voucher | None:
        """Use a voucher up; return it, or None where it was used, has expired or never was."""
        return self._session.scalars(
            update(Voucher)
            .where(
                Voucher.network_id == self._network_id,
                Voucher.code_sha256 == code_sha256,
                Voucher.used_at.is_(None),
                Voucher.expires_at > moment,
                # Whoever vouched may have been suspended since: their codes die with that.
                ~exists().where(
                    Account.network_id == Voucher.network_id,
                    Account.id == Voucher.made_by,
                    Account.suspended_at.is_not(None),
                ),
            )
            .values(used_at=moment)
            .returning(Voucher)
        ).one_or_none()

    def forget_vouchers_before(self, moment: datetime) -> int:
        """Forget vouchers that ran out before `moment`, used or not; return how many."""
        return len(
            self._session.execute(
                delete(Voucher)
                .where(Voucher.network_id == self._network_id, Voucher.expires_at < moment)
                .returning(Voucher.code_sha256)
            ).all()
        )
