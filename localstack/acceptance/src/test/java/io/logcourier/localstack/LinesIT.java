package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.logcourier.operations.AuditReport;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One valid line for every row, whatever is in it. */
class LinesIT {
    private static final String START = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be source "
            + "[01/Jan/2026:00:00:00 +0000] 192.0.2.3 arn:aws:iam::123456789012:user/app REQ REST.GET.OBJECT ";
    private static final String URI = "\"GET /source/key HTTP/1.1\" ";
    private static final String MIDDLE = "200 - 2048 4096 70 10 ";
    private static final String END = " - - SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader s3.example.com TLSv1.3 - - -";

    @RegisterExtension
    static final Stack STACK = new Stack();

    private Installation courier;

    @BeforeEach
    void install() {
        courier = STACK.installation();
    }

    /** A column, its value, and the line that it makes of an ordinary row. */
    record Case(String name, Map<String, Object> values, String line) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() {
        String agent = " \"-\" \"aws-cli/2.15.30\"";
        String rest = MIDDLE + agent.substring(1) + END;
        return Stream.of(
                new Case("an ordinary row", Map.of(), START + "key " + URI + rest),
                key("spaces", "a key  with spaces", "a%2Bkey%2B%2Bwith%2Bspaces"),
                key("quotes", "a \"quoted\" 'key'", "a%2B%2522quoted%2522%2B%2527key%2527"),
                key("newlines", "line\r\nbreak\n\n", "line%250D%250Abreak%250A%250A"),
                key("an emoji", "\uD83D\uDE80", "%25F0%259F%259A%2580"),
                key("a slash and what is unreserved", "/a-b_c.d~e/F9//", "/a-b_c.d%7Ee/F9//"),
                key("percent signs", "100%/%2F%25", "100%2525/%25252F%252525"),
                key(
                        "what an URL means something by",
                        "a+b&c=d?e#f;g:h@i,j$k!l*m(n)[o]",
                        "a%252Bb%2526c%253Dd%253Fe%2523f%253Bg%253Ah%2540i%252Cj%2524k%2521l%252Am%2528n%2529%255Bo%255D"),
                key("bytes that are no UTF-8", new byte[] {'a', (byte) 0xff, (byte) 0xc3, 'b', 0}, "a%25FF%25C3b%2500"),
                key("a hyphen", "-", "-"),
                agent("quotes and backslashes", "a \"b\" \\c\\\" d", "a %22b%22 %5Cc%5C%22 d"),
                agent("tabs and line ends", "a\tb\r\nc\n", "a%09b%0D%0Ac%0A"),
                agent("control bytes", "a\u0000b\u001fc\u007fd", "a%00b%1Fc%7Fd"),
                agent("percent signs and emoji", "100% %22 \uD83D\uDE80", "100% %22 \u00f0\u009f\u009a\u0080"),
                agent(
                        "raw bytes",
                        new byte[] {'a', (byte) 0x80, (byte) 0xff, '"', (byte) 0xc3},
                        "a\u0080\u00ff%22\u00c3"),
                agent("spaces alone", "   ", "   "),
                new Case(
                        "a request of 25 minutes",
                        Map.of("totalTime", "1500000", "turnAroundTime", 1_499_999),
                        START + "key " + URI + "200 - 2048 4096 1500000 1499999" + agent + END),
                new Case(
                        "times at the end of their range",
                        Map.of("totalTime", 16_777_215, "turnAroundTime", 0),
                        START + "key " + URI + "200 - 2048 4096 16777215 0" + agent + END),
                new Case(
                        "nothing sent",
                        Map.of("bytesSent", 0, "objectSize", 0),
                        START + "key " + URI + "200 - - 0 70 10" + agent + END),
                new Case(
                        "numbers at the end of their range",
                        Map.of("bytesSent", Long.MAX_VALUE, "objectSize", new BigInteger("18446744073709551615")),
                        START + "key " + URI + "200 - 9223372036854775807 18446744073709551615 70 10" + agent + END),
                new Case(
                        "a referer with spaces",
                        Map.of("referer", "http://e.com/a b\"c\\d e"),
                        START + "key " + URI + MIDDLE + "\"http://e.com/a%20b%22c%5Cd%20e\" \"aws-cli/2.15.30\"" + END),
                new Case(
                        "a request URI with quotes and line ends",
                        Map.of("requestURI", "GET /a\"b\\c\r\n HTTP/1.1"),
                        START + "key \"GET /a%22b%5Cc%0D%0A HTTP/1.1\" " + rest),
                ip("::ffff:1.2.3.4", "1.2.3.4"),
                ip("::FFFF:1.2.3.4", "1.2.3.4"),
                ip("1.2.3.4, 10.0.0.1, 10.0.0.2", "1.2.3.4"),
                ip("1.2.3.4:51234", "1.2.3.4"),
                ip("[2001:db8::1]:443", "2001:db8::1"),
                ip("[::ffff:1.2.3.4]:443, 10.0.0.1", "1.2.3.4"),
                operation(
                        "BATCH.DELETE.OBJECT",
                        Map.of("objectKey", "Screen Shot a+b~ 41%.png"),
                        "Screen+Shot+a%2Bb%7E+41%25.png - " + MIDDLE + "- -"),
                operation("REST.COPY.OBJECT_GET", Map.of("objectKey", "a b"), "a%2Bb - " + MIDDLE + "- -"),
                operation("S3.EXPIRE.OBJECT", Map.of("objectKey", "a b"), "a+b \"-\" " + MIDDLE + "\"-\" \"-\""),
                operation("WEBSITE.GET.OBJECT", Map.of("objectKey", "a b"), "a%2Bb - " + MIDDLE + "\"-\" \"-\""),
                operation("REST.GET.BUCKET", Map.of("objectKey", ""), "- - " + MIDDLE + "\"-\" \"-\""),
                new Case(
                        "a caller whose region is known",
                        Map.of("sourceRegion", "eu-west-3"),
                        (START + "key " + URI + rest).replaceFirst("-$", "eu-west-3")),
                ip("2001:db8::1", "2001:db8::1"),
                ip("::ffff:abcd", "::ffff:abcd"),
                ip("1.2.3.4 - - \"", "1.2.3.4%20-%20-%20%22"),
                new Case(
                        "a requester that would add fields",
                        Map.of("requester", "a b\nc \"d\" \\"),
                        (START + "key " + URI + rest)
                                .replace("arn:aws:iam::123456789012:user/app", "a%20b%0Ac%20%22d%22%20%5C")),
                new Case(
                        "a source bucket with a space and raw UTF-8",
                        Map.of("bucketName", "so urce\u00e9"),
                        (START + "key " + URI + rest).replace(" source ", " so%20urce\u00c3\u00a9 ")),
                new Case(
                        "the last milliseconds of a leap day",
                        Map.of("startTime", "1709251199.999"),
                        (START + "key " + URI + rest).replace("01/Jan/2026:00:00:00", "29/Feb/2024:23:59:59")));
    }

