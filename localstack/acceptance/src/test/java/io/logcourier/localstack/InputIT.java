package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Endpoint;
import io.logcourier.operations.Audit;
import io.logcourier.operations.Audit.Timeless;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Loader;
import io.logcourier.operations.input.InputSheet;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rows as others bring them: in every form, and by the ways that docs/input.md shows. */
class InputIT {
    private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();

    @RegisterExtension
    static final Stack STACK = new Stack();

    private Installation courier;

    @BeforeEach
    void install() {
        courier = STACK.installation();
    }

    @Test
    void everyFormOfATimeIsTheRightOneHoweverTheRowComes() {
        load("""
                {"startTime":"1700000001.5","req_id":"1","bucketName":"b","loggingEnabled":true}
                {"startTime":1700000001.5,"req_id":"2","bucketName":"b","loggingEnabled":true}
                {"startTime":1700000001500,"req_id":"3","bucketName":"b","loggingEnabled":true}
                {"startTime":"2023-11-14T23:13:21.500+01:00","req_id":"4","bucketName":"b","loggingEnabled":true}
                """);
        assertThat(times()).isEqualTo("1700000001500");
        courier.execute("TRUNCATE TABLE {logs}.access_logs");

        LogRow row = LogRow.of("b", "R", courier.target());
        courier.insert(List.of(
                row.with("startTime", 1_700_000_001),
                row.with("startTime", "1700000001"),
                row.with("startTime", 1_700_000_001_000L),
                row.with("startTime", 1_700_000_001_000_000L),
                row.with("startTime", 1_700_000_001_000_000_000L)));
        assertThat(times()).isEqualTo("1700000001000");
    }

    @Test
    void aRowWithoutATimeIsNamedByTheAudit() {
        LogRow row = LogRow.of("cats", "R", courier.target());
        courier.insert(List.of(row, row.without("startTime").with("req_id", "S")));

        courier.flush();

        AuditReport report = new Audit(courier.clickHouse(), courier.lane()).report();
        assertThat(report.timeless()).containsExactly(new Timeless("cats", 1));
        assertThat(report.verdict()).endsWith("1 row is dated 1970.");
    }

    @Test
    void whatIsStoredIsWhatTheSheetSays() {
        Loader loader = new Loader(courier.clickHouse(), courier.lane());
        String rows = """
                {"startTime":"1700000001","req_id":"1","bucketName":"b","objectKey":"\\u00e9/\\"","loggingEnabled":true,"loggingTargetBucket":"t-t"}
                {"startTime":"1700000001","req_id":"1","bucketName":"b","objectKey":"other","loggingEnabled":true,"loggingTargetBucket":"t-t"}
                {"startTime":"1700000001","req_id":"2","bucketName":"b","loggingEnabled":false}
                {"startTime":"1700000001","req_id":"3","bucketName":"b"}
                {"startTime":"1700000001","req_id":"4","bucketName":"b","loggingEnabled":true,"insertedAt":"2020-01-01 00:00:00"}
                {"startTime":"1700000001","req_id":"5","bucketName":"b","loggingEnabled":true,"loggingTargetBucket":"UPPER_case!!"}
                """;

        InputSheet sheet = load(rows);

        assertThat(sheet.stored()).isEqualTo(3);
        assertThat(loader.stored()).isEqualTo(3);
        assertThat(sheet.repeated()).isFalse();
        assertThat(sheet.expired()).isEqualTo(1);

        assertThat(load(rows).repeated()).isTrue();
        courier.execute("TRUNCATE TABLE {logs}.access_logs");
        load(rows);
        InputSheet again = new Loader(courier.clickHouse(), courier.lane(), new Loader.Options(false, true))
                .load("again", bytes(rows.replace("other", "a third")), done -> {});
        assertThat(again.skipped()).as("the sub-record is another row").isEqualTo(2);
        assertThat(loader.stored()).isEqualTo(4);
    }

