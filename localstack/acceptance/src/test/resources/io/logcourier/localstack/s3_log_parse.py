# Reads a log object on stdin; prints per line what s3-log-parse makes of it, or null, as a line of JSON.
import datetime
import json
import sys

from s3logparse import s3logparse

for line in sys.stdin.buffer:
    try:
        (read,) = s3logparse.parse_log_lines([line.decode("utf-8")])
    except (UnicodeDecodeError, ValueError, RuntimeError, StopIteration) as failure:
        print("s3-log-parse:", repr(failure), file=sys.stderr)
        print("null")
        continue
    print(json.dumps(read._asdict(), default=lambda time: time.strftime("%d/%b/%Y:%H:%M:%S %z")))