    private static Case key(String name, Object key, String encoded) {
        return new Case(
                "a key with " + name,
                Map.of("objectKey", key),
                START + encoded + " " + URI + MIDDLE + "\"-\" \"aws-cli/2.15.30\"" + END);
    }

    private static Case agent(String name, Object agent, String encoded) {
        return new Case(
                "a user agent with " + name,
                Map.of("userAgent", agent),
                START + "key " + URI + MIDDLE + "\"-\" \"" + encoded + "\"" + END);
    }

    /** Without a Request-URI and an agent. */
    private static Case operation(String operation, Map<String, Object> values, String middle) {
        Map<String, Object> all = new HashMap<>(values);
        all.putAll(Map.of("operation", operation, "requestURI", "", "userAgent", ""));
        return new Case(operation, all, START.replace("REST.GET.OBJECT", operation) + middle + END);
    }

    private static Case ip(String ip, String shown) {
        return new Case(
                "client " + ip,
                Map.of("clientIP", ip),
                (START + "key " + URI + MIDDLE + "\"-\" \"aws-cli/2.15.30\"" + END).replace("192.0.2.3", shown));
    }

    @Test
    void everyHostileValueMakesTheLineThatTheFormatAsksFor() {
        List<Case> cases = cases().toList();
        List<LogRow> rows = new ArrayList<>();
        for (int i = 0; i < cases.size(); i++) {
            LogRow row = LogRow.of("source", "REQ", courier.target())
                    .with("startTime", "1767225600.000")
                    .with("loggingTargetPrefix", i + "/");
            for (Map.Entry<String, Object> value : cases.get(i).values().entrySet()) {
                row = row.with(value.getKey(), value.getValue());
            }
            rows.add(row);
        }
        courier.insert(rows);

        courier.deliver("hostile values", rows);

        Map<String, byte[]> objects = courier.objects(courier.target());
        for (int i = 0; i < cases.size(); i++) {
            String prefix = i + "/";
            assertThat(objects.entrySet().stream()
                            .filter(object -> object.getKey().startsWith(prefix))
                            .flatMap(object -> Installation.lines(object.getValue()).stream()))
                    .as(cases.get(i).name())
                    .containsExactly(cases.get(i).line());
        }
    }

