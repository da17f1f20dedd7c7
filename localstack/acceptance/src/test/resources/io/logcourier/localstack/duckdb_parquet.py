# Reads a Parquet file on stdin; prints each row that DuckDB finds as a line of JSON.
import json
import sys
import tempfile

import duckdb

with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
    file.write(sys.stdin.buffer.read())
    file.flush()
    rows = duckdb.execute(
        "SELECT * REPLACE (strftime(requestdatetime AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS requestdatetime)"
        " FROM read_parquet(?)",
        [file.name],
    )
    names = [column[0] for column in rows.description]
    for row in rows.fetchall():
        print(json.dumps(dict(zip(names, row))))
