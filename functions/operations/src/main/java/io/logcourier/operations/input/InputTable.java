package io.logcourier.operations.input;

import io.logcourier.ConfigurationException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What rows are held against: the table that they are sent to, and the log table behind it.
 *
 * @param columns that a row may name, with their types as ClickHouse names them
 * @param retention how long the log table keeps rows, by the column that it counts from
 * @param now the time by ClickHouse's clock
 */
public record InputTable(SequencedMap<String, String> columns, Map<String, Duration> retention, Instant now) {
    /** Copies the maps. */
    public InputTable {
        columns = new LinkedHashMap<>(columns);
        retention = Map.copyOf(retention);
        if (columns.isEmpty()) {
            throw new ConfigurationException(
                    "there is no table that rows are sent to: run `courier schema --apply`, or name another log table");
        }
    }

    /** The names of the columns, in order. */
    public List<String> names() {
        return List.copyOf(columns.keySet());
    }

    /** Whether rows of a time in a column are past what the table keeps. */
    boolean isPast(String column, Instant time) {
        Duration kept = retention.get(column);
        return kept != null && time.plus(kept).isBefore(now);
    }
}
