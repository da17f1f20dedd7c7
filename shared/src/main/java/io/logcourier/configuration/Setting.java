package io.logcourier.configuration;

import io.logcourier.accesslog.Form;
import io.logcourier.accesslog.Rendering;
import io.logcourier.clickhouse.Endpoint;
import io.logcourier.tls.Authority;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.event.Level;

/**
 * One setting. The constants of this class are the table of all of them.
 *
 * @param name within {@code log-courier.}: {@code clickhouse.url} is the flag {@code --clickhouse-url}, the environment
 *     variable {@code LOG_COURIER_CLICKHOUSE_URL} and, in the YAML file, {@code url} under {@code clickhouse} under
 *     {@code log-courier}
 * @param fallback the default as text; empty means none
 * @param secret never printed
 * @param description for people
 * @param reader makes the value of its text; throws {@link IllegalArgumentException} with what it expected
 */
public record Setting<T>(String name, String fallback, boolean secret, String description, Function<String, T> reader) {
    static final String KMS = "aws:kms";

    private static final List<Setting<?>> TABLE = new ArrayList<>();
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern LANE_NAME = Pattern.compile("[A-Za-z0-9._-]+");
    private static final Pattern NAMED = Pattern.compile("(?:([^:/ ]*?) *= *)?(.+)");
    private static final Pattern ACCOUNT = Pattern.compile("[0-9]{12}");
    private static final Pattern OWNER = Pattern.compile("(?:([a-zA-Z0-9._-]+) *= *)?([0-9]{12})");
    private static final Pattern ROLE = Pattern.compile(
            "([^= ]+) *= *(arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=.@/-]+)(?: +([\\w+=.@:/-]{2,1224}))?");
    private static final Pattern GRANT = Pattern.compile(
            "(read|read-acp|write-acp|full-control) *= *(id|uri|emailAddress):([\\x21-\\x7e&&[^\"\\\\]]+)");
    private static final Pattern HEADER =
            Pattern.compile("([A-Za-z0-9!#$%&'*+.^_`|~-]+) *= *([\\x21-\\x7e](?:[\\x20-\\x7e]*[\\x21-\\x7e])?)");

    /** What the client sets itself. */
    private static final Pattern OWN_HEADERS = Pattern.compile(
            "Authorization|Host|Connection|Transfer-Encoding|User-Agent|(Content|Accept|X-ClickHouse)-.*|Accept",
            Pattern.CASE_INSENSITIVE);

    /** As a schedule of Amazon EventBridge has it. */
    private static final Pattern RATE = Pattern.compile("rate\\(([1-9][0-9]{0,5}) (minute|hour|day)s?\\)");

    private static final Pattern SIZE = Pattern.compile("([0-9]+) ?(|K|M|G)(?:iB)?");

    /** Longer ones, added to a time, leave what ClickHouse or the milliseconds of a long can hold. */
    private static final Duration LONGEST = Duration.ofDays(36_500);

