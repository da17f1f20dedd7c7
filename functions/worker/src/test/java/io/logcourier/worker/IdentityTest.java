package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.accesslog.Contents;
import io.logcourier.ledger.Compression;
import io.logcourier.ledger.Group;
import io.logcourier.ledger.Offset;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.worker.ObjectStore.Found;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class IdentityTest {
    private static final Map<String, String> OURS = Map.of("order", "5/2");
    private static final Map<String, String> NOBODYS = Map.of();

    private final WorkOrder text = order("text-1");
    private final WorkOrder parquet = order("parquet-1");
    private final Offset rendered = Offset.delivered(text, 100, 7);

    @Test
    void theSameBytesAreTheOrdersWhateverTheySayOfThemselves() {
        assertThat(Identity.own(text, rendered, found(10, 100, 7, NOBODYS))).contains(rendered);
    }

    @Test
    void otherBytesAreWhereTheyNameTheOrderAndHaveAsManyRows() {
        assertThat(Identity.own(text, rendered, found(10, 101, 8, OURS))).contains(Offset.delivered(text, 101, 8));
        assertThat(Identity.own(text, rendered, found(9, 90, 8, OURS))).isEmpty();
        assertThat(Identity.own(text, rendered, found(10, 100, 8, NOBODYS))).isEmpty();
        assertThat(Identity.own(text, rendered, found(10, 100, 8, Map.of("order", "5/3"))))
                .isEmpty();
    }

    @Test
    void aParquetFileIsByItsRows() {
        Offset other = Offset.delivered(parquet, 100, 7);

        assertThat(Identity.own(parquet, other, found(10, 200, 8, NOBODYS)))
                .contains(Offset.delivered(parquet, 200, 8));
        assertThat(Identity.own(parquet, other, found(11, 200, 8, OURS))).isEmpty();
    }

    @Test
    void whatIsNoWholeFileIsNobodys() {
        Found broken = new Found(Optional.empty(), OURS);

        assertThat(Identity.own(text, rendered, broken)).isEmpty();
        assertThat(Identity.intact(text, rendered, Optional.of(rendered), broken))
                .isEmpty();
    }

    @Test
    void whatWasDeliveredAndIsThereByteByByteIsIntact() {
        Offset before = Offset.delivered(text, 300, 9);

        assertThat(Identity.intact(text, rendered, Optional.of(before), found(10, 300, 9, NOBODYS)))
                .contains(before);
        assertThat(Identity.intact(text, rendered, Optional.empty(), found(10, 100, 7, NOBODYS)))
                .contains(rendered);
        assertThat(Identity.intact(text, rendered, Optional.of(before), found(10, 300, 10, OURS)))
                .as("one byte changed")
                .isEmpty();
        assertThat(Identity.intact(text, rendered, Optional.empty(), found(10, 300, 9, OURS)))
                .isEmpty();
    }

    private static Found found(long rows, long bytes, long crc32c, Map<String, String> metadata) {
        return new Found(Optional.of(new Contents(rows, bytes, crc32c)), metadata);
    }

    private static WorkOrder order(String rendering) {
        Instant then = Instant.parse("2026-01-02T03:04:05Z");
        return new WorkOrder(
                5,
                2,
                then,
                new Group(0, "cats", "logs", "of-cats/"),
                3,
                4,
                new Tally(10, 7, then, then, then, then),
                "of-cats/2026",
                "",
                rendering,
                Compression.NONE,
                "us-east-1",
                List.of(),
                0,
                0);
    }
}
