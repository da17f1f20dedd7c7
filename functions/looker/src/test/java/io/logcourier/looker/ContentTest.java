package io.logcourier.looker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.looker.Run.Compressibility;
import io.logcourier.looker.Run.Shape;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ContentTest {
    private static final long START = 1_795_298_400_123L;
    private static final long STEP = 700_000;
    private static final long PUSHED = 1_795_298_460_000L;
    private static final int FRAGMENT = 1000;

    private final long seed = ThreadLocalRandom.current().nextLong();

    @ParameterizedTest
    @EnumSource
    void theLineOfAnEntryIsWhatTheRecordMustBecome(Shape shape) {
        Content content = new Content(run(shape, Compressibility.MIN, 700));
        Content.Maker maker = content.maker();
        LogStream stream = content.run().stream(7);
        Set<String> ids = new HashSet<>();

        List<String> records = write(maker, stream, 3 * FRAGMENT);

        assertThat(records).hasSize(FRAGMENT);
        for (int i = 0; i < FRAGMENT; i++) {
            var row = FaultyStore.columns(records.get(i));
            String line = LogLine.of(row, LogLine.Style.AWS);
            ids.add((String) row.get("req_id"));
            byte[] bytes = line.getBytes(StandardCharsets.ISO_8859_1);
            Content.Known known = maker.know(new Fields(bytes, 0, bytes.length)).orElseThrow();
            assertThat(known.stream()).isEqualTo(7);
            assertThat(known.index()).as("seed %d: %s", seed, line).isEqualTo(3 * FRAGMENT + i);
            assertThat(known.pushedMillis()).isEqualTo(PUSHED);
            Bytes expected = maker.line(stream, known.index(), known.startMillis(), known.pushedMillis());
            assertThat(new String(expected.toArray(), StandardCharsets.ISO_8859_1))
                    .as("seed %d", seed)
                    .isEqualTo(line);
        }
        switch (shape) {
            case SUB_RECORDS -> assertThat(ids).hasSize(FRAGMENT / 8);
            // Eight or none share an id; one group in 32 does, so there may be none.
            case MIXED -> {
                assertThat(ids).as("seed %d", seed).hasSizeBetween(FRAGMENT / 2, FRAGMENT);
                assertThat((FRAGMENT - ids.size()) % 7).as("seed %d", seed).isZero();
            }
            case ORDINARY, HOSTILE, HUGE_AGENTS -> assertThat(ids).hasSize(FRAGMENT);
        }
    }

    @Test
    void contentFollowsFromTheSeedAndNothingElse() {
        Run run = run(Shape.MIXED, Compressibility.MEDIUM, 700);

        List<String> once = write(new Content(run).maker(), run.stream(1), 0);

        assertThat(write(new Content(run).maker(), run.stream(1), 0)).isEqualTo(once);
        Run other = new Run(
                run.id(),
                seed + 1,
                FRAGMENT,
                700,
                Compressibility.MEDIUM,
                Shape.MIXED,
                List.of("logs"),
                "",
                "text-2",
                0);
        assertThat(write(new Content(other).maker(), other.stream(1), 0)).isNotEqualTo(once);
    }

    @Test
    void anEntryOfAnotherRunIsNotKnown() {
        Run run = run(Shape.ORDINARY, Compressibility.MAX, 0);
        Run other = new Run(
                "other", seed, FRAGMENT, 0, Compressibility.MAX, Shape.ORDINARY, List.of("logs"), "", "text-2", 0);
        byte[] line = LogLine.of(
                        FaultyStore.columns(write(new Content(other).maker(), other.stream(0), 0)
                                .getFirst()),
                        LogLine.Style.AWS)
                .getBytes(StandardCharsets.ISO_8859_1);

        assertThat(new Content(run).maker().know(new Fields(line, 0, line.length)))
                .isEmpty();
    }

    @Test
    void linesAreAsLongAndAsCompressibleAsAsked() {
        int least = compressed(Compressibility.MAX);
        int medium = compressed(Compressibility.MEDIUM);
        int most = compressed(Compressibility.MIN);

        assertThat(medium).isGreaterThan(least * 3 / 2);
        assertThat(most).isGreaterThan(medium * 3 / 2);
    }

    private int compressed(Compressibility compressibility) {
        Run run = run(Shape.ORDINARY, compressibility, 2000);
        byte[] records = String.join("\n", write(new Content(run).maker(), run.stream(0), 0))
                .getBytes(StandardCharsets.ISO_8859_1);
        assertThat(records.length).isGreaterThan(2000 * FRAGMENT);
        try (Deflater deflater = new Deflater()) {
            deflater.setInput(records);
            deflater.finish();
            return deflater.deflate(new byte[records.length]);
        }
    }

    private Run run(Shape shape, Compressibility compressibility, int length) {
        return new Run("test", seed, FRAGMENT, length, compressibility, shape, List.of("logs"), "", "text-2", 0);
    }

    private static List<String> write(Content.Maker maker, LogStream stream, long first) {
        Bytes out = new Bytes();
        maker.write(stream, first, START * 1_000_000, STEP, PUSHED, out);
        return new String(out.toArray(), StandardCharsets.ISO_8859_1).lines().toList();
    }
}
