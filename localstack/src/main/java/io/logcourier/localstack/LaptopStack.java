package io.logcourier.localstack;

import io.logcourier.ConfigurationException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.door.Keys;
import io.logcourier.localstack.door.PrivateFolder;
import io.logcourier.localstack.engine.ClickHouseFront;
import io.logcourier.localstack.engine.Credentials;
import io.logcourier.localstack.engine.Engine;
import io.logcourier.localstack.s3.LocalS3;
import io.logcourier.localstack.sqs.LocalSqs;
import io.logcourier.logging.Logging;
import io.logcourier.schema.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketAlreadyOwnedByYouException;
import software.amazon.awssdk.services.sqs.SqsClient;

/**
 * ClickHouse, S3 and SQS in this JVM, on loopback, with the schema applied. The queue starts empty, so the first tick
 * should redeliver. Its keys are random, kept in the data folder if there is one, and its folders the user's alone. Closes itself when the JVM is told to stop, since an open engine crashes a JVM that exits.
 * Thread-safe.
 */
public final class LaptopStack implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LaptopStack.class);

    /** As in the deployed stack: six times the worker's timeout. */
    private static final Duration VISIBILITY = Duration.ofMinutes(30);

    private static final int MAX_RECEIVE_COUNT = 100;

    /** Three attempts within some seconds: nobody at a laptop waits for a bucket to come back. */
    private static final Map<String, String> HASTE = Map.of("worker.attempts", "3", "worker.retry-delay", "1s");

    /** The settings that the stack makes itself; what flags and the environment say of another installation is hidden. */
    public static final Set<String> OWN = Set.of(
            "clickhouse.url",
            "clickhouse.authentication",
            "clickhouse.headers",
            "clickhouse.user",
            "clickhouse.password",
            "clickhouse.password-secret",
            "aws.region",
            "s3.endpoint",
            "s3.roles",
            "sqs.endpoint",
            "sts.endpoint",
            "queue.url",
            "queue.dead-letter-url");

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private boolean closed;
    private final Optional<Path> data;
    private final Optional<Path> objects;
    private final Optional<LocalSqs> sqs;
    private final Settings settings;
    private final Keys keys;

    /**
     * Where the stack keeps its data and listens; port 0 is any free one.
     *
     * @param data folder that outlives the stack; without one ClickHouse's data is deleted, and the objects stay until
     *     {@link #clearTemporary}
     * @param clickHouseOnly whether to leave S3 and SQS out
     */
    public record Layout(Optional<Path> data, int clickHousePort, int s3Port, int sqsPort, boolean clickHouseOnly) {
        /** Everything, in a folder or none, on any free ports. */
        public static Layout of(Optional<Path> data) {
            return new Layout(data, 0, 0, 0, false);
        }

        /** All that keeps a stack from starting here. */
        private List<String> problems() {
            List<String> problems = new ArrayList<>();
            data.filter(folder -> Files.exists(folder) && !Files.isDirectory(folder))
                    .ifPresent(file -> problems.add("the data folder " + file + " is no folder"));
            Map<String, Integer> ports = new LinkedHashMap<>(Map.of("ClickHouse", clickHousePort));
            if (!clickHouseOnly) {
                ports.put("S3", s3Port);
                ports.put("SQS", sqsPort);
            }
            // Open until all were tried, so that one port for two of them is found as well.
            List<ServerSocket> sockets = new ArrayList<>();
            ports.forEach((service, port) -> {
                try {
                    sockets.add(new ServerSocket(port, 1, InetAddress.getLoopbackAddress()));
                } catch (IOException | IllegalArgumentException e) {
                    problems.add("%s cannot listen on port %d: %s".formatted(service, port, e.getMessage()));
                }
            });
            for (ServerSocket socket : sockets) {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return problems;
        }
    }

    /**
     * Starts everything and applies the schema; what is wrong with settings, folder and ports is said before.
     *
     * @param flags settings given on a command line; those of {@link #OWN} are set by the stack
     * @param environment variables with settings
     * @throws ConfigurationException that names every problem
     */
    public static LaptopStack start(Layout layout, Map<String, String> flags, Map<String, String> environment)
            throws IOException {
        return start(layout, flags, environment, Map.of());
    }

    /** As the other one, with {@code defaults}, setting names with their values, before the usual ones. */
    public static LaptopStack start(
            Layout layout, Map<String, String> flags, Map<String, String> environment, Map<String, String> defaults)
            throws IOException {
        return new LaptopStack(layout, flags, environment, defaults, Optional.empty());
    }

    /** As the other one, with keys that are known before. */
    public static LaptopStack start(
            Layout layout,
            Map<String, String> flags,
            Map<String, String> environment,
            Map<String, String> defaults,
            Keys keys)
            throws IOException {
        return new LaptopStack(layout, flags, environment, defaults, Optional.of(keys));
    }

    /** As the other one, with this process's environment. */
    public static LaptopStack start(Layout layout, Map<String, String> flags) throws IOException {
        return start(layout, flags, System.getenv());
    }

    private LaptopStack(
            Layout layout,
            Map<String, String> flags,
            Map<String, String> environment,
            Map<String, String> defaults,
            Optional<Keys> known)
            throws IOException {
        data = layout.data().map(Path::toAbsolutePath);
        Map<String, String> hasty = new HashMap<>(HASTE);
        hasty.putAll(defaults);
        Map<String, String> all = new HashMap<>(flags);
        OWN.forEach(name -> all.put(name, ""));
        check(layout, () -> Settings.read(all, environment, hasty));
        if (data.isPresent() && !Files.exists(data.get())) {
            PrivateFolder.make(data.get());
        }
        keys = known.isPresent() ? known.get() : data.isPresent() ? Keys.of(data.get()) : Keys.random();
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "shutdown"));
        // A shutdown that comes now waits: an engine that opens while the process exits would crash it.
        synchronized (this) {
            // The functions take credentials from the SDK's default chain, here as in AWS.
            System.setProperty("aws.accessKeyId", keys.accessKey());
            System.setProperty("aws.secretAccessKey", keys.secretKey());
            try {
                Engine engine = opened(
                        layout.data().isPresent()
                                ? Engine.open(layout.data().get().resolve("clickhouse"))
                                : Engine.temporary());
                ClickHouseFront front = opened(ClickHouseFront.start(
                        engine, layout.clickHousePort(), new Credentials(keys.user(), keys.password())));
                all.put("clickhouse.url", front.uri().toString());
                all.put("clickhouse.user", keys.user());
                all.put("clickhouse.password", keys.password());
                all.put("aws.region", LocalSqs.REGION);
                if (layout.clickHouseOnly()) {
                    objects = Optional.empty();
                    sqs = Optional.empty();
                } else {
                    Path folder = layout.data().isPresent()
                            ? layout.data().get().resolve("objects").toAbsolutePath()
                            : opened(TemporaryObjects.make()).objects();
                    objects = Optional.of(folder);
                    LocalS3 s3 = opened(new LocalS3(folder, layout.s3Port(), keys.aws()));
                    LocalSqs queues = opened(new LocalSqs(layout.sqsPort(), keys.aws(), VISIBILITY, MAX_RECEIVE_COUNT));
                    sqs = Optional.of(queues);
                    all.put("s3.endpoint", s3.uri().toString());
                    all.put("sqs.endpoint", queues.uri().toString());
                    all.put("queue.url", queues.queueUrl().toString());
                    all.put("queue.dead-letter-url", queues.deadLetterQueueUrl().toString());
                }
                settings = Logging.apply(Settings.read(all, environment, hasty));
                try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint())) {
                    new Schema(settings.lane(), settings.logRetention()).apply(clickHouse, false);
                }
            } catch (IOException | RuntimeException | Error e) {
                close();
                throw e;
            }
        }
    }

    /** Says all that is wrong at once, before anything is started. */
    private static void check(Layout layout, Runnable readSettings) {
        List<String> problems = new ArrayList<>();
        try {
            readSettings.run();
        } catch (ConfigurationException e) {
            problems.add(e.getMessage());
        }
        problems.addAll(layout.problems());
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    /**
     * Deletes what stacks of this user that ran without a data folder have left among the temporary files, where they have
     * ended: their objects, and the data of those that were killed.
     */
    public static void clearTemporary() {
        TemporaryObjects.clear(Path.of(System.getProperty("java.io.tmpdir")), Instant.now());
    }

    /** Has {@code part} closed with the stack, before the parts that are there already. */
    public synchronized <T extends AutoCloseable> T opened(T part) {
        parts.push(part);
        if (closed) {
            closeParts();
            throw new IllegalStateException("the stack is closed");
        }
        return part;
    }

    /** What the functions and commands need to work on this stack. */
    public Settings settings() {
        return settings;
    }

    /** What lets clients in, until it is closed. */
    public Keys keys() {
        return keys;
    }

    /** The folder that outlives the stack, if one was given. */
    public Optional<Path> data() {
        return data;
    }

    /** The folder that holds a folder per bucket, where there is an S3. */
    public Optional<Path> objects() {
        return objects;
    }

    /** The order queue, where there is an SQS. */
    public Optional<URI> queueUrl() {
        return sqs.map(LocalSqs::queueUrl);
    }

    /** The dead-letter queue, where there is an SQS. */
    public Optional<URI> deadLetterUrl() {
        return sqs.map(LocalSqs::deadLetterQueueUrl);
    }

    /** A new client of this S3; the caller closes it. */
    public S3Client s3() {
        return S3Client.builder()
                .region(Region.of(settings.aws().region()))
                .endpointOverride(settings.aws().s3Endpoint().orElseThrow())
                .forcePathStyle(true)
                .credentialsProvider(StaticCredentialsProvider.create(keys.aws()))
                .build();
    }

    /** A new client of this SQS; the caller closes it. */
    public SqsClient sqs() {
        return SqsClient.builder()
                .region(Region.of(settings.aws().region()))
                .endpointOverride(settings.aws().sqsEndpoint().orElseThrow())
                .credentialsProvider(StaticCredentialsProvider.create(keys.aws()))
                .build();
    }

    /** A new client of this ClickHouse; the caller closes it. */
    public ClickHouse clickHouse() {
        return ClickHouse.connect(settings.lane().endpoint());
    }

    /** Makes a bucket if it is missing. */
    public void makeBucket(String name) {
        try (S3Client s3 = s3()) {
            s3.createBucket(request -> request.bucket(name));
        } catch (BucketAlreadyOwnedByYouException e) {
            log.debug("bucket {} is there already", name, e);
        }
    }

    /** Stops all parts, the last one first. Idempotent; whoever comes second waits. */
    @Override
    public synchronized void close() {
        closed = true;
        closeParts();
    }

    private void closeParts() {
        while (!parts.isEmpty()) {
            AutoCloseable part = parts.pop();
            try {
                part.close();
            } catch (Exception e) {
                log.error("{} did not stop", part.getClass().getSimpleName(), e);
            }
        }
    }
}
