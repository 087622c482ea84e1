"""The full-text index over passages: see ``chat/knowledge/index.py``.

On SQLite it is a table of its own, kept by triggers. Its rows are found again by the passage's id, which is
indexed as a word, and not by ``rowid``: that of a table with a UUID key changes with VACUUM. The triggers
belong to the passage table: a later migration that makes SQLite rebuild that table has to make them again.

On PostgreSQL it is a column that the database fills in: a long question over 20,000 passages took 0.14 s with
it, and 1.55 s with an index over the expression alone, because ranking parsed each text anew. A later migration
that changes ``terms`` has to drop it first.
"""

from django.db import migrations

SQLITE = [
    "CREATE VIRTUAL TABLE chat_passage_index USING fts5("
    "passage, terms, tokenize = \"unicode61 remove_diacritics 0\")",
    "INSERT INTO chat_passage_index (passage, terms) SELECT id, terms FROM chat_passage",
    "CREATE TRIGGER chat_passage_index_insert AFTER INSERT ON chat_passage BEGIN "
    "INSERT INTO chat_passage_index (passage, terms) VALUES (new.id, new.terms); END",
    "CREATE TRIGGER chat_passage_index_delete AFTER DELETE ON chat_passage BEGIN "
    "DELETE FROM chat_passage_index WHERE passage MATCH '\"' || old.id || '\"'; END",
    "CREATE TRIGGER chat_passage_index_update AFTER UPDATE OF terms ON chat_passage BEGIN "
    "DELETE FROM chat_passage_index WHERE passage MATCH '\"' || old.id || '\"'; "
    "INSERT INTO chat_passage_index (passage, terms) VALUES (new.id, new.terms); END",
]
SQLITE_BACK = [
    "DROP TRIGGER chat_passage_index_update",
    "DROP TRIGGER chat_passage_index_delete",
    "DROP TRIGGER chat_passage_index_insert",
    "DROP TABLE chat_passage_index",
]
POSTGRESQL = [
    "ALTER TABLE chat_passage ADD COLUMN index tsvector "
    "GENERATED ALWAYS AS (to_tsvector('simple', terms)) STORED",
    "CREATE INDEX chat_passage_index ON chat_passage USING gin (index)",
]
POSTGRESQL_BACK = ["ALTER TABLE chat_passage DROP COLUMN index"]


def make(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in POSTGRESQL if on_postgresql else SQLITE:
        schema_editor.execute(statement)


def unmake(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in POSTGRESQL_BACK if on_postgresql else SQLITE_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial")]
    operations = [migrations.RunPython(make, unmake, elidable=False)]
