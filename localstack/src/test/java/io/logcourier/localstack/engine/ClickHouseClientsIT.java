package io.logcourier.localstack.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.clickhouse.client.api.Client;
import com.clickhouse.client.api.ServerException;
import com.clickhouse.client.api.data_formats.ClickHouseBinaryFormatReader;
import com.clickhouse.client.api.insert.InsertResponse;
import com.clickhouse.client.api.insert.InsertSettings;
import com.clickhouse.client.api.query.QueryResponse;
import com.clickhouse.client.api.query.QuerySettings;
import com.clickhouse.data.ClickHouseFormat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ClickHouse's own Java clients, unmodified, in each of the ways they compress. */
@SuppressWarnings("try") // The client declares close() to throw Exception.
class ClickHouseClientsIT {
    private static final int MANY = 1_000_000;

    private static Engine engine;
    private static ClickHouseFront front;

    @BeforeAll
    static void start() {
        engine = Engine.temporary();
        front = ClickHouseFront.start(engine, 0);
    }

    @AfterAll
    static void stop() {
        front.close();
        engine.close();
    }

    /** Of the server, of the client, by HTTP instead of ClickHouse's blocks. */
    @ParameterizedTest
    @CsvSource({"false,false,false", "true,false,false", "true,true,false", "true,true,true"})
    void clientV2WritesAndReads(boolean response, boolean request, boolean byHttp) throws Exception {
        try (Client client = client().compressServerResponse(response)
                .compressClientRequest(request)
                .useHttpCompression(byHttp)
                .build()) {
            assertThat(client.ping()).isTrue();
            Map<String, Object> table = Map.of("t", "client_v2");
            client.query("CREATE OR REPLACE TABLE {t:Identifier} (s String) ENGINE = MergeTree ORDER BY s", table)
                    .get()
                    .close();
            byte[] rows = {2, '\n', '\n', 2, (byte) 0xff, (byte) 0x80};
            try (InsertResponse inserted = client.insert(
                            "client_v2",
                            new ByteArrayInputStream(rows),
                            ClickHouseFormat.RowBinary,
                            new InsertSettings())
                    .get()) {
                assertThat(inserted.getWrittenRows()).isEqualTo(2);
            }
            QuerySettings rowBinary = new QuerySettings().setFormat(ClickHouseFormat.RowBinary);
            try (QueryResponse read = client.query("SELECT s FROM client_v2 ORDER BY s", rowBinary)
                    .get()) {
                assertThat(read.getInputStream().readAllBytes()).isEqualTo(rows);
            }
            assertThat(client.queryAll(
                                    "SELECT {n:UInt64} AS n, {a:Array(String)} AS a, {q:String} AS q",
                                    Map.of("n", 42, "a", "['x', 'y']", "q", "it's \"quoted\""))
                            .getFirst()
                            .getString("q"))
                    .isEqualTo("it's \"quoted\"");
            assertThatThrownBy(() -> client.queryAll("SELECT * FROM nope"))
                    .hasRootCauseInstanceOf(ServerException.class)
                    .rootCause()
                    .hasMessageContaining("UNKNOWN_TABLE")
                    .extracting(e -> ((ServerException) e).getCode())
                    .isEqualTo(60);
        }
    }

    @Test
    void clientV2ReadsManyRowsWithTheirHeaderOnce() throws Exception {
        try (Client client = client().build();
                QueryResponse response = client.query("SELECT number AS n FROM numbers(" + MANY + ")")
                        .get();
                ClickHouseBinaryFormatReader reader = client.newBinaryFormatReader(response)) {
            long rows = 0;
            long sum = 0;
            while (reader.hasNext()) {
                reader.next();
                rows++;
                sum += reader.getLong("n");
            }
            assertThat(rows).isEqualTo(MANY);
            assertThat(sum).isEqualTo(MANY * (MANY - 1L) / 2);
        }
    }

    @Test
    void clientV2SeesAnErrorInTheMiddleOfAResult() throws Exception {
        QuerySettings settings =
                new QuerySettings().setFormat(ClickHouseFormat.RowBinary).serverSetting("max_block_size", "1000");
        try (Client client = client().build()) {
            assertThatThrownBy(() -> {
                        try (QueryResponse response = client.query(
                                        "SELECT number, throwIf(number = 900000) FROM numbers(1000000)", settings)
                                .get()) {
                            response.getInputStream().readAllBytes();
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void clientV2SendsSettingsAndDatabase() throws Exception {
        try (Client client = client().setDefaultDatabase("system").build()) {
            QuerySettings settings = new QuerySettings().serverSetting("max_block_size", "7");
            try (QueryResponse response = client.query(
                            "SELECT currentDatabase(), getSetting('max_block_size') FORMAT TSV", settings)
                    .get()) {
                assertThat(new String(response.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .isEqualTo("system\t7\n");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void jdbcWritesAndReads(boolean compress) throws Exception {
        try (Connection connection = jdbc(compress);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE OR REPLACE TABLE jdbc (n UInt64, s String) ENGINE = MergeTree ORDER BY n");
            String odd = "it's \"quoted\" \\ tab\t\n\nend \u20ac";
            try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc (n, s) VALUES (?, ?)")) {
                for (int i = 0; i < 3; i++) {
                    insert.setLong(1, i);
                    insert.setString(2, odd + i);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            try (PreparedStatement select = connection.prepareStatement("SELECT n, s FROM jdbc WHERE s = ?")) {
                select.setString(1, odd + 1);
                try (ResultSet rows = select.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getLong("n")).isEqualTo(1);
                    assertThat(rows.getString("s")).isEqualTo(odd + 1);
                    assertThat(rows.next()).isFalse();
                }
            }
            try (ResultSet rows = statement.executeQuery("SELECT number FROM numbers(" + MANY + ")")) {
                int count = 0;
                while (rows.next()) {
                    count++;
                }
                assertThat(count).isEqualTo(MANY);
            }
            assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM nope"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("UNKNOWN_TABLE")
                    .extracting(e -> ((SQLException) e).getErrorCode())
                    .isEqualTo(60);
        }
    }

    private static Client.Builder client() {
        return new Client.Builder()
                .addEndpoint(front.uri().toString())
                .setUsername("default")
                .setPassword("");
    }

    private static Connection jdbc(boolean compress) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", "default");
        properties.setProperty("compress", Boolean.toString(compress));
        return DriverManager.getConnection("jdbc:clickhouse:" + front.uri() + "/default", properties);
    }
}
