package io.logcourier.operations.input;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A field of an input row: a column of the log table as log-courier makes it, in its order. The table in docs/input.md and the
 * JSON Schema beside it say the same, which a test holds.
 */
public enum InputField {
    /** When the row came to ClickHouse. */
    INSERTED_AT(
            "insertedAt",
            "",
            Need.OPTIONAL,
            "the time of the INSERT; leave it out: a row with an old one may be dropped"),
    /** Which server wrote the row. */
    HOSTNAME("hostname", "", Need.OPTIONAL, "nothing: no log object has it"),
    /** When the request came. */
    START_TIME(
            "startTime",
            "Time",
            Need.REQUIRED,
            "`load` and `demo` refuse the row; any other INSERT makes it one of 1970"),
    /** Who asked. */
    REQUESTER("requester", "Requester", Need.OPTIONAL, "`-`, as for anonymous requests"),
    /** What was asked for. */
    OPERATION("operation", "Operation", Need.EXPECTED, "`-`"),
    /** The first line of the request. */
    REQUEST_URI("requestURI", "Request-URI", Need.OPTIONAL, "`-`"),
    /** S3's error code. */
    ERROR_CODE("errorCode", "Error Code", Need.OPTIONAL, "`-`, as for requests that succeeded"),
    /** Bytes of the object. */
    OBJECT_SIZE("objectSize", "Object Size", Need.OPTIONAL, "`-`"),
    /** Milliseconds that the request took. */
    TOTAL_TIME("totalTime", "Total Time", Need.OPTIONAL, "`-`"),
    /** Milliseconds that S3 took. */
    TURN_AROUND_TIME("turnAroundTime", "Turn-Around Time", Need.OPTIONAL, "`-`"),
    /** The HTTP header. */
    REFERER("referer", "Referer", Need.OPTIONAL, "`\"-\"`"),
    /** The HTTP header. */
    USER_AGENT("userAgent", "User-Agent", Need.OPTIONAL, "`\"-\"`"),
    /** Of the object. */
    VERSION_ID("versionId", "Version Id", Need.OPTIONAL, "`-`"),
    /** Such as SigV4. */
    SIGNATURE_VERSION("signatureVersion", "Signature Version", Need.OPTIONAL, "`-`"),
    /** Of TLS. */
    CIPHER_SUITE("cipherSuite", "Cipher Suite", Need.OPTIONAL, "`-`"),
    /** Such as AuthHeader. */
    AUTHENTICATION_TYPE("authenticationType", "Authentication Type", Need.OPTIONAL, "`-`"),
    /** The HTTP header Host. */
    HOST_HEADER("hostHeader", "Host Header", Need.OPTIONAL, "`-`"),
    /** Such as TLSv1.3. */
    TLS_VERSION("tlsVersion", "TLS version", Need.OPTIONAL, "`-`"),
    /** Yes, or absent. */
    ACL_REQUIRED("aclRequired", "aclRequired", Need.OPTIONAL, "`-`"),
    /** The AWS Region that the caller came from. */
    SOURCE_REGION("sourceRegion", "Source Region", Need.OPTIONAL, "`-`, as for callers outside AWS"),
    /** Canonical id of the owner. */
    BUCKET_OWNER("bucketOwner", "Bucket Owner", Need.OPTIONAL, "`-`"),
    /** The source bucket. */
    BUCKET_NAME(
            "bucketName", "Bucket", Need.REQUIRED, "the row is undeliverable: it is stored, counted, and in no object"),
    /** Of the request; its sub-records share it. */
    REQ_ID("req_id", "Request ID", Need.EXPECTED, "`-`"),
    /** Bytes of the answer's body. */
    BYTES_SENT("bytesSent", "Bytes Sent", Need.OPTIONAL, "`-`, as for 0"),
    /** The first address alone is delivered. */
    CLIENT_IP("clientIP", "Remote IP", Need.OPTIONAL, "`-`, which some readers refuse: [readers.md](readers.md)"),
    /** The HTTP status. */
    HTTP_CODE("httpCode", "HTTP status", Need.EXPECTED, "`-`; lifecycle records (`S3.*`) have none"),
    /** As the client means it, not encoded. */
    OBJECT_KEY("objectKey", "Key", Need.OPTIONAL, "`-`, as for requests on a bucket"),
    /** Of the producer. */
    LOG_FORMAT_VERSION("logFormatVersion", "", Need.OPTIONAL, "nothing: no log object has it"),
    /** Whether the bucket has logging. */
    LOGGING_ENABLED(
            "loggingEnabled", "", Need.REQUIRED, "the row counts as internal traffic, as with false: it is not stored"),
    /** The bucket that log objects go to. */
    LOGGING_TARGET_BUCKET(
            "loggingTargetBucket",
            "",
            Need.REQUIRED,
            "the row is undeliverable, as with a name that no bucket can have"),
    /** What keys of log objects begin with. */
    LOGGING_TARGET_PREFIX("loggingTargetPrefix", "", Need.OPTIONAL, "keys begin with the time"),
    /** What keys of log objects are like. */
    LOGGING_TARGET_KEY_FORMAT("loggingTargetKeyFormat", "", Need.OPTIONAL, "keys are as `delivery.forms` says"),
    /** The rule that keeps the row out of log objects. */
    FILTERED_BY("filteredBy", "", Need.OPTIONAL, "the row is delivered; with a value it is kept out of log objects"),
    /** Which key was used; a secret of the customer's, never delivered. */
    AWS_ACCESS_KEY_ID("awsAccessKeyID", "", Need.OPTIONAL, "nothing: no log object has it"),
    /** Which log of the S3 servers the row came through. */
    RAFT_SESSION_ID("raftSessionID", "", Need.OPTIONAL, "0; rows of different sessions share no object");

