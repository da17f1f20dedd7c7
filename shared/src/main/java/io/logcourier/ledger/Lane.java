package io.logcourier.ledger;

import io.logcourier.clickhouse.Endpoint;

/**
 * One independent ClickHouse endpoint (a shard, with its replicas) and its own ledger.
 *
 * @param name what messages and ticks call it
 * @param endpoint where ClickHouse answers
 * @param logs database of the log table
 * @param table the log table
 * @param ledger database of the ledger
 * @param sourceRegion what the Source Region field of its log lines says
 */
public record Lane(String name, Endpoint endpoint, String logs, String table, String ledger, String sourceRegion) {}
