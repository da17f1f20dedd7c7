package io.logcourier.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;

import com.clickhouse.client.api.ServerException;
import io.logcourier.RetryableException;
import java.net.ConnectException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClickHouseTest {
    /** Input that is wrong, too many parts. */
    @ParameterizedTest
    @ValueSource(ints = {6, 27, 117, 202, 242, 252})
    void whatClickHouseSaysBeforeItStores(int code) {
        assertThat(ClickHouse.storedNothing(failure(code))).isTrue();
    }

    /** A timeout, memory, a quorum, an unknown status, a lost Keeper session, a proxy's own answer. */
    @ParameterizedTest
    @ValueSource(ints = {159, 209, 241, 285, 286, 319, 394, 999, 0, -1})
    void whatItCanSayAfterItHasStored(int code) {
        assertThat(ClickHouse.storedNothing(failure(code))).isFalse();
        assertThat(ClickHouse.wasTurnedAway(failure(code))).isFalse();
    }

    @Test
    void onlyWhatMayGoThroughLaterWasTurnedAway() {
        assertThat(ClickHouse.wasTurnedAway(failure(252))).isTrue();
        assertThat(ClickHouse.wasTurnedAway(failure(27))).isFalse();
        assertThat(ClickHouse.wasTurnedAway(new RetryableException("down", new ConnectException())))
                .isTrue();
        assertThat(ClickHouse.storedNothing(new RetryableException("the connection was reset")))
                .isFalse();
    }

    private static RetryableException failure(int code) {
        return new RetryableException("failed", new ServerException(code, "failed", 500, "query"));
    }
}
