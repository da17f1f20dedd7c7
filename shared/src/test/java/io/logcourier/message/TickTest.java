package io.logcourier.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.PoisonMessageException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TickTest {
    private static final Tick PLAIN = new Tick(Optional.empty(), false, false);

    @Test
    void whatIsWrittenIsReadBack() {
        for (Tick tick : new Tick[] {
            PLAIN, new Tick(Optional.of("main"), true, false), new Tick(Optional.of("lane \"2\"\n"), false, true),
        }) {
            assertThat(parse(tick.payload())).isEqualTo(tick);
        }
    }

    @Test
    void everyFieldMayBeLeftOut() {
        assertThat(parse("{}")).isEqualTo(PLAIN);
        assertThat(parse("null")).isEqualTo(PLAIN);
        assertThat(parse("{\"lane\":null}")).isEqualTo(PLAIN);
        assertThat(parse("{\"flush\":true}")).isEqualTo(new Tick(Optional.empty(), true, false));
    }

    @Test
    void whatASchedulerAddsIsIgnored() {
        assertThat(parse("""
                        {"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",
                        "source":"aws.events","time":"2026-01-01T00:00:00Z","resources":["arn:aws:events:x"],"detail":{}}
                        """)).isEqualTo(PLAIN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                "[]",
                "7",
                "\"text\"",
                "{",
                "{\"flush\":\"perhaps\"}",
                "{\"lane\":{}}",
                "{\"flush\":true} and more"
            })
    void whatIsNoTickIsPoison(String payload) {
        assertThatThrownBy(() -> parse(payload)).isInstanceOf(PoisonMessageException.class);
    }

    private static Tick parse(String payload) {
        return Tick.parse(new ByteArrayInputStream(payload.getBytes(StandardCharsets.UTF_8)));
    }
}
