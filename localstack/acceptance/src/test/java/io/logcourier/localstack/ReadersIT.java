package io.logcourier.localstack;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.krakens.grok.api.Grok;
import io.krakens.grok.api.GrokCompiler;
import io.logcourier.looker.LogLine;
import io.logcourier.operations.AthenaTable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.fs.s3a.audit.S3LogParser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the readers that customers use make of delivered objects. A field counts as read if it comes back as
 * {@link LogLine} has it, without brackets and quotes; and the key decodes to the stored one as the reader decodes it;
 * {@code docs/readers.md} holds the outcome of every reader, kind of row and form of the line, and is held to it here.
 */
class ReadersIT {
    private static final Path PAGE = Path.of("..", "..", "docs", "readers.md");
    private static final Path PROPOSAL = Path.of("target", "readers.md");

    /** As the columns of the page. */
    private static final List<String> READERS = List.of(
            "Athena",
            "Athena, `url_decode`",
            "Hadoop",
            "Logstash ECS",
            "Logstash legacy",
            "Elastic",
            "signalfx",
            "Honeycomb",
            "tailpipe",
            "Wazuh",
            "OpenTelemetry",
            "NooBaa",
            "GoAccess",
            "s3-log-parse");

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final JsonMapper JSON = new JsonMapper();
    private static final String ABSENT = "-";
    private static final int LONG_TEXT = 64 * 1024;

    /** The real line of the Amazon S3 User Guide. */
    private static final String AWS_EXAMPLE =
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be amzn-s3-demo-bucket1"
                    + " [06/Feb/2019:00:00:38 +0000] 192.0.2.3"
                    + " 79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be 3E57427F3EXAMPLE"
                    + " REST.GET.VERSIONING - \"GET /amzn-s3-demo-bucket1?versioning HTTP/1.1\" 200 - 113 - 7 - \"-\""
                    + " \"S3Console/0.4\" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234="
                    + " SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com"
                    + " TLSV1.2 arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP Yes us-east-1";

    private static final Map<String, String> HADOOP = Map.ofEntries(
            entry("Bucket Owner", S3LogParser.OWNER_GROUP),
            entry("Bucket", S3LogParser.BUCKET_GROUP),
            entry("Time", S3LogParser.TIMESTAMP_GROUP),
            entry("Remote IP", S3LogParser.REMOTEIP_GROUP),
            entry("Requester", S3LogParser.REQUESTER_GROUP),
            entry("Request ID", S3LogParser.REQUESTID_GROUP),
            entry("Operation", S3LogParser.VERB_GROUP),
            entry("Key", S3LogParser.KEY_GROUP),
            entry("Request-URI", S3LogParser.REQUESTURI_GROUP),
            entry("HTTP status", S3LogParser.HTTP_GROUP),
            entry("Error Code", S3LogParser.AWSERRORCODE_GROUP),
            entry("Bytes Sent", S3LogParser.BYTESSENT_GROUP),
            entry("Object Size", S3LogParser.OBJECTSIZE_GROUP),
            entry("Total Time", S3LogParser.TOTALTIME_GROUP),
            entry("Turn-Around Time", S3LogParser.TURNAROUNDTIME_GROUP),
            entry("Referer", S3LogParser.REFERRER_GROUP),
            entry("User-Agent", S3LogParser.USERAGENT_GROUP),
            entry("Version Id", S3LogParser.VERSION_GROUP),
            entry("Host Id", S3LogParser.HOSTID_GROUP),
            entry("Signature Version", S3LogParser.SIGV_GROUP),
            entry("Cipher Suite", S3LogParser.CYPHER_GROUP),
            entry("Authentication Type", S3LogParser.AUTH_GROUP),
            entry("Host Header", S3LogParser.ENDPOINT_GROUP),
            entry("TLS version", S3LogParser.TLS_GROUP));

