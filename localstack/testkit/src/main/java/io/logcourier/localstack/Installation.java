package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.ledger.Lane;
import io.logcourier.localstack.lambda.LocalContext;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.localstack.lambda.Ticks.Answer;
import io.logcourier.localstack.sqs.EventSource;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit;
import io.logcourier.operations.AuditReport;
import io.logcourier.schema.Schema;
import io.logcourier.worker.WorkerHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorInputStream;
import org.apache.hadoop.fs.s3a.audit.S3LogParser;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiptHandleIsInvalidException;

/** An installation of its own on a shared stack: log table, ledger, queues, target bucket; the functions as deployed. */
public final class Installation implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Installation.class);
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Duration TIMEOUT = Duration.ofMinutes(5);
    private static final Duration SETTLED = Duration.ofMillis(50);
    private static final int MAX_RECEIVE_COUNT = 4;

    /** What follows the prefix in every key: folders where it is partitioned, a time, a unique string, a suffix. */
    private static final Pattern KEY_END = Pattern.compile(
            "([0-9]{12}/us-east-1/(?<bucket>[^/]+)/(?<day>[0-9]{4}/[0-9]{2}/[0-9]{2})/)?"
                    + "[0-9]{4}-[0-9]{2}-[0-9]{2}-(?<time>[0-9]{2}-[0-9]{2}-[0-9]{2})-[0-9A-F]{16}(?<rendering>[.]json|[.]parquet)?(?<compression>[.]gz|[.]zst)?$");

    /** In a key by event time, and in none by delivery time unless a test runs at that second. */
    private static final String MIDNIGHT = "00-00-00";

    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("uuuu/MM/dd").withZone(ZoneOffset.UTC);

    private static final DateTimeFormatter HOUR =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:00:00").withZone(ZoneOffset.UTC);

    private final Map<String, String> flags;
    private final Settings settings;
    private final String target;
    private final ClickHouse clickHouse;
    private final S3Client s3;
    private final SqsClient sqs;
    private final DiscoveryHandler discovery;
    private final WorkerHandler worker;

    private Installation(LaptopStack stack, Optional<URI> ownClickHouse, Map<String, String> others) {
        int number = COUNT.incrementAndGet();
        target = "target-" + number;
        stack.makeBucket(target);
        s3 = stack.s3();
        sqs = stack.sqs();
        Settings base = stack.settings();
        Map<String, String> all = new HashMap<>(Map.of(
                "clickhouse.url",
                base.lane().endpoint().url().toString(),
                "clickhouse.logs-database",
                "logs_" + number,
                "clickhouse.ledger-database",
                "courier_" + number,
                "aws.region",
                base.aws().region(),
                "s3.endpoint",
                base.aws().s3Endpoint().orElseThrow().toString(),
                "sqs.endpoint",
                base.aws().sqsEndpoint().orElseThrow().toString(),
                "worker.attempts",
                "2",
                "worker.retry-delay",
                "0.1s"));
        String deadLetters = queue("dead-letters-" + number, Map.of());
        String deadLetterArn = sqs.getQueueAttributes(
                        request -> request.queueUrl(deadLetters).attributeNames(QueueAttributeName.QUEUE_ARN))
                .attributes()
                .get(QueueAttributeName.QUEUE_ARN);
        all.put("queue.dead-letter-url", deadLetters);
        all.put(
                "queue.url",
                queue(
                        "orders-" + number,
                        Map.of(
                                QueueAttributeName.VISIBILITY_TIMEOUT,
                                "600",
                                QueueAttributeName.REDRIVE_POLICY,
                                "{\"deadLetterTargetArn\":\"%s\",\"maxReceiveCount\":%d}"
                                        .formatted(deadLetterArn, MAX_RECEIVE_COUNT))));
        ownClickHouse.ifPresent(uri -> all.put("clickhouse.url", uri.toString()));
        all.putAll(others);
        flags = Map.copyOf(all);
        settings = Settings.read(all, Map.of());
        clickHouse = ownClickHouse.isPresent() ? ClickHouse.connect(lane().endpoint()) : stack.clickHouse();
        new Schema(settings.lane(), settings.logRetention()).apply(clickHouse, false);
        discovery = new DiscoveryHandler(settings);
        worker = new WorkerHandler(settings);
    }

    /** A new one with the schema applied; {@code flags} are settings that differ. */
    public static Installation on(LaptopStack stack, Map<String, String> flags) {
        return new Installation(stack, Optional.empty(), flags);
    }

    /** A new one with the schema applied, on another ClickHouse than the stack's; {@code flags} are settings that differ. */
    public static Installation on(LaptopStack stack, URI clickHouse, Map<String, String> flags) {
        return new Installation(stack, Optional.of(clickHouse), flags);
    }

    /** A new one with the schema applied. */
    public static Installation on(LaptopStack stack) {
        return on(stack, Map.of());
    }

    private String queue(String name, Map<QueueAttributeName, String> attributes) {
        return sqs.createQueue(request -> request.queueName(name).attributes(attributes))
                .queueUrl();
    }

    /** The settings as they would be if some of them were changed now; the lane is the same. */
    public Settings settings(Map<String, String> changed) {
        Map<String, String> all = new HashMap<>(flags);
        all.putAll(changed);
        return Settings.read(all, Map.of());
    }

    /** What the functions of this installation are configured by. */
    public Settings settings() {
        return settings;
    }

    /** The same settings as flags of a command. */
    public List<String> flags() {
        return flags.entrySet().stream()
                .map(setting -> "--" + setting.getKey().replace('.', '-') + "=" + setting.getValue())
                .toList();
    }

    /** Its lane. */
    public Lane lane() {
        return settings.lane();
    }

    /** Its target bucket. */
    public String target() {
        return target;
    }

    /** Connected to the embedded engine; closed with this. */
    public ClickHouse clickHouse() {
        return clickHouse;
    }

    /** Connected to the S3 of the stack; closed with this. */
    public S3Client s3() {
        return s3;
    }

    /** Connected to the SQS of the stack; closed with this. */
    public SqsClient sqs() {
        return sqs;
    }

    /** The worker function. */
    public WorkerHandler worker() {
        return worker;
    }

    /** Posts rows as a shipper does, as one INSERT into the ingest table. */
    public void insert(Collection<LogRow> rows) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        rows.forEach(row -> lines.writeBytes(row.json()));
        clickHouse.insert(
                Schema.ingestTable(lane()),
                "JSONEachRow",
                lines.toByteArray(),
                Map.of(
                        "input_format_skip_unknown_fields", "1",
                        "date_time_input_format", "best_effort",
                        "min_insert_block_size_rows", Integer.toString(rows.size() + 1),
                        "min_insert_block_size_bytes", "0"));
    }

    /** Posts one row. */
    public void insert(LogRow row) {
        insert(List.of(row));
    }

    /** The start of the hour so long ago, as a column insertedAt takes it: the partition is that hour. */
    public static String hoursAgo(int hours) {
        return HOUR.format(Instant.now().minus(Duration.ofHours(hours)));
    }

    /** Runs a statement in which {@code {logs}} and {@code {ledger}} stand for the databases. */
    public void execute(String sql) {
        clickHouse.execute(Statement.of(located(sql)));
    }

    /** The only number that a statement returns; databases as in {@link #execute}. */
    public long number(String sql) {
        return Long.parseLong(text(sql).strip());
    }

    /** What a statement returns, as tab-separated lines; databases as in {@link #execute}. */
    public String text(String sql) {
        return new String(clickHouse.read(Statement.of(located(sql)), "TabSeparated"), StandardCharsets.UTF_8);
    }

    private String located(String sql) {
        return sql.replace("{logs}", lane().logs()).replace("{ledger}", lane().ledger());
    }

    /** One tick, as the schedule sends it. */
    public Answer tick(Tick tick) {
        return tick(discovery, tick);
    }

    /** A tick in which everything pending is due. */
    public Answer flush() {
        return tick(new Tick(Optional.empty(), true, false));
    }

    /** A tick of another instance of the function. */
    public static Answer tick(DiscoveryHandler discovery, Tick tick) {
        return Ticks.tick(discovery, tick);
    }

    /** Serves the order queue until it is empty. */
    public void drain() {
        try (EventSource source = source()) {
            assertThat(source.drain(TIMEOUT, SETTLED)).as("the queue is empty").isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The event source of the worker; the caller closes it. */
    public EventSource source() {
        URI queue = URI.create(settings.queue().url());
        return new EventSource(sqs, new EventSource.Mapping(queue, "worker", TIMEOUT, 2, 2), worker);
    }

    /**
     * Hands what is in the order queue, ten messages at most, to a function once, as Lambda does: what it has not served
     * comes back, at once instead of later.
     *
     * @return whether there was a message
     */
    public boolean serve(RequestHandler<SQSEvent, SQSBatchResponse> function) {
        return serve(sqs, settings.queue().url(), function);
    }

    /** As the other one, from any queue. */
    public static boolean serve(SqsClient sqs, String queue, RequestHandler<SQSEvent, SQSBatchResponse> function) {
        List<Message> messages = sqs.receiveMessage(request -> request.queueUrl(queue)
                        .maxNumberOfMessages(10)
                        .messageSystemAttributeNames(MessageSystemAttributeName.ALL))
                .messages();
        Set<String> failed;
        try {
            failed = function
                    .handleRequest(
                            event(messages, message -> message.attributes()
                                    .get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT)),
                            new LocalContext("worker", TIMEOUT))
                    .getBatchItemFailures()
                    .stream()
                    .map(SQSBatchResponse.BatchItemFailure::getItemIdentifier)
                    .collect(Collectors.toSet());
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof Faults.Stopped)) {
                throw e;
            }
            failed = messages.stream().map(Message::messageId).collect(Collectors.toSet());
        }
        for (Message message : messages) {
            try {
                if (failed.contains(message.messageId())) {
                    sqs.changeMessageVisibility(request -> request.queueUrl(queue)
                            .receiptHandle(message.receiptHandle())
                            .visibilityTimeout(0));
                } else {
                    sqs.deleteMessage(request -> request.queueUrl(queue).receiptHandle(message.receiptHandle()));
                }
            } catch (ReceiptHandleIsInvalidException e) {
                log.debug("somebody else has {} by now", message.messageId(), e);
            }
        }
        return !messages.isEmpty();
    }

    private static SQSEvent event(List<Message> messages, Function<Message, String> receives) {
        SQSEvent event = new SQSEvent();
        event.setRecords(messages.stream()
                .map(message -> {
                    SQSMessage record = new SQSMessage();
                    record.setMessageId(message.messageId());
                    record.setReceiptHandle(message.receiptHandle());
                    record.setBody(message.body());
                    record.setAttributes(Map.of("ApproximateReceiveCount", receives.apply(message)));
                    return record;
                })
                .toList());
        return event;
    }

    /** Puts a body into the order queue. */
    public void send(String body) {
        sqs.sendMessage(request -> request.queueUrl(settings.queue().url()).messageBody(body));
    }

    /** Serves what is in the order queue as if it came for the {@code receives}-th time; nothing comes back. */
    public void serveOnce(int receives) {
        SQSEvent event = event(receive(settings.queue().url()), message -> Integer.toString(receives));
        worker.handleRequest(event, new LocalContext("worker", TIMEOUT));
    }

    /** Takes everything out of a queue. */
    public List<Message> receive(String queueUrl) {
        List<Message> all = new ArrayList<>();
        while (true) {
            List<Message> some = sqs.receiveMessage(request ->
                            request.queueUrl(queueUrl).maxNumberOfMessages(10).messageAttributeNames("All"))
                    .messages();
            if (some.isEmpty()) {
                return all;
            }
            all.addAll(some);
            some.forEach(message ->
                    sqs.deleteMessage(request -> request.queueUrl(queueUrl).receiptHandle(message.receiptHandle())));
        }
    }

    /** Takes everything out of the dead-letter queue. */
    public List<Message> deadLetters() {
        return receive(settings.queue().deadLetterUrl());
    }

    /** Puts what is in the dead-letter queue back into the order queue, as somebody does who has mended the cause. */
    public void redrive() {
        deadLetters().forEach(letter -> send(letter.body()));
    }

    /** The books and the objects, which are ours alone. */
    public AuditReport audit() {
        return new Audit(clickHouse, settings).reportAlone(s3, settings, false, bytes -> {});
    }

    /** The books, the objects, and all rows rendered again. */
    public AuditReport deepAudit() {
        return new Audit(clickHouse, settings).reportAlone(s3, settings, true, bytes -> {});
    }

    /** The books alone. */
    public AuditReport books() {
        return new Audit(clickHouse, settings).report();
    }

    /** All objects of a bucket by key. */
    public Map<String, byte[]> objects(String bucket) {
        return objects(bucket, "");
    }

    /** The objects of a bucket whose keys begin so, by key. */
    public Map<String, byte[]> objects(String bucket, String prefix) {
        Map<String, byte[]> objects = new TreeMap<>();
        s3.listObjectsV2Paginator(request -> request.bucket(bucket).prefix(prefix))
                .contents()
                .forEach(object -> objects.put(
                        object.key(),
                        s3.getObjectAsBytes(request -> request.bucket(bucket).key(object.key()))
                                .asByteArray()));
        return objects;
    }

    /** Discovers and delivers everything, then holds it against {@code rows}: {@link #assertDelivered}. */
    public AuditReport deliver(String description, Collection<LogRow> rows) {
        flush();
        drain();
        AuditReport report = assertDelivered(description, rows);
        assertThat(report.undelivered()).as(description).isEmpty();
        return report;
    }

    /**
     * Exactly {@code rows}, all for this target bucket, are in objects, each in one: every line byte for byte as the
     * format has it, under its prefix, apart from other source buckets, in order, and readable for
     * Hadoop's parser, or, where they are no text lines, for Jackson or parquet-java. The
     * audit finds no difference.
     */
    public AuditReport assertDelivered(String description, Collection<LogRow> rows) {
        assertObjects(description, "", rows);
        AuditReport report = audit();
        assertThat(report.differences()).as(description).isEmpty();
        assertThat(report.missing()).as(description).isEmpty();
        assertThat(report.balance().delivered()).as(description).isEqualTo(rows.size());
        return report;
    }

    /** As {@link #assertDelivered}, of the objects alone whose keys begin with {@code under}. */
    public void assertObjects(String description, String under, Collection<LogRow> rows) {
        Map<String, LogRow> byLine = new HashMap<>();
        Map<Map<String, Object>, LogRow> byFields = new HashMap<>();
        Map<String, List<String>> expected = new TreeMap<>();
        for (LogRow row : rows) {
            assertThat(row.text("loggingTargetBucket")).isEqualTo(target);
            String line = row.line();
            byLine.put(line, row);
            expected.computeIfAbsent(row.text("loggingTargetPrefix"), prefix -> new ArrayList<>())
                    .add(line);
        }
        Map<String, List<String>> actual = new TreeMap<>();
        objects(target, under).forEach((key, bytes) -> {
            String where = description + ": " + key;
            Matcher end = KEY_END.matcher(key);
            assertThat(end.find()).as(where).isTrue();
            byte[] plain = plain(end.group("compression"), bytes);
            List<String> lines;
            List<LogRow> read;
            if (end.group("rendering") == null) {
                lines = lines(plain);
                assertReadable(where, lines);
                assertThat(lines).as(where).allMatch(byLine::containsKey, "is that of a row");
                read = lines.stream().map(byLine::get).toList();
            } else {
                if (byFields.isEmpty()) {
                    rows.forEach(row -> byFields.put(row.typed(), row));
                }
                List<Map<String, Object>> fields = end.group("rendering").equals(".parquet")
                        ? parquet(plain)
                        : lines(plain).stream()
                                .map(line -> TypedFields.parse(line.getBytes(StandardCharsets.ISO_8859_1)))
                                .toList();
                assertThat(fields).as(where).allMatch(byFields::containsKey, "are those of a row");
                read = fields.stream().map(byFields::get).toList();
                lines = read.stream().map(LogRow::line).toList();
            }
            assertThat(read.stream().map(row -> row.text("bucketName")).distinct())
                    .as(where)
                    .hasSize(1);
            assertThat(read)
                    .as(where)
                    .isSortedAccordingTo(
                            Comparator.comparingLong(LogRow::startMillis).thenComparing(row -> row.text("req_id")));
            if (end.group("day") != null) {
                assertThat(read.getFirst().text("bucketName")).as(where).isEqualTo(end.group("bucket"));
            }
            if (end.group("day") != null && end.group("time").equals(MIDNIGHT)) {
                assertThat(read.stream()
                                .map(row -> DAY.format(Instant.ofEpochMilli(row.startMillis())))
                                .distinct())
                        .as(where)
                        .containsExactly(end.group("day"));
            }
            actual.computeIfAbsent(latin(key.substring(0, end.start())), prefix -> new ArrayList<>())
                    .addAll(lines);
        });
        Stream.of(expected, actual).flatMap(lines -> lines.values().stream()).forEach(lines -> lines.sort(null));
        assertThat(actual.keySet()).as(description).isEqualTo(expected.keySet());
        expected.forEach((prefix, lines) ->
                assertThat(actual.get(prefix)).as("%s: %s", description, prefix).containsExactlyElementsOf(lines));
    }

    /** Every line is one that Hadoop's parser of S3 access logs reads, as text in UTF-8. */
    public static void assertReadable(String description, List<String> lines) {
        Set<String> unread = lines.stream()
                .filter(line -> !S3LogParser.LOG_ENTRY_PATTERN
                        .matcher(new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                        .matches())
                .collect(Collectors.toSet());
        assertThat(unread)
                .as("%s: lines that S3LogParser does not read", description)
                .isEmpty();
    }

    /** The lines of an object, one character per byte; its last byte must be a line feed. */
    public static List<String> lines(byte[] object) {
        String text = new String(object, StandardCharsets.ISO_8859_1);
        assertThat(text).endsWith("\n");
        return List.of(text.substring(0, text.length() - 1).split("\n", -1));
    }

    /** Decompressed by other libraries than those that compressed it, going by the suffix of its key. */
    private static byte[] plain(String suffix, byte[] object) {
        InputStream stored = new ByteArrayInputStream(object);
        try (InputStream plain =
                switch (suffix) {
                    case null -> stored;
                    case ".gz" -> new GzipCompressorInputStream(stored);
                    default -> new ZstdCompressorInputStream(stored);
                }) {
            return plain.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Map<String, Object>> parquet(byte[] object) {
        try {
            return ParquetRows.of(object);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String latin(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        worker.close();
        try {
            discovery.close();
        } finally {
            sqs.close();
            s3.close();
            clickHouse.close();
        }
    }
}
