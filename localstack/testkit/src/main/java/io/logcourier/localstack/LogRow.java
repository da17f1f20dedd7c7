package io.logcourier.localstack;

import io.logcourier.looker.LogLine;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A row as a shipper sends it, and the {@link LogLine} that it must become. Immutable.
 *
 * @param fields columns with their values: text, bytes that need not be UTF-8, or numbers
 */
public record LogRow(Map<String, Object> fields) {
    private static final int DELETE = 0x7f;

    /** The columns of text that a row may lack. */
    public static final List<String> TEXTS = List.of(
            "requester",
            "operation",
            "requestURI",
            "errorCode",
            "referer",
            "userAgent",
            "versionId",
            "signatureVersion",
            "cipherSuite",
            "authenticationType",
            "hostHeader",
            "tlsVersion",
            "bucketOwner",
            "clientIP",
            "objectKey");

    /** Copies the fields. */
    public LogRow {
        fields = new LinkedHashMap<>(fields);
    }

    /** A request for an object, with everything a real one has. */
    public static LogRow of(String bucket, String requestId, String targetBucket) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("startTime", "1767225600.123");
        fields.put("requester", "arn:aws:iam::123456789012:user/app");
        fields.put("operation", "REST.GET.OBJECT");
        fields.put("requestURI", "GET /" + bucket + "/key HTTP/1.1");
        fields.put("httpCode", 200);
        fields.put("bytesSent", 2048);
        fields.put("objectSize", 4096);
        fields.put("totalTime", "70");
        fields.put("turnAroundTime", "10");
        fields.put("userAgent", "aws-cli/2.15.30");
        fields.put("signatureVersion", "SigV4");
        fields.put("cipherSuite", "ECDHE-RSA-AES128-GCM-SHA256");
        fields.put("authenticationType", "AuthHeader");
        fields.put("hostHeader", "s3.example.com");
        fields.put("tlsVersion", "TLSv1.3");
        fields.put("bucketOwner", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be");
        fields.put("bucketName", bucket);
        fields.put("objectKey", "key");
        fields.put("req_id", requestId);
        fields.put("clientIP", "192.0.2.3");
        fields.put("loggingEnabled", true);
        fields.put("loggingTargetBucket", targetBucket);
        fields.put("loggingTargetPrefix", "logs/" + bucket + "/");
        fields.put("raftSessionID", 1);
        return new LogRow(fields);
    }

    /** A row whose values are random and, one in four, hostile; what must be unique is {@code requestId}. */
    public static LogRow random(Random random, String bucket, String requestId, String targetBucket) {
        LogRow row = of(bucket, requestId, targetBucket)
                .with("startTime", "%d.%03d".formatted(1_767_225_600L + random.nextInt(86_400), random.nextInt(1_000)));
        for (String text : TEXTS) {
            switch (random.nextInt(8)) {
                case 0 -> row = row.without(text);
                case 1, 2 -> row = row.with(text, hostile(random));
                default -> {}
            }
        }
        for (String number : new String[] {"httpCode", "bytesSent", "objectSize", "totalTime", "turnAroundTime"}) {
            switch (random.nextInt(4)) {
                case 0 -> row = row.without(number);
                case 1 -> row = row.with(number, random.nextInt(number.equals("httpCode") ? 600 : 10_000_000));
                default -> {}
            }
        }
        return row;
    }

    private static byte[] hostile(Random random) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int pieces = random.nextInt(6); pieces > 0; pieces--) {
            if (random.nextInt(4) == 0) {
                bytes.write(0x80 + random.nextInt(0x80));
            } else {
                bytes.writeBytes(LogLine.HOSTILE
                        .get(random.nextInt(LogLine.HOSTILE.size()))
                        .getBytes(StandardCharsets.UTF_8));
                bytes.write('a' + random.nextInt(26));
            }
        }
        return bytes.toByteArray();
    }

    /** The same row with another value. */
    public LogRow with(String column, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(fields);
        changed.put(column, value);
        return new LogRow(changed);
    }

    /** The same row without a value. */
    public LogRow without(String column) {
        Map<String, Object> changed = new LinkedHashMap<>(fields);
        changed.remove(column);
        return new LogRow(changed);
    }

    /** The text of a column, one character per byte; empty where it is absent. */
    public String text(String column) {
        return switch (fields.get(column)) {
            case null -> "";
            case byte[] bytes -> new String(bytes, StandardCharsets.ISO_8859_1);
            case Object other ->
                new String(other.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        };
    }

    /** When the request started, in milliseconds. */
    public long startMillis() {
        return Long.parseLong(text("startTime").replace(".", ""));
    }

    /** A JSON object on a line of its own. */
    public byte[] json() {
        StringBuilder json = new StringBuilder("{");
        fields.forEach((column, value) -> {
            json.append(json.length() > 1 ? ", " : "")
                    .append('"')
                    .append(column)
                    .append("\": ");
            if (value instanceof Number || value instanceof Boolean) {
                json.append(value);
            } else {
                json.append('"');
                text(column).chars().forEach(one -> {
                    if (one < ' ' || one == DELETE) {
                        json.append("\\u%04x".formatted(one));
                    } else {
                        json.append(one == '"' || one == '\\' ? "\\" : "").append((char) one);
                    }
                });
                json.append('"');
            }
        });
        return json.append("}\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The log line, one character per byte, without its line feed. */
    public String line() {
        return LogLine.of(columns(), LogLine.Style.AWS);
    }

    /** The fields where log objects are no text, as {@link TypedFields} has them. */
    public Map<String, Object> typed() {
        return TypedFields.of(columns());
    }

    private Map<String, Object> columns() {
        Map<String, Object> row = new LinkedHashMap<>();
        fields.keySet()
                .forEach(column -> row.put(
                        column,
                        switch (column) {
                            case "startTime" -> Instant.ofEpochMilli(startMillis());
                            case "totalTime", "turnAroundTime" -> Float.valueOf(text(column));
                            case "httpCode", "bytesSent", "objectSize" -> Long.parseUnsignedLong(text(column));
                            default -> text(column);
                        }));
        return row;
    }
}