    private static final Map<String, String> ECS = Map.ofEntries(
            entry("Bucket Owner", "aws.s3access.bucket_owner"),
            entry("Bucket", "aws.s3access.bucket"),
            entry("Time", "timestamp"),
            entry("Remote IP", "client.ip"),
            entry("Requester", "client.user.id"),
            entry("Request ID", "aws.s3access.request_id"),
            entry("Operation", "aws.s3access.operation"),
            entry("Key", "aws.s3access.key"),
            entry("Request-URI", "aws.s3access.request_uri"),
            entry("HTTP status", "http.response.status_code"),
            entry("Error Code", "aws.s3access.error_code"),
            entry("Bytes Sent", "aws.s3access.bytes_sent"),
            entry("Object Size", "aws.s3access.object_size"),
            entry("Total Time", "aws.s3access.total_time"),
            entry("Turn-Around Time", "aws.s3access.turn_around_time"),
            entry("Referer", "http.request.referrer"),
            entry("User-Agent", "user_agent.original"),
            entry("Version Id", "aws.s3access.version_id"),
            entry("Host Id", "aws.s3access.host_id"),
            entry("Signature Version", "aws.s3access.signature_version"),
            entry("Cipher Suite", "tls.cipher"),
            entry("Authentication Type", "aws.s3access.authentication_type"),
            entry("Host Header", "aws.s3access.host_header"),
            entry("TLS version", "aws.s3access.tls_version"));

    private static final Map<String, String> LEGACY = Map.ofEntries(
            entry("Bucket Owner", "owner"),
            entry("Bucket", "bucket"),
            entry("Time", "timestamp"),
            entry("Remote IP", "clientip"),
            entry("Requester", "requester"),
            entry("Request ID", "request_id"),
            entry("Operation", "operation"),
            entry("Key", "key"),
            entry("HTTP status", "response"),
            entry("Error Code", "error_code"),
            entry("Bytes Sent", "bytes"),
            entry("Object Size", "object_size"),
            entry("Total Time", "request_time_ms"),
            entry("Turn-Around Time", "turnaround_time_ms"),
            entry("Referer", "referrer"),
            entry("User-Agent", "agent"),
            entry("Version Id", "version_id"));

    private static final Map<String, String> S3_LOG_PARSE = Map.ofEntries(
            entry("Bucket Owner", "bucket_owner"),
            entry("Bucket", "bucket"),
            entry("Time", "timestamp"),
            entry("Remote IP", "remote_ip"),
            entry("Requester", "requester"),
            entry("Request ID", "request_id"),
            entry("Operation", "operation"),
            entry("Key", "s3_key"),
            entry("Request-URI", "request_uri"),
            entry("HTTP status", "status_code"),
            entry("Error Code", "error_code"),
            entry("Bytes Sent", "bytes_sent"),
            entry("Object Size", "object_size"),
            entry("Total Time", "total_time"),
            entry("Turn-Around Time", "turn_around_time"),
            entry("Referer", "referrer"),
            entry("User-Agent", "user_agent"),
            entry("Version Id", "version_id"));

    @RegisterExtension
    static final Stack STACK = new Stack();

    private static final String FIRST_FORM = "text";

    /** The forms that are delivered, by the names that settings and the page have for them. */
    private static final Map<String, LogLine.Style> FORMS = forms();

    /** The fields by their names, in order. */
    private static final List<String> FIELDS =
            List.copyOf(LogLine.fields(Map.of("startTime", Instant.EPOCH), LogLine.Style.AWS)
                    .keySet());

    /**
     * What was delivered in one form.
     *
     * @param rows by kind
     * @param lines the line of each in the delivered object
     */
    private record Delivered(LogLine.Style style, Map<String, Map<String, Object>> rows, Map<String, byte[]> lines) {}

    private static final Map<String, Delivered> DELIVERED = new LinkedHashMap<>();

    /** What each reader made of each kind, by form. */
    private static final Map<String, Map<String, Map<String, String>>> OUTCOMES = new ConcurrentHashMap<>();

    @TempDir
    static Path folder;

    /** What a reader makes of a line: fields by AWS's names, or nothing where it refuses it. */
    @FunctionalInterface
    private interface Reader extends Function<byte[], Optional<Map<String, String>>> {}

    /** How a reader gets from the field to the key that is stored. One character per byte. */
    private enum Keys {
        /** It leaves that to its user, who knows in which form the line was asked for. */
        AS_THE_FORM_SAYS {
            @Override
            String decoded(String key, String operation, LogLine.Style style) {
                return style.isEncodedOnce() ? once(key) : BY_OPERATION.decoded(key, operation, style);
            }
        },
        /** It undoes by operation what AWS does. */
        BY_OPERATION {
            @Override
            String decoded(String key, String operation, LogLine.Style style) {
                boolean isTwice = operation.startsWith("REST.") || operation.startsWith("WEBSITE.");
                return isTwice ? once(once(key)) : once(key);
            }
        },
        /** It decodes once, whatever the operation is. */
        ONCE {
            @Override
            String decoded(String key, String operation, LogLine.Style style) {
                return once(key);
            }
        },
        /** It takes the field for the key. */
        NEVER {
            @Override
            String decoded(String key, String operation, LogLine.Style style) {
                return key;
            }
        };

