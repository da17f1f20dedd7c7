package io.logcourier.localstack.door;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DoorTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost:8123",
                "LocalHost:1",
                "localhost.",
                "127.0.0.1",
                "127.0.0.1:9000",
                "127.255.3.4:1",
                "[::1]",
                "[::1]:8123",
                "[0:0:0:0:0:0:0:1]:1"
            })
    void loopbackIsLetIn(String host) {
        assertThat(refusal("Host", host)).isEmpty();
        assertThat(refusal("Origin", "http://" + host)).isEmpty();
        assertThat(refusal("Origin", "https://" + host)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "evil.example",
                "evil.example:8123",
                "localhost.evil.example",
                "127.0.0.1.evil.example:8123",
                "127.0.0.1.nip.io",
                "127.0.0.256",
                "127.1",
                "128.0.0.1",
                "0.0.0.0",
                "2130706433",
                "[::2]",
                "[fe80::1]",
                "[::1]evil.example",
                "localhost@evil.example",
                "localhost, evil.example",
                "::1",
                "localhost:8123:1"
            })
    void everyOtherHostIsRefused(String host) {
        assertThat(refusal("Host", host))
                .hasValueSatisfying(text -> assertThat(text).contains("'" + host + "'"));
        assertThat(refusal("Origin", "http://" + host)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "", "file://", "chrome-extension://abcdef", "ftp://localhost", "localhost:8123"})
    void everyOtherOriginIsRefused(String origin) {
        assertThat(refusal("Origin", origin)).isPresent();
    }

    @Test
    void oneForeignValueOfSeveralIsEnough() {
        assertThat(Door.refusal(name -> name.equals("Host") ? List.of("localhost", "evil.example") : List.of()))
                .isPresent();
        assertThat(Door.refusal(
                        name -> name.equals("Origin") ? List.of("http://localhost", "http://evil.example") : List.of()))
                .isPresent();
    }

    @Test
    void aPageElsewhereIsRefusedAlsoWhereTheBrowserNamesNoOrigin() {
        assertThat(refusal("Sec-Fetch-Site", "cross-site")).isPresent();
        assertThat(refusal("Sec-Fetch-Site", "none")).isEmpty();
        assertThat(refusal("Sec-Fetch-Site", "same-origin")).isEmpty();
        Map<String, List<String>> between =
                Map.of("Origin", List.of("http://127.0.0.1:3000"), "Sec-Fetch-Site", List.of("cross-site"));
        assertThat(Door.refusal(name -> between.getOrDefault(name, List.of()))).isEmpty();
    }

    @Test
    void aProgramThatSendsNoneOfTheseIsLetIn() {
        assertThat(Door.refusal(name -> List.of())).isEmpty();
    }

    @Test
    void whatTheRequestSaidIsQuotedHarmlessly() {
        assertThat(refusal("Origin", "http://\u001b[31m<script>\u202e" + "x".repeat(9999)))
                .hasValueSatisfying(
                        text -> assertThat(text).matches("[\\x20-\\x7e]{1,400}").doesNotContain("<"));
    }

    private static Optional<String> refusal(String header, String value) {
        return Door.refusal(name -> name.equals(header) ? List.of(value) : List.of());
    }
}
