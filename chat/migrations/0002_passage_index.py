"""The full-text index over passages: see ``chat/knowledge/index.py``.

On SQLite it is a table of its own, kept by triggers. Its rows are found again by the passage's id, which is
indexed as a word, and not by ``rowid``: that of a table with a UUID key changes with VACUUM. The triggers
belong to the passage table: a later migration that makes SQLite rebuild that table has to make them again.
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
POSTGRESQL = ["CREATE INDEX chat_passage_index ON chat_passage USING gin (to_tsvector('simple', terms))"]
POSTGRESQL_BACK = ["DROP INDEX chat_passage_index"]


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
