package io.logcourier.clickhouse;

import java.net.URI;
import java.time.Duration;

/**
 * A ClickHouse HTTP endpoint.
 *
 * @param url scheme, host and port
 * @param user who asks
 * @param password never printed
 * @param timeout the longest wait for an answer
 */
public record Endpoint(URI url, String user, String password, Duration timeout) {
    @Override
    public String toString() {
        return user + "@" + url;
    }
}
