package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TableTest {
    private final Table table = new Table(List.of("bucket", "rows", "lost"), Set.of("lost"));

    @Test
    void aColumnIsAsWideAsWhatStandsInItAndOneOfNothingIsLeftOut() {
        table.add("a", Table.figure(7), "0");
        table.add("cats-and-dogs", Table.figure(1_234_567), "-");

        assertThat(table.text(80)).isEqualTo("""
                        bucket              rows
                        a                      7
                        cats-and-dogs  1,234,567
                        """);

        table.add("b", "1", "2");
        assertThat(table.text(80).lines()).first().isEqualTo("bucket              rows  lost");
    }

    @Test
    void aNameThatLeavesNoRoomHasALineOfItsOwn() {
        table.add("a-bucket-with-a-long-name", "12,345", "0");
        table.add("short", "1", "0");
        table.note("it is lost");

        assertThat(table.text(20)).isEqualTo("""
                        bucket          rows
                        a-bucket-with-a-long-name
                                      12,345
                        short              1
                            it is lost
                        """);
    }

    @Test
    void atNoWidthIsAnythingCutOff() {
        table.add("a-bucket-with-a-long-name", "12,345", "3");
        for (int width = 1; width < 60; width++) {
            assertThat(table.text(width)).as("%d", width).contains("a-bucket-with-a-long-name", "12,345", "3");
        }
    }

    @Test
    void aRowHasACellForEachColumn() {
        assertThatThrownBy(() -> table.add("a", "1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 cells for 3 columns: [a, 1]");
    }

    /** 80 columns, with the longest name that S3 takes and every figure that anybody waits for. */
    @Test
    void theStatusOfABucketFitsAPage() {
        Status status = new Status(
                "main",
                7,
                Instant.EPOCH,
                1,
                0,
                List.of(new Status.Bucket(
                        "b".repeat(63),
                        4_000,
                        1_000_000,
                        10_000,
                        20_000,
                        0,
                        0,
                        5,
                        Instant.ofEpochMilli(1_700_000_000_123L),
                        "")),
                List.of());
        List<String> lines = status.text(5).lines().toList();
        assertThat(lines.subList(0, lines.size() - 1))
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        assertThat(lines)
                .endsWith("1 bucket, 1 row not claimed yet, 1,000,000 pending, 20,000 open, 0 given up, 0 lost");
    }
}
