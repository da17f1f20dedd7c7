package io.logcourier.accesslog;

import io.logcourier.ConfigurationException;
import io.logcourier.ledger.Compression;
import io.logcourier.ledger.WorkOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What rows become. An order names it with its version, so that a retry renders as the first attempt did. Immutable.
 *
 * @param name by which settings ask for it
 * @param version as orders name it; what a version prints never changes
 * @param suffix what ends the key of an object, before that of its compression
 * @param mediaType the Content-Type of an object that is not compressed
 * @param framing how ClickHouse sends it
 * @param statement the resource that renders
 * @param fields the resource with the fields of what is no text; the statement marks their place
 * @param parameters of the statement
 */
public record Rendering(
        String name,
        String version,
        String suffix,
        String mediaType,
        Framing framing,
        String statement,
        Optional<String> fields,
        Map<String, Integer> parameters) {
    /** How ClickHouse sends what it renders. */
    public enum Framing {
        /** A frame per row, of several orders together: order number, identity hash, line of text. */
        LINES,
        /** The same with a JSON object on each line. */
        JSON_LINES,
        /** The file of one order, as it becomes the object; it is compressed by itself. */
        FILE
    }

    private static final String PLAIN = "text/plain";
    private static final String JSON_LINES = "application/x-ndjson";
    private static final String PARQUET_FILE = "application/vnd.apache.parquet";

    /** The S3 server access log line as AWS writes it: 27 fields, keys form-encoded twice where AWS does so. */
    public static final Rendering TEXT = text("text", false, false);

    /** The same line with keys encoded once, for readers that decode once whatever the operation is. */
    public static final Rendering TEXT_ONCE = text("text-once", true, false);

    /** The same line with quotes around each absent Request-URI, Referer and User-Agent, which every reader takes. */
    public static final Rendering TEXT_QUOTED = text("text-quoted", false, true);

    /** The same line with both. */
    public static final Rendering TEXT_ONCE_QUOTED = text("text-once-quoted", true, true);

    /** A JSON object per line: the fields typed, and named as in Amazon Athena's table of access logs. */
    public static final Rendering JSON = json("json", "json-2", "render-json-2.sql", "fields-2.sql");

    /**
     * The same with the names that Amazon S3 gives the fields where it delivers access logs to CloudWatch Logs, or as JSON from
     * there: a version of the schema and the bucket's ARN in front.
     */
    public static final Rendering JSON_CLOUDWATCH =
            json("json-cloudwatch", "json-cloudwatch-1", "render-json-2.sql", "fields-cloudwatch.sql");

    /** A Parquet file with the fields of {@link #JSON}, compressed by itself: rendered by a query of its own, not line by line. */
    public static final Rendering PARQUET = parquet("parquet-2", "render-parquet-2.sql", "fields-2.sql");

    private static final List<Rendering> CURRENT =
            List.of(TEXT, TEXT_ONCE, TEXT_QUOTED, TEXT_ONCE_QUOTED, JSON, JSON_CLOUDWATCH, PARQUET);

    /** What orders of before name. */
    private static final List<Rendering> FORMER = List.of(
            new Rendering("text", "text-1", "", PLAIN, Framing.LINES, "render-text-1.sql", Optional.empty(), Map.of()),
            json("json", "json-1", "render-json-1.sql", "fields.sql"),
            parquet("parquet-1", "render-parquet-1.sql", "fields.sql"));

    private static Rendering text(String name, boolean isEncodedOnce, boolean isAlwaysQuoted) {
        return new Rendering(
                name,
                name + "-2",
                "",
                PLAIN,
                Framing.LINES,
                "render-text-2.sql",
                Optional.empty(),
                Map.of("encoded_once", isEncodedOnce ? 1 : 0, "always_quoted", isAlwaysQuoted ? 1 : 0));
    }

    private static Rendering json(String name, String version, String statement, String fields) {
        return new Rendering(
                name, version, ".json", JSON_LINES, Framing.JSON_LINES, statement, Optional.of(fields), Map.of());
    }

    private static Rendering parquet(String version, String statement, String fields) {
        return new Rendering(
                "parquet", version, ".parquet", PARQUET_FILE, Framing.FILE, statement, Optional.of(fields), Map.of());
    }

    /** The fields of the record in order, by the names that they have where they have any. */
    public static final List<String> FIELDS = List.of(
            "bucketowner",
            "bucket_name",
            "requestdatetime",
            "remoteip",
            "requester",
            "requestid",
            "operation",
            "key",
            "request_uri",
            "httpstatus",
            "errorcode",
            "bytessent",
            "objectsize",
            "totaltime",
            "turnaroundtime",
            "referrer",
            "useragent",
            "versionid",
            "hostid",
            "sigv",
            "ciphersuite",
            "authtype",
            "endpoint",
            "tlsversion",
            "accesspointarn",
            "aclrequired",
            "sourceregion");

    /** The fields of {@link #JSON_CLOUDWATCH} in order. */
    public static final List<String> CLOUDWATCH_FIELDS = List.of(
            "schema_version_id",
            "bucket_arn",
            "bucket_name",
            "request_time",
            "bucket_owner_id",
            "remote_ip",
            "requester",
            "request_id",
            "operation",
            "key_name",
            "request_uri",
            "http_status",
            "error_code",
            "bytes_sent_size",
            "object_size",
            "total_duration",
            "turn_around_duration",
            "referer",
            "user_agent",
            "version_id",
            "host_id",
            "signature_version",
            "cipher_suite",
            "authentication_type",
            "host_header",
            "tls_version",
            "access_point_arn",
            "acl_required",
            "source_region");

    /** Those that new orders may name, by the words of settings. */
    public static List<Rendering> current() {
        return CURRENT;
    }

    /**
     * How an order is to be rendered.
     *
     * @throws ConfigurationException if this version of log-courier does not know it
     */
    public static Rendering of(WorkOrder order) {
        return named(order.rendering());
    }

    /**
     * The rendering of a name and version.
     *
     * @throws ConfigurationException if this version of log-courier does not know it
     */
    public static Rendering named(String version) {
        return known().filter(rendering -> rendering.version.equals(version))
                .findFirst()
                .orElseThrow(() -> new ConfigurationException("an order is to be rendered as " + version
                        + ", which this version of log-courier does not know: it knows "
                        + known().map(Rendering::version).collect(Collectors.joining(", "))));
    }

    private static Stream<Rendering> known() {
        return Stream.concat(CURRENT.stream(), FORMER.stream());
    }

    /** Whether an order becomes a file of its own, by a query of its own. */
    public boolean isFile() {
        return framing == Framing.FILE;
    }

    /** Whether rows become lines of text, which are no JSON. */
    public boolean isText() {
        return framing == Framing.LINES;
    }

    /** What ends the key of an object. */
    public String suffix(Compression compression) {
        return suffix + compression.suffix();
    }

    /** The Content-Type of an object. */
    public String contentType(Compression compression) {
        return compression.contentType().orElse(mediaType);
    }
}
