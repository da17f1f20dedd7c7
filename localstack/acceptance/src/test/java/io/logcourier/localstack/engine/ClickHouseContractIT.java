package io.logcourier.localstack.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.clickhouse.client.api.Client;
import io.logcourier.localstack.engine.SqlClient.Table;
import io.logcourier.localstack.engine.SqlClient.Target;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for whoever talks to the front, by the clients people have, unmodified, in each way they compress. */
@ParameterizedClass
@Timeout(60)
@MethodSource("ways")
class ClickHouseContractIT {
    private static final int THROW_IF = 395;
    private static final Credentials COURIER = new Credentials("courier", "it's & secret");
    private static final String ODD = "it's \"quoted\" \\ tab\t\n\nend \u20ac";

    private static Engine engine;
    private static ClickHouseFront front;
    private static ClickHouseFront guarded;

    @Parameter
    private Way way;

    private SqlClient client;

    /** A client, and how it compresses. */
    private record Way(String name, Opener opener) {
        private interface Opener {
            SqlClient open(Target target) throws Exception;
        }

        boolean compresses() {
            return name.contains("_");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static List<Way> ways() {
        List<Way> ways = new ArrayList<>(List.of(
                new Way("jdbc", target -> new JdbcClient(target, false)),
                new Way("jdbc_compressed", target -> new JdbcClient(target, true)),
                v2("v2", builder -> builder.compressServerResponse(false)),
                v2("v2_compressed_responses", builder -> builder.compressServerResponse(true)),
                v2("v2_compressed", builder -> builder.compressServerResponse(true)
                        .compressClientRequest(true)),
                v2("v2_compressed_by_http", builder -> builder.compressServerResponse(true)
                        .compressClientRequest(true)
                        .useHttpCompression(true)),
                new Way("curl", target -> new CurlClient(target, ContentCoding.IDENTITY)),
                new Way("curl_gzip", target -> new CurlClient(target, ContentCoding.GZIP))));
        for (ContentCoding coding : ContentCoding.values()) {
            ways.add(new Way(
                    coding == ContentCoding.IDENTITY ? "jdk" : "jdk_" + coding,
                    target -> new JdkClient(target, coding)));
        }
        return ways;
    }

    private static Way v2(String name, UnaryOperator<Client.Builder> compression) {
        return new Way(name, target -> new V2Client(target, compression));
    }

    @BeforeAll
    static void start() {
        engine = Engine.temporary();
        front = ClickHouseFront.start(engine, 0);
        guarded = ClickHouseFront.start(engine, 0, COURIER);
    }

    @AfterAll
    static void stop() {
        guarded.close();
        front.close();
        engine.close();
    }

    @BeforeEach
    void open() throws Exception {
        assumeTrue(!way.name().startsWith("curl") || CurlClient.isInstalled(), "curl is not installed");
        client = open(front.uri(), Credentials.DEFAULT, "default", Map.of());
    }

    @AfterEach
    void close() throws Exception {
        if (client != null) {
            client.close();
        }
    }

    private SqlClient open(URI uri, Credentials credentials, String database, Map<String, String> settings)
            throws Exception {
        return way.opener.open(new Target(uri, credentials, database, settings));
    }

    @Test
    void rowsComeBackAsTheyWereStored() throws Exception {
        client.execute("CREATE OR REPLACE TABLE stored (s String) ENGINE = MergeTree ORDER BY s");
        client.insert("stored", List.of("", "\n\n", ODD));
        assertThat(client.select("SELECT s, length(s) AS bytes FROM stored ORDER BY s", Map.of()))
                .isEqualTo(new Table(
                        List.of("s", "bytes"), List.of(List.of("", "0"), List.of("\n\n", "2"), List.of(ODD, "29"))));
    }

    @Test
    void parametersKeepTheirValues() throws Exception {
        assertThat(client.select("SELECT {a:String} AS x, {b:String} AS y", Map.of("a", ODD, "b", ""))
                        .rows())
                .containsExactly(List.of(ODD, ""));
    }

    @Test
    void aResultWithoutRowsHasItsColumns() throws Exception {
        assertThat(client.select("SELECT number AS n, 'x' AS s FROM numbers(10) WHERE n > 10", Map.of()))
                .isEqualTo(new Table(List.of("n", "s"), List.of()));
    }

    @Test
    void manyRowsComeAndGo() throws Exception {
        client.execute("CREATE OR REPLACE TABLE many (s String) ENGINE = MergeTree ORDER BY tuple()");
        client.insert(
                "many", IntStream.range(0, 5_000).mapToObj(i -> "row " + i).toList());
        assertThat(client.select("SELECT count(), uniqExact(s) FROM many", Map.of())
                        .rows())
                .containsExactly(List.of("5000", "5000"));
        assertThat(client.count("SELECT number FROM numbers(1000000)")).isEqualTo(1_000_000);
    }

    @Test
    void databaseAndSettingsHold() throws Exception {
        try (SqlClient other = open(front.uri(), Credentials.DEFAULT, "system", Map.of("max_block_size", "7"))) {
            assertThat(other.select("SELECT currentDatabase(), getSetting('max_block_size')", Map.of())
                            .rows())
                    .containsExactly(List.of("system", "7"));
        }
    }

    @Test
    void anErrorHasItsCodeAndSaysWhat() throws Exception {
        assertError(60, "nope", () -> client.select("SELECT * FROM nope", Map.of()));
        assertError(62, "SELEC", () -> client.execute("SELEC 1"));
        client.execute("CREATE OR REPLACE TABLE other (s String) ENGINE = MergeTree ORDER BY s");
        assertError(60, "nope", () -> client.insert("nope", List.of("a")));
        assertThat(client.select("SELECT count() FROM other", Map.of()).rows())
                .as("the next statement")
                .containsExactly(List.of("0"));
    }

    @Test
    void aWrongPasswordIsRefusedAndTheRightOneIsNot() throws Exception {
        try (SqlClient right = open(guarded.uri(), COURIER, "default", Map.of())) {
            assertThat(right.count("SELECT 1")).isEqualTo(1);
        }
        assertError(516, "courier", () -> {
            try (SqlClient wrong = open(guarded.uri(), new Credentials("courier", "guess"), "default", Map.of())) {
                wrong.count("SELECT 1");
            }
        });
    }

    /**
     * In the middle also where it is compressed, which is why it is random. ClickHouse's Java clients and the JDK's only
     * fail, for they drop what came before the connection broke; curl shows why.
     */
    @Test
    void anErrorInTheMiddleOfAResultIsSeen() throws Exception {
        String sql = "SELECT hex(randomString(16)) || throwIf(number = 200000) FROM numbers(1000000)"
                + " SETTINGS max_block_size = 1000";
        Throwable thrown = catchThrowable(() -> client.count(sql));
        assertThat(thrown).isNotNull();
        assertThat(client.code(thrown)).isIn(way.name().startsWith("curl") ? Set.of(THROW_IF) : Set.of(0, THROW_IF));
        try (SqlClient patient =
                open(front.uri(), Credentials.DEFAULT, "default", Map.of("http_wait_end_of_query", "1"))) {
            assertError(THROW_IF, "throwIf", () -> patient.count(sql));
        }
    }

    /** Each result is begun while those before it are held open. Where they are compressed, a few, to save time. */
    @Test
    void sixtyFourQueriesRunAtOnceAndStopWhenTheirClientsGo() throws Exception {
        List<SqlClient> clients = new ArrayList<>();
        int count = way.compresses() ? 4 : Engine.MAX_SESSIONS;
        try {
            for (int i = 0; i < count; i++) {
                clients.add(open(front.uri(), Credentials.DEFAULT, "default", Map.of()));
                clients.getLast().begin("SELECT number AS " + way + " FROM numbers(100000000000)");
            }
        } finally {
            for (SqlClient each : clients) {
                each.close();
            }
        }
        assertThat(clients).hasSize(count);
        String running = "SELECT count() FROM system.processes WHERE startsWith(query, 'SELECT number AS " + way + "')";
        await().untilAsserted(() ->
                assertThat(client.select(running, Map.of()).rows()).containsExactly(List.of("0")));
    }

    private interface Attempt {
        void run() throws Exception;
    }

    private void assertError(int code, String text, Attempt attempt) {
        Throwable thrown = catchThrowable(attempt::run);
        assertThat(thrown).isNotNull();
        assertThat(client.code(thrown)).as(thrown.toString()).isEqualTo(code);
        List<Throwable> chain = new ArrayList<>();
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            chain.add(cause);
        }
        assertThat(chain.stream().map(Throwable::getMessage).collect(Collectors.joining("\n")))
                .contains(text);
    }
}