    @Test
    void anAbsentNullOrEmptyValueIsAHyphen() {
        String line = "- source [01/Jan/2026:00:00:00 +0000] - - - - - - - - - - - - \"-\" \"-\" - - - - - - - - - -";
        LogRow full = LogRow.of("source", "REQ", courier.target()).with("startTime", "1767225600.000");
        LogRow absent = full.without("req_id");
        LogRow empty = full.with("req_id", "");
        for (String column : full.fields().keySet()) {
            if (!List.of("startTime", "bucketName", "raftSessionID", "req_id").contains(column)
                    && !column.startsWith("logging")) {
                absent = absent.without(column);
                boolean number = full.fields().get(column) instanceof Number || column.endsWith("Time");
                empty = number ? empty.without(column) : empty.with(column, "");
            }
        }
        List<LogRow> rows = List.of(absent, empty);
        courier.insert(rows);

        courier.deliver("absent", rows);

        assertThat(courier.objects(courier.target()).values())
                .singleElement()
                .satisfies(object -> assertThat(Installation.lines(object)).containsExactly(line, line));
    }

    @Test
    void randomHostileRowsMakeTheLinesThatAPlainImplementationMakes() {
        long seed = Long.getLong("rows.seed", System.nanoTime());
        Random random = new Random(seed);
        List<LogRow> rows = IntStream.range(0, 3_000)
                .mapToObj(i -> LogRow.random(random, "bucket-" + i % 7, "%05d".formatted(i), courier.target()))
                .toList();
        courier.insert(rows);

        courier.deliver("seed " + seed, rows);
    }

    @Test
    void realRequestsAreDeliveredWholeRawBytesIncluded() throws IOException {
        Optional<Path> file = realData();
        assumeThat(file)
                .as("the sample of real requests, shared/data/server-access.ndjson.gz beside the project, is missing")
                .isPresent();
        List<LogRow> rows = new ArrayList<>();
        JsonMapper json = new JsonMapper();
        try (InputStream lines = new GZIPInputStream(Files.newInputStream(file.orElseThrow()))) {
            // One character per byte, since the bytes are not all UTF-8.
            for (String line : Installation.lines(lines.readAllBytes())) {
                Map<String, Object> fields = new LinkedHashMap<>();
                for (Map.Entry<String, JsonNode> field : json.readTree(line).properties()) {
                    JsonNode value = field.getValue();
                    fields.put(
                            field.getKey(),
                            value.isString()
                                    ? value.stringValue().getBytes(StandardCharsets.ISO_8859_1)
                                    : value.isBoolean() ? value.booleanValue() : value.longValue());
                }
                rows.add(new LogRow(fields).with("loggingTargetBucket", courier.target()));
            }
        }
        assertThat(rows).hasSize(9_999);
        courier.insert(rows);

        AuditReport report = courier.deliver("real requests", rows);

        assertThat(report.isWell()).isTrue();
        assertThat(report.buckets()).hasSize(24);
        List<LogRow> raw = rows.stream().filter(row -> !isUtf8(row.json())).toList();
        assertThat(raw).as("rows with bytes that are not UTF-8").hasSize(1);
        assertThat(courier.objects(courier.target()).values().stream()
                        .flatMap(object -> Installation.lines(object).stream())
                        .filter(raw.getFirst().line()::equals))
                .hasSize(1);
    }

    private static boolean isUtf8(byte[] bytes) {
        return Arrays.equals(new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), bytes);
    }

    /** Beside the project's folder, from wherever the tests run. */
    private static Optional<Path> realData() {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path file = folder.resolve("shared/data/server-access.ndjson.gz");
            if (Files.exists(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }
}
