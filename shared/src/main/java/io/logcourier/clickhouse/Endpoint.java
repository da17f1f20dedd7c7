package io.logcourier.clickhouse;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Where a ClickHouse answers over HTTP.
 *
 * @param urls scheme, host and port of each of its replicas, at least one; the first is asked as long as it answers
 * @param user who asks
 * @param password asked when a connection is made, and again when ClickHouse refuses it; never printed
 * @param timeout the longest wait for an answer
 * @param authority PEM file with the certificate that vouches for the server's, if Java does not know it
 */
public record Endpoint(
        List<URI> urls, String user, Supplier<String> password, Duration timeout, Optional<Path> authority) {
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

    /** Copies the list. */
    public Endpoint {
        urls = List.copyOf(urls);
    }

    /** The first replica. */
    public URI url() {
        return urls.getFirst();
    }

    @Override
    public String toString() {
        return user + "@" + urls.stream().map(URI::toString).collect(Collectors.joining(", "));
    }
}
