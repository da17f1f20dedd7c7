package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.localstack.GeneratedRows;
import io.logcourier.localstack.LaptopStack;
import io.logcourier.localstack.LaptopStack.Layout;
import io.logcourier.localstack.Stack;
import io.logcourier.localstack.deployment.Template.Resource;
import io.logcourier.localstack.lambda.DeployedFunction;
import io.logcourier.localstack.lambda.RuntimeApi.Answer;
import io.logcourier.operations.Loader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The zips that are deployed, with the environment that the template gives them. */
class FunctionZipIT {
    private static final Logger log = LoggerFactory.getLogger(FunctionZipIT.class);
    private static final JsonMapper JSON = new JsonMapper();
    private static final long MOST_BYTES = 32_000_000;
    private static final int BUCKETS = 10;
    private static final int ROWS = 2000;
    private static final Duration AGE = Duration.ofHours(1);

    /** Two rows of an hour ago: one more of the first generated bucket, and one whose target bucket does not exist. */
    private static final String OLD_ROWS = """
            {"insertedAt": %1$d, "startTime": "2026-01-01T00:00:00Z", "bucketName": "bucket-00000", "req_id": "0",
             "loggingEnabled": true, "loggingTargetBucket": "access-logs", "loggingTargetPrefix": "logs/bucket-00000/"}
            {"insertedAt": %1$d, "startTime": "2026-01-01T00:00:00Z", "bucketName": "zebras", "req_id": "1",
             "raftSessionID": 9, "loggingEnabled": true, "loggingTargetBucket": "no-such-bucket"}
            """;

    private final Template template = Template.read();

    @TempDir
    private Path folder;

    @Test
    void aZipHoldsOwnClassesAtItsRootAndJarsInLibAndIsSmall() throws IOException {
        for (Resource function : template.functions()) {
            Path zip = zip(function);
            log.info("{}: {} bytes", zip.getFileName(), Files.size(zip));
            assertThat(zip).exists();
            assertThat(Files.size(zip)).isLessThan(MOST_BYTES);
            try (ZipFile file = new ZipFile(zip.toFile())) {
                List<String> names = file.stream()
                        .filter(entry -> !entry.isDirectory())
                        .map(entry -> entry.getName())
                        .toList();
                assertThat(names)
                        .contains(function.text("Handler").replace('.', '/') + ".class")
                        .anyMatch(name -> name.startsWith("lib/log-courier-shared-"))
                        .noneMatch(name -> name.contains("localstack") || name.contains("chdb"))
                        .allMatch(name -> name.matches("(io/logcourier|cryptography/linux-[^/]*)/.*|lib/[^/]*\\.jar"));
            }
        }
    }

