#!/usr/bin/env python3
"""What users of the original implementation guide know keeps working: its
client (one object, no newline, one reply), its reply shapes, its three tables
read with the sqlite3 command line."""
import json
import shutil
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
from harness import Service, TestCase  # noqa: E402

COLUMNS = {
    "entities": "id name entity_type tier compressed_data original_size "
                "compressed_size compression_ratio checksum access_count "
                "created_at last_accessed current_version current_branch "
                "always_include source_session source_timestamp "
                "extraction_method last_confirmed relevance_score "
                "parent_entity_id conflict_resolution_method",
    "versions": "id entity_id version_number branch_name compressed_data "
                "commit_message created_at",
    "conflicts": "id entity_id conflicting_entity_id conflict_type confidence "
                 "suggested_action resolution_status detected_at resolved_at "
                 "resolution_notes",
}


class Guide(TestCase):
    def setUp(self):
        super().setUp()
        self.service = Service()
        self.addCleanup(self.service.done)

    def ask(self, method, params):
        """The guide's client: a connection a request, nothing after the
        object, waits for the reply."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(str(self.service.socket))
            s.send(json.dumps({"method": method, "params": params}).encode())
            data = b""
            while not data.endswith(b"\n"):
                data += s.recv(4096)
            return json.loads(data)

    def sql(self, query):
        db = str(self.service.database)
        out = subprocess.run(["sqlite3", "-json", "-readonly", db, query],
                             capture_output=True, text=True, timeout=30)
        self.assertEqual(out.returncode, 0, out.stderr)
        return json.loads(out.stdout) if out.stdout.strip() else []

    def test_requests_and_replies(self):
        r = self.ask("create_entities", {"entities": [
            {"name": "test-entity-001", "entityType": "test",
             "observations": ["Test observation 1", "Test observation 2"]}]})
        self.assertTrue(r["success"])
        row = r["results"][0]
        self.assertEqual((row["name"], row["action"], row["version"]),
                         ("test-entity-001", "created", 1))
        r = self.ask("search_nodes", {"query": "test", "limit": 10})
        self.assertEqual(r["count"], 1)
        self.assertEqual(
            {k: r["results"][0][k] for k in ("id", "name", "type",
                                             "observations")},
            {"id": row["id"], "name": "test-entity-001", "type": "test",
             "observations": ["Test observation 1", "Test observation 2"]})
        self.assertEqual(
            self.ask("get_memory_status", {})["total_entities"], 1)
        self.assertFalse(self.ask("nonsense", {})["success"])

    @unittest.skipUnless(shutil.which("sqlite3"), "no sqlite3 command")
    def test_tables(self):
        with self.service.client() as c:
            c.ok("create_entities", session="s7", message="first", entities=[
                {"name": "ada", "entityType": "person", "tier": "semantic",
                 "pin": True, "observations": ["likes tea", "likes go"]},
                {"name": "gone", "entityType": "t", "observations": []}])
            c.ok("add_observations", observations=[
                {"entityName": "ada", "contents": ["likes cheese"]}])
            c.ok("delete_entities", entityNames=["gone"])
        for table, columns in COLUMNS.items():
            self.sql("SELECT %s FROM %s" % (", ".join(columns.split()), table))
        ada, = self.sql("SELECT * FROM entities")
        self.assertEqual(
            {k: ada[k] for k in ("name", "entity_type", "tier",
                                 "current_version", "current_branch",
                                 "always_include", "source_session",
                                 "extraction_method", "access_count")},
            {"name": "ada", "entity_type": "person", "tier": "semantic",
             "current_version": 2, "current_branch": "main",
             "always_include": 1, "source_session": "s7",
             "extraction_method": "manual", "access_count": 0})
        text = json.dumps({"observations": ["likes tea", "likes go",
                                            "likes cheese"]},
                          separators=(",", ":"))
        self.assertAlmostEqual(ada["original_size"], len(text), delta=1)
        self.assertGreater(ada["relevance_score"], 0.99)
        self.assertEqual(len(ada["checksum"]), 32)
        versions = self.sql("SELECT version_number, branch_name, "
                            "commit_message FROM versions WHERE entity_id = "
                            "%d ORDER BY 1" % ada["id"])
        self.assertEqual(versions, [
            {"version_number": 1, "branch_name": "main",
             "commit_message": "first"},
            {"version_number": 2, "branch_name": "main",
             "commit_message": None}])


if __name__ == "__main__":
    unittest.main()
