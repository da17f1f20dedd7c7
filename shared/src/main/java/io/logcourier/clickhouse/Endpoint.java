package io.logcourier.clickhouse;

import java.net.URI;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * A ClickHouse HTTP endpoint.
 *
 * @param url scheme, host and port
 * @param user who asks
 * @param password asked when a connection is made, and again when ClickHouse refuses it; never printed
 * @param timeout the longest wait for an answer
 */
public record Endpoint(URI url, String user, Supplier<String> password, Duration timeout) {
    /** A password that stays as it is. Never printed. */
    public record Fixed(String value) implements Supplier<String> {
        @Override
        public String get() {
            return value;
        }

        @Override
        public String toString() {
            return "***";
        }
    }

    @Override
    public String toString() {
        return user + "@" + url;
    }
}
