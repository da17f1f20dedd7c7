package io.logcourier.ledger;

import io.logcourier.clickhouse.Endpoint;
import java.net.URI;
import java.util.List;

/**
 * One independent ClickHouse endpoint (a shard, with its replicas) and its own ledger.
 *
 * @param name what messages and ticks call it
 * @param endpoint where ClickHouse answers
 * @param logs database of the log table
 * @param table the log table
 * @param ledger database of the ledger
 * @param moreColumns columns of the log table that follow the fields in its log objects
 */
public record Lane(String name, Endpoint endpoint, String logs, String table, String ledger, List<String> moreColumns) {
    /** As this one, with another ledger. */
    public Lane withLedger(String otherLedger) {
        return new Lane(name, endpoint, logs, table, otherLedger, moreColumns);
    }

    /** As this one, elsewhere. */
    public Lane at(String otherName, List<URI> urls) {
        return new Lane(otherName, endpoint.at(urls), logs, table, ledger, moreColumns);
    }
}
