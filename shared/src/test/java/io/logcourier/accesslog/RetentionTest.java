package io.logcourier.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetentionTest {
    private static final String ENGINE =
            "MergeTree PARTITION BY toStartOfHour(insertedAt) ORDER BY (raftSessionID, bucketName) %sSETTINGS ttl_only_drop_parts = 1";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "TTL insertedAt + toIntervalSecond(259200) |PT72H",
                "TTL insertedAt + toIntervalSecond(_CAST(259200, 'UInt32')) |PT72H",
                "TTL insertedAt + toIntervalHour(6) |PT6H",
                "TTL toDate(insertedAt) + toIntervalMonth(1) |PT672H",
                "TTL insertedAt + toIntervalDay(3) DELETE |PT72H",
                "TTL insertedAt + toIntervalDay(1) TO DISK 'cold', insertedAt + toIntervalDay(5) |PT120H",
                "TTL insertedAt + toIntervalDay(9), toDateTime(startTime) + toIntervalDay(2) |PT48H"
            })
    void isTheShortestIntervalAfterWhichRowsGo(String ttl, Duration expected) {
        assertThat(Retention.of(ENGINE.formatted(ttl + " "))).contains(expected);
        assertThat(Retention.of("MergeTree ORDER BY tuple() " + ttl.strip())).contains(expected);
    }

    @Test
    void isKnownForEachColumnThatTimesAreCountedFrom() {
        String ttl =
                "TTL insertedAt + toIntervalSecond(_CAST(86400, 'UInt32')), toDateTime(startTime) + toIntervalDay(2) ";
        assertThat(Retention.byColumn(ENGINE.formatted(ttl)))
                .isEqualTo(Map.of("insertedAt", Duration.ofDays(1), "startTime", Duration.ofDays(2)));
        assertThat(Retention.byColumn(ENGINE.formatted("TTL insertedAt + toIntervalMonth(2) ")))
                .as("until then some row may be kept")
                .isEqualTo(Map.of("insertedAt", Duration.ofDays(62)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "TTL insertedAt + toIntervalDay(1) TO VOLUME 'cold' ",
                "TTL insertedAt + toIntervalDay(1) RECOMPRESS CODEC(ZSTD(9)) ",
                "TTL insertedAt + toIntervalDay(1) WHERE bucketName = 'cats' ",
                "TTL insertedAt + toIntervalDay(days) "
            })
    void isUnknownWhereNoSuchTtlStands(String ttl) {
        assertThat(Retention.of(ENGINE.formatted(ttl))).isEmpty();
    }

    @Test
    void aNameThatHoldsTheWordIsNoClause() {
        assertThat(Retention.of("MergeTree ORDER BY tuple() SETTINGS ttl_only_drop_parts = 1, x = 'toIntervalDay(1)'"))
                .isEmpty();
    }
}
