package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.PoisonMessageException;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.operations.Loader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Rows are written by strangers: what their names do to those who look, and to those who load them. */
class StrangersIT {
    /** An escape sequence, a line of ours, C1, DEL, a separator, text that runs backwards, a tab, a bell. */
    private static final String EVIL =
            "evil\u001b[31m\nThe books balance.\r\u009b2J\u007f\u2028\u202egpj\t\u0007\u0085 end";

    private static final String OUR_VERDICT = "The books balance.";
    private static final JsonMapper JSON = new JsonMapper();

    @RegisterExtension
    static final Stack STACK = new Stack();

    @TempDir
    private Path folder;

    private record Printed(int code, String out, String err) {}

    @Test
    void noNameReachesATerminalAsItIs() throws IOException {
        Installation courier = STACK.installation(
                Map.of("worker.attempts", "1", "s3.targets", "*", "delivery.more-columns", "userAgent"));
        Path file = folder.resolve("rows.ndjson");
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        for (LogRow row : rows(courier)) {
            rows.writeBytes(row.json());
        }
        Files.write(file, rows.toByteArray());
        for (boolean json : List.of(false, true)) {
            assertThat(run(courier, json, "load", file.toString()).code()).isZero();
            assertThat(run(courier, json, "tick", "--flush").code()).isZero();
            run(courier, json, "work", "--once");
            Printed status = run(courier, json, "status");
            assertThat(status.out()).containsIgnoringCase("evil\\u001b[31m\\nThe books balance.");
            Printed audit = run(courier, json, "audit", "--objects", "--deep");
            assertThat(audit.out()).containsIgnoringCase("evil\\u001b[31m\\nThe books balance.");
            run(courier, json, "replay", "--bucket", EVIL, "--from", "2026-01-01", "--to", "2026-01-02");
            run(courier, json, "replay", "--bucket", EVIL, "--from", "2026-01-01", "--to", EVIL);
            run(
                    courier,
                    json,
                    "replay",
                    "--bucket",
                    "b",
                    "--from",
                    "1970-01-01",
                    "--to",
                    "2026-01-01",
                    "--target",
                    EVIL);
            run(courier, json, "adopt", "--quiet", "0s");
            run(
                    courier,
                    json,
                    "load",
                    folder.resolve("missing\u001b[31m\n" + OUR_VERDICT).toString());
            run(courier, json, EVIL);
            run(courier, json, "status", "--lane", EVIL);
            run(courier, json, "schema", "--clickhouse-logs-database", EVIL);
            run(courier, json, "audit", "--clickhouse-ledger-database", EVIL);
        }
        Path bad = Files.writeString(
                folder.resolve("bad.ndjson"), "{\"req_id\": \"1\", \"httpCode\": \"\u001b[31m\u009b\u202e\"}\n");
        assertThat(run(courier, false, "load", bad.toString()).code()).isEqualTo(2);
    }

    @Test
    void aReplayToATimeThatNoLedgerHoldsIsRefused() throws IOException {
        Installation courier = STACK.installation();
        for (String time : List.of("+999999999-12-31T23:59:59Z", "2300-01-01T00:00:01Z")) {
            Printed replay = run(courier, false, "replay", "--bucket", "b", "--from", "2026-01-01", "--to", time);
            assertThat(replay.code()).isEqualTo(2);
            assertThat(replay.err()).contains(time, "2300-01-01T00:00:00Z").doesNotContain("Exception");
        }
    }

    @Test
    void aLineThatIsNestedTooDeepIsNamed() {
        Installation courier = STACK.installation();
        String row = "{\"startTime\": 1700000001}\n";
        String deep = "{\"a\":\"[[[[[\\\"[[[[[\",\"startTime\":1700000001}\n{\"b\":" + "[".repeat(20_000)
                + "]".repeat(20_000) + "}\n" + row;
        byte[] lines = (row.repeat(3) + deep).getBytes(StandardCharsets.US_ASCII);

        assertThatThrownBy(() -> new Loader(courier.clickHouse(), courier.lane())
                        .load("a.ndjson", new ByteArrayInputStream(lines), loaded -> {}))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageStartingWith("a.ndjson, line 5: it is nested deeper than 1,000 levels")
                .hasMessageEndingWith("nothing of it was loaded");
        assertThat(courier.number("SELECT count() FROM {logs}.access_logs")).isZero();
    }

    /** A bucket, a prefix, a target and fields that are hostile, each where it is the only one, and all at once. */
    private static List<LogRow> rows(Installation courier) {
        List<LogRow> rows = new ArrayList<>();
        rows.add(LogRow.of(EVIL, "1", courier.target()));
        rows.add(LogRow.of("target", "2", EVIL));
        rows.add(LogRow.of("prefix", "3", courier.target()).with("loggingTargetPrefix", EVIL + "/"));
        rows.add(LogRow.of(EVIL, "4", "no-such-bucket").with("loggingTargetPrefix", EVIL));
        rows.add(LogRow.of("fields", EVIL, courier.target())
                .with("userAgent", EVIL)
                .with("objectKey", EVIL));
        return rows;
    }

    /** Runs a command in this process, whose outputs it takes as a terminal would get them. */
    private static Printed run(Installation courier, boolean json, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (json && !arguments[0].equals("tick") && !arguments[0].equals("schema")) {
            all.add("--json");
        }
        if (!arguments[0].equals(EVIL)) {
            for (String flag : courier.flags()) {
                if (all.stream().noneMatch(given -> given.equals(flag.replaceFirst("=.*", "")))) {
                    all.add(flag);
                }
            }
        }
        PrintStream stdout = System.out;
        PrintStream stderr = System.err;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code;
        try (PrintStream capturedOut = captured(out);
                PrintStream capturedErr = captured(err)) {
            System.setOut(capturedOut);
            System.setErr(capturedErr);
            code = Main.commandLine(capturedOut).execute(all.toArray(String[]::new));
        } finally {
            System.setOut(stdout);
            System.setErr(stderr);
        }
        Printed printed = new Printed(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        assertHarmless(String.join(" ", arguments), printed.out());
        assertHarmless(String.join(" ", arguments), printed.err());
        if (json && all.contains("--json")) {
            printed.out().lines().forEach(JSON::readTree);
        }
        return printed;
    }

    private static PrintStream captured(OutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private static void assertHarmless(String command, String printed) {
        assertThat(printed.codePoints().filter(c -> c != '\n'))
                .as("%s: %s", command, printed)
                .noneMatch(Character::isISOControl)
                .noneMatch(c ->
                        c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069));
        assertThat(printed.lines().filter(line -> line.startsWith(OUR_VERDICT)))
                .as("%s: %s", command, printed)
                .isEmpty();
    }
}
