package io.logcourier.clickhouse;

import com.clickhouse.client.api.ServerException;
import io.logcourier.CourierException;
import java.util.Set;

/** What a failure of ClickHouse says about the statement that failed: whether a later try may succeed, and of what. */
public enum Complaint {
    /** Nothing: the server, its load, its replicas, its configuration or the way to it failed. */
    PASSING,
    /**
     * Perhaps something: a limit of memory, time or depth, or a code that is not listed here. A later try may succeed, and
     * so may a statement on fewer rows.
     */
    UNCLEAR,
    /** A value of some row cannot be computed. The statement fails as long as it reads that row. */
    ROW,
    /** It does not fit the table, whatever rows it reads: a column or a function is not there, or has another type. */
    STATEMENT;

    /** What the client says where an answer has no code: a proxy's, for example. */
    private static final int NO_CODE = ServerException.CODE_UNKNOWN;

    /**
     * UNKNOWN_TABLE, UNKNOWN_DATABASE, UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, IP_ADDRESS_NOT_ALLOWED, DNS_ERROR,
     * QUOTA_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, NO_FREE_CONNECTION, SOCKET_TIMEOUT, NETWORK_ERROR,
     * QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING, TABLE_IS_DROPPED, NO_ZOOKEEPER, ABORTED, TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE,
     * TOO_MANY_PARTS, NO_ACTIVE_REPLICAS, NO_AVAILABLE_REPLICA, ALL_CONNECTION_TRIES_FAILED, TOO_FEW_LIVE_REPLICAS,
     * RECEIVED_ERROR_TOO_MANY_REQUESTS, ALL_REPLICAS_ARE_STALE, QUERY_WAS_CANCELLED, ALL_REPLICAS_LOST,
     * CANNOT_SCHEDULE_TASK, DEADLOCK_AVOIDED, ACCESS_DENIED, AUTHENTICATION_FAILED, USER_SESSION_LIMIT_EXCEEDED,
     * USER_EXPIRED, TABLE_IS_BEING_RESTARTED, QUERY_WAS_CANCELLED_BY_CLIENT, SERVER_OVERLOADED,
     * TCP_CONNECTION_LIMIT_REACHED, HTTP_CONNECTION_LIMIT_REACHED, SESSION_REFUSED, KEEPER_EXCEPTION.
     */
    private static final Set<Integer> PASSES = Set.of(
            60, 81, 192, 193, 194, 195, 198, 201, 202, 203, 209, 210, 216, 218, 225, 236, 242, 243, 252, 254, 265, 279,
            285, 364, 369, 394, 415, 439, 473, 497, 516, 700, 720, 733, 735, 745, 749, 762, 763, 999);

    /**
     * CANNOT_PARSE_TEXT, SIZE_OF_FIXED_STRING_DOESNT_MATCH, CANNOT_PARSE_ESCAPE_SEQUENCE, _QUOTED_STRING,
     * _INPUT_ASSERTION_FAILED, ATTEMPT_TO_READ_AFTER_EOF (of a value that is too short), BAD_ARGUMENTS, CANNOT_PARSE_DATE,
     * CANNOT_PARSE_DATETIME, TYPE_MISMATCH, ARGUMENT_OUT_OF_BOUND, CANNOT_CONVERT_TYPE, CANNOT_PARSE_NUMBER,
     * INCORRECT_DATA, TOO_LARGE_ARRAY_SIZE, CANNOT_READ_ARRAY_FROM_TEXT, TOO_LARGE_STRING_SIZE,
     * ZERO_ARRAY_OR_TUPLE_INDEX, ILLEGAL_DIVISION, SIZES_OF_ARRAYS_DONT_MATCH, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
     * CANNOT_CONVERT_CHARSET, CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, CANNOT_PARSE_UUID,
     * FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, DECIMAL_OVERFLOW, CANNOT_COMPILE_REGEXP, CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING,
     * CANNOT_PARSE_BOOL, CANNOT_FORMAT_DATETIME, CANNOT_READ_MAP_FROM_TEXT, UNEXPECTED_DATA_AFTER_PARSED_VALUE,
     * CANNOT_PARSE_IPV4, CANNOT_PARSE_IPV6, UNKNOWN_ELEMENT_OF_ENUM.
     */
    private static final Set<Integer> VALUES = Set.of(
            6, 19, 25, 26, 27, 32, 36, 38, 41, 53, 69, 70, 72, 117, 128, 130, 131, 135, 153, 190, 321, 346, 349, 376,
            395, 407, 427, 441, 467, 490, 563, 632, 675, 676, 691);

    /**
     * THERE_IS_NO_COLUMN, NO_SUCH_COLUMN_IN_TABLE, TOO_MANY_ARGUMENTS_FOR_FUNCTION, TOO_FEW_ARGUMENTS_FOR_FUNCTION,
     * NUMBER_OF_ARGUMENTS_DOESNT_MATCH, ILLEGAL_TYPE_OF_ARGUMENT, UNKNOWN_FUNCTION, UNKNOWN_IDENTIFIER, UNKNOWN_TYPE,
     * CYCLIC_ALIASES, AMBIGUOUS_IDENTIFIER, AMBIGUOUS_COLUMN_NAME, NO_COMMON_TYPE.
     */
    private static final Set<Integer> COLUMNS = Set.of(8, 16, 34, 35, 42, 43, 46, 47, 50, 174, 207, 352, 386);

    /** What a code of ClickHouse's exceptions (header X-ClickHouse-Exception-Code) says. */
    public static Complaint of(int code) {
        if (code == NO_CODE || PASSES.contains(code)) {
            return PASSING;
        }
        if (VALUES.contains(code)) {
            return ROW;
        }
        return COLUMNS.contains(code) ? STATEMENT : UNCLEAR;
    }

    /** What a failure of a {@link ClickHouse} says; nothing where no answer of the server's is behind it. */
    public static Complaint of(CourierException failure) {
        return failure.getCause() instanceof ServerException answer ? of(answer.getCode()) : PASSING;
    }
}
