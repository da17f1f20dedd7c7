package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import org.junit.jupiter.api.Test;

class FirstOfTest {
    @Test
    void countsAllAndKeepsTheFirst() {
        FirstOf<Integer, String> first = new FirstOf<>(Comparator.naturalOrder(), 2);
        for (int place : new int[] {5, 1, 4, 2, 3}) {
            first.add(place, "thing " + place);
        }

        assertThat(first.count()).isEqualTo(5);
        assertThat(first.first()).containsExactly("thing 1", "thing 2");
    }
}
