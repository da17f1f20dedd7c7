package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
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

    @Test
    void aLineWithoutAnEndIsNoRecord() {
        Server server = new Server(new RetryableException("not asked"));
        AtomicLong read = new AtomicLong();
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return read.getAndIncrement() < 3 ? '\n' : 'x';
            }

            @Override
            public int read(byte[] buffer, int offset, int length) {
                for (int i = 0; i < length; i++) {
                    buffer[offset + i] = (byte) read();
                }
                return length;
            }
        };

        assertThatThrownBy(() -> loader(server).load("a.gz", endless, loaded -> {}))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageStartingWith("a.gz, line 4: it is longer than 16,777,216 bytes")
                .hasMessageEndingWith("nothing of it was loaded");
        assertThat(read).hasValueLessThan(2L * Loader.LINE_BYTES);
        assertThat(server.inserts).isZero();
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
