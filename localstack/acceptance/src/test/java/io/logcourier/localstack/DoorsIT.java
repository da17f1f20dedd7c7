package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.LaptopStack.Layout;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.SqsException;

/** Who comes in at the ports of {@code courier up}, and how far. */
class DoorsIT {
    private static final String SECRET = "nobody-may-read-this";

    @TempDir
    private static Path folder;

    private static LaptopStack stack;

    @BeforeAll
    static void start() throws IOException {
        stack = LaptopStack.start(Layout.of(Optional.of(folder.resolve("data"))), Map.of());
        Files.writeString(folder.resolve("secret"), SECRET);
    }

    @AfterAll
    static void stop() {
        stack.close();
    }

    private record Answer(int status, String text) {}

    @Test
    void everyPortRefusesAHostThatIsNotLoopback() throws IOException {
        for (URI port : ports()) {
            for (String host : List.of("evil.example", "evil.example:" + port.getPort(), "127.0.0.1.evil.example")) {
                assertRefused(request(port, "GET", "/ping", "Host: " + host));
                assertRefused(request(port, "POST", "/", "Host: " + host));
            }
        }
    }

    @Test
    void everyPortRefusesWhatAWebPageElsewhereSends() throws IOException {
        for (URI port : ports()) {
            String host = "Host: localhost:" + port.getPort();
            for (String header : List.of(
                    "Origin: https://evil.example",
                    "Origin: null",
                    "Origin: http://localhost.evil.example",
                    "Sec-Fetch-Site: cross-site")) {
                assertRefused(request(port, "POST", "/", host, header));
                assertRefused(request(port, "GET", "/?query=SELECT+1", host, header));
            }
        }
    }

    /** The guard of SQS counts requests: those after a refused one on the same connection must be served as well. */
    @Test
    void whoKnowsTheKeysIsLetIn() throws IOException {
        URI clickHouse = ports().getFirst();
        String pair = stack.keys().user() + ":" + stack.keys().password();
        String basic =
                "Authorization: Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
        for (String host : List.of("localhost", "127.0.0.1:" + clickHouse.getPort(), "[::1]:1")) {
            assertThat(request(clickHouse, "GET", "/?query=SELECT+41%2B1", "Host: " + host, basic)
                            .text())
                    .contains("42");
        }
        assertThat(request(
                                clickHouse,
                                "GET",
                                "/?query=SELECT+41%2B1",
                                "Host: localhost",
                                "Origin: http://localhost:3000",
                                basic)
                        .text())
                .contains("42");
        try (S3Client s3 = stack.s3();
                SqsClient sqs = stack.sqs()) {
            s3.createBucket(bucket -> bucket.bucket("doors"));
            assertThat(s3.listBuckets().buckets()).isNotEmpty();
            String queue = stack.queueUrl().orElseThrow().toString();
            sqs.sendMessage(message -> message.queueUrl(queue).messageBody("one"));
            assertRefused(request(ports().getLast(), "POST", "/", "Host: evil.example"));
            sqs.purgeQueue(request -> request.queueUrl(queue));
        }
    }

    @Test
    void whoDoesNotIsNot() {
        Map<String, String> flags =
                new HashMap<>(Map.of("clickhouse.url", ports().getFirst().toString()));
        assertThatThrownBy(() -> ask(flags)).isInstanceOf(ConfigurationException.class);
        flags.put("clickhouse.user", stack.keys().user());
        assertThatThrownBy(() -> ask(flags))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageNotContaining(stack.keys().password());
        StaticCredentialsProvider others =
                StaticCredentialsProvider.create(AwsBasicCredentials.create("log-courier", "log-courier-on-a-laptop"));
        try (S3Client s3 = S3Client.builder()
                        .region(Region.US_EAST_1)
                        .endpointOverride(ports().get(1))
                        .forcePathStyle(true)
                        .credentialsProvider(others)
                        .build();
                SqsClient sqs = SqsClient.builder()
                        .region(Region.US_EAST_1)
                        .endpointOverride(ports().getLast())
                        .credentialsProvider(others)
                        .build()) {
            assertThatThrownBy(s3::listBuckets).isInstanceOf(S3Exception.class);
            assertThatThrownBy(() -> sqs.purgeQueue(request ->
                            request.queueUrl(stack.queueUrl().orElseThrow().toString())))
                    .isInstanceOf(SqsException.class)
                    .hasMessageContaining("access key");
        }
    }

