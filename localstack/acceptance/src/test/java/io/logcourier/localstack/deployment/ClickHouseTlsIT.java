package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsServer;
import io.logcourier.ConfigurationException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.SelfSigned;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClickHouseTlsIT {
    @TempDir
    private Path folder;

    @Test
    void aServerIsTrustedOnlyIfTheAuthorityVouchesForItAndForItsName() throws Exception {
        KeyStore keys = SelfSigned.keys(folder);
        Path authority = SelfSigned.authority(keys, folder);
        HttpsServer server = SelfSigned.server(keys, exchange -> {
            try (exchange) {
                byte[] answer = "1\n".getBytes(StandardCharsets.UTF_8);
                exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        try {
            String port = ":" + server.getAddress().getPort();

            assertThat(ask("https://localhost" + port, Optional.of(authority))).isEqualTo("1\n");
            assertThatThrownBy(() -> ask("https://localhost" + port, Optional.empty()))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("certification path")
                    .hasMessageContaining("clickhouse.ca-file");
            assertThatThrownBy(() -> ask("https://127.0.0.1" + port, Optional.of(authority)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("127.0.0.1")
                    .hasMessageContaining("made out for");
        } finally {
            server.stop(0);
        }
    }

    private static String ask(String url, Optional<Path> authority) {
        Map<String, String> settings = new HashMap<>(Map.of("clickhouse.url", url));
        authority.ifPresent(file -> settings.put("clickhouse.ca-file", file.toString()));
        try (ClickHouse clickHouse =
                ClickHouse.connect(Settings.read(settings, Map.of()).lane().endpoint())) {
            return new String(clickHouse.read(Statement.of("SELECT 1"), "TabSeparated"), StandardCharsets.UTF_8);
        }
    }
}