    static final Setting<String> LANE =
            define("lane.name", "main", "what messages and ticks call this ClickHouse", Setting::lane);
    public static final Setting<Map<String, List<URI>>> CLICKHOUSE_URL = define(
            "clickhouse.url",
            "http://localhost:8123",
            "ClickHouse's HTTP endpoint, those of its replicas after it, separated by spaces; "
                    + "several lanes are NAME=URL, separated by commas",
            Setting::endpoints);
    static final Setting<Endpoint.Authentication> CLICKHOUSE_AUTHENTICATION = define(
            "clickhouse.authentication",
            "basic",
            "what shows who asks: basic, user and password; bearer, an access token, which then stands where the password does",
            Setting::authentication);
    public static final Setting<String> CLICKHOUSE_USER = text("clickhouse.user", "default", "who asks ClickHouse");
    public static final Setting<String> CLICKHOUSE_PASSWORD = secret("clickhouse.password", "that user's password");
    static final Setting<String> CLICKHOUSE_PASSWORD_SECRET = text(
            "clickhouse.password-secret",
            "",
            "name or ARN of the AWS Secrets Manager secret that holds it: as text, or as JSON with a field password");
    static final Setting<Optional<Path>> CLICKHOUSE_CA = define(
            "clickhouse.ca-file",
            "",
            "PEM file with the CA certificate of ClickHouse's, if Java does not trust it already",
            Setting::authority);
    static final Setting<Map<String, String>> CLICKHOUSE_HEADERS = define(
            "clickhouse.headers",
            "",
            "HTTP headers of every request, such as a tenant for a proxy: NAME=VALUE, several separated by commas; no place for secrets",
            Setting::headers);
    static final Setting<Duration> CLICKHOUSE_TIMEOUT = define(
            "clickhouse.timeout",
            "2m",
            "the longest wait for an answer of ClickHouse, which then ends the statement too",
            Setting::duration);
    static final Setting<String> LOGS =
            define("clickhouse.logs-database", "logs", "database of the log table", Setting::identifier);
    static final Setting<String> TABLE_NAME = define(
            "clickhouse.logs-table",
            "access_logs",
            "the log table; shippers write to the table of that name with _ingest behind it",
            Setting::identifier);
    static final Setting<String> LEDGER =
            define("clickhouse.ledger-database", "courier", "database of the ledger", Setting::identifier);
    static final Setting<Duration> LOG_RETENTION = define(
            "clickhouse.log-retention",
            "3d",
            "how long a new log table keeps rows; the ledger keeps a week more",
            Setting::duration);
    static final Setting<String> REGION = text("aws.region", "us-east-1", "region of the queue and the buckets");
    public static final Setting<Optional<URI>> S3_ENDPOINT =
            define("s3.endpoint", "", "another S3 than AWS's, addressed path style", Setting::optionalUri);
    public static final Setting<Optional<Path>> S3_CA = define(
            "s3.ca-file",
            "",
            "PEM file with the CA certificate of S3's, if Java does not trust it already",
            Setting::authority);
    static final Setting<List<String>> TARGETS = define(
            "s3.targets",
            "*",
            "the buckets that may get objects, as patterns separated by commas; ! in front of one forbids; the first that fits counts",
            Setting::patterns);
    static final Setting<Map<String, Settings.Role>> ROLES = define(
            "s3.roles",
            "",
            "roles to assume for requests to target buckets: PATTERN=ARN, the external id behind it where its trust policy asks for one, "
                    + "several separated by commas, the first that fits counts; for other buckets the own credentials do",
            Setting::roles);
    static final Setting<Map<String, String>> BUCKET_OWNERS = define(
            "s3.bucket-owners",
            "",
            "the account that target buckets must belong to, or nothing is written: ACCOUNT for all, BUCKET=ACCOUNT for one, "
                    + "several separated by commas",
            Setting::owners);
    static final Setting<Optional<String>> ACL = define(
            "s3.acl",
            "",
            "canned ACL of log objects: private, bucket-owner-read or bucket-owner-full-control; empty sends none",
            oneOf("private", "bucket-owner-read", "bucket-owner-full-control"));
    static final Setting<Map<String, String>> GRANTS = define(
            "s3.grants",
            "",
            "who may do what with log objects, instead of a canned ACL: PERMISSION=TYPE:GRANTEE, several separated by commas; "
                    + "permissions are read, read-acp, write-acp and full-control, types id, uri and emailAddress",
            Setting::grants);
    static final Setting<Optional<String>> ENCRYPTION = define(
            "s3.encryption",
            "",
            "server-side encryption of log objects: AES256, aws:kms or aws:kms:dsse; empty leaves it to the bucket",
            oneOf("AES256", KMS, "aws:kms:dsse"));
    static final Setting<Optional<String>> ENCRYPTION_KEY = define(
            "s3.encryption-key",
            "",
            "id or ARN of the KMS key that encrypts them; implies aws:kms",
            text -> Optional.of(text).filter(key -> !key.isEmpty()));
    public static final Setting<Optional<URI>> SQS_ENDPOINT =
            define("sqs.endpoint", "", "another SQS than AWS's", Setting::optionalUri);
    public static final Setting<Optional<Path>> SQS_CA = define(
            "sqs.ca-file",
            "",
            "PEM file with the CA certificate of SQS's, if Java does not trust it already",
            Setting::authority);
    public static final Setting<Optional<URI>> STS_ENDPOINT =
            define("sts.endpoint", "", "another STS than AWS's", Setting::optionalUri);
    public static final Setting<Optional<Path>> STS_CA = define(
            "sts.ca-file",
            "",
            "PEM file with the CA certificate of STS's, if Java does not trust it already",
            Setting::authority);
    public static final Setting<String> QUEUE_URL = text("queue.url", "", "the order queue; needed by tick and work");
    public static final Setting<String> DEAD_LETTER_URL =
            text("queue.dead-letter-url", "", "its dead-letter queue, where the worker puts orders that it gives up");
    static final Setting<Long> COUNT_THRESHOLD = define(
            "discovery.count-threshold",
            "10000",
            "a group with so many pending rows is due",
            number(1, Long.MAX_VALUE));
    static final Setting<Duration> TIME_THRESHOLD =
            define("discovery.time-threshold", "15m", "a group with a row pending so long is due", Setting::duration);
    static final Setting<Long> OBJECT_LIMIT = define(
            "discovery.object-limit",
            "100000",
            "an order takes further epochs only while it stays within so many rows",
            number(1, Long.MAX_VALUE));
    static final Setting<Long> EPOCH_LIMIT = define(
            "discovery.epoch-limit",
            "1000000",
            "rows that one epoch claims, up to one block more",
            number(1, Long.MAX_VALUE));
    static final Setting<Duration> REDELIVER_AFTER = define(
            "discovery.redeliver-after",
            "6h",
            "an order open so long is enqueued again; keep it above the queue's visibility timeout",
            Setting::duration);
    static final Setting<Form.Regions> SOURCE_REGION = define(
            "delivery.source-region",
            "us-east-1",
            "the region of source buckets, which partitioned keys name: REGION, or by bucket PATTERN=REGION, several separated by commas, the first that fits counts",
            Form.Regions::parse);
    static final Setting<String> ACCOUNT_ID = define(
            "delivery.account-id", "", "the source account in partitioned keys; needed by them", Setting::account);
    static final Setting<Form.Rules> FORMS = define(
            "delivery.forms",
            "*=simple",
            "what log objects are like, by target bucket: PATTERN=WORDS, several separated by commas, the first that fits counts; "
                    + "words are simple, delivery-time or event-time for keys, text, text-once, text-quoted, text-once-quoted, json, json-cloudwatch or parquet for what is in it, none, gzip or zstd for compression",
            Form::parse);
    static final Setting<List<String>> MORE_COLUMNS = define(
            "delivery.more-columns",
            "",
            "columns of the log table that follow the 27 fields, at the end of the line or under their own names, separated by commas",
            Setting::columns);
    static final Setting<Long> PART_SIZE = define(
            "worker.part-size",
            "8MiB",
            "bytes of an upload held in memory; a larger object goes up in parts of this size",
            size(5L << 20, 1L << 30));
    static final Setting<Long> UPLOADS = define(
            "worker.uploads",
            "8",
            "large objects under way at once in one function instance, each with up to two parts in memory; six small ones count as one",
            number(1, 1000));
    static final Setting<Long> ATTEMPTS = define(
            "worker.attempts",
            "4",
            "receipts of a message after which an order that its target refuses, or that ClickHouse cannot render, is given up; "
                    + "keep it below the queue's maxReceiveCount",
            number(1, 1000));
    static final Setting<Duration> RETRY_DELAY = define(
            "worker.retry-delay",
            "10s",
            "wait before a failed message comes back; doubles with each receipt",
            Setting::duration);
    static final Setting<Duration> SUPERSEDE_AFTER = define(
            "worker.supersede-after",
            "20m",
            "an order whose rows are gone is looked at again after this long, before a later order takes what is left; "
                    + "a worker whose timeout is longer than three quarters of it refuses to run",
            Setting::duration);
    static final Setting<List<String>> REPLAY_TARGETS = define(
            "worker.replay-targets",
            "",
            "where replays may write copies: BUCKET/PREFIX, several separated by commas; empty allows none",
            Setting::list);
    static final Setting<Optional<Duration>> OBJECTS_WITHIN = define(
            "audit.objects-within",
            "1d",
            "the audit on a schedule reads a share of the log objects each time, all within so long; 0 reads none",
            text -> text.equals("0") ? Optional.empty() : Optional.of(duration(text)));
    static final Setting<Duration> AUDIT_SCHEDULE = define(
            "audit.schedule",
            "rate(1 hour)",
            "how often that audit runs, as its schedule says it or as a duration: which share is due follows from it",
            Setting::rate);
    static final Setting<List<String>> OWN_TARGETS = define(
            "audit.own-targets",
            "",
            "where nobody else writes: BUCKET/PREFIX, several separated by commas, * in BUCKET stands for any characters; "
                    + "an object there that no order names is a difference",
            Setting::ownTargets);
    static final Setting<Level> LOG_LEVEL =
            define("log.level", "info", "how much is logged: error, warn, info, debug or trace", Setting::level);

