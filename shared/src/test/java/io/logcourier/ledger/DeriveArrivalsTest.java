package io.logcourier.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeriveArrivalsTest {
    private static final int MANY = 40_000;

    /**
     * An epoch may have as many groups as rows, a million by default, of which the function as deployed, with 1024 MB, could
     * not hold a list: 850 MB. Here are a twenty-fifth of them, and less than a fortieth of the memory.
     */
    @Test
    void theGroupsOfAnEpochNeedNotFitMemory() throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx24m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ManyGroups.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(child.waitFor(60, TimeUnit.SECONDS)).as(said).isTrue();
        assertThat(said).contains(MANY + " rows in " + (MANY + 1) + " lines of one INSERT");
    }

    @Test
    void whatIsCutShortIsNotRecorded() {
        Counting clickHouse = new Counting(3, 2);

        assertThatThrownBy(() -> ledger(clickHouse).deriveArrivals(7, Statement.of("arrivals"), rows -> {}))
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining(
                        "counted the rows of epoch 7 of lane main as 3 in 1 sums, where one is due, and as 2 in groups");
        assertThat(clickHouse.lines).isZero();
    }

    @Test
    void anAnswerThatEndsInItsMidstIsNoList() {
        assertThat(List.of("", "{", "{\"data\":[", "{\"data\":[]", "{\"meta\":[]}", "[]", "{\"data\":[]} x"))
                .allSatisfy(
                        answer -> assertThatThrownBy(() -> new Answering(answer).list(Statement.of("any"), Tally.class))
                                .isInstanceOf(RetryableException.class)
                                .hasMessageContaining("is no list of Tally"));
        assertThat(new Answering("{\"meta\":[{\"name\":\"data\"}],\"data\":[],\"rows\":0}\n")
                        .list(Statement.of("any"), Tally.class))
                .isEmpty();
    }

    /** A process of its own. */
    static final class ManyGroups {
        private ManyGroups() {}

        public static void main(String[] arguments) {
            Counting clickHouse = new Counting(MANY, MANY);
            long rows = ledger(clickHouse).deriveArrivals(7, Statement.of("arrivals"), counted -> {});
            System.out.println(rows + " rows in " + clickHouse.lines + " lines of one INSERT");
        }
    }

    private static Ledger ledger(ClickHouse clickHouse) {
        return new Ledger(clickHouse, Settings.read(Map.of(), Map.of()).lane());
    }

    /** Answers each statement with the same. */
    private static class Answering implements ClickHouse {
        private final String answer;

        Answering(String answer) {
            this.answer = answer;
        }

        @Override
        public InputStream query(Statement statement, String format) {
            return new ByteArrayInputStream(answer.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            throw new AssertionError("rows in memory for " + table);
        }

        @Override
        public void close() {}
    }

    /** Has groups of a row each, and counts the lines that it gets. */
    private static final class Counting extends Answering {
        private final int sealed;
        private final int groups;
        private int lines;

        Counting(int sealed, int groups) {
            super("{\"data\": []}");
            this.sealed = sealed;
            this.groups = groups;
        }

        @Override
        public InputStream query(Statement statement, String format) {
            if (statement.name().equals("unarrived.sql")) {
                return super.query(statement, format);
            }
            return new InputStream() {
                private int next;
                private InputStream part = InputStream.nullInputStream();

                @Override
                public int read() throws IOException {
                    byte[] one = new byte[1];
                    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                    int read = part.read(target, offset, length);
                    if (read >= 0 || next == groups + 2) {
                        return read;
                    }
                    part = new ByteArrayInputStream(part(next++).getBytes(StandardCharsets.UTF_8));
                    return part.read(target, offset, length);
                }
            };
        }

        private String part(int number) {
            if (number == 0) {
                return "{\"data\": [" + row("seal", 0, sealed);
            }
            return number <= groups ? "," + row("group", number, 1) : "]}";
        }

        private static String row(String kind, int group, int rows) {
            return """
                    {"epoch": 7, "planned_at": "2026-01-01T00:00:00.000Z", "kind": "%s", "session": 1,
                     "bucket": "a-bucket-with-a-name-%d", "target_bucket": "a-target-with-a-name-%d",
                     "target_prefix": "a/prefix/of/the/usual/length/%d/", "day": "2026-01-01", "rows": %d, "checksum": 0,
                     "min_inserted": "2026-01-01T00:00:00Z", "max_inserted": "2026-01-01T00:00:00Z",
                     "min_start": "2026-01-01T00:00:00.000Z", "max_start": "2026-01-01T00:00:00.000Z", "key_format": ""}""".formatted(kind, group, group, group, rows);
        }

        @Override
        public void insert(String table, String format, Rows rows, Map<String, String> settings) {
            try {
                rows.writeTo(new OutputStream() {
                    @Override
                    public void write(int b) {
                        write(new byte[] {(byte) b}, 0, 1);
                    }

                    @Override
                    public void write(byte[] bytes, int offset, int length) {
                        for (int i = offset; i < offset + length; i++) {
                            lines += bytes[i] == '\n' ? 1 : 0;
                        }
                    }
                });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
