package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import io.logcourier.configuration.Setting;
import io.logcourier.localstack.deployment.Template.Resource;
import io.logcourier.logging.Metric;
import io.logcourier.logging.Metrics;
import io.logcourier.message.Tick;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TemplateTest {
    /** Settings that a deployed function does not need to be told. */
    private static final Set<String> LEFT_OUT = Set.of(
            // A secret: the function asks Secrets Manager.
            "clickhouse.password",
            // Their defaults are made for these functions.
            "clickhouse.timeout",
            "discovery.epoch-limit",
            "discovery.object-limit",
            "discovery.redeliver-after",
            "worker.attempts",
            "worker.part-size",
            "worker.retry-delay",
            "worker.supersede-after",
            "worker.uploads");

    private final Template template = Template.read();

    @Test
    void everyHandlerIsAClassThatLambdaCanMake() throws ReflectiveOperationException {
        for (Resource function : template.functions()) {
            Class<?> handler = Class.forName(function.text("Handler"));
            assertThat(Stream.of(RequestHandler.class, RequestStreamHandler.class))
                    .as(function.name())
                    .anyMatch(type -> type.isAssignableFrom(handler));
            assertThat(handler.getConstructor()).isNotNull();
        }
    }

    @Test
    void everyCodeUriIsTheZipThatTheBuildMakes() throws Exception {
        for (Resource function : template.functions()) {
            String module = "functions/" + function.name().toLowerCase(Locale.ROOT);
            String pom = Files.readString(Template.REPOSITORY.resolve(module).resolve("pom.xml"));
            String artifact = pom.substring(pom.indexOf("</parent>")).replaceFirst("(?s).*?<artifactId>(.*?)<.*", "$1");
            assertThat(pom).contains("<artifactId>maven-assembly-plugin</artifactId>");
            assertThat(function.text("CodeUri")).isEqualTo(module + "/target/" + artifact + ".zip");
        }
    }

    @Test
    void theOrderQueueHidesMessagesForSixTimeoutsOfTheWorkerWhicheverIsChosen() {
        assertThat(queue("OrderQueue").get("VisibilityTimeout"))
                .isEqualTo(Map.of(
                        "Fn::FindInMap", List.of("ByWorkerTimeout", Map.of("Ref", "WorkerTimeout"), "Visibility")));
        assertThat(template.function("Worker").get("Timeout")).isEqualTo(Map.of("Ref", "WorkerTimeout"));
        Collection<?> allowed =
                (Collection<?>) template.parameter("WorkerTimeout").get("AllowedValues");
        assertThat(template.mapping("ByWorkerTimeout").keySet())
                .containsExactlyInAnyOrderElementsOf(
                        allowed.stream().map(Object::toString).toList());
        Duration redeliverAfter =
                Setting.duration(setting("discovery.redeliver-after").fallback());
        Duration supersedeAfter =
                Setting.duration(setting("worker.supersede-after").fallback());
        template.mapping("ByWorkerTimeout").forEach((timeout, values) -> {
            assertThat(supersedeAfter.multipliedBy(3).dividedBy(4))
                    .isGreaterThanOrEqualTo(Duration.ofSeconds(Integer.parseInt(timeout)));
            int visibility = (int) Template.get(values, "Visibility");
            assertThat(visibility).isGreaterThanOrEqualTo(6 * Integer.parseInt(timeout));
            assertThat(redeliverAfter).isGreaterThan(Duration.ofSeconds(visibility));
            assertThat((int) queue("OrderQueue").get("MessageRetentionPeriod"))
                    .isGreaterThan(visibility * (int) queue("OrderQueue").get("RedrivePolicy", "maxReceiveCount"));
            assertThat((int) Template.get(values, "AlarmMilliseconds")).isEqualTo(800 * Integer.parseInt(timeout));
        });
    }

    @Test
    void everyQueueHasADeadLetterQueueThatKeepsMessagesLongerOrIsOne() {
        List<Resource> sources = template.queues().stream()
                .filter(queue -> queue.get("RedrivePolicy") != null)
                .toList();
        Set<String> deadLetters = new HashSet<>();
        for (Resource source : sources) {
            Resource target = queue(source.text("RedrivePolicy", "deadLetterTargetArn", "Fn::GetAtt")
                    .replace(".Arn", ""));
            deadLetters.add(target.name());
            assertThat((int) target.get("MessageRetentionPeriod"))
                    .isGreaterThan((int) source.get("MessageRetentionPeriod"));
            String sourceName = source.text("QueueName", "Fn::Sub");
            assertThat(target.text("RedriveAllowPolicy", "sourceQueueArns")).contains(":" + sourceName);
        }
        String events = template.functions().toString();
        for (Resource queue : template.queues()) {
            boolean takesTicks = events.contains("DeadLetterConfig={Arn={Fn::GetAtt=" + queue.name() + ".Arn}}");
            assertThat(sources.contains(queue) || deadLetters.contains(queue.name()) || takesTicks)
                    .as(queue.name())
                    .isTrue();
        }
    }

    @Test
    void everyQueueIsEncryptedAndTakesTlsOnly() {
        for (Resource queue : template.queues()) {
            assertThat(queue.get("SqsManagedSseEnabled")).isEqualTo(true);
            assertThat(template.resources("AWS::SQS::QueuePolicy")
                            .filter(policy -> policy.get("Queues").equals(List.of(Map.of("Ref", queue.name())))))
                    .as(queue.name())
                    .singleElement()
                    .satisfies(policy -> assertThat(policy.text("PolicyDocument", "Statement"))
                            .contains(
                                    "Effect=Deny", "aws:SecureTransport=false", "Fn::GetAtt=" + queue.name() + ".Arn"));
        }
    }

    @Test
    void theWorkerGivesAnOrderUpLongBeforeSqsMovesItsMessage() {
        assertThat((int) queue("OrderQueue").get("RedrivePolicy", "maxReceiveCount"))
                .isGreaterThan(20 * Integer.parseInt(setting("worker.attempts").fallback()));
    }

    @Test
    void everyEnvironmentVariableIsASettingAndEverySettingIsThereOrLeftOutOnPurpose() {
        Set<String> given = new TreeSet<>();
        for (Resource function : template.functions()) {
            given.addAll(template.environment(function).keySet());
        }
        Set<String> known = new TreeSet<>(Setting.all().stream()
                .filter(setting -> !LEFT_OUT.contains(setting.name()))
                .map(Setting::variable)
                .toList());
        known.add("JAVA_TOOL_OPTIONS");
        assertThat(given).isEqualTo(known);
        assertThat(Setting.all().stream().map(Setting::name)).containsAll(LEFT_OUT);
    }

    @Test
    void theVariablesForSamLocalAreOnesThatAFunctionHas() throws IOException {
        String file = Files.readString(Template.REPOSITORY.resolve("localstack/sam-local.json"));
        Set<String> known = new HashSet<>();
        template.functions()
                .forEach(function -> known.addAll(template.environment(function).keySet()));

        assertThat(known)
                .containsAll(new JsonMapper().readTree(file).path("Parameters").propertyNames());
    }

    @Test
    void whatTheComposeFileStartsIsHealthyBeforeItIsUsedKeepsItsDataAndListensOnLoopback() throws IOException {
        Map<String, Object> compose =
                new Yaml().load(Files.readString(Template.REPOSITORY.resolve("localstack/compose.yaml")));
        Map<String, Object> services = Template.map(compose.get("services"));
        services.values().forEach(service -> {
            assertThat((List<?>) Template.map(service).getOrDefault("ports", List.of()))
                    .allMatch(port -> port.toString().startsWith("127.0.0.1:"));
            Template.map(Template.get(service, "depends_on")).forEach((other, condition) -> {
                if ("service_healthy".equals(Template.get(condition, "condition"))) {
                    assertThat(Template.get(services.get(other), "healthcheck", "test"))
                            .as(other)
                            .isNotNull();
                }
            });
        });
        assertThat(Template.get(services.get("localstack"), "image")).isEqualTo(LocalStackIT.IMAGE);
        assertThat(services.entrySet().stream()
                        .filter(service -> Template.get(service.getValue(), "volumes") == null)
                        .map(Map.Entry::getKey))
                .containsExactly("schema", "schema-cluster");
    }

    @Test
    void noSecretIsInTheEnvironment() {
        Set<String> secrets = new HashSet<>(Setting.all().stream()
                .filter(Setting::secret)
                .map(Setting::variable)
                .toList());
        for (Resource function : template.functions()) {
            assertThat(template.environment(function)).doesNotContainKeys(secrets.toArray(String[]::new));
        }
        assertThat(template.root().toString()).doesNotContain("{{resolve:");
    }

    @Test
    void aParameterForASettingHasItsDefault() {
        Map<String, String> fallbacks = new HashMap<>();
        Setting.all().forEach(setting -> fallbacks.put(setting.variable(), setting.fallback()));
        for (Resource function : template.functions()) {
            template.environment(function).forEach((variable, value) -> {
                Object parameter = template.parameter(String.valueOf(Template.get(value, "Ref")))
                        .get("Default");
                if (parameter != null) {
                    assertThat(parameter.toString()).as(variable).isEqualTo(fallbacks.get(variable));
                }
            });
        }
    }

    @Test
    void theScheduleSendsATickForEveryLaneOfTheStack() {
        Tick tick = Tick.parse(new ByteArrayInputStream(tick("Input").toString().getBytes(StandardCharsets.UTF_8)));
        assertThat(tick.lane()).isEmpty();
        assertThat(tick.flush()).isFalse();
        assertThat(tick("OmitName")).isEqualTo(true);
        assertThat((int) tick("RetryPolicy", "MaximumRetryAttempts")).isBetween(0, 3);
        assertThat(template.function("Discovery").get("ReservedConcurrentExecutions"))
                .isEqualTo(1);
    }

    @Test
    void everyScheduleMayBeInTwoStacksAndTellsOfWhatItCouldNotDeliver() {
        List<Object> schedules = template.functions().stream()
                .flatMap(function -> Template.map(function.get("Events")).values().stream())
                .filter(event -> "ScheduleV2".equals(Template.get(event, "Type")))
                .map(event -> Template.get(event, "Properties"))
                .toList();

        assertThat(schedules).hasSize(3).allSatisfy(schedule -> {
            assertThat(Template.get(schedule, "OmitName")).isEqualTo(true);
            assertThat(Template.get(schedule, "State")).isEqualTo(Map.of("Ref", "ScheduleState"));
            assertThat((int) Template.get(schedule, "RetryPolicy", "MaximumRetryAttempts"))
                    .isBetween(0, 3);
            assertThat(Template.get(schedule, "DeadLetterConfig", "Arn"))
                    .isEqualTo(Map.of("Fn::GetAtt", "TickDeadLetters.Arn"));
        });
    }

    @Test
    void everyFunctionRunsOnJava25OnArmAndLogsJsonThatIsKeptForATime() {
        assertThat(template.global("Runtime")).isEqualTo("java25");
        assertThat(template.global("Architectures")).isEqualTo(List.of(Map.of("Ref", "Architecture")));
        assertThat(template.parameter("Architecture").get("Default")).isEqualTo("arm64");
        for (Resource function : template.functions()) {
            assertThat(function.text("LoggingConfig", "LogFormat")).isEqualTo("JSON");
            String group = function.text("LoggingConfig", "LogGroup", "Ref");
            assertThat(template.resources("AWS::Logs::LogGroup")
                            .filter(logs -> logs.name().equals(group)))
                    .singleElement()
                    .satisfies(logs ->
                            assertThat(logs.get("RetentionInDays")).isEqualTo(Map.of("Ref", "LogRetentionDays")));
        }
    }

    @Test
    void thereIsAnAlarmForEachThingThatAnOperatorMustHearOf() {
        assertThat(template.resources("AWS::CloudWatch::Alarm").map(alarm -> "%s of %s %s"
                        .formatted(
                                alarm.get("MetricName"),
                                alarm.text("Dimensions").replaceAll(".*Value=\\{(Ref|Fn::GetAtt)=(\\w+).*", "$2"),
                                alarm.get("TreatMissingData"))))
                .containsExactlyInAnyOrder(
                        "Ticks of Discovery breaching",
                        "OldestRowAge of Discovery notBreaching",
                        "AuditDifferences of Operations ignore",
                        "AuditDifferences of Operations breaching",
                        "RowsLeftAlone of Discovery ignore",
                        "RowsLost of Operations ignore",
                        "ObjectsMissing of Operations ignore",
                        "ObjectsUnread of Operations ignore",
                        "ApproximateNumberOfMessagesVisible of OrderDeadLetters notBreaching",
                        "ApproximateNumberOfMessagesVisible of TickDeadLetters notBreaching",
                        "ApproximateAgeOfOldestMessage of OrderQueue notBreaching",
                        "Duration of Worker notBreaching",
                        "Errors of Discovery notBreaching",
                        "Errors of Worker notBreaching",
                        "Errors of Operations ignore",
                        "Errors of Looker notBreaching");
    }

    @Test
    void everyAlarmTellsTheTopicAndWatchesAMetricThatExists() {
        assertThat(template.resources("AWS::CloudWatch::Alarm")).allSatisfy(alarm -> {
            assertThat(alarm.text("AlarmDescription")).isNotBlank();
            assertThat(List.of(alarm.text("AlarmActions"), alarm.text("OKActions")))
                    .allMatch(actions -> actions.contains("Ref=AlarmTopicArn"));
            if (alarm.get("Namespace").equals(Metrics.NAMESPACE)) {
                assertThat(titles()).contains(alarm.text("MetricName"));
                assertThat(alarm.text("Dimensions")).contains("Name=" + Metrics.DIMENSION);
            }
        });
        Resource silence = template.resources("AWS::CloudWatch::Alarm")
                .filter(alarm -> alarm.name().equals("NoTickAlarm"))
                .findFirst()
                .orElseThrow();
        assertThat(silence.get("Period")).isEqualTo(60);
        assertThat(silence.get("EvaluationPeriods")).isEqualTo(Map.of("Ref", "TickSilenceMinutes"));
    }

    @Test
    void rowsAreAllowedToWaitForTheTimeThresholdBeforeTheAlarm() {
        Duration oldest =
                Duration.ofSeconds((int) template.parameter("OldestRowSeconds").get("Default"));
        assertThat(oldest)
                .isGreaterThan(
                        Setting.duration(setting("discovery.time-threshold").fallback()));
    }

    /** What it shows are metrics and alarms that exist, and all of ours. */
    @Test
    void theDashboardShowsEveryMetricAndEveryAlarm() {
        Set<String> resources = Template.map(template.root().get("Resources")).keySet();
        String body = template.dashboard();
        Matcher references =
                Pattern.compile("\\$\\{([A-Za-z]+)(\\.[A-Za-z]+)?}").matcher(body);
        while (references.find()) {
            assertThat(resources).contains(references.group(1));
        }
        List<JsonNode> widgets =
                new JsonMapper().readTree(body).path("widgets").valueStream().toList();
        List<String> shown = widgets.stream()
                .flatMap(widget -> widget.path("properties").path("metrics").valueStream())
                .filter(metric -> metric.path(0).stringValue().equals(Metrics.NAMESPACE))
                .map(metric -> metric.path(1).stringValue())
                .toList();
        List<String> alarms = widgets.stream()
                .flatMap(widget -> widget.path("properties").path("alarms").valueStream())
                .map(JsonNode::stringValue)
                .toList();

        assertThat(Set.copyOf(shown)).isEqualTo(titles());
        assertThat(alarms)
                .containsExactlyInAnyOrderElementsOf(template.resources("AWS::CloudWatch::Alarm")
                        // Of what is not always deployed a dashboard cannot speak.
                        .filter(alarm -> !alarm.name().equals("LookerAlarm"))
                        .map(alarm -> "${" + alarm.name() + ".Arn}")
                        .toList());
    }

    @Test
    void everyMetricIsExplained() throws IOException {
        String page = Files.readString(Template.REPOSITORY.resolve("docs/aws.md"));
        assertThat(Pattern.compile("(?m)^\\| `(\\w+)` \\| .+ \\|$")
                        .matcher(page)
                        .results()
                        .map(row -> row.group(1)))
                .containsExactlyInAnyOrderElementsOf(titles());
    }

    private static Set<String> titles() {
        return Stream.of(Metric.values()).map(Metric::title).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rate(1 minute)", "rate(2 minutes)", "rate(15 minutes)", "rate(1 hour)", "rate(10 hours)"})
    void theScheduleIsARate(String rate) {
        assertThat(rate).matches(schedule());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"rate(15 minute)", "rate(1 minutes)", "rate(0 minutes)", "rate(30 seconds)", "1 minute", ""})
    void theScheduleIsNothingElse(String rate) {
        assertThat(rate).doesNotMatch(schedule());
    }

    @Test
    void aScheduleIsARateUnlessItIsSet() {
        for (String parameter : List.of("ScheduleExpression", "AuditScheduleExpression", "LookerScheduleExpression")) {
            assertThat(template.parameter(parameter).get("AllowedPattern"))
                    .isEqualTo(schedule().pattern());
            assertThat(template.parameter(parameter).get("Default").toString()).matches(schedule());
        }
    }

    @Test
    void whoReadsOrWritesLogObjectsMayUseTheirKey() {
        for (String keys : List.of("EncryptionKeyArn", "TargetKeyArns")) {
            assertThat(template.resources("AWS::IAM::Role")
                            .filter(role -> role.text("Policies").contains("Resource={Ref=" + keys + "}"))
                            .map(Resource::name))
                    .containsExactlyInAnyOrder("WorkerRole", "OperationsRole", "LookerRole");
        }
    }

    @Test
    void workersCanBeStoppedWithoutTheirQueue() {
        assertThat(template.function("Worker").get("Events", "Orders", "Properties", "Enabled"))
                .isEqualTo(Map.of("Fn::If", List.of("HasWorkers", true, false)));
        assertThat(template.parameter("WorkerState").get("Default")).isEqualTo("ENABLED");
    }

    @Test
    void theWorkerTellsWhichMessagesFailed() {
        Resource worker = template.function("Worker");
        assertThat(worker.get("Events", "Orders", "Properties", "FunctionResponseTypes"))
                .isEqualTo(List.of("ReportBatchItemFailures"));
        assertThat(worker.get("Events", "Orders", "Properties", "ScalingConfig", "MaximumConcurrency"))
                .isEqualTo(Map.of("Ref", "WorkerMaximumConcurrency"));
        assertThat(worker.get("ReservedConcurrentExecutions")).isNull();
    }

    @Test
    void everyRightIsForAnExactResourceExceptThoseThatLambdaWantsInAVpc() {
        List<Object> statements = new ArrayList<>();
        template.resources("AWS::IAM::Role").forEach(role -> {
            assertThat(role.get("ManagedPolicyArns"))
                    .isEqualTo(Map.of(
                            "Fn::If",
                            List.of(
                                    "NeedsReach",
                                    List.of(Map.of("Ref", "ReachClickHouse")),
                                    Map.of("Ref", "AWS::NoValue"))));
            for (Object policy : (List<?>) role.get("Policies")) {
                statements.addAll((List<?>) Template.get(policy, "PolicyDocument", "Statement"));
            }
        });
        template.resources("AWS::IAM::ManagedPolicy")
                .forEach(policy -> statements.addAll((List<?>) policy.get("PolicyDocument", "Statement")));
        assertThat(statements)
                .map(statement ->
                        Template.get(statement, "Fn::If") instanceof List<?> either ? either.get(1) : statement)
                .filteredOn(statement -> "*".equals(Template.get(statement, "Resource")))
                .allMatch(statement -> "Vpc".equals(Template.get(statement, "Sid")))
                .hasSize(1);
        assertThat(statements.toString()).doesNotContain(":*,").doesNotContain(":*]");
    }

    @Test
    void lookerIsDeployedWithABucketOnlyAndAskedInTheWordsThatItKnows() {
        assertThat(Template.map(template.root().get("Resources")).entrySet())
                .filteredOn(resource -> resource.getKey().startsWith("Looker"))
                .hasSize(4)
                .allSatisfy(resource -> assertThat(Template.get(resource.getValue(), "Condition"))
                        .isEqualTo("HasLooker"));
        assertThat(Template.get(template.function("Looker").get("Events", "Watch", "Properties"), "Input", "Fn::Sub"))
                .asString()
                .contains(
                        "\"lane\"",
                        "\"target_bucket\"",
                        "\"streams\"",
                        "\"entries\"",
                        "\"max_delay\"",
                        "\"verify_after\"");
        assertThat(Setting.duration(
                        template.parameter("LookerVerifyAfter").get("Default").toString()))
                .isGreaterThan(Setting.duration(
                        template.parameter("LookerMaxDelay").get("Default").toString()));
    }

    private Object tick(String... path) {
        Object properties = template.function("Discovery").get("Events", "Tick", "Properties");
        return Template.get(properties, path);
    }

    private Pattern schedule() {
        return Pattern.compile(
                template.parameter("ScheduleExpression").get("AllowedPattern").toString());
    }

    private Resource queue(String name) {
        return template.queues().stream()
                .filter(queue -> queue.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Setting<?> setting(String name) {
        return Setting.all().stream()
                .filter(setting -> setting.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