    /** All settings, in the order in which people should read them. */
    public static List<Setting<?>> all() {
        return Collections.unmodifiableList(TABLE);
    }

    /** The flag that sets it. */
    public String flag() {
        return "--" + name.replace('.', '-');
    }

    /** The environment variable that sets it. */
    public String variable() {
        return Settings.VARIABLE_PREFIX
                + name.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
    }

    /** Its full name in a configuration file. */
    String property() {
        return Settings.PREFIX + name;
    }

    private static Setting<String> text(String name, String fallback, String description) {
        return define(name, fallback, description, Function.identity());
    }

    private static Setting<String> secret(String name, String description) {
        return add(new Setting<>(name, "", true, description, Function.identity()));
    }

    private static <T> Setting<T> define(String name, String fallback, String description, Function<String, T> reader) {
        return add(new Setting<>(name, fallback, false, description, reader));
    }

    private static <T> Setting<T> add(Setting<T> setting) {
        TABLE.add(setting);
        return setting;
    }

    private static URI uri(String text) {
        URI uri = URI.create(text);
        if (uri.getHost() == null || uri.getScheme() == null || !uri.getScheme().matches("https?")) {
            throw new IllegalArgumentException("an http or https address with a host is needed");
        }
        if (uri.getUserInfo() != null) {
            throw new IllegalArgumentException("an address without user and password is needed");
        }
        return uri;
    }

