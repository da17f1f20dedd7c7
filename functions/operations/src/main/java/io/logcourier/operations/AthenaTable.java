package io.logcourier.operations;

import io.logcourier.accesslog.KeyStyle;
import io.logcourier.accesslog.Rendering;
import io.logcourier.s3.BucketName;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The table by which Amazon Athena reads log objects of one target. Where keys have folders, it is partitioned by source bucket
 * and day, and Athena computes the folders instead of listing them (partition projection). Immutable.
 *
 * <p>Sources: Amazon S3 User Guide, "Querying access logs for requests by using Amazon Athena"; Amazon Athena User Guide,
 * "Use partition projection" and "Supported types for partition projection".
 *
 * @param database where the table is made
 * @param table its name
 * @param bucket that holds the objects
 * @param prefix of their keys, as it is
 * @param rendering what is in the objects
 * @param keyStyle whether keys have folders
 * @param account the account in the folders; used where there are some
 * @param region the region in the folders; used where there are some
 * @param sourceBuckets those that queries find without naming them; if there are none, a query must name one
 * @param since the first day that queries find, or nothing for the last three years
 */
public record AthenaTable(
        String database,
        String table,
        String bucket,
        String prefix,
        Rendering rendering,
        KeyStyle keyStyle,
        String account,
        String region,
        List<String> sourceBuckets,
        Optional<LocalDate> since) {
    /**
     * A line of text, as Hive's RegexSerDe matches it: the whole line, {@code .} for line breaks too. It is the expression of the
     * table in the documentation, with a group more for the source region.
     */
    public static final Pattern LINE = Pattern.compile(
            "([^ ]*) ([^ ]*) \\[(.*?)\\] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (\"[^\"]*\"|-) (-|[0-9]*) ([^ ]*)"
                    + " ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (\"[^\"]*\"|-) ([^ ]*)(?: ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*)"
                    + " ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*)(?: ([^ ]*))?)?.*$",
            Pattern.DOTALL);

    private static final Pattern IDENTIFIER = Pattern.compile("[a-z_][a-z0-9_]*");
    private static final Pattern ACCOUNT = Pattern.compile("[0-9]{12}");
    private static final Pattern REGION = Pattern.compile("[A-Za-z0-9._-]+");

    /** What neither the text of a statement nor a template of locations can hold. */
    private static final Pattern UNSPEAKABLE = Pattern.compile("[\\p{Cntrl}'\"\\\\`$]");

    private static final DateTimeFormatter FOLDERS = DateTimeFormatter.ofPattern("uuuu/MM/dd");

    /** As the documentation has them in the table of text. */
    private static final Set<String> TEXT_NUMBERS = Set.of("bytessent", "objectsize");

    private static final Map<String, String> NUMBERS = Map.ofEntries(
            Map.entry("httpstatus", "INT"),
            Map.entry("http_status", "INT"),
            Map.entry("bytessent", "BIGINT"),
            Map.entry("bytes_sent_size", "BIGINT"),
            Map.entry("objectsize", "BIGINT"),
            Map.entry("object_size", "BIGINT"),
            Map.entry("totaltime", "BIGINT"),
            Map.entry("total_duration", "BIGINT"),
            Map.entry("turnaroundtime", "BIGINT"),
            Map.entry("turn_around_duration", "BIGINT"));

    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException if one is none of its kind, with its name, the value and what is needed
     */
    public AthenaTable {
        identifier("database", database);
        identifier("table", table);
        bucket("bucket", bucket);
        sourceBuckets.forEach(source -> bucket("source-bucket", source));
        check(!UNSPEAKABLE.matcher(prefix).find(), "prefix", prefix, "no quotes, backslashes, control characters or $");
        if (keyStyle != KeyStyle.SIMPLE) {
            check(
                    ACCOUNT.matcher(account).matches(),
                    "account",
                    account,
                    "12 digits, since keys begin with the account");
            check(REGION.matcher(region).matches(), "region", region, "letters, digits, dots, hyphens and underscores");
        }
        sourceBuckets = List.copyOf(sourceBuckets);
    }

    private static void identifier(String name, String value) {
        check(
                IDENTIFIER.matcher(value).matches(),
                name,
                value,
                "lower-case letters, digits and underscores, no digit first");
    }

    private static void bucket(String name, String value) {
        check(BucketName.isPossible(value) && !UNSPEAKABLE.matcher(value).find(), name, value, "the name of a bucket");
    }

    private static void check(boolean isRight, String name, String value, String needed) {
        if (!isRight) {
            throw new IllegalArgumentException("--%s = '%s': %s is needed".formatted(name, value, needed));
        }
    }

    /** The statement, on several lines, without a semicolon. */
    public String statement() {
        List<String> clauses = new ArrayList<>();
        clauses.add("CREATE EXTERNAL TABLE IF NOT EXISTS `%s`.`%s` (\n%s\n)".formatted(database, table, columns()));
        if (isPartitioned()) {
            clauses.add("PARTITIONED BY (\n  `sourcebucket` STRING,\n  `day` STRING\n)");
        }
        clauses.add(format());
        clauses.add("LOCATION " + quoted(folder()));
        if (isPartitioned()) {
            clauses.add("TBLPROPERTIES (\n%s\n)".formatted(properties()));
        }
        return String.join("\n", clauses);
    }

    /** What a user of the table must know, a sentence each. */
    public List<String> hints() {
        List<String> hints = new ArrayList<>();
        if (isPartitioned()) {
            hints.add(
                    "A query finds the days that it asks for, and reads their folders only: WHERE day BETWEEN '2026/01/01' AND '2026/01/31'");
            if (sourceBuckets.isEmpty()) {
                hints.add(
                        "A query must name the source bucket: WHERE sourcebucket = 'NAME'; or name those that there are here, by --source-bucket");
            }
        } else if (!folder().endsWith("/" + prefix) && !prefix.isEmpty()) {
            hints.add(
                    "Athena reads whole folders, and the prefix is none: leave out what lies beside by WHERE \"$path\" LIKE 's3://%s/%s%%'"
                            .formatted(bucket, prefix));
        }
        return hints;
    }

    private boolean isPartitioned() {
        return keyStyle != KeyStyle.SIMPLE;
    }

    private String columns() {
        List<String> names =
                rendering.equals(Rendering.JSON_CLOUDWATCH) ? Rendering.CLOUDWATCH_FIELDS : Rendering.FIELDS;
        return names.stream()
                .map(name -> "  `%s` %s".formatted(name, type(name)))
                .collect(Collectors.joining(",\n"));
    }

    private String type(String column) {
        if (rendering.isText()) {
            return TEXT_NUMBERS.contains(column) ? "BIGINT" : "STRING";
        }
        if (rendering.isFile() && column.equals("requestdatetime")) {
            return "TIMESTAMP";
        }
        return NUMBERS.getOrDefault(column, "STRING");
    }

    private String format() {
        return switch (rendering.framing()) {
            case LINES ->
                "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'\nWITH SERDEPROPERTIES (\n  'input.regex' = %s\n)"
                        .formatted(quoted(LINE.pattern().replace("\\", "\\\\")));
            case JSON_LINES -> "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'";
            case FILE -> "STORED AS PARQUET";
        };
    }

    /** The folder that holds all of the objects, and as little else as may be. */
    private String folder() {
        String inside = isPartitioned() ? prefix + account + "/" + region + "/" : prefix;
        return "s3://" + bucket + "/" + inside.substring(0, inside.lastIndexOf('/') + 1);
    }

    private String properties() {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("projection.enabled", "true");
        if (sourceBuckets.isEmpty()) {
            properties.put("projection.sourcebucket.type", "injected");
        } else {
            properties.put("projection.sourcebucket.type", "enum");
            properties.put("projection.sourcebucket.values", String.join(",", sourceBuckets));
        }
        properties.put("projection.day.type", "date");
        properties.put("projection.day.format", "yyyy/MM/dd");
        properties.put("projection.day.interval", "1");
        properties.put("projection.day.interval.unit", "DAYS");
        properties.put("projection.day.range", since.map(FOLDERS::format).orElse("NOW-3YEARS") + ",NOW+1DAYS");
        properties.put("storage.location.template", folder() + "${sourcebucket}/${day}/");
        return properties.entrySet().stream()
                .map(property -> "  %s = %s".formatted(quoted(property.getKey()), quoted(property.getValue())))
                .collect(Collectors.joining(",\n"));
    }

    private static String quoted(String text) {
        return "'" + text + "'";
    }
}