        /** @throws IllegalArgumentException if it is not encoded so */
        abstract String decoded(String key, String operation, LogLine.Style style);

        private static String once(String text) {
            return URLDecoder.decode(text, StandardCharsets.ISO_8859_1);
        }
    }

    private static Map<String, LogLine.Style> forms() {
        Map<String, LogLine.Style> forms = new LinkedHashMap<>();
        forms.put(FIRST_FORM, LogLine.Style.AWS);
        forms.put("text-once-quoted", new LogLine.Style(true, true));
        return forms;
    }

    @BeforeAll
    static void deliver() {
        FORMS.forEach((form, style) -> {
            Installation courier = STACK.installation(Map.of("delivery.forms", "*=" + form));
            Map<String, Map<String, Object>> rows = new LinkedHashMap<>();
            kinds(rows, courier.target());
            new StoredRows(courier.clickHouse(), courier.lane()).insert(rows.values());
            courier.flush();
            courier.drain();
            Map<String, byte[]> objects = courier.objects(courier.target());
            assertThat(objects).hasSize(1);
            List<String> delivered =
                    Installation.lines(objects.values().iterator().next());
            assertThat(delivered).hasSameSizeAs(rows.entrySet());
            Map<String, byte[]> lines = new LinkedHashMap<>();
            rows.forEach((kind, row) -> {
                String line = LogLine.of(row, style);
                assertThat(delivered).as(kind).contains(line);
                lines.put(kind, (line + "\n").getBytes(StandardCharsets.ISO_8859_1));
            });
            DELIVERED.put(form, new Delivered(style, rows, lines));
        });
    }

