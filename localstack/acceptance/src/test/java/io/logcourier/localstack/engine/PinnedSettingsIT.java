package io.logcourier.localstack.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Settings of a user's profile that would change what statements mean are sent with each, as far as the server knows them. */
class PinnedSettingsIT {
    private static final byte[] ROW = "{\"n\":1}\n".getBytes(UTF_8);
    private static final Map<String, String> OWN = Map.of("max_insert_block_size_bytes", "0");

    private final List<String> urls = new CopyOnWriteArrayList<>();
    private volatile String known = "";
    private HttpServer server;
    private ClickHouse clickHouse;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String url = exchange.getRequestURI().toString();
            String sent = url + new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            urls.add(url);
            byte[] answer =
                    sent.contains("system.settings") ? ("{\"data\":[" + known + "]}").getBytes(UTF_8) : new byte[0];
            exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        clickHouse = ClickHouse.connect(Settings.read(
                        Map.of(
                                "clickhouse.url",
                                "http://127.0.0.1:" + server.getAddress().getPort(),
                                "clickhouse.timeout",
                                "7.5s"),
                        Map.of())
                .lane()
                .endpoint());
    }

    @AfterEach
    void stop() {
        clickHouse.close();
        server.stop(0);
    }

    @Test
    void aYoungServerIsSentAllThatMakesAnInsertItselfAndIsAskedOnce() {
        known = "{\"name\":\"deduplicate_insert\"},{\"name\":\"max_insert_block_size_bytes\"}";

        clickHouse.insert("a.b", "JSONEachRow", ROW, OWN);
        clickHouse.insert("a.b", "JSONEachRow", ROW, Map.of("insert_deduplication_token", "mine"));

        assertThat(urls).hasSize(3);
        assertThat(urls.get(1))
                .contains("deduplicate_insert=enable", "insert_deduplicate=1", "async_insert=0")
                .contains("max_insert_block_size_bytes=0", "insert_deduplication_token=&")
                .contains("input_format_allow_errors_num=0", "materialized_views_ignore_errors=0")
                .contains("max_execution_time=8", "timeout_overflow_mode=throw")
                .doesNotContain("use_strict_insert_block_limits", "readonly");
        assertThat(urls.get(2)).contains("insert_deduplication_token=mine", "deduplicate_insert=enable");
    }

    @Test
    void anOldServerIsNotSentWhatItDoesNotKnow() {
        clickHouse.insert("a.b", "JSONEachRow", ROW, OWN);

        assertThat(urls).hasSize(2);
        assertThat(urls.getLast())
                .contains("insert_deduplicate=1", "async_insert=0", "max_execution_time=8")
                .doesNotContain(
                        "deduplicate_insert=", "max_insert_block_size_bytes", "input_format_connection_handling");
    }

    @Test
    void whatReadsEndsWithItsReaderAndInAnyCaseInTime() throws IOException {
        clickHouse.query(Statement.of("SELECT 1"), "TabSeparated").close();
        clickHouse
                .query(Statement.of("SELECT 1").setting("max_execution_time", "3600"), "TabSeparated")
                .close();
        clickHouse.execute(Statement.of("ALTER TABLE a.b DELETE WHERE true"));

        assertThat(urls.get(0))
                .contains("readonly=2", "cancel_http_readonly_queries_on_client_close=1", "max_execution_time=8");
        assertThat(urls.get(1)).contains("max_execution_time=3600").doesNotContain("max_execution_time=8");
        assertThat(urls.get(2)).contains("readonly=0", "max_execution_time=8");
    }
}
