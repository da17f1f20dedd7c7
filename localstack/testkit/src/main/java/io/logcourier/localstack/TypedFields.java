package io.logcourier.localstack;

import io.logcourier.accesslog.Rendering;
import io.logcourier.looker.LogLine;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The typed fields that a row must become where log objects are no text: a second, plain implementation beside
 * {@link LogLine}, for the same rows. Text is Unicode, with one U+FFFD for what is no UTF-8, however long; numbers are
 * {@link Long}, the time an {@link Instant}; what is absent is null.
 */
public final class TypedFields {
    private static final JsonMapper JSON = new JsonMapper();
    private static final List<String> TIMES = List.of("requestdatetime", "request_time");

    /** By the names of CloudWatch, in their order, those of Athena. */
    private static final Map<String, String> CLOUDWATCH = cloudWatch();

    private TypedFields() {}

    private static Map<String, String> cloudWatch() {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("bucket_name", "bucket_name");
        names.put("request_time", "requestdatetime");
        names.put("bucket_owner_id", "bucketowner");
        names.put("remote_ip", "remoteip");
        names.put("requester", "requester");
        names.put("request_id", "requestid");
        names.put("operation", "operation");
        names.put("key_name", "key");
        names.put("request_uri", "request_uri");
        names.put("http_status", "httpstatus");
        names.put("error_code", "errorcode");
        names.put("bytes_sent_size", "bytessent");
        names.put("object_size", "objectsize");
        names.put("total_duration", "totaltime");
        names.put("turn_around_duration", "turnaroundtime");
        names.put("referer", "referrer");
        names.put("user_agent", "useragent");
        names.put("version_id", "versionid");
        names.put("host_id", "hostid");
        names.put("signature_version", "sigv");
        names.put("cipher_suite", "ciphersuite");
        names.put("authentication_type", "authtype");
        names.put("host_header", "endpoint");
        names.put("tls_version", "tlsversion");
        names.put("access_point_arn", "accesspointarn");
        names.put("acl_required", "aclrequired");
        names.put("source_region", "sourceregion");
        return names;
    }

    /** The fields of a row. */
    public static Map<String, Object> of(Map<String, ?> row) {
        List<Object> values = new ArrayList<>();
        values.add(text(row.get("bucketOwner")));
        values.add(key(row.get("bucketName")));
        values.add(row.get("startTime"));
        values.add(text(LogLine.address(row.get("clientIP"))));
        for (String column : List.of("requester", "req_id", "operation")) {
            values.add(text(row.get(column)));
        }
        values.add(key(row.get("objectKey")));
        values.add(text(row.get("requestURI")));
        values.add(integer(row.get("httpCode")));
        values.add(text(row.get("errorCode")));
        for (String column : List.of("bytesSent", "objectSize", "totalTime", "turnAroundTime")) {
            values.add(integer(row.get(column)));
        }
        for (String column : List.of("referer", "userAgent", "versionId")) {
            values.add(text(row.get(column)));
        }
        values.add(null);
        for (String column :
                List.of("signatureVersion", "cipherSuite", "authenticationType", "hostHeader", "tlsVersion")) {
            values.add(text(row.get(column)));
        }
        values.add(null);
        values.add(text(row.get("aclRequired")));
        values.add(text(row.get("sourceRegion")));
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < values.size(); i++) {
            fields.put(Rendering.FIELDS.get(i), values.get(i));
        }
        return fields;
    }

    /** The same fields of a row by the names that they have in CloudWatch, with what stands there alone. */
    public static Map<String, Object> ofCloudWatch(Map<String, ?> row) {
        Map<String, Object> fields = of(row);
        Map<String, Object> renamed = new LinkedHashMap<>();
        renamed.put("schema_version_id", "V_1_0");
        renamed.put("bucket_arn", "arn:aws:s3:::" + fields.get("bucket_name"));
        CLOUDWATCH.forEach((name, athena) -> renamed.put(name, fields.remove(athena)));
        if (!fields.isEmpty()) {
            throw new IllegalStateException("left over: " + fields.keySet());
        }
        return renamed;
    }

    /** The fields that a JSON object holds, in its order. */
    public static Map<String, Object> parse(byte[] line) {
        Map<String, Object> fields = new LinkedHashMap<>();
        JSON.readTree(line).forEachEntry((name, value) -> fields.put(name, value(name, value)));
        return fields;
    }

    private static Object value(String name, JsonNode value) {
        if (value.isNull()) {
            return null;
        }
        if (value.isString()) {
            return TIMES.contains(name) ? Instant.parse(value.stringValue()) : collapsed(value.stringValue());
        }
        return value.asLong();
    }

    /** A dash stands for what is absent, except where it is a key. */
    private static String text(Object value) {
        return "-".equals(value) ? null : key(value);
    }

    private static String key(Object value) {
        return value == null || value.equals("")
                ? null
                : collapsed(new String(((String) value).getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
    }

    /** With one U+FFFD for several. */
    static String collapsed(String text) {
        return text.replaceAll("\ufffd+", "\ufffd");
    }

    /** Numbers that fit a signed long; of a time the nearest. */
    private static Object integer(Object value) {
        return switch (value) {
            case null -> null;
            case Float time when !Float.isFinite(time) || time < 0 || time >= 0x1p63F -> null;
            case Float time ->
                new BigDecimal(time).setScale(0, RoundingMode.HALF_EVEN).longValueExact();
            case Long number when number < 0 -> null;
            case Number number -> number.longValue();
            default -> throw new IllegalStateException("no number: " + value);
        };
    }
}
