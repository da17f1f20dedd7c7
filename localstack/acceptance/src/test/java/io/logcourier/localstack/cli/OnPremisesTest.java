package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.typesafe.config.ConfigFactory;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.sqs.EventSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** The files for systemd, compose and Kubernetes: they parse, and what they run and set is there. */
class OnPremisesTest {
    private static final Path REPOSITORY = Path.of("..", "..").toAbsolutePath().normalize();
    private static final Path FOLDER = REPOSITORY.resolve("on-premises");
    private static final Pattern EXECUTED = Pattern.compile("(?m)^ExecStart=\\S+/java (.*) (\\S+\\.Main) (.*)$");

    @Test
    void eachUnitRunsACommandThatIsThereAsTheImageDoes() throws IOException {
        String image = Files.readString(REPOSITORY.resolve("Dockerfile"));
        for (Path unit : files("systemd", ".service")) {
            Matcher executed = EXECUTED.matcher(Files.readString(unit));
            assertThat(executed.find()).as(unit.toString()).isTrue();
            assertThat(executed.group(2)).isEqualTo(Main.class.getName());
            Stream.of(executed.group(1).split(" ", -1))
                    .filter(flag -> flag.startsWith("--"))
                    .forEach(flag -> assertThat(image).contains('"' + flag + '"'));
            parse(List.of(executed.group(3).split(" ", -1)));
            assertThat(unit).content().contains("EnvironmentFile=/etc/log-courier/log-courier.env");
        }
        assertThat(files("systemd", ".service")).hasSize(3);
        for (Path timer : files("systemd", ".timer")) {
            assertThat(Path.of(timer.toString().replace(".timer", ".service"))).exists();
        }
    }

    @Test
    void theEnvironmentOfTheUnitsIsOneThatIsTaken() throws IOException {
        Map<String, String> environment = new HashMap<>();
        for (String line : Files.readAllLines(FOLDER.resolve("systemd/log-courier.env"))) {
            // What is commented out exists too; the files that it names do not.
            String setting = line.replaceFirst("^# (?=[A-Z_]+=)", "");
            if (!setting.startsWith("#") && !setting.contains("_CA_FILE=")) {
                String[] both = setting.split("=", 2);
                environment.put(both[0], both[1]);
            }
        }
        check(environment);
    }

    @Test
    void theComposeFileRunsCommandsWithSettingsThatAreThere() throws IOException {
        Map<?, ?> compose = new Yaml().load(Files.readString(FOLDER.resolve("compose.yaml")));
        Map<?, ?> services = (Map<?, ?>) compose.get("services");
        assertThat(services.containsKey("tick") && services.containsKey("work")).isTrue();
        for (Object service : services.values()) {
            Map<?, ?> one = (Map<?, ?>) service;
            for (Object volume : (List<?>) getOr(one, "volumes", List.of())) {
                String source = volume.toString().split(":", 2)[0];
                assertThat(
                                source.startsWith(".")
                                        ? Files.exists(FOLDER.resolve(source))
                                        : ((Map<?, ?>) compose.get("volumes")).containsKey(source))
                        .as(volume.toString())
                        .isTrue();
            }
            if (one.get("command") instanceof List<?> command) {
                parse(command.stream().map(Object::toString).toList());
                check(texts((Map<?, ?>) one.get("environment")));
            }
        }
    }

    @Test
    void theManifestsRunCommandsWithSettingsThatAreThere() throws IOException {
        List<Object> manifests = new ArrayList<>();
        new Yaml().loadAll(Files.readString(FOLDER.resolve("kubernetes.yaml"))).forEach(manifests::add);
        Map<String, Map<?, ?>> byName = new HashMap<>();
        manifests.forEach(manifest -> byName.put(
                ((Map<?, ?>) ((Map<?, ?>) manifest).get("metadata")).get("name").toString(), (Map<?, ?>) manifest));
        assertThat(byName.keySet())
                .containsExactlyInAnyOrder("log-courier", "log-courier-tick", "log-courier-work", "log-courier-audit");
        check(texts((Map<?, ?>) byName.get("log-courier").get("data")));
        List<Map<?, ?>> containers = new ArrayList<>();
        manifests.forEach(manifest -> collect(manifest, containers));
        assertThat(containers).hasSize(3).allSatisfy(container -> {
            parse(((List<?>) container.get("args"))
                    .stream().map(Object::toString).toList());
            assertThat(container.get("envFrom").toString()).contains("configMapRef={name=log-courier}");
        });
    }

    @Test
    void theQueueOfElasticMqIsTheOneThatTheOthersNameAndHidesMessagesLongEnough() throws IOException {
        var queues = ConfigFactory.parseString(
                        Files.readString(FOLDER.resolve("elasticmq.conf")).replaceFirst("(?m)^include .*$", ""))
                .getConfig("queues");
        assertThat(queues.root().keySet()).containsExactlyInAnyOrder("work-orders", "work-orders-dead-letters");
        assertThat(queues.getDuration("work-orders.defaultVisibilityTimeout"))
                .isEqualTo(EventSource.Mapping.asDeployed("http://queue.example/1/orders", 1)
                        .timeout()
                        .multipliedBy(6));
        assertThat(queues.getString("work-orders.deadLettersQueue.name")).isEqualTo("work-orders-dead-letters");
        for (String file : List.of("systemd/log-courier.env", "compose.yaml", "kubernetes.yaml")) {
            assertThat(FOLDER.resolve(file))
                    .content()
                    .contains("/000000000000/work-orders", "/000000000000/work-orders-dead-letters");
        }
    }

    private static void parse(List<String> command) {
        assertThatCode(() -> Main.commandLine().parseArgs(command.toArray(String[]::new)))
                .as(String.join(" ", command))
                .doesNotThrowAnyException();
    }

    /** Unknown variables and wrong values are refused. */
    private static void check(Map<String, String> environment) {
        Settings settings = Settings.read(Map.of(), environment);
        assertThat(settings.queue().requiredUrl()).isNotEmpty();
        assertThat(settings.queue().requiredDeadLetterUrl()).isNotEmpty();
        assertThat(settings.aws().s3Endpoint()).isPresent();
        assertThat(settings.aws().sqsEndpoint()).isPresent();
    }

    private static Map<String, String> texts(Map<?, ?> values) {
        Map<String, String> texts = new HashMap<>();
        values.forEach((name, value) -> texts.put(name.toString(), value.toString()));
        return texts;
    }

    private static void collect(Object node, List<Map<?, ?>> containers) {
        if (node instanceof Map<?, ?> map) {
            ((List<?>) getOr(map, "containers", List.of())).forEach(container -> containers.add((Map<?, ?>) container));
            map.values().forEach(value -> collect(value, containers));
        }
    }

    private static Object getOr(Map<?, ?> map, String name, Object fallback) {
        Object value = map.get(name);
        return value == null ? fallback : value;
    }

    private static List<Path> files(String folder, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(FOLDER.resolve(folder))) {
            return files.filter(file -> file.toString().endsWith(suffix)).toList();
        }
    }
}