    @Test
    void aTickAndTheWorkOrdersOfAQueueEndInObjects() throws IOException {
        try (LaptopStack stack = Stack.start(Layout.of(Optional.of(folder.resolve("data"))), Map.of());
                S3Client s3 = stack.s3()) {
            stack.makeBucket("access-logs");
            try (ClickHouse clickHouse = stack.clickHouse()) {
                new Loader(clickHouse, stack.settings().lane())
                        .load("rows", new GeneratedRows(ROWS - 1, BUCKETS, 1), rows -> {});
                // The refused one comes after all others in the table's order, so its work order has the next number.
                clickHouse.insert(
                        "logs.access_logs_ingest",
                        "JSONEachRow",
                        OLD_ROWS.formatted(Instant.now().minus(AGE).getEpochSecond())
                                .getBytes(StandardCharsets.UTF_8),
                        Map.of());
            }
            try (DeployedFunction discovery = start("Discovery", stack)) {
                JsonNode answer = succeeds(discovery, "tick-flush.json");
                assertThat(answer.path("lane").stringValue()).isEqualTo("main");
                assertThat(answer.path("orders").intValue()).isEqualTo(BUCKETS + 1);
                assertThat(metrics(discovery))
                        .containsEntry("Ticks", 1L)
                        .containsEntry("RowsClaimed", ROWS + 1L)
                        .containsEntry("OrdersEnqueued", BUCKETS + 1L)
                        .containsEntry("RowsPending", 0L)
                        .containsEntry("RowsOpen", ROWS + 1L);
                assertThat(metrics(discovery).get("OldestRowAge")).isGreaterThanOrEqualTo(AGE.toSeconds());
                assertThat(metrics(discovery).keySet()).isEqualTo(watched("Discovery"));
                assertThat(succeeds(discovery, "tick.json").path("epochs").intValue())
                        .isZero();

                Answer failed = discovery.invoke(EventsIT.text("tick-unknown-lane.json"));

                assertThat(failed.failed()).isTrue();
                assertThat(JSON.readTree(failed.body()).path("errorType").stringValue())
                        .isEqualTo("io.logcourier.PoisonMessageException");
                assertThat(JSON.readTree(failed.body()).path("errorMessage").stringValue())
                        .contains("elsewhere");
                assertThat(succeeds(discovery, "tick.json").path("epochs").intValue())
                        .isZero();
            }
            try (DeployedFunction worker = start("Worker", stack)) {
                assertThat(failures(succeeds(worker, "work-order.json"))).isEmpty();
                assertThat(failures(succeeds(worker, "work-order-batch.json"))).isEmpty();
                assertThat(failures(succeeds(worker, "work-order-unknown.json")))
                        .containsExactly("00000000-0000-4000-8000-000000000002");
                assertThat(failures(succeeds(worker, "work-order-broken.json"))).isEmpty();
                assertThat(failures(answers(
                                worker,
                                EventsIT.text("work-order.json")
                                        .replace("\\\"first\\\":0,\\\"last\\\":0", "\\\"first\\\":10,\\\"last\\\":10")
                                        .replace("ReceiveCount\": \"1\"", "ReceiveCount\": \"4\""))))
                        .isEmpty();
                assertThat(logged(worker, "gave up")).hasSize(1);
                assertThat(metrics(worker))
                        .containsEntry("OrdersDelivered", (long) BUCKETS)
                        .containsEntry("RowsDelivered", (long) ROWS)
                        .containsEntry("OrdersGivenUp", 1L)
                        .containsEntry("MessagesFailed", 1L);
                assertThat(metrics(worker).get("DeliveryDelay")).isGreaterThanOrEqualTo(AGE.toSeconds());
                assertThat(metrics(worker).keySet()).isEqualTo(watched("Worker"));
                assertThat(logged(worker, "delivered"))
                        .hasSize(BUCKETS)
                        .allSatisfy(line -> assertThat(line.propertyNames())
                                .containsExactly(
                                        "timestamp",
                                        "level",
                                        "logger",
                                        "message",
                                        "lane",
                                        "epoch",
                                        "order",
                                        "bucket",
                                        "rows",
                                        "bytes",
                                        "object"))
                        .extracting(line -> line.path("order").stringValue())
                        .doesNotHaveDuplicates();
                assertThat(logged(worker, "comes back")).hasSize(1);
                assertThat(logged(worker, "buried")).hasSize(1);
            }
            // A ClickHouse that never answers: the function is stopped, and the next instance knows nothing of it.
            try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                    DeployedFunction operations = start(
                            "Operations",
                            stack,
                            Map.of("ClickHouseUrl", "http://127.0.0.1:" + silent.getLocalPort()),
                            Duration.ofSeconds(1))) {
                Answer stopped = operations.invoke("{}");

                assertThat(stopped.failed()).isTrue();
                assertThat(stopped.body()).contains("Sandbox.Timedout").contains("Task timed out after 1.00 seconds");
            }
            // All that is due within an hour is due now.
            try (DeployedFunction operations =
                    start("Operations", stack, Map.of("AuditObjectsWithin", "1h"), DeployedFunction.PATIENCE)) {
                JsonNode answer = answers(operations, "{}");
                assertThat(answer.path("objects").path("read").intValue()).isEqualTo(BUCKETS);
                assertThat(answer.path("verdict").stringValue()).isEqualTo("1 order given up.");
                assertThat(answer.path("differences").intValue()).isZero();
                assertThat(answer.path("refused").intValue()).isEqualTo(1);
                assertThat(answer.path("balance").path("delivered").intValue()).isEqualTo(ROWS);
                assertThat(metrics(operations))
                        .containsEntry("AuditDifferences", 0L)
                        .containsEntry("RowsLost", 0L)
                        .containsEntry("RowsExpiring", 0L)
                        .containsEntry("ObjectsRead", (long) BUCKETS)
                        .containsEntry("ObjectsMissing", 0L)
                        .containsEntry("ObjectsUnread", 0L);
                assertThat(metrics(operations).keySet()).isEqualTo(watched("Operations"));
            }
            stack.makeBucket("canary");
            try (DeployedFunction looker = start("Looker", stack)) {
                String run = answers(looker, """
                                {"target_bucket": "canary", "streams": 1, "entries": 10, "max_delay": "1m", "verify_after": "2m"}
                                """).path("written").stringValue();
                assertThat(s3.listObjectsV2(request -> request.bucket("canary")).contents())
                        .extracting(S3Object::key)
                        .containsExactly("looker/runs/" + run + ".json");
            }
            List<S3Object> objects =
                    s3.listObjectsV2(request -> request.bucket("access-logs")).contents();
            assertThat(objects).hasSize(BUCKETS);
            long lines = objects.stream()
                    .map(S3Object::key)
                    .mapToLong(key -> s3.getObjectAsBytes(
                                    request -> request.bucket("access-logs").key(key))
                            .asUtf8String()
                            .lines()
                            .count())
                    .sum();
            assertThat(lines).isEqualTo(ROWS);
        }
    }

    @Test
    void anAuditThatFindsADifferenceSaysSo() throws IOException {
        try (LaptopStack stack = Stack.start(Layout.of(Optional.of(folder.resolve("data"))), Map.of());
                ClickHouse clickHouse = stack.clickHouse();
                DeployedFunction operations = start("Operations", stack)) {
            clickHouse.insert(
                    "courier.offsets",
                    "JSONEachRow",
                    "{\"epoch\": 1, \"number\": 7, \"outcome\": \"delivered\", \"rows\": 1}"
                            .getBytes(StandardCharsets.UTF_8),
                    Map.of());

            assertThat(answers(operations, "{}").path("differences").intValue()).isEqualTo(1);
            assertThat(logged(operations, "the books do not balance"))
                    .singleElement()
                    .satisfies(line ->
                            assertThat(line.path("difference").stringValue()).contains("1/7"));
            assertThat(metrics(operations)).containsEntry("AuditDifferences", 1L);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Discovery, LOG_COURIER_QUEUE_URL, '', queue.url is not set",
        "Worker, LOG_COURIER_QUEUE_URL, '', queue.url is not set",
        "Operations, LOG_COURIER_LOG_LEVEL, loud, log.level"
    })
    void aFunctionThatIsConfiguredWronglyFailsAtStartAndSaysHow(
            String name, String variable, String value, String problem) throws IOException {
        Resource function = template.function(name);
        Map<String, String> environment = environment(function, Map.of("ClickHouseUrl", "http://127.0.0.1:1"));
        environment.put(variable, value);
        try (DeployedFunction broken = deploy(function, environment, DeployedFunction.PATIENCE)) {
            Answer answer = broken.initialized();

            assertThat(answer.failed()).isTrue();
            assertThat(answer.body()).contains(problem, variable).contains("io.logcourier.ConfigurationException");
        }
    }

    private DeployedFunction start(String name, LaptopStack stack) throws IOException {
        return start(name, stack, Map.of(), DeployedFunction.PATIENCE);
    }

    private DeployedFunction start(String name, LaptopStack stack, Map<String, String> others, Duration timeout)
            throws IOException {
        Resource function = template.function(name);
        Map<String, String> values = new HashMap<>(Map.of(
                "ClickHouseUrl", stack.settings().lane().endpoint().url().toString(),
                "S3Endpoint", stack.settings().aws().s3Endpoint().orElseThrow().toString(),
                "SqsEndpoint",
                        stack.settings().aws().sqsEndpoint().orElseThrow().toString(),
                "OrderQueue", stack.queueUrl().orElseThrow().toString(),
                "OrderDeadLetters", stack.deadLetterUrl().orElseThrow().toString()));
        values.putAll(others);
        DeployedFunction deployed = deploy(function, environment(function, values), timeout);
        Answer answer = deployed.initialized();
        log.info("{}: initialized in {} ms", name, deployed.age().toMillis());
        assertThat(answer.failed()).as(answer.body()).isFalse();
        return deployed;
    }

    private DeployedFunction deploy(Resource function, Map<String, String> environment, Duration timeout)
            throws IOException {
        assertThat(function.text("LoggingConfig", "LogFormat")).isEqualTo("JSON");
        return new DeployedFunction(
                function.name(),
                zip(function),
                function.text("Handler"),
                Files.createTempDirectory(folder, function.name()),
                environment,
                timeout);
    }

    /** The zip that a function's code is deployed from. */
    private static Path zip(Resource function) {
        return Template.REPOSITORY.resolve(function.text("CodeUri"));
    }

    private Map<String, String> environment(Resource function, Map<String, String> values) {
        Map<String, String> all = new HashMap<>(values);
        all.put("AWS::Region", "us-east-1");
        Map<String, String> environment = new HashMap<>(template.environment(function, all));
        environment.put("AWS_REGION", "us-east-1");
        environment.put("AWS_ACCESS_KEY_ID", Stack.CREDENTIALS.accessKeyId());
        environment.put("AWS_SECRET_ACCESS_KEY", Stack.CREDENTIALS.secretAccessKey());
        return environment;
    }

    /** The metrics that alarms and the dashboard expect of a function. */
    private Set<String> watched(String function) {
        return Pattern.compile("\"log-courier\", \"(\\w+)\", \"FunctionName\", \"\\$\\{" + function + "}\"")
                .matcher(template.dashboard())
                .results()
                .map(metric -> metric.group(1))
                .collect(Collectors.toSet());
    }

    /** The sums of all that a function has told CloudWatch. */
    private static Map<String, Long> metrics(DeployedFunction function) {
        Map<String, Long> sums = new HashMap<>();
        lines(function).filter(line -> line.has("_aws")).forEach(line -> {
            assertThat(line.path("FunctionName").stringValue()).isNotEmpty();
            line.path("_aws")
                    .path("CloudWatchMetrics")
                    .path(0)
                    .path("Metrics")
                    .valueStream()
                    .map(metric -> metric.path("Name").stringValue())
                    .forEach(name -> sums.merge(name, line.path(name).longValue(), Long::sum));
        });
        return sums;
    }

    private static JsonNode succeeds(DeployedFunction function, String event) {
        long began = System.nanoTime();
        JsonNode answer = answers(function, EventsIT.text(event));
        log.info("{}: {} ms", event, Duration.ofNanos(System.nanoTime() - began).toMillis());
        return answer;
    }

    private static JsonNode answers(DeployedFunction function, String event) {
        Answer answer = function.invoke(event);
        assertThat(answer.failed()).as(answer.body()).isFalse();
        return JSON.readTree(answer.body());
    }

    /** The lines with a message, of an output in which every line is one of ours. */
    private static List<JsonNode> logged(DeployedFunction function, String message) {
        return lines(function)
                .filter(line -> line.path("message").stringValue("").equals(message))
                .toList();
    }

    private static Stream<JsonNode> lines(DeployedFunction function) {
        return function.output().lines().map(JSON::readTree);
    }

    private static List<String> failures(JsonNode response) {
        return response.path("batchItemFailures")
                .valueStream()
                .map(failure -> failure.path("itemIdentifier").stringValue())
                .toList();
    }
}
