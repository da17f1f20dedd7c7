package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.LoadCommand.Loaded;
import io.logcourier.operations.input.InputSheet;
import io.logcourier.operations.input.InputSheet.Lacking;
import io.logcourier.operations.input.InputSheet.Unknown;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code load} prints for people. */
class LoadedTest {
    @Test
    void aFileWithoutFaultIsOneLine() {
        InputSheet sheet = new InputSheet(40, 0, 0, 0, 0, 0, 0, 0, false, List.of(), 0, List.of());
        assertThat(new Loaded("a.ndjson", sheet, 0).text()).isEqualTo("a.ndjson: 40 rows");
    }

    @Test
    void everyFindingIsALineBelow() {
        InputSheet sheet = new InputSheet(
                2_000,
                1_500,
                1,
                2,
                3,
                4,
                5,
                6,
                true,
                List.of(new Unknown("httpcode", 1, "httpCode"), new Unknown("hello", 2, "")),
                7,
                List.of(new Lacking("httpCode", 1, "their lines show -")));
        assertThat(new Loaded("a.ndjson", sheet, 8).text().lines())
                .containsExactly(
                        "a.ndjson: 2,000 rows",
                        "    1,500 rows are internal traffic (loggingEnabled is false): they are not stored",
                        "    1 row has no loggingEnabled: it is not stored, as internal traffic is not",
                        "    2 rows are older than the log table keeps rows: they were not sent; look at insertedAt and the table's TTL",
                        "    3 rows have no bucketName: they are undeliverable",
                        "    4 rows have no loggingTargetBucket: they are undeliverable",
                        "    5 rows have a loggingTargetBucket that no bucket can be called: they are undeliverable",
                        "    httpcode: no such field, left out of 1 row; is httpCode meant?",
                        "    hello: no such field, left out of 2 rows",
                        "    7 times other fields that there are not, left out",
                        "    httpCode: absent from 1 row: their lines show -",
                        "    6 rows were in the log table already and were left out",
                        "    its first row was in the log table before: rows that are loaded twice are delivered twice; --skip-present leaves out those that are there",
                        "    8 of them are not in the log table, by the number of its rows before and after: look at its TTL, and at the view that fills it");
    }
}
