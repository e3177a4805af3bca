"""A small memory service in Python, built the way a first version often is: one
request a connection, one after another, a connection to SQLite opened for each,
texts pickled and deflated, and a search by LIKE over names and types. guide.py
measures ours beside it.

    guide_service.py SOCKET DATABASE
"""
import json
import pickle
import socket
import sqlite3
import sys
import zlib

TABLE = """
CREATE TABLE IF NOT EXISTS entities (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL,
    entity_type TEXT NOT NULL, tier TEXT DEFAULT 'working',
    compressed_data BLOB, current_version INTEGER DEFAULT 1,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    last_accessed TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX IF NOT EXISTS entities_name ON entities(name);
CREATE INDEX IF NOT EXISTS entities_type ON entities(entity_type);
CREATE INDEX IF NOT EXISTS entities_tier ON entities(tier);
CREATE INDEX IF NOT EXISTS entities_accessed ON entities(last_accessed);
"""


def packed(observations):
    return zlib.compress(pickle.dumps({"observations": observations},
                                      pickle.HIGHEST_PROTOCOL), 6)


def unpacked(blob):
    return pickle.loads(zlib.decompress(blob))["observations"]


def create_entities(db, entities):
    results = []
    for e in entities:
        blob = packed(e.get("observations", []))
        row = db.execute("SELECT id FROM entities WHERE name = ?",
                         (e["name"],)).fetchone()
        if row:
            db.execute("UPDATE entities SET compressed_data = ?, "
                       "current_version = current_version + 1 "
                       "WHERE id = ?", (blob, row[0]))
            results.append({"name": e["name"], "action": "updated",
                            "id": row[0]})
            continue
        made = db.execute("INSERT INTO entities (name, entity_type, "
                          "compressed_data) VALUES (?, ?, ?)",
                          (e["name"], e["entityType"], blob))
        results.append({"name": e["name"], "action": "created",
                        "id": made.lastrowid})
    db.commit()
    return {"success": True, "results": results}


def search_nodes(db, query, limit=10):
    rows = db.execute("SELECT id, name, entity_type, compressed_data FROM "
                      "entities WHERE name LIKE ? OR entity_type LIKE ? "
                      "LIMIT ?", (f"%{query}%", f"%{query}%", limit))
    results = [{"id": i, "name": name, "type": kind,
                "observations": unpacked(blob)}
               for i, name, kind, blob in rows]
    return {"success": True, "results": results, "count": len(results)}


METHODS = {"create_entities": create_entities, "search_nodes": search_nodes}


def answer(path, line):
    request = json.loads(line)
    db = sqlite3.connect(path)
    try:
        return METHODS[request["method"]](db, **request["params"])
    finally:
        db.close()


def main(where, path):
    db = sqlite3.connect(path)
    db.executescript(TABLE)
    db.close()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(where)
        listening.listen(64)
        while True:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                line = lines.readline()
                if line:
                    connection.sendall(
                        json.dumps(answer(path, line)).encode() + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
