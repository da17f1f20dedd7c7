package io.logcourier.logging;

import java.util.Locale;

/**
 * What the functions tell CloudWatch. The name there is the constant's in camel case, such as {@code OldestRowAge};
 * docs/aws.md says what each one means.
 */
public enum Metric {
    TICKS(Unit.COUNT),
    TICKS_FAILED(Unit.COUNT),
    ROWS_CLAIMED(Unit.COUNT),
    ORDERS_ENQUEUED(Unit.COUNT),
    ROWS_PENDING(Unit.COUNT),
    ROWS_OPEN(Unit.COUNT),
    ROWS_LEFT_ALONE(Unit.COUNT),
    OLDEST_ROW_AGE(Unit.SECONDS),
    PLANNER_DURATION(Unit.MILLISECONDS),
    ORDERS_DELIVERED(Unit.COUNT),
    ROWS_DELIVERED(Unit.COUNT),
    BYTES_DELIVERED(Unit.BYTES),
    DELIVERY_DELAY(Unit.SECONDS),
    ORDERS_GIVEN_UP(Unit.COUNT),
    MESSAGES_FAILED(Unit.COUNT),
    WORKER_DURATION(Unit.MILLISECONDS),
    AUDIT_DIFFERENCES(Unit.COUNT),
    ROWS_LOST(Unit.COUNT),
    ROWS_EXPIRING(Unit.COUNT),
    OBJECTS_READ(Unit.COUNT),
    OBJECTS_MISSING(Unit.COUNT),
    OBJECTS_UNREAD(Unit.COUNT),
    ENTRIES_RIGHT(Unit.COUNT),
    ENTRY_FAULTS(Unit.COUNT),
    ENTRY_DELAY(Unit.MILLISECONDS);

    private final Unit unit;

    Metric(Unit unit) {
        this.unit = unit;
    }

    /** Its name in CloudWatch. */
    public String title() {
        StringBuilder title = new StringBuilder();
        for (String word : name().split("_", -1)) {
            title.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        }
        return title.toString();
    }

    /** CloudWatch's word for its unit. */
    String unit() {
        return unit.word;
    }

    private enum Unit {
        COUNT("Count"),
        BYTES("Bytes"),
        SECONDS("Seconds"),
        MILLISECONDS("Milliseconds");

        private final String word;

        Unit(String word) {
            this.word = word;
        }
    }
}
