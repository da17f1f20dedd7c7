package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code load} as a process, of files that are longer than one INSERT. */
class LoadIT {
    private static final int CHUNK = 100_000;
    private static final int ROWS = CHUNK + 20_000;
    private static final int BAD = CHUNK + 123;
    private static final Pattern GO_ON = Pattern.compile("--from-line (\\d+)");

    @TempDir
    private Path folder;

    private static CourierProcess up;
    private static Shipper shipper;

    @BeforeAll
    static void start() throws IOException {
        up = CourierProcess.start("up", "--json", "--only=clickhouse", "--clickhouse-port=0");
        shipper = new Shipper(up.ready());
    }

    @BeforeEach
    void empty() throws Exception {
        shipper.query("TRUNCATE TABLE logs.access_logs");
    }

    @AfterAll
    static void stop() throws IOException {
        shipper.close();
        up.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"req_id": "half|not JSON: the line ends before its object does
                    {"req_id": "1", "httpCode": "many"}|httpCode is '"many"'
                    {"req_id": "1", "loggingEnabled": [1]}|loggingEnabled is '[1]'
                    """)
    void aLineThatIsNoRecordIsNamedAndAfterItsRepairEveryRowIsThereOnce(String bad, String reason) throws Exception {
        Path file = folder.resolve("access.ndjson");
        write(file, bad);
        String goOn;
        try (CourierProcess load = load(file)) {
            assertThat(load.endedWith(2).err()).startsWith("courier: " + file + ", line " + BAD + ": ");
            assertThat(load.err()).contains(reason);
            goOn = goOn(load);
        }
        assertThat(goOn).isEqualTo(Integer.toString(CHUNK + 1));
        assertThat(stored()).isEqualTo(CHUNK + " " + CHUNK);

        write(file, line(BAD));
        try (CourierProcess load = load(file, "--from-line", goOn, "--json")) {
            assertThat(load.endedWith(0).out())
                    .startsWith("{\"file\":\"%s\",\"rows\":%d,".formatted(file, ROWS - CHUNK))
                    .endsWith(",\"absent\":0}%n".formatted());
            assertThat(load.err()).isEmpty();
        }
        assertThat(stored()).isEqualTo(ROWS + " " + ROWS);
    }

    @Test
    void aTruncatedGzipIsNamedAndWithTheWholeOneEveryRowIsThereOnce() throws Exception {
        Path file = folder.resolve("access.ndjson.gz");
        write(file, line(BAD));
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - whole.length / 20));
        String goOn;
        try (CourierProcess load = load(file)) {
            assertThat(load.endedWith(2).err()).startsWith("courier: " + file + ", after line ");
            goOn = goOn(load);
        }
        assertThat(stored()).isEqualTo(CHUNK + " " + CHUNK);

        Files.write(file, whole);
        try (CourierProcess load = load(file, "--from-line", goOn)) {
            assertThat(load.endedWith(0).out()).startsWith("%s: %,d rows%n".formatted(file, ROWS - CHUNK));
        }
        assertThat(stored()).isEqualTo(ROWS + " " + ROWS);
    }

    @ParameterizedTest
    @CsvSource({"INT,130", "TERM,143"})
    void stoppedItSaysWhereToGoOnAndThenEveryRowIsThereOnce(String signal, int code) throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        String goOn;
        try (CourierProcess load = load(pipe)) {
            Thread writer = Thread.ofPlatform().daemon().start(() -> writeUntilNobodyReads(pipe));
            await().atMost(CourierProcess.PATIENCE).until(() -> !stored().equals("0 0"));
            load.signal(signal);
            assertThat(load.endsWithin(Duration.ofSeconds(10))).isTrue();
            goOn = goOn(load.endedWith(code));
            writer.join();
        }
        int loaded = Integer.parseInt(goOn) - 1;
        assertThat(loaded).isPositive();
        assertThat(stored()).isEqualTo(loaded + " " + loaded);

        Path file = folder.resolve("access.ndjson");
        write(file, line(BAD));
        int rest = 250;
        try (OutputStream lines = Files.newOutputStream(file)) {
            for (int number = 1; number <= loaded + rest; number++) {
                lines.write((line(number) + "\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        try (CourierProcess load = load(file, "--from-line", goOn)) {
            load.endedWith(0);
        }
        assertThat(stored()).isEqualTo(loaded + rest + " " + (loaded + rest));
    }

    @Test
    void onATerminalABarShowsHowFarItIs() throws Exception {
        Path file = folder.resolve("access.ndjson");
        write(file, line(BAD));
        try (CourierProcess load =
                CourierProcess.startOnTerminal(environment(), "load", file.toString(), ">" + folder.resolve("out"))) {
            load.endedWith(0);
            assertThat(load.out()).contains("load ", "100%", "bytes");
        }
    }

    private CourierProcess load(Path file, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("load", file.toString()));
        arguments.addAll(List.of(more));
        return CourierProcess.start(environment(), arguments.toArray(String[]::new));
    }

    private static Map<String, String> environment() {
        return Clients.clickHouse(up.ready());
    }

    /** Rows and different rows in the log table. */
    private String stored() throws Exception {
        return shipper.query("SELECT count(), uniqExact(req_id) FROM logs.access_logs")
                .replace('\t', ' ');
    }

    private static String goOn(CourierProcess load) {
        Matcher matcher = GO_ON.matcher(load.err());
        assertThat(matcher.find()).as(load.err()).isTrue();
        return matcher.group(1);
    }

    private static String line(int number) {
        return "{\"startTime\":\"1767225600.123\",\"req_id\":\"%d\",\"bucketName\":\"b\",\"loggingEnabled\":true}"
                .formatted(number);
    }

    /** All rows; {@code bad} is the line {@link #BAD}. */
    private static void write(Path file, String bad) throws IOException {
        try (OutputStream bytes = Files.newOutputStream(file);
                OutputStream lines = file.toString().endsWith(".gz") ? new GZIPOutputStream(bytes) : bytes) {
            StringBuilder text = new StringBuilder();
            for (int number = 1; number <= ROWS; number++) {
                text.append(number == BAD ? bad : line(number)).append('\n');
            }
            lines.write(text.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void writeUntilNobodyReads(Path pipe) {
        try (OutputStream lines = Files.newOutputStream(pipe)) {
            for (int number = 1; ; number++) {
                lines.write((line(number) + "\n").getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            if (!"Broken pipe".equals(e.getMessage())) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
