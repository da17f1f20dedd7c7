package io.logcourier.configuration;

import io.logcourier.ConfigurationException;
import io.logcourier.accesslog.Form;
import io.logcourier.accesslog.Rendering;
import io.logcourier.clickhouse.Endpoint;
import io.logcourier.ledger.Lane;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.source.yaml.YamlConfigSource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.slf4j.event.Level;

/**
 * All settings, read once and checked: flags before environment variables before the YAML file before defaults.
 * Immutable.
 *
 * @param lanes where the rows and the ledgers are; at least one
 * @param logRetention how long a new log table keeps rows
 * @param aws how AWS, or what stands in for it, is reached
 * @param targets how log objects are written
 * @param queue the queues
 * @param discovery how orders are planned
 * @param forms what log objects are like
 * @param worker how orders are delivered
 * @param audit what an audit looks at
 * @param logLevel how much is logged
 */
public record Settings(
        List<Lane> lanes,
        Duration logRetention,
        Aws aws,
        Targets targets,
        Queue queue,
        Discovery discovery,
        Forms forms,
        Worker worker,
        Audit audit,
        Level logLevel) {
    static final String PREFIX = "log-courier.";

    static final String VARIABLE_PREFIX = "LOG_COURIER_";

    /** Names the YAML file. */
    public static final String FILE_VARIABLE = "LOG_COURIER_CONFIG_FILE";

    /** In an address, where it does not belong, and may be a password. */
    private static final Pattern USER_INFO = Pattern.compile("//[^,]*@");

    private static final Duration LEDGER_OUTLIVES_LOG = Duration.ofDays(7);

    /** What the launcher and the embedded engine read; no settings of an installation. */
    private static final Set<String> OTHER_VARIABLES =
            Set.of(FILE_VARIABLE, "LOG_COURIER_CACHE", "LOG_COURIER_LIBCHDB", "LOG_COURIER_JAVA_HOME");

    /**
     * How AWS is reached; credentials come from the SDK's default chain.
     *
     * @param s3Endpoint another S3 than AWS's
     * @param sqsEndpoint another SQS than AWS's
     * @param stsEndpoint another STS than AWS's
     * @param s3Authority PEM file with the certificate that vouches for S3's, if Java does not know it
     * @param sqsAuthority the same for SQS
     * @param stsAuthority the same for STS
     */
    public record Aws(
            String region,
            Optional<URI> s3Endpoint,
            Optional<URI> sqsEndpoint,
            Optional<URI> stsEndpoint,
            Optional<Path> s3Authority,
            Optional<Path> sqsAuthority,
            Optional<Path> stsAuthority) {}

    /**
     * A role in another account.
     *
     * @param externalId what its trust policy asks for
     */
    public record Role(String arn, Optional<String> externalId) {}

    /**
     * How log objects are written. These are conditions of writing, not part of an order: they hold from the next attempt
     * on.
     *
     * @param rules patterns of bucket names, those with {@link #NOT} in front of buckets that get no objects
     * @param roles in which requests are made, by patterns of bucket names, in order
     * @param owners accounts by the bucket that must belong to them, or by {@link #EVERY_BUCKET}
     * @param acl a canned ACL; only without grants
     * @param grants the values of S3's headers, such as {@code id="..."}, by permission: read, read-acp, write-acp,
     *     full-control
     * @param encryption the name of a server-side encryption
     * @param encryptionKey of KMS; only where the encryption is one of KMS
     */
    public record Targets(
            List<String> rules,
            Map<String, Role> roles,
            Map<String, String> owners,
            Optional<String> acl,
            Map<String, String> grants,
            Optional<String> encryption,
            Optional<String> encryptionKey) {
        /** Stands for all buckets that are not named; no bucket is called so. */
        public static final String EVERY_BUCKET = "*";

        /** In front of a pattern: such buckets get no objects. */
        static final String NOT = "!";

        /** Whether a bucket may get objects: the first rule that fits says so, and without one it may not. */
        public boolean allow(String bucket) {
            return rules.stream()
                    .filter(rule -> Form.fits(rule.startsWith(NOT) ? rule.substring(1) : rule, bucket))
                    .findFirst()
                    .filter(rule -> !rule.startsWith(NOT))
                    .isPresent();
        }

        /** The role to be in at a bucket, by the first pattern that fits; without one, no other than one's own. */
        public Optional<Role> role(String bucket) {
            return roles.entrySet().stream()
                    .filter(role -> Form.fits(role.getKey(), bucket))
                    .findFirst()
                    .map(Map.Entry::getValue);
        }

        /** The account that a bucket must belong to, if that matters. */
        public Optional<String> owner(String bucket) {
            return Optional.ofNullable(owners.getOrDefault(bucket, owners.get(EVERY_BUCKET)));
        }

        /** The server-side encryption to ask for; a key stands for that of KMS. */
        public Optional<String> encryptionAsked() {
            return encryption.or(() -> encryptionKey.map(key -> Setting.KMS));
        }
    }

    /**
     * The queues; empty where nothing needs them.
     *
     * @param url of the order queue
     * @param deadLetterUrl of its dead-letter queue
     */
    public record Queue(String url, String deadLetterUrl) {
        /**
         * The order queue.
         *
         * @throws ConfigurationException if none is set
         */
        public String requiredUrl() {
            return required(Setting.QUEUE_URL, url);
        }

        /**
         * The dead-letter queue.
         *
         * @throws ConfigurationException if none is set
         */
        public String requiredDeadLetterUrl() {
            return required(Setting.DEAD_LETTER_URL, deadLetterUrl);
        }

        private static String required(Setting<String> setting, String value) {
            if (value.isEmpty()) {
                throw new ConfigurationException(
                        setting.name() + " is not set: use " + setting.flag() + " or " + setting.variable());
            }
            return value;
        }
    }

    /**
     * How orders are planned.
     *
     * @param countThreshold pending rows that make a group due
     * @param timeThreshold age of a pending row that makes its group due
     * @param objectLimit rows to which an order collects epochs
     * @param epochLimit rows that an epoch claims, up to one block more
     * @param redeliverAfter age at which an open order is enqueued again
     */
    public record Discovery(
            long countThreshold, Duration timeThreshold, long objectLimit, long epochLimit, Duration redeliverAfter) {}

    /**
     * What log objects are like.
     *
     * @param accountId of the source buckets, in partitioned keys; empty where there are none
     * @param regions of the source buckets, in partitioned keys
     * @param rules by target bucket
     */
    public record Forms(String accountId, Form.Regions regions, Form.Rules rules) {}

    /**
     * How orders are delivered.
     *
     * @param partSize bytes of an upload held in memory
     * @param uploads large objects under way at once in one function instance, whichever lane they are of
     * @param attempts receipts after which a refused order is given up
     * @param retryDelay before a failed message comes back the first time
     * @param supersedeAfter between two looks at an order whose rows are gone
     * @param replayTargets where replays may write copies, each as {@code BUCKET/PREFIX}
     */
    public record Worker(
            int partSize,
            int uploads,
            int attempts,
            Duration retryDelay,
            Duration supersedeAfter,
            List<String> replayTargets) {
        /** Whether a replay may write copies to {@code target}, as {@code BUCKET/PREFIX}. */
        public boolean allowsCopies(String target) {
            return replayTargets.stream().anyMatch(allowed -> folder(target).startsWith(folder(allowed)));
        }

        private static String folder(String target) {
            return target.indexOf('/') < 0 ? target + "/" : target;
        }

        /**
         * Checks how long a worker may run. It lets no object appear after that; the quarter that must be left is for
         * requests that are on their way then.
         *
         * @throws ConfigurationException if one that saw all rows of an order may still be writing when what is left of
         *     them goes out as another
         */
        public void checkTimeout(Duration timeout) {
            Duration needed = timeout.multipliedBy(4).dividedBy(3);
            if (needed.compareTo(supersedeAfter) > 0) {
                throw new ConfigurationException(Setting.SUPERSEDE_AFTER.name() + " is " + supersedeAfter.toSeconds()
                        + "s, but a worker may run for " + timeout.toSeconds()
                        + "s: rows could be delivered twice; raise it to "
                        + needed.plusMillis(999).toSeconds()
                        + "s or more, four thirds of the function's timeout");
            }
        }
    }

    /**
     * What an audit looks at.
     *
     * @param objectsWithin how long the audits on a schedule take to read every object once; empty reads none
     * @param every how long after one of them the next one runs
     * @param ownTargets where nobody else writes, each as {@code BUCKET/PREFIX} or {@code BUCKET}, a pattern
     */
    public record Audit(Optional<Duration> objectsWithin, Duration every, List<String> ownTargets) {
        /** Whether nobody else writes objects of such a key into a bucket. */
        public boolean owns(String bucket, String key) {
            return ownTargets.stream()
                    .map(target -> target.split("/", 2))
                    .anyMatch(target ->
                            Form.fits(target[0], bucket) && (target.length == 1 || key.startsWith(target[1])));
        }
    }

    /** As they are for one lane each. */
    public List<Settings> each() {
        return lanes.stream().map(this::with).toList();
    }

    /**
     * As they are for one lane.
     *
     * @throws ConfigurationException if there is no lane of that name
     */
    public Settings of(String lane) {
        return lanes.stream()
                .filter(one -> one.name().equals(lane))
                .findFirst()
                .map(this::with)
                .orElseThrow(() -> new ConfigurationException(
                        "there is no lane '%s': %s has %s".formatted(lane, Setting.CLICKHOUSE_URL.name(), names())));
    }

    /**
     * The lane, for what works on one.
     *
     * @throws ConfigurationException if there are several
     */
    public Lane lane() {
        if (lanes.size() > 1) {
            throw new ConfigurationException("one lane is needed, " + Setting.CLICKHOUSE_URL.name() + " has " + names()
                    + ": name one with --lane, or its address alone");
        }
        return lanes.getFirst();
    }

    private String names() {
        return lanes.stream().map(Lane::name).collect(Collectors.joining(", "));
    }

    private Settings with(Lane lane) {
        return new Settings(
                List.of(lane), logRetention, aws, targets, queue, discovery, forms, worker, audit, logLevel);
    }

    /**
     * How long rows must be kept at least: until they are due, and, where the message about their order is lost, until it
     * is enqueued again.
     */
    public Duration leastRetention() {
        return discovery.timeThreshold().plus(discovery.redeliverAfter());
    }

    /** Age at which the ledger forgets what is settled: a week more than that of the log table's rows. */
    public Duration ledgerRetention() {
        return logRetention.plus(LEDGER_OUTLIVES_LOG);
    }

    /**
     * Reads the settings. An empty flag or variable stands for the default, whatever comes after it.
     *
     * @param flags setting names with their values, as given on a command line
     * @param environment the process's environment variables
     * @throws ConfigurationException that names every problem: setting, value, where it came from, what is needed
     */
    public static Settings read(Map<String, String> flags, Map<String, String> environment) {
        return read(flags, environment, Map.of());
    }

    /** As the other one, with {@code defaults}, setting names with their values, before the usual ones. */
    public static Settings read(
            Map<String, String> flags, Map<String, String> environment, Map<String, String> defaults) {
        return new Reader(flags, environment, defaults).read();
    }

    /** Reads the settings from the environment alone, as a deployed function does. */
    public static Settings fromEnvironment() {
        return read(Map.of(), System.getenv());
    }

    private static final class Reader {
        private static final int FLAGS = 400;
        private static final int VARIABLES = 300;
        private static final int FILE = 200;
        private static final int DEFAULTS = 100;
        private static final LevenshteinDistance DISTANCE = new LevenshteinDistance(4);

        private final List<String> problems = new ArrayList<>();
        private final Map<String, String> defaults;
        private final String file;
        private final SmallRyeConfig config;

        Reader(Map<String, String> flags, Map<String, String> environment, Map<String, String> instead) {
            Map<String, String> prefixed = new HashMap<>();
            flags.forEach((name, value) -> prefixed.put(PREFIX + name, value));
            defaults = Setting.all().stream()
                    .collect(Collectors.toMap(
                            Setting::property, setting -> instead.getOrDefault(setting.name(), setting.fallback())));
            SmallRyeConfigBuilder builder = new SmallRyeConfigBuilder()
                    .withSources(
                            new PropertiesConfigSource(prefixed, "flags", FLAGS),
                            new EnvConfigSource(environment, VARIABLES),
                            new PropertiesConfigSource(defaults, "defaults", DEFAULTS));
            file = environment.getOrDefault(FILE_VARIABLE, "");
            if (!file.isEmpty()) {
                try {
                    builder.withSources(new YamlConfigSource(file, Files.readString(Path.of(file)), FILE));
                } catch (IOException e) {
                    problems.add("cannot read the configuration file (--config-file, " + FILE_VARIABLE + "): " + e);
                } catch (RuntimeException e) {
                    problems.add("the configuration file " + file + " (--config-file, " + FILE_VARIABLE
                            + ") is no YAML: " + e.getMessage());
                }
            }
            config = builder.build();
            findUnknown(environment);
        }

        private Settings read() {
            Settings settings = new Settings(
                    lanes(),
                    get(Setting.LOG_RETENTION),
                    new Aws(
                            get(Setting.REGION),
                            get(Setting.S3_ENDPOINT),
                            get(Setting.SQS_ENDPOINT),
                            get(Setting.STS_ENDPOINT),
                            get(Setting.S3_CA),
                            get(Setting.SQS_CA),
                            get(Setting.STS_CA)),
                    targets(),
                    new Queue(get(Setting.QUEUE_URL), get(Setting.DEAD_LETTER_URL)),
                    new Discovery(
                            get(Setting.COUNT_THRESHOLD),
                            get(Setting.TIME_THRESHOLD),
                            get(Setting.OBJECT_LIMIT),
                            get(Setting.EPOCH_LIMIT),
                            get(Setting.REDELIVER_AFTER)),
                    forms(),
                    new Worker(
                            Math.toIntExact(get(Setting.PART_SIZE)),
                            Math.toIntExact(get(Setting.UPLOADS)),
                            Math.toIntExact(get(Setting.ATTEMPTS)),
                            get(Setting.RETRY_DELAY),
                            get(Setting.SUPERSEDE_AFTER),
                            get(Setting.REPLAY_TARGETS)),
                    new Audit(get(Setting.OBJECTS_WITHIN), get(Setting.AUDIT_SCHEDULE), get(Setting.OWN_TARGETS)),
                    get(Setting.LOG_LEVEL));
            checkRetention(settings);
            if (!problems.isEmpty()) {
                throw new ConfigurationException(problems);
            }
            return settings;
        }

        /** They differ in their address alone. */
        private List<Lane> lanes() {
            Lane any = new Lane(
                    get(Setting.LANE),
                    new Endpoint(
                            List.of(),
                            get(Setting.CLICKHOUSE_AUTHENTICATION),
                            get(Setting.CLICKHOUSE_USER),
                            password(),
                            get(Setting.CLICKHOUSE_TIMEOUT),
                            get(Setting.CLICKHOUSE_CA),
                            get(Setting.CLICKHOUSE_HEADERS)),
                    get(Setting.LOGS),
                    get(Setting.TABLE_NAME),
                    get(Setting.LEDGER),
                    get(Setting.MORE_COLUMNS));
            return get(Setting.CLICKHOUSE_URL).entrySet().stream()
                    .map(lane -> any.at(lane.getKey().isEmpty() ? any.name() : lane.getKey(), lane.getValue()))
                    .toList();
        }

        private void checkRetention(Settings settings) {
            if (settings.logRetention().compareTo(settings.leastRetention()) <= 0) {
                problems.add(
                        "%s is %ds, and rows may wait for %ds, which is %s and %s: they could go before they are delivered; raise the first, or lower one of the others"
                                .formatted(
                                        Setting.LOG_RETENTION.name(),
                                        settings.logRetention().toSeconds(),
                                        settings.leastRetention().toSeconds(),
                                        Setting.TIME_THRESHOLD.name(),
                                        Setting.REDELIVER_AFTER.name()));
            }
        }

        private Forms forms() {
            Forms forms = new Forms(get(Setting.ACCOUNT_ID), get(Setting.SOURCE_REGION), get(Setting.FORMS));
            if (forms.rules().needAccount() && forms.accountId().isEmpty()) {
                problems.add("%s asks for partitioned keys: they begin with the account, so %s is needed"
                        .formatted(Setting.FORMS.name(), Setting.ACCOUNT_ID.name()));
            }
            List<String> taken = get(Setting.MORE_COLUMNS).stream()
                    .filter(Rendering.CLOUDWATCH_FIELDS::contains)
                    .toList();
            if (forms.rules().rules().stream()
                            .anyMatch(rule -> rule.form().rendering().equals(Rendering.JSON_CLOUDWATCH))
                    && !taken.isEmpty()) {
                problems.add(
                        "%s names %s, and so are fields of %s, which %s asks for: leave them out, or give the columns other names by ALIAS columns"
                                .formatted(
                                        Setting.MORE_COLUMNS.name(),
                                        String.join(", ", taken),
                                        Rendering.JSON_CLOUDWATCH.name(),
                                        Setting.FORMS.name()));
            }
            return forms;
        }

        private Targets targets() {
            Targets targets = new Targets(
                    get(Setting.TARGETS),
                    get(Setting.ROLES),
                    get(Setting.BUCKET_OWNERS),
                    get(Setting.ACL),
                    get(Setting.GRANTS),
                    get(Setting.ENCRYPTION),
                    get(Setting.ENCRYPTION_KEY));
            if (targets.encryptionKey().isPresent()
                    && !targets.encryptionAsked().orElseThrow().startsWith(Setting.KMS)) {
                problems.add("%s and %s = '%s' are both set: a key needs an encryption of KMS"
                        .formatted(
                                Setting.ENCRYPTION_KEY.name(),
                                Setting.ENCRYPTION.name(),
                                targets.encryption().orElseThrow()));
            }
            if (targets.acl().isPresent() && !targets.grants().isEmpty()) {
                problems.add("%s and %s are both set: S3 takes one of them"
                        .formatted(Setting.ACL.name(), Setting.GRANTS.name()));
            }
            return targets;
        }

        private Supplier<String> password() {
            String password = get(Setting.CLICKHOUSE_PASSWORD);
            String secret = get(Setting.CLICKHOUSE_PASSWORD_SECRET);
            if (secret.isEmpty()) {
                return new Endpoint.Fixed(password);
            }
            if (!password.isEmpty()) {
                problems.add("%s and %s are both set: one is needed"
                        .formatted(Setting.CLICKHOUSE_PASSWORD.name(), Setting.CLICKHOUSE_PASSWORD_SECRET.name()));
            }
            return new PasswordSecret(get(Setting.REGION), secret);
        }

        /** The value, the default where it is empty; where it is no good, notes the problem and goes on with the default. */
        private <T> T get(Setting<T> setting) {
            ConfigValue value = config.getConfigValue(setting.property());
            String text = value.getValue() == null || value.getValue().isEmpty()
                    ? defaults.get(setting.property())
                    : value.getValue();
            try {
                return setting.reader().apply(text);
            } catch (IllegalArgumentException e) {
                String problem = "%s = %s (from %s): %s"
                        .formatted(
                                setting.name(),
                                setting.secret() ? "***" : "'" + text + "'",
                                source(setting, value.getConfigSourceOrdinal()),
                                e.getMessage());
                problems.add(USER_INFO.matcher(problem).replaceAll("//***@"));
                return setting.reader().apply(setting.fallback());
            }
        }

        private String source(Setting<?> setting, int ordinal) {
            return switch (ordinal) {
                case FLAGS -> "the flag " + setting.flag();
                case VARIABLES -> "the variable " + setting.variable();
                case DEFAULTS -> "the default";
                default -> setting.property() + " in the file " + file;
            };
        }

        private void findUnknown(Map<String, String> environment) {
            Set<String> variables = names(Setting::variable);
            environment.keySet().stream()
                    .filter(name -> name.startsWith(VARIABLE_PREFIX))
                    .filter(name -> !variables.contains(name) && !OTHER_VARIABLES.contains(name))
                    .sorted()
                    .forEach(name -> problems.add("unknown variable " + name + meant(name, variables)));
            Set<String> properties = names(Setting::property);
            for (ConfigSource source : config.getConfigSources()) {
                switch (source.getOrdinal()) {
                    case VARIABLES -> {}
                    case FLAGS ->
                        unknown(source, properties)
                                .forEach(name -> problems.add("unknown setting " + name + meant(name, properties)));
                    default ->
                        unknown(source, properties)
                                .forEach(name -> problems.add(
                                        "unknown setting " + name + " in the file " + file + nested(name, properties)));
                }
            }
        }

        private static List<String> unknown(ConfigSource source, Set<String> known) {
            return source.getPropertyNames().stream()
                    .filter(name -> !known.contains(name))
                    .sorted()
                    .toList();
        }

        /** As {@link #meant}, as it is to be written: a key with dots, which the source quotes, is one name to YAML. */
        private static String nested(String unknown, Set<String> known) {
            String plain = unknown.replace("\"", "");
            return closest(plain.startsWith(PREFIX) ? plain : PREFIX + plain, known)
                    .map(name -> name.split("\\.", -1))
                    .map(keys -> "; did you mean %s: {%s: {%s: ...}}?".formatted((Object[]) keys))
                    .orElse("");
        }

        private static Set<String> names(Function<Setting<?>, String> name) {
            return Setting.all().stream().map(name).collect(Collectors.toSet());
        }

        /** The known name that differs in a few letters, if there is one. */
        private static String meant(String unknown, Set<String> known) {
            return closest(unknown, known)
                    .map(name -> "; did you mean " + name + "?")
                    .orElse("");
        }

        private static Optional<String> closest(String unknown, Set<String> known) {
            return known.stream()
                    .filter(name -> DISTANCE.apply(unknown, name) >= 0)
                    .min(Comparator.comparing((String name) -> DISTANCE.apply(unknown, name))
                            .thenComparing(Comparator.naturalOrder()));
        }
    }
}