    @Test
    void theCurlCommandAndTheViewOfTheGuideBringRows() throws Exception {
        String guide = Files.readString(ROOT.resolve("docs/input.md"));
        Endpoint endpoint = courier.lane().endpoint();
        run(
                located(find("(?m)^    (curl .*)$", guide)),
                Map.of(
                        "LOG_COURIER_CLICKHOUSE_URL", endpoint.url().toString(),
                        "LOG_COURIER_CLICKHOUSE_USER", endpoint.user(),
                        "LOG_COURIER_CLICKHOUSE_PASSWORD", endpoint.password().get()));
        assertThat(courier.number("SELECT count() FROM {logs}.access_logs")).isEqualTo(40);

        courier.execute(
                "CREATE TABLE {logs}.otel_logs (Timestamp DateTime64(9), Body String) ENGINE = MergeTree ORDER BY Timestamp");
        courier.execute(located(find("(?s)```sql\n(CREATE MATERIALIZED VIEW .*?)```", guide)));
        courier.execute("CREATE TABLE {logs}.before ENGINE = Memory AS SELECT * FROM {logs}.access_logs");
        courier.execute("TRUNCATE TABLE {logs}.access_logs");
        for (String line : Files.readAllLines(ROOT.resolve("docs/access.ndjson"))) {
            courier.clickHouse()
                    .insert(
                            courier.lane().logs() + ".otel_logs",
                            "JSONEachRow",
                            ClickHouse.JSON.writeValueAsBytes(Map.of("Body", line)),
                            Map.of());
        }
        assertThat(courier.number("SELECT count() FROM {logs}.access_logs")).isEqualTo(40);
        assertThat(
                        courier.number(
                                "SELECT count() FROM (SELECT * EXCEPT (insertedAt) FROM {logs}.access_logs EXCEPT SELECT * EXCEPT (insertedAt) FROM {logs}.before)"))
                .as("rows that are others than those that came straight")
                .isZero();
    }

    /** Skips where the project stands alone. */
    @Test
    void theCasesOfOthersCountAsTheyShould() throws IOException {
        Path cases = ROOT.resolve("../shared/cases");
        assumeThat(cases)
                .as("the cases of public reports, which are not ours to copy")
                .isDirectory();

        assertThat(load(Files.readString(cases.resolve("26-rows-older-than-the-table-keeps/input.ndjson")))
                        .expired())
                .isEqualTo(1);
        InputSheet internal = load(Files.readString(cases.resolve("27-demo-with-internal-rows/input.ndjson")));
        assertThat(List.of(internal.rows(), internal.internal(), internal.stored()))
                .isEqualTo(List.of(2L, 1L, 1L));
        courier.execute("TRUNCATE TABLE {logs}.access_logs");
        load(Files.readString(cases.resolve("23-start-time-forms/input.ndjson")));
        assertThat(courier.text(
                                "SELECT formatDateTime(startTime, '[%d/%b/%Y:%H:%i:%S +0000]', 'UTC') FROM {logs}.access_logs ORDER BY req_id")
                        .lines())
                .containsExactlyElementsOf(Files.readString(cases.resolve("23-start-time-forms/expected.txt"))
                        .lines()
                        .map(line -> line.replaceFirst("^[^\\[]*(\\[.*?]).*$", "$1"))
                        .toList());
    }

    private InputSheet load(String rows) {
        return new Loader(courier.clickHouse(), courier.lane()).load("rows", bytes(rows), done -> {});
    }

    private static InputStream bytes(String rows) {
        return new ByteArrayInputStream(rows.getBytes(StandardCharsets.UTF_8));
    }

    /** The different times of the stored rows, in milliseconds. */
    private String times() {
        return courier.text(
                        "SELECT arrayStringConcat(groupUniqArray(toString(toUnixTimestamp64Milli(startTime))), ' ') FROM {logs}.access_logs")
                .strip();
    }

    /** For the databases of this installation. */
    private String located(String text) {
        return text.replace("otel.", courier.lane().logs() + ".")
                .replace("logs.", courier.lane().logs() + ".");
    }

    private static String find(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(pattern).isTrue();
        return matcher.group(1);
    }

    private static void run(String command, Map<String, String> variables) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", command + " --silent --show-error --fail-with-body")
                .directory(ROOT.toFile())
                .redirectErrorStream(true);
        builder.environment().putAll(variables);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
