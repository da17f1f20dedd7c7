-- Up to where an incumbent has delivered the rows of a session and bucket, among the blocks that were there when the ledger
-- was adopted. Written before the ledger is started, under the id that it will have.
CREATE TABLE IF NOT EXISTS {ledger:Identifier}.cut_offs/* on cluster */
(
    ledger String,
    session UInt16,
    bucket String,
    inserted_at DateTime('UTC'),
    start_time DateTime64(3, 'UTC'),
    req_id String
)
ENGINE = /* engine */
ORDER BY (ledger, session, bucket)
SETTINGS
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
