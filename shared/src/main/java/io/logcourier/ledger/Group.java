package io.logcourier.ledger;

import java.util.Comparator;

/** The rows that may share an object. Ordered as the log table is. */
public record Group(int session, String bucket, String targetBucket, String targetPrefix) implements Comparable<Group> {
    private static final Comparator<Group> ORDER = Comparator.comparingInt(Group::session)
            .thenComparing(Group::bucket)
            .thenComparing(Group::targetBucket)
            .thenComparing(Group::targetPrefix);

    @Override
    public int compareTo(Group other) {
        return ORDER.compare(this, other);
    }
}