    private static String lane(String text) {
        if (!LANE_NAME.matcher(text).matches()) {
            throw new IllegalArgumentException("a lane's name has letters, digits, dots, dashes and underscores");
        }
        return text;
    }

    /** The replicas by lane, in order; a single lane may be without a name, which is empty then. */
    private static Map<String, List<URI>> endpoints(String text) {
        Map<String, List<URI>> lanes = new LinkedHashMap<>();
        Set<URI> known = new HashSet<>();
        for (String entry : list(text)) {
            var match = NAMED.matcher(entry);
            if (!match.matches()) {
                throw new IllegalArgumentException("URL or NAME=URL is needed, '" + entry + "' is neither");
            }
            List<URI> replicas =
                    Stream.of(match.group(2).split(" +", -1)).map(Setting::uri).toList();
            replicas.stream().filter(uri -> !known.add(uri)).findFirst().ifPresent(uri -> {
                throw new IllegalArgumentException(uri + " is named twice: a ClickHouse belongs to one lane");
            });
            if (lanes.put(match.group(1) == null ? "" : lane(match.group(1)), replicas) != null) {
                throw new IllegalArgumentException(
                        "several lanes are NAME=URL, each name once; replicas of one are separated by spaces");
            }
        }
        if (lanes.isEmpty() || (lanes.size() > 1 && lanes.containsKey(""))) {
            throw new IllegalArgumentException("URL is needed, or several NAME=URL");
        }
        return lanes;
    }

