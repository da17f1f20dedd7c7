package io.logcourier.accesslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FramesTest {
    private static final int BUFFER = 256 * 1024;

    private record Frame(int number, long identity, List<Byte> line) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void framesComeOutAsTheyWentInHoweverTheStreamIsChunked(long seed) throws IOException {
        Random random = new Random(seed);
        List<Frame> frames = frames(random, 300, 700);

        assertThat(read(new Chunks(bytes(frames), random))).as("seed %d", seed).isEqualTo(frames);
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 7})
    void linesLongerThanTheBufferComeOutWhole(long seed) throws IOException {
        Random random = new Random(seed);
        List<Frame> frames = frames(random, 4, 3 * BUFFER);

        assertThat(read(new ByteArrayInputStream(bytes(frames))))
                .as("seed %d", seed)
                .isEqualTo(frames);
    }

    @Test
    void everyFrameHeadMayStraddleTheEndOfTheBuffer() throws IOException {
        for (int before = BUFFER - 40; before <= BUFFER + 1; before++) {
            List<Frame> frames =
                    List.of(new Frame(1, 2, line(new byte[before])), new Frame(3, 4, line(new byte[] {5, 6})));

            assertThat(read(new ByteArrayInputStream(bytes(frames))))
                    .as("%d bytes before", before)
                    .isEqualTo(frames);
        }
    }

    @Test
    void aStreamThatIsCutAnywhereWithinAFrameEndsInAnErrorAndBetweenFramesInFewerFrames() throws IOException {
        List<Frame> frames = frames(new Random(8), 6, 200);
        byte[] whole = bytes(frames);
        List<Integer> ends = new ArrayList<>(List.of(0));
        for (int count = 1; count <= frames.size(); count++) {
            ends.add(bytes(frames.subList(0, count)).length);
        }
        for (int cut = 0; cut < whole.length; cut++) {
            InputStream stream = new ByteArrayInputStream(whole, 0, cut);
            if (ends.contains(cut)) {
                assertThat(read(stream)).as("cut at %d", cut).isEqualTo(frames.subList(0, ends.indexOf(cut)));
            } else {
                assertThatThrownBy(() -> read(stream)).as("cut at %d", cut).isInstanceOf(EOFException.class);
            }
        }
    }

    @Test
    void linesThatAreNotTakenAreSkipped() throws IOException {
        List<Frame> frames = frames(new Random(9), 50, 2000);
        Frames reader = new Frames(new Chunks(bytes(frames), new Random(10)));

        List<Long> identities = new ArrayList<>();
        while (reader.next()) {
            identities.add(reader.identity());
        }

        assertThat(identities).isEqualTo(frames.stream().map(Frame::identity).toList());
    }

    @Test
    void anErrorTextInsteadOfFramesIsNoFrames() {
        byte[] text = "Code: 241. DB::Exception: Memory limit exceeded: \u00ff\u00ff\u00ff"
                .repeat(40)
                .getBytes(StandardCharsets.ISO_8859_1);

        assertThatThrownBy(() -> read(new ByteArrayInputStream(text))).isInstanceOf(IOException.class);
    }

    @Test
    void aLengthThatNeverEndsIsNoFrame() {
        byte[] bytes = new byte[Integer.BYTES + Long.BYTES + 20];
        Arrays.fill(bytes, (byte) 0xff);

        assertThatThrownBy(() -> new Frames(new ByteArrayInputStream(bytes)).next())
                .isInstanceOf(IOException.class);
    }

    private static List<Frame> frames(Random random, int count, int longest) {
        List<Frame> frames = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            byte[] line = new byte[random.nextInt(5) == 0 ? random.nextInt(3) : random.nextInt(longest)];
            random.nextBytes(line);
            frames.add(new Frame(random.nextInt(), random.nextLong(), line(line)));
        }
        return frames;
    }

    private static List<Byte> line(byte[] bytes) {
        List<Byte> line = new ArrayList<>(bytes.length);
        for (byte one : bytes) {
            line.add(one);
        }
        return line;
    }

    private static byte[] bytes(List<Frame> frames) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Frame frame : frames) {
            bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES + Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(frame.number())
                    .putLong(frame.identity())
                    .array());
            int length = frame.line().size();
            for (; length > 0x7f; length >>>= 7) {
                bytes.write((length & 0x7f) | 0x80);
            }
            bytes.write(length);
            frame.line().forEach(bytes::write);
        }
        return bytes.toByteArray();
    }

    /** Reads all frames, their lines whole. */
    private static List<Frame> read(InputStream stream) throws IOException {
        List<Frame> frames = new ArrayList<>();
        Frames reader = new Frames(stream);
        while (reader.next()) {
            ByteArrayOutputStream taken = new ByteArrayOutputStream();
            reader.line(taken::write);
            frames.add(new Frame(reader.number(), reader.identity(), line(taken.toByteArray())));
        }
        return frames;
    }

    /** Gives its bytes in chunks of random size, as a network does. */
    private static final class Chunks extends InputStream {
        private static final int LONGEST = 37;

        private final ByteArrayInputStream bytes;
        private final Random random;

        Chunks(byte[] bytes, Random random) {
            this.bytes = new ByteArrayInputStream(bytes);
            this.random = random;
        }

        @Override
        public int read() {
            return bytes.read();
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            return bytes.read(target, offset, Math.min(length, 1 + random.nextInt(LONGEST)));
        }
    }
}
