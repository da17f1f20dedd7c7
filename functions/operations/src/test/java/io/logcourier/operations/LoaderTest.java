package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.operations.input.InputSheet;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoaderTest {
    private static final String ROW = "{\"startTime\":\"1700000003.500\",\"loggingEnabled\":true}\n";
    private static final byte[] LINES = ROW.repeat(250_000).getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path folder;

    @Test
    void whatWasNotAnsweredMayBeLoadedOrNot() {
        Server server = new Server(new RetryableException("the connection was reset"));

        assertThatThrownBy(() -> loader(server).load("a.ndjson", new ByteArrayInputStream(LINES), loaded -> {}))
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("a.ndjson: the connection was reset")
                .hasMessageContaining("the lines 100001 to 200000 may be loaded or not")
                .hasMessageContaining("--from-line 200001 or 100001");
        assertThat(server.inserts).as("sent once each").hasSize(2);
    }

    @Test
    void whatNeverArrivedIsNotLoaded() {
        Server server = new Server(new RetryableException("refused", new ConnectException()));

        assertThatThrownBy(() -> loader(server).load("a.ndjson", new ByteArrayInputStream(LINES), loaded -> {}))
                .isInstanceOf(RetryableException.class)
                .hasMessageEndingWith("the lines before 100001 are loaded: go on with --from-line 100001");
    }

    @Test
    void whatClickHouseSaysOfALineIsSaidInOtherWords() {
        Server server = new Server(
                new RetryableException(
                        "Code: 27. Cannot parse input: expected ',' before: '\u001b[2J': (while reading the value of key tags): (at row 2)"));
        server.failures = 1;

        assertThatThrownBy(() -> loader(server).load("a.ndjson", bytes("\n" + ROW + "\r\n" + ROW), loaded -> {}))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessage(
                        "a.ndjson, line 4: ClickHouse does not take it as a row of logs.access_logs_ingest: the value of tags does not fit its column; nothing of it was loaded");
    }

    @Test
    void aLineWithoutAnEndIsNoRecord() throws IOException {
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
        assertThat(server.inserts).isEmpty();
    }

    @Test
    void aLongLineThatIsPackedSmallIsNoRecordEither() throws IOException {
        Path file = folder.resolve("bomb.ndjson.gz");
        byte[] piece = new byte[1 << 20];
        Arrays.fill(piece, (byte) ' ');
        try (GZIPOutputStream packed = new GZIPOutputStream(Files.newOutputStream(file))) {
            packed.write((ROW + "{\"a\":\"").getBytes(StandardCharsets.US_ASCII));
            for (int i = 0; i < 64; i++) {
                packed.write(piece);
            }
        }
        try (InputStream lines = Loader.open(file, Progress.of("load", file))) {
            assertThatThrownBy(() -> loader(new Server()).load("bomb", lines, loaded -> {}))
                    .hasMessageStartingWith("bomb, line 2: it is longer than 16,777,216 bytes");
            assertThat(lines.available()).as("the rest was not unpacked").isPositive();
        }
    }

    @Test
    void whatIsNoGzippedFileOrABrokenOneIsSaidToBeSo() throws IOException {
        Path none =
                Files.write(folder.resolve("none.gz"), new byte[] {0x1f, (byte) 0x8b, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7});
        assertThatThrownBy(() -> Loader.open(none, Progress.of("load", none)))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessage(none + ": it begins as a gzipped file does, and is none");

        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(ROW.repeat(3).getBytes(StandardCharsets.US_ASCII));
        }
        byte[] cut = Arrays.copyOf(packed.toByteArray(), packed.size() - 8);
        assertThatThrownBy(() -> loader(new Server())
                        .load("cut", new GZIPInputStream(new ByteArrayInputStream(cut)), loaded -> {}))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageStartingWith("cut, after line ")
                .hasMessageContaining("its compression is broken or ends too early");
    }

    @Test
    void theLineThatIsNoRowIsNamedByItsNumberInTheFile() {
        Server server = new Server();
        String lines = "\ufeff" + ROW + "\n  \r\n" + ROW + "hello\n";

        assertThatThrownBy(() -> loader(server).load("a.ndjson", bytes(lines), loaded -> {}))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessage("a.ndjson, line 5: not JSON: it begins with 'hello'; nothing of it was loaded");
        assertThat(server.inserts).isEmpty();
        assertThatThrownBy(() -> loader(server).load("a.ndjson", bytes(lines), 4, loaded -> {}))
                .hasMessageContaining("a.ndjson, line 5: not JSON")
                .hasMessageEndingWith("the lines before 4 are loaded: go on with --from-line 4");
    }

    @Test
    void whatIsSentIsOneObjectALine() {
        Server server = new Server();
        InputSheet sheet = loader(server)
                .load("a", bytes("\ufeff" + ROW.strip() + "\r\n\n{\"startTime\":1700000003}"), loaded -> {});
        assertThat(sheet.rows()).isEqualTo(2);
        assertThat(sheet.unflagged()).isEqualTo(1);
        assertThat(server.inserts).containsExactly(ROW.strip() + "\r\n{\"startTime\":\"2023-11-14T22:13:23Z\"}\n");
    }

    @Test
    void strictRefusesTheFirstLineThatWouldNotArriveAsItIs() {
        Server server = new Server();
        Loader strict = new Loader(server, Settings.read(Map.of(), Map.of()).lane(), new Loader.Options(true, false));

        assertThatThrownBy(() -> strict.load("a", bytes(ROW.replace("true", "false") + ROW), loaded -> {}))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessage(
                        "a, line 2: it has no bucketName, and would be undeliverable, which --strict refuses; nothing of it was loaded");
        assertThat(server.inserts).isEmpty();
    }

    @Test
    void whatIsPresentIsSkippedOrSaidToBeThere() {
        Server server = new Server();
        // Of time, bucket, request id, operation, key and version, as present.sql has it: LoadIT holds the two
        // together.
        server.marks.add(mark("1700000003500 0  1 A 0  0  0 "));
        Loader loader = new Loader(server, Settings.read(Map.of(), Map.of()).lane(), new Loader.Options(false, true));

        InputSheet sheet = loader.load("a", bytes(row("A") + row("B") + row("B") + ROW + ROW), loaded -> {});

        assertThat(sheet.skipped()).as("A, and one of B").isEqualTo(2);
        assertThat(sheet.rows())
                .as("without a request id nothing tells rows apart")
                .isEqualTo(3);
        assertThat(server.inserts).containsExactly(row("B") + ROW + ROW);
        assertThat(loader(server).load("a", bytes(row("A")), loaded -> {}).repeated())
                .isTrue();
        assertThat(loader(server).load("a", bytes(row("B")), loaded -> {}).repeated())
                .isFalse();
    }

    private static String mark(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().withUpperCase().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String row(String requestId) {
        return ROW.replace("{", "{\"req_id\":\"%s\",".formatted(requestId));
    }

    private static InputStream bytes(String lines) {
        return new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8));
    }

    private static Loader loader(ClickHouse server) {
        return new Loader(server, Settings.read(Map.of(), Map.of()).lane());
    }

    /** Takes one INSERT, and fails at the second if it is to. */
    private static final class Server implements ClickHouse {
        private final Optional<RetryableException> failure;
        private final List<String> inserts = new ArrayList<>();
        private final List<String> marks = new ArrayList<>();
        private int failures = 2;

        Server() {
            failure = Optional.empty();
        }

        Server(RetryableException failure) {
            this.failure = Optional.of(failure);
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            inserts.add(new String(rows, StandardCharsets.UTF_8));
            if (inserts.size() >= failures && failure.isPresent()) {
                throw failure.get();
            }
        }

        @Override
        public InputStream query(Statement statement, String format) {
            String sql = statement.sql();
            String data;
            if (sql.contains("system.columns") && sql.contains("now64")) {
                data = """
                        {"now": "2026-11-30T12:00:00.000Z", "columns": [
                            {"name": "startTime", "type": "DateTime64(3)"}, {"name": "loggingEnabled", "type": "Bool"},
                            {"name": "bucketName", "type": "String"}, {"name": "req_id", "type": "String"},
                            {"name": "loggingTargetBucket", "type": "String"}, {"name": "tags", "type": "Array(String)"}]}""";
            } else if (sql.contains("engine_full")) {
                data = "{\"engine_full\": \"MergeTree ORDER BY tuple()\", \"columns\": []}";
            } else if (sql.contains("SHA256")) {
                data = String.join(
                        ", ",
                        marks.stream().map("{\"mark\": \"%s\"}"::formatted).toList());
            } else {
                throw new AssertionError("a load does not ask: " + sql);
            }
            return bytes("{\"meta\": [], \"data\": [" + data + "], \"rows\": 1}");
        }

        @Override
        public void close() {}
    }
}
