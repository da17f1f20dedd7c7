package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.Terminal.Size;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalTest {
    @Test
    void aFrameLeavesNothingOfTheOneBefore() {
        assertThat(Terminal.inPlace("one\ntwo")).isEqualTo("\033[Hone\033[K\ntwo\033[K\n\033[J");
    }

    @Test
    void aTerminalSaysItsSize() {
        assertThat(Size.of("50 132\n")).hasValue(new Size(50, 132));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0 0\n", "0 80", "24", "stty: not a terminal", "-1 80", "24 999999"})
    void oneThatDoesNotSayItHasNone(String answer) {
        assertThat(Size.of(answer)).isEmpty();
    }

    @Test
    void coloursAreRefusedByNoColorAndByTerminalsThatHaveNone() {
        assertThat(Terminal.allowsColour(Map.of("TERM", "xterm-256color"))).isTrue();
        assertThat(Terminal.allowsColour(Map.of("TERM", "xterm", "NO_COLOR", "")))
                .isTrue();
        assertThat(Terminal.allowsColour(Map.of("TERM", "xterm", "NO_COLOR", "1")))
                .isFalse();
        assertThat(Terminal.allowsColour(Map.of("TERM", "dumb"))).isFalse();
        assertThat(Terminal.allowsColour(Map.of())).isFalse();
    }

    @Test
    void verdictsAndWhatIsWrongAreInColour() {
        assertThat(Colour.paint("""
                stored 3 rows
                    NoSuchBucket: make it
                difference: an epoch
                The books balance.
                NOT DELIVERED: 1 difference.""")).isEqualTo("""
                        stored 3 rows
                        \033[33m    NoSuchBucket: make it\033[0m
                        \033[31mdifference: an epoch\033[0m
                        \033[32mThe books balance.\033[0m
                        \033[31mNOT DELIVERED: 1 difference.\033[0m""");
    }
}
