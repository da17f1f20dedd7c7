package io.logcourier.accesslog;

import io.logcourier.ConfigurationException;
import io.logcourier.ledger.Compression;
import io.logcourier.ledger.WorkOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What rows become. An order names it with its version, so that a retry renders as the first attempt did. */
public enum Rendering {
    /** The S3 server access log line: 27 fields, as the Amazon S3 User Guide has them. */
    TEXT("text-1", "", "text/plain"),
    /** A JSON object per line: the fields typed, and named as in Amazon Athena's table of access logs. */
    JSON("json-1", ".json", "application/x-ndjson"),
    /** A Parquet file with the same fields, compressed by itself: rendered by a query of its own, not line by line. */
    PARQUET("parquet-1", ".parquet", "application/vnd.apache.parquet");

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

    private final String version;
    private final String suffix;
    private final String contentType;

    Rendering(String version, String suffix, String contentType) {
        this.version = version;
        this.suffix = suffix;
        this.contentType = contentType;
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
        return Arrays.stream(values())
                .filter(rendering -> rendering.version.equals(version))
                .findFirst()
                .orElseThrow(() -> new ConfigurationException("an order is to be rendered as " + version
                        + ", which this version of log-courier does not know: it knows "
                        + Arrays.stream(values()).map(Rendering::version).collect(Collectors.joining(", "))));
    }

    /** Name and version, as orders name it. */
    public String version() {
        return version;
    }

    /** What ends the key of an object. */
    public String suffix(Compression compression) {
        return suffix + compression.suffix();
    }

    /** The Content-Type of an object. */
    public String contentType(Compression compression) {
        return compression.contentType().orElse(contentType);
    }
}
