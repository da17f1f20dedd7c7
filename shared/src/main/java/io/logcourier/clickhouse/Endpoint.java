package io.logcourier.clickhouse;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Where a ClickHouse answers over HTTP.
 *
 * @param urls scheme, host and port of each of its replicas, at least one; the first is asked as long as it answers
 * @param authentication what is sent to show who asks
 * @param user who asks; not sent with {@link Authentication#BEARER}
 * @param password or access token; asked when a connection is made, and again when ClickHouse refuses it; never printed
 * @param timeout the longest wait for an answer
 * @param authority PEM file with the certificate that vouches for the server's, if Java does not know it
 * @param headers sent with every request, by name
 */
public record Endpoint(
        List<URI> urls,
        Authentication authentication,
        String user,
        Supplier<String> password,
        Duration timeout,
        Optional<Path> authority,
        Map<String, String> headers) {
    /** What is sent to show who asks. */
    public enum Authentication {
        /** User and password. */
        BASIC,
        /** An access token alone, as ClickHouse Cloud and proxies take it. */
        BEARER
    }

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

    /** Copies list and map. */
    public Endpoint {
        urls = List.copyOf(urls);
        headers = Map.copyOf(headers);
    }

    /** The same elsewhere. */
    public Endpoint at(List<URI> others) {
        return new Endpoint(others, authentication, user, password, timeout, authority, headers);
    }

    /** The first replica. */
    public URI url() {
        return urls.getFirst();
    }

    @Override
    public String toString() {
        return (authentication == Authentication.BASIC ? user + "@" : "")
                + urls.stream().map(URI::toString).collect(Collectors.joining(", "));
    }
}