    private static void kinds(Map<String, Map<String, Object>> rows, String target) {
        Map<String, Object> ordinary = ordinary(target);
        kind(rows, "an ordinary request", ordinary, Map.of());
        kind(
                rows,
                "a request without Request-URI, referer and agent",
                ordinary,
                without("requestURI", "referer", "userAgent"));
        kind(rows, "a record of a batch delete", ordinary, part("BATCH.DELETE.OBJECT", "a/key.txt"));
        kind(
                rows,
                "a record of a batch delete, key: space, `+`, `%`",
                ordinary,
                part("BATCH.DELETE.OBJECT", "a b+c%41"));
        kind(rows, "a part of a copy", ordinary, part("REST.COPY.OBJECT_GET", "a b+c%41"));
        kind(rows, "a lifecycle record", ordinary, lifecycle("a/key.txt"));
        kind(rows, "a lifecycle record, key: space, `+`, `%`", ordinary, lifecycle("a b+c%41"));
        kind(
                rows,
                "a request to a website, key: space, `+`, `%`",
                ordinary,
                Map.of("operation", "WEBSITE.GET.OBJECT", "objectKey", "a b+c%41"));
        kind(rows, "a caller's region", ordinary, Map.of("sourceRegion", "eu-west-3"));
        kind(
                rows,
                "nothing but bucket and time",
                ordinary,
                without(ordinary.keySet().stream()
                        .filter(column -> !column.matches(
                                "bucketName|startTime|insertedAt|req_id|raftSessionID|logging(Enabled|Target.*)"))
                        .toArray(String[]::new)));
        kind(rows, "no bucket owner", ordinary, without("bucketOwner"));
        kind(rows, "an ARN as bucket owner", ordinary, Map.of("bucketOwner", "arn:aws:iam::123456789012:root"));
        kind(rows, "no remote IP", ordinary, without("clientIP"));
        kind(rows, "IPv6", ordinary, Map.of("clientIP", "2001:db8::8a2e:370:7334"));
        kind(rows, "IPv4 mapped to IPv6", ordinary, Map.of("clientIP", "::ffff:192.0.2.3"));
        kind(rows, "a remote IP that is none", ordinary, Map.of("clientIP", "unknown, 198.51.100.7"));
        kind(rows, "a list of addresses", ordinary, Map.of("clientIP", "192.0.2.3, 198.51.100.7"));
        kind(
                rows,
                "a space in the requester",
                ordinary,
                Map.of("requester", "arn:aws:iam::123456789012:user/Jane Doe"));
        kind(
                rows,
                "key: space, quote, `\\`, `%`, `+`, line feed",
                ordinary,
                Map.of("objectKey", "a b/\"c\"\\%2F+?&\r\n.txt"));
        kind(rows, "key: a space", ordinary, Map.of("objectKey", "a b.txt"));
        kind(rows, "key: `~`", ordinary, Map.of("objectKey", "~a/b~c"));
        kind(rows, "key: UTF-8", ordinary, Map.of("objectKey", utf8("\u65e5\u672c/\u00e9\u2028\uD83D\uDE80")));
        kind(rows, "key: no UTF-8", ordinary, Map.of("objectKey", "\u00ff\u00c0\u0080"));
        kind(rows, "key: every byte", ordinary, Map.of("objectKey", everyByte()));
        kind(rows, "key: 64 KB", ordinary, Map.of("objectKey", "a b".repeat(LONG_TEXT / 3)));
        kind(rows, "URI: quote, `\\`, line feed", ordinary, Map.of("requestURI", "GET /b/a\"b\\c\r\nd HTTP/1.1"));
        kind(rows, "URI: `%22`, `%0A`", ordinary, Map.of("requestURI", "GET /b/a%22b%0Ac?x=%20y HTTP/1.1"));
        kind(rows, "URI: a space", ordinary, Map.of("requestURI", "GET /b/a b HTTP/1.1"));
        kind(rows, "URI: no protocol", ordinary, Map.of("requestURI", "GET /b/k"));
        kind(rows, "URI: no request", ordinary, Map.of("requestURI", "\u0016\u0003\u0001"));
        kind(rows, "agent: quote, `\\`", ordinary, Map.of("userAgent", "a \"b\" \\c\\"));
        kind(rows, "agent: line feed, control bytes", ordinary, Map.of("userAgent", "a\r\nb\u0000\u001b\u007f"));
        kind(rows, "agent: `'`, backtick, brackets", ordinary, Map.of("userAgent", "it's ` [x] {y}"));
        kind(rows, "agent: two spaces together", ordinary, Map.of("userAgent", "a  b"));
        kind(rows, "agent: UTF-8", ordinary, Map.of("userAgent", utf8("\u65e5\u672c \u00e9 \uD83D\uDE80")));
        kind(rows, "agent: U+2028, U+0085", ordinary, Map.of("userAgent", utf8("a\u2028b\u0085c")));
        kind(rows, "agent: no UTF-8", ordinary, Map.of("userAgent", "a\u00ff\u00c0\u0080b"));
        kind(rows, "agent: 64 KB", ordinary, Map.of("userAgent", "a b".repeat(LONG_TEXT / 3)));
        kind(rows, "agent: `-`", ordinary, Map.of("userAgent", "-"));
        kind(rows, "referer: space, quote, `\\`", ordinary, Map.of("referer", "https://example.com/a b\"c\\d"));
        kind(rows, "referer: empty, agent there", ordinary, Map.of("referer", ""));
        kind(rows, "operation: U+00A0, U+2028", ordinary, Map.of("operation", utf8("a\u00a0b\u2028c")));
        kind(rows, "an error", ordinary, Map.of("httpCode", 404, "errorCode", "NoSuchKey", "bytesSent", 0L));
        kind(rows, "status 0", ordinary, Map.of("httpCode", 0));
        kind(rows, "the largest numbers", ordinary, Map.of("bytesSent", -1L, "objectSize", -1L, "httpCode", 0xffff));
        kind(rows, "times of 1,000,000 ms and more", ordinary, Map.of("totalTime", 1e6F, "turnAroundTime", 1e10F));
        kind(rows, "times of 0 ms", ordinary, Map.of("totalTime", 0F, "turnAroundTime", 0F));
        kind(rows, "in 1900", ordinary, Map.of("startTime", Instant.parse("1900-01-01T00:00:00Z")));
        kind(rows, "in 2299", ordinary, Map.of("startTime", Instant.parse("2299-12-31T23:59:59.999Z")));
        kind(
                rows,
                "with all 27 fields",
                ordinary,
                Map.of("aclRequired", "Yes", "versionId", "3HL4kqtJvjVBH40Nrjfkd", "sourceRegion", "eu-west-3"));
    }

