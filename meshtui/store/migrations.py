"""The schema of the history as a list of migrations, run from zero; `PRAGMA user_version` counts them.

Messages are a tree: a node points to its parent, a conversation is a name for a head node, a turn is one
request after a node and owns the assistant's node that answers it. `piece` holds what streamed since the turn
began and is emptied when the turn ends. A released migration is never changed: the next one follows it.
"""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x6D657368

_FIRST = (
    """
    CREATE TABLE conversation (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL DEFAULT '',
        head_id TEXT REFERENCES node(id) DEFERRABLE INITIALLY DEFERRED,
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL,
        deleted_at REAL,
        profile TEXT NOT NULL DEFAULT '',
        model TEXT NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX conversation_recent ON conversation(updated_at)",
    """
    CREATE TABLE node (
        id TEXT PRIMARY KEY,
        parent_id TEXT REFERENCES node(id),
        conversation_id TEXT NOT NULL REFERENCES conversation(id),
        role TEXT NOT NULL,
        turn_id TEXT REFERENCES turn(id) DEFERRABLE INITIALLY DEFERRED,
        created_at REAL NOT NULL,
        message_json TEXT  -- null while the turn that answers here is open
    )
    """,
    "CREATE INDEX node_children ON node(parent_id)",
    "CREATE INDEX node_conversation ON node(conversation_id)",
    """
    CREATE TABLE turn (
        id TEXT PRIMARY KEY,
        conversation_id TEXT NOT NULL REFERENCES conversation(id),
        node_id TEXT NOT NULL REFERENCES node(id) DEFERRABLE INITIALLY DEFERRED,
        parent_id TEXT REFERENCES node(id),
        owner TEXT NOT NULL,  -- the lock file of the process that runs it
        state TEXT NOT NULL,
        profile TEXT NOT NULL,
        model TEXT NOT NULL,
        served_model TEXT,
        session_id TEXT,
        request_id TEXT,
        reply_id TEXT,
        status INTEGER,
        started_at REAL NOT NULL,  -- seconds since the epoch
        first_at REAL,  -- this and the next three: seconds since the turn was sent
        last_at REAL NOT NULL DEFAULT 0,
        reasoning_total REAL,
        total REAL,
        ended_at REAL,  -- null while the turn is open
        finish_reason TEXT,
        prompt_tokens INTEGER,
        completion_tokens INTEGER,
        cost TEXT,  -- US dollars as the gateway wrote them
        usage_json TEXT,
        headers_json TEXT,
        problem_json TEXT,
        noise_json TEXT,
        meta_json TEXT
    )
    """,
    "CREATE INDEX turn_conversation ON turn(conversation_id)",
    "CREATE INDEX turn_started ON turn(started_at)",
    "CREATE INDEX turn_session ON turn(session_id) WHERE session_id IS NOT NULL",
    "CREATE INDEX turn_open ON turn(owner) WHERE ended_at IS NULL",
    # Apart from the turn, so that a checkpoint rewrites a short row only.
    "CREATE TABLE request (turn_id TEXT PRIMARY KEY REFERENCES turn(id) ON DELETE CASCADE, packed_json TEXT NOT NULL)",
    """
    CREATE TABLE piece (
        id INTEGER PRIMARY KEY,
        turn_id TEXT NOT NULL REFERENCES turn(id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        body TEXT NOT NULL
    )
    """,
    "CREATE INDEX piece_turn ON piece(turn_id)",
    "CREATE TABLE draft (conversation_id TEXT PRIMARY KEY, body TEXT NOT NULL)",  # '' is the one with no conversation
    """
    CREATE TABLE prompt (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        body TEXT NOT NULL,
        used_at REAL NOT NULL
    )
    """,
    "CREATE TABLE state (name TEXT PRIMARY KEY, value_json TEXT NOT NULL)",
    "CREATE TABLE blob (hash TEXT PRIMARY KEY, suffix TEXT NOT NULL, size INTEGER NOT NULL, created_at REAL NOT NULL)",
)

_UNITS = 1_000_000_000_000  # in a dollar; an old migration does not lean on what the program says today

_SECOND = (
    "ALTER TABLE turn ADD COLUMN estimate TEXT",  # US dollars by the catalogue
    "ALTER TABLE turn ADD COLUMN billed TEXT",  # US dollars as the gateway's usage report has them
    # Apart from the turn, whose rows are wide: sums over all of them are read at once.
    """
    CREATE TABLE usage (
        turn_id TEXT PRIMARY KEY REFERENCES turn(id) ON DELETE CASCADE,
        conversation_id TEXT NOT NULL,
        day INTEGER NOT NULL,  -- as 20261120, by the user's clock
        started_at REAL NOT NULL,
        profile TEXT NOT NULL,
        model TEXT NOT NULL,
        session_id TEXT,
        request_id TEXT,
        prompt INTEGER,
        completion INTEGER,
        cached INTEGER,
        reasoning INTEGER,
        classifier INTEGER,
        first_at REAL,
        total REAL,
        estimate INTEGER,  -- this and the next two: millionths of a millionth of a dollar
        stated INTEGER,
        billed INTEGER,
        asked INTEGER NOT NULL DEFAULT 0  -- how often the gateway was asked for the bill
    )
    """,
    "CREATE INDEX usage_started ON usage(started_at)",
    "CREATE INDEX usage_conversation ON usage(conversation_id, started_at)",
    "CREATE INDEX usage_model ON usage(model, started_at)",
    "CREATE INDEX usage_unbilled ON usage(profile, started_at) WHERE billed IS NULL AND request_id IS NOT NULL",
    f"""
    INSERT INTO usage (turn_id, conversation_id, day, started_at, profile, model, session_id, request_id, prompt,
        completion, first_at, total, stated)
    SELECT id, conversation_id, CAST(strftime('%Y%m%d', started_at, 'unixepoch', 'localtime') AS INTEGER), started_at,
        profile, model, session_id, request_id, prompt_tokens, completion_tokens, first_at, total,
        CAST(ROUND(CAST(cost AS REAL) * {_UNITS}) AS INTEGER)
    FROM turn WHERE ended_at IS NOT NULL AND (first_at IS NOT NULL OR usage_json IS NOT NULL OR cost IS NOT NULL)
    """,  # noqa: S608 - our number
)

# `place` is the path of a template's file. A version is the text that a run used, kept once.
_TEMPLATES = (
    """
    CREATE TABLE template_version (
        place TEXT NOT NULL,
        hash TEXT NOT NULL,
        body_json TEXT NOT NULL,
        created_at REAL NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (place, hash)
    )
    """,
    """
    CREATE TABLE template_run (
        turn_id TEXT PRIMARY KEY REFERENCES turn(id) ON DELETE CASCADE,
        place TEXT NOT NULL,
        hash TEXT NOT NULL,
        values_json TEXT NOT NULL,
        set_name TEXT NOT NULL
    )
    """,
    "CREATE INDEX template_run_version ON template_run(place, hash)",
    """
    CREATE TABLE template_base (
        gateway TEXT NOT NULL,
        place TEXT NOT NULL,
        remote_id TEXT NOT NULL,
        body_json TEXT NOT NULL,  -- the fields as both sides had them at the last push or pull
        PRIMARY KEY (gateway, place)
    )
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _SECOND, _TEMPLATES)


class UnknownSchema(Exception):
    """The file is no history that this program can read; the text says why and what to do."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema to the newest version in one transaction; raises UnknownSchema for a foreign or newer file."""
    version = _version(connection)
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # another process may have been faster
        for number in range(version, len(MIGRATIONS)):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if application != APPLICATION_ID and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise UnknownSchema("is the database of another program. Move it aside, or name another folder with --home")
    if version > len(MIGRATIONS):
        raise UnknownSchema(
            f"was written by a newer meshtui (its schema is {version}, this one knows {len(MIGRATIONS)}). "
            "Update meshtui, or name another folder with --home"
        )
    return version
