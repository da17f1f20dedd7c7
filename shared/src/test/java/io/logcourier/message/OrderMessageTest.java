package io.logcourier.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.PoisonMessageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderMessageTest {
    @Test
    void whatIsWrittenIsReadBack() {
        OrderMessage message = new OrderMessage(OrderMessage.VERSION, "lane \"1\"\n\uD83D\uDE80", 1L << 40, 3, 7, true);

        assertThat(OrderMessage.parse(message.body())).isEqualTo(message);
        assertThat(OrderMessage.parse(OrderMessage.of("main", 1, 0, 0).body()))
                .isEqualTo(new OrderMessage(1, "main", 1, 0, 0, false));
    }

    @Test
    void theBodyKeepsItsFormForOlderAndNewerWorkers() {
        assertThat(OrderMessage.parse("{\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}"))
                .isEqualTo(OrderMessage.of("main", 5, 2, 4));
        assertThat(OrderMessage.of("main", 5, 2, 4).body())
                .contains("\"version\":1", "\"lane\":\"main\"", "\"epoch\":5", "\"first\":2", "\"last\":4");
    }

    @Test
    void unknownFieldsAreIgnored() {
        assertThat(OrderMessage.parse(
                        "{\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4,\"colour\":{\"a\":[1]}}"))
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
                "{\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4} and more",
                "{\"version\":2,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"version\":0,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"version\":1,\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":null,\"epoch\":5,\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":0,\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":-5,\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":-2,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":5,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":5,\"first\":2,\"last\":4294967296}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":99999999999999999999,\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":5.5,\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":\"main\",\"epoch\":\"5; DROP TABLE epochs\",\"first\":2,\"last\":4}",
                "{\"version\":1,\"lane\":{},\"epoch\":5,\"first\":2,\"last\":4}"
            })
    void whatIsNoMessageOfThisVersionIsPoison(String body) {
        assertThatThrownBy(() -> OrderMessage.parse(body)).isInstanceOf(PoisonMessageException.class);
    }

    @Test
    void aHugeBodyIsPoisonAndIsNotRepeatedInTheMessage() {
        String huge = "x".repeat(256 * 1024);

        assertThatThrownBy(() -> OrderMessage.parse(huge))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageContaining("262144 characters")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
        assertThatThrownBy(() -> OrderMessage.parse("[".repeat(256 * 1024)))
                .isInstanceOf(PoisonMessageException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
        assertThatThrownBy(() -> OrderMessage.parse("{\"version\":2,\"lane\":\"" + huge + "\"}"))
                .isInstanceOf(PoisonMessageException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
        assertThatThrownBy(() -> OrderMessage.parse("{\"version\":" + "9".repeat(256 * 1024) + "}"))
                .isInstanceOf(PoisonMessageException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
    }

    @Test
    void aCutThroughASurrogatePairLeavesNoHalfOfItInTheReason() {
        String body = "x".repeat(199) + "\uD83D\uDE80".repeat(10);

        assertThatThrownBy(() -> OrderMessage.parse(body))
                .isInstanceOf(PoisonMessageException.class)
                .satisfies(e -> assertThat(e.getMessage().codePoints())
                        .noneMatch(point -> Character.getType(point) == Character.SURROGATE));
    }
}
