package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ledger.Compression;
import io.logcourier.ledger.Group;
import io.logcourier.ledger.Ledger.Standing;
import io.logcourier.ledger.Offset;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Rendered;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class RerenderingTest {
    private static final Instant THEN = Instant.parse("2026-11-21T15:52:17Z");

    /** An order of two rows, whose identities are 10 and 20, delivered as some bytes. */
    private static Standing standing(int number, Compression compression, long bytes, long crc32c) {
        WorkOrder order = new WorkOrder(
                3,
                number,
                THEN,
                new Group(0, "cats", "target", "logs/"),
                2,
                2,
                new Tally(2, 30, THEN, THEN, THEN, THEN),
                "key-" + number,
                "",
                "text-1",
                compression,
                "us-east-1",
                List.of(),
                0,
                0);
        return new Standing(order, List.of(Offset.Outcome.DELIVERED), bytes, crc32c, Optional.empty(), THEN, 1);
    }

    private static byte[] frame(int number, long identity, String line) {
        byte[] text = line.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(13 + text.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(number)
                .putLong(identity)
                .put((byte) text.length)
                .put(text)
                .array();
    }

    private static long crc(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    @Test
    void rowsThatAreGoneChangedOrOthersAreToldApart() throws IOException {
        String lines = "one\ntwo\n";
        List<Standing> delivered = IntStream.range(0, 5)
                .mapToObj(number -> standing(number, Compression.NONE, 8, crc(lines)))
                .toList();
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        frames.writeBytes(frame(0, 10, "one\n"));
        frames.writeBytes(frame(0, 20, "two\n"));
        frames.writeBytes(frame(1, 10, "ONE\n"));
        frames.writeBytes(frame(1, 20, "two\n"));
        frames.writeBytes(frame(2, 10, "one\n"));
        frames.writeBytes(frame(3, 10, "one\n"));
        frames.writeBytes(frame(3, 21, "two\n"));
        List<Difference> differences = new ArrayList<>();

        Rendered rendered =
                Rerendering.compare(delivered, new ByteArrayInputStream(frames.toByteArray()), differences::add);

        // The fifth has no row left.
        assertThat(rendered).isEqualTo(new Rendered(1, 2, 1));
        assertThat(differences)
                .extracting(Difference::what)
                .containsExactly(
                        "order 3/3 of bucket cats: the 2 rows that are there now are not the 2 that were delivered");
    }

    @Test
    void anOrderThatWasNotAskedForIsNoResult() {
        assertThatThrownBy(() -> Rerendering.compare(
                        List.of(standing(0, Compression.NONE, 8, 0)),
                        new ByteArrayInputStream(frame(1, 10, "one\n")),
                        difference -> {}))
                .hasMessageContaining("order 1 is out of place");
    }

    /** As many as a message has, a thousand times over: a compressor of each at once takes gigabytes. */
    @Test
    void oneCompressorIsOpenAtATime() throws IOException {
        int orders = 20_000;
        List<Standing> delivered = IntStream.range(0, orders)
                .mapToObj(number -> standing(number, Compression.ZSTD, 1, 1))
                .toList();

        Rendered rendered = Rerendering.compare(delivered, twoRowsEach(orders), difference -> {});

        assertThat(rendered).isEqualTo(new Rendered(0, 0, orders));
    }

    private static InputStream twoRowsEach(int orders) {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int number = 0; number < orders; number++) {
            frames.writeBytes(frame(number, 10, "one\n"));
            frames.writeBytes(frame(number, 20, "two\n"));
        }
        return new ByteArrayInputStream(frames.toByteArray());
    }
}