    private static Optional<URI> optionalUri(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(uri(text));
    }

    private static Optional<Path> authority(String text) {
        Optional<Path> file = Optional.of(text).filter(name -> !name.isEmpty()).map(Path::of);
        file.ifPresent(Authority::read);
        return file;
    }

    private static List<String> list(String text) {
        return Stream.of(text.split(",", -1))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /** The entries of a list, each of which must be of one kind. */
    private static List<Matcher> matches(Pattern kind, String text, String needed) {
        List<Matcher> matches = new ArrayList<>();
        for (String entry : list(text)) {
            Matcher match = kind.matcher(entry);
            if (!match.matches()) {
                throw new IllegalArgumentException(needed + " is needed: '" + entry + "' is not of this kind");
            }
            matches.add(match);
        }
        return matches;
    }

    private static String account(String text) {
        if (!text.isEmpty() && !ACCOUNT.matcher(text).matches()) {
            throw new IllegalArgumentException("12 digits are needed");
        }
        return text;
    }

    private static Map<String, String> owners(String text) {
        Map<String, String> owners = new TreeMap<>();
        for (Matcher match : matches(OWNER, text, "ACCOUNT or BUCKET=ACCOUNT, with 12 digits,")) {
            String bucket = match.group(1) == null ? Settings.Targets.EVERY_BUCKET : match.group(1);
            if (owners.put(bucket, match.group(2)) != null) {
                throw new IllegalArgumentException(
                        "one account per bucket is needed: '" + match.group() + "' is a second");
            }
        }
        return owners;
    }

    /** Patterns of bucket names, in which only * is special, each perhaps with ! in front. */
    private static List<String> patterns(String text) {
        List<String> patterns = list(text);
        patterns.forEach(
                pattern -> Form.pattern(pattern.startsWith(Settings.Targets.NOT) ? pattern.substring(1) : pattern));
        return patterns;
    }

    private static Map<String, Settings.Role> roles(String text) {
        Map<String, Settings.Role> roles = new LinkedHashMap<>();
        for (Matcher match : matches(
                ROLE,
                text,
                "PATTERN=ARN or PATTERN=ARN EXTERNAL-ID, such as logs-*=arn:aws:iam::123456789012:role/delivery,")) {
            Settings.Role role = new Settings.Role(match.group(2), Optional.ofNullable(match.group(3)));
            if (roles.put(Form.pattern(match.group(1)), role) != null) {
                throw new IllegalArgumentException(
                        "one role per pattern is needed: '" + match.group() + "' is a second");
            }
        }
        return Collections.unmodifiableMap(roles);
    }

    /** The value of S3's header by permission. */
    private static Map<String, String> grants(String text) {
        Map<String, String> grants = new TreeMap<>();
        for (Matcher match : matches(
                GRANT,
                text,
                "PERMISSION=TYPE:GRANTEE, with read, read-acp, write-acp or full-control and id, uri or emailAddress,")) {
            grants.merge(
                    match.group(1), match.group(2) + "=\"" + match.group(3) + "\"", (one, other) -> one + ", " + other);
        }
        return grants;
    }

    private static Endpoint.Authentication authentication(String text) {
        return switch (text) {
            case "basic" -> Endpoint.Authentication.BASIC;
            case "bearer" -> Endpoint.Authentication.BEARER;
            default -> throw new IllegalArgumentException("basic or bearer is needed");
        };
    }

    /** The value by name; which header is which does not depend on case. */
    private static Map<String, String> headers(String text) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (Matcher match : matches(HEADER, text, "NAME=VALUE in ASCII")) {
            if (OWN_HEADERS.matcher(match.group(1)).matches()) {
                throw new IllegalArgumentException(
                        match.group(1) + " is for the client alone: it follows from the other settings");
            }
            if (headers.put(match.group(1), match.group(2)) != null) {
                throw new IllegalArgumentException(
                        "each header can be named once: '" + match.group() + "' is a second");
            }
        }
        return headers;
    }

