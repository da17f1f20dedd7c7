package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LoaderTest {
    private static final byte[] LINES = "{}\n".repeat(250_000).getBytes(StandardCharsets.US_ASCII);

    @Test
    void whatWasNotAnsweredMayBeLoadedOrNot() {
        Server server = new Server(new RetryableException("the connection was reset"));

        assertThatThrownBy(() -> loader(server).load("a.ndjson", new ByteArrayInputStream(LINES), loaded -> {}))
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("a.ndjson: the connection was reset")
                .hasMessageContaining("the lines 100001 to 200000 may be loaded or not")
                .hasMessageContaining("--from-line 200001 or 100001");
        assertThat(server.inserts).as("sent once each").isEqualTo(2);
    }

    @Test
    void whatNeverArrivedIsNotLoaded() {
        Server server = new Server(new RetryableException("refused", new ConnectException()));

        assertThatThrownBy(() -> loader(server).load("a.ndjson", new ByteArrayInputStream(LINES), loaded -> {}))
                .isInstanceOf(RetryableException.class)
                .hasMessageEndingWith("the lines before 100001 are loaded: go on with --from-line 100001");
    }

    private static Loader loader(ClickHouse server) {
        return new Loader(server, Settings.read(Map.of(), Map.of()).lane());
    }

    /** Takes one INSERT, and fails at the second. */
    private static final class Server implements ClickHouse {
        private final RetryableException failure;
        private int inserts;

        Server(RetryableException failure) {
            this.failure = failure;
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            if (++inserts > 1) {
                throw failure;
            }
        }

        @Override
        public InputStream query(Statement statement, String format) {
            throw new AssertionError("a load only inserts, this asks: " + statement.sql());
        }

        @Override
        public void close() {}
    }
}
