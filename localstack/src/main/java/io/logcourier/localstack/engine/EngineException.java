package io.logcourier.localstack.engine;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An error in ClickHouse's terms: its code, and a message that reads {@code Code: N. DB::Exception: ... (NAME)}. */
final class EngineException extends RuntimeException {
    static final int CANNOT_PARSE_TEXT = 6;
    static final int CANNOT_READ_ALL_DATA = 33;
    static final int NOT_IMPLEMENTED = 48;
    static final int SYNTAX_ERROR = 62;
    static final int UNKNOWN_SETTING = 115;
    static final int INTO_OUTFILE_NOT_ALLOWED = 358;
    static final int QUERY_WAS_CANCELLED = 394;
    static final int ACCESS_DENIED = 497;
    static final int AUTHENTICATION_FAILED = 516;

    private static final long serialVersionUID = 1;
    private static final int UNKNOWN_EXCEPTION = 1002;
    private static final Pattern CODE = Pattern.compile("Code: (\\d+)\\.");

    private final int code;

    private EngineException(int code, String message) {
        super(message);
        this.code = code;
    }

    /** An error of the engine's, as it words it. */
    static EngineException of(String message) {
        Matcher matcher = CODE.matcher(message);
        return matcher.find()
                ? new EngineException(Integer.parseInt(matcher.group(1)), message)
                : of(UNKNOWN_EXCEPTION, "UNKNOWN_EXCEPTION", message);
    }

    /** An error of the front's own. */
    static EngineException of(int code, String name, String message) {
        return new EngineException(code, "Code: " + code + ". DB::Exception: " + message + ". (" + name + ")");
    }

    int code() {
        return code;
    }

    /** The HTTP status that ClickHouse gives the code, after its {@code exceptionCodeToHTTPStatus}. */
    int httpStatus() {
        return switch (code) {
            case 194 -> 401;
            case 192, 193, ACCESS_DENIED, AUTHENTICATION_FAILED, 512 -> 403;
            // Text that is no value of its type, then statements that are wrong in themselves.
            case CANNOT_PARSE_TEXT, 25, 26, 27, 38, 41, 72, 376, 427, 441, 675, 676 -> 400;
            case 8, 15, 36, 37, 44, 53, SYNTAX_ERROR, 117, 123, 167, 168, 223, 321 -> 400;
            case 46, 47, 50, 56, 60, 63, 73, 78, 81, UNKNOWN_SETTING, 152, 336, 511 -> 404;
            case 159 -> 408;
            case 381 -> 411;
            case 229 -> 413;
            case 779 -> 415;
            case NOT_IMPLEMENTED -> 501;
            case 76, 209, 439 -> 503;
            default -> 500;
        };
    }
}
