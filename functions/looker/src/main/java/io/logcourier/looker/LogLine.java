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
    /**
     * Which of the forms of the line is meant.
     *
     * @param isEncodedOnce whether keys are encoded once whatever the operation is; AWS encodes those of requests twice
     * @param isAlwaysQuoted whether an absent Request-URI, Referer and User-Agent are quoted dashes whatever the operation is
     */
    public record Style(boolean isEncodedOnce, boolean isAlwaysQuoted) {
        /** The line as AWS writes it. */
        public static final Style AWS = new Style(false, false);

        /**
         * The style of what orders call a rendering, as {@code text-once-quoted-2}.
         *
         * @throws IllegalArgumentException if it is no text, or of a version that is not known here
         */
        public static Style of(String rendering) {
            var words = RENDERING.matcher(rendering);
            if (!words.matches()) {
                throw new IllegalArgumentException(
                        "'" + rendering
                                + "' is none of the log lines that looker knows: text-2, text-once-2, text-quoted-2, text-once-quoted-2");
            }
            return new Style(words.group(1) != null, words.group(2) != null);
        }
    }

    private static final Pattern RENDERING = Pattern.compile("text(-once)?(-quoted)?-2");

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
    private static final Pattern BRACKETS = Pattern.compile("\\[([^\\]]*)](:[0-9]+)?", Pattern.DOTALL);
    private static final Pattern IPV4_AND_PORT = Pattern.compile("([0-9.]+):[0-9]+");
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./";
    private static final String ABSENT = "-";
    private static final String QUOTED_ABSENT = "\"-\"";
    private static final int DELETE = 0x7f;

    private LogLine() {}

    /** The line without its line feed, one character per byte. */
    public static String of(Map<String, ?> row, Style style) {
        return String.join(" ", fields(row, style).values());
    }

    /** The fields as they stand in the line, in order, by the names that AWS gives them. */
    public static Map<String, String> fields(Map<String, ?> row, Style style) {
        String operation = row.get("operation") instanceof String text ? text : "";
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("Bucket Owner", token(row.get("bucketOwner")));
        fields.put("Bucket", token(row.get("bucketName")));
        fields.put("Time", TIME.format((Instant) row.get("startTime")));
        fields.put("Remote IP", token(address(row.get("clientIP"))));
        fields.put("Requester", token(row.get("requester")));
        fields.put("Request ID", token(row.get("req_id")));
        fields.put("Operation", token(row.get("operation")));
        fields.put("Key", key(row.get("objectKey"), isEncodedTwice(operation, style)));
        fields.put("Request-URI", quoted(row.get("requestURI"), absentUri(operation, style)));
        fields.put("HTTP status", integer(row.get("httpCode")));
        fields.put("Error Code", token(row.get("errorCode")));
        String sent = integer(row.get("bytesSent"));
        fields.put("Bytes Sent", sent.equals("0") ? ABSENT : sent);
        fields.put("Object Size", integer(row.get("objectSize")));
        fields.put("Total Time", integer(row.get("totalTime")));
        fields.put("Turn-Around Time", integer(row.get("turnAroundTime")));
        fields.put(
                "Referer",
                quoted(row.get("referer"), absentAgent(operation, style)).replace(" ", "%20"));
        fields.put("User-Agent", quoted(row.get("userAgent"), absentAgent(operation, style)));
        fields.put("Version Id", token(row.get("versionId")));
        fields.put("Host Id", ABSENT);
        fields.put("Signature Version", token(row.get("signatureVersion")));
        fields.put("Cipher Suite", token(row.get("cipherSuite")));
        fields.put("Authentication Type", token(row.get("authenticationType")));
        fields.put("Host Header", token(row.get("hostHeader")));
        fields.put("TLS version", token(row.get("tlsVersion")));
        fields.put("Access Point ARN", ABSENT);
        fields.put("aclRequired", token(row.get("aclRequired")));
        fields.put("Source Region", token(row.get("sourceRegion")));
        return fields;
    }

    private static boolean isAbsent(Object value) {
        return value == null || value.equals("");
    }

    /** Whether keys of such operations are encoded a second time. */
    static boolean isEncodedTwice(String operation, Style style) {
        return !style.isEncodedOnce() && (operation.startsWith("REST.") || operation.startsWith("WEBSITE."));
    }

    /** What stands for a Request-URI that is absent: lifecycle quotes it. */
    static String absentUri(String operation, Style style) {
        return style.isAlwaysQuoted() || operation.startsWith("S3.") ? QUOTED_ABSENT : ABSENT;
    }

    /** What stands for a Referer or User-Agent that is absent: the records of parts of a request do not quote it. */
    static String absentAgent(String operation, Style style) {
        boolean isPart = operation.startsWith("BATCH.") || operation.equals("REST.COPY.OBJECT_GET");
        return isPart && !style.isAlwaysQuoted() ? ABSENT : QUOTED_ABSENT;
    }

    /** Of addresses the first, without brackets, a port, and the mark of an IPv4 one in IPv6. */
    public static Object address(Object ip) {
        if (!(ip instanceof String text) || (text.indexOf(':') < 0 && text.indexOf(',') < 0)) {
            return ip;
        }
        String first = text.contains(",") ? text.substring(0, text.indexOf(',')) : text;
        while (first.startsWith(" ")) {
            first = first.substring(1);
        }
        while (first.endsWith(" ")) {
            first = first.substring(0, first.length() - 1);
        }
        var brackets = BRACKETS.matcher(first);
        var port = IPV4_AND_PORT.matcher(first);
        String bare = brackets.matches() ? brackets.group(1) : port.matches() ? port.group(1) : first;
        var mapped = MAPPED_IPV4.matcher(bare);
        return mapped.matches() ? mapped.group(1) : bare;
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

    private static String quoted(Object value, String absent) {
        return isAbsent(value) ? absent : '"' + escaped((String) value) + '"';
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

    private static String key(Object value, boolean isEncodedTwice) {
        if (isAbsent(value)) {
            return ABSENT;
        }
        // What the second time leaves as it is the first time must not touch: so a tilde is encoded once.
        String once = form((String) value, isEncodedTwice ? UNRESERVED + "~" : UNRESERVED);
        return isEncodedTwice ? form(once, UNRESERVED) : once;
    }

    private static String form(String text, String unreserved) {
        StringBuilder encoded = new StringBuilder();
        text.chars().forEach(one -> {
            if (unreserved.indexOf(one) >= 0) {
                encoded.append((char) one);
            } else if (one == ' ') {
                encoded.append('+');
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
