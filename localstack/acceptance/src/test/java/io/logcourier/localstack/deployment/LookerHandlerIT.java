package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.PoisonMessageException;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.Stack;
import io.logcourier.localstack.lambda.LocalContext;
import io.logcourier.looker.LookerHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.s3.model.S3Object;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The canary: an invocation writes, a later one reads, and fails where something is not right. */
final class LookerHandlerIT {
    @RegisterExtension
    static final Stack STACK = new Stack();

    private static final JsonMapper JSON = new JsonMapper();

    @Test
    void whatOneInvocationWritesAnotherVerifies() throws IOException {
        Installation installation = STACK.installation();
        try (LookerHandler looker = new LookerHandler(installation.settings())) {
            String first = written(watch(looker, installation, "1h"));
            installation.flush();
            installation.drain();

            JsonNode early = watch(looker, installation, "1h");
            assertThat(early.path("verified")).isEmpty();
            installation.flush();
            installation.drain();
            JsonNode later = watch(looker, installation, "0.001s");

            assertThat(later.path("verified").valueStream().map(JsonNode::stringValue))
                    .containsExactlyInAnyOrder(first, written(early));
            assertThat(later.path("wrong")).isEmpty();
        }
    }

    @Test
    void anInvocationFailsWhereAnObjectIsGoneAndLeavesTheReport() throws IOException {
        Installation installation = STACK.installation();
        try (LookerHandler looker = new LookerHandler(installation.settings())) {
            String run = written(watch(looker, installation, "1h"));
            installation.flush();
            installation.drain();
            List<String> objects = keys(installation, "looker/" + run + "/");
            assertThat(objects).hasSize(2);
            installation.s3().deleteObject(request -> request.bucket(installation.target())
                    .key(objects.getFirst()));

            assertThatThrownBy(() -> invoke(looker, installation, "0.001s"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("missing: stream 0, entries 0 to 49")
                    .hasMessageContaining(installation.target() + "/looker/reports/");

            assertThat(keys(installation, "looker/reports/")).containsExactly("looker/reports/" + run + ".json");
            assertThat(keys(installation, "looker/runs/"))
                    .as("the run that was verified is forgotten, a new one is recorded")
                    .hasSize(1)
                    .doesNotContain("looker/runs/" + run + ".json");
        }
    }

    @Test
    void aPayloadMayNameALaneWhoseRunsAreItsOwn() throws IOException {
        Installation installation = STACK.installation();
        // One ClickHouse by two names.
        String url = installation.lane().endpoint().url().toString();
        Settings both = installation.settings(
                Map.of("clickhouse.url", "east=" + url + ", west=" + url.replace("127.0.0.1", "localhost")));
        try (LookerHandler looker = new LookerHandler(both)) {
            String east = written(JSON.readTree(invoke(looker, installation, "", "1h")));
            String west = written(JSON.readTree(invoke(looker, installation, "west", "1h")));
            assertThat(keys(installation, "looker/runs/"))
                    .containsExactlyInAnyOrder("looker/runs/" + east + ".json", "looker/runs/west/" + west + ".json");
            installation.flush();
            installation.drain();

            JsonNode later = JSON.readTree(invoke(looker, installation, "west", "0.001s"));

            assertThat(later.path("verified").valueStream().map(JsonNode::stringValue))
                    .containsExactly(west);
            assertThatThrownBy(() -> invoke(looker, installation, "north", "1h"))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("there is no lane 'north'")
                    .hasMessageContaining("east, west");
        }
    }

    @Test
    void aPayloadThatMakesNoSenseIsRefused() {
        Installation installation = STACK.installation();
        try (LookerHandler looker = new LookerHandler(installation.settings())) {
            assertThatThrownBy(() -> looker.handleRequest(
                            new ByteArrayInputStream("{\"streams\": 2}".getBytes(StandardCharsets.UTF_8)),
                            new ByteArrayOutputStream(),
                            new LocalContext("looker", Duration.ofMinutes(5))))
                    .isInstanceOf(PoisonMessageException.class)
                    .hasMessageContaining("target_bucket");
        }
    }

    private static String written(JsonNode answer) {
        return answer.path("written").stringValue();
    }

    private static JsonNode watch(LookerHandler looker, Installation installation, String verifyAfter)
            throws IOException {
        return JSON.readTree(invoke(looker, installation, verifyAfter));
    }

    private static byte[] invoke(LookerHandler looker, Installation installation, String verifyAfter)
            throws IOException {
        return invoke(looker, installation, "", verifyAfter);
    }

    private static byte[] invoke(LookerHandler looker, Installation installation, String lane, String verifyAfter)
            throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        String payload = """
                {%s"target_bucket": "%s", "streams": 2, "entries": 50, "max_delay": "1h", "verify_after": "%s"}
                """.formatted(
                        lane.isEmpty() ? "" : "\"lane\": \"%s\", ".formatted(lane), installation.target(), verifyAfter);
        looker.handleRequest(
                new ByteArrayInputStream(payload.getBytes(StandardCharsets.UTF_8)),
                answer,
                new LocalContext("looker", Duration.ofMinutes(5)));
        return answer.toByteArray();
    }

    private static List<String> keys(Installation installation, String prefix) {
        return installation
                .s3()
                .listObjectsV2(request -> request.bucket(installation.target()).prefix(prefix))
                .contents()
                .stream()
                .map(S3Object::key)
                .toList();
    }
}