    /** Whether a row must have a field. */
    public enum Need {
        /** A row without it does not arrive. */
        REQUIRED,
        /** Requests have it; a row without it arrives, with a gap that readers stumble over. */
        EXPECTED,
        /** Many rows lack it. */
        OPTIONAL
    }

    /** Names of others for the same: of AWS's fields in Athena's table and elsewhere. */
    private static final Map<String, InputField> OTHERS = Map.ofEntries(
            Map.entry("bucket", BUCKET_NAME),
            Map.entry("key", OBJECT_KEY),
            Map.entry("time", START_TIME),
            Map.entry("timestamp", START_TIME),
            Map.entry("requestdatetime", START_TIME),
            Map.entry("status", HTTP_CODE),
            Map.entry("httpstatus", HTTP_CODE),
            Map.entry("remoteip", CLIENT_IP),
            Map.entry("requestid", REQ_ID),
            Map.entry("referrer", REFERER),
            Map.entry("targetbucket", LOGGING_TARGET_BUCKET),
            Map.entry("targetprefix", LOGGING_TARGET_PREFIX));

    private static final Map<String, InputField> BY_COLUMN =
            Arrays.stream(values()).collect(Collectors.toMap(InputField::column, Function.identity()));

    /** As many changed letters still leave a name what it was meant to be. */
    private static final int SLIP = 2;

    private static final int SHORTEST_WITH_SLIPS = 5;

    private final String column;
    private final String aws;
    private final Need need;
    private final String without;

    InputField(String column, String aws, Need need, String without) {
        this.column = column;
        this.aws = aws;
        this.need = need;
        this.without = without;
    }

    /** Its name in a row, which is that of the column. */
    public String column() {
        return column;
    }

    /** AWS's name of the field in the record; empty where the record has none of it. */
    public String aws() {
        return aws;
    }

    /** Whether a row must have it. */
    public Need need() {
        return need;
    }

    /** What becomes of a row without it, in Markdown. */
    public String without() {
        return without;
    }

    /** The field of that name; empty for other columns. */
    public static Optional<InputField> of(String column) {
        return Optional.ofNullable(BY_COLUMN.get(column));
    }

    /**
     * The column that an unknown field is most likely meant to be: one of the same letters, one that AWS calls so, or one
     * that differs in two letters at most. Empty where there is none, or there are several.
     *
     * @param columns those of the table
     */
    public static Optional<String> meant(String unknown, List<String> columns) {
        String letters = letters(unknown);
        List<String> found = new ArrayList<>();
        for (String column : columns) {
            boolean isSame = letters(column).equals(letters)
                    || of(column)
                            .filter(field -> letters(field.aws).equals(letters) || OTHERS.get(letters) == field)
                            .isPresent();
            if (isSame) {
                return Optional.of(column);
            }
            if (letters.length() >= SHORTEST_WITH_SLIPS
                    && Math.abs(letters.length() - column.length()) <= SLIP + 1
                    && distance(letters, letters(column)) <= SLIP) {
                found.add(column);
            }
        }
        return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
    }

    private static String letters(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }

    /** Levenshtein's: letters that were inserted, left out or changed. */
    private static int distance(String one, String other) {
        int[] row = IntStream.rangeClosed(0, other.length()).toArray();
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[other.length()];
    }
}
