package io.logcourier.worker;

/** The target of an order will not take its object: no such bucket, access denied, a name that S3 does not know. */
final class TargetRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TargetRefusedException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
