(
    /* adopted blocks */
    AND (cut_bucket != '' AND (insertedAt, startTime, log.req_id) <= (cut_inserted, cut_start, cut_req_id))
        != (
            /* identity */ IN
            (
                SELECT identity
                FROM {ledger:Identifier}.exceptions
                WHERE ledger = (SELECT any(ledger) FROM {ledger:Identifier}.epochs WHERE epoch = 0)
            )
        )
)