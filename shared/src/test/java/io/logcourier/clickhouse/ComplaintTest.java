package io.logcourier.clickhouse;

import static org.assertj.core.api.Assertions.assertThat;

import com.clickhouse.client.api.ServerException;
import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import java.io.IOException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComplaintTest {
    @ParameterizedTest
    @CsvSource({
        "6, ROW", // CANNOT_PARSE_TEXT
        "32, ROW", // ATTEMPT_TO_READ_AFTER_EOF
        "70, ROW", // CANNOT_CONVERT_TYPE
        "153, ROW", // ILLEGAL_DIVISION
        "395, ROW", // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
        "691, ROW", // UNKNOWN_ELEMENT_OF_ENUM
        "16, STATEMENT", // NO_SUCH_COLUMN_IN_TABLE
        "43, STATEMENT", // ILLEGAL_TYPE_OF_ARGUMENT
        "46, STATEMENT", // UNKNOWN_FUNCTION
        "47, STATEMENT", // UNKNOWN_IDENTIFIER
        "33, UNCLEAR", // CANNOT_READ_ALL_DATA
        "40, UNCLEAR", // CHECKSUM_DOESNT_MATCH
        "49, UNCLEAR", // LOGICAL_ERROR
        "159, UNCLEAR", // TIMEOUT_EXCEEDED
        "241, UNCLEAR", // MEMORY_LIMIT_EXCEEDED
        "306, UNCLEAR", // TOO_DEEP_RECURSION
        "1002, UNCLEAR", // UNKNOWN_EXCEPTION
        "123456, UNCLEAR",
        "0, PASSING",
        "60, PASSING", // UNKNOWN_TABLE
        "202, PASSING", // TOO_MANY_SIMULTANEOUS_QUERIES
        "210, PASSING", // NETWORK_ERROR
        "394, PASSING", // QUERY_WAS_CANCELLED
        "497, PASSING", // ACCESS_DENIED
        "745, PASSING", // SERVER_OVERLOADED
        "999, PASSING", // KEEPER_EXCEPTION
    })
    void aCodeSaysWhetherALaterTryMaySucceed(int code, Complaint complaint) {
        assertThat(Complaint.of(code)).isEqualTo(complaint);
    }

    @Test
    void mostCodesSayNothingForCertain() {
        assertThat(IntStream.range(0, 2000)
                        .filter(code ->
                                Complaint.of(code) == Complaint.ROW || Complaint.of(code) == Complaint.STATEMENT))
                .hasSizeLessThan(60);
    }

    @Test
    void whereNoAnswerOfTheServersIsBehindAFailureItSaysNothing() {
        assertThat(Complaint.of(new RetryableException("no connection", new IOException("refused"))))
                .isEqualTo(Complaint.PASSING);
        assertThat(Complaint.of(new RetryableException("lagging"))).isEqualTo(Complaint.PASSING);
        assertThat(Complaint.of(new RetryableException("failed", new ServerException(47, "no column", 404, "id"))))
                .isEqualTo(Complaint.STATEMENT);
        assertThat(Complaint.of(new ConfigurationException("failed", new ServerException(60, "no table", 404, "id"))))
                .isEqualTo(Complaint.PASSING);
    }
}
