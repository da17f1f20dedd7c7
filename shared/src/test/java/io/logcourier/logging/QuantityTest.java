package io.logcourier.logging;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class QuantityTest {
    @Test
    void oneIsNotMany() {
        assertThat(Quantity.of(0, "row")).isEqualTo("0 rows");
        assertThat(Quantity.of(1, "row")).isEqualTo("1 row");
        assertThat(Quantity.of(1_234, "row")).isEqualTo("1,234 rows");
        assertThat(Quantity.of(1, "row goes", "rows go")).isEqualTo("1 row goes");
        assertThat(Quantity.of(2, "row goes", "rows go")).isEqualTo("2 rows go");
    }
}
