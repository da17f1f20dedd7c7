-- A JSON object per row and line, as frames: order number, identity hash, line. What is no UTF-8 becomes U+FFFD.
-- Version 2, and version 1 with the names of CloudWatch: orders name them, so a change to what it prints is a new file with a new
-- version.
WITH
    text -> nullIf(text, '') AS kept,
/* address */
    text -> nullIf(kept(text), '-') AS present
SELECT
    courier_order,
    courier_identity,
    formatRow('JSONEachRow',
/* fields */
    ) AS line
/* rows */
SETTINGS
    max_threads = 1,
    max_block_size = 8192,
    asterisk_include_materialized_columns = 1,
    asterisk_include_alias_columns = 1,
    output_format_parallel_formatting = 0,
    date_time_output_format = 'iso',
    output_format_json_escape_forward_slashes = 0,
    output_format_json_quote_64bit_integers = 0,
    output_format_json_validate_utf8 = 1
