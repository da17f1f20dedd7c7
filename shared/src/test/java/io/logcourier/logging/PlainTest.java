package io.logcourier.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PlainTest {
    private static final String EVIL = "evil\u001b[31m\nThe books balance.\r\u009b2J\u202e\u2028\t\u007f";
    private static final String PLAIN = "evil\\u001b[31m\\nThe books balance.\\u000d\\u009b2J\\u202e\\u2028\\t\\u007f";

    @Test
    void aValueIsOneLineWithoutAnythingThatATerminalObeys() {
        assertThat(Plain.value(EVIL)).isEqualTo(PLAIN);
        assertThat(Plain.value("Katzen \u732b \ud83d\udc31 a\\nb")).isEqualTo("Katzen \u732b \ud83d\udc31 a\\nb");
        String all = IntStream.range(0, Character.MIN_SURROGATE)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        assertThat(Plain.value(all).codePoints())
                .noneMatch(c -> Character.isISOControl(c)
                        || Character.getType(c) == Character.LINE_SEPARATOR
                        || Character.getType(c) == Character.PARAGRAPH_SEPARATOR)
                .noneMatch(c -> switch (Character.getDirectionality(c)) {
                    case Character.DIRECTIONALITY_LEFT_TO_RIGHT_EMBEDDING,
                            Character.DIRECTIONALITY_LEFT_TO_RIGHT_OVERRIDE,
                            Character.DIRECTIONALITY_RIGHT_TO_LEFT_EMBEDDING,
                            Character.DIRECTIONALITY_RIGHT_TO_LEFT_OVERRIDE,
                            Character.DIRECTIONALITY_LEFT_TO_RIGHT_ISOLATE,
                            Character.DIRECTIONALITY_RIGHT_TO_LEFT_ISOLATE,
                            Character.DIRECTIONALITY_FIRST_STRONG_ISOLATE,
                            Character.DIRECTIONALITY_POP_DIRECTIONAL_FORMAT,
                            Character.DIRECTIONALITY_POP_DIRECTIONAL_ISOLATE -> true;
                    default -> false;
                });
    }

    @Test
    void everyTextInARecordBecomesPlain() {
        record Inner(String text, long number) {}
        record Outer(
                String text,
                List<Inner> list,
                Map<String, Optional<String>> map,
                Optional<Inner> none,
                String nothing) {}
        assertThat(Plain.copy(new Outer(
                        EVIL, List.of(new Inner(EVIL, 7)), Map.of(EVIL, Optional.of(EVIL)), Optional.empty(), null)))
                .isEqualTo(new Outer(
                        PLAIN,
                        List.of(new Inner(PLAIN, 7)),
                        Map.of(PLAIN, Optional.of(PLAIN)),
                        Optional.empty(),
                        null));
    }

    @Test
    void noLineOfAMessageLooksLikeOneOfOurs() {
        assertThat(Plain.indented("first: " + EVIL))
                .isEqualTo(
                        "first: evil\\u001b[31m\n" + "    The books balance.\\u000d\\u009b2J\\u202e\\u2028    \\u007f");
    }

    @Test
    void aWriterLetsLineBreaksThroughAndNothingElse() {
        StringWriter written = new StringWriter();
        PrintWriter out = Plain.writer(written);
        out.println(EVIL);
        out.print('\u001b');
        out.write(new char[] {'a', '\u0007', 'b'}, 1, 2);
        out.flush();
        assertThat(written)
                .hasToString("evil\\u001b[31m\nThe books balance.\\u000d\\u009b2J\\u202e\\u2028    \\u007f\n"
                        + "\\u001b\\u0007b");
    }

    @Test
    void aWriterLetsTheSequencesThroughThatItWasGiven() {
        StringWriter written = new StringWriter();
        PrintWriter out = Plain.writer(written, Pattern.compile("\033\\[32m"));
        out.print("\033[32mwell\033[31m\t\033[2J");
        out.flush();
        assertThat(written).hasToString("\033[32mwell\\u001b[31m    \\u001b[2J");
    }
}
