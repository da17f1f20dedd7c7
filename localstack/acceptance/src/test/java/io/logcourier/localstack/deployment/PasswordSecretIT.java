package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.logcourier.ConfigurationException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.Stack;
import io.logcourier.localstack.engine.ClickHouseFront;
import io.logcourier.localstack.engine.Credentials;
import io.logcourier.localstack.engine.Engine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class PasswordSecretIT {
    private static final String ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:clickhouse-AbCdEf";
    private static final JsonMapper JSON = new JsonMapper();

    private HttpServer secrets;
    private volatile String secret;

    record One(int one) {}

    /** Secrets Manager, as far as GetSecretValue goes. */
    @BeforeEach
    void start() throws IOException {
        secrets = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        secrets.createContext("/", exchange -> {
            try (exchange) {
                boolean known =
                        new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8).contains(ARN);
                byte[] body = JSON.writeValueAsBytes(
                        known
                                ? Map.of("ARN", ARN, "SecretString", secret)
                                : Map.of("__type", "ResourceNotFoundException", "message", "there is no such secret"));
                exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.1");
                exchange.sendResponseHeaders(known ? 200 : 400, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        secrets.start();
        System.setProperty("aws.accessKeyId", Stack.CREDENTIALS.accessKeyId());
        System.setProperty("aws.secretAccessKey", Stack.CREDENTIALS.secretAccessKey());
        System.setProperty(
                "aws.endpointUrlSecretsManager",
                "http://127.0.0.1:" + secrets.getAddress().getPort());
    }

    @AfterEach
    void stop() {
        System.clearProperty("aws.endpointUrlSecretsManager");
        secrets.stop(0);
    }

    @Test
    void aRotatedPasswordIsNoticed() {
        secret = "first";
        try (Engine engine = Engine.temporary()) {
            ClickHouseFront front = ClickHouseFront.start(engine, 0, new Credentials("courier", "first"));
            int port = front.uri().getPort();
            try (ClickHouse clickHouse = ClickHouse.connect(
                    settings(front.uri().toString(), ARN).lane().endpoint())) {
                assertThat(answers(clickHouse)).isTrue();
                front.close();
                front = ClickHouseFront.start(engine, port, new Credentials("courier", "second"));

                assertThatThrownBy(() -> answers(clickHouse))
                        .isInstanceOf(ConfigurationException.class)
                        .hasMessageNotContaining("first");
                secret = "{\"username\": \"courier\", \"password\": \"second\"}";

                assertThat(answers(clickHouse)).isTrue();
            } finally {
                front.close();
            }
        }
    }

    @Test
    void aProxyGetsTheTokenAndTheHeadersAndARotatedTokenIsNoticed() throws IOException {
        secret = "first";
        HttpServer proxy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        List<Map<String, List<String>>> requests = new CopyOnWriteArrayList<>();
        AtomicReference<String> token = new AtomicReference<>("first");
        proxy.createContext("/", exchange -> {
            try (exchange) {
                requests.add(Map.copyOf(exchange.getRequestHeaders()));
                boolean known = List.of("Bearer " + token)
                        .equals(exchange.getRequestHeaders().get("Authorization"));
                byte[] body = (known ? "{\"data\":[{\"one\":1,\"name\":\"a setting\"}]}" : "who are you?")
                        .getBytes(StandardCharsets.UTF_8);
                exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(known ? 200 : 401, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        proxy.start();
        Map<String, String> settings = Map.of(
                "clickhouse.url",
                "http://127.0.0.1:" + proxy.getAddress().getPort(),
                "clickhouse.authentication",
                "bearer",
                "clickhouse.headers",
                "X-Scope-OrgID=cats, X-More = and dogs",
                "clickhouse.password-secret",
                ARN);
        try (ClickHouse clickHouse =
                ClickHouse.connect(Settings.read(settings, Map.of()).lane().endpoint())) {
            assertThat(answers(clickHouse)).isTrue();
            clickHouse.insert("a.b", "JSONEachRow", new byte[] {'{', '}'}, Map.of());
            token.set("second");
            assertThatThrownBy(() -> answers(clickHouse))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("ClickHouse at http://127.0.0.1")
                    .hasMessageNotContaining("first");
            secret = "{\"password\": \"second\"}";
            assertThat(answers(clickHouse)).isTrue();
        } finally {
            proxy.stop(0);
        }
        assertThat(requests).hasSizeGreaterThanOrEqualTo(5).allSatisfy(headers -> assertThat(headers)
                .containsEntry("X-scope-orgid", List.of("cats"))
                .containsEntry("X-more", List.of("and dogs"))
                .doesNotContainKeys("X-clickhouse-user", "X-clickhouse-key"));
    }

    @Test
    void anAccessTokenThatIsNoneIsRefusedAndNotShown() {
        for (String none : List.of("", "hid den", "hidden\n")) {
            assertThatThrownBy(() -> ClickHouse.connect(Settings.read(
                                    Map.of("clickhouse.authentication", "bearer", "clickhouse.password", none),
                                    Map.of())
                            .lane()
                            .endpoint()))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("clickhouse.authentication is bearer")
                    .hasMessageNotContaining("hid");
        }
    }

    @Test
    void aSecretThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> settings("http://127.0.0.1:1", "elsewhere")
                        .lane()
                        .endpoint()
                        .password()
                        .get())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("elsewhere")
                .hasMessageContaining("no such secret");
    }

    @Test
    void aSecretWithoutAPasswordIsNamedAndNotShown() {
        secret = "{\"token\": \"hidden\"}";

        assertThatThrownBy(() -> settings("http://127.0.0.1:1", ARN)
                        .lane()
                        .endpoint()
                        .password()
                        .get())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(ARN)
                .hasMessageNotContaining("hidden");
    }

    @Test
    void aPasswordAndASecretAreOneTooMany() {
        assertThatThrownBy(() -> Settings.read(
                        Map.of("clickhouse.password", "hidden", "clickhouse.password-secret", ARN), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("both set")
                .hasMessageNotContaining("hidden");
    }

    private static boolean answers(ClickHouse clickHouse) {
        return clickHouse.list(Statement.of("SELECT 1 AS one"), One.class).equals(List.of(new One(1)));
    }

    private static Settings settings(String url, String secret) {
        return Settings.read(
                Map.of(
                        "clickhouse.url", url,
                        "clickhouse.user", "courier",
                        "clickhouse.password-secret", secret),
                Map.of());
    }
}
