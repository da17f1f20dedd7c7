package io.logcourier.accesslog;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A column of the log table.
 *
 * @param type as ClickHouse names it
 * @param defaultKind DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL or empty
 */
record Column(String name, String type, String defaultKind) {
    private static final Pattern NULLABLE = Pattern.compile("Nullable\\((.*)\\)");
    private static final Pattern LISTED = Pattern.compile("LowCardinality\\((.*)\\)");

    /**
     * What the statements on the log table make of a column.
     *
     * @param types what they can take, where ClickHouse stores it listed (LowCardinality) too
     * @param canBeNull whether Nullable is taken as well
     * @param what the same for people
     */
    private record Need(Pattern types, boolean canBeNull, String what) {
        boolean isMet(Column column) {
            String listed = inside(LISTED, column.type()).orElse(column.type());
            Optional<String> present = inside(NULLABLE, listed);
            return !column.isEphemeral()
                    && (canBeNull || present.isEmpty())
                    && types.matcher(present.orElse(listed)).matches();
        }

        private static Optional<String> inside(Pattern pattern, String type) {
            var wrapped = pattern.matcher(type);
            return wrapped.matches() ? Optional.of(wrapped.group(1)) : Optional.empty();
        }
    }

    private static final Need TIME = new Need(
            Pattern.compile("DateTime(\\('[^']*'\\))?|DateTime64\\(\\d(, '[^']*')?\\)"),
            false,
            "DateTime or DateTime64");
    private static final Need SESSION = new Need(Pattern.compile("UInt(8|16)"), false, "UInt16");
    private static final Need NAME = new Need(Pattern.compile("String"), false, "String, and not Nullable");
    private static final Need TEXT = new Need(Pattern.compile("String"), true, "String");
    private static final Need NUMBER =
            new Need(Pattern.compile("U?Int(8|16|32|64)"), true, "an integer of at most 64 bits");
    private static final Need MILLISECONDS = new Need(
            Pattern.compile("Float(32|64)|U?Int(8|16|32)"), true, "Float32, Float64, or an integer of at most 32 bits");

    private static final Map<String, Need> NEEDS = needs();

    /** What a log table may lack. */
    private static final Map<String, Need> WISHES =
            Map.of("sourceRegion", TEXT, "loggingTargetKeyFormat", NAME, "filteredBy", NAME);

    private static Map<String, Need> needs() {
        Map<String, Need> needs = new LinkedHashMap<>();
        List.of("insertedAt", "startTime").forEach(name -> needs.put(name, TIME));
        needs.put("raftSessionID", SESSION);
        List.of("bucketName", "req_id", "loggingTargetBucket", "loggingTargetPrefix")
                .forEach(name -> needs.put(name, NAME));
        List.of(
                        "bucketOwner",
                        "clientIP",
                        "requester",
                        "operation",
                        "objectKey",
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
                        "aclRequired")
                .forEach(name -> needs.put(name, TEXT));
        List.of("httpCode", "bytesSent", "objectSize").forEach(name -> needs.put(name, NUMBER));
        List.of("totalTime", "turnAroundTime").forEach(name -> needs.put(name, MILLISECONDS));
        return needs;
    }

    /** Whether it is not stored. */
    boolean isEphemeral() {
        return defaultKind.equals("EPHEMERAL");
    }

    /** Whether it is a time without parts of seconds. */
    boolean isWholeSeconds() {
        return !type.contains("DateTime64");
    }

    /** What of {@code columns} the statements on the log table cannot take, or lack: empty where all is well. */
    static List<String> unfit(List<Column> columns) {
        List<String> unfit = new ArrayList<>();
        NEEDS.forEach((name, need) -> {
            Optional<Column> found = columns.stream()
                    .filter(column -> column.name().equals(name))
                    .findFirst();
            if (found.isEmpty()) {
                unfit.add("has no column %s: needed is %s".formatted(name, need.what()));
            } else if (!need.isMet(found.get())) {
                unfit.add(
                        "has %s as %s: needed is %s".formatted(name, found.get().described(), need.what()));
            }
        });
        WISHES.forEach((name, need) -> columns.stream()
                .filter(column -> column.name().equals(name) && !need.isMet(column))
                .forEach(column ->
                        unfit.add("has %s as %s: %s is taken".formatted(name, column.described(), need.what()))));
        return unfit;
    }

    private String described() {
        return isEphemeral() ? type + " EPHEMERAL" : type;
    }
}
