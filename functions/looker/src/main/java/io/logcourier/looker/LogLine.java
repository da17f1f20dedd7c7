package io.logcourier.looker;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The log line that a row must become: a second, plain implementation of the format, written from its description alone,
 * so that the one under test is not its own judge.
 *
 * <p>Rows are columns of the log table with their values. Text has one character per byte, since it need not be UTF-8;
 * integers are unsigned, as {@link Integer} or {@link Long}; times taken are {@link Float}; startTime is an
 * {@link Instant}; a column without a value is NULL.
 */
public final class LogLine {
    /** What readers and writers of text stumble over. */
    public static final List<String> HOSTILE = List.of(
            " ",
            "\"",
            "\\",
            "\n",
            "\r\n",
            "\t",
            "\0",
            "\u0001",
            "\u001f",
            "\u007f",
            "%",
            "%2F",
            "%22",
            "\\\"",
            "-",
            "[",
            "]",
            "'",
            "/",
            "//",
            "?",
            "+",
            "&",
            "=",
            "#",
            ";",
            "<",
            ">",
            "{",
            "}",
            "`",
            "|",
            "^",
            "~",
            "!",
            "*",
            "(",
            ")",
            ",",
            "$",
            "@",
            ":",
            "\u00e9",
            "\u2028",
            "\uD83D\uDE80");

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "'['dd/MMM/uuuu:HH:mm:ss '+0000]'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    private static final Pattern MAPPED_IPV4 = Pattern.compile(
            "::ffff:((%1$s\\.){3}%1$s)".formatted("(25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})"), Pattern.CASE_INSENSITIVE);
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/";
    private static final String ABSENT = "-";
    private static final int DELETE = 0x7f;

    private LogLine() {}

    /** The line without its line feed, one character per byte. */
    public static String of(Map<String, ?> row, String sourceRegion) {
        return String.join(" ", fields(row, sourceRegion).values());
    }

    /** The fields as they stand in the line, in order, by the names that AWS gives them. */
    public static Map<String, String> fields(Map<String, ?> row, String sourceRegion) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("Bucket Owner", token(row.get("bucketOwner")));
        fields.put("Bucket", token(row.get("bucketName")));
        fields.put("Time", TIME.format((Instant) row.get("startTime")));
        fields.put("Remote IP", token(unmapped(row.get("clientIP"))));
        fields.put("Requester", token(row.get("requester")));
        fields.put("Request ID", token(row.get("req_id")));
        fields.put("Operation", token(row.get("operation")));
        fields.put("Key", key(row.get("objectKey")));
        fields.put("Request-URI", isAbsent(row.get("requestURI")) ? ABSENT : quoted(row.get("requestURI")));
        fields.put("HTTP status", integer(row.get("httpCode")));
        fields.put("Error Code", token(row.get("errorCode")));
        String sent = integer(row.get("bytesSent"));
        fields.put("Bytes Sent", sent.equals("0") ? ABSENT : sent);
        fields.put("Object Size", integer(row.get("objectSize")));
        fields.put("Total Time", integer(row.get("totalTime")));
        fields.put("Turn-Around Time", integer(row.get("turnAroundTime")));
        fields.put("Referer", quoted(row.get("referer")).replace(" ", "%20"));
        fields.put("User-Agent", quoted(row.get("userAgent")));
        fields.put("Version Id", token(row.get("versionId")));
        fields.put("Host Id", ABSENT);
        fields.put("Signature Version", token(row.get("signatureVersion")));
        fields.put("Cipher Suite", token(row.get("cipherSuite")));
        fields.put("Authentication Type", token(row.get("authenticationType")));
        fields.put("Host Header", token(row.get("hostHeader")));
        fields.put("TLS version", token(row.get("tlsVersion")));
        fields.put("Access Point ARN", ABSENT);
        fields.put("aclRequired", token(row.get("aclRequired")));
        fields.put("Source Region", token(sourceRegion));
        return fields;
    }

    private static boolean isAbsent(Object value) {
        return value == null || value.equals("");
    }

    /** An address without the mark of an IPv4 one in IPv6. */
    public static Object unmapped(Object ip) {
        if (ip == null) {
            return null;
        }
        var mapped = MAPPED_IPV4.matcher((String) ip);
        return mapped.matches() ? mapped.group(1) : ip;
    }

    /** Whole numbers in decimal digits; of a time the nearest. */
    private static String integer(Object value) {
        return switch (value) {
            case null -> ABSENT;
            case Float time when !Float.isFinite(time) || time < 0 -> ABSENT;
            case Float time ->
                new BigDecimal(time).setScale(0, RoundingMode.HALF_EVEN).toPlainString();
            case Long number -> Long.toUnsignedString(number);
            default -> value.toString();
        };
    }

    private static String token(Object value) {
        return isAbsent(value) ? ABSENT : escaped((String) value).replace(" ", "%20");
    }

    private static String quoted(Object value) {
        return '"' + (isAbsent(value) ? ABSENT : escaped((String) value)) + '"';
    }

    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        text.chars().forEach(one -> {
            if (one < ' ' || one == DELETE || one == '"' || one == '\\') {
                escaped.append(percent(one));
            } else {
                escaped.append((char) one);
            }
        });
        return escaped.toString();
    }

    private static String key(Object value) {
        if (isAbsent(value)) {
            return ABSENT;
        }
        StringBuilder encoded = new StringBuilder();
        ((String) value).chars().forEach(one -> {
            if (UNRESERVED.indexOf(one) >= 0) {
                encoded.append((char) one);
            } else {
                encoded.append(percent(one));
            }
        });
        return encoded.toString();
    }

    private static String percent(int one) {
        return "%%%02X".formatted(one);
    }
}
