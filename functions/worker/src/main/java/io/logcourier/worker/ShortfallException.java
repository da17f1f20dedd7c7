package io.logcourier.worker;

import io.logcourier.ledger.WorkOrder;

/** ClickHouse does not have the rows of an order, or not all: a replica lags, or they were deleted or changed. */
final class ShortfallException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long found;

    ShortfallException(WorkOrder order, long found, long checksum) {
        super(
                "order %s for bucket %s takes %d rows with checksum %d, ClickHouse returned %d with checksum %d: a replica lags, or rows were deleted or changed after they were counted"
                        .formatted(
                                order.id(),
                                order.group().bucket(),
                                order.tally().rows(),
                                order.tally().checksum(),
                                found,
                                checksum));
        this.found = found;
    }

    /** How many rows there were. */
    long found() {
        return found;
    }
}
