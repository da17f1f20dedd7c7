package io.logcourier.operations.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InputTimeTest {
    @ParameterizedTest
    @CsvSource({
        "1700000003,2023-11-14T22:13:23Z",
        "1700000003.5,2023-11-14T22:13:23.500Z",
        "1700000003.123999,2023-11-14T22:13:23.123Z",
        "1700000003.,2023-11-14T22:13:23Z",
        "1.700000003e9,2023-11-14T22:13:23Z",
        "1700000003123,2023-11-14T22:13:23.123Z",
        "1700000003123.75,2023-11-14T22:13:23.123Z",
        "1700000003123456,2023-11-14T22:13:23.123Z",
        "1700000003123456789,2023-11-14T22:13:23.123Z",
        "100000000,1973-03-03T09:46:40Z",
        "10413791999.999,2299-12-31T23:59:59.999Z",
        "2023-11-14T22:13:25Z,2023-11-14T22:13:25Z",
        "2023-11-14t22:13:25.25z,2023-11-14T22:13:25.250Z",
        "2023-11-14T22:13:25.123456789Z,2023-11-14T22:13:25.123Z",
        "2023-11-14T22:13:25+01:00,2023-11-14T21:13:25Z",
        "2023-11-14T22:13:25-0330,2023-11-15T01:43:25Z",
        "2023-11-14T22:13:25+01,2023-11-14T21:13:25Z",
        "2023-11-14 22:13:25.000,2023-11-14T22:13:25Z",
        "2023-11-14 22:13:25,2023-11-14T22:13:25Z",
        "2023-11-14T22:13,2023-11-14T22:13:00Z",
        "' 1700000003 ',2023-11-14T22:13:23Z"
    })
    void everyFormThatSaysATimeIsTheRightOne(String value, Instant expected) {
        assertThat(InputTime.of(value)).contains(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "null",
                "true",
                "yesterday",
                "0",
                "0.0",
                "12345.678",
                "99999999",
                "-1700000003",
                "10413792000",
                "99999999999",
                "253402300799000",
                "1e99",
                "99999999999999999999",
                "1700000003,5",
                "NaN",
                "1970-01-01T00:00:00Z",
                "2300-01-01T00:00:00Z",
                "2023-02-30T00:00:00Z",
                "2023-11-14",
                "2023-11-14T22:13:25 UTC",
                "14/Nov/2023:22:13:25 +0000"
            })
    void otherValuesSayNone(String value) {
        assertThat(InputTime.of(value)).isEmpty();
    }
}
