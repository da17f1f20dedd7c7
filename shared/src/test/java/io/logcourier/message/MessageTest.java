package io.logcourier.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.PoisonMessageException;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageTest {
    @Test
    void whatIsWrittenIsReadBack() {
        OrderMessage message = new OrderMessage(
                Message.VERSION, "lane \"1\"\n\uD83D\uDE80", 1L << 40, 3, 7, true, Optional.of("copies/of/"));
        ReplayMessage replay = new ReplayMessage(
                Message.VERSION,
                "main",
                "cats \"1\"",
                Instant.parse("2026-01-31T00:00:00Z"),
                Instant.parse("2026-02-01T00:00:00.001Z"),
                Optional.empty());

        assertThat(Message.parse(message.body())).isEqualTo(message);
        assertThat(Message.parse(replay.body())).isEqualTo(replay);
        assertThat(Message.parse(OrderMessage.of("main", 1, 0, 0).body()))
                .isEqualTo(new OrderMessage(1, "main", 1, 0, 0, false, Optional.empty()));
    }

    @Test
    void theBodyKeepsItsFormForOlderAndNewerWorkers() {
        assertThat(Message.parse(
                        "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}"))
                .isEqualTo(OrderMessage.of("main", 5, 2, 4));
        assertThat(OrderMessage.of("main", 5, 2, 4).body())
                .contains(
                        "\"type\":\"orders\"",
                        "\"version\":1",
                        "\"lane\":\"main\"",
                        "\"epoch\":5",
                        "\"first\":2",
                        "\"last\":4");
    }

    @Test
    void unknownFieldsAreIgnored() {
        assertThat(
                        Message.parse(
                                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4,\"colour\":{\"a\":[1]}}"))
                .isEqualTo(OrderMessage.of("main", 5, 2, 4));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "null",
                "[]",
                "7",
                "\"text\"",
                "{",
                "{}",
                "\u0000",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4} and more",
                "{\"type\":\"orders\",\"version\":2,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":0,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":null,\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":0,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":-5,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":-2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":5,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4294967296}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":99999999999999999999,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":5.5,\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":\"main\",\"epoch\":\"5; DROP TABLE epochs\",\"first\":2,\"last\":4}",
                "{\"type\":\"orders\",\"version\":1,\"lane\":{},\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"type\":\"order\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"type\":\"replay\",\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"type\":\"replay\",\"version\":1,\"lane\":\"main\",\"bucket\":\"\",\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-02T00:00:00Z\"}",
                "{\"type\":\"replay\",\"version\":1,\"lane\":\"main\",\"bucket\":\"b\",\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-01T00:00:00Z\"}",
                "{\"type\":\"replay\",\"version\":1,\"lane\":\"main\",\"bucket\":\"b\",\"from\":\"yesterday\",\"to\":\"2026-01-01T00:00:00Z\"}",
                "{\"type\":\"replay\",\"version\":1,\"lane\":\"main\",\"bucket\":\"b\",\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"+999999999-12-31T00:00:00Z\"}",
                "{\"type\":\"replay\",\"version\":1,\"lane\":\"main\",\"bucket\":\"b\",\"from\":\"1899-12-31T23:59:59Z\",\"to\":\"2026-01-01T00:00:00Z\"}"
            })
    void whatIsNoMessageOfThisVersionIsPoison(String body) {
        assertThatThrownBy(() -> Message.parse(body)).isInstanceOf(PoisonMessageException.class);
    }

    @Test
    void aHugeBodyIsPoisonAndIsNotRepeatedInTheMessage() {
        String huge = "x".repeat(256 * 1024);

        assertThatThrownBy(() -> Message.parse(huge))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageContaining("262144 characters")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
        assertThatThrownBy(() -> Message.parse("[".repeat(256 * 1024)))
                .isInstanceOf(PoisonMessageException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
        assertThatThrownBy(() -> Message.parse("{\"type\":\"orders\",\"version\":2,\"lane\":\"" + huge + "\"}"))
                .isInstanceOf(PoisonMessageException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
        assertThatThrownBy(() -> Message.parse("{\"type\":\"orders\",\"version\":" + "9".repeat(256 * 1024) + "}"))
                .isInstanceOf(PoisonMessageException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
    }

    @Test
    void aCutThroughASurrogatePairLeavesNoHalfOfItInTheReason() {
        String body = "x".repeat(199) + "\uD83D\uDE80".repeat(10);

        assertThatThrownBy(() -> Message.parse(body))
                .isInstanceOf(PoisonMessageException.class)
                .satisfies(e -> assertThat(e.getMessage().codePoints())
                        .noneMatch(point -> Character.getType(point) == Character.SURROGATE));
    }
}