    private static List<String> columns(String text) {
        List<String> columns = list(text);
        columns.forEach(Setting::identifier);
        List<String> taken = columns.stream().filter(Rendering.FIELDS::contains).toList();
        if (!taken.isEmpty()) {
            throw new IllegalArgumentException("the record has a field of that name: " + String.join(", ", taken));
        }
        if (Set.copyOf(columns).size() < columns.size()) {
            throw new IllegalArgumentException("each column can be named once");
        }
        return columns;
    }

    private static Function<String, Optional<String>> oneOf(String... values) {
        return text -> {
            if (!text.isEmpty() && !List.of(values).contains(text)) {
                throw new IllegalArgumentException("one of " + String.join(", ", values) + " is needed");
            }
            return Optional.of(text).filter(value -> !value.isEmpty());
        };
    }

    private static String identifier(String text) {
        if (!IDENTIFIER.matcher(text).matches()) {
            throw new IllegalArgumentException("letters, digits and underscores are needed, no digit first");
        }
        return text;
    }

    /**
     * Reads a duration above zero: ISO 8601, or short such as 30s, 15m, 6h, 3d.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static Duration duration(String text) {
        try {
            String iso = text.startsWith("P") ? text : text.endsWith("d") ? "P" + text : "PT" + text;
            Duration duration = Duration.parse(iso.toUpperCase(Locale.ROOT));
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException("a duration above zero is needed");
            }
            if (duration.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException("a duration of at most " + LONGEST.toDays() + "d is needed");
            }
            return duration;
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("a duration like 30s, 15m, 6h or 3d is needed", e);
        }
    }

    private static Duration rate(String text) {
        Matcher rate = RATE.matcher(text);
        if (!rate.matches()) {
            return duration(text);
        }
        return Duration.of(
                Long.parseLong(rate.group(1)), ChronoUnit.valueOf(rate.group(2).toUpperCase(Locale.ROOT) + "S"));
    }

    /** Each is checked as the pattern of a bucket, up to the first slash; the rest is a prefix as it is. */
    private static List<String> ownTargets(String text) {
        List<String> targets = list(text);
        targets.forEach(target -> Form.pattern(target.split("/", 2)[0]));
        return targets;
    }

    private static Level level(String text) {
        try {
            return Level.valueOf(text.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("error, warn, info, debug or trace is needed", e);
        }
    }

    private static Function<String, Long> number(long least, long most) {
        return text -> {
            try {
                return inRange(Long.parseLong(text), least, most);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("a whole number is needed", e);
            }
        };
    }

    private static Function<String, Long> size(long least, long most) {
        return text -> {
            var match = SIZE.matcher(text);
            if (!match.matches()) {
                throw new IllegalArgumentException("a size like 8MiB is needed");
            }
            int shift = 10 * " KMG".indexOf(match.group(2).isEmpty() ? " " : match.group(2));
            try {
                return inRange(Math.multiplyExact(Long.parseLong(match.group(1)), 1L << shift), least, most);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("a value from " + least + " to " + most + " is needed", e);
            }
        };
    }

    private static long inRange(long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException("a value from " + least + " to " + most + " is needed");
        }
        return value;
    }
}
