-- The rows of one order as a Parquet file, the same bytes each time that the same ClickHouse writes it: one thread, and
-- nothing left to defaults that the bytes depend on. But the file names the version and build that wrote it (created_by), so
-- after an upgrade, or on a replica of another version, the same rows make other bytes. Row groups are small, since writer
-- and reader hold one.
-- Version 2: orders name it, so a change to what it prints is a new file with a new version.
WITH
    -- Without something behind it toValidUTF8 drops what follows the head of a sequence that the text is too short for.
    text -> if(isValidUTF8(ifNull(text, '')), nullIf(text, ''), replaceRegexpOne(toValidUTF8(concat(text, '____')), '____$', '')) AS kept,
/* address */
    text -> nullIf(kept(text), '-') AS present
SELECT
/* fields */
/* rows */
SETTINGS
    max_threads = 1,
    max_block_size = 8192,
    asterisk_include_materialized_columns = 1,
    asterisk_include_alias_columns = 1,
    output_format_parquet_version = '2.latest',
    output_format_parquet_compression_method = 'zstd',
    output_format_parquet_row_group_size = 131072,
    output_format_parquet_parallel_encoding = 0,
    output_format_parquet_use_custom_encoder = 1,
    output_format_parquet_string_as_string = 1,
    output_format_parquet_write_bloom_filter = 0