    private static Map<String, Object> ordinary(String target) {
        return Map.ofEntries(
                entry("insertedAt", Instant.now().truncatedTo(ChronoUnit.SECONDS)),
                entry("startTime", Instant.parse("2026-01-31T23:59:59.999Z")),
                entry("requester", "arn:aws:iam::123456789012:user/app"),
                entry("operation", "REST.GET.OBJECT"),
                entry("requestURI", "GET /cats/a/key.txt?versionId=null HTTP/1.1"),
                entry("objectSize", 4096L),
                entry("totalTime", 70F),
                entry("turnAroundTime", 10F),
                entry("referer", "https://example.com/"),
                entry("userAgent", "aws-cli/2.15.30 Python/3.11.6"),
                entry("signatureVersion", "SigV4"),
                entry("cipherSuite", "ECDHE-RSA-AES128-GCM-SHA256"),
                entry("authenticationType", "AuthHeader"),
                entry("hostHeader", "s3.example.com"),
                entry("tlsVersion", "TLSv1.3"),
                entry("bucketOwner", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"),
                entry("bucketName", "cats"),
                entry("bytesSent", 2048L),
                entry("clientIP", "192.0.2.3"),
                entry("httpCode", 200),
                entry("objectKey", "a/key.txt"),
                entry("loggingEnabled", true),
                entry("loggingTargetBucket", target),
                entry("loggingTargetPrefix", ""),
                entry("raftSessionID", 1));
    }

    private static void kind(
            Map<String, Map<String, Object>> rows,
            String kind,
            Map<String, Object> ordinary,
            Map<String, Object> changes) {
        Map<String, Object> row = new HashMap<>(ordinary);
        row.put("req_id", "REQUEST%04d".formatted(rows.size()));
        row.putAll(changes);
        assertThat(rows.put(kind, row)).as("two of kind %s", kind).isNull();
    }

    /** The record of a part of a request: what is particular to HTTP stands in that of the request. */
    private static Map<String, Object> part(String operation, String key) {
        Map<String, Object> part = without("requestURI", "referer", "userAgent", "bytesSent", "turnAroundTime");
        part.put("operation", operation);
        part.put("objectKey", key);
        return part;
    }

    private static Map<String, Object> lifecycle(String key) {
        Map<String, Object> lifecycle = without(
                "clientIP",
                "requestURI",
                "httpCode",
                "bytesSent",
                "totalTime",
                "turnAroundTime",
                "referer",
                "userAgent",
                "signatureVersion",
                "cipherSuite",
                "authenticationType",
                "hostHeader",
                "tlsVersion");
        lifecycle.put("operation", "S3.EXPIRE.OBJECT");
        lifecycle.put("requester", "AmazonS3");
        lifecycle.put("objectKey", key);
        return lifecycle;
    }

    private static Map<String, Object> without(String... columns) {
        Map<String, Object> absent = new HashMap<>();
        Stream.of(columns).forEach(column -> absent.put(column, null));
        return absent;
    }

    private static String everyByte() {
        return IntStream.range(0, 256).mapToObj(Character::toString).collect(Collectors.joining());
    }

    private static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Test
    void hadoop() throws IOException {
        assertReads("Hadoop", Keys.AS_THE_FORM_SAYS, line -> {
            Matcher matcher = S3LogParser.LOG_ENTRY_PATTERN.matcher(text(line));
            return matcher.matches() ? Optional.of(renamed(HADOOP, matcher::group)) : Optional.empty();
        });
    }

    /** RegexSerDe itself needs half of Hadoop and Hive on the class path; this is what it does with the expression. */
    @Test
    void athena() throws IOException {
        assertReads("Athena", Keys.AS_THE_FORM_SAYS, ReadersIT::athena);
    }

    @Test
    void athenaWhereAQueryDecodesTheKey() throws IOException {
        assertReads("Athena, `url_decode`", Keys.ONCE, ReadersIT::athena);
    }

    private static Optional<Map<String, String>> athena(byte[] line) {
        Matcher matcher = AthenaTable.LINE.matcher(text(line));
        return matcher.matches() ? Optional.of(inOrder(groups(matcher))) : Optional.empty();
    }

    @Test
    void elastic() throws IOException {
        assertReads("Elastic", Keys.AS_THE_FORM_SAYS, line -> DescribedReaders.elastic(text(line)));
    }

    @Test
    void signalFx() throws IOException {
        assertReads("signalfx", Keys.BY_OPERATION, line -> DescribedReaders.tokens(text(line)));
    }

    @Test
    void honeycomb() throws IOException {
        assertReads("Honeycomb", Keys.AS_THE_FORM_SAYS, line -> DescribedReaders.honeycomb(text(line)));
    }

    @Test
    void tailpipe() throws IOException {
        assertReads("tailpipe", Keys.AS_THE_FORM_SAYS, line -> DescribedReaders.tailpipe(text(line)));
    }

    @Test
    void wazuh() throws IOException {
        assertReads("Wazuh", Keys.AS_THE_FORM_SAYS, line -> DescribedReaders.wazuh(text(line)));
    }

    @Test
    void openTelemetry() throws IOException {
        assertReads("OpenTelemetry", Keys.AS_THE_FORM_SAYS, line -> DescribedReaders.openTelemetry(text(line)));
    }

    @Test
    void nooBaa() throws IOException {
        assertReads("NooBaa", Keys.NEVER, line -> DescribedReaders.nooBaa(text(line)));
    }

    @Test
    void logstashWithTheEcsPattern() throws IOException {
        Grok grok = grok("ecs-v1");
        assertReads("Logstash ECS", Keys.AS_THE_FORM_SAYS, line -> captured(grok, line)
                .map(fields -> renamed(ECS, fields::get)));
    }

    @Test
    void logstashWithTheLegacyPattern() throws IOException {
        Grok grok = grok("legacy");
        assertReads("Logstash legacy", Keys.AS_THE_FORM_SAYS, line -> captured(grok, line)
                .map(fields -> {
                    Map<String, String> read = renamed(LEGACY, fields::get);
                    String version = fields.get("httpversion");
                    read.put(
                            "Request-URI",
                            fields.get("verb") == null
                                    ? fields.getOrDefault("rawrequest", ABSENT)
                                    : fields.get("verb") + " " + fields.get("request")
                                            + (version == null ? "" : " HTTP/" + version));
                    return read;
                }));
    }

    /**
     * The patterns of Logstash as Elasticsearch carries them. Its build took the brackets around the time for those of a
     * field name, so that its ECS pattern does not compile; they are put back.
     */
    private static Grok grok(String set) throws IOException {
        GrokCompiler compiler = GrokCompiler.newInstance();
        for (String file : List.of("grok-patterns", "aws")) {
            try (InputStream patterns =
                    ReadersIT.class.getClassLoader().getResourceAsStream("patterns/" + set + "/" + file)) {
                String text = new String(patterns.readAllBytes(), StandardCharsets.UTF_8)
                        .replace("\\%{HTTPDATE:timestamp}\\ ", "\\[%{HTTPDATE:timestamp}\\] ")
                        // Only java-grok's numbers end at 32 bits.
                        .replaceAll(":(int|long)}", "}");
                compiler.register(new StringReader(text));
            }
        }
        Grok grok = compiler.compile("^%{S3_ACCESS_LOG}");
        assertThat(grok.match(AWS_EXAMPLE).isNull()).isFalse();
        return grok;
    }

    private static Optional<Map<String, String>> captured(Grok grok, byte[] line) {
        Map<String, Object> captured = grok.match(text(line)).capture();
        if (captured.isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> fields = new HashMap<>();
        captured.forEach((name, value) -> fields.put(name, value == null ? null : value.toString()));
        return Optional.of(fields);
    }

    @Test
    void goAccess() throws IOException {
        assumeRuns("goaccess", "--version");
        assertReads("GoAccess", Keys.AS_THE_FORM_SAYS, ReadersIT::goAccess);
    }

    /** It shows totals per field; of one line, these are its fields. */
    private static Optional<Map<String, String>> goAccess(byte[] line) {
        try {
            Path log = Files.write(folder.resolve("line.log"), line);
            Path out = folder.resolve("report.json");
            Files.deleteIfExists(out);
            run(
                    new byte[0],
                    "goaccess",
                    log.toString(),
                    "--no-global-config",
                    "--no-progress",
                    "--log-format=AWSS3",
                    "--output=" + out);
            if (!Files.exists(out)) {
                return Optional.empty();
            }
            return goAccess(JSON.readTree(Files.readAllBytes(out)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<Map<String, String>> goAccess(JsonNode report) {
        if (report.at("/general/valid_requests").asInt() != 1) {
            return Optional.empty();
        }
        Map<String, String> read = new HashMap<>();
        read.put("Bucket", report.at("/vhosts/data/0/data").asString());
        read.put("Remote IP", report.at("/hosts/data/0/data").asString());
        read.put("Bytes Sent", report.at("/hosts/data/0/bytes/count").asString());
        read.put("Total Time", Long.toString(report.at("/hosts/data/0/cumts").asLong() / 1000));
        read.put(
                "HTTP status",
                report.at("/status_codes/data/0/items/0/data").asString().split(" ", 2)[0]);
        Stream.of("requests", "static_requests", "not_found")
                .map(panel -> report.at("/" + panel + "/data/0"))
                .filter(request -> !request.isMissingNode())
                .forEach(request -> read.put(
                        "Request-URI",
                        Stream.of("method", "data", "protocol")
                                .map(part -> request.path(part).asString(""))
                                .filter(part -> !part.isEmpty())
                                .collect(Collectors.joining(" "))));
        return Optional.of(read);
    }

    @Test
    void s3LogParse() throws IOException {
        List<byte[]> lines = DELIVERED.values().stream()
                .flatMap(delivered -> delivered.lines().values().stream())
                .toList();
        ByteArrayOutputStream object = new ByteArrayOutputStream();
        lines.forEach(object::writeBytes);
        List<String> answers = readByPython("s3-log-parse==0.1.1", "s3_log_parse.py", object.toByteArray());
        assertThat(answers).hasSameSizeAs(lines);
        Map<String, JsonNode> byLine = new HashMap<>();
        for (int i = 0; i < answers.size(); i++) {
            byLine.put(new String(lines.get(i), StandardCharsets.ISO_8859_1), JSON.readTree(answers.get(i)));
        }
        assertReads("s3-log-parse", Keys.AS_THE_FORM_SAYS, line -> {
            JsonNode answer = byLine.get(new String(line, StandardCharsets.ISO_8859_1));
            return answer.isNull()
                    ? Optional.empty()
                    : Optional.of(renamed(S3_LOG_PARSE, name -> {
                        JsonNode field = answer.path(name);
                        return field.isNull() ? null : field.asString();
                    }));
        });
    }

    @Test
    void duckDbReadsParquet() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Installation courier = STACK.installation(Map.of("delivery.forms", "*=parquet"));
        List<LogRow> rows = IntStream.range(0, 300)
                .mapToObj(i -> LogRow.random(random, "cats", "id-" + i, courier.target()))
                .toList();
        courier.insert(rows);
        courier.deliver("seed " + seed, rows);
        byte[] object = courier.objects(courier.target()).values().iterator().next();

        List<String> read = readByPython("duckdb==1.4.1", "duckdb_parquet.py", object);

        assertThat(read.stream().map(row -> TypedFields.parse(row.getBytes(StandardCharsets.UTF_8))))
                .as("seed %d", seed)
                .containsExactlyInAnyOrderElementsOf(
                        rows.stream().map(LogRow::typed).toList());
    }

    /** What a script prints that reads an object by a package from PyPI; skips the test where there is none. */
    private static List<String> readByPython(String version, String script, byte[] object) throws IOException {
        Path environment = Path.of("target", version.split("=", 2)[0]).toAbsolutePath();
        Path python = environment.resolve("bin").resolve("python");
        assumeRuns("python3", "-m", "venv", environment.toString());
        assumeRuns(python.toString(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", version);
        Path file = folder.resolve(script);
        try (InputStream resource = ReadersIT.class.getResourceAsStream(script)) {
            Files.write(file, resource.readAllBytes());
        }
        Ran ran = run(object, python.toString(), file.toString());
        assertThat(ran.code()).as(ran.err()).isZero();
        return ran.out().lines().toList();
    }

    /** What became of a command. */
    private record Ran(int code, String out, String err) {}

    private static Ran run(byte[] input, String... command) throws IOException {
        Path in = Files.write(folder.resolve("in"), input);
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException(String.join(" ", command) + " does not end");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            process.destroyForcibly();
        }
        return new Ran(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** Skips the test, with the reason, where a command is not there or fails. */
    private static void assumeRuns(String... command) {
        String trouble;
        try {
            Ran ran = run(new byte[0], command);
            trouble = ran.code() == 0 ? "" : "failed: " + ran.err();
        } catch (IOException e) {
            trouble = "did not run: " + e.getMessage();
        }
        assumeTrue(trouble.isEmpty(), String.join(" ", command) + " " + trouble);
    }

    private static String text(byte[] line) {
        return new String(line, 0, line.length - 1, StandardCharsets.UTF_8);
    }

    private static Map<String, String> renamed(Map<String, String> names, Function<String, String> field) {
        Map<String, String> renamed = new HashMap<>();
        names.forEach((name, theirs) -> renamed.put(name, field.apply(theirs)));
        return renamed;
    }

    private static List<String> groups(Matcher matcher) {
        List<String> groups = new ArrayList<>();
        for (int i = 1; i <= matcher.groupCount(); i++) {
            groups.add(matcher.group(i));
        }
        return groups;
    }

    private static Map<String, String> inOrder(List<String> values) {
        Map<String, String> fields = new HashMap<>();
        for (int i = 0; i < values.size(); i++) {
            fields.put(FIELDS.get(i), values.get(i));
        }
        return fields;
    }

    /** The reader's column in each table of the page is what it does. */
    private static void assertReads(String name, Keys keys, Reader reader) throws IOException {
        for (Map.Entry<String, Delivered> form : DELIVERED.entrySet()) {
            Delivered delivered = form.getValue();
            Map<String, String> actual = new LinkedHashMap<>();
            delivered
                    .rows()
                    .forEach((kind, row) -> actual.put(
                            kind,
                            verdict(
                                    row,
                                    delivered.style(),
                                    keys,
                                    reader.apply(delivered.lines().get(kind)))));
            OUTCOMES.computeIfAbsent(form.getKey(), any -> new ConcurrentHashMap<>())
                    .put(name, actual);
        }
        for (String form : DELIVERED.keySet()) {
            assertThat(OUTCOMES.get(form).get(name).entrySet())
                    .as("%s in the table of %s in %s; the page as it should be is %s", name, form, PAGE, PROPOSAL)
                    .containsExactlyElementsOf(column(form, name).entrySet());
        }
    }

    /** What the page says of a reader, by kind: the tables behind the first have only what is different there. */
    private static Map<String, String> column(String form, String reader) throws IOException {
        Map<String, String> said = new LinkedHashMap<>();
        for (String some : FORMS.keySet()) {
            List<List<String>> table = table(some);
            int column = table.isEmpty() ? -1 : table.getFirst().indexOf(reader);
            if (column >= 0 && (some.equals(FIRST_FORM) || some.equals(form))) {
                table.stream().skip(2).forEach(row -> said.put(row.getFirst(), row.get(column)));
            }
        }
        return said;
    }

    /** The table whose first heading is the name of a form. */
    private static List<List<String>> table(String form) throws IOException {
        return Files.readAllLines(PAGE).stream()
                .dropWhile(line -> !line.startsWith("| `" + form + "` |"))
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> Arrays.stream(line.substring(1).split("\\|", -1))
                        .map(String::strip)
                        .toList())
                .toList();
    }

    /** Writes the tables as this run has them, those of readers that were not there as they stand in the page. */
    @AfterAll
    static void propose() throws IOException {
        List<String> proposal = new ArrayList<>();
        Map<String, String> first = new LinkedHashMap<>();
        for (Map.Entry<String, Delivered> form : DELIVERED.entrySet()) {
            List<Map<String, String>> columns = new ArrayList<>();
            for (String reader : READERS) {
                Map<String, String> outcome =
                        OUTCOMES.getOrDefault(form.getKey(), Map.of()).get(reader);
                columns.add(outcome == null ? column(form.getKey(), reader) : outcome);
            }
            proposal.add("| `" + form.getKey() + "` | " + String.join(" | ", READERS) + " |");
            proposal.add("|---".repeat(READERS.size() + 1) + "|");
            form.getValue().rows().keySet().forEach(kind -> {
                String row = "| " + kind
                        + columns.stream()
                                .map(outcome -> " | " + outcome.getOrDefault(kind, "untried"))
                                .collect(Collectors.joining())
                        + " |";
                if (!row.equals(first.putIfAbsent(kind, row))) {
                    proposal.add(row);
                }
            });
            proposal.add("");
        }
        Files.createDirectories(PROPOSAL.getParent());
        Files.write(PROPOSAL, proposal);
    }

    private static String verdict(
            Map<String, Object> row, LogLine.Style style, Keys keys, Optional<Map<String, String>> read) {
        if (read.isEmpty()) {
            return "no";
        }
        List<String> others = new ArrayList<>();
        LogLine.fields(row, style).forEach((field, rendered) -> {
            if (read.get().containsKey(field)) {
                String value = Optional.ofNullable(read.get().get(field)).orElse(ABSENT);
                if (!utf8(bare(value)).equals(bare(rendered))
                        || (field.equals("Key") && !isStored(row, value, style, keys))) {
                    others.add(field);
                }
            }
        });
        return others.isEmpty() ? "yes" : "other: " + String.join(", ", others);
    }

    private static boolean isStored(Map<String, Object> row, String key, LogLine.Style style, Keys keys) {
        if (row.get("objectKey") == null) {
            return true;
        }
        try {
            return keys.decoded(key, Objects.requireNonNullElse((String) row.get("operation"), ""), style)
                    .equals(row.get("objectKey"));
        } catch (IllegalArgumentException e) {
            // What remains after one time holds a percent sign that encodes nothing.
            return false;
        }
    }

    private static String bare(String field) {
        return field.matches("(?s)\".*\"|\\[.*]") && field.length() > 1
                ? field.substring(1, field.length() - 1)
                : field;
    }
}
