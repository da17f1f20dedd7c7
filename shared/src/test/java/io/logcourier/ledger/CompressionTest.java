package io.logcourier.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CompressionTest {
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @ParameterizedTest
    @EnumSource
    void theSameBytesComeOutHoweverTheyAreCut(Compression compression) throws IOException {
        byte[] lines = lines();
        byte[] whole = compress(compression, lines, lines.length);

        for (int most : new int[] {1, 100, 5_000, 70_000, 1_000_000}) {
            assertThat(compress(compression, lines, most))
                    .as("seed %d, writes up to %d", seed, most)
                    .isEqualTo(whole);
        }
        try (InputStream back = compression.decompress(new ByteArrayInputStream(whole))) {
            assertThat(back.readAllBytes()).as("seed %d", seed).isEqualTo(lines);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void whatIsCutOffIsSeen(Compression compression) throws IOException {
        byte[] whole = compress(compression, lines(), 10_000);
        byte[] cut = Arrays.copyOf(whole, whole.length - 1);

        assertThatThrownBy(() ->
                        compression.decompress(new ByteArrayInputStream(cut)).readAllBytes())
                .isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void whatIsDamagedFailsAsStreamsDoOrReadsAsSomethingElse(Compression compression) throws IOException {
        byte[] whole = compress(compression, Arrays.copyOf(lines(), 3_000), 10_000);
        int failed = 0;
        for (int place = 0; place < whole.length; place++) {
            byte[] damaged = whole.clone();
            damaged[place] ^= (byte) (1 + random.nextInt(255));
            try (InputStream in = compression.decompress(new ByteArrayInputStream(damaged))) {
                in.readAllBytes();
            } catch (IOException e) {
                failed++;
            } catch (RuntimeException e) {
                throw new AssertionError("seed %d, byte %d of %d".formatted(seed, place, whole.length), e);
            }
        }
        assertThat(failed).as("seed %d", seed).isGreaterThan(whole.length / 2);
    }

    private byte[] compress(Compression compression, byte[] lines, int most) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = compression.compress(bytes)) {
            for (int from = 0; from < lines.length; ) {
                int length = Math.min(lines.length - from, 1 + random.nextInt(most));
                out.write(lines, from, length);
                from += length;
            }
        }
        return bytes.toByteArray();
    }

    /** Some two megabytes that compress, with stretches that do not. */
    private byte[] lines() {
        StringBuilder text = new StringBuilder();
        while (text.length() < 2_000_000) {
            text.append("bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.")
                    .append(random.nextInt(256))
                    .append(" REST.GET.OBJECT ");
            for (int i = random.nextInt(10) == 0 ? 2_000 : 3; i > 0; i--) {
                text.append(Long.toHexString(random.nextLong()));
            }
            text.append('\n');
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }
}
