package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsServer;
import io.logcourier.ConfigurationException;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.SelfSigned;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.s3.TargetClient;
import io.logcourier.tls.Distrust;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/** S3, SQS and STS with a certificate of an authority that nobody knows but a file. */
class AwsTlsIT {
    private static final Map<String, String> CREDENTIALS =
            Map.of("aws.accessKeyId", "tests", "aws.secretAccessKey", "tests", "aws.region", "us-east-1");

    /** A stack in this process may have set its own. */
    private static final Map<String, Optional<String>> BEFORE = new HashMap<>();

    private static final String ROLE = "arn:aws:iam::123456789012:role/logs";

    private static final String ASSUMED = """
            <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey><SessionToken>c</SessionToken>
            <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
            """;

    @TempDir
    private static Path folder;

    private static HttpsServer server;
    private static String authority;

    private Map<String, String> settings;

    @BeforeAll
    static void start() throws Exception {
        CREDENTIALS.forEach((name, value) -> BEFORE.put(name, Optional.ofNullable(System.setProperty(name, value))));
        KeyStore keys = SelfSigned.keys(folder);
        authority = SelfSigned.authority(keys, folder).toString();
        server = SelfSigned.server(keys, AwsTlsIT::answer);
    }

    @BeforeEach
    void name() {
        String address = "https://localhost:" + server.getAddress().getPort();
        settings = new HashMap<>(Map.of(
                "s3.endpoint",
                address,
                "sqs.endpoint",
                address,
                "sts.endpoint",
                address,
                "s3.roles",
                "*=" + ROLE,
                "queue.url",
                address + "/1/orders",
                "queue.dead-letter-url",
                address + "/1/dead-letters"));
    }

    @AfterAll
    static void stop() {
        server.stop(0);
        BEFORE.forEach((name, value) ->
                value.ifPresentOrElse(text -> System.setProperty(name, text), () -> System.clearProperty(name)));
    }

    /** As much of each service as the requests below need. */
    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            byte[] answer = (body.contains("AssumeRole")
                            ? ASSUMED
                            : exchange.getRequestHeaders().containsKey("X-Amz-Target") ? "{}" : "")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
        }
    }

    @Test
    void whoIsVouchedForByTheFileIsTrusted() {
        trust("s3", "sqs", "sts");

        assertThatCode(() -> TargetClient.checkTrust(read())).doesNotThrowAnyException();
        assertThatCode(this::head).doesNotThrowAnyException();
        assertThatCode(this::send).doesNotThrowAnyException();
    }

    @Test
    void s3IsAskedWithAnAuthorityOrNotAtAll() {
        trust("sts");

        assertThatThrownBy(() -> TargetClient.checkTrust(read()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("https://localhost")
                .hasMessageContaining("s3.ca-file");
        assertThatThrownBy(this::head).satisfies(e -> assertThat(Distrust.failure("cannot write", e, "s3.ca-file"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("s3.ca-file"));
    }

    @Test
    void stsIsNamedWhereItIsTheOneThatIsNotTrusted() {
        trust("s3");

        assertThatThrownBy(() -> TargetClient.checkTrust(read()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("sts.ca-file");
        assertThatThrownBy(this::head).satisfies(e -> assertThat(Distrust.failure("cannot write", e, "s3.ca-file"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(ROLE)
                .hasMessageContaining("sts.ca-file"));
    }

    @Test
    void sqsIsAskedWithAnAuthorityOrNotAtAllAndTheCommandEndsAsForAnyWrongSetting() {
        trust("s3", "sts");

        assertThatThrownBy(this::send)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("sqs.ca-file");

        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setErr(new PrintWriter(err, true));
        assertThat(line.execute(
                        "work",
                        "--once",
                        "--sqs-endpoint",
                        settings.get("sqs.endpoint"),
                        "--queue-url",
                        settings.get("queue.url"),
                        "--queue-dead-letter-url",
                        settings.get("queue.dead-letter-url")))
                .as(err.toString())
                .isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString()).contains("sqs.ca-file");
    }

    @Test
    void aCertificateForAnotherHostIsNotTakenAndItsAuthorityIsNotBlamed() {
        trust("s3", "sqs", "sts");
        settings.replaceAll((name, value) -> value.replace("//localhost:", "//127.0.0.1:"));

        assertThatThrownBy(this::send)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("made out for");
    }

    private void trust(String... services) {
        List.of(services).forEach(service -> settings.put(service + ".ca-file", authority));
    }

    private Settings read() {
        return Settings.read(settings, Map.of());
    }

    private void head() throws SdkException {
        try (S3Client s3 = TargetClient.of(read())) {
            s3.headObject(request -> request.bucket("cats").key("key"));
        }
    }

    private void send() {
        try (SqsOrderQueue queue = new SqsOrderQueue(read())) {
            queue.send(List.of(OrderMessage.of("main", 1, 0, 0)));
        }
    }
}