    /** {@code @} is a file beside the data folder. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM file('@', 'LineAsString', 'line String')",
                "SELECT file('@')",
                "SELECT arrayMap(file, ['@'])",
                "SELECT arrayMap(`file`, ['@'])",
                "CREATE VIEW default.fenced AS SELECT arrayMap(file, ['@'])",
                "SELECT * FROM loop(file('@', 'LineAsString', 'line String')) LIMIT 1",
                "INSERT INTO FUNCTION file('@-new', 'LineAsString', 'line String') SELECT 'x'",
                "CREATE TABLE default.fenced (line String) ENGINE = File(LineAsString, '@')",
                "CREATE TABLE default.fenced AS file('@', 'LineAsString', 'line String')",
                "CREATE TABLE default.fenced (line String) ENGINE = URL('http://127.0.0.1:1/', LineAsString)",
                "CREATE TABLE default.fenced (line String) ENGINE = S3('http://127.0.0.1:1/some/x', LineAsString)",
                "CREATE TABLE default.fenced (x UInt8) ENGINE = EmbeddedRocksDB(0, '@-new') PRIMARY KEY x",
                "CREATE TABLE default.fenced (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS disk = disk("
                        + "type = object_storage, object_storage_type = local, metadata_type = plain, path = '@-new/')",
                "CREATE TABLE default.fenced (line String) ENGINE = Executable('id', 'LineAsString')",
                "CREATE DATABASE fenced ENGINE = Filesystem('@')",
                "CREATE DATABASE fenced ENGINE = SQLite('@-new')",
                "CREATE DATABASE fenced ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c')",
                "CREATE DICTIONARY default.fenced (x UInt64, y String) PRIMARY KEY x"
                        + " SOURCE(EXECUTABLE(COMMAND 'id' FORMAT 'CSV')) LAYOUT(FLAT()) LIFETIME(0)",
                "CREATE FUNCTION fenced AS x -> x",
                "CREATE NAMED COLLECTION fenced AS a = 1",
                "CREATE USER fenced",
                "GRANT FILE ON *.* TO default",
                "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 'line String')",
                "SELECT * FROM executable('id', 'LineAsString', 'line String')",
                "SELECT * FROM s3('http://127.0.0.1:1/some/x', 'LineAsString', 'line String')",
                "SELECT * FROM remote('127.0.0.1:1', 'system.one')",
                "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
                "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
                "SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'x String')",
                "SELECT * FROM redis('127.0.0.1:1', 'x', 'x String')",
                "SELECT * FROM jdbc('a', 'b')",
                "SELECT * FROM odbc('a', 'b', 'c')",
                "SELECT * FROM sqlite('@-new', 'x')",
                "SELECT * FROM icebergLocal('@-new')",
                "SELECT 1 INTO OUTFILE '@-new'",
                "SELECT 1 FORMAT Template SETTINGS format_template_row = '@'",
                "SELECT * FROM format(Protobuf, 'x') SETTINGS format_schema = '@:M'",
                "SELECT 1 SETTINGS additional_result_filter = 'length(file(''@'')) > 0'",
                "SET dialect = 'prql'",
                "BACKUP TABLE courier.epochs TO File('@-new')",
                "BACKUP TABLE courier.epochs TO File('../../secret-new')",
                "BACKUP TABLE courier.epochs TO Disk('default', 'x')",
                "BACKUP TABLE courier.epochs TO S3('http://127.0.0.1:1/some/x', 'a', 'b')",
                "ATTACH TABLE default.fenced FROM '@-new' (x UInt8) ENGINE = MergeTree ORDER BY x",
                "INSERT INTO courier.exceptions FROM INFILE '@' FORMAT LineAsString"
            })
    void statementsStayInTheDataFolder(String sql) throws IOException {
        Answer answer = query(sql.replace("@", folder.resolve("secret").toString()));
        assertThat(answer.text()).contains("DB::Exception").doesNotContain(SECRET);
        assertThat(answer.status()).isNotEqualTo(200);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("data", "secret");
        }
    }

    @Test
    void valuesAreNoWayOutEither() throws IOException {
        assertThat(query("CREATE TABLE default.texts (x String) ENGINE = Memory")
                        .status())
                .isEqualTo(200);
        String row = "(file('%s'))".formatted(folder.resolve("secret"));
        assertThat(query("INSERT INTO default.texts VALUES " + row).text()).contains("ACCESS_DENIED");
        String late = "INSERT INTO default.texts VALUES ('" + "x".repeat(1 << 19) + "'), ";
        assertThat(query(late + row).status()).isNotEqualTo(200);
        assertThat(query(late + "('plain'), (lower('A'))").status()).isNotEqualTo(200);
        assertThat(query(late + "('plain')").status()).isEqualTo(200);
        assertThat(query("INSERT INTO default.texts VALUES (lower('FILE(1)')), ('file(1)')")
                        .status())
                .isEqualTo(200);
        assertThat(query("SELECT count(), countIf(x LIKE 'file%') FROM default.texts")
                        .text())
                .contains("4\t2");
    }

    @Test
    void backupsLieInTheDataFolder() throws IOException {
        for (String place : List.of("File('one')", "Disk('backups', 'other')")) {
            assertThat(query("BACKUP TABLE courier.epochs TO " + place).text()).contains("BACKUP_CREATED");
            assertThat(query("RESTORE TABLE courier.epochs AS courier.again FROM " + place)
                            .text())
                    .contains("RESTORED");
            assertThat(query("DROP TABLE courier.again SYNC").status()).isEqualTo(200);
        }
        assertThat(folder.resolve("data/clickhouse/backups")).isDirectory();
    }

    @Test
    void whatLiesInTheDataFolderIsTheUsersAlone() throws IOException {
        for (String name : List.of("data", "data/clickhouse", "data/objects")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
                    .as(name)
                    .isEqualTo("rwx------");
        }
    }

    private static List<URI> ports() {
        Settings settings = stack.settings();
        return List.of(
                settings.lane().endpoint().url(),
                settings.aws().s3Endpoint().orElseThrow(),
                settings.aws().sqsEndpoint().orElseThrow());
    }

    private static void ask(Map<String, String> flags) {
        try (ClickHouse clickHouse =
                ClickHouse.connect(Settings.read(flags, Map.of()).lane().endpoint())) {
            clickHouse.execute(io.logcourier.clickhouse.Statement.of("SELECT 1"));
        }
    }

    private static Answer query(String sql) throws IOException {
        String user =
                "user=" + stack.keys().user() + "&password=" + stack.keys().password();
        byte[] body = sql.getBytes(StandardCharsets.UTF_8);
        return request(ports().getFirst(), "POST", "/?wait_end_of_query=1&" + user, body, "Host: localhost");
    }

    private static void assertRefused(Answer answer) {
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text()).contains("the request");
    }

    private static Answer request(URI port, String method, String path, String... headers) throws IOException {
        return request(port, method, path, new byte[0], headers);
    }

    /** By hand, for the JDK's client does not let anyone set these headers. */
    private static Answer request(URI port, String method, String path, byte[] body, String... headers)
            throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port.getPort())) {
            String head = method + " " + path + " HTTP/1.1\r\n" + String.join("\r\n", headers)
                    + "\r\nConnection: close\r\nContent-Length: " + body.length + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().write(body);
            socket.getOutputStream().flush();
            try (InputStream in = socket.getInputStream()) {
                String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                return new Answer(Integer.parseInt(text.split(" ", 3)[1]), text);
            }
        }
    }
}
